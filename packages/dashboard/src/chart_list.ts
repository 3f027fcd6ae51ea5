// Which charts there are, and which series each shows.

import type { Line, Series } from "./series.ts";
import type { Unit } from "./units.ts";

export interface Pick {
  metric: string;
  /** Of the connection when absent. */
  direction?: "inbound" | "outbound";
  kind?: "audio" | "video";
  label: string;
  /** Name of a colour token. */
  colour: string;
  /** What the others may come up to: the axis fits them, and where this is far above it is drawn no more, and only told. */
  isCeiling?: true;
}

export interface ChartKind {
  title: string;
  unit: Unit;
  /** Least range of the axis, so that noise does not fill a chart. */
  floor: number;
  /** Fixed range, where there is a scale. */
  range?: [number, number];
  picks: Pick[];
}

const RECEIVED = [
  { direction: "inbound", kind: "audio", label: "audio in", colour: "--series-1" },
  { direction: "inbound", kind: "video", label: "video in", colour: "--series-2" },
] as const;
const SENT = [
  { direction: "outbound", kind: "audio", label: "audio out", colour: "--series-3" },
  { direction: "outbound", kind: "video", label: "video out", colour: "--series-4" },
] as const;
const BOTH = [...RECEIVED, ...SENT];
const of = (metric: string, streams: readonly Omit<Pick, "metric">[]): Pick[] => streams.map((stream) => ({ metric, ...stream }));

export const CHARTS: ChartKind[] = [
  {
    title: "Quality (MOS)",
    unit: "score",
    floor: 5,
    range: [1, 5],
    picks: [
      { metric: "mos_cq", label: "conversation", colour: "--series-1" },
      { metric: "mos_lq", label: "listening", colour: "--series-3" },
      { metric: "mos_v", label: "video", colour: "--series-2" },
    ],
  },
  { title: "Round trip", unit: "ms", floor: 50, picks: [{ metric: "rtt_ms", label: "connection", colour: "--series-1" }] },
  {
    title: "Bit rate",
    unit: "bit/s",
    floor: 50_000,
    picks: [...of("bitrate_bps", BOTH), { metric: "available_outgoing_bitrate_bps", label: "estimated room to send", colour: "--series-5", isCeiling: true }],
  },
  { title: "Packet loss", unit: "ratio", floor: 0.02, picks: of("loss_ratio", BOTH) },
  { title: "Jitter", unit: "ms", floor: 20, picks: of("jitter_ms", BOTH) },
  {
    title: "Concealed audio",
    unit: "ratio",
    floor: 0.02,
    picks: [
      { metric: "audible_concealment_ratio", direction: "inbound", kind: "audio", label: "audible", colour: "--series-4" },
      { metric: "silent_concealment_ratio", direction: "inbound", kind: "audio", label: "silent", colour: "--series-1" },
    ],
  },
  {
    title: "Sound level",
    unit: "ratio",
    floor: 0.05,
    picks: of("audio_rms", [RECEIVED[0], SENT[0]]),
  },
  {
    title: "Picture height",
    unit: "px",
    floor: 180,
    picks: of("height_px", [RECEIVED[1], SENT[1]]),
  },
  {
    title: "Frame rate",
    unit: "fps",
    floor: 10,
    picks: [...of("decoded_frame_rate_fps", [RECEIVED[1]]), ...of("sent_frame_rate_fps", [SENT[1]])],
  },
  {
    title: "Work per frame",
    unit: "ms",
    floor: 10,
    picks: [...of("decode_time_ms", [RECEIVED[1]]), ...of("encode_time_ms", [SENT[1]])],
  },
  {
    title: "Quality held back",
    unit: "ratio",
    floor: 1,
    picks: [
      { metric: "limited_cpu_ratio", direction: "outbound", kind: "video", label: "by the processor", colour: "--series-4" },
      { metric: "limited_bandwidth_ratio", direction: "outbound", kind: "video", label: "by bandwidth", colour: "--series-1" },
    ],
  },
];

/** The greatest value that the axis of a chart must have, so that lines at any end stand on the same one. */
export function greatest(kind: ChartKind, lines: readonly { pick: Pick; line: Line }[]): number {
  const values: readonly (number | null | undefined)[] = lines.flatMap(({ pick, line }) => (pick.isCeiling ? [] : line.max));
  return values.reduce<number>((max, value) => (typeof value === "number" && value > max ? value : max), kind.floor);
}

/** Every metric that any chart shows. */
export const METRICS = [...new Set(CHARTS.flatMap((chart) => chart.picks.map((pick) => pick.metric)))];

/** The series of a chart, each with what picked it, in the order of the picks. */
export function picked(chart: ChartKind, series: Series): { pick: Pick; line: Line }[] {
  return chart.picks.flatMap((pick) =>
    series.lines
      .filter(
        (line) => line.metric === pick.metric && (pick.kind ? line.stream?.kind === pick.kind && line.stream.direction === pick.direction : line.stream === null),
      )
      .map((line) => ({ pick, line })),
  );
}
