/** Phones made of JsSIP, as published, call each other through the server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import type {} from "../pages/jssip.ts";
import { chromiumTab, launchChromium } from "../src/browsers.ts";
import { serveOrigin } from "../src/origin.ts";
import { during } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

const hears = (page: Page, what: string) =>
  until(`the page hears: ${what}`, async () => (await page.evaluate(() => phone.told())).includes(what)).catch(async (error: Error) => {
    throw new Error(`${error.message}; it heard ${JSON.stringify(await page.evaluate(() => phone.told()))}`);
  });

const count = async (page: Page, what: string) => (await page.evaluate(() => phone.told())).filter((told) => told === what).length;

test("two pages call each other, over a cut connection and a restart of the server", () =>
  during(async (start) => {
    const server = await start("Sidetone", Sidetone.start({ settings: ["sip.enabled=true"] }));
    const site = await start("the site", serveOrigin([], { page: "jssip" }));
    const chromium = await start("Chromium", launchChromium());
    const open = async (user: string, password: string) => {
      const page = await chromiumTab(chromium);
      await page.goto(site.url);
      await page.evaluate(({ url, user, password }) => phone.start(url, user, password), { url: `ws://127.0.0.1:${server.port}/sip`, user, password });
      return page;
    };
    const passwords = { alice: server.phoneUser("alice"), bob: server.phoneUser("bob") };
    const wrong = await open("alice", "not the password");
    await hears(wrong, "registrationFailed Authentication Error");

    const alice = await open("alice", passwords.alice);
    await hears(alice, "registered");
    await alice.evaluate(() => phone.call("bob"));
    await hears(alice, "failed Unavailable");

    // Bob has two tabs; one answers.
    const [bob, other] = [await open("bob", passwords.bob), await open("bob", passwords.bob)];
    for (const tab of [bob, other]) await hears(tab, "registered");
    await alice.evaluate(() => phone.call("bob"));
    for (const tab of [bob, other]) await hears(tab, "session remote");
    await hears(alice, "progress 180");
    await bob.evaluate(() => phone.answer());
    for (const page of [alice, bob]) await hears(page, "confirmed");
    await hears(other, "failed Canceled");
    for (const page of [alice, bob]) await until("sound arrives", async () => (await page.evaluate(() => phone.packetsReceived())) > 50);

    const uuid = (await bob.evaluate(() => phone.uuid()))!;
    await alice.evaluate(() => phone.info());
    await hears(bob, "newInfo");

    // Bob's tab loses its connection and comes back: the call goes on.
    await bob.evaluate(() => phone.cut());
    await until("bob registers again", async () => (await count(bob, "registered")) >= 2);
    await alice.evaluate(() => phone.hold());
    await hears(bob, "hold");
    // JsSIP ends a call whose request is open when the socket goes: what follows on the same socket says that Bob has the ACK too.
    await alice.evaluate(() => phone.info());
    await until("the hold is settled", async () => (await count(bob, "newInfo")) >= 2);

    // So does it over the death of the server.
    await server.kill();
    await server.up();
    for (const page of [alice, bob]) await until("everybody registers again", async () => (await count(page, "registered")) >= 2);
    await until("bob is back", async () => (await count(bob, "registered")) >= 3);
    await bob.evaluate(() => phone.hangUp());
    await hears(alice, "ended Terminated");

    const conference = await server.finalised(uuid);
    assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["alice", "bob", "bob"]);
    const events = await server.events(conference.key);
    const find = (kind: string) => events.filter((event) => event.kind === kind);
    assert.equal(find("sip_invite")[0]?.payload["to"], "bob");
    assert.ok(find("sip_ringing").length >= 2);
    const answered = find("sip_answered").map(({ payload }) => payload);
    assert.equal(answered.length, 2);
    assert.ok(answered.every(({ ringing_ms }) => Number(ringing_ms) > 0));
    assert.ok(answered.some(({ post_dial_delay_ms }) => Number(post_dial_delay_ms) > 0));
    assert.deepEqual(new Set(find("sip_hung_up").map(({ payload }) => payload["by"])), new Set(["bob"]));
    assert.ok(conference.participants.every(({ ended_ms }) => ended_ms !== null));

    await bob.evaluate(() => phone.stop());
    await hears(bob, "unregistered");
    assert.equal(await server.metric('sidetone_sip_unreadable_total'), 0);
  }));
