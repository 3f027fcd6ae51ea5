/** Plivo's client measures its calls: warnings to the page on a bad network, reports and feedback to Sidetone and to nobody else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MediaMetric } from "../../packages/sdk/src/compat/plivo/index.ts";
import { MediaWire } from "../src/media-wire.ts";
import { establish, quality, Softphone } from "../src/plivo.ts";
import { during } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startKamailio, startSidetone } from "../src/sip.ts";
import { launchSpeaking } from "../src/voice.ts";
import { until } from "../src/wait.ts";

/** What goes in is what is sent. */
const RAW = { audioConstraints: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };

let server: SipServer;
const site = setUpSite("plivo", { launch: launchSpeaking, more: async (start) => void (server = await start("Kamailio", startKamailio())) });

const is = (type: string, stream: string, active: boolean) => ([metric]: readonly MediaMetric[]) => metric!.type === type && metric!.stream === stream && metric!.active === active;

test("a bad network is told as it comes and as it goes", async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada", RAW), await Softphone.ready(site, server, "bob", RAW)];
  const wire = await MediaWire.between(ada.page, bob.page);
  try {
    await establish(ada, bob);
    wire.harm({ loss: 0.25, delayMs: 230, jitterMs: 600 });
    for (const [type, stream] of [
      ["high_rtt", "None"],
      ["high_packetloss", "remote"],
      ["high_packetloss", "local"],
      ["high_jitter", "remote"],
      ["high_jitter", "local"],
      ["low_mos", "None"],
    ] as const) {
      const [metric] = await ada.hears("mediaMetrics", is(type, stream, true));
      const { group, level, value, desc } = metric as MediaMetric;
      assert.deepEqual([group, level], ["network", "warning"]);
      if (type === "high_rtt") assert.match(String(value), /^\d+\.\d\d$/);
      if (type === "high_rtt") assert.ok(Number(value) > 400 && Number(value) < 60_000 && desc === "high latency", String(value));
      if (type === "high_packetloss") assert.ok((value as number) > 0.1 && (value as number) < 0.6, String(value));
      if (type === "high_jitter") assert.ok((value as number) > 30 && (value as number) < 5000, String(value));
      if (type === "low_mos") assert.ok((value as number) >= 1 && (value as number) < 3, String(value));
    }
    wire.harm({});
    for (const [type, stream] of [["high_packetloss", "remote"], ["high_rtt", "None"], ["low_mos", "None"]] as const) {
      assert.equal((await ada.hears("mediaMetrics", is(type, stream, false)))[0].value, 0);
    }
    wire.harm({ loss: 1 });
    assert.equal((await ada.hears("mediaMetrics", is("ice_connection", "None", true)))[0].value, "disconnected");
    wire.harm({});
    await ada.hears("mediaMetrics", is("ice_connection", "None", false));
  } finally {
    wire.close();
    await Promise.all([ada, bob].map((phone) => phone.close()));
  }
});

