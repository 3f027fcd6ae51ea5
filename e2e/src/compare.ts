/** What Sidetone says of a connection against what the page's own getStats said. */

import assert from "node:assert/strict";
import type { PeerConnectionBody, ReportBody, Sidetone, SummaryBody } from "./sidetone.ts";

export interface Seen {
  readonly timeMs: number;
  readonly tookMs: number;
  readonly stats: Record<string, Record<string, unknown>>;
}

interface SeriesBody {
  readonly start_ms: number | null;
  readonly resolution_ms: number;
  readonly series: readonly { readonly metric: string; readonly stream: unknown; readonly mean: readonly (number | null)[] }[];
}

type Members = Readonly<Record<string, unknown>>;

/** How far rates and round trips may be apart. */
const TOLERANCE = 0.05;

/** Who leaves waits no longer for the browser's last report. */
const LAST_REPORT_MS = 1000;

/** Browsers tell round trips in whole milliseconds: between two pages of one machine that is all there is. */
const RTT_RESOLUTION_MS = 1;

/** Which counters a ratio is made of: what was bad, of all. */
const RATIOS = [
  { metric: "loss_ratio", part: "packetsLost", whole: ["packetsLost", "packetsReceived"] },
  { metric: "concealment_ratio", part: "concealedSamples", whole: ["totalSamplesReceived"] },
] as const;
const RATIO_RESOLUTION = 0.000_1;

/** Reports closer than this are one that was told twice: who leaves may ask just after the last was taken. */
const TWICE_MS = 10;

/** A report that comes later than this after the one before ends a gap, of which nothing is judged; `usualMs`: the interval before. */
const gapMs = (usualMs: number): number => 5 * usualMs + 5000;

