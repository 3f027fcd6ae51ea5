/** A real call between two pages of Chromium, measured, stored and asked for: the numbers are the browsers' own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumTab, isUnhindered } from "../src/browsers.ts";
import { connect, join, measured } from "../src/call.ts";
import { assertAgrees, mean } from "../src/compare.ts";
import { MediaWire } from "../src/media-wire.ts";
import { setUpSite } from "../src/site.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("call");

test("a call of 38 reports, some of its packets lost, agrees with what the pages' own getStats said", async (t) => {
  const complaints: string[] = [];
  const [ada, bob] = [await chromiumTab(site.browser, complaints), await chromiumTab(site.browser, complaints)];
  await join(ada, site, { conference: "two", user: "ada" });
  await join(bob, site, { conference: "two", user: "bob" });
  const wire = await MediaWire.around(ada, [bob]);
  t.after(() => wire.close());
  wire.harm({ loss: 0.03 });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await measured(ada, "bob", 38);
  await measured(bob, "ada", 38);
  const running = await site.sidetone.conference("two");
  assert.equal(running.state, "running");
  assert.equal(running.participants.length, 2);
  for (const tab of [ada, bob]) {
    await until("the page is told of series while the call runs", async () => (await tab.evaluate(() => call.ticks, undefined)) >= 35);
    await tab.evaluate(() => call.leave(), undefined);
  }
  const conference = await site.sidetone.finalised("two");
  assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["ada", "bob"]);
  for (const [tab, user, other] of [[ada, "ada", "bob"], [bob, "bob", "ada"]] as const) {
    const participant = conference.participants.find(({ user_id }) => user_id === user)!;
    assert.equal(participant.browser, "Chrome");
    assert.equal(participant.timed_out, false, "who leaves is not waited for");
    const connection = conference.peer_connections.find((held) => held.participant === participant.key)!;
    assert.equal(connection.peer_connection_id, other);
    assert.deepEqual(connection.streams.map(({ direction, kind }) => `${direction} ${kind}`).sort(), ["inbound audio", "inbound video", "outbound audio", "outbound video"]);
    assert.ok(connection.report_count >= 38, `${connection.report_count} reports`);
    await assertAgrees(site.sidetone, connection, await tab.evaluate((id) => call.seen(id), other));
    const heard = connection.streams.find(({ direction, kind }) => direction === "inbound" && kind === "audio")!;
    for (const metric of ["loss_ratio", "concealment_ratio"]) assert.ok(mean(heard.summaries, metric)! > 0, `${user} has ${metric}`);
    const problems = (await tab.evaluate(() => call.told(), undefined)).filter(({ name }) => name === "error");
    assert.deepEqual(problems, []);
  }
  const kinds = new Set((await site.sidetone.events(conference.key)).map(({ kind }) => kind));
  for (const kind of ["joined", "connection_state_change", "ice_connection_state_change", "dtls_state_change", "add_track", "connected", "first_media", "left"]) assert.ok(kinds.has(kind), `${kind} is among ${[...kinds].join(", ")}`);
  assert.deepEqual(complaints, []);
});

test("three pages in a mesh are one conference of six connections", async () => {
  const users = ["ada", "bob", "eve"] as const;
  const tabs = await Promise.all(users.map(() => chromiumTab(site.browser)));
  for (const [index, tab] of tabs.entries()) await join(tab, site, { conference: "mesh", user: users[index]! });
  for (const [a, b] of [[0, 1], [0, 2], [1, 2]] as const) await connect(tabs[a]!, tabs[b]!, { from: users[a], to: users[b] }, { video: false });
  for (const [index, tab] of tabs.entries()) for (const other of users.filter((_, at) => at !== index)) await measured(tab, other, 12);
  for (const tab of tabs) await tab.evaluate(() => call.leave(), undefined);
  const conference = await site.sidetone.finalised("mesh");
  assert.equal(conference.participants.length, 3);
  assert.equal(conference.peer_connections.length, 6);
  for (const connection of conference.peer_connections) {
    const user = conference.participants.find(({ key }) => key === connection.participant)!.user_id;
    await assertAgrees(site.sidetone, connection, await tabs[users.indexOf(user as never)]!.evaluate((id) => call.seen(id), connection.peer_connection_id));
  }
});

test("a page that reloads in mid-call is a second stay of the same user", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  await join(ada, site, { conference: "reload", user: "ada" });
  await join(bob, site, { conference: "reload", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await measured(ada, "bob", 6);
  await isUnhindered(ada);
  const before = (await ada.evaluate((id) => call.seen(id), "bob")).length;
  await join(ada, site, { conference: "reload", user: "ada" });
  await connect(ada, bob, { from: "ada again", to: "bob" });
  await measured(ada, "bob", 5);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const conference = await site.sidetone.finalised("reload");
  const stays = conference.participants.filter(({ user_id }) => user_id === "ada");
  assert.equal(stays.length, 2);
  assert.equal(new Set(stays.map(({ participant_id }) => participant_id)).size, 2);
  assert.ok(stays.every(({ timed_out }) => !timed_out), "a page that goes says so");
  const connections = (key: string) => conference.peer_connections.filter(({ participant }) => participant === key);
  const [first, second] = stays.flatMap(({ key }) => connections(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  assert.ok(first!.report_count >= before - 1, `${first!.report_count} of ${before} reports came before the page was gone`);
  await assertAgrees(site.sidetone, second!, await ada.evaluate((id) => call.seen(id), "bob"));
  const other = connections(conference.participants.find(({ user_id }) => user_id === "bob")!.key);
  assert.deepEqual(other.map(({ peer_connection_id }) => peer_connection_id).sort(), ["ada", "ada again"]);
});

test("a tab that is closed leaves", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  await join(ada, site, { conference: "closed", user: "ada" });
  await join(bob, site, { conference: "closed", user: "bob" });
  await connect(ada, bob, { from: "ada", to: "bob" });
  await measured(ada, "bob", 5);
  await isUnhindered(ada);
  await ada.close({ runBeforeUnload: true });
  const left = await until("ada has left", async () => {
    const participant = (await site.sidetone.conference("closed")).participants.find(({ user_id }) => user_id === "ada");
    return participant?.ended_ms ? participant : undefined;
  });
  assert.equal(left.timed_out, false);
  await bob.evaluate(() => call.leave(), undefined);
});
