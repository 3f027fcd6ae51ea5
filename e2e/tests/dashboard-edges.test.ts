/** The dashboard where it is hardest to use: a crowd, long names, keys alone, a session that ends while a page is open, paper. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { logIn as logInAs, userOf, type Visit, visit as visitTo } from "../src/dashboard.ts";
import { look, VIEWS } from "../src/look.ts";
import { send, TRACES } from "../src/recorded.ts";
import { setUp } from "../src/setup.ts";
import { run, Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

/** A name as long as any, and one of the other direction. */
const LONG = "Maximiliane-Theodora von Wolkenstein-Trostburg und zu Hohenzollern-Sigmaringen X";
const ARABIC = "محمد بن عبد الله 🎉";

let sidetone: Sidetone;
let browser: Browser;
let password: string;
let crowd: string;
let named: string;
let silent: string;
let night: string;
/** The zone in which the last full hour was midnight: a call over it crosses midnight there, and in no other. */
let nightZone: string;

setUp(async (start) => {
  // Longer than the tests take: a call that is to run must not end by silence.
  sidetone = await start("Sidetone", Sidetone.start({ settings: ["presence.participant_timeout=30m"] }));
  password = userOf(sidetone, "ada");
  const people = Array.from({ length: 30 }, (_, number) => number);
  await Promise.all(people.map((number) => send(sidetone, "crowd", `person-${number}`, `av-pc${number % 2}.jsonl`, 120_000, true, [0, 20])));
  await send(sidetone, "named", LONG, "av-pc0.jsonl", 240_000, true, [0, 20], LONG);
  await send(sidetone, "named", "guest", "av-pc1.jsonl", 240_000, true, [0, 20], ARABIC);
  const hour = new Date(Date.now() - 20_000).setMinutes(0, 0, 0);
  const offset = new Date(hour).getUTCHours();
  // West of Greenwich the sign of these zones is a plus.
  nightZone = offset <= 12 ? `Etc/GMT+${offset}` : `Etc/GMT-${24 - offset}`;
  await send(sidetone, "night", "owl", "av-pc0.jsonl", Date.now() - hour - 10_000, true, [0, 20]);
  await send(sidetone, "running", "dora", "audio-pc0.jsonl", 0, false, [0, 10]);
  const told = { conference_id: "silent", user_id: "eve", participant_id: "eve", batch_seq: 0 };
  const events = ["joined", "left"].map((kind, second) => ({ time_ms: Date.now() - 60_000 + second, kind, payload: {} }));
  const answer = await fetch(`${sidetone.url}/v1/batches`, {
    method: "POST",
    headers: { authorization: `Bearer ${sidetone.intakeSecret}`, "content-type": "application/json" },
    body: JSON.stringify({ ...told, events, reports: [] }),
  });
  assert.equal(answer.status, 200, await answer.text());
  [crowd, named, silent, night] = (await Promise.all(["crowd", "named", "silent", "night"].map((id) => sidetone.finalised(id)))).map(({ key }) => `/conferences/${key}`) as [string, string, string, string];
  browser = await start("Chromium", launchChromium());
});

const visit = (options: Visit, use: (page: Page) => Promise<void>) => visitTo({ url: sidetone.url, browser }, options, use);

const logIn = (page: Page) => logInAs(page, "ada", password);

/** As if its time were over, or somebody had removed the user. */
const endSession = (page: Page) => page.context().clearCookies();

async function logInAgain(page: Page): Promise<void> {
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

for (const view of VIEWS) {
  test(`a crowd, long names and no media at ${view.width} px, ${view.colorScheme}`, () =>
    visit(view, async (page) => {
      await logIn(page);
      for (const [name, path, ready] of [["crowd", crowd, ".chart canvas"], ["named", named, ".chart canvas"], ["silent", silent, "#events table"]] as const) {
        await page.goto(path);
        await page.locator(ready).first().waitFor();
        await look(page, name, view);
      }
      await page.goto("/apps");
      await page.getByLabel("Name", { exact: true }).fill(`${view.width} ${view.colorScheme}`);
      await page.getByRole("button", { name: "Create" }).click();
      await page.getByRole("heading", { name: /^Secrets of/ }).waitFor();
      await look(page, "secrets", view);
      const cards = await page.locator("form.settings").count();
      await page.reload();
      assert.equal(await page.getByRole("heading", { name: /^Secrets of/ }).count(), 0, "shown once");
      assert.equal(await page.locator("form.settings").count(), cards, "and no other app was made");
    }));
}

test("in the graph of a crowd no name and no participant covers another", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(crowd);
    const places = await page.locator("#graph circle.node").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ x, y, width }) => ({ x, y, width })));
    assert.equal(places.length, 24);
    places.forEach((one, index) =>
      places.slice(index + 1).forEach((other) => assert.ok(Math.hypot(one.x - other.x, one.y - other.y) > one.width * 0.9, JSON.stringify([one, other]))),
    );
    const [picture, names] = await Promise.all([page.locator("#graph svg").boundingBox(), page.locator("#graph .node-name").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect))]);
    for (const { left, right, top, bottom } of names) {
      assert.ok(left >= picture!.x && right <= picture!.x + picture!.width && top >= picture!.y && bottom <= picture!.y + picture!.height, "within the picture");
    }
  }));

