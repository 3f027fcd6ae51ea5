/** Reads getStats of one connection: never two at a time, whatever becomes of the first. */

import type { StatsReport } from "../engine/index.ts";

/** After which a call counts as never answered; twice as long each time it happens again. */
const PATIENCE_MS = 10_000;
const PATIENCE_MAX_MS = 160_000;
/** An answer later than this is told. */
const SLOW_MS = 3000;

/** The objects of a report, which the browser makes anew each time it is asked for them: in Chromium a third faster in a loop than by `forEach`. */
export function objectsOf(report: StatsReport): Map<string, object> {
  const objects = new Map<string, object>();
  for (const [id, stats] of report) objects.set(id, stats);
  return objects;
}

export interface StatsEvents {
  onReport(report: StatsReport, timeMs: number): void;
  /** The first of a run of failures, with its reason; and how many there were, once it works again. */
  onEvent(kind: "get_stats_failed" | "get_stats_recovered" | "get_stats_slow", payload: object): void;
}

export class StatsReader {
  /** The call that is under way. */
  #call: { readonly sinceMs: number; ended?: Promise<unknown> } | undefined;
  #failures = 0;
  #patienceMs = PATIENCE_MS;

  constructor(
    private readonly getStats: () => Promise<StatsReport>,
    private readonly events: StatsEvents,
  ) {}

  /** Asks for a report, unless the last one has not come yet; resolves when it has. */
  poll(nowMs = performance.now()): Promise<unknown> {
    if (this.#call) {
      if (nowMs - this.#call.sinceMs < this.#patienceMs) return this.#call.ended ?? Promise.resolve();
      this.#patienceMs = Math.min(PATIENCE_MAX_MS, this.#patienceMs * 2);
      this.#failed("no_answer", `getStats has not answered for ${Math.round(nowMs - this.#call.sinceMs)} ms`);
    }
    const call: { sinceMs: number; ended?: Promise<unknown> } = { sinceMs: nowMs };
    this.#call = call;
    let answer: Promise<StatsReport>;
    try {
      answer = Promise.resolve(this.getStats());
    } catch (error) {
      answer = Promise.reject(error);
    }
    call.ended = answer.then(
      (report) => this.#call === call && this.#answered(report, performance.now() - call.sinceMs),
      (error) => this.#call === call && this.#failed("error", String(error)),
    );
    return call.ended;
  }

  /** Late answers count for nothing. */
  stop(): void {
    this.#call = undefined;
  }

  #answered(report: StatsReport, tookMs: number): void {
    this.#call = undefined;
    this.#patienceMs = PATIENCE_MS;
    if (this.#failures > 0) this.events.onEvent("get_stats_recovered", { failures: this.#failures });
    this.#failures = 0;
    if (tookMs > SLOW_MS) this.events.onEvent("get_stats_slow", { took_ms: Math.round(tookMs) });
    this.events.onReport(report, Date.now());
  }

  #failed(reason: string, message: string): void {
    this.#call = undefined;
    if (++this.#failures === 1) this.events.onEvent("get_stats_failed", { reason, message });
  }
}
