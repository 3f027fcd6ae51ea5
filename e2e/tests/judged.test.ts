/** What is told while a call runs: whose side it is, which hop and why, on the page of the conference; by whose rules, also changed ones; and who speaks though muted. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, test } from "node:test";
import type { Issue } from "../../packages/sdk/src/index.ts";
import { wav } from "../../packages/sdk/src/phone/media/tones.ts";
import { chromiumTab, launchChromium, profile } from "../src/browsers.ts";
import { connect, join, measured } from "../src/call.ts";
import { logIn, userOf } from "../src/dashboard.ts";
import { MediaWire } from "../src/media-wire.ts";
import { run } from "../src/sidetone.ts";
import { setUpSite } from "../src/site.ts";
import { sleep, until } from "../src/wait.ts";

/** What a page was told of an issue. */
type Told = Pick<Issue, "rule" | "severity" | "stream" | "onsetMs">;

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
    // What was found so far stands above it, and on the timeline; also for who comes later.
    const late = await page.context().newPage();
    await late.goto(`/conferences/${key}`);
    for (const looked of [page, late]) {
      await looked.locator("#verdict .findings li").filter({ hasText: "ada" }).first().waitFor();
      await looked.locator("#timeline rect.critical, #timeline rect.major").first().waitFor();
    }
    assert.equal((await site.sidetone.conference("judged")).state, "running", "told during the call");
  } finally {
    wire.close();
    for (const tab of [ada, bob, eve]) await tab.close();
  }
});

test("page and server judge by the app's thresholds alike, unless the page asks for a preset", async () => {
  const off = ["high_loss", "bursty_loss", "audible_concealment"].flatMap((rule) => ["minor", "major", "critical"].map((severity) => `${rule}.${severity}=off`));
  // Whatever is lost makes a score of less than 5, and it is called minor.
  const thresholds = [...off, "low_mos.minor=5", "low_mos.major=off", "low_mos.critical=off"].join(" ");
  run("app", "set", "e2e", "--thresholds", thresholds, "--data", site.sidetone.data);
  await until("the server has noticed", async () => {
    const response = await fetch(`${site.sidetone.url}/v1/app`, { headers: { authorization: `Bearer ${site.sidetone.intakeSecret}` } });
    return ((await response.json()) as { rules: string }).rules.includes("low_mos.minor=5");
  });
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  await join(ada, site, { conference: "tuned", user: "ada" });
  await join(bob, site, { conference: "tuned", user: "bob", preset: "sidetone" });
  const wire = await MediaWire.between(ada, bob);
  try {
    await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
    await measured(ada, "bob", 5);
    wire.harm({ loss: 0.2 });
    const told = async (tab: typeof ada) => (await tab.evaluate(() => call.told(), undefined)).filter(({ name }) => name.startsWith("issue")).map(({ value }) => value as Told);
    const lows = (issues: readonly Told[]) => new Set(issues.filter(({ rule }) => rule === "low_mos").map(({ stream }) => stream?.direction));
    await until("ada is told of both directions", async () => lows(await told(ada)).size === 2);
    await until("bob is told of the loss", async () => (await told(bob)).some(({ rule, severity }) => rule === "high_loss" && severity === "critical"));
    for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
    const conference = await site.sidetone.finalised("tuned");
    const stored = (user: string) => {
      const { key } = conference.participants.find(({ user_id }) => user_id === user)!;
      return conference.peer_connections.filter(({ participant }) => participant === key).flatMap(({ issues }) => issues);
    };
    // By rule, stream and onset; the last word on how bad it became.
    const words = (issues: readonly (readonly [Told["rule"], Told["severity"] | string, Told["stream"] | null, number])[]) =>
      [...new Map(issues.map(([rule, severity, stream, onsetMs]) => [`${rule} ${stream?.direction} ${stream?.kind} ${stream?.ssrc} ${onsetMs}`, severity]))].sort();
    const ofPage = words((await told(ada)).map(({ rule, severity, stream, onsetMs }) => [rule, severity, stream, onsetMs]));
    const ofServer = words(stored("ada").map(({ rule, severity, stream, onset_ms }) => [rule, severity, stream, onset_ms]));
    assert.deepEqual(ofPage, ofServer, "the same issues of the same streams from the same moment on");
    assert.ok(stored("ada").some(({ rule }) => rule === "low_mos") && stored("ada").every(({ rule, severity }) => rule !== "high_loss" && (rule !== "low_mos" || severity === "minor")));
    assert.ok(!stored("bob").some(({ rule }) => rule === "high_loss"), "what is stored is judged by the app's rules, whatever a page asks for");
  } finally {
    wire.close();
    for (const tab of [ada, bob]) await tab.close();
    run("app", "set", "e2e", "--thresholds", "", "--data", site.sidetone.data);
  }
});

