/** What the engine says of a report: from the numbers that it tells (`crates/engine-wasm/src/output.rs`). */

export interface Outcome {
  readonly ticks: readonly EngineTick[];
  readonly raised: readonly EngineIssue[];
  readonly escalated: readonly EngineIssue[];
  readonly cleared: readonly EngineIssue[];
}

export interface EngineTick {
  readonly time_ms: number;
  readonly interval_ms: number;
  readonly connection: Record<string, number>;
  readonly streams: readonly { readonly stream: EngineStream; readonly values: Record<string, number> }[];
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
  /** Time and value; `null` where there was none. */
  readonly window: readonly (readonly [number, number | null])[];
  readonly stream?: EngineStream;
}

/** Names of metrics and rules by their numbers. */
export interface Names {
  readonly metrics: readonly string[];
  readonly rules: readonly string[];
}

/** From the text that the module gives. */
export function namesFrom(text: string): Names {
  const [metrics = [], rules = []] = text.split("\n").map((line) => line.trimEnd().split(" "));
  return { metrics, rules };
}

const SEVERITIES = ["minor", "major", "critical"] as const;

/** Reads the numbers. */
export function outcomeFrom(numbers: Float64Array, names: Names): Outcome {
  const outcome = { ticks: [] as EngineTick[], raised: [] as EngineIssue[], escalated: [] as EngineIssue[], cleared: [] as EngineIssue[] };
  let at = 0;
  const next = () => numbers[at++] as number;
  const stream = (): EngineStream | undefined => {
    const sort = next();
    const ssrc = next();
    return sort < 0 ? undefined : { direction: sort < 2 ? "inbound" : "outbound", kind: sort % 2 === 0 ? "audio" : "video", ssrc };
  };
  const values = () => {
    const values: Record<string, number> = {};
    for (let left = next(); left > 0; left--) {
      const name = names.metrics[next()] as string;
      values[name] = next();
    }
    return values;
  };
  for (let left = next(); left > 0; left--) {
    const time_ms = next();
    const interval_ms = next();
    let groups = next() - 1;
    stream();
    const tick = { time_ms, interval_ms, connection: values(), streams: [] as { stream: EngineStream; values: Record<string, number> }[] };
    for (; groups > 0; groups--) tick.streams.push({ stream: stream() as EngineStream, values: values() });
    outcome.ticks.push(tick);
  }
  const changes = [outcome.raised, outcome.escalated, outcome.cleared] as const;
  for (let left = next(); left > 0; left--) {
    const change = changes[next() as 0 | 1 | 2];
    const rule = names.rules[next()] as string;
    const severity = SEVERITIES[next() as 0 | 1 | 2];
    const of = stream();
    const [onset_ms, raised_ms, cleared_ms] = [next(), next(), next()];
    const metric = names.metrics[next()] as string;
    const threshold = next();
    const window = Array.from({ length: next() }, () => {
      const time_ms = next();
      const value = next();
      return [time_ms, Number.isNaN(value) ? null : value] as const;
    });
    const optional = { ...(of && { stream: of }), ...(!Number.isNaN(cleared_ms) && { cleared_ms }) };
    change.push({ rule, severity, onset_ms, raised_ms, metric, threshold, window, ...optional });
  }
  return outcome;
}
