/** The same call from Firefox to Firefox, and between Chromium and Firefox. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser as Firefox } from "puppeteer-core";
import { chromiumTab, firefoxTab, launchFirefox, type Tab } from "../src/browsers.ts";
import { connect, join, measured } from "../src/call.ts";
import { assertAgrees } from "../src/compare.ts";
import { setUpSite } from "../src/site.ts";

/** As many as the call between two pages of Chromium has. */
const REPORTS = 38;

let firefox: Firefox;
const site = setUpSite("call", { more: async (start) => void (firefox = await start("Firefox", launchFirefox())) });

async function compare(conference: string, ada: Tab, bob: Tab): Promise<readonly string[]> {
  await join(ada, site, { conference, user: "ada" });
  await join(bob, site, { conference, user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await measured(ada, "bob", REPORTS);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const held = await site.sidetone.finalised(conference);
  assert.equal(held.participants.length, 2);
  for (const [tab, user, other] of [[ada, "ada", "bob"], [bob, "bob", "ada"]] as const) {
    const participant = held.participants.find(({ user_id }) => user_id === user)!;
    const connection = held.peer_connections.find((candidate) => candidate.participant === participant.key)!;
    assert.ok(connection.streams.some(({ direction, kind }) => direction === "inbound" && kind === "audio"));
    await assertAgrees(site.sidetone, connection, await tab.evaluate((id) => call.seen(id), other));
  }
  return ["ada", "bob"].map((user) => held.participants.find(({ user_id }) => user_id === user)!.browser);
}

test("from Firefox to Firefox", async () => {
  assert.deepEqual(await compare("firefox", await firefoxTab(firefox), await firefoxTab(firefox)), ["Firefox", "Firefox"]);
});

test("between Chromium and Firefox", async () => {
  assert.deepEqual(await compare("both", await chromiumTab(site.browser), await firefoxTab(firefox)), ["Chrome", "Firefox"]);
});
