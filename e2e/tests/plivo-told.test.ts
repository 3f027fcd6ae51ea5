/** What Plivo's client tells of the browser that it runs in, of its devices and its tab; and which sounds go with its calls. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type {} from "../pages/jssip.ts";
import { chromiumTab, launchWary } from "../src/browsers.ts";
import { serveOrigin } from "../src/origin.ts";
import { establish, Softphone } from "../src/plivo.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

let server: SipServer;
const site = setUpSite("plivo", { more: async (start) => void (server = await start("our SIP server", startSidetone(["ada", "bob"]))) });

test("a browser without WebRTC is told of, and nothing throws", async () => {
  const page = await chromiumTab(site.browser);
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "RTCPeerConnection"));
  await page.goto(site.url);
  await page.evaluate(() => softphone.open({ debug: "OFF" }));
  await page.evaluate(() => softphone.until(() => softphone.heard.some(({ name }) => name === "onWebrtcNotSupported")));
  assert.equal(await page.evaluate(() => softphone.client.webRTC()), false);
  await page.context().close();
});

test("the microphone is asked for at once, or with the call, and told of each time", async () => {
  const ada = await Softphone.open(site, server, "ada", { permOnClick: false });
  assert.deepEqual(await ada.hears("onMediaPermission"), [{ status: "success", stream: true }]);
  const bob = await Softphone.ready(site, server, "bob");
  assert.deepEqual(await bob.heard(), [], "with permOnClick nobody is asked yet");
  await ada.do("login", "ada", "secret-ada");
  await ada.hears("onLogin");
  await ada.do("call", "bob");
  await bob.hears("onIncomingCall");
  await bob.do("answer");
  assert.deepEqual(await bob.hears("onMediaPermission"), [{ status: "success", stream: false }]);
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("a permission that is taken back in a call is told", async () => {
  const browser = await launchWary();
  const [ada, bob] = [await Softphone.open({ ...site, browser }, server, "ada"), await Softphone.ready(site, server, "bob")];
  const context = ada.page.context();
  await context.grantPermissions(["microphone"]);
  await ada.do("login", "ada", "secret-ada");
  await ada.hears("onLogin");
  await establish(ada, bob);
  await context.clearPermissions();
  await ada.hears("onMediaPermission");
  await Promise.all([ada, bob].map((phone) => phone.do("hangup")));
  await bob.hears("onCallTerminated");
  const told = (await ada.heard()).filter(({ name }) => name === "onMediaPermission").map(({ values }) => values[0]);
  assert.deepEqual(told, [{ status: "failure", error: "NotAllowedError" }], "once, though the track has ended too");
  await Promise.all([ada, bob].map((phone) => phone.close()));
  await browser.close();
});

test("what is plugged in and out is told by its own name, and not by an alias", async () => {
  const ada = await Softphone.ready(site, server, "ada");
  // A browser cannot be given another device from outside: its list is changed in the page, and the event is its own.
  const plug = (ids: readonly string[]) =>
    ada.page.evaluate((ids) => {
      const { mediaDevices } = navigator;
      mediaDevices.enumerateDevices = async () => ids.map((deviceId) => ({ deviceId, kind: "audioinput", label: deviceId, groupId: "" }) as MediaDeviceInfo);
      mediaDevices.dispatchEvent(new Event("devicechange"));
    }, ids);
  await plug(["default", "headset"]);
  const [added] = await ada.hears("audioDeviceChange", ([{ change }]) => change === "added");
  assert.equal(added.device.deviceId, "headset");
  await ada.forget();
  await plug([]);
  const told = await ada.hears("audioDeviceChange", ([{ change }]) => change === "removed");
  assert.equal(told[0].device.deviceId, "headset");
  assert.ok(!(await ada.heard()).some(({ values: [change] }) => change?.device?.deviceId === "default"));
  await ada.close();
});

test("each keep-alive names the tab, and its answer is told", async () => {
  const [ada, bob] = [await Softphone.open(site, server, "ada"), await Softphone.ready(site, server, "bob")];
  const names: string[] = [];
  ada.page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const text = payload.toString();
      if (text.startsWith("OPTIONS ")) names.push(/^X-PlivoClientIdentifier: (.*)$/m.exec(text)?.[1]?.trim() ?? "none");
    }),
  );
  await ada.page.evaluate(() => {
    softphone.client.on("onOptionsMessage", (cause) => softphone.heard.push({ name: "onOptionsMessage" as never, values: [cause] }));
  });
  await ada.do("login", "ada", "secret-ada");
  await ada.hears("onLogin");
  await establish(ada, bob);
  assert.deepEqual(await ada.hears("onOptionsMessage" as never), ["200"]);
  assert.match(names[0] ?? "", /^[0-9a-f]{32}$/);
  assert.equal(await ada.do("setIdentifier", "tab one"), true);
  await until("the next one has the new name", async () => names.includes("tab%20one"));
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("a dial tone until it rings, a ringtone here and a ringback tone there, until the answer; and each can be switched off", async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada"), await Softphone.ready(site, server, "bob")];
  /** How often each was played since the last look. */
  const played = (phone: Softphone) =>
    phone.page.evaluate(() => {
      const page = globalThis as { played?: Record<string, number> };
      const before = page.played;
      page.played = { connect: 0, ringback: 0, ringtone: 0 };
      if (before) return before;
      for (const [name, id] of [["connect", "plivo_connect_tone"], ["ringback", "plivo_ringbacktone"], ["ringtone", "plivo_ringtone"]] as const) {
        document.getElementById(id)!.addEventListener("play", () => page.played![name]!++);
      }
      return page.played;
    });
  const isPlaying = (phone: Softphone, id: string) => phone.page.evaluate((id) => !(document.getElementById(id) as HTMLAudioElement).paused, id);
  const ring = async () => {
    await ada.do("call", "bob");
    await bob.hears("onIncomingCall");
    await ada.hears("onCallRemoteRinging");
  };
  const end = async () => {
    await ada.do("hangup");
    await bob.hears("onIncomingCallCanceled");
    await ada.hears("onCallFailed");
    await Promise.all([ada, bob].map((phone) => phone.forget()));
  };
  for (const phone of [ada, bob]) await played(phone);

  await ring();
  assert.deepEqual([await isPlaying(ada, "plivo_connect_tone"), await isPlaying(ada, "plivo_ringbacktone"), await isPlaying(bob, "plivo_ringtone")], [false, true, true]);
  await end();
  assert.deepEqual([await played(ada), await played(bob)], [{ connect: 1, ringback: 1, ringtone: 0 }, { connect: 0, ringback: 0, ringtone: 1 }]);
  assert.deepEqual([await isPlaying(ada, "plivo_ringbacktone"), await isPlaying(bob, "plivo_ringtone")], [false, false]);

  for (const [phone, method] of [[ada, "setConnectTone"], [ada, "setRingToneBack"], [bob, "setRingTone"]] as const) assert.equal(await phone.do(method, false), true);
  await ring();
  await end();
  for (const phone of [ada, bob]) assert.deepEqual(await played(phone), { connect: 0, ringback: 0, ringtone: 0 });

  const own = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
  await bob.do("setRingTone", own);
  await ring();
  assert.equal(await bob.page.evaluate(() => (document.getElementById("plivo_ringtone") as HTMLAudioElement).src), own);
  await end();
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("an announcement before the answer is heard by who switches the ringback tone off, and by nobody else", async () => {
  const ada = await Softphone.ready(site, server, "ada");
  const peers = await serveOrigin([], { page: "jssip" });
  const bob = await chromiumTab(site.browser);
  await bob.goto(peers.url);
  const wire = await server.wire!();
  await bob.evaluate(({ url, uri }) => phone.start(url, "bob", "secret-bob", { uri }), { url: wire.url, uri: `sip:bob@${server.domain}` });
  await until("bob is registered", () => bob.evaluate(() => phone.told().includes("registered")));
  await ada.do("call", "bob");
  await until("it rings", () => bob.evaluate(() => phone.told().includes("session remote")));
  await bob.evaluate(() => phone.announce());
  await until("there is an announcement", () => ada.page.evaluate(() => softphone.client.callSession?.state === "early" && softphone.client.callSession.remoteStream?.getTracks().length === 1));
  /** Whether the ringback tone is played, and whether the other side is. */
  const sounds = () =>
    ada.page.evaluate(() => {
      const [tone, voice] = ["plivo_ringbacktone", "plivo_webrtc_remoteview"].map((id) => document.getElementById(id) as HTMLAudioElement);
      return [!tone!.paused, voice!.srcObject !== null];
    });
  assert.deepEqual(await sounds(), [true, false]);
  await ada.do("setRingToneBack", false);
  assert.deepEqual(await sounds(), [false, true]);
  await until("it sounds", () =>
    ada.page.evaluate(() => softphone.client.callSession!.peerConnection!.getReceivers().some((receiver) => receiver.getSynchronizationSources().some(({ audioLevel = 0 }) => audioLevel > 0.01))),
  );
  await ada.do("setRingToneBack", true);
  assert.deepEqual(await sounds(), [true, false]);
  await ada.do("hangup");
  await ada.hears("onCallFailed");
  assert.deepEqual(await sounds(), [false, false]);
  await ada.close();
  await bob.context().close();
  await wire.close();
  await peers.close();
});

