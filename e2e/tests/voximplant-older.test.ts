/** Members of the Voximplant face that old programs call: devices, codecs, elements and screens, in real Chromium through a real SIP server. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { answer, end, establish, events, hears, openPair, rung, type Station } from "../src/voximplant.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("voximplant");

describe("what old programs call", () => {
  let ada: Station;
  let bob: Station;

  setUp(async (start) => void ({ ada, bob } = await openPair(start, site)));

  /** Codec of the voice that is sent, by the browser's own report. */
  function sentCodec(station: Station, call: number): Promise<string> {
    return until("a codec is used", () =>
      station.page.evaluate(async (call) => {
        const report = (await vox.calls[call]!.sidetone!.peerConnection!.getStats()) as unknown as Map<string, { type: string; kind: string; codecId?: string; mimeType?: string }>;
        const sent = [...report.values()].find(({ type, kind }) => type === "outbound-rtp" && kind === "audio");
        return report.get(sent?.codecId ?? "")?.mimeType;
      }, call),
    );
  }

  test("the devices are listed, and the microphone of a running call is chosen", async () => {
    const [out, into] = await establish(ada, bob);
    const told = await ada.page.evaluate(async (call) => {
      const { client } = vox;
      const last = client.audioSources().at(-1)!;
      let given: unknown;
      const stream = await client.useAudioSource(String(last.id), (value: unknown) => (given = value));
      const sent = vox.calls[call]!.sidetone!.peerConnection!.getSenders().find(({ track }) => track?.kind === "audio")!.track!;
      const chosen = { sources: client.audioSources().length, cameras: client.videoSources().length, outputs: client.audioOutputs().length, last: last.id, sent: sent.getSettings().deviceId, isGiven: given === stream };
      for (const track of stream.getTracks()) track.stop();
      let refused: unknown;
      await client.useAudioSource("nobody's", undefined, (error: Error) => (refused = error.name)).catch(() => undefined);
      return { ...chosen, refused };
    }, out);
    assert.ok(told.sources > 1 && told.cameras > 0 && told.outputs > 0, JSON.stringify(told));
    assert.equal(told.sent, told.last);
    assert.equal(told.isGiven, true);
    assert.equal(told.refused, "OverconstrainedError");
    const cameras = await ada.page.evaluate(() => VoxImplant.Hardware.CameraManager.get().testResolutions());
    assert.ok(Object.values(cameras).every((sizes) => sizes.some(([width, height]) => width === 640 && height === 480)), JSON.stringify(cameras));
    await end(ada, out, bob, into);
  });

  test("the caller's order of codecs is offered, and the callee's answered with", async () => {
    const preferring = (name: string) => `async ({ sections }) => ({ sections: sections.map(({ kind, codec }) => ({ kind, codec: kind === "audio" ? codec.filter(({ value }) => value[0].value.includes("${name}/")) : codec })) })`;
    const calls = await bob.page.evaluate(() => vox.calls.length);
    const out = await ada.page.evaluate((sorter) => {
      const call = vox.dial("bob");
      vox.calls[call]!.rearangeCodecs = new Function(`return ${sorter}`)() as (typeof vox.calls)[0]["rearangeCodecs"];
      return call;
    }, preferring("PCMU"));
    const into = await rung(bob, calls);
    await answer(bob, into);
    await hears(ada, out, "ICECompleted");
    assert.equal(await sentCodec(ada, out), "audio/PCMU");
    await end(ada, out, bob, into);

    assert.equal(await ada.page.evaluate(() => vox.client.limitAudioCodecs([{ name: "PCMA" }, { name: "nobody's", optional: true }])), true);
    assert.equal(await ada.page.evaluate(() => vox.client.limitAudioCodecs([{ name: "PCMA" }, { name: "nobody's" }])), false);
    const [limited, atBob] = await establish(ada, bob);
    assert.equal(await sentCodec(bob, atBob), "audio/PCMA");
    assert.equal(await ada.page.evaluate(() => vox.client.limitAudioCodecs([{ name: "opus" }])), true);
    await end(ada, limited, bob, atBob);
  });

  test("`H264first` puts H.264 before the other codecs of the offer", async () => {
    const calls = await bob.page.evaluate(() => vox.calls.length);
    const out = await ada.page.evaluate(() => vox.follow(vox.client.call({ number: "bob", video: true, H264first: true })));
    const into = await rung(bob, calls);
    await answer(bob, into, true);
    await hears(ada, out, "Connected");
    const first = await ada.page.evaluate((call) => {
      const [, section = ""] = vox.calls[call]!.sidetone!.peerConnection!.localDescription!.sdp.split(/^m=video /m);
      const payload = section.split(" ")[2]!;
      return new RegExp(`a=rtpmap:${payload} (\\S+?)/`).exec(section)?.[1];
    }, out);
    assert.equal(first, "H264");
    await end(ada, out, bob, into);
  });

  test("the elements that play a call are named, placed, sized and hidden", async () => {
    const [out, into] = await establish(ada, bob, true);
    const isVideo = ({ value }: { value: Readonly<Record<string, unknown>> }) => (value["mediaRenderer"] as { kind: string }).kind === "video";
    await hears(ada, out, "RemoteMediaAdded", isVideo);
    const shown = await ada.page.evaluate(async (index) => {
      const call = vox.calls[index]!;
      call.setRemoteVideoPosition(10, 20);
      call.setRemoteVideoSize(320, 180);
      const element = document.getElementById(call.getVideoElementId())!;
      const { left, top, width, height } = element.getBoundingClientRect();
      call.showRemoteVideo(false);
      const isHidden = getComputedStyle(element).display === "none";
      call.showRemoteVideo();
      const { kind } = call.getEndpoints()[0]!.mediaRenderers.find(({ element }) => element.id === call.getAudioElementId())!;
      vox.client.volume(40);
      const volumes = call.getEndpoints()[0]!.mediaRenderers.map(({ element }) => element.volume);
      const [audio, video] = [await call.getRemoteAudioStreams(), await call.getRemoteVideoStreams()];
      return { box: [left, top, width, height], isHidden, isShown: getComputedStyle(element).display !== "none", kind, volumes, tracks: [audio.getAudioTracks().length, video.getVideoTracks().length] };
    }, out);
    assert.deepEqual(shown, { box: [10, 20, 320, 180], isHidden: true, isShown: true, kind: "audio", volumes: [0.4, 0.4], tracks: [1, 1] });

    await ada.page.evaluate((call) => vox.client.setCallActive(vox.calls[call]!, false), out);
    assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.active(), out), false);
    await ada.page.evaluate((call) => vox.client.setCallActive(vox.calls[call]!), out);
    await ada.page.evaluate((call) => vox.calls[call]!.sendMedia(false, false), out);
    assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.isMicrophoneMuted(), out), true);
    await hears(bob, into, "RemoteMediaRemoved", isVideo);
    await end(ada, out, bob, into);
  });

  test("the screen is shown by a call of its own, without the microphone, until the browser's button ends it", async () => {
    const calls = await bob.page.evaluate(() => vox.calls.length);
    const out = await ada.page.evaluate(() => vox.follow(vox.client.joinAsSharing("bob")));
    const into = await rung(bob, calls);
    await answer(bob, into);
    await hears(ada, out, "Connected");
    await hears(bob, into, "RemoteMediaAdded", ({ value }) => (value["mediaRenderer"] as { kind: string }).kind !== "audio");
    const energy = await ada.page.evaluate(async (call) => {
      const connection = vox.calls[call]!.sidetone!.peerConnection!;
      const report = (await connection.getStats()) as unknown as Map<string, { type: string; kind: string; totalAudioEnergy?: number }>;
      const energy = [...report.values()].find(({ type, kind }) => type === "media-source" && kind === "audio")!.totalAudioEnergy;
      // What the browser does when its own button is pressed.
      connection.getSenders().find(({ track }) => track?.kind === "video")!.track!.dispatchEvent(new Event("ended"));
      return energy;
    }, out);
    assert.equal(energy, 0);
    await hears(bob, into, "Disconnected");
    await hears(ada, out, "Disconnected");
  });

  test("tones are played to their end, and the ringback tone until it is stopped", async () => {
    await ada.page.evaluate(() => vox.client.playToneScript("440@-19;0.3(0.3/0/1)"));
    await hears(ada, undefined, "PlaybackFinished");
    await ada.page.evaluate(() => {
      vox.client.playProgressTone();
      vox.client.playProgressTone(true);
      vox.client.stopProgressTone();
    });
    assert.equal((await events(ada, undefined, "PlaybackError")).length, 0);
    assert.equal((await events(ada, undefined, "PlaybackFinished")).length, 1);
  });

  test("what only the original's cloud has is refused, with what to do instead", async () => {
    const refusals = await ada.page.evaluate(async () => {
      const { client } = vox;
      const { Online } = VoxImplant.OperatorACDStatuses;
      const tried = [client.requestOneTimeLoginKey("ada"), client.loginWithOneTimeKey("ada", "hash"), client.setOperatorACDStatus(Online), client.getOperatorSQMessagingStatus(), client.registerForPushNotifications("token"), (async () => VoxImplant.getMessenger())()];
      return Promise.all(tried.map((done) => done.then(() => "done", ({ name, message }: Error) => `${name}: ${message}`)));
    });
    for (const refusal of refusals) assert.match(refusal, /^NotSupportedError: .+ only in Voximplant's cloud, and this client speaks SIP: .+/);
  });
});
