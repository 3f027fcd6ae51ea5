/** A real call between two pages of Chromium, measured, stored and asked for: the numbers are the browsers' own. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { chromiumTab, launchChromium } from "../src/browsers.ts";
import { connect, join } from "../src/call.ts";
import { assertAgrees } from "../src/compare.ts";
import { type Origin, serveOrigin } from "../src/origin.ts";
import { Sidetone } from "../src/sidetone.ts";
import { sleep, until } from "../src/wait.ts";

let sidetone: Sidetone;
let origin: Origin;
let browser: Browser;

before(async () => {
  sidetone = await Sidetone.start();
  origin = await serveOrigin([`${sidetone.url}/sdk/sidetone.js`]);
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await origin?.close();
  await sidetone?.stop();
});

test("a call of 40 s agrees with what the pages' own getStats said", async () => {
  const complaints: string[] = [];
  const [ada, bob] = [await chromiumTab(browser, complaints), await chromiumTab(browser, complaints)];
  await join(ada, origin.url, sidetone, { conference: "two", user: "ada" });
  await join(bob, origin.url, sidetone, { conference: "two", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await sleep(40_000);
  const running = await sidetone.conference("two");
  assert.equal(running.state, "running");
  assert.equal(running.participants.length, 2);
  for (const tab of [ada, bob]) {
    assert.ok((await tab.evaluate(() => call.ticks, undefined)) >= 35, "the page is told of series while the call runs");
    await tab.evaluate(() => call.leave(), undefined);
  }
  const conference = await sidetone.finalised("two");
  assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["ada", "bob"]);
  for (const [tab, user, other] of [[ada, "ada", "bob"], [bob, "bob", "ada"]] as const) {
    const participant = conference.participants.find(({ user_id }) => user_id === user)!;
    assert.equal(participant.browser, "Chrome");
    assert.equal(participant.timed_out, false, "who leaves is not waited for");
    const connection = conference.peer_connections.find((held) => held.participant === participant.key)!;
    assert.equal(connection.peer_connection_id, other);
    assert.deepEqual(connection.streams.map(({ direction, kind }) => `${direction} ${kind}`).sort(), ["inbound audio", "inbound video", "outbound audio", "outbound video"]);
    assert.ok(connection.report_count >= 38, `${connection.report_count} reports`);
    await assertAgrees(sidetone, connection, await tab.evaluate((id) => call.seen(id), other));
    const problems = (await tab.evaluate(() => call.told(), undefined)).filter(({ name }) => name === "error");
    assert.deepEqual(problems, []);
  }
  const kinds = new Set((await sidetone.events(conference.key)).map(({ kind }) => kind));
  for (const kind of ["joined", "connection_state_change", "ice_connection_state_change", "dtls_state_change", "add_track", "connected", "first_media", "left"]) assert.ok(kinds.has(kind), `${kind} is among ${[...kinds].join(", ")}`);
  assert.deepEqual(complaints, []);
});

test("three pages in a mesh are one conference of six connections", async () => {
  const users = ["ada", "bob", "eve"] as const;
  const tabs = await Promise.all(users.map(() => chromiumTab(browser)));
  for (const [index, tab] of tabs.entries()) await join(tab, origin.url, sidetone, { conference: "mesh", user: users[index]! });
  for (const [a, b] of [[0, 1], [0, 2], [1, 2]] as const) await connect(tabs[a]!, tabs[b]!, { from: users[a], to: users[b] }, { video: false });
  await sleep(12_000);
  for (const tab of tabs) await tab.evaluate(() => call.leave(), undefined);
  const conference = await sidetone.finalised("mesh");
  assert.equal(conference.participants.length, 3);
  assert.equal(conference.peer_connections.length, 6);
  for (const connection of conference.peer_connections) {
    const user = conference.participants.find(({ key }) => key === connection.participant)!.user_id;
    await assertAgrees(sidetone, connection, await tabs[users.indexOf(user as never)]!.evaluate((id) => call.seen(id), connection.peer_connection_id));
  }
});

test("a page that reloads in mid-call is a second stay of the same user", async () => {
  const [ada, bob] = [await chromiumTab(browser), await chromiumTab(browser)];
  await join(ada, origin.url, sidetone, { conference: "reload", user: "ada" });
  await join(bob, origin.url, sidetone, { conference: "reload", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await sleep(6000);
  const before = (await ada.evaluate((id) => call.seen(id), "bob")).length;
  await join(ada, origin.url, sidetone, { conference: "reload", user: "ada" });
  await connect(ada, bob, { from: "ada again", to: "bob" });
  await sleep(5000);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const conference = await sidetone.finalised("reload");
  const stays = conference.participants.filter(({ user_id }) => user_id === "ada");
  assert.equal(stays.length, 2);
  assert.equal(new Set(stays.map(({ participant_id }) => participant_id)).size, 2);
  assert.ok(stays.every(({ timed_out }) => !timed_out), "a page that goes says so");
  const connections = (key: string) => conference.peer_connections.filter(({ participant }) => participant === key);
  const [first, second] = stays.flatMap(({ key }) => connections(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  assert.ok(first!.report_count >= before - 1, `${first!.report_count} of ${before} reports came before the page was gone`);
  await assertAgrees(sidetone, second!, await ada.evaluate((id) => call.seen(id), "bob"));
  const other = connections(conference.participants.find(({ user_id }) => user_id === "bob")!.key);
  assert.deepEqual(other.map(({ peer_connection_id }) => peer_connection_id).sort(), ["ada", "ada again"]);
});

test("a tab that is closed leaves", async () => {
  const [ada, bob] = [await chromiumTab(browser), await chromiumTab(browser)];
  await join(ada, origin.url, sidetone, { conference: "closed", user: "ada" });
  await join(bob, origin.url, sidetone, { conference: "closed", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await sleep(5000);
  await ada.close({ runBeforeUnload: true });
  const left = await until("ada has left", 15_000, async () => {
    const participant = (await sidetone.conference("closed")).participants.find(({ user_id }) => user_id === "ada");
    return participant?.ended_ms ? participant : undefined;
  });
  assert.equal(left.timed_out, false);
  await bob.evaluate(() => call.leave(), undefined);
});
