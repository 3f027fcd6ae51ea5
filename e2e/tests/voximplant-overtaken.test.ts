/** The Voximplant face where the browser takes its time: what comes late or in another order, and what was given up by then. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { end, establish, events, hears, openPair, type Station } from "../src/voximplant.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("voximplant");

/** Cameras and microphones that were opened from now on, and are open still; the first takes longer than those after it. */
async function watchOpened({ page }: Station): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const { getUserMedia } = MediaDevices.prototype;
    const opened: MediaStreamTrack[] = [];
    let count = 0;
    mediaDevices.getUserMedia = async (constraints) => {
      if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 500));
      const stream = await getUserMedia.call(mediaDevices, constraints);
      opened.push(...stream.getTracks());
      return stream;
    };
    Object.assign(globalThis, { opened });
  });
  return () => page.evaluate(() => (globalThis as unknown as { opened: MediaStreamTrack[] }).opened.filter(({ readyState }) => readyState === "live").map(({ label }) => label));
}

describe("what comes late", () => {
  let ada: Station;
  let bob: Station;

  setUp(async (start) => void ({ ada, bob } = await openPair(start, site)));

  test("an own picture that is hidden before the camera came stays hidden, and one that is asked for twice has one camera", async () => {
    const open = await watchOpened(ada);
    await ada.page.evaluate(() => Promise.all([vox.client.showLocalVideo(true), vox.client.showLocalVideo(false)]));
    assert.deepEqual(await open(), []);
    const again = await watchOpened(ada);
    await ada.page.evaluate(() => Promise.all([vox.client.showLocalVideo(true), vox.client.showLocalVideo(true)]));
    assert.equal((await again()).length, 1);
    await ada.page.evaluate(() => vox.client.showLocalVideo(false));
    assert.deepEqual(await again(), []);
  });

  test("of two microphones that are chosen one after the other the last is used, whichever the browser opens first", async () => {
    const [out, into] = await establish(ada, bob);
    const open = await watchOpened(ada);
    const [wanted, sent] = await ada.page.evaluate(async (index) => {
      const { AudioDeviceManager } = VoxImplant.Hardware;
      const call = vox.calls[index]!;
      const microphones = (await AudioDeviceManager.get().getInputDevices()).filter(({ id }) => id !== "default").slice(-2);
      await Promise.all(microphones.map(({ id }) => AudioDeviceManager.get().setCallAudioSettings(call, { inputId: String(id), strict: true })));
      return [microphones[1]!.name, call.sidetone!.peerConnection!.getSenders()[0]!.track!.label];
    }, out);
    assert.equal(sent, wanted);
    assert.deepEqual(await open(), [wanted]);
    await end(ada, out, bob, into);
  });

  test("a screen that the browser's button ends before the other side has agreed is told as ended", async () => {
    const [out, into] = await establish(ada, bob);
    await ada.page.evaluate(async (index) => {
      const call = vox.calls[index]!;
      const connection = call.sidetone!.peerConnection!;
      const { setRemoteDescription } = RTCPeerConnection.prototype;
      connection.setRemoteDescription = async (description: RTCSessionDescriptionInit) => {
        // What the browser does when its own button is pressed.
        const track = connection.getSenders().find(({ track }) => track?.kind === "video")?.track;
        track?.stop();
        track?.dispatchEvent(new Event("ended"));
        Reflect.deleteProperty(connection, "setRemoteDescription");
        return Reflect.apply(setRemoteDescription, connection, [description]) as Promise<void>;
      };
      await call.shareScreen();
    }, out);
    await hears(ada, out, "SharingStopped");
    await until("nothing is sent any more", () => ada.page.evaluate((call) => vox.calls[call]!.sidetone!.peerConnection!.getSenders().every(({ track }) => track?.kind !== "video"), out));
    await end(ada, out, bob, into);
  });

  test("a client that is disconnected while it connects stays disconnected", async () => {
    await bob.page.evaluate(() => vox.client.disconnect());
    const before = (await events(bob, undefined, "ConnectionEstablished")).length;
    const [outcome, state] = await bob.page.evaluate(async () => {
      const connecting = vox.client.connect().catch(({ name }: { name: string }) => name);
      await vox.client.disconnect();
      return [await connecting, vox.client.getClientState()] as const;
    });
    assert.deepEqual([outcome, state], ["ConnectionFailed", "DISCONNECTED"]);
    assert.equal((await events(bob, undefined, "ConnectionEstablished")).length, before);
    assert.equal(await bob.page.evaluate(() => vox.client.connect()), true);
  });
});
