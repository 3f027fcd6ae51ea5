// The statistics of a Voximplant call, from reports of real calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { callStats } from "../src/compat/voximplant/stats/call-stats.ts";
import { collectionIntervalMs } from "../src/compat/voximplant/stats/interval.ts";
import { mosG107 } from "../src/compat/voximplant/stats/mos.ts";
import type { InboundAudioStatsReport, InboundVideoStatsReport, OutboundVideoStatsReport } from "../src/compat/voximplant/stats/report.ts";
import { RtcStats } from "../src/compat/voximplant/stats/rtc-stats.ts";
import { Source } from "../src/compat/voximplant/stats/source.ts";
import { bitrate, statsReport } from "../src/compat/voximplant/stats/transform.ts";
import { type Report, reportsOf, statsOf } from "./traces.ts";

const number = (stats: Record<string, unknown> | undefined, name: string) => stats?.[name] as number;

test("the interval is in whole steps of 500, at least 500, 0 for none, and 10 s by default", () => {
  for (const [configured, expected] of [[0, 0], [300, 500], [500, 500], [750, 500], [1000, 1000], [1999, 1500], [10_000, 10_000], [undefined, 10_000], [Number.NaN, 10_000], [-1, 0]] as const) {
    assert.equal(collectionIntervalMs(configured), expected, `for ${configured}`);
  }
});

test("a battery that runs low makes it 10 s or more, one that is charged does not", () => {
  assert.equal(collectionIntervalMs(1000, { level: 0.3, charging: false }), 10_000);
  assert.equal(collectionIntervalMs(20_000, { level: 0.1, charging: false }), 20_000);
  assert.equal(collectionIntervalMs(1000, { level: 0.3, charging: true }), 1000);
  assert.equal(collectionIntervalMs(1000, { level: 0.31, charging: false }), 1000);
  assert.equal(collectionIntervalMs(0, { level: 0.1, charging: false }), 0);
});

test("the score of Opus is the original's", () => {
  const golden = [[0, 0, 0, 4.408], [50, 0, 5, 4.408], [100, 0.01, 10, 3.929], [200, 0.02, 20, 3.45], [400, 0.05, 30, 2.061], [400, 0.1, 30, 1.476], [800, 0.2, 50, 1]] as const;
  for (const [rttMs, lossRatio, jitterMs, expected] of golden) assert.ok(Math.abs(mosG107({ rttMs, lossRatio, jitterMs, codec: "audio/opus" }) - expected) < 0.0006, `${rttMs} ms, ${lossRatio}, ${jitterMs} ms`);
});

test("no score rises with loss, delay or jitter, leaves its scale or is not a number", () => {
  for (const codec of ["audio/opus", "audio/PCMU", undefined]) {
    const score = (rttMs: number, lossRatio: number, jitterMs: number) => mosG107({ rttMs, lossRatio, jitterMs, codec });
    for (let step = 0; step < 100; step += 1) {
      const pairs = [[score(100, step / 100, 10), score(100, (step + 1) / 100, 10)], [score(step * 20, 0.02, 10), score(step * 20 + 20, 0.02, 10)], [score(100, 0.02, step * 5), score(100, 0.02, step * 5 + 5)]] as const;
      for (const [better, worse] of pairs) assert.ok(worse <= better && worse >= 1 && better <= 4.5, `${codec} at step ${step}: ${better}, ${worse}`);
    }
  }
});

test("without any impairment G.711 has the 4.4 of ITU-T G.107", () => {
  assert.ok(Math.abs(mosG107({ rttMs: 0, lossRatio: 0, jitterMs: 0, codec: "audio/PCMU" }) - 4.41) < 0.005);
});

test("a bit rate is the bytes over the time between two reports, and 0 where no time has passed", () => {
  assert.equal(bitrate(2000, 1000, 3000, 1000), 4000);
  assert.equal(bitrate(2000, 1000, 1000, 1000), 0);
  assert.equal(bitrate(2000, undefined, 1000, undefined), 0);
});

