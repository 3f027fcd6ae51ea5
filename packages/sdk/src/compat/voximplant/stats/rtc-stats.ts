/** What `RTCStatsReceived` carries: the browser's report, for programs that know it as the `Map` it is and for those that know it as an array. */

type Entry = Readonly<Record<string, unknown>> & Iterable<unknown>;

/**
 * An array of the stats objects with a report's `get`, `has`, `size`, `keys`, `values`, `entries` and `forEach`. Iteration gives the stats
 * objects, and each of them can be taken apart as the pair `[id, stats]` that a report's iteration gives.
 */
export class RtcStats extends Array<Entry> {
  readonly #byId = new Map<string, Entry>();

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static read(report: { forEach(visit: (stats: object, id: string) => void): void }): Readonly<RtcStats> {
    const all = new RtcStats();
    report.forEach((stats, id) => {
      const entry = { ...stats } as unknown as Entry;
      Object.defineProperty(entry, Symbol.iterator, { value: () => [id, entry].values() });
      all.#byId.set(id, Object.freeze(entry));
      all.push(entry);
    });
    Object.freeze(all);
    return all;
  }

  get size(): number {
    return this.length;
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  override keys(): any {
    return this.#byId.keys();
  }

  override entries(): any {
    return this.#byId.entries();
  }

  /** The second argument is the id, as with a report. */
  override forEach(visit: (stats: Entry, id: any, all: any) => void): void {
    this.#byId.forEach((stats, id) => visit(stats, id, this));
  }
}
