/** Meta's own script, unmodified, on a real call; its output and Meta's printed example are accepted. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chromiumTab } from "../src/browsers.ts";
import { connect, join, measured } from "../src/call.ts";
import { setUpSite } from "../src/site.ts";

const CALL_S = 12;

const golden = (name: string) => readFileSync(new URL(`../../testdata/messenger/${name}`, import.meta.url), "utf8");

const site = setUpSite("call", { before: [golden("transform.js")] });

async function submit(body: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${site.sidetone.intakeSecret}`, "content-type": "application/json" };
  const response = await fetch(`${site.sidetone.url}/v23.0/1234567890/call_metrics`, { method: "POST", headers, body });
  return response.json();
}

/** The record of a call as its page has it. */
async function record(callId: string): Promise<{ audio: Record<string, number>; notes: string[]; end_reason: string }> {
  const conference = await site.sidetone.finalised(callId);
  const event = (await site.sidetone.events(conference.key)).find(({ kind }) => kind === "call_metrics");
  return event!.payload as never;
}

test("the printed example is accepted to the byte", async () => {
  assert.deepEqual(await submit(golden("example.json")), { success: true });
});

test("the script's output, and ours, of one real call", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  await join(ada, site, { conference: "c", user: "ada" });
  await join(bob, site, { conference: "c", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
  await measured(ada, "bob", CALL_S);
  const { heardS, theirs, ours } = await ada.evaluate(async (module) => {
    const peerConnection = call.connection("bob");
    const { callMetricsFrom } = await import(module);
    const transform = (globalThis as unknown as { transformRtcStats(stats: RTCStatsReport): Record<string, unknown> }).transformRtcStats;
    const stats = await peerConnection.getStats();
    const [{ totalSamplesDuration = 0 } = {}] = [...(stats as unknown as Map<string, { type: string; totalSamplesDuration?: number }>).values()].filter(({ type }) => type === "inbound-rtp");
    return { heardS: totalSamplesDuration, theirs: transform(stats), ours: await callMetricsFrom(peerConnection, { callId: "c_ours", reason: "Hangup_Call" }) };
  }, `${site.sidetone.url}/sdk/messenger.mjs`);
  const now = Math.round(Date.now() / 1000);
  assert.deepEqual(await submit(JSON.stringify({ ...theirs, call_id: "c_theirs", call_ended_time: now, first_audio_packet_received_time: now - CALL_S })), { success: true });
  assert.deepEqual(await submit(JSON.stringify(ours)), { success: true });
  const [told, exact] = [await record("c_theirs"), await record("c_ours")];
  assert.equal(told.end_reason, "HANGUP_CALL");
  assert.ok(told.notes.includes("reason_alias") && told.notes.includes("cumulative_rtt"), told.notes.join(", "));
  assert.ok(Math.abs(told.audio["duration_s"]! - heardS) < 0.01, `${told.audio["duration_s"]} s of a call of which ${heardS} s were heard`);
  // The true average against the one estimated from the sum alone, which takes concealed samples for samples that were in the buffer.
  const [estimate, average] = [told.audio["jitter_buffer_delay_mean_s"]!, exact.audio["jitter_buffer_delay_mean_s"]!];
  assert.ok(Math.abs(estimate / average - 1) < 0.25 + exact.audio["concealed_samples"]! / (48_000 * exact.audio["duration_s"]!), `${estimate} s estimated, ${average} s counted`);
  assert.deepEqual(exact.notes, []);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
});
