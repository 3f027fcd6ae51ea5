/** Microphones that are plugged in and out in the middle of a call, and one that dies: real ones, as Firefox sees them by PulseAudio. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Browser as Firefox } from "puppeteer-core";
import { launchFirefox } from "../src/browsers.ts";
import { establish, hangUp, hears, type Line, listen, openLine, reaches } from "../src/line.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { labelOf, Sound } from "../src/sound.ts";
import { until } from "../src/wait.ts";

/** What each microphone hears, in hertz. */
const DESK = 400;
const HEADSET = 900;

let server: SipServer;
let sound: Sound;
let firefox: Firefox;
const site = setUpSite("phone", {
  more: async (start) => {
    server = await start("the SIP server", startSidetone(["ada", "bob"]));
    sound = await start("PulseAudio", Sound.start());
    await sound.plugIn(DESK);
    await sound.plugIn(HEADSET);
    await sound.makeDefault(DESK);
    firefox = await start("Firefox", launchFirefox(sound));
  },
});

const lines: Line[] = [];

afterEach(async () => {
  for (const line of lines.splice(0)) await line.close();
});

/** Ada has microphones that pass on each tone as it is, and reports; Bob listens. */
async function callFromAda(): Promise<readonly [ada: Line, out: number, bob: Line, into: number]> {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const quality = { url: site.sidetone.url, secret: site.sidetone.intakeSecret };
  const ada = await openLine({ ...site, browser: firefox }, server, "ada", { audio, quality });
  lines.push(ada);
  const bob = await openLine(site, server, "bob", { quality });
  lines.push(bob);
  // Until a page has a microphone it is not told which there are.
  await ada.page.evaluate(async () => (await line.phone.devices.reveal()).getTracks().forEach((track) => track.stop()));
  const [out, into] = await establish(ada, bob);
  return [ada, out, bob, into];
}

async function hearsTone(bob: Line, call: number, hertz: number): Promise<void> {
  await until(`bob hears ${hertz} Hz`, async () => Math.abs((await listen(bob, call, 1000)).hertz - hertz) < 30);
}

async function choose({ page }: Line, hertz: number): Promise<boolean> {
  return page.evaluate(async (wanted) => {
    const found = (await line.phone.devices.list("input")).find(({ label }) => label === wanted);
    return found !== undefined && line.phone.devices.set("microphone", found.deviceId);
  }, labelOf(hertz));
}

/** The names of what was plugged in (`added`) or out (`removed`) since the page was opened. */
async function plugged({ page }: Line, change: "added" | "removed"): Promise<readonly string[]> {
  const told = await page.evaluate(() => line.told.filter(({ name }) => name === "devices").map(({ value }) => value));
  return told.flatMap((value) => (value[change] as readonly { kind: string; label: string }[]).filter(({ kind }) => kind === "audioinput").map(({ label }) => label));
}

test("the chosen microphone is unplugged: the call goes on with the default one, the page is told, and so is the timeline", async () => {
  const [ada, out, bob, into] = await callFromAda();
  await hearsTone(bob, into, DESK);
  assert.equal(await choose(ada, HEADSET), true);
  await hearsTone(bob, into, HEADSET);
  await sound.unplug(HEADSET);
  await hearsTone(bob, into, DESK);
  assert.ok((await plugged(ada, "removed")).includes(labelOf(HEADSET)));
  assert.equal(await ada.page.evaluate(() => String(line.phone.devices.get("microphone"))), "undefined");
  assert.equal((await ada.page.evaluate(() => line.told.filter(({ name, value }) => name === "mediaPermission" && value["granted"] === false))).length, 0);
  await sound.plugIn(HEADSET);
  await until("the page is told", async () => (await plugged(ada, "added")).includes(labelOf(HEADSET)));
  // Nobody has chosen it anew.
  await hearsTone(bob, into, DESK);
  const uuid = await ada.page.evaluate((call) => line.calls[call]!.uuid, out);
  await hangUp(ada, out);
  await reaches(bob, into, "ended");
  const counts = await until("the timeline tells", async () => {
    const [conference] = await site.sidetone.conferences(uuid);
    const told = conference ? await site.sidetone.events(conference.key) : [];
    const counts = told.filter(({ kind }) => kind === "device_change").map(({ payload }) => payload["audioinput"] as number);
    return counts.length >= 2 && counts;
  });
  assert.ok(Math.min(...counts) < counts.at(-1)!, `one was away: ${counts.join(" ")}`);
});

test("the default microphone is unplugged, which nobody had chosen: the call goes on with the next", async () => {
  const [ada, out, bob, into] = await callFromAda();
  await hearsTone(bob, into, DESK);
  await sound.unplug(DESK);
  await hearsTone(bob, into, HEADSET);
  await sound.plugIn(DESK);
  await sound.makeDefault(DESK);
  await hangUp(ada, out);
  await hears(bob, into, "ended");
});