test("silence is told to the one who hears it, speech to the one who is muted", async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada", RAW), await Softphone.ready(site, server, "bob", RAW)];
  await establish(ada, bob);
  await ada.do("mute");
  assert.deepEqual(await ada.hears("mediaMetrics", is("speaking_on_mute", "None", true)), [
    { group: "audio", level: "warning", type: "speaking_on_mute", value: 0, active: true, desc: "User is trying to speak on mute", stream: "None" },
  ]);
  const [silent] = await bob.hears("mediaMetrics", is("no_audio_received", "remote", true));
  assert.deepEqual([silent.group, silent.value, silent.desc], ["audio", -100, "remote_audio"]);
  await ada.do("unmute");
  await bob.hears("mediaMetrics", is("no_audio_received", "remote", false));
  assert.ok(!(await ada.heard()).some(({ values: [metric] }) => metric?.type === "no_audio_received"), "who is muted is not told of silence");
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("reports and feedback go to Sidetone, and nothing goes anywhere else", async () => {
  const asked = new Set<string>();
  const [ada, bob] = [await Softphone.open(site, server, "ada", quality(site.sidetone)), await Softphone.ready(site, server, "bob", quality(site.sidetone))];
  // Tones are made in the page: its own blobs.
  ada.page.on("request", (request) => !request.url().startsWith("blob:") && asked.add(new URL(request.url()).origin));
  assert.deepEqual(await ada.do("submitCallQualityFeedback", "x", 5), { rejected: "username not found" });
  await ada.do("login", "ada", "secret-ada");
  await ada.hears("onLogin");
  await ada.forget();
  const [{ callUUID }] = await establish(ada, bob);
  await until("there are four reports of either side", async () => {
    const [held] = await site.sidetone.conferences(callUUID);
    return held?.peer_connections.filter(({ report_count }) => report_count >= 4).length === 2;
  });
  await ada.do("mute");
  await ada.do("hangup");
  await bob.hears("onCallTerminated");
  assert.deepEqual(await ada.do("submitCallQualityFeedback", callUUID, 2, [], "no"), { rejected: "Atleast one issue is mandatory for feedback" });
  assert.equal(await ada.do("submitCallQualityFeedback", callUUID, 2, ["ECHO", "robotic_audio"], "it echoed", true), "Feedback is sent with console logs");
  assert.equal(await bob.do("submitCallQualityFeedback", await bob.do("getLastCallUUID"), 5), "Feedback is sent");
  assert.equal(await bob.do("submitCallQualityFeedback", "no such call", 5), "Feedback is sent");
  const conference = await until("both opinions are there", async () => {
    const held = (await site.sidetone.conferences(callUUID))[0];
    const events = held ? await site.sidetone.events(held.key) : [];
    return events.filter(({ kind }) => kind === "feedback").length === 2 && { held: held!, events };
  });
  assert.deepEqual(new Set(conference.held.participants.map(({ user_id }) => user_id)), new Set(["ada", "bob"]));
  const payloads = conference.events.filter(({ kind }) => kind === "feedback").map(({ payload }) => payload);
  assert.deepEqual(
    payloads.sort((one, other) => Number(one["overall"]) - Number(other["overall"])),
    [{ overall: 2, issues: ["echo", "robotic_audio"], comment: "it echoed" }, { overall: 5, issues: [] }],
  );
  const log = conference.events.find(({ kind }) => kind === "log")?.payload["message"];
  assert.match(String(log), /event onCallAnswered/);
  assert.ok(conference.events.some(({ kind }) => kind === "muted"));
  await Promise.all([ada, bob].map((phone) => phone.close()));
  assert.deepEqual([...asked], [site.sidetone.url]);
});

test("what is not to be tracked is not: locally, remotely, or at all", async () => {
  const rules = { mediaMetricsRules: { rttMs: -1, bad: 1 }, ...quality(site.sidetone) };
  const ada = await Softphone.ready(site, server, "ada", { ...rules, enableQualityTracking: "localonly" });
  const bob = await Softphone.ready(site, server, "bob", { ...rules, enableQualityTracking: "REMOTEONLY" });
  const [{ callUUID }] = await establish(ada, bob);
  await ada.hears("mediaMetrics", is("high_rtt", "None", true));
  await ada.do("hangup");
  await bob.hears("onCallTerminated");
  assert.ok(!(await bob.heard()).some(({ name }) => name === "mediaMetrics"));
  const conference = await until("the call is there", async () => (await site.sidetone.conferences(callUUID)).find(({ peer_connections }) => peer_connections.length > 0));
  assert.deepEqual(conference.participants.map(({ user_id }) => user_id), ["bob"]);
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("the opinion of somebody whose call is not sent is that of the end which the SIP server knows", () =>
  during(async (start) => {
    const own = await start("our SIP server", startSidetone(["ada", "bob"]));
    const { sidetone } = own;
    const ada = await start("ada's page", Softphone.ready(site, own, "ada", { ...quality(sidetone), enableQualityTracking: "LOCALONLY" }));
    const bob = await start("bob's page", Softphone.ready(site, own, "bob", { ...quality(sidetone), enableQualityTracking: "NONE" }));
    const [{ callUUID }] = await establish(ada, bob);
    await ada.do("hangup");
    await bob.hears("onCallTerminated");
    assert.equal(await ada.do("submitCallQualityFeedback", callUUID, 2, ["ECHO"], "first"), "Feedback is sent");
    assert.equal(await bob.do("submitCallQualityFeedback", callUUID, 5), "Feedback is sent");
    assert.equal(await ada.do("submitCallQualityFeedback", callUUID, 4, ["ECHO"], "after thought"), "Feedback is sent");
    const { held, opinions } = await until("all opinions are there", async () => {
      const held = await sidetone.conference(callUUID);
      const opinions = (await sidetone.events(held.key)).filter(({ kind }) => kind === "feedback");
      return opinions.length === 3 && { held, opinions };
    });
    assert.deepEqual(held.participants.map(({ user_id }) => user_id).sort(), ["ada", "bob"]);
    const of = (user: string) => held.participants.find(({ user_id }) => user_id === user)!;
    assert.ok(held.participants.every(({ participant_id }) => participant_id.startsWith("sip/")));
    assert.deepEqual(
      opinions.map(({ participant, payload }) => `${participant} ${payload["overall"]}`).sort(),
      [`${of("ada").key} 2`, `${of("ada").key} 4`, `${of("bob").key} 5`].sort(),
    );
    assert.deepEqual(held.peer_connections, []);
    // The page tells more of itself than its SIP messages do.
    assert.deepEqual(held.participants.map(({ browser }) => browser), ["Chrome", "Chrome"]);
  }));
