/** The engine as WebAssembly. Only this folder knows its glue. */

import init, { Recording as Glue, names as namesOfModule } from "../../generated/engine.js";
import type { Preset } from "../api.ts";
import type { Policy } from "../privacy.ts";
import { FlatWriter, type StatsReport } from "./flat.ts";
import { type Names, namesFrom, type Outcome, OutcomeReader } from "./outcome.ts";

export type { StatsReport } from "./flat.ts";
export type { EngineIssue, EngineStream, EngineTick, Outcome } from "./outcome.ts";

/** Checksum of the very `engine.wasm` that this script was built with; `build.mjs` fills it in. */
declare const ENGINE_INTEGRITY: string;

/** What names a batch. */
export interface BatchName {
  readonly conferenceId: string;
  readonly userId: string;
  readonly participantId: string;
  readonly peerConnectionId: string;
  readonly batchSeq: number;
  readonly sentMs: number;
}

/** What was seen of one connection, or of the participant, since the last batch; and the live analysis of the connection. */
export interface Recording {
  /** How many reports wait for a batch. */
  readonly count: number;
  /** Takes a report; where `judges`, gives what it leads to. The oldest of more than 1000 that wait gives way. */
  push(timeMs: number, report: StatsReport, judges: boolean): Outcome | undefined;
  /** Takes an event. The payload is a JSON object as text. */
  event(timeMs: number, kind: string, payload: string): void;
  /** Tells the analysis of silence that is meant: of the microphone (only of `track`, if given), of the far end, or of the whole call. */
  mute(timeMs: number, of: "microphone" | "far_end" | "call", track: string | undefined, isMuted: boolean): void;
  /** Tells the analysis what an event said of the connection. */
  notice(timeMs: number, what: Noticed, text: string): void;
  /** How many reports had to give way since this was asked last. */
  takeDropped(): number;
  /** Everything since the last batch in the compact form. */
  takeBatch(name: BatchName): Uint8Array<ArrayBuffer>;
  free(): void;
}

export interface Engine {
  /** A recording of what may leave the page, by the policy of each moment; the page is told what a preset makes of it. */
  recording(policy: () => Policy, preset?: Preset): Recording;
}

/** What an event can say, by its number in the engine. */
const NOTICED = ["gathering", "gathered", "described", "connected", "first_media", "ice", "dtls_failed", "network", "track_live", "track_gone"] as const;

export type Noticed = (typeof NOTICED)[number];

const MUTED = { microphone: 0, far_end: 1, call: 2 } as const;

class WasmRecording implements Recording {
  readonly #glue: Glue;
  readonly #writer: FlatWriter;
  readonly #reader: OutcomeReader;

  constructor(policy: () => Policy, preset: Preset, names: Names) {
    this.#glue = new Glue(preset);
    this.#reader = new OutcomeReader(names);
    this.#writer = new FlatWriter(this.#glue, policy);
  }

  get count(): number {
    return this.#glue.count;
  }

  push(timeMs: number, report: StatsReport, judges: boolean): Outcome | undefined {
    const numbers = this.#glue.push(timeMs, this.#writer.write(report), judges);
    return judges ? this.#reader.read(numbers) : undefined;
  }

  event(timeMs: number, kind: string, payload: string): void {
    this.#glue.event(timeMs, kind, payload);
  }

  mute(timeMs: number, of: keyof typeof MUTED, track: string | undefined, isMuted: boolean): void {
    this.#glue.mute(timeMs, MUTED[of], track ?? "", isMuted);
  }

  notice(timeMs: number, what: Noticed, text: string): void {
    this.#glue.notice(timeMs, NOTICED.indexOf(what), text);
  }

  takeDropped(): number {
    return this.#glue.takeDropped();
  }

  takeBatch({ conferenceId, userId, participantId, peerConnectionId, batchSeq, sentMs }: BatchName): Uint8Array<ArrayBuffer> {
    const body = this.#glue.takeBatch(conferenceId, userId, participantId, peerConnectionId, batchSeq, sentMs);
    if (this.#writer.isFull) {
      this.#writer.forget();
      this.#glue.forget();
    }
    return body as Uint8Array<ArrayBuffer>;
  }

  free(): void {
    this.#glue.free();
  }
}

/** The engine, once its glue is initialised. */
export function engineOfModule(): Engine {
  return { recording: (policy, preset = "sidetone") => new WasmRecording(policy, preset, namesFrom(namesOfModule(preset))) };
}

let loading: Promise<Engine> | undefined;

/** Loads the engine, once for the page, off the main thread. A file other than the one we were built with is refused by its checksum. */
export function loadEngine(url: string): Promise<Engine> {
  const response = () => fetch(url, { credentials: "omit", ...(ENGINE_INTEGRITY && { integrity: ENGINE_INTEGRITY }) });
  loading ??= init({ module_or_path: response() }).then(engineOfModule);
  loading.catch(() => (loading = undefined));
  return loading;
}