test("rules that are changed in mid-call judge from then on, in the page and on the server, and the record says so", async () => {
  const [ada, bob] = [await chromiumTab(site.browser), await chromiumTab(site.browser)];
  for (const [tab, user] of [[ada, "ada"], [bob, "bob"]] as const) await join(tab, site, { conference: "changed", user, uploadIntervalMs: 2000 });
  const wire = await MediaWire.between(ada, bob);
  const off = ["minor", "major", "critical"].map((severity) => `high_loss.${severity}=off`).sort().join(" ");
  try {
    await connect(ada, bob, { from: "ada", to: "bob" }, { video: false });
    await measured(ada, "bob", 5);
    wire.harm({ loss: 0.2 });
    const told = async (name: string) =>
      (await ada.evaluate(() => call.told(), undefined)).filter((held) => held.name === name && (held.value as Told).rule === "high_loss").map(({ value }) => value as Told);
    await until("ada is told of the loss", async () => (await told("issue")).length > 0);
    assert.deepEqual(await told("issueCleared"), []);
    run("app", "set", "e2e", "--thresholds", off, "--data", site.sidetone.data);
    const raised = await until("ada is told that it is over, though as much is lost", async () => {
      const [all, over] = [await told("issue"), await told("issueCleared")];
      return all.length === over.length ? all : undefined;
    });
    const { key } = await site.sidetone.conference("changed");
    const rules = `sidetone ${off}`.split(" ").sort();
    const both = await until("the server judges both by them", async () => {
      const state = await site.sidetone.streamState<{ participants: { peer_connections: { rules: string; issues: { rule: string }[] }[] }[] }>(key);
      const connections = state.participants.flatMap(({ peer_connections }) => peer_connections);
      return connections.length === 2 && connections.every((connection) => connection.rules !== "sidetone") ? connections : undefined;
    });
    await measured(ada, "bob", 8 + (await ada.evaluate((id) => call.seen(id).length, "bob")));
    assert.equal((await told("issue")).length, raised.length, "and it is raised no more");
    for (const tab of [ada, bob]) await tab.evaluate(() => call.leave(), undefined);
    const conference = await site.sidetone.finalised("changed");
    assert.ok(conference.peer_connections.every(({ issues }) => issues.every(({ rule }) => rule !== "high_loss")), "what is stored is judged by the rules at its end");
    assert.deepEqual(conference.rules?.split(" ").sort(), rules);
    for (const { rules: live, issues } of both) assert.deepEqual([live.split(" ").sort(), issues.filter(({ rule }) => rule === "high_loss")], [rules, []]);
    // A page that comes at once after the test before may have begun with its rules.
    const changes = (await site.sidetone.events(key))
      .filter(({ kind }) => kind === "rules_change")
      .map(({ payload }) => payload as { from: string; to: string })
      .filter(({ to }) => to !== "sidetone");
    assert.deepEqual(changes.map(({ from, to }) => [from, to.split(" ").sort()]), [["sidetone", rules], ["sidetone", rules]], "each page says since when");
  } finally {
    wire.close();
    for (const tab of [ada, bob]) await tab.close();
    run("app", "set", "e2e", "--thresholds", "", "--data", site.sidetone.data);
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
