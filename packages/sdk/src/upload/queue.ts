/** What waits for the server: the interface, and the queue in memory. */

import type { Batch } from "../batch.ts";

/** A batch in a queue. */
export interface Entry extends Batch {
  /** When it was put in, in which page, which one of that page: sorts by age. */
  readonly id: [createdMs: number, page: string, count: number];
  /** Whose it is: batches go out only with credentials like those they were made for. */
  readonly destination: string;
  /** Until then somebody is sending it, in this page or another. */
  readonly leaseMs: number;
}

/** How much may wait. */
export interface Bounds {
  readonly bytesMax: number;
  readonly batchesMax: number;
}

/** Longest time that sending one batch takes; then another may try. */
export const LEASE_MS = 25_000;

/** So long what only others can send is kept for them: no longer does a server take it (`intake.age_max`). */
export const AGE_MAX_MS = 30 * 86_400_000;

export interface Queue {
  /** Puts an entry in; gives those that had to give way, oldest first. What is being sent stays: it may arrive. */
  put(entry: Entry): Promise<Entry[]>;
  /** The oldest that nobody is sending; from now on it is being sent by the caller. */
  claim(nowMs: number): Promise<Entry | undefined>;
  /** Keeps what only a client of another destination can send; tells whether it is kept. */
  keep(entry: Entry): Promise<boolean>;
  /** Forgets what others did not come to send in all that time. */
  forget(nowMs: number): Promise<void>;
  /** It was not sent. */
  release(entry: Entry): Promise<void>;
  /** It is done with. */
  remove(entry: Entry): Promise<void>;
}

/** A lease beyond the longest was made by a clock that went wrong, and counts for nothing. */
export function isFree(leaseMs: number, nowMs: number): boolean {
  return leaseMs <= nowMs || leaseMs > nowMs + LEASE_MS;
}

/** In memory: lost with the page. */
export class MemoryQueue implements Queue {
  #entries: Entry[] = [];

  constructor(private readonly bounds: Bounds) {}

  async put(entry: Entry): Promise<Entry[]> {
    this.#entries.push(entry);
    const excess: Entry[] = [];
    let bytes = this.#entries.reduce((sum, { body }) => sum + body.length, 0);
    while (this.#entries.length > this.bounds.batchesMax || bytes > this.bounds.bytesMax) {
      const index = this.#entries.findIndex(({ leaseMs }) => isFree(leaseMs, Date.now()));
      const [oldest] = index < 0 ? [] : this.#entries.splice(index, 1);
      if (!oldest) break;
      bytes -= oldest.body.length;
      excess.push(oldest);
    }
    return excess;
  }

  async claim(nowMs: number): Promise<Entry | undefined> {
    const index = this.#entries.findIndex(({ leaseMs }) => isFree(leaseMs, nowMs));
    const entry = this.#entries[index];
    return entry && this.#replace(index, { ...entry, leaseMs: nowMs + LEASE_MS });
  }

  async keep(): Promise<boolean> {
    return false;
  }

  async forget(): Promise<void> {}

  async release(entry: Entry): Promise<void> {
    const index = this.#index(entry);
    if (index >= 0) this.#replace(index, { ...entry, leaseMs: 0 });
  }

  async remove(entry: Entry): Promise<void> {
    const index = this.#index(entry);
    if (index >= 0) this.#entries.splice(index, 1);
  }

  #index({ id }: Entry): number {
    return this.#entries.findIndex((entry) => entry.id[1] === id[1] && entry.id[2] === id[2]);
  }

  #replace(index: number, entry: Entry): Entry {
    this.#entries[index] = entry;
    return entry;
  }
}
