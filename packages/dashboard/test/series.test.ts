// Gaps are gaps, slow reports are not, and what comes live is added where it belongs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { append, fromBody, type Series, whyNone } from "../src/series.ts";

const body = (mean: (number | null)[]) => ({
  start_ms: 10_000,
  resolution_ms: 1000,
  slot_count: mean.length,
  series: [{ metric: "rtt_ms", stream: null, mean, min: mean, max: mean }],
});
const drawn = (mean: (number | null)[]) => fromBody(body(mean)).lines[0]!.mean;

test("a report that came a little late leaves no gap", () => {
  assert.deepEqual(drawn([1, 2, null, 3, 4, 5]), [1, 2, undefined, 3, 4, 5]);
});

test("reports every three seconds are one line", () => {
  assert.deepEqual(drawn([1, null, null, 2, null, null, 3]), [1, undefined, undefined, 2, undefined, undefined, 3]);
});

test("a pause is a gap", () => {
  assert.deepEqual(drawn([1, 2, 3, null, null, null, 4, 5]), [1, 2, 3, null, null, null, 4, 5]);
});

test("a value that is absent while others are there is a gap", () => {
  const both = body([1, null, 3]);
  both.series.push({ metric: "mos_lq", stream: null, mean: [4, 4, 4], min: [4, 4, 4], max: [4, 4, 4] });
  assert.deepEqual(fromBody(both).lines[0]!.mean, [1, null, 3]);
});

test("slots are drawn at their ends", () => {
  assert.deepEqual(fromBody(body([1, 2])).times, [11, 12]);
});

test("ticks are added, stragglers and repetitions are not", () => {
  const series: Series = fromBody(body([1, 2]));
  const tick = (time_ms: number, rtt_ms: number) => ({
    peer_connection: "k",
    time_ms,
    connection: { rtt_ms },
    streams: [{ direction: "inbound" as const, kind: "audio" as const, ssrc: 7, values: { jitter_ms: 5 } }],
  });
  for (const message of [tick(13_000, 3), tick(13_000, 9), tick(12_500, 9), tick(14_000, 4)]) append(series, message);
  assert.deepEqual(series.times, [11, 12, 13, 14]);
  assert.deepEqual(series.lines[0]!.mean, [1, 2, 3, 4]);
  assert.deepEqual(series.lines[1]!.stream, { direction: "inbound", kind: "audio", ssrc: 7 });
  assert.deepEqual(series.lines[1]!.mean, [null, null, 5, 5]);
  append(series, { peer_connection: "k", time_ms: 15_000, connection: {}, streams: [] });
  assert.deepEqual(series.lines[0]!.mean.at(-1), null);
});

test("a silence in a running call is a gap, and what came a little late is none", () => {
  const series: Series = fromBody(body([1, 2]));
  for (const time_ms of [13_000, 15_000, 30_000, 31_000]) append(series, { peer_connection: "k", time_ms, connection: { rtt_ms: 5 }, streams: [] });
  assert.deepEqual(series.times, [11, 12, 13, 15, 16, 30, 31]);
  assert.deepEqual(series.lines[0]!.mean, [1, 2, 5, 5, null, 5, 5]);
});

test("of reports every five seconds none is a gap, from the first on", () => {
  const series: Series = { times: [], resolution_ms: 1000, lines: [] };
  for (const time_ms of [5_000, 10_000, 15_000, 25_000]) append(series, { peer_connection: "k", time_ms, connection: { rtt_ms: 5 }, streams: [] });
  assert.deepEqual(series.lines[0]!.mean, [5, 5, 5, 5]);
});

test("a score that is absent says why, at a moment and where there is but one reason for all", () => {
  const scored = { ...body([null, null, 4, null]), resolution_ms: 1000 };
  const line = (unjudged: (string | null)[]) => fromBody({ ...scored, series: [{ ...scored.series[0]!, unjudged }] }).lines[0]!;
  const mixed = line(["first_report", "first_second", null, "muted"]);
  assert.deepEqual([0, 1, 3, null].map((index) => whyNone(mixed, index)), ["first report", "first second", "muted", "–"]);
  assert.equal(whyNone(line(["muted", "muted", null, "muted"]), null), "muted");
  assert.equal(whyNone(line(["no_rtcp", null, null, null]), 0), "the far end told nothing");
  assert.equal(whyNone(fromBody(body([null])).lines[0]!, 0), "–");
});

test("a report that gave no score is a report all the same", () => {
  const mean = [4, 4, null, 4];
  const unjudged = [null, null, "dtx", null];
  const { lines } = fromBody({ ...body(mean), series: [{ ...body(mean).series[0]!, unjudged }] });
  assert.deepEqual(lines[0]!.mean, mean);
});
