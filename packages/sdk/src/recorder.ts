/** The reports of one connection between two batches: kept for the next batch, judged for the page. */

import type { Analyzer, Engine, Outcome } from "./engine.ts";

/** Most reports of one batch: the oldest give way. */
const REPORTS_MAX = 1000;

/** A report as `getStats()` gives it: stats objects by id. */
export type StatsReport = { forEach(visit: (stats: object, id: string) => void): void };

export class Recorder {
  #reports: { timeMs: number; json: string }[] = [];
  #analyzer: Analyzer | undefined;
  #dropped = 0;

  /** `engine` gives the engine once it is loaded; `change` may replace a stats object by what may leave the page. */
  constructor(
    private readonly engine: () => Engine | undefined,
    private readonly change: (stats: object) => object,
  ) {}

  /** How many reports wait. */
  get count(): number {
    return this.#reports.length;
  }

  /** Time of the newest report that waits. */
  get lastMs(): number | undefined {
    return this.#reports.at(-1)?.timeMs;
  }

  /** Takes a report; where `judge` and the engine is there, gives what it led to. */
  push(timeMs: number, report: StatsReport, judge: boolean): Outcome | undefined {
    const stats: Record<string, object> = {};
    report.forEach((of, id) => (stats[id] = this.change(of)));
    const json = JSON.stringify(stats);
    const engine = judge ? this.engine() : undefined;
    if (engine && !this.#analyzer) {
      this.#analyzer = engine.analyzer();
      // What came before the engine was there is its history.
      for (const earlier of this.#reports) this.#analyzer.push(earlier.timeMs, earlier.json);
    }
    this.#reports.push({ timeMs, json });
    if (this.#reports.length > REPORTS_MAX) {
      this.#reports.shift();
      this.#dropped++;
    }
    return engine && this.#analyzer?.push(timeMs, json);
  }

  /** Takes out the waiting reports as the JSON of a batch's member `reports`; and how many had to give way. */
  take(): { json: string; count: number; dropped: number } {
    const reports = this.#reports.map(({ timeMs, json }) => `{"time_ms":${timeMs},"stats":${json}}`);
    const dropped = this.#dropped;
    this.#reports = [];
    this.#dropped = 0;
    return { json: `[${reports.join()}]`, count: reports.length, dropped };
  }

  free(): void {
    this.#analyzer?.free();
    this.#analyzer = undefined;
  }
}