const av = reportsOf("av-pc0");
const [before, now] = [av[30]!, av[40]!];
const inboundAudio = statsOf(now, "inbound-rtp", "audio")[0]!;
const playedTrack = String(inboundAudio["trackIdentifier"]);
const report = statsReport(new Source(now), new Source(before), (track) => (track === playedTrack ? { renderer: "renderer", endpoint: "endpoint" } : undefined));

test("the connection is the transport's selected pair", () => {
  const transport = statsOf(now, "transport")[0]!;
  const pair = now.get(String(transport["selectedCandidatePairId"]))!;
  const { connection } = report;
  assert.equal(connection.bytesSent, pair["bytesSent"]);
  assert.equal(connection.currentRtt, pair["currentRoundTripTime"]);
  assert.equal(connection.rtt, pair["totalRoundTripTime"]);
  assert.equal(connection.averageRtt, number(pair, "totalRoundTripTime") / number(pair, "responsesReceived"));
  assert.equal(connection.localType, now.get(String(pair["localCandidateId"]))!["candidateType"]);
  assert.equal(connection.remotePort, now.get(String(pair["remoteCandidateId"]))!["port"]);
});

test("received streams are told by their renderer, or by their track where none plays them", () => {
  const video = statsOf(now, "inbound-rtp", "video")[0]!;
  assert.deepEqual(Object.keys(report.inbound).sort(), ["renderer", String(video["trackIdentifier"])].sort());
  const audio = report.inbound["renderer"] as InboundAudioStatsReport;
  assert.equal(audio.endpoint, "endpoint");
  assert.equal(audio.codec, "audio/opus");
  assert.equal(audio.concealedSamples, inboundAudio["concealedSamples"]);
  const past = before.get(String(inboundAudio["id"]))!;
  const bps = (8000 * (number(inboundAudio, "bytesReceived") - number(past, "bytesReceived"))) / (number(inboundAudio, "timestamp") - number(past, "timestamp"));
  assert.equal(audio.bitrate, bps);
  assert.equal(audio.bitrateKbps, bps / 1000);
  const buffered = (number(inboundAudio, "jitterBufferDelay") - number(past, "jitterBufferDelay")) / (number(inboundAudio, "jitterBufferEmittedCount") - number(past, "jitterBufferEmittedCount"));
  assert.equal(audio.jitterBufferMs, 1000 * buffered);
  const picture = report.inbound[String(video["trackIdentifier"])] as InboundVideoStatsReport;
  assert.equal(picture.framesPerSecond, video["framesPerSecond"]);
  assert.equal(picture.freezeCount, video["freezeCount"]);
  assert.equal(picture.totalFreezesDuration, video["totalFreezesDuration"]);
});

test("sent streams are told by the local track, with what the other side reports of them", () => {
  const video = statsOf(now, "outbound-rtp", "video")[0]!;
  const source = now.get(String(video["mediaSourceId"]))!;
  const remote = now.get(String(video["remoteId"]))!;
  const [layer] = report.outbound[String(source["trackIdentifier"])] as OutboundVideoStatsReport[];
  assert.equal(layer?.rtt, remote["roundTripTime"]);
  assert.equal(layer?.totalRtt, remote["totalRoundTripTime"]);
  assert.equal(layer?.jitter, remote["jitter"]);
  assert.equal(layer?.baseWidth, source["width"]);
  assert.equal(layer?.width, video["frameWidth"]);
  assert.equal(layer?.loss, number(remote, "packetsLost") / (number(remote, "packetsLost") + number(video, "packetsSent")));
});

/** A copy, with members of a stats object changed. */
function changed(source: Report, id: unknown, members: Record<string, unknown>): Report {
  return new Map([...source].map(([held, stats]) => [held, held === id ? { ...stats, ...members } : stats]));
}

