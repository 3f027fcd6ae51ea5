/** Meta's own script, unmodified, on a real call; its output and Meta's printed example are accepted. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { chromiumTab, launchChromium } from "../src/browsers.ts";
import { connect, join } from "../src/call.ts";
import { type Origin, serveOrigin } from "../src/origin.ts";
import { Sidetone } from "../src/sidetone.ts";
import { sleep } from "../src/wait.ts";

const CALL_S = 12;

let sidetone: Sidetone;
let origin: Origin;
let browser: Browser;

const golden = (name: string) => readFileSync(new URL(`../../testdata/messenger/${name}`, import.meta.url), "utf8");

before(async () => {
  sidetone = await Sidetone.start();
  origin = await serveOrigin([`${sidetone.url}/sdk/sidetone.js`], { before: [golden("transform.js")] });
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await origin?.close();
  await sidetone?.stop();
});

async function submit(body: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${sidetone.intakeSecret}`, "content-type": "application/json" };
  const response = await fetch(`${sidetone.url}/v23.0/1234567890/call_metrics`, { method: "POST", headers, body });
  return response.json();
}

/** The record of a call as its page has it. */
async function record(callId: string): Promise<{ audio: Record<string, number>; notes: string[]; end_reason: string }> {
  const conference = await sidetone.finalised(callId);
  const event = (await sidetone.events(conference.key)).find(({ kind }) => kind === "call_metrics");
  return event!.payload as never;
}

test("the printed example is accepted to the byte", async () => {
  assert.deepEqual(await submit(golden("example.json")), { success: true });
});

test("the script's output, and ours, of one real call", async () => {
  const [ada, bob] = [await chromiumTab(browser), await chromiumTab(browser)];
  await join(ada, origin.url, sidetone, { conference: "c", user: "ada" });
  await join(bob, origin.url, sidetone, { conference: "c", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
  await sleep(CALL_S * 1000);
  const { theirs, ours } = await ada.evaluate(async (module) => {
    const peerConnection = call.connection("bob");
    const { callMetricsFrom } = await import(module);
    const transform = (globalThis as unknown as { transformRtcStats(stats: RTCStatsReport): Record<string, unknown> }).transformRtcStats;
    return { theirs: transform(await peerConnection.getStats()), ours: await callMetricsFrom(peerConnection, { callId: "c_ours", reason: "Hangup_Call" }) };
  }, `${sidetone.url}/sdk/messenger.mjs`);
  const now = Math.round(Date.now() / 1000);
  assert.deepEqual(await submit(JSON.stringify({ ...theirs, call_id: "c_theirs", call_ended_time: now, first_audio_packet_received_time: now - CALL_S })), { success: true });
  assert.deepEqual(await submit(JSON.stringify(ours)), { success: true });
  const [told, exact] = [await record("c_theirs"), await record("c_ours")];
  assert.equal(told.end_reason, "HANGUP_CALL");
  assert.ok(told.notes.includes("reason_alias") && told.notes.includes("cumulative_rtt"), told.notes.join(", "));
  assert.ok(Math.abs(told.audio["duration_s"]! - CALL_S) <= 2, `${told.audio["duration_s"]} s of a call of ${CALL_S} s`);
  // The true average against the one estimated from the sum alone.
  const [estimate, average] = [told.audio["jitter_buffer_delay_mean_s"]!, exact.audio["jitter_buffer_delay_mean_s"]!];
  assert.ok(Math.abs(estimate / average - 1) < 0.25, `${estimate} s estimated, ${average} s counted`);
  assert.deepEqual(exact.notes, []);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
});
