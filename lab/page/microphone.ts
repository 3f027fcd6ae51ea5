/** A microphone in a room: speech in turns, and the hiss that every real one has. */

import { seeded } from "../src/random.ts";

const RATE = 48_000;

/** When somebody speaks, in seconds. */
export type Turn = readonly [from_s: number, until_s: number];

export class Microphone {
  readonly track: MediaStreamTrack;
  readonly #gain: GainNode;
  readonly #converter: GainNode;

  private constructor(context: AudioContext, source: AudioNode, drift_ppm: number) {
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    this.#gain = new GainNode(context);
    source.connect(this.#gain).connect(destination);
    this.#converter = new GainNode(context, { gain: 0 });
    const dither = new AudioBufferSourceNode(context, { buffer: flicker(context), loop: true });
    dither.connect(this.#converter).connect(destination);
    dither.start();
    const [track] = destination.stream.getAudioTracks();
    this.track = drift_ppm ? drifting(track!, drift_ppm) : track!;
  }

  /**
   * Speaks `speech` (16 bit, mono, 48 kHz) in its turns, from now on. `hiss_db` is the noise of the room, dB of full scale. `drift_ppm`: how
   * much faster its clock is than it says, millionths.
   */
  static async open(speech: ArrayBuffer, turns: readonly Turn[], hiss_db: number, seed: number, drift_ppm = 0): Promise<Microphone> {
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
    return new Microphone(context, mix, drift_ppm);
  }

  /** dB; what goes beyond full scale is cut off. `undefined` is no sound at all. */
  set gain_db(gain_db: number | undefined) {
    this.#gain.gain.value = gain_db === undefined ? 0 : 10 ** (gain_db / 20);
  }

  /** Nothing comes from the capsule any more; the converter behind it goes on, and its last bits flicker. */
  die(): void {
    this.gain_db = undefined;
    this.#converter.gain.value = 1;
  }
}

/** Chromium's own (mediacapture-transform, as it first was): what is heard, and a track of what is written. */
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack });
  readonly readable: ReadableStream<AudioData>;
}
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: "audio" });
  readonly writable: WritableStream<AudioData>;
}

/** Samples in a block that is written: of blocks whose length changed, nothing of what a fast clock gains came through Chromium. */
const BLOCK = 480;

/** The track as a sound card gives it whose clock is fast by `ppm` millionths: so many more samples than it says, of the same sound. */
function drifting(track: MediaStreamTrack, ppm: number): MediaStreamTrack {
  const generator = new MediaStreamTrackGenerator({ kind: "audio" });
  const step = 1 / (1 + ppm / 1e6);
  let given = 0;
  /** Where the next sample lies, counted from the first one of the block that comes, and the last one before that. */
  let place = 0;
  let last = 0;
  let waiting: number[] = [];
  const resample = new TransformStream<AudioData, AudioData>({
    transform(heard, out) {
      const samples = new Float32Array(heard.numberOfFrames);
      heard.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      heard.close();
      const at = (index: number) => (index < 0 ? last : samples[index]!);
      for (; place <= samples.length - 1; place += step) {
        const left = Math.floor(place);
        const share = place - left;
        waiting.push((1 - share) * at(left) + (share > 0 ? share * at(left + 1) : 0));
      }
      place -= samples.length;
      last = samples.at(-1) ?? last;
      for (; waiting.length >= BLOCK; waiting = waiting.slice(BLOCK)) {
        const data = Float32Array.from(waiting.slice(0, BLOCK));
        out.enqueue(new AudioData({ format: "f32-planar", sampleRate: RATE, numberOfFrames: BLOCK, numberOfChannels: 1, timestamp: (1e6 * given) / RATE, data }));
        given += BLOCK;
      }
    },
  });
  void new MediaStreamTrackProcessor({ track }).readable.pipeThrough(resample).pipeTo(generator.writable);
  return generator;
}

/** What is left of a microphone without its capsule: the last of 16 bits, up or down or neither. */
function flicker(context: AudioContext): AudioBuffer {
  const random = seeded(1);
  const buffer = context.createBuffer(1, RATE, RATE);
  const samples = buffer.getChannelData(0);
  for (let at = 0; at < samples.length; at++) samples[at] = (1.2 * (Math.floor(3 * random()) - 1)) / 32768;
  return buffer;
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
