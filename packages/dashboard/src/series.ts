// Series of one end as the server gives them, and the same as they grow live.

export interface StreamIdentity {
  direction: "inbound" | "outbound";
  kind: "audio" | "video";
  ssrc: number;
}

/** The answer of the series endpoint. */
export interface SeriesBody {
  start_ms: number | null;
  resolution_ms: number;
  slot_count: number;
  series: {
    metric: string;
    stream: StreamIdentity | null;
    mean: (number | null)[];
    min: (number | null)[];
    max: (number | null)[];
    /** Why a score is `null`, by slot. */
    unjudged?: (string | null)[];
  }[];
}

/** A `tick` of the live stream. */
export interface Tick {
  peer_connection: string;
  time_ms: number;
  connection: Record<string, number>;
  streams: (StreamIdentity & { values: Record<string, number> })[];
}

/** `null` is a gap; `undefined` is a slot that no report fell into, which is none. */
export type Column = (number | null | undefined)[];

export interface Line {
  metric: string;
  stream: StreamIdentity | null;
  mean: Column;
  min: Column;
  max: Column;
  /** Of a score: why it has no value, by slot, as `first_second`. */
  unjudged?: (string | null)[];
}

export interface Series {
  /** End of each slot, in seconds since 1970, ascending. */
  times: number[];
  resolution_ms: number;
  lines: Line[];
}

export function fromBody(body: SeriesBody): Series {
  const start = body.start_ms ?? 0;
  const times = Array.from({ length: body.slot_count }, (_, slot) => (start + (slot + 1) * body.resolution_ms) / 1000);
  const empty = emptySlots(body);
  const column = (values: (number | null)[]): Column => values.map((value, slot) => (value === null && empty[slot] ? undefined : value));
  const lines = body.series.map((line) => ({
    metric: line.metric,
    stream: line.stream,
    mean: column(line.mean),
    min: column(line.min),
    max: column(line.max),
    ...(line.unjudged && { unjudged: line.unjudged }),
  }));
  return { times, resolution_ms: body.resolution_ms, lines };
}

/** Reasons whose names are not yet words. */
const REASONS: Readonly<Record<string, string>> = {
  not_counted: "not counted by this browser",
  no_rtcp: "the far end told nothing",
  no_packets: "nothing was sent",
  dtx: "the sender is silent (DTX)",
  no_picture: "no picture was due",
  no_round_trip: "no round trip is known",
};

/** What stands where there is no value: of a score the reason, in words. Without a cursor, where that is the only one. */
export function whyNone({ unjudged }: Line, index: number | null): string {
  const reasons = index === null ? [...new Set(unjudged)].filter((reason) => reason !== null) : [unjudged?.[index]];
  const [reason] = reasons;
  return (reasons.length === 1 && reason && (REASONS[reason] ?? reason.replaceAll("_", " "))) || "–";
}

/** A pause of so many times the usual distance between reports is a gap. */
export const GAP = 2.5;

export const middle = (values: number[]): number | undefined => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Slots without any report, where reports are simply rarer than slots: as long as the pause is not much longer than the usual
 * distance between reports. A longer pause is a gap.
 */
function emptySlots(body: SeriesBody): boolean[] {
  const has = new Array<boolean>(body.slot_count).fill(false);
  for (const line of body.series) line.mean.forEach((value, slot) => (has[slot] ||= value !== null || Boolean(line.unjudged?.[slot])));
  const filled = has.flatMap((value, slot) => (value ? [slot] : []));
  const distances = filled.slice(1).map((slot, index) => slot - (filled[index] ?? slot));
  const usual = middle(distances) ?? 1;
  const empty = new Array<boolean>(body.slot_count).fill(false);
  distances.forEach((distance, index) => {
    if (distance > 1 && distance <= usual * GAP) empty.fill(true, (filled[index] ?? 0) + 1, filled[index + 1]);
  });
  return empty;
}

const same = (a: StreamIdentity | null, b: StreamIdentity | null): boolean =>
  a === b || (a !== null && b !== null && a.direction === b.direction && a.kind === b.kind && a.ssrc === b.ssrc);

/** Distances that say what is usual. */
const DISTANCES = 15;

/** The usual distance between the last reports, in seconds; unknown before the second. */
function usualDistance({ times, lines }: Series): number | undefined {
  const told: number[] = [];
  for (let slot = times.length - 1; slot >= 0 && told.length <= DISTANCES; slot -= 1) {
    if (lines.some(({ mean }) => typeof mean[slot] === "number")) told.push(times[slot] ?? 0);
  }
  return middle(told.slice(1).map((time, index) => (told[index] ?? time) - time));
}

/** Adds what one report told, after a gap where none came for long. Reports that are not newer than the last are left out. */
export function append(series: Series, tick: Tick): void {
  const time = tick.time_ms / 1000;
  const last = series.times.at(-1);
  if (last !== undefined && time <= last) return;
  const usual = usualDistance(series);
  if (last !== undefined && usual !== undefined && time - last > usual * GAP) {
    series.times.push(last + usual);
    for (const line of series.lines) for (const column of [line.mean, line.min, line.max]) column.push(null);
  }
  series.times.push(time);
  const count = series.times.length;
  const add = (stream: StreamIdentity | null, values: Record<string, number>): void => {
    for (const [metric, value] of Object.entries(values)) {
      let line = series.lines.find((line) => line.metric === metric && same(line.stream, stream));
      if (!line) {
        const before = (): Column => new Array<null>(count - 1).fill(null);
        line = { metric, stream, mean: before(), min: before(), max: before() };
        series.lines.push(line);
      }
      for (const column of [line.mean, line.min, line.max]) column.push(value);
    }
  };
  add(null, tick.connection);
  for (const { values, ...stream } of tick.streams) add(stream, values);
  for (const line of series.lines) {
    for (const column of [line.mean, line.min, line.max]) if (column.length < count) column.push(null);
  }
}
