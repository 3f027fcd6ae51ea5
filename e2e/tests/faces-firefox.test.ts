/** The Plivo and the Voximplant face in Firefox: what they tell of a call, and of its quality. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Browser as Chromium } from "playwright-core";
import type { Browser as Firefox } from "puppeteer-core";
import type { MediaMetric } from "../../packages/sdk/src/compat/plivo/index.ts";
import { launchFirefox } from "../src/browsers.ts";
import { quality, Softphone } from "../src/plivo.ts";
import { setUpSite, type Site } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { answer, course, dial, events, hangUp, hears, openStation, rung } from "../src/voximplant.ts";
import { until } from "../src/wait.ts";

/** Where a call is placed, from Firefox to another browser. */
interface Between {
  readonly site: Site;
  readonly server: SipServer;
  readonly from: Firefox;
  readonly to: Firefox | Chromium;
}

/** A call of a face from Firefox to Firefox, and to Chromium. */
function calls(face: "plivo" | "voximplant", name: string, call: (between: Between) => Promise<void>): void {
  describe(name, () => {
    let server: SipServer;
    let firefox: Firefox;
    const site = setUpSite(face, {
      more: async (start) => {
        server = await start("the SIP server", startSidetone(["ada", "bob"]));
        firefox = await start("Firefox", launchFirefox());
      },
    });
    test("from Firefox to Firefox", () => call({ site, server, from: firefox, to: firefox }));
    test("from Firefox to Chromium", () => call({ site, server, from: firefox, to: site.browser }));
  });
}

calls("plivo", "the Plivo face", async ({ site, server, from, to }) => {
  // Every call has a round trip that takes longer than this: the warning is there for sure.
  const rules = { mediaMetricsRules: { rttMs: -1, bad: 1 } };
  const ada = await Softphone.ready({ ...site, browser: from }, server, "ada", { ...quality(site.sidetone), ...rules });
  const bob = await Softphone.ready({ ...site, browser: to }, server, "bob", quality(site.sidetone));
  assert.equal(await ada.do("call", "bob", { "X-PH-Order": "7" }), true);
  const [caller, headers, { callUUID }] = await bob.hears("onIncomingCall");
  assert.deepEqual([caller, headers["X-Ph-Order"]], [`ada@${server.domain}`, "7"]);
  await ada.hears("onCallRemoteRinging");
  await bob.do("answer", callUUID);
  for (const phone of [ada, bob]) for (const event of ["onCallAnswered", "onMediaConnected"] as const) await phone.hears(event);
  assert.equal((await ada.story())[0], "onCalling");

  await ada.do("sendDtmf", "5");
  assert.equal((await bob.hears("onDtmfReceived"))[0].tone, "5");

  const is = (type: string, active: boolean) => ([metric]: readonly MediaMetric[]) => metric!.type === type && metric!.active === active;
  const [slow] = await ada.hears("mediaMetrics", is("high_rtt", true));
  assert.deepEqual([slow.group, slow.level, slow.stream], ["network", "warning", "None"]);
  await ada.do("mute");
  const [silent] = await bob.hears("mediaMetrics", is("no_audio_received", true));
  assert.deepEqual([silent.group, silent.stream], ["audio", "remote"]);
  await ada.do("unmute");
  await bob.hears("mediaMetrics", is("no_audio_received", false));

  await bob.do("hangup");
  assert.equal((await ada.hears("onCallTerminated"))[0].originator, "remote");
  assert.equal(await ada.do("submitCallQualityFeedback", callUUID, 2, ["ECHO"], "it echoed"), "Feedback is sent");
  const { conference, told } = await until("both ends and the opinion are there", async () => {
    const [conference] = await site.sidetone.conferences(callUUID);
    const told = conference ? await site.sidetone.events(conference.key) : [];
    return conference?.peer_connections.filter(({ report_count }) => report_count > 0).length === 2 && told.some(({ kind }) => kind === "feedback") && { conference, told };
  });
  assert.equal(conference.participants.find(({ user_id }) => user_id === "ada")?.browser, "Firefox");
  assert.deepEqual(told.find(({ kind }) => kind === "feedback")?.payload, { overall: 2, issues: ["echo"], comment: "it echoed" });
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

calls("voximplant", "the Voximplant face", async ({ site, server, from, to }) => {
  const config = { rtcStatsCollectionInterval: 1000, sidetone: { quality: { url: site.sidetone.url, secret: site.sidetone.intakeSecret } } };
  const ada = await openStation({ ...site, browser: from }, server, "ada", config as never);
  const bob = await openStation({ ...site, browser: to }, server, "bob", config as never);
  const out = await dial(ada, "bob", { customData: "order 7" });
  const into = await rung(bob);
  await answer(bob, into);
  for (const [station, call] of [[ada, out], [bob, into]] as const) {
    for (const event of ["Connected", "ICECompleted", "CallStatsReceived", "RTCStatsReceived"]) await hears(station, call, event);
  }
  const stats = (await hears(bob, into, "CallStatsReceived", ({ value }) => Object.keys((value["stats"] as { inbound: object }).inbound).length > 0)).value["stats"];
  assert.ok((stats as { mos: { mosG107: number } }).mos.mosG107 <= 4.5);

  const key = bob.page.evaluate((call) => new Promise<string>((resolve) => vox.calls[call]!.sidetone!.on("dtmf", ({ tone }) => resolve(tone))), into);
  await ada.page.evaluate((call) => vox.calls[call]!.sidetone!.sendDtmf("5", { by: "info" }), out);
  assert.equal(await key, "5");

  await ada.page.evaluate((call) => vox.calls[call]!.muteMicrophone(), out);
  assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.isMicrophoneMuted(), out), true);
  await ada.page.evaluate((call) => vox.calls[call]!.unmuteMicrophone(), out);

  const voice = (isThere: boolean) =>
    ada.page.evaluate(
      async ({ call, isThere }) => {
        const { peerConnection, localStream } = vox.calls[call]!.sidetone!;
        await peerConnection!.getSenders()[0]!.replaceTrack(isThere ? localStream!.getAudioTracks()[0]! : null);
      },
      { call: out, isThere },
    );
  await voice(false);
  const unheard = await hears(bob, into, "QualityIssueNoAudioReceived", ({ value }) => value["level"] !== "NONE");
  assert.equal(unheard.value["isOfCall"], true);
  await voice(true);
  await hears(bob, into, "QualityIssueNoAudioReceived", ({ value }) => value["level"] === "NONE");

  const id = await ada.page.evaluate((call) => vox.calls[call]!.sidetone!.uuid, out);
  await hangUp(bob, into);
  await hears(ada, out, "Disconnected");
  const told = await course(ada, out);
  assert.equal(told.filter((name) => name === "Disconnected" || name === "Failed").length, 1, told.join(" "));
  assert.equal((await events(bob, into, "Failed")).length, 0);
  await ada.page.evaluate((call) => vox.calls[call]!.sidetone!.feedback({ score: 4, comment: "fine" }), out);
  const conference = await until("both ends are there", async () => {
    const [found] = await site.sidetone.conferences(id);
    const heard = found ? await site.sidetone.events(found.key) : [];
    return found?.peer_connections.filter(({ report_count }) => report_count > 0).length === 2 && heard.some(({ kind }) => kind === "feedback") && found;
  });
  assert.equal(conference.participants.find(({ user_id }) => user_id === "ada")?.browser, "Firefox");
  await Promise.all([ada.close(), bob.close()]);
});