test("with the keys one passes over a choice, and sends by the button; with the mouse a choice is sent at once", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(`${named}#events`);
    const kind = page.getByLabel("Kind");
    const show = page.getByRole("button", { name: "Show" });
    await page.locator("[data-charts][data-painted]").waitFor();
    assert.equal(await show.isVisible(), false);
    await kind.focus();
    for (let presses = 0; presses < 2; presses += 1) await page.keyboard.press("ArrowDown");
    const chosen = await kind.inputValue();
    assert.equal(chosen, await kind.locator("option").nth(2).getAttribute("value"), "the second is reached");
    assert.equal(new URL(page.url()).search, "", "and nothing was sent");
    await show.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("kind") === chosen);
    await kind.selectOption("joined");
    await page.waitForURL((url) => url.searchParams.get("kind") === "joined");
  }));

test("a form that is sent after the end of the session is not lost without a word", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto("/apps");
    await endSession(page);
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText("was not carried out").waitFor();
    await logInAgain(page);
    await page.getByRole("heading", { name: "Apps" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/apps");
  }));

test("a page whose session has ended leads to the login and back to what was looked at", () =>
  visit({ expected: /401/ }, async (page) => {
    await logIn(page);
    await page.goto(named);
    await page.locator("[data-charts][data-painted]").waitFor();
    await endSession(page);
    await page.getByRole("slider").first().focus();
    await page.keyboard.press("+");
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await logInAgain(page);
    await page.locator("[data-charts][data-painted]").waitFor();
    assert.ok(new URL(page.url()).searchParams.has("from_ms"), "also to the part of the call");
    await page.getByRole("link", { name: "Raw reports" }).first().click();
    await page.locator("details.object").first().waitFor();
    await endSession(page);
    await page.locator("details.object summary").first().click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  }));

test("a file that is dropped after the end of the session is refused for that reason", () =>
  visit({ expected: /401/ }, async (page) => {
    await logIn(page);
    await page.goto("/import");
    await endSession(page);
    const buffer = readFileSync(join(TRACES, "webrtc-internals-av.json"));
    await page.locator('input[type="file"]').setInputFiles([{ name: "call.json", mimeType: "application/json", buffer }]);
    assert.match((await page.locator(".results .failed").textContent())!, /your session has ended/);
  }));

test("a page that follows calls says when it hears no more of them", () =>
  visit({ expected: /401/ }, async (page) => {
    const bob = userOf(sidetone, "bob");
    await logInAs(page, "bob", bob);
    await page.goto("/live");
    await page.getByRole("link", { name: "running" }).waitFor();
    const call = await page.context().newPage();
    await call.goto((await page.getByRole("link", { name: "running" }).getAttribute("href"))!);
    await call.getByRole("heading", { name: "This call is running" }).waitFor();
    run("user", "remove", "bob", "--data", sidetone.data);
    for (const one of [page, call]) await one.getByText("hears no more of what happens").waitFor();
  }));

test("the page says in which zone its times are", () =>
  visit({}, async (page) => {
    await logIn(page);
    const zone = await page.evaluate(() => new Intl.DateTimeFormat().resolvedOptions().timeZone);
    await page.getByText(`Times are in the zone ${zone}.`).waitFor();
  }));

test("times of a call over midnight have their day, in lists, at the cursor and at the axis", () =>
  visit({ timezoneId: nightZone }, async (page) => {
    await logIn(page);
    await page.goto(night);
    await page.locator("[data-charts][data-painted]").waitFor();
    const days = await page.evaluate(() => {
      const facts = document.querySelector<HTMLElement>("[data-call-from]")!.dataset;
      return ["callFrom", "callUntil"].map((of) => new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }).format(new Date(facts[of]!)));
    });
    assert.notEqual(days[0], days[1]);
    const times = await page.locator("#events td.nowrap time").allTextContents();
    assert.ok(times.some((time) => time.includes(days[0]!)) && times.some((time) => time.includes(days[1]!)), times.join());
    assert.ok(times.every((time) => days.some((day) => time.includes(day))), times.join());
    const cursor = page.getByRole("slider", { name: /^Cursor of/ }).first();
    await cursor.focus();
    for (const [key, day] of [["Home", days[0]], ["End", days[1]]] as const) {
      await page.keyboard.press(key);
      await until("the cursor has its day", async () => (await cursor.getAttribute("aria-valuetext"))!.includes(day!));
      assert.ok((await cursor.locator(".chart-time").textContent())!.includes(day!));
    }
    await look(page, "night", VIEWS[0]!);
  }));

test("a call of one day has times without it", () =>
  visit({ timezoneId: nightZone === "Etc/GMT+12" ? "Etc/GMT" : "Etc/GMT+12" }, async (page) => {
    await logIn(page);
    await page.goto(silent);
    const [time] = await page.locator("#events td.nowrap time").allTextContents();
    assert.match(time!, /^\d\d:\d\d:\d\d/);
  }));

test("a running call is listed with the day since when", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto("/live");
    const since = page.locator(".live-rows .cell-time time").first();
    await since.waitFor();
    const year = String(new Date().getFullYear());
    await until("the day is told", async () => (await since.textContent())!.includes(year));
  }));

test("on paper a dark page is black on white, without menus", () =>
  visit({ colorScheme: "dark" }, async (page) => {
    await logIn(page);
    await page.goto(named);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const ink = await page.evaluate(() => getComputedStyle(document.querySelector("#verdict-title")!).color.match(/\d+/g)!.map(Number));
    assert.ok(Math.max(...ink) < 64, `ink ${ink}`);
    assert.equal(await page.getByRole("navigation", { name: "Main" }).isVisible(), false);
  }));
