/** What is told while a call runs: whose side it is, which hop and why, on the page of the conference; and who speaks though muted. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, test } from "node:test";
import { wav } from "../../packages/sdk/src/phone/media/tones.ts";
import { chromiumTab, launchChromium, profile } from "../src/browsers.ts";
import { connect, join } from "../src/call.ts";
import { logIn, userOf } from "../src/dashboard.ts";
import { MediaWire } from "../src/media-wire.ts";
import { setUpSite } from "../src/site.ts";
import { sleep, until } from "../src/wait.ts";

/** What a page was told of an issue. */
interface Told {
  readonly rule: string;
}

const folder = mkdtempSync(path(tmpdir(), "sidetone-voice-"));
after(() => rmSync(folder, { recursive: true, force: true }));
// Somebody who speaks for a second and a half, and draws breath as long.
const rate = 8000;
const voice = Float32Array.from({ length: rate * 3 }, (_, at) => (at < rate * 1.5 ? 0.3 * Math.sin((2 * Math.PI * 300 * at) / rate) * (0.6 + 0.4 * Math.sin((2 * Math.PI * 4 * at) / rate)) : 0));
writeFileSync(path(folder, "voice.wav"), wav(voice));

const site = setUpSite("call", { launch: () => launchChromium([`--use-file-for-fake-audio-capture=${path(folder, "voice.wav")}`]) });

test("while a call runs its page says whose side it is, which hop, and why", async () => {
  const users = ["ada", "bob", "eve"] as const;
  const [ada, bob, eve] = [await chromiumTab(site.browser), await chromiumTab(site.browser), await chromiumTab(site.browser)];
  for (const [index, tab] of [ada, bob, eve].entries()) await join(tab, site, { conference: "judged", user: users[index]!, uploadIntervalMs: 2000 });
  // All that ada sends and receives passes the wire, and what bob and eve say to each other does not.
  const wire = await MediaWire.around(ada, [bob, eve]);
  try {
    await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
    await connect(ada, eve, { from: "ada", to: "eve" }, { video: false });
    await connect(bob, eve, { from: "bob", to: "eve" }, { video: false });
    const page = await (await profile(site.browser, { baseURL: site.sidetone.url })).newPage();
    await logIn(page, "ada", userOf(site.sidetone, "ada"));
    const { key } = await until("the conference is known", async () => (await site.sidetone.conferences("judged"))[0]);
    await page.goto(`/conferences/${key}`);
    await page.getByRole("heading", { name: "Why it is poor just now" }).waitFor();
    // What is normal must be known before something else is.
    await sleep(15_000);
    wire.harm({ loss: 0.2 });
    // Between two nobody could tell whose network it is; here bob and eve speak for their own.
    for (const [hop, side] of [["sender, uplink", "on the way out"], ["receiver, downlink", "on the way in"]] as const) {
      const found = page.locator(".diagnoses li").filter({ hasText: hop }).filter({ hasText: `ada's own network, ${side}` }).first();
      await found.waitFor();
      assert.ok((await found.locator(".evidence a").count()) > 0, "with what speaks for it");
    }
    assert.equal((await site.sidetone.conference("judged")).state, "running", "told during the call");
  } finally {
    wire.close();
    for (const tab of [ada, bob, eve]) await tab.close();
  }
});

test("who speaks into a muted microphone is told so, where the app asked for it", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  await join(ada, site, { conference: "muted", user: "ada", mutedSpeech: true });
  await join(bob, site, { conference: "muted", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
  const told = async (tab: typeof ada, name: string) =>
    (await tab.evaluate(() => call.told(), undefined)).filter((held) => held.name === name && JSON.stringify(held.value).includes("speaking_while_muted")).map(({ value }) => value as Told);
  await sleep(8000);
  assert.deepEqual(await told(ada, "issue"), [], "not muted, not told");
  // Both speak, both are muted, one asked.
  for (const tab of [ada, bob]) await tab.evaluate(() => call.mute(true), undefined);
  await until("ada is told that she is muted", async () => (await told(ada, "issue")).length > 0);
  await sleep(5000);
  assert.deepEqual(await told(bob, "issue"), [], "off unless asked for");
  for (const tab of [ada, bob]) await tab.evaluate(() => call.mute(false), undefined);
  await until("and that it is over", async () => (await told(ada, "issueCleared")).length > 0);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const conference = await site.sidetone.finalised("muted");
  const of = (user: string) => conference.participants.find(({ user_id }) => user_id === user)!.key;
  const rules = (user: string) => conference.peer_connections.filter(({ participant }) => participant === of(user)).flatMap(({ issues }) => issues.map(({ rule }) => rule));
  assert.ok(rules("ada").includes("speaking_while_muted"), rules("ada").join(", "));
  assert.ok(!rules("bob").includes("speaking_while_muted"), rules("bob").join(", "));
});
