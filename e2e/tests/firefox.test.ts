/** The same call from Firefox to Firefox, and between Chromium and Firefox. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser as Chromium } from "playwright-core";
import type { Browser as Firefox } from "puppeteer-core";
import { chromiumTab, firefoxTab, launchChromium, launchFirefox, type Tab } from "../src/browsers.ts";
import { connect, join } from "../src/call.ts";
import { assertAgrees } from "../src/compare.ts";
import { type Origin, serveOrigin } from "../src/origin.ts";
import { Sidetone } from "../src/sidetone.ts";
import { sleep } from "../src/wait.ts";

let sidetone: Sidetone;
let origin: Origin;
let chromium: Chromium;
let firefox: Firefox;

before(async () => {
  sidetone = await Sidetone.start();
  origin = await serveOrigin([`${sidetone.url}/sdk/sidetone.js`]);
  [chromium, firefox] = await Promise.all([launchChromium(), launchFirefox()]);
});

after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await origin?.close();
  await sidetone?.stop();
});

async function compare(conference: string, ada: Tab, bob: Tab): Promise<readonly string[]> {
  await join(ada, origin.url, sidetone, { conference, user: "ada" });
  await join(bob, origin.url, sidetone, { conference, user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await sleep(20_000);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const held = await sidetone.finalised(conference);
  assert.equal(held.participants.length, 2);
  for (const [tab, user, other] of [[ada, "ada", "bob"], [bob, "bob", "ada"]] as const) {
    const participant = held.participants.find(({ user_id }) => user_id === user)!;
    const connection = held.peer_connections.find((candidate) => candidate.participant === participant.key)!;
    assert.ok(connection.streams.some(({ direction, kind }) => direction === "inbound" && kind === "audio"));
    await assertAgrees(sidetone, connection, await tab.evaluate((id) => call.seen(id), other));
  }
  return ["ada", "bob"].map((user) => held.participants.find(({ user_id }) => user_id === user)!.browser);
}

test("from Firefox to Firefox", async () => {
  assert.deepEqual(await compare("firefox", await firefoxTab(firefox), await firefoxTab(firefox)), ["Firefox", "Firefox"]);
});

test("between Chromium and Firefox", async () => {
  assert.deepEqual(await compare("both", await chromiumTab(chromium), await firefoxTab(firefox)), ["Chrome", "Firefox"]);
});
