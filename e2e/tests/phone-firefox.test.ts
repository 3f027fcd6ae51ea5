/** The phone in Firefox: calls between two of them, and with Chromium either way. */

import { test } from "node:test";
import type { Browser as Firefox } from "puppeteer-core";
import assert from "node:assert/strict";
import { launchFirefox } from "../src/browsers.ts";
import { establish, hangUp, hears, type Line, openLine, reaches } from "../src/line.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

let server: SipServer;
let firefox: Firefox;
const site = setUpSite("phone", {
  more: async (start) => {
    server = await start("the SIP server", startSidetone(["ada", "bob"]));
    firefox = await start("Firefox", launchFirefox());
  },
});

/** Sound that was decoded goes on coming. */
async function sounds(line: Line, call: number): Promise<void> {
  const energy = () => line.page.evaluate((call) => globalThis.line.energy(call), call);
  const before = await energy();
  await until(`${line.user} hears the other side`, async () => (await energy()) > before);
}

for (const [name, from, to] of [
  ["from Firefox to Firefox", () => firefox, () => firefox],
  ["from Chromium to Firefox", () => site.browser, () => firefox],
  ["from Firefox to Chromium", () => firefox, () => site.browser],
] as const) {
  test(name, async () => {
    const lines = [await openLine({ ...site, browser: from() }, server, "ada"), await openLine({ ...site, browser: to() }, server, "bob")] as const;
    const [ada, bob] = lines;
    const [out, into] = await establish(ada, bob);
    await sounds(ada, out);
    await sounds(bob, into);
    await bob.page.evaluate((call) => line.calls[call]!.hold(), into);
    assert.deepEqual(await hears(ada, out, "hold"), { originator: "remote", held: true });
    await bob.page.evaluate((call) => line.calls[call]!.resume(), into);
    const played = await ada.page.evaluate(async (index) => {
      const call = line.calls[index]!;
      const sender = call.peerConnection!.getSenders()[0]!.dtmf!;
      const tones: string[] = [];
      sender.addEventListener("tonechange", ({ tone }) => tones.push(tone));
      await call.sendDtmf("5123", { by: "both" });
      return tones;
    }, out);
    assert.deepEqual(played, ["5", "", "1", "", "2", "", "3", ""], "the browser began with each, and is through with it");
    assert.equal((await hears(bob, into, "dtmf"))["tone"], "5");
    await sounds(ada, out);
    await hangUp(bob, into);
    await reaches(ada, out, "ended");
    for (const line of lines) await line.close();
  });
}
