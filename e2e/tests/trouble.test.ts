/** What goes wrong in mid-call: the server dies, the network is away, the computer sleeps, its clock is wrong. Nothing is lost and nothing is there twice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumTab, type Tab } from "../src/browsers.ts";
import { connect, join, measured } from "../src/call.ts";
import { assertAgrees } from "../src/compare.ts";
import { setUpSite } from "../src/site.ts";
import { sleep, until } from "../src/wait.ts";

const site = setUpSite("call", { server: { settings: ["presence.participant_timeout=2m"] } });

/** Two pages in a call that upload every two seconds. */
async function pair(conference: string) {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  for (const [tab, user] of [[ada, "ada"], [bob, "bob"]] as const) await join(tab, site, { conference, user, uploadIntervalMs: 2000 });
  await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
  return [ada, bob] as const;
}

/** Everything that both pages saw is there, once. */
async function assertComplete(conference: string, tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) await tab.evaluate(() => call.leave(), undefined);
  const held = await site.sidetone.finalised(conference);
  for (const [tab, user, other] of [[tabs[0]!, "ada", "bob"], [tabs[1]!, "bob", "ada"]] as const) {
    const participant = held.participants.find(({ user_id }) => user_id === user)!;
    const connection = held.peer_connections.find((candidate) => candidate.participant === participant.key)!;
    await assertAgrees(site.sidetone, connection, await tab.evaluate((id) => call.seen(id), other));
  }
  assert.equal(held.participants.length, 2);
}

test("a server that is killed and comes back has every acknowledged batch, and gets the rest", async () => {
  const tabs = await pair("killed");
  await measured(tabs[0], "bob", 5);
  const before = await until("both ends were uploaded", async () => {
    const held = await site.sidetone.conference("killed");
    return held.peer_connections.length === 2 && held.peer_connections.every(({ report_count }) => report_count > 0) && held;
  });
  await site.sidetone.kill();
  await sleep(8000);
  await site.sidetone.up();
  const after = await site.sidetone.conference("killed");
  for (const connection of before.peer_connections) {
    const again = after.peer_connections.find(({ key }) => key === connection.key);
    assert.ok(again && again.report_count >= connection.report_count, "what was acknowledged is there");
  }
  await until("the queue drains", async () => {
    const counts = (await site.sidetone.conference("killed")).peer_connections.map(({ report_count }) => report_count);
    return counts.every((count) => count >= 12);
  });
  await assertComplete("killed", tabs);
});

test("a page that is offline for a minute keeps its reports and sends them when it is back", async () => {
  const tabs = await pair("offline");
  const [ada] = tabs;
  await measured(ada, "bob", 4);
  await until("both ends were uploaded", async () => (await site.sidetone.conference("offline")).peer_connections.length === 2);
  await ada.context().setOffline(true);
  const taken = (await ada.evaluate((id) => call.seen(id), "bob")).length;
  await sleep(60_000);
  const away = await site.sidetone.conference("offline");
  const participant = away.participants.find(({ user_id }) => user_id === "ada")!;
  const known = away.peer_connections.find((held) => held.participant === participant.key)!.report_count;
  assert.ok(known <= taken + 1, `${known} reports came from a page that has been offline since it took ${taken}`);
  await ada.context().setOffline(false);
  await until("the queue drains", async () => {
    const connection = (await site.sidetone.conference("offline")).peer_connections.find((held) => held.participant === participant.key)!;
    return connection.report_count >= 60;
  });
  await assertComplete("offline", tabs);
  const dropped = await site.sidetone.metric('sidetone_client_dropped_total{kind="report"}');
  assert.equal(dropped, 0, "nothing was thrown away");
});

test("a computer that slept shows a gap, and catches nothing up", async () => {
  const tabs = await pair("asleep");
  const [ada] = tabs;
  await measured(ada, "bob", 4);
  const session = await ada.context().newCDPSession(ada);
  const before = (await ada.evaluate((id) => call.seen(id), "bob")).length;
  // As in sleep, no timer fires and no script runs, and then time has passed.
  await session.send("Debugger.enable");
  await session.send("Debugger.pause");
  await sleep(15_000);
  await session.send("Debugger.resume");
  await session.send("Debugger.disable");
  await measured(ada, "bob", before + 4);
  const times = (await ada.evaluate((id) => call.seen(id), "bob")).map(({ timeMs }) => timeMs);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  const longest = Math.max(...gaps);
  assert.ok(longest > 10_000, `the longest pause between reports is ${longest} ms`);
  // One that was due meanwhile and then one each second.
  const awake = times.slice(gaps.indexOf(longest) + 1);
  assert.ok(awake.length <= (awake.at(-1)! - awake[0]!) / 1000 + 2, `reports after ${gaps.join(", ")} ms`);
  await assertComplete("asleep", tabs);
});

test("pages whose clocks are two hours slow and fast are set right", async () => {
  const tabs = [await chromiumTab(site.browser), await chromiumTab(site.browser)] as const;
  const began = Date.now();
  for (const [index, hours] of [-2, 2].entries()) {
    const tab = tabs[index]!;
    await tab.addInitScript((shift) => {
      const Right = Date;
      globalThis.Date = class extends Right {
        constructor(...given: [number]) {
          super(...(given.length > 0 ? given : ([Right.now() + shift] as const)));
        }
        static override now(): number {
          return Right.now() + shift;
        }
      } as DateConstructor;
    }, hours * 3_600_000);
    await join(tab, site, { conference: "clock", user: ["slow", "fast"][index]!, uploadIntervalMs: 2000 });
    const wrong = (await tab.evaluate(() => [Date.now(), new Date().getTime()], undefined)).map((time) => Math.round((time - began) / 3_600_000));
    assert.deepEqual(wrong, [hours, hours], "the page's clock is wrong");
  }
  await connect(tabs[0], tabs[1], { from: "slow", to: "fast" }, { video: false });
  await measured(tabs[0], "fast", 5);
  for (const page of tabs) await page.evaluate(() => call.leave(), undefined);
  const conference = await site.sidetone.finalised("clock");
  assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["fast", "slow"], "both are in the same conference");
  for (const connection of conference.peer_connections) {
    for (const { time_ms } of await site.sidetone.reports(connection.key)) {
      assert.ok(Math.abs(time_ms - began) < 60_000, `a report of ${new Date(time_ms).toISOString()}, the call began ${new Date(began).toISOString()}`);
    }
  }
});