const RTP = new Set(["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "remote-outbound-rtp", "media-source", "media-playout"]);

/** Every report of the page is kept with every counter of every stream; means agree with those of the page's own samples. */
export async function assertAgrees(sidetone: Sidetone, connection: PeerConnectionBody, all: readonly Seen[]): Promise<void> {
  const kept = await sidetone.reports(connection.key);
  const seen = kept.length < all.length && all.at(-1)!.tookMs > LAST_REPORT_MS ? all.slice(0, -1) : all;
  assert.equal(kept.length, seen.length, "each report that the page saw is kept, once");
  for (const [index, { stats }] of seen.entries()) assertSame(stats, kept[index]!);
  const [first, last] = [seen[0]!, seen.at(-1)!];
  for (const stream of connection.streams) {
    const name = `${stream.direction} ${stream.kind}`;
    const bytes = stream.direction === "inbound" ? "bytesReceived" : "bytesSent";
    const samples = seen.map(({ stats }) => rtp(stats, stream.ssrc, `${stream.direction}-rtp`)).filter((stats) => stats !== undefined);
    assertNear(`${name}: bit rate`, mean(stream.summaries, "bitrate_bps"), meanRate(samples, bytes));
    for (const { metric, part, whole } of stream.direction === "inbound" ? RATIOS : []) {
      const share = meanShare(samples, part, whole);
      if (share !== undefined) assertNear(`${name}: ${metric}`, mean(stream.summaries, metric), share, RATIO_RESOLUTION);
    }
  }
  await assertRoundTrips(sidetone, connection, seen);
  assert.ok(last.timeMs > first.timeMs);
}

/** Two reports of a stream that follow one another, with the milliseconds between them; what grew in a gap is nobody's. */
function* intervals(samples: readonly Members[]): Generator<{ readonly earlier: Members; readonly later: Members; readonly span: number }> {
  let [usualMs, earlier] = [Infinity, samples[0]];
  for (const later of samples.slice(1)) {
    const span = timestamp(later) - timestamp(earlier);
    if (span < TWICE_MS) continue;
    if (span <= gapMs(usualMs)) {
      usualMs = span;
      yield { earlier: earlier!, later, span };
    }
    earlier = later;
  }
}

/** Bits a second of a counter of bytes. */
function meanRate(samples: readonly Members[], bytes: string): number {
  let [sum, spanMs] = [0, 0];
  for (const { earlier, later, span } of intervals(samples)) {
    sum += number(later, bytes) - number(earlier, bytes);
    spanMs += span;
  }
  return (sum * 8000) / spanMs;
}

/** The growth of one counter as a share of that of others, interval by interval, each as heavy as it is long. */
function meanShare(samples: readonly Members[], part: string, whole: readonly string[]): number | undefined {
  let [sum, weight] = [0, 0];
  for (const { earlier, later, span } of intervals(samples)) {
    if (![part, ...whole].every((name) => typeof earlier[name] === "number" && typeof later[name] === "number")) continue;
    const grown = (name: string) => number(later, name) - number(earlier, name);
    const all = whole.reduce((sum, name) => sum + grown(name), 0);
    if (all <= 0) continue;
    sum += (Math.max(0, grown(part)) / all) * span;
    weight += span;
  }
  return weight > 0 ? sum / weight : undefined;
}

/** Each second's round trip is what the browser said in it, of its checks or by RTCP; where nothing was confirmed lately there is none. */
async function assertRoundTrips(sidetone: Sidetone, connection: PeerConnectionBody, seen: readonly Seen[]): Promise<void> {
  const { start_ms, resolution_ms, series } = await sidetone.get<SeriesBody>(`/v1/peer-connections/${connection.key}/series?metrics=rtt_ms`);
  const slots = series.find(({ stream }) => stream === null)?.mean ?? [];
  const said = seen.flatMap(({ timeMs, stats }) => {
    const told = Object.values(stats).filter(({ type }) => /^remote-(in|out)bound-rtp$/.test(String(type))).map((remote) => remote["roundTripTime"]);
    return [selectedPair(stats)?.["currentRoundTripTime"], ...told].flatMap((seconds) => (typeof seconds === "number" ? { timeMs, trip: seconds * 1000 } : []));
  });
  for (const [slot, told] of slots.entries()) {
    const begin = (start_ms ?? 0) + slot * resolution_ms;
    const trips = said.filter(({ timeMs }) => timeMs >= begin - 1 && timeMs <= begin + resolution_ms + 1).map(({ trip }) => trip);
    if (told === null || trips.length === 0) continue;
    const [least, most] = [Math.min(...trips), Math.max(...trips)];
    assertNear("round trip", told, Math.min(Math.max(told, least), most), RTT_RESOLUTION_MS);
  }
  assert.ok(said.length === 0 || slots.some((told) => told !== null), "there is a round trip where the browser said one");
}

/** The same objects, and of the streams the same members to the last bit. Addresses apart, nothing is left out. */
function assertSame(seen: Readonly<Record<string, Members>>, { stats }: ReportBody): void {
  assert.deepEqual(Object.keys(stats).sort(), Object.keys(seen).sort());
  for (const [id, members] of Object.entries(seen)) {
    if (!RTP.has(String(members["type"]))) continue;
    const { id: _, ...rest } = members;
    const { id: __, ...held } = stats[id]!;
    assert.deepEqual(held, JSON.parse(JSON.stringify(rest)), `${String(members["type"])} ${id}`);
  }
}

export function assertNear(what: string, given: number | undefined, wanted: number, resolution = 0): void {
  assert.ok(given !== undefined && Math.abs(given - wanted) <= Math.max(TOLERANCE * Math.abs(wanted), resolution), `${what}: ${given} against ${wanted}`);
}

export function mean(summaries: readonly SummaryBody[], metric: string): number | undefined {
  return summaries.find((summary) => summary.metric === metric)?.mean;
}

export function rtp(stats: Readonly<Record<string, Members>>, ssrc: number, type: string): Members | undefined {
  return Object.values(stats).find((members) => members["ssrc"] === ssrc && members["type"] === type);
}

/** The pair in use: named by the transport (Chromium), or flagged (Firefox). */
function selectedPair(stats: Readonly<Record<string, Members>>): Members | undefined {
  const named = Object.values(stats).find((members) => members["type"] === "transport")?.["selectedCandidatePairId"];
  return named === undefined ? Object.values(stats).find((members) => members["selected"] === true) : stats[String(named)];
}

function number(members: Members | undefined, name: string): number {
  const value = members?.[name];
  assert.equal(typeof value, "number", name);
  return value as number;
}

const timestamp = (members: Members | undefined) => number(members, "timestamp");
