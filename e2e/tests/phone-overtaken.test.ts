/** Browsers that take their time in Chromium: what comes late, in another order or never, and a call that is over by then. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, connect, dial, establish, events, hears, type Line, openLine, openPhone, reaches, rung, talks } from "../src/line.ts";
import { freePort } from "../src/sidetone.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, wireTo } from "../src/sip.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("phone", {
  server: { settings: ["sip.enabled=true", "sip.domain=phones.test"] },
  more: async () => ["ada", "bob", "eve"].forEach((user) => site.sidetone.phoneUser(user)),
});
const server: Pick<SipServer, "domain" | "wire"> = { domain: "phones.test", wire: () => wireTo(site.sidetone.port, "/sip") };

/** Opens a phone each for some users; closed with the test. */
async function lines<const Users extends readonly string[]>(t: { after(work: () => Promise<void>): void }, users: Users, options: Parameters<typeof openLine>[3] = {}): Promise<{ [Index in keyof Users]: Line }> {
  const opened = await Promise.all(users.map((user) => openLine(site, server, user, { multipleCalls: true, ...options })));
  t.after(async () => void (await Promise.all(opened.map((line) => line.close()))));
  return opened as unknown as { [Index in keyof Users]: Line };
}

/** The browser gives microphones and cameras when told to, by `give(0)` for the one that was asked for first; `open()` says which are open. */
async function holdUp({ page }: Line): Promise<void> {
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const capture = mediaDevices.getUserMedia.bind(mediaDevices);
    const [tracks, waiting] = [[] as MediaStreamTrack[], [] as (() => void)[]];
    mediaDevices.getUserMedia = async (constraints) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      const stream = await capture(constraints);
      tracks.push(...stream.getTracks());
      return stream;
    };
    Object.assign(globalThis, {
      asked(count: number) {
        return waiting.length >= count;
      },
      give(index: number) {
        waiting[index]!();
      },
      given() {
        return tracks.length;
      },
      open() {
        return tracks.filter(({ readyState }) => readyState === "live").map(({ label }) => label);
      },
    });
  });
}
declare function asked(count: number): boolean;
declare function give(index: number): void;
declare function given(): number;
declare function open(): string[];

test("a call that ends while the browser agrees on a change leaves nobody waiting", async (t) => {
  const [ada, bob] = await lines(t, ["ada", "bob"]);
  const [out] = await establish(ada, bob);
  const outcomes = await ada.page.evaluate(async (index) => {
    const call = line.calls[index]!;
    const asked = [call.hold(), call.restartIce(), call.setVideo(true), call.replaceAudio(call.localStream!.getAudioTracks()[0]!)];
    // The connection is closed in the middle of it.
    await new Promise((resolve) => setTimeout(resolve));
    call.hangUp();
    return Promise.all(asked.map((work) => Promise.race([work.then(() => "done", () => "rejected"), new Promise((resolve) => setTimeout(resolve, 5000, "waits"))])));
  }, out);
  assert.ok(!outcomes.includes("waits"), String(outcomes));
});

test("a microphone that comes when the call is over is closed", async (t) => {
  const [ada, bob] = await lines(t, ["ada", "bob"]);
  const [out] = await establish(ada, bob);
  await holdUp(ada);
  await ada.page.evaluate(async () => {
    const [, other] = await line.phone.devices.list("input");
    void line.phone.devices.set("microphone", other!.deviceId);
  });
  await until("the browser is asked", () => ada.page.evaluate(() => asked(1)));
  await ada.page.evaluate((call) => line.calls[call]!.hangUp(), out);
  await reaches(ada, out, "ended");
  await ada.page.evaluate(() => give(0));
  await until("it came", () => ada.page.evaluate(() => given() === 1));
  await until("it is closed", () => ada.page.evaluate(() => open().length === 0));
});

