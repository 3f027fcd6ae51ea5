/** What a program sets in Plivo's client, and what it asks of it: sounds of keys, the log, when its token ends, noise reduction that is off, the devices that are plugged in. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { establish, Softphone } from "../src/plivo.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

let server: SipServer;
const site = setUpSite("plivo", { more: async (start) => void (server = await start("our SIP server", startSidetone(["ada", "bob"]))) });

test("each key has a sound of its own, another one, or none, and is sent all the same", async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada"), await Softphone.ready(site, server, "bob")];
  await establish(ada, bob);
  const played = () => ada.page.evaluate(() => ["1", "2", "3"].map((key) => (document.getElementById(`dtmf${key}`) as HTMLAudioElement).played.length > 0));
  const own = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
  assert.deepEqual([await ada.do("setDtmfTone", "2", false), await ada.do("setDtmfTone", "3", own), await ada.do("setDtmfTone", "x", own)], [true, true, false]);
  for (const key of ["1", "2", "3"]) {
    await ada.do("sendDtmf", key);
    await bob.hears("onDtmfReceived", ([{ tone }]) => tone === key);
  }
  await until("the first key was heard", async () => (await played())[0]);
  assert.equal((await played())[1], false);
  assert.equal(await ada.page.evaluate(() => (document.getElementById("dtmf3") as HTMLAudioElement).src), own);
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("the log says as much as is wished for, and its level has to be one", async () => {
  const ada = await Softphone.open(site, server, "ada");
  const lines: string[] = [];
  ada.page.on("console", (message) => lines.push(message.text()));
  const answers = async (level: string) => {
    lines.length = 0;
    await ada.do("setDebug", level);
    assert.equal(await ada.do("answer"), false);
    await ada.page.evaluate(() => console.log("the end"));
    await until("the console has all of it", async () => lines.includes("the end"));
    return lines.filter((line) => line.startsWith("sidetone plivo:"));
  };
  assert.deepEqual(await answers("ERROR"), []);
  assert.deepEqual(await answers("WARN"), ["sidetone plivo: answer: there is no such ringing call"]);
  assert.equal((await answers("warn")).length, 1, "which is none, as in Plivo's SDK, and changes nothing");
  assert.deepEqual(await answers("OFF"), []);
  assert.equal(await ada.do("supportedBrowsers"), "Chrome, Firefox, Safari, Edge");
  await ada.close();
});

test("when the token ends may be told to the client, and is forgotten with the login", async () => {
  const ada = await Softphone.open(site, server, "ada");
  assert.equal(await ada.do("getTokenExpiryTimeInEpoch"), null);
  await ada.do("setExpiryTimeInEpoch", 1_800_000_000_000);
  assert.equal(await ada.do("getTokenExpiryTimeInEpoch"), 1_800_000_000_000);
  await ada.do("login", "ada", "secret-ada");
  await ada.hears("onLogin");
  assert.equal(await ada.do("getTokenExpiryTimeInEpoch"), null);
  await ada.close();
});

test("without noise reduction nothing is loaded for it, and it cannot be started; after a logout it is off", async () => {
  const [ada, bob] = [await Softphone.open(site, server, "ada", { enableNoiseReduction: false }), await Softphone.ready(site, server, "bob")];
  const asked: string[] = [];
  ada.page.on("request", (request) => asked.push(request.url()));
  await ada.do("login", "ada", "secret-ada");
  await ada.hears("onLogin");
  await establish(ada, bob);
  assert.deepEqual([await ada.do("startNoiseReduction"), await ada.do("stopNoiseReduction")], [false, false]);
  assert.deepEqual(asked.filter((url) => url.includes("denoise")), []);
  await ada.do("hangup");
  await bob.hears("onCallTerminated");
  await bob.do("startNoiseReduction");
  assert.equal(await bob.do("stopNoiseReduction"), true);
  await bob.do("startNoiseReduction");
  await bob.do("logout");
  await bob.hears("onLogout");
  await bob.do("login", "bob", "secret-bob");
  await bob.hears("onLogin");
  assert.equal(await bob.do("startNoiseReduction"), true, "it was not on any more");
  await Promise.all([ada, bob].map((phone) => phone.close()));
});

test("a microphone that is plugged in is used, unless the system is to choose", async () => {
  for (const [useDefaultAudioDevice, expected] of [[false, "headset"], [true, ""]] as const) {
    const ada = await Softphone.ready(site, server, "ada", { useDefaultAudioDevice });
    await ada.page.evaluate(() => {
      const { mediaDevices } = navigator;
      mediaDevices.enumerateDevices = async () => ["default", "headset"].map((deviceId) => ({ deviceId, kind: "audioinput", label: deviceId, groupId: "" }) as MediaDeviceInfo);
      mediaDevices.dispatchEvent(new Event("devicechange"));
    });
    await ada.hears("audioDeviceChange", ([{ device }]) => device.deviceId === "headset");
    await until(`the microphone is ${expected || "the system's"}`, async () => (await ada.page.evaluate(() => softphone.client.audio.microphoneDevices.get())) === expected);
    await ada.close();
  }
});
