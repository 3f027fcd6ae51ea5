/** What the Voximplant face tells besides the course of a call: elements, voices, renderers, failed updates, other devices; in real Chromium, through Sidetone's SIP server. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import type { SipServer } from "../src/sip.ts";
import { answer, dial, end, establish, events, hears, openPair, openStation, rung, type Station } from "../src/voximplant.ts";

const site = setUpSite("voximplant");

describe("what is told beside the course of a call", () => {
  let server: SipServer;
  let ada: Station;
  let bob: Station;

  setUp(async (start) => void ({ server, ada, bob } = await openPair(start, site)));

  test("elements come and go with what they play, and the own camera is told with its element", async () => {
    const [out, into] = await establish(ada, bob);
    await hears(bob, into, "MediaElementCreated", ({ value }) => value["type"] === "audio" && value["element"] === "AUDIO");
    await ada.page.evaluate((call) => vox.calls[call]!.sendVideo(true), out);
    const own = await hears(ada, out, "LocalVideoStreamAdded");
    assert.equal(own.value["element"], "VIDEO");
    assert.equal(typeof own.value["videoStream"], "string");
    await hears(bob, into, "MediaElementCreated", ({ value }) => value["type"] === "video" && value["element"] === "VIDEO");
    assert.equal((await hears(bob, into, "PendingUpdate")).value["result"], true);
    assert.equal((await events(ada, out, "PendingUpdate")).length, 0, "it was the other side's update");
    await ada.page.evaluate((call) => vox.calls[call]!.sendVideo(false), out);
    await hears(bob, into, "MediaElementRemoved", ({ value }) => value["type"] === "video");
    await end(ada, out, bob, into);
    await hears(bob, into, "MediaElementRemoved", ({ value }) => value["type"] === "audio");
  });

  test("an update that cannot be is told with its code: in the wrong state, and without a camera", async () => {
    const calls = await bob.page.evaluate(() => vox.calls.length);
    const out = await dial(ada, "bob");
    const into = await rung(bob, calls);
    const early = await ada.page.evaluate((call) => vox.calls[call]!.setActive(false).catch(({ code }: { code: number }) => code), out);
    assert.equal(early, 11);
    assert.equal((await hears(ada, out, "UpdateFailed")).value["code"], 11);
    await answer(bob, into);
    await hears(ada, out, "Connected");
    const denied = await ada.page.evaluate(async (call) => {
      const { mediaDevices } = navigator;
      mediaDevices.getUserMedia = async () => Promise.reject(new DOMException("denied", "NotAllowedError"));
      const code = await vox.calls[call]!.sendVideo(true).catch(({ code }: { code: number }) => code);
      delete (mediaDevices as Partial<MediaDevices>).getUserMedia;
      return code;
    }, out);
    assert.equal(denied, 13);
    const failed = await hears(ada, out, "UpdateFailed", ({ value }) => value["code"] === 13);
    assert.equal(failed.state, "CONNECTED");
    await hears(ada, out, "Updated", ({ value }) => value["result"] === false);
    await end(ada, out, bob, into);
  });

  test("a voice is told while it speaks, and its renderer is switched off and on", async () => {
    const [out, into] = await establish(ada, bob);
    // The browser's microphone beeps.
    await hears(bob, into, "VoiceStart");
    await ada.page.evaluate((call) => vox.calls[call]!.muteMicrophone(), out);
    await hears(bob, into, "VoiceEnd");
    await bob.page.evaluate((call) => vox.calls[call]!.getEndpoints()[0]!.mediaRenderers[0]!.disable(), into);
    assert.equal((await hears(bob, into, "MediaRenderDisabled")).value["reason"], "manual");
    await hears(bob, into, "RemoteMediaUpdated");
    await bob.page.evaluate((call) => vox.calls[call]!.getEndpoints()[0]!.enableAll(), into);
    await hears(bob, into, "MediaRenderEnabled");
    const muted = await bob.page.evaluate((index) => {
      const call = vox.calls[index]!;
      const { element } = call.getEndpoints()[0]!.mediaRenderers[0]!;
      call.mutePlayback();
      const during = element.muted;
      call.unmutePlayback();
      return [during, element.muted];
    }, into);
    assert.deepEqual(muted, [true, false]);
    await end(ada, out, bob, into);
  });

  test("a voice of which nothing comes any more is told, and is over when it comes again", async () => {
    const [out, into] = await establish(ada, bob);
    const microphone = await ada.page.evaluateHandle(async (call) => {
      const sender = vox.calls[call]!.sidetone!.peerConnection!.getSenders().find(({ track }) => track?.kind === "audio")!;
      const { track } = sender;
      await sender.replaceTrack(null);
      return { sender, track };
    }, out);
    assert.equal((await hears(bob, into, "QualityIssueNoAudioReceived")).value["level"], "CRITICAL");
    await microphone.evaluate(({ sender, track }) => sender.replaceTrack(track));
    await hears(bob, into, "QualityIssueNoAudioReceived", ({ value }) => value["level"] === "NONE");
    assert.equal((await events(ada, out, "QualityIssueNoAudioReceived")).length, 0, "ada heard bob all the time");
    await end(ada, out, bob, into);
  });

  test("keys are sent: in the voice's stream, and by INFO where that has no tones", async () => {
    const [voice, atBob] = await establish(ada, bob);
    const sent = await ada.page.evaluate(
      (index) =>
        new Promise<string>((resolve) => {
          const call = vox.calls[index]!;
          const sender = call.sidetone!.peerConnection!.getSenders().find(({ dtmf }) => dtmf)!;
          sender.dtmf!.addEventListener("tonechange", ({ tone }) => tone && resolve(tone));
          call.sendTone("7");
        }),
      voice,
    );
    assert.equal(sent, "7");
    await end(ada, voice, bob, atBob);

    const calls = await bob.page.evaluate(() => vox.calls.length);
    const out = await ada.page.evaluate(() => {
      const call = vox.dial("bob");
      vox.calls[call]!.rearangeCodecs = async ({ sections }) => ({ sections: sections.map(({ kind, codec }) => ({ kind, codec: codec.filter(({ value }) => /opus/.test(value[0].value)) })) });
      return call;
    });
    const into = await rung(bob, calls);
    await answer(bob, into);
    await hears(ada, out, "Connected");
    const heard = bob.page.evaluate((call) => new Promise<string>((resolve) => vox.calls[call]!.sidetone!.on("dtmf", ({ tone }) => resolve(tone))), into);
    await ada.page.evaluate((call) => vox.calls[call]!.sendTone("5"), out);
    assert.equal(await heard, "5");
    await end(ada, out, bob, into);
  });

  test("a call that another tab of the user takes is over here, and this is told", async () => {
    const other = await openStation(site, server, "bob");
    const calls = await bob.page.evaluate(() => vox.calls.length);
    const out = await dial(ada, "bob");
    const into = await rung(bob, calls);
    const elsewhere = await rung(other);
    await answer(bob, into);
    const over = await hears(other, elsewhere, "Disconnected");
    assert.deepEqual(over.value["params"], { answeredElsewhere: true });
    assert.equal((await events(other, elsewhere, "Failed")).length, 0);
    await hears(ada, out, "Connected");
    await end(ada, out, bob, into);
    assert.deepEqual((await hears(bob, into, "Disconnected")).value["params"], { answeredElsewhere: false });
    await other.close();
  });
});
