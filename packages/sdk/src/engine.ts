/** The engine as WebAssembly. Only this file knows its glue. */

import init, { Analyzer as Glue, encodeBatch } from "../generated/engine.js";

/** Checksum of the very `engine.wasm` that this script was built with; `build.mjs` fills it in. */
declare const ENGINE_INTEGRITY: string;

/** What an engine says of a report, in its own words (`crates/engine-wasm`). */
export interface Outcome {
  readonly ticks: readonly {
    readonly time_ms: number;
    readonly interval_ms: number;
    readonly connection: Record<string, number>;
    readonly streams: readonly { readonly stream: EngineStream; readonly values: Record<string, number> }[];
  }[];
  readonly raised: readonly EngineIssue[];
  readonly escalated: readonly EngineIssue[];
  readonly cleared: readonly EngineIssue[];
}

export interface EngineStream {
  readonly direction: "inbound" | "outbound";
  readonly kind: "audio" | "video";
  readonly ssrc: number;
}

export interface EngineIssue {
  readonly rule: string;
  readonly severity: "minor" | "major" | "critical";
  readonly onset_ms: number;
  readonly raised_ms: number;
  readonly cleared_ms?: number;
  readonly metric: string;
  readonly threshold: number;
  readonly window: readonly (readonly [number, number])[];
  readonly stream?: EngineStream;
}

/** Judges the reports of one connection. */
export interface Analyzer {
  push(timeMs: number, statsJson: string): Outcome;
  free(): void;
}

export interface Engine {
  analyzer(): Analyzer;
  /** The compact form of a batch in JSON form. */
  encode(batchJson: string): Uint8Array;
}

const engine: Engine = {
  analyzer() {
    const glue = new Glue();
    return {
      push: (timeMs, statsJson) => JSON.parse(glue.push(timeMs, statsJson)) as Outcome,
      free: () => glue.free(),
    };
  },
  encode: encodeBatch,
};

let loading: Promise<Engine> | undefined;

/** Loads the engine, once for the page, off the main thread. A file other than the one we were built with is refused by its checksum. */
export function loadEngine(url: string): Promise<Engine> {
  const response = () => fetch(url, { credentials: "omit", ...(ENGINE_INTEGRITY && { integrity: ENGINE_INTEGRITY }) });
  loading ??= init({ module_or_path: response() }).then(() => engine);
  loading.catch(() => (loading = undefined));
  return loading;
}