test("loss since the start neither spikes nor recovers, that of the interval does", () => {
  const id = inboundAudio["id"];
  const lossy = changed(now, id, { packetsLost: number(inboundAudio, "packetsLost") + 100 });
  const audio = statsReport(new Source(lossy), new Source(before), () => undefined).inbound[playedTrack]!;
  const received = number(inboundAudio, "packetsReceived") - number(before.get(String(id)), "packetsReceived");
  assert.equal(audio.intervalLoss, 100 / (100 + received));
  assert.ok(audio.loss < audio.intervalLoss);
  const after = statsReport(new Source(lossy), new Source(lossy), () => undefined).inbound[playedTrack]!;
  assert.equal(after.intervalLoss, 0);
  assert.equal(after.loss, audio.loss);
  assert.equal(after.bitrate, 0, "no time has passed");
});

test("the score falls with loss, and there is none without a received voice", () => {
  const id = inboundAudio["id"];
  const lossy = changed(now, id, { packetsLost: number(inboundAudio, "packetsLost") + 100 });
  assert.ok(statsReport(new Source(lossy), new Source(before), () => undefined).mos.mosG107 < report.mos.mosG107);
  const silent = new Map([...now].filter(([held]) => held !== id));
  assert.equal(statsReport(new Source(silent), new Source(before), () => undefined).mos.mosG107, null);
  assert.doesNotThrow(() => statsReport(new Source(new Map()), undefined, () => undefined));
});

test("what Firefox does not tell is absent, not invented", () => {
  const [first, last] = reportsOf("firefox/firefox-audio-pc0").slice(-2) as [Report, Report];
  const { connection, inbound, outbound } = statsReport(new Source(last), new Source(first), () => undefined);
  assert.ok(!("availableOutgoingBitrate" in connection));
  assert.ok(Object.values(inbound)[0]!.bitrate > 0);
  assert.ok(Object.values(outbound)[0]![0]!.packetsSent > 0);
});

test("the statistics of 4.3 are a view of those of 4.13", () => {
  const legacy = callStats(report);
  const inbound = statsOf(now, "inbound-rtp");
  const outbound = statsOf(now, "outbound-rtp");
  const sum = (all: readonly Record<string, unknown>[], name: string) => all.reduce((total, stats) => total + number(stats, name), 0);
  assert.equal(legacy.totalBytesReceived, sum(inbound, "bytesReceived"));
  assert.equal(legacy.totalPacketsSent, sum(outbound, "packetsSent"));
  assert.equal(legacy.audioBytesReceived, inboundAudio["bytesReceived"]);
  assert.equal(legacy.rtt, report.connection.currentRtt);
  assert.equal(legacy.timestamp, report.connection.timestamp);
  const endpoint = legacy.endpointStats.get("endpoint")!;
  assert.equal(endpoint.audioPacketsReceived, inboundAudio["packetsReceived"]);
  assert.equal(endpoint.remoteAudioStats["renderer"]?.jitterBufferMs, (report.inbound["renderer"] as InboundAudioStatsReport).jitterBufferMs);
  const [sent] = legacy.localVideoStats.values();
  assert.equal(sent?.frameWidth, statsOf(now, "outbound-rtp", "video")[0]!["frameWidth"]);
  assert.equal(legacy.localAudioStats.size, 1);
});

test("the browser's report is a Map to those who know it as one, and an array to the others", () => {
  const stats = RtcStats.read(now);
  assert.ok(Array.isArray(stats));
  assert.equal(stats.length, now.size);
  assert.equal(stats.size, now.size);
  assert.equal(stats.get(String(inboundAudio["id"]))?.["packetsReceived"], inboundAudio["packetsReceived"]);
  assert.deepEqual(stats.filter((held) => held["type"] === "inbound-rtp").map((held) => held["id"]), statsOf(now, "inbound-rtp").map((held) => held["id"]));
  assert.deepEqual([...stats].map((held) => held["id"]), [...now.keys()]);
  for (const [id, held] of stats as unknown as Iterable<[string, object]>) assert.deepEqual({ ...held }, now.get(id));
  const visited: string[] = [];
  stats.forEach((held, id: string) => visited.push(`${id} ${held["id"] === id}`));
  assert.deepEqual(visited, [...now.keys()].map((id) => `${id} true`));
  assert.deepEqual([...stats.keys()], [...now.keys()]);
  assert.throws(() => (stats as unknown as unknown[]).push({}), TypeError);
});
