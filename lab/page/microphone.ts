/** A microphone in a room: speech in turns, and the hiss that every real one has. */

import { seeded } from "../src/random.ts";

const RATE = 48_000;

/** When somebody speaks, in seconds. */
export type Turn = readonly [from_s: number, until_s: number];

export class Microphone {
  readonly track: MediaStreamTrack;
  readonly #gain: GainNode;

  private constructor(context: AudioContext, source: AudioNode) {
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    this.#gain = new GainNode(context);
    source.connect(this.#gain).connect(destination);
    this.track = destination.stream.getAudioTracks()[0]!;
  }

  /** Speaks `speech` (16 bit, mono, 48 kHz) in its turns, from now on. `hiss_db` is the noise of the room, dB of full scale. */
  static async open(speech: ArrayBuffer, turns: readonly Turn[], hiss_db: number, seed: number): Promise<Microphone> {
    const context = new AudioContext({ sampleRate: RATE });
    await context.resume();
    const samples = new Int16Array(speech);
    const spoken = context.createBuffer(1, samples.length, RATE);
    spoken.getChannelData(0).set(Float32Array.from(samples, (sample) => sample / 32768));
    const mix = new GainNode(context);
    const begin = context.currentTime + 0.1;
    let said_s = 0;
    for (const [from_s, until_s] of turns) {
      const voice = new AudioBufferSourceNode(context, { buffer: spoken });
      voice.connect(mix);
      voice.start(begin + from_s, said_s % (spoken.duration - (until_s - from_s)), until_s - from_s);
      said_s += until_s - from_s;
    }
    const hiss = new AudioBufferSourceNode(context, { buffer: noise(context, hiss_db, seed), loop: true });
    hiss.connect(mix);
    hiss.start();
    return new Microphone(context, mix);
  }

  /** dB; what goes beyond full scale is cut off. `undefined` is no sound at all. */
  set gain_db(gain_db: number | undefined) {
    this.#gain.gain.value = gain_db === undefined ? 0 : 10 ** (gain_db / 20);
  }
}

/** Five seconds of a room: noise whose strength wanders a little, as breath and traffic make it. */
function noise(context: AudioContext, level_db: number, seed: number): AudioBuffer {
  const random = seeded(seed);
  const buffer = context.createBuffer(1, 5 * RATE, RATE);
  const samples = buffer.getChannelData(0);
  const level = 10 ** (level_db / 20) * Math.sqrt(3);
  let smooth = 0;
  for (let at = 0; at < samples.length; at++) {
    smooth += 0.2 * (2 * random() - 1 - smooth);
    const swell = 1 + 0.5 * Math.sin((2 * Math.PI * at) / samples.length) + 0.2 * Math.sin((14 * Math.PI * at) / samples.length);
    samples[at] = 3 * level * swell * smooth;
  }
  return buffer;
}
