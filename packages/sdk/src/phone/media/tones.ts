/** The sounds of a telephone, made here: no file is loaded. */

import type { ToneName } from "../api.ts";

export const SAMPLE_RATE = 8000;
/** Peak of one sine: two at once stay below full scale. */
const AMPLITUDE = 0.35;
/** Rise and fall of each burst, so that it does not click. */
const RAMP_SECONDS = 0.005;

interface Burst {
  readonly hertz: readonly number[];
  readonly seconds: number;
}

const silence = (seconds: number): Burst => ({ hertz: [], seconds });

/** Ringback, busy and connect, which is the continuous dial tone, as ITU-T E.180 recommends them (425 Hz); ringing is our own. */
const TONES: Readonly<Record<Exclude<ToneName, "dtmf">, readonly Burst[]>> = {
  ringback: [{ hertz: [425], seconds: 1 }, silence(4)],
  busy: [{ hertz: [425], seconds: 0.5 }, silence(0.5)],
  ringing: [...Array.from({ length: 8 }, (_, index) => ({ hertz: [index % 2 ? 800 : 640], seconds: 0.1 })), silence(1.6)],
  connect: [{ hertz: [425], seconds: 4 }],
};

/** Row and column of each key: ITU-T Q.23. */
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const KEYS = "123A456B789C*0#D";

/** The two frequencies of a key; nothing for what is no key. */
export function dtmfHertz(key: string): readonly [number, number] | undefined {
  const index = key === "" ? -1 : KEYS.indexOf(key.toUpperCase());
  return index < 0 ? undefined : [ROWS[index >> 2]!, COLUMNS[index & 3]!];
}

/** A tone as samples between -1 and 1 at 8 kHz. */
export function samplesOf(name: ToneName, key = ""): Float32Array<ArrayBuffer> {
  const bursts = name === "dtmf" ? [{ hertz: dtmfHertz(key) ?? [], seconds: 0.2 }] : TONES[name];
  const samples = new Float32Array(bursts.reduce((sum, { seconds }) => sum + Math.round(seconds * SAMPLE_RATE), 0));
  let start = 0;
  for (const { hertz, seconds } of bursts) {
    const length = Math.round(seconds * SAMPLE_RATE);
    const ramp = RAMP_SECONDS * SAMPLE_RATE;
    for (let at = 0; at < length; at++) {
      const gain = AMPLITUDE * Math.min(1, at / ramp, (length - at) / ramp);
      samples[start + at] = gain * hertz.reduce((sum, of) => sum + Math.sin((2 * Math.PI * of * at) / SAMPLE_RATE), 0);
    }
    start += length;
  }
  return samples;
}

/** Samples as a WAV file of 16 bits, mono. */
export function wav(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => [...value].forEach((character, index) => view.setUint8(at + index, character.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLE_RATE, true);
  view.setUint32(28, SAMPLE_RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => view.setInt16(44 + index * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), true));
  return bytes;
}
