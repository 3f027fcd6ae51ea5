/** Sound and pictures that never come, and a microphone that never gives any: told at the right end, and never of who has nothing to send. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumTab, launchChromium, type Tab } from "../src/browsers.ts";
import { connect, join, measured } from "../src/call.ts";
import { MediaWire } from "../src/media-wire.ts";
import { setUpSite } from "../src/site.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("call", { launch: () => launchChromium() });

/** The rules that a page was told of, and that it was told are over. */
async function rulesTold(tab: Tab, name: "issue" | "issueCleared"): Promise<string[]> {
  return (await tab.evaluate(() => call.told(), undefined)).filter((held) => held.name === name).map(({ value }) => (value as { readonly rule: string }).rule);
}

const KINDS = [["audio", "no_inbound_audio"], ["video", "no_inbound_video"]] as const;

// Who calls learns of the far end's tracks by the answer, and who is called by the offer.
for (const [from, to] of [["ada", "bob"], ["bob", "ada"]] as const) {
  for (const [kind, rule] of KINDS) {
    test(`${kind} that goes one way only from the start is told where it is missed, with its direction and its side: from who ${from === "ada" ? "calls" : "is called"}`, async () => {
      const tabs = { ada: await chromiumTab(site.browser), bob: await chromiumTab(site.browser) };
      const both = [tabs.ada, tabs.bob];
      const conference = `one way ${kind} from ${from}`;
      for (const user of ["ada", "bob"] as const) await join(tabs[user], site, { conference, user, uploadIntervalMs: 2000 });
      const wire = await MediaWire.between(tabs.ada, tabs.bob);
      try {
        // Until the descriptions are there, nobody knows which packets carry what.
        let sounds = new Set<number>();
        wire.to(tabs[to], { keeps: (payloadType) => sounds.size === 0 || sounds.has(payloadType) === (kind === "audio") });
        await connect(tabs.ada, tabs.bob, { from: "ada", to: "bob" });
        const sdp = await tabs.ada.evaluate(() => call.connection("bob").localDescription!.sdp, undefined);
        sounds = new Set(/^m=audio \S+ \S+ (.*)$/m.exec(sdp)![1]!.trim().split(" ").map(Number));
        await until(`${to} is told`, async () => (await rulesTold(tabs[to], "issue")).includes(rule));
        wire.to(tabs[to], {});
        await until("the first packet ends it", async () => (await rulesTold(tabs[to], "issueCleared")).includes(rule));
        assert.deepEqual((await rulesTold(tabs[from], "issue")).filter((told) => told.startsWith("no_inbound")), [], `${from} misses nothing`);
        for (const tab of both) await tab.evaluate(() => call.leave(), undefined);
        const stored = await site.sidetone.finalised(conference);
        const key = (user: string) => stored.participants.find(({ user_id }) => user_id === user)!.key;
        const missed = stored.peer_connections.flatMap(({ participant, issues }) => issues.filter((issue) => issue.rule === rule).map(({ cleared_ms }) => [participant, cleared_ms !== null]));
        assert.deepEqual(missed, [[key(to), true]]);
        const blocked = stored.diagnoses.filter(({ cause }) => cause === "blocked").map(({ side, media, sender, receiver }) => ({ side, media, sender, receiver }));
        assert.deepEqual(blocked, [{ side: "path", media: kind, sender: key(from), receiver: key(to) }], JSON.stringify(stored.diagnoses));
      } finally {
        wire.close();
        for (const tab of both) await tab.close();
      }
    });
  }
}

test("who has nothing to send is not missed", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  for (const [tab, user] of [[ada, "ada"], [bob, "bob"]] as const) await join(tab, site, { conference: "opened in advance", user, uploadIntervalMs: 2000 });
  // Both kinds are agreed upon both ways, and only ada's sound has a track.
  await ada.evaluate(() => call.open("bob", { video: false }), undefined);
  await bob.evaluate(() => call.open("ada", { send: false }), undefined);
  await ada.evaluate(() => void call.connection("bob").addTransceiver("video"), undefined);
  const offer = await ada.evaluate(() => call.offer("bob"), undefined);
  const answer = await bob.evaluate((sdp) => call.answer("ada", sdp, "sendrecv"), offer);
  await ada.evaluate((sdp) => call.accept("bob", sdp), answer);
  await measured(bob, "ada", 12);
  for (const tab of [ada, bob]) assert.deepEqual((await rulesTold(tab, "issue")).filter((told) => told.startsWith("no_inbound")), []);
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const stored = await site.sidetone.finalised("opened in advance");
  assert.deepEqual(stored.peer_connections.flatMap(({ issues }) => issues.map(({ rule }) => rule)).filter((rule) => rule.startsWith("no_inbound")), []);
  for (const tab of [ada, bob]) await tab.close();
});

test("a microphone of exact zeros from the start is told at its own end, and one that is muted from the start is not", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  for (const [tab, user] of [[ada, "ada"], [bob, "bob"]] as const) await join(tab, site, { conference: "zeros", user, uploadIntervalMs: 2000 });
  // Bob mutes himself before he calls.
  await bob.evaluate(() => call.muteFirst(), undefined);
  await connect(ada, bob, { from: "ada", to: "bob" }, { isZero: true });
  await until("ada is told", async () => (await rulesTold(ada, "issue")).includes("dead_microphone"));
  await measured(bob, "ada", 20);
  assert.ok(!(await rulesTold(bob, "issue")).includes("dead_microphone"), "bob is muted on purpose");
  for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
  const { participants, peer_connections } = await site.sidetone.finalised("zeros");
  const key = (user: string) => participants.find(({ user_id }) => user_id === user)!.key;
  const dead = peer_connections.filter(({ issues }) => issues.some(({ rule }) => rule === "dead_microphone")).map(({ participant }) => participant);
  assert.deepEqual(dead, [key("ada")]);
  for (const tab of [ada, bob]) await tab.close();
});
