/** A microphone that dies in a call: what the Voximplant face tells in Firefox, whose reports do not tell its level. */

import { test } from "node:test";
import type { Browser as Firefox } from "puppeteer-core";
import { launchFirefox } from "../src/browsers.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { Sound } from "../src/sound.ts";
import { establish, hangUp, hears, openStation } from "../src/voximplant.ts";

/** What the microphone hears, in hertz. */
const TONE = 400;

let server: SipServer;
let sound: Sound;
let firefox: Firefox;
const site = setUpSite("voximplant", {
  more: async (start) => {
    server = await start("the SIP server", startSidetone(["ada", "bob"]));
    sound = await start("PulseAudio", Sound.start());
    await sound.plugIn(TONE);
    await sound.makeDefault(TONE);
    firefox = await start("Firefox", launchFirefox(sound));
  },
});

test("a microphone that gives nothing but zeros is told, and when it is heard again", async () => {
  // A tone that does not change is noise to the browser, unless it is told to leave it.
  const audio = { echoCancellation: true, noiseSuppression: false, autoGainControl: false };
  const ada = await openStation({ ...site, browser: firefox }, server, "ada", { sidetone: { audio } });
  const bob = await openStation(site, server, "bob");
  const [out, into] = await establish(ada, bob);
  await sound.silence(TONE, true);
  await hears(ada, out, "QualityIssueNoAudioSignal", ({ value }) => value["level"] === "CRITICAL");
  await sound.silence(TONE, false);
  await hears(ada, out, "QualityIssueNoAudioSignal", ({ value }) => value["level"] === "NONE");
  await hangUp(ada, out);
  await hears(bob, into, "Disconnected");
  await Promise.all([ada.close(), bob.close()]);
});
