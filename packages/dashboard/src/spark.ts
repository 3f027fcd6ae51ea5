// A member of a raw object over time, small: spaced by time, with pauses as gaps.

import { GAP, middle } from "./series.ts";

export const WIDTH = 220;
export const HEIGHT = 28;

export interface Point {
  time_ms: number;
  value: number;
  /** Place in the picture. */
  x: number;
  y: number;
}

/** The line of numbers over time: its pieces, each without a pause or an absent value. */
export function pieces(times_ms: readonly number[], values: readonly (number | null)[]): Point[][] {
  const known = values.filter((value) => value !== null);
  const [least, most] = known.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  const [first, last] = [times_ms[0] ?? 0, times_ms.at(-1) ?? 0];
  const longest = (middle(times_ms.slice(1).map((time, index) => time - (times_ms[index] ?? time))) ?? 0) * GAP;
  const drawn: Point[][] = [];
  let piece: Point[] | undefined;
  values.forEach((value, index) => {
    const time_ms = times_ms[index] ?? 0;
    if (value === null) {
      piece = undefined;
      return;
    }
    if (!piece || time_ms - (times_ms[index - 1] ?? time_ms) > longest) drawn.push((piece = []));
    const x = ((time_ms - first) / Math.max(1, last - first)) * (WIDTH - 2) + 1;
    const y = HEIGHT - 3 - ((value - least) / (most - least || 1)) * (HEIGHT - 6);
    piece.push({ time_ms, value, x, y });
  });
  return drawn;
}

/** Of a path. A value that stands alone is a dot: a line of no length with round ends. */
export function path(drawn: readonly Point[][]): string {
  const at = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return drawn.map((piece) => `M${[...piece, ...(piece.length === 1 ? piece : [])].map(at).join("L")}`).join("");
}

export function nearest(drawn: readonly Point[][], x: number): Point | undefined {
  return drawn.flat().reduce<Point | undefined>((best, point) => (!best || Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best), undefined);
}
