/** The Voximplant face beside calls: the own picture, news of devices, the microphone that is asked for, and small members of client and renderers. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tabIn } from "../src/browsers.ts";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { answer, end, establish, events, hears, openPair, rung, type Station } from "../src/voximplant.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("voximplant");

describe("devices and renderers", () => {
  let ada: Station;
  let bob: Station;

  setUp(async (start) => void ({ ada, bob } = await openPair(start, site)));

  test("the own picture comes and goes, told before and after, and so is a device that is plugged in", async () => {
    const told = await ada.page.evaluate(async () => {
      const { HardwareEvents, StreamManager } = VoxImplant.Hardware;
      const manager = StreamManager.get();
      const told: (readonly [name: string, shown: number])[] = [];
      for (const name of ["MediaRendererAdded", "BeforeMediaRendererRemoved", "MediaRendererRemoved"] as const) {
        manager.on(HardwareEvents[name], () => told.push([name, manager.getLocalMediaRenderers().length]));
      }
      const devices = new Promise<{ audioInputDevices: unknown[]; audioOutputDevices: unknown[]; videoInputDevices: unknown[] }>((resolve) => manager.on(HardwareEvents.DevicesUpdated, resolve));
      await vox.client.showLocalVideo(true);
      const [renderer] = manager.getLocalMediaRenderers();
      const picture = { kind: renderer!.kind, isLocal: renderer!.isLocal, isShown: renderer!.element.isConnected, isMuted: renderer!.element.muted };
      const { stream } = renderer!;
      await vox.client.showLocalVideo(false);
      // The machine of the tests has no udev that tells the browser.
      navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
      const { audioInputDevices, audioOutputDevices, videoInputDevices } = await devices;
      return { told, picture, ended: stream.getTracks().every(({ readyState }) => readyState === "ended"), counts: [audioInputDevices, audioOutputDevices, videoInputDevices].map(({ length }) => length > 0) };
    });
    assert.deepEqual(told.told, [["MediaRendererAdded", 1], ["BeforeMediaRendererRemoved", 1], ["MediaRendererRemoved", 0]]);
    assert.deepEqual(told.picture, { kind: "video", isLocal: true, isShown: true, isMuted: true });
    assert.deepEqual([told.ended, told.counts], [true, [true, true, true]]);
  });

  test("a conference is called by its address, and what is heard of it is turned down, switched off and played elsewhere", async () => {
    const before = await bob.page.evaluate(() => vox.calls.length);
    const out = await ada.page.evaluate(() => vox.follow(vox.client.callConference("bob", false)));
    const into = await rung(bob, before);
    await answer(bob, into);
    await hears(ada, out, "ICECompleted");
    const heard = await ada.page.evaluate(async (call) => {
      const endpoint = vox.calls[call]!.getEndpoints()[0]!;
      const [renderer] = endpoint.mediaRenderers;
      renderer!.setVolume(0.25);
      await renderer!.useAudioOutput("default");
      await renderer!.requestVideoSize(320, 240);
      const { volume, sinkId } = renderer!.element;
      endpoint.disableAll();
      const off = renderer!.enabled;
      endpoint.enableAll();
      const unknown = await renderer!.useAudioOutput("nobody's").catch(({ name }: Error) => name);
      return { volume, sinkId, off, on: renderer!.enabled, size: renderer!.videoSize, unknown };
    }, out);
    assert.deepEqual(heard, { volume: 0.25, sinkId: "default", off: false, on: true, size: { width: 320, height: 240 }, unknown: "NotFoundError" });
    for (const name of ["MediaRenderDisabled", "MediaRenderEnabled"]) assert.equal((await events(ada, out, name)).length, 1, name);
    const muted = await ada.page.evaluate((index) => {
      const call = vox.calls[index]!;
      call.muteMicrophone();
      const is = call.isMicrophoneMuted();
      call.unmuteMicrophone();
      return [is, call.isMicrophoneMuted()];
    }, out);
    assert.deepEqual(muted, [true, false]);
    await end(ada, out, bob, into);
  });

  test("video is sent with no more than is allowed, in calls that run and in those to come", async () => {
    const limit = ({ page }: Station, call: number) =>
      page.evaluate((call) => vox.calls[call]!.sidetone!.peerConnection!.getSenders().find(({ track }) => track?.kind === "video")?.getParameters().encodings[0]?.maxBitrate, call);
    const [out, into] = await establish(ada, bob, true);
    assert.equal(await limit(ada, out), undefined);
    await ada.page.evaluate(() => vox.client.setVideoBandwidth(300));
    await until("the running call has the limit", async () => (await limit(ada, out)) === 300_000);
    await end(ada, out, bob, into);
    const [next, there] = await establish(ada, bob, true);
    await until("the next has it too", async () => (await limit(ada, next)) === 300_000);
    await ada.page.evaluate(() => vox.client.setVideoBandwidth(0));
    await end(ada, next, bob, there);
  });

  test("the microphone that a program requires is asked for at once, and the call's when it is placed", async () => {
    const [out, into] = await establish(ada, bob);
    assert.ok((await events(ada, undefined, "MicAccessResult")).every(({ value }) => value["result"] === true));
    assert.ok((await events(ada, undefined, "MicAccessResult")).length > 0);
    await end(ada, out, bob, into);
    const page = await tabIn(site.browser);
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await page.goto(site.url);
    await page.evaluate(() => vox.open({ micRequired: true, sidetone: { servers: "ws://127.0.0.1:9/" } }).catch(() => undefined));
    const told = await page.evaluate(() => vox.told.map(({ name, value }) => [name, value["result"] ?? value["version"] ?? value["message"]]));
    assert.deepEqual(told, [["MicAccessResult", false], ["SDKReady", "4.13.1-3005"], ["ConnectionFailed", "ws://127.0.0.1:9/ cannot be reached"]]);
    assert.deepEqual(await page.evaluate(async () => [await vox.client.screenSharingSupported(), vox.client.getClientState()]), [true, "DISCONNECTED"]);
    await page.close();
  });
});