test("of two microphones that are chosen one after the other the last is used, whichever the browser opens first", async (t) => {
  const [ada, bob] = await lines(t, ["ada", "bob"]);
  const [out] = await establish(ada, bob);
  await holdUp(ada);
  const names = await ada.page.evaluate(async () => {
    const devices = (await line.phone.devices.list("input")).filter(({ deviceId }) => deviceId !== "default");
    const [first, last] = devices.slice(-2);
    const chosen = [first!, last!].map(({ deviceId }) => line.phone.devices.set("microphone", deviceId));
    Object.assign(globalThis, { chosen });
    return [first!, last!].map(({ label }) => label);
  });
  await until("the browser is asked", () => ada.page.evaluate(() => asked(1)));
  // Where both are asked for at once, the second comes first.
  await ada.page.evaluate(async () => {
    for (const until = performance.now() + 1000; performance.now() < until && !asked(2); ) await new Promise((resolve) => setTimeout(resolve, 10));
    if (asked(2)) give(1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    give(0);
  });
  await until("the browser is asked for the other", () => ada.page.evaluate(() => asked(2)));
  await ada.page.evaluate(() => give(1));
  assert.deepEqual(await ada.page.evaluate(() => Promise.all((globalThis as unknown as { chosen: Promise<boolean>[] }).chosen)), [true, true]);
  const sent = await ada.page.evaluate((call) => line.calls[call]!.peerConnection!.getSenders()[0]!.track!.label, out);
  assert.equal(sent, names[1]);
  assert.deepEqual(await ada.page.evaluate(() => open()), [names[1]]);
});

test("noise reduction that a browser does not start before a click does not hold up the call, and comes with the click", async (t) => {
  const [ada, bob] = await lines(t, ["ada", "bob"], { noiseReduction: true });
  // As Chromium does in a page that nobody has touched.
  await ada.page.evaluate(() => {
    const resume = AudioContext.prototype.resume;
    let isTouched = false;
    addEventListener("keydown", () => (isTouched = true), { capture: true, once: true });
    const waiting: (() => void)[] = [];
    AudioContext.prototype.resume = async function (this: AudioContext) {
      if (!isTouched) return new Promise<void>((resolve) => waiting.push(resolve));
      await resume.call(this);
      for (const told of waiting.splice(0)) told();
    };
  });
  const before = await bob.page.evaluate(() => line.calls.length);
  const out = await dial(ada, "bob");
  const into = await rung(bob, before);
  await answer(bob, into);
  await Promise.all([hears(ada, out, "mediaConnected"), hears(bob, into, "mediaConnected")]);
  await talks([[ada, out], [bob, into]]);
  const sent = () => ada.page.evaluate((call) => line.calls[call]!.peerConnection!.getSenders()[0]!.track!.label, out);
  const noisy = await sent();
  await ada.page.keyboard.press("Shift");
  await until("the noise is taken out", async () => (await sent()) !== noisy);
  await talks([[bob, into]]);
});

test("noise reduction that is switched off before the browser has begun with it stays off", async (t) => {
  const [ada, bob] = await lines(t, ["ada", "bob"]);
  const [out] = await establish(ada, bob);
  const [before, after] = await ada.page.evaluate(async (index) => {
    const call = line.calls[index]!;
    const [sender] = call.peerConnection!.getSenders();
    const before = sender!.track!.id;
    await Promise.all([call.setNoiseReduction(true), call.setNoiseReduction(false)]);
    return [before, sender!.track!.id];
  }, out);
  assert.equal(after, before);
});

test("a screen that ends while the camera is asked for does not take the camera away", async (t) => {
  const [ada, bob] = await lines(t, ["ada", "bob"]);
  const [out] = await establish(ada, bob);
  await ada.page.evaluate(async (index) => {
    const { mediaDevices } = navigator;
    mediaDevices.getDisplayMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    await line.calls[index]!.shareScreen(true);
  }, out);
  await holdUp(ada);
  const sent = ada.page.evaluate(async (index) => {
    const call = line.calls[index]!;
    const [screen] = call.localStream!.getVideoTracks();
    const camera = call.setVideo(true);
    // What the browser does when its own button is pressed.
    screen!.stop();
    screen!.dispatchEvent(new Event("ended"));
    await camera;
    // Whatever was to be agreed on before is.
    await call.hold();
    return call.peerConnection!.getSenders().map(({ track }) => `${track?.kind} ${track?.readyState}`);
  }, out);
  await until("the browser is asked", () => ada.page.evaluate(() => asked(1)));
  await ada.page.evaluate(() => give(0));
  assert.deepEqual(await sent, ["audio live", "video live"]);
});

test("a call goes on without ICE servers that never come", async (t) => {
  const [bob] = await lines(t, ["bob"]);
  const ada = await openPhone(site, server, "ada");
  t.after(() => ada.close());
  await ada.page.evaluate((server) => line.open({ ...server, iceServers() {
    return new Promise(() => undefined);
  } }), { servers: ada.wire.url, domain: server.domain });
  assert.equal(await connect(ada), undefined);
  const out = await dial(ada, "bob");
  await answer(bob, await rung(bob));
  await hears(ada, out, "mediaConnected");
});

/** Ada calls Bob, who sends her to Eve. */
async function redirected(ada: Line, bob: Line, contact: string): Promise<number> {
  const before = await bob.page.evaluate(() => line.calls.length);
  const out = await dial(ada, "bob");
  const into = await rung(bob, before);
  await bob.page.evaluate(({ into, Contact }) => line.calls[into]!.reject(302, { Contact }), { into, Contact: contact });
  return out;
}

test("a redirection without angle brackets is followed", async (t) => {
  const [ada, bob, eve] = await lines(t, ["ada", "bob", "eve"]);
  for (const contact of ["sip:eve@phones.test", "sip:eve@phones.test;expires=60;q=0.5", '"Eve <at home>" <sip:eve@phones.test>']) {
    const before = await eve.page.evaluate(() => line.calls.length);
    const out = await redirected(ada, bob, contact);
    const into = await rung(eve, before);
    await eve.page.evaluate((call) => line.calls[call]!.reject(), into);
    await reaches(ada, out, "ended");
  }
});

test("who hangs up between two INVITEs calls nobody else", async (t) => {
  const [bob, eve] = await lines(t, ["bob", "eve"]);
  const ada = await openPhone(site, server, "ada");
  t.after(() => ada.close());
  // Servers for the second INVITE come when they are told to.
  await ada.page.evaluate((server) => {
    let count = 0;
    line.open({
      ...server,
      iceServers() {
        return ++count === 1 ? Promise.resolve([]) : new Promise((resolve) => Object.assign(globalThis, { give: [resolve] }));
      },
    });
  }, { servers: ada.wire.url, domain: server.domain });
  assert.equal(await connect(ada), undefined);
  const out = await redirected(ada, bob, "<sip:eve@phones.test>");
  await until("the call goes on", () => ada.page.evaluate(() => "give" in globalThis));
  await ada.page.evaluate((call) => line.calls[call]!.hangUp(), out);
  assert.equal((await hears(ada, out, "ended"))["cause"], "Canceled");
  await ada.page.evaluate(() => (globalThis as unknown as { give: ((servers: readonly RTCIceServer[]) => void)[] }).give[0]!([]));
  // What Eve would have heard by then.
  await ada.page.evaluate(() => line.phone.sendMessage("eve", "hello").catch(() => undefined));
  assert.deepEqual(await eve.page.evaluate(() => line.calls.length), 0);
});

test("a redirected call waits for candidates no longer than the first", async (t) => {
  const [bob, eve] = await lines(t, ["bob", "eve"]);
  // Nobody answers there.
  const iceServers = [{ urls: `turn:127.0.0.1:${await freePort()}?transport=udp`, username: "ada", credential: "secret" }];
  const [ada] = await lines(t, ["ada"], { iceServers, gatheringTimeoutMs: 500 });
  const before = await eve.page.evaluate(() => line.calls.length);
  const out = await redirected(ada, bob, "<sip:eve@phones.test>");
  await rung(eve, before);
  assert.equal((await events(ada, out, "gatheringTimeout")).length, 2);
});

test("a device that a browser tells of twice is told once", async (t) => {
  const [ada] = await lines(t, ["ada"]);
  await ada.page.evaluate(async () => {
    const { mediaDevices } = navigator;
    await line.phone.devices.reveal();
    const all = await mediaDevices.enumerateDevices();
    const gone = all.find(({ kind, deviceId }) => kind === "audioinput" && deviceId !== "default")!;
    mediaDevices.enumerateDevices = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return all.filter((device) => device !== gone);
    };
    for (let times = 0; times < 2; times++) mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  await hears(ada, undefined, "devices");
  await ada.page.evaluate(() => line.phone.devices.reveal());
  assert.equal((await events(ada, undefined, "devices")).length, 1);
});

test("a page whose token never comes can still be left", async (t) => {
  const ada = await openPhone(site, server, "ada");
  t.after(() => ada.close());
  const told = await ada.page.evaluate(async () => {
    const connecting = line.phone.connect({
      user: "ada",
      token() {
        return new Promise<string>(() => undefined);
      },
    });
    return Promise.race([connecting.then(() => "connected", () => "refused"), new Promise((resolve) => setTimeout(resolve, 30_000, "waits"))]);
  });
  assert.equal(told, "refused");
});
