// What keys do on a chart: move the cursor as on a slider, look closer and wider.

import type { Part } from "./part.ts";

/** Shortest part that is looked at, in seconds. */
export const SHORTEST = 2;

/** Where a key puts the cursor, among the times that are drawn; nothing where it is no key for that. */
export function cursorAfter(key: string, times: readonly number[], at: number | null): number | undefined {
  if (times.length === 0) return undefined;
  const nearest = at === null ? null : times.reduce((best, time, index) => (Math.abs(time - at) < Math.abs((times[best] ?? 0) - at) ? index : best), 0);
  const far = Math.max(1, Math.round(times.length / 10));
  const step = new Map([["ArrowRight", 1], ["ArrowLeft", -1], ["PageUp", far], ["PageDown", -far]]).get(key);
  const last = times.length - 1;
  if (key === "Home") return times[0];
  if (key === "End") return times[last];
  if (step === undefined) return undefined;
  // The first step comes in from the side it leads away from.
  const begin = nearest ?? (step > 0 ? -1 : times.length);
  return times[Math.max(0, Math.min(last, begin + step))];
}

/** The part that plus and minus show: half or twice as long, around the cursor; nothing for other keys. */
export function zoomed(key: string, [from, until]: Part, [first, last]: Part, at: number | null): Part | undefined {
  const factor = new Map([["+", 0.5], ["=", 0.5], ["-", 2]]).get(key);
  if (factor === undefined) return undefined;
  const length = Math.max(SHORTEST, (until - from) * factor);
  if (length >= last - first) return [first, last];
  const middle = at !== null && at >= from && at <= until ? at : (from + until) / 2;
  const begin = Math.min(last - length, Math.max(first, middle - length / 2));
  return [begin, begin + length];
}
