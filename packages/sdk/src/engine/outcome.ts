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

export const SEVERITIES = ["minor", "major", "critical"] as const;

/** The metrics that a group may have, and an object that has them all: a copy of it is filled faster than one that grows. */
interface Form {
  readonly metrics: readonly number[];
  readonly names: readonly string[];
  readonly values: Readonly<Record<string, number>>;
}

/** Forms beyond which all are forgotten. */
const FORMS_MAX = 64;

/** Reads what the engine says of one recording. */
export class OutcomeReader {
  #numbers: Float64Array = new Float64Array();
  #at = 0;
  /** Those of the connection and of each stream in the last tick, and all so far. */
  readonly #last: Form[] = [];
  #forms: Form[] = [];

  constructor(private readonly names: Names) {}

  /** Without `ticks` only the issues: a page that listens to nothing else need not pay for them. */
  read(numbers: Float64Array, ticks: boolean): Outcome {
    this.#numbers = numbers;
    this.#at = 0;
    const outcome = { ticks: [] as EngineTick[], raised: [] as EngineIssue[], escalated: [] as EngineIssue[], cleared: [] as EngineIssue[] };
    const [tickCount, issueCount] = [this.#next(), this.#next()];
    for (let left = tickCount; left > 0; left--) {
      if (ticks) outcome.ticks.push(this.#tick());
      else this.#skip();
    }
    const changes = [outcome.raised, outcome.escalated, outcome.cleared] as const;
    for (let left = issueCount; left > 0; left--) changes[this.#next() as 0 | 1 | 2].push(this.#issue());
    return outcome;
  }

  #next(): number {
    return this.#numbers[this.#at++] as number;
  }

  #tick(): EngineTick {
    const time_ms = this.#next();
    const interval_ms = this.#next();
    const groups = this.#next();
    this.#stream();
    const connection = this.#values(0);
    const streams: { stream: EngineStream; values: Record<string, number> }[] = [];
    for (let group = 1; group < groups; group++) streams.push({ stream: this.#stream() as EngineStream, values: this.#values(group) });
    return { time_ms, interval_ms, connection, streams };
  }

  /** Passes over a tick. */
  #skip(): void {
    this.#at += 2;
    for (let groups = this.#next(); groups > 0; groups--) {
      this.#stream();
      const count = this.#next();
      this.#at += 2 * count;
    }
  }

  #stream(): EngineStream | undefined {
    const sort = this.#next();
    const ssrc = this.#next();
    return sort < 0 ? undefined : { direction: sort < 2 ? "inbound" : "outbound", kind: sort % 2 === 0 ? "audio" : "video", ssrc };
  }

  #values(group: number): Record<string, number> {
    const numbers = this.#numbers;
    const count = this.#next();
    const begin = this.#at;
    this.#at += 2 * count;
    let form = this.#last[group];
    if (!form || !this.#is(form, count, begin)) {
      form = this.#forms.find((form) => this.#is(form, count, begin)) ?? this.#learn(numbers.subarray(begin, this.#at));
      this.#last[group] = form;
    }
    const values = { ...form.values };
    for (let place = 0; place < count; place++) values[form.names[place] as string] = numbers[begin + 2 * place + 1] as number;
    return values;
  }

  /** Whether the group at a place has these metrics. */
  #is({ metrics }: Form, count: number, begin: number): boolean {
    if (metrics.length !== count) return false;
    for (let place = 0; place < count; place++) if (metrics[place] !== this.#numbers[begin + 2 * place]) return false;
    return true;
  }

  #learn(pairs: Float64Array): Form {
    const metrics = Array.from(pairs).filter((_, place) => place % 2 === 0);
    const names = metrics.map((metric) => this.names.metrics[metric] as string);
    // Numbers with a fraction: other ones would be kept in another way, and each object changed twice.
    const form = { metrics, names, values: Object.fromEntries(names.map((name) => [name, 0.5])) };
    if (this.#forms.length >= FORMS_MAX) this.#forms = [];
    this.#forms.push(form);
    return form;
  }

  #issue(): EngineIssue {
    const rule = this.names.rules[this.#next()] as string;
    const severity = SEVERITIES[this.#next() as 0 | 1 | 2];
    const of = this.#stream();
    const [onset_ms, raised_ms, cleared_ms] = [this.#next(), this.#next(), this.#next()];
    const metric = this.names.metrics[this.#next()] as string;
    const threshold = this.#next();
    const window: [number, number | null][] = [];
    for (let left = this.#next(); left > 0; left--) {
      const time_ms = this.#next();
      const value = this.#next();
      window.push([time_ms, Number.isNaN(value) ? null : value]);
    }
    const optional = { ...(of && { stream: of }), ...(!Number.isNaN(cleared_ms) && { cleared_ms }) };
    return { rule, severity, onset_ms, raised_ms, metric, threshold, window, ...optional };
  }
}
