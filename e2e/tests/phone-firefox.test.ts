/** The phone in Firefox: calls between two of them, and with Chromium either way. */

import { after, before, test } from "node:test";
import type { Browser as Chromium } from "playwright-core";
import type { Browser as Firefox } from "puppeteer-core";
import assert from "node:assert/strict";
import { launchChromium, launchFirefox } from "../src/browsers.ts";
import { establish, hangUp, hears, type Line, openLine, reaches } from "../src/line.ts";
import { type Origin, serveOrigin } from "../src/origin.ts";
import { Sidetone } from "../src/sidetone.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

let sidetone: Sidetone;
let server: SipServer;
let origin: Origin;
let chromium: Chromium;
let firefox: Firefox;

before(async () => {
  sidetone = await Sidetone.start();
  server = await startSidetone(["ada", "bob"]);
  origin = await serveOrigin([`${sidetone.url}/sdk/phone.js`], { page: "phone" });
  [chromium, firefox] = await Promise.all([launchChromium(), launchFirefox()]);
});

after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await origin?.close();
  await server?.stop();
  await sidetone?.stop();
});

/** Sound that was decoded goes on coming. */
async function sounds(line: Line, call: number): Promise<void> {
  const energy = () => line.page.evaluate((call) => globalThis.line.energy(call), call);
  const before = await energy();
  await until(`${line.user} hears the other side`, 20_000, async () => (await energy()) > before);
}

for (const [name, from, to] of [
  ["from Firefox to Firefox", () => firefox, () => firefox],
  ["from Chromium to Firefox", () => chromium, () => firefox],
  ["from Firefox to Chromium", () => firefox, () => chromium],
] as const) {
  test(name, async () => {
    const lines = [await openLine(from(), origin.url, server, "ada"), await openLine(to(), origin.url, server, "bob")] as const;
    const [ada, bob] = lines;
    const [out, into] = await establish(ada, bob);
    await sounds(ada, out);
    await sounds(bob, into);
    await bob.page.evaluate((call) => line.calls[call]!.hold(), into);
    assert.deepEqual(await hears(ada, out, "hold"), { originator: "remote", held: true });
    await bob.page.evaluate((call) => line.calls[call]!.resume(), into);
    await ada.page.evaluate((call) => line.calls[call]!.sendDtmf("5", { by: "info" }), out);
    assert.equal((await hears(bob, into, "dtmf"))["tone"], "5");
    await sounds(ada, out);
    await hangUp(bob, into);
    await reaches(ada, out, "ended");
    for (const line of lines) await line.close();
  });
}
