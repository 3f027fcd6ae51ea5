/** The engine as WebAssembly. Only this folder knows how it is called. */

import type { Policy } from "../privacy.ts";
import { FlatWriter, type StatsReport } from "./flat.ts";
import { EngineModule, ModuleRecording } from "./module.ts";
import { type Names, type Outcome, OutcomeReader, SEVERITIES } from "./outcome.ts";

export type { StatsReport } from "./flat.ts";
export type { EngineIssue, EngineStream, EngineTick, Outcome } from "./outcome.ts";

/** Checksums of the very modules that this script was built with; `build.mjs` fills them in. */
declare const ENGINE_INTEGRITY: string;
declare const ENCODER_INTEGRITY: string;

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
  /** Takes a report; where `judges`, gives what it leads to, and its ticks where they are wanted. The oldest of more than 1000 that wait gives way. */
  push(timeMs: number, report: StatsReport, judges: boolean, ticks?: boolean): Outcome | undefined;
  /** Takes an event. The payload is a JSON object as text. */
  event(timeMs: number, kind: string, payload: string): void;
  /** Has what comes judged by other rules, given as to {@link Engine.recording}; gives the issues that this ends. Only where the engine judges. */
  judgeBy(rules: string): Outcome;
  /** Tells the analysis of silence that is meant: of the microphone (only of `track`, if given), of the far end, of the whole call, or of a `track` that comes. */
  mute(timeMs: number, of: "microphone" | "far_end" | "call" | "added", track: string | undefined, isMuted: boolean): void;
  /** Tells the analysis what an event said of the connection. */
  notice(timeMs: number, what: Noticed, text: string): void;
  /** How many reports had to give way since this was asked last. */
  takeDropped(): number;
  /** Everything since the last batch in the compact form. */
  takeBatch(name: BatchName): Uint8Array<ArrayBuffer>;
  free(): void;
}

export interface Engine {
  /** Whether it judges; one that only encodes is a third smaller. */
  readonly judges: boolean;
  /**
   * A recording of what may leave the page, by the policy of each moment; the page is told what rules make of it: a preset, then the thresholds
   * that are changed of it, such as `sidetone high_rtt.minor=off high_rtt.major=600`.
   */
  recording(policy: () => Policy, rules?: string): Recording;
}

/** What an event can say, by its number in the engine. */
const NOTICED = ["gathering", "gathered", "described", "connected", "first_media", "ice", "dtls_failed", "network", "track_live", "track_gone", "agreed_audio", "agreed_video", "ringing", "answered"] as const;

export type Noticed = (typeof NOTICED)[number];

const MUTED = { microphone: 0, far_end: 1, call: 2, added: 3 } as const;

class WasmRecording implements Recording {
  readonly #recording: ModuleRecording;
  readonly #writer: FlatWriter;
  #reader: OutcomeReader;
  readonly #judges: boolean;

  constructor(
    private readonly module: EngineModule,
    policy: () => Policy,
    given: string,
  ) {
    const { preset, changes, names } = read(given, module);
    this.#recording = new ModuleRecording(module, preset, changes);
    this.#judges = module.judges;
    this.#reader = new OutcomeReader(names);
    this.#writer = new FlatWriter(this.#recording, policy);
  }

  get count(): number {
    return this.#recording.count;
  }

  push(timeMs: number, report: StatsReport, judges: boolean, ticks = true): Outcome | undefined {
    const numbers = this.#recording.push(timeMs, this.#writer.write(report), judges);
    return judges && this.#judges ? this.#reader.read(numbers, ticks) : undefined;
  }

  judgeBy(given: string): Outcome {
    const { preset, changes, names } = read(given, this.module);
    const ended = this.#reader.read(this.#recording.rules(preset, changes), false);
    this.#reader = new OutcomeReader(names);
    return ended;
  }

  event(timeMs: number, kind: string, payload: string): void {
    this.#recording.event(timeMs, kind, payload);
  }

  mute(timeMs: number, of: keyof typeof MUTED, track: string | undefined, isMuted: boolean): void {
    this.#recording.mute(timeMs, MUTED[of], track ?? "", isMuted);
  }

  notice(timeMs: number, what: Noticed, text: string): void {
    this.#recording.notice(timeMs, NOTICED.indexOf(what), text);
  }

  takeDropped(): number {
    return this.#recording.takeDropped();
  }

  takeBatch({ conferenceId, userId, participantId, peerConnectionId, batchSeq, sentMs }: BatchName): Uint8Array<ArrayBuffer> {
    const body = this.#recording.takeBatch([conferenceId, userId, participantId, peerConnectionId], batchSeq, sentMs);
    if (this.#writer.isFull) {
      this.#writer.forget();
      this.#recording.forget();
    }
    return body;
  }

  free(): void {
    this.#recording.free();
  }
}

/** Rules as they are given, in the engine's numbers, and its names of them. */
function read(given: string, module: EngineModule): { preset: string; changes: number[]; names: Names } {
  const [preset = "", ...thresholds] = given.split(" ");
  const names = module.names(preset);
  return { preset, changes: thresholds.flatMap((threshold) => changed(threshold, names)), names };
}

/** A threshold, `high_rtt.minor=off`, in the engine's numbers; one of a rule that this engine does not have is passed over by it. */
function changed(threshold: string, { rules }: Names): readonly number[] {
  const [, rule = "", severity, value] = /(.+)\.(.+)=(.+)/.exec(threshold) ?? [];
  return [rules.indexOf(rule), SEVERITIES.indexOf(severity as (typeof SEVERITIES)[number]), Number(value)];
}

/** The engine of an instance of the module. */
export function engineOf(instance: WebAssembly.Instance): Engine {
  const module = new EngineModule(instance);
  return { judges: module.judges, recording: (policy, rules = "sidetone") => new WasmRecording(module, policy, rules) };
}

const loading = new Map<string, Promise<Engine>>();

/** A download that takes longer has stopped: whoever waits for it would wait for ever, and nobody would try again. */
const PATIENCE_MS = 120_000;

/** What browsers say that will not run WebAssembly, or not this one: it will be no other the next time. */
const FINAL = ["CompileError", "LinkError", "EvalError", "ReferenceError"];

/**
 * Loads the engine, or that which only encodes, once for the page and off the main thread. A file other than the one we were built with is
 * refused by its checksum. What may have been the network can be tried again.
 */
export function loadEngine(url: string, judges: boolean): Promise<Engine> {
  let engine = loading.get(url);
  if (!engine) {
    engine = instantiate(url, judges ? ENGINE_INTEGRITY : ENCODER_INTEGRITY).then(engineOf);
    loading.set(url, engine);
    engine.catch((error) => FINAL.includes((error as Error)?.name) || loading.delete(url));
  }
  return engine;
}

async function instantiate(url: string, integrity: string): Promise<WebAssembly.Instance> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`it has not arrived within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  try {
    const response = await fetch(url, { credentials: "omit", signal: abort.signal, ...(integrity && { integrity }) });
    if (!response.ok) throw new Error(`the engine: ${response.status} ${response.statusText}`);
    // Browsers compile what arrives only under its own type, and not every server knows that.
    const isNamed = response.headers.get("Content-Type")?.startsWith("application/wasm");
    const { instance } = await (isNamed ? WebAssembly.instantiateStreaming(response) : WebAssembly.instantiate(await response.arrayBuffer()));
    return instance;
  } finally {
    clearTimeout(timer);
  }
}