test("a server of ICE that does not answer is told as one behind a NAT, and the call is placed all the same", async () => {
  const silent = createSocket("udp4").bind(0, "127.0.0.1");
  await once(silent, "listening");
  const stun = { urls: `stun:127.0.0.1:${(silent.address() as AddressInfo).port}` };
  const [ada, bob] = [await Softphone.ready(site, server, "ada", { iceServers: [stun] }), await Softphone.ready(site, server, "bob")];
  await ada.do("call", "bob");
  const [metric] = await ada.hears("mediaMetrics");
  assert.deepEqual(metric, { group: "network", level: "warning", type: "ice_timeout", value: 2000, active: true, desc: "Possible NAT/Firewall issue", stream: "None" });
  await bob.hears("onIncomingCall");
  await Promise.all([ada, bob].map((phone) => phone.close()));
  silent.close();
});

test("a microphone that is lost in a call is told", async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada", { preDetectOwa: true }), await Softphone.ready(site, server, "bob")];
  await establish(ada, bob);
  await ada.page.evaluate(() => softphone.client.callSession!.localStream!.getAudioTracks()[0]!.stop());
  const [metric] = await ada.hears("mediaMetrics", ([metric]) => metric.type === "no_microphone_access");
  assert.deepEqual([metric.group, metric.active, metric.stream], ["audio", true, "None"]);
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("a key is heard as its two tones where the other side knows no telephone-event (ITU-T Q.23)", async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada"), await Softphone.ready(site, server, "bob")];
  await ada.page.evaluate(() => {
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      override setRemoteDescription({ type, sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
        const numbers = [...sdp.matchAll(/^a=rtpmap:(\d+) telephone-event/gm)].map(([, number]) => ` ${number}(?= |\r)`);
        const named = sdp.replace(/^a=rtpmap:\d+ telephone-event.*\r\n/gm, "");
        return super.setRemoteDescription({ type, sdp: named.replace(/^m=audio .*\r$/m, (line) => line.replace(new RegExp(numbers.join("|"), "g"), "")) });
      }
    };
  });
  await establish(ada, bob);
  assert.equal(await ada.page.evaluate(() => softphone.client.callSession!.peerConnection!.getSenders()[0]!.dtmf?.canInsertDTMF), false);
  await bob.page.evaluate(() => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(softphone.client.callSession!.remoteStream!).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    const loudest: Record<number, number> = {};
    Object.assign(globalThis, { loudest });
    setInterval(() => {
      analyser.getFloatFrequencyData(bins);
      for (const hertz of [697, 770, 852, 941, 1209, 1336, 1477]) loudest[hertz] = Math.max(loudest[hertz] ?? -200, bins[Math.round((hertz * analyser.fftSize) / context.sampleRate)]!);
    }, 20);
  });
  // A sound card takes its time to begin; here longer than the key lasts.
  await ada.page.evaluate(() => {
    globalThis.AudioContext = class extends AudioContext {
      constructor() {
        super();
        void this.suspend();
        setTimeout(() => void this.resume(), 400);
      }
    };
  });
  await ada.do("sendDtmf", "5");
  await until("the tones of 5 stand out", async () => {
    const loudest = await bob.page.evaluate(() => (globalThis as unknown as { loudest: Record<number, number> }).loudest);
    const { 770: low = -200, 1336: high = -200, ...others } = loudest;
    return Math.min(low, high) > Math.max(...Object.values(others)) + 6;
  });
  await Promise.all([ada, bob].map((phone) => phone.close()));
});
