/** The engine's WebAssembly module: functions of numbers, and memory that both sides use (`crates/engine-wasm/src/abi.rs`). */

import type { Names } from "./outcome.ts";

/** What the module offers; a number below zero says which error it was. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  sidetone_room(bytes: number): number;
  sidetone_told(bytes: number): void;
  sidetone_names(): number;
  sidetone_bytes(): number;
  sidetone_numbers(): number;
  sidetone_recording(count: number): number;
  sidetone_free(recording: number): void;
  sidetone_text(recording: number): number;
  sidetone_shape(recording: number, count: number): number;
  sidetone_push(recording: number, timeMs: number, count: number, judges: boolean): number;
  sidetone_event(recording: number, timeMs: number): number;
  /** This and the next two only with the analysis. */
  sidetone_rules(recording: number, count: number): number;
  sidetone_mute(recording: number, timeMs: number, of: number, isMuted: boolean): number;
  sidetone_notice(recording: number, timeMs: number, what: number): number;
  sidetone_count(recording: number): number;
  sidetone_take_dropped(recording: number): number;
  sidetone_take_batch(recording: number, batchSeq: number, sentMs: number): number;
  sidetone_forget(recording: number): number;
}

/** The module, once it is there. */
export class EngineModule {
  /** Whether it has the analysis. */
  readonly judges: boolean;
  readonly #errors: readonly string[];
  readonly #encoder = new TextEncoder();
  readonly exports: Exports;

  constructor(instance: WebAssembly.Instance) {
    this.exports = instance.exports as unknown as Exports;
    const [metrics, , ...errors] = this.#lines("sidetone");
    this.judges = metrics !== "";
    this.#errors = errors;
  }

  /** Names of metrics, and of the rules of a preset, by their numbers. */
  names(preset: string): Names {
    const [metrics = [], rules = []] = this.#lines(preset).map((line) => line.trim().split(" "));
    return { metrics, rules };
  }

  #lines(preset: string): string[] {
    this.tell(preset);
    return new TextDecoder().decode(this.bytes(this.exports.sidetone_names())).split("\n");
  }

  /** Tells texts to the next call. */
  tell(...texts: readonly string[]): void {
    for (const text of texts) {
      // UTF-8 has at most three bytes for each unit of UTF-16.
      const size = 3 * text.length;
      const at = this.exports.sidetone_room(size);
      this.exports.sidetone_told(this.#encoder.encodeInto(text, new Uint8Array(this.exports.memory.buffer, at, size)).written);
    }
  }

  /** Puts numbers where the next call takes them; gives their count. */
  put(numbers: ArrayLike<number>): number {
    const at = this.exports.sidetone_room(8 * numbers.length);
    new Float64Array(this.exports.memory.buffer, at, numbers.length).set(numbers);
    return numbers.length;
  }

  /** What a call answers, unless it is an error. */
  done(answer: number): number {
    if (answer < 0) throw new Error(this.#errors[-1 - answer]);
    return answer;
  }

  /** The numbers that a call gave; they stand until the next call. */
  numbers(answer: number): Float64Array {
    const count = this.done(answer);
    return new Float64Array(this.exports.memory.buffer, this.exports.sidetone_numbers(), count);
  }

  /** The bytes that a call gave; they stand until the next call. */
  bytes(answer: number): Uint8Array<ArrayBuffer> {
    const count = this.done(answer);
    return new Uint8Array(this.exports.memory.buffer as ArrayBuffer, this.exports.sidetone_bytes(), count);
  }
}

/** A recording in the module (`crates/engine-wasm/src/lib.rs`). */
export class ModuleRecording {
  readonly #number: number;

  /** To be judged by the rules of a preset, with some changed (`Recording::new`). */
  constructor(
    private readonly module: EngineModule,
    preset: string,
    changes: readonly number[],
  ) {
    module.tell(preset);
    this.#number = module.exports.sidetone_recording(module.put(changes));
  }

  text(text: string): void {
    this.module.tell(text);
    this.module.done(this.module.exports.sidetone_text(this.#number));
  }

  shape(parts: ArrayLike<number>): void {
    this.module.done(this.module.exports.sidetone_shape(this.#number, this.module.put(parts)));
  }

  /** What it gives stands until the next call. */
  push(timeMs: number, values: Float64Array, judges: boolean): Float64Array {
    return this.module.numbers(this.module.exports.sidetone_push(this.#number, timeMs, this.module.put(values), judges));
  }

  /** What it gives stands until the next call. */
  rules(preset: string, changes: readonly number[]): Float64Array {
    this.module.tell(preset);
    return this.module.numbers(this.module.exports.sidetone_rules(this.#number, this.module.put(changes)));
  }

  event(timeMs: number, kind: string, payload: string): void {
    this.module.tell(kind, payload);
    this.module.done(this.module.exports.sidetone_event(this.#number, timeMs));
  }

  mute(timeMs: number, of: number, track: string, isMuted: boolean): void {
    this.module.tell(track);
    this.module.done(this.module.exports.sidetone_mute(this.#number, timeMs, of, isMuted));
  }

  notice(timeMs: number, what: number, text: string): void {
    this.module.tell(text);
    this.module.done(this.module.exports.sidetone_notice(this.#number, timeMs, what));
  }

  get count(): number {
    return this.module.done(this.module.exports.sidetone_count(this.#number));
  }

  takeDropped(): number {
    return this.module.done(this.module.exports.sidetone_take_dropped(this.#number));
  }

  takeBatch(ids: readonly [conference: string, user: string, participant: string, peerConnection: string], batchSeq: number, sentMs: number): Uint8Array<ArrayBuffer> {
    this.module.tell(...ids);
    return this.module.bytes(this.module.exports.sidetone_take_batch(this.#number, batchSeq, sentMs)).slice();
  }

  forget(): void {
    this.module.done(this.module.exports.sidetone_forget(this.#number));
  }

  free(): void {
    this.module.exports.sidetone_free(this.#number);
  }
}
