/** Messenger's metrics, from reports of a real call (the traces of `testdata`) and by Meta's own sample code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { CallMetricsRefused, callMetricsFrom, submitCallMetrics, transformRtcStats } from "../src/compat/messenger/index.ts";

/** The last report of a traced call of two audio streams, 20 s and more. */
function lastReport(): Map<string, Record<string, unknown>> {
  const lines = readFileSync(new URL("../../../testdata/traces/audio-pc0.jsonl", import.meta.url), "utf8").trim().split("\n");
  const { report } = JSON.parse(lines.at(-1) ?? "") as { report: Record<string, Record<string, unknown>> };
  return new Map(Object.entries(report).map(([id, members]) => [id, { ...members, id }]));
}

const connection = (report: Map<string, unknown>) => ({ getStats: async () => report }) as unknown as RTCPeerConnection;

function inbound(report: Map<string, Record<string, unknown>>): Record<string, number> {
  return [...report.values()].find((held) => held["type"] === "inbound-rtp" && held["kind"] === "audio") as Record<string, number>;
}

test("the drop-in copies what Meta's sample code copies", () => {
  const report = lastReport();
  const source = inbound(report);
  const body = transformRtcStats(report as never);
  assert.equal(body.end_call_reason, "HangupCall");
  assert.equal(body.audio_stats["jitter_buffer_delay_sec"], source["jitterBufferDelay"]);
  assert.equal(body.audio_stats["packets_received"], source["packetsReceived"]);
  assert.deepEqual(transformRtcStats(new Map() as never).audio_stats, {});
});

test("sums come with what they are sums of", async () => {
  const report = lastReport();
  const source = inbound(report);
  const metrics = await callMetricsFrom(connection(report), { callId: "c_1", reason: "Hangup_Call", endedMs: 1_795_229_076_000 });
  assert.equal(metrics.audio_stats.jitter_buffer_emitted_count, source["jitterBufferEmittedCount"]);
  assert.equal(metrics.audio_stats.total_samples_received, source["totalSamplesReceived"]);
  assert.equal(metrics.audio_stats.streams, 1);
  assert.equal(metrics.call_ended_time, 1_795_229_076);
  const duration = source["totalSamplesDuration"] ?? 0;
  assert.equal(metrics.first_audio_packet_received_time, Math.round(1_795_229_076 - duration), "reckoned back from what was played");
});

test("several streams are added up, jitter by their packets", async () => {
  const report = lastReport();
  const source = inbound(report);
  report.set("second", { ...source, id: "second", packetsReceived: 3 * (source["packetsReceived"] ?? 0), jitter: 0.02 });
  report.set(String(source["id"]), { ...source, jitter: 0.004 });
  const { audio_stats } = await callMetricsFrom(connection(report), { callId: "c_1", reason: "Hangup_Call" });
  assert.equal(audio_stats.streams, 2);
  assert.equal(audio_stats.packets_received, 4 * (source["packetsReceived"] ?? 0));
  assert.ok(Math.abs((audio_stats.jitter_sec ?? 0) - 0.016) < 1e-12, String(audio_stats.jitter_sec));
});

test("a call that never had audio says so", async () => {
  const metrics = await callMetricsFrom(connection(new Map()), { callId: "c_1", reason: "No_Answer_Timeout", documentedOnly: true });
  assert.equal(metrics.first_audio_packet_received_time, 0);
  assert.deepEqual(metrics.audio_stats, {});
});

test("a lost answer is asked for again with the same key, a refusal is not", async () => {
  const keys: (string | undefined)[] = [];
  const answers = [
    { status: 503, body: { error: { message: "later", code: 2, is_transient: true } } },
    { status: 200, body: { success: true } },
    { status: 400, body: { error: { message: "already", code: 100, error_subcode: 1013 } } },
  ];
  const server = createServer((request, response) => {
    keys.push(request.headers["idempotency-key"] as string | undefined);
    const { status, body } = answers.shift() ?? { status: 500, body: {} };
    request.resume().on("end", () => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const destination = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pageId: "123", token: "sti_x" };
    const metrics = await callMetricsFrom(connection(lastReport()), { callId: "c_1", reason: "Hangup_Call" });
    await submitCallMetrics(destination, metrics);
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    await assert.rejects(submitCallMetrics(destination, metrics), (error) => error instanceof CallMetricsRefused && error.subcode === 1013);
    assert.equal(keys.length, 3);
  } finally {
    server.close();
  }
});
