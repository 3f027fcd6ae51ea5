/** The demo's call page: two tabs call each other, harm shows in the page and in the API, and what is no fault raises nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium, profile, tabOf } from "../src/browsers.ts";
import { logIn, userOf, visit } from "../src/dashboard.ts";
import { look, VIEWS } from "../src/look.ts";
import { setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { sleep, until } from "../src/wait.ts";

let sidetone: Sidetone;
let browser: Browser;

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start());
  browser = await start("Chromium", launchChromium());
});

/** A tab that joins by itself; tabs of one context are tabs of one browser. */
async function tab(context: BrowserContext, room: string, complaints: string[]): Promise<Page> {
  const page = await tabOf(context, complaints);
  await page.goto(`${sidetone.url}/demo/#secret=${sidetone.intakeSecret}&room=${room}&join=made-up`);
  await page.waitForSelector("#panel:not([hidden])");
  return page;
}

async function slide(page: Page, id: string, value: string): Promise<void> {
  await page.locator(`#${id}`).evaluate((input, value) => {
    (input as HTMLInputElement).value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}

test("two tabs call each other, and dropped frames show as issues in the page and in the API", async () => {
  const complaints: string[] = [];
  const context = await profile(browser);
  const [one, two] = [await tab(context, "harmed", complaints), await tab(context, "harmed", complaints)];
  for (const page of [one, two]) {
    await page.waitForFunction(() => [...document.querySelectorAll("#others video")].some((video) => (video as HTMLVideoElement).videoWidth > 0));
    await page.waitForFunction(() => document.querySelector<HTMLElement>("#verdict")!.dataset["grade"] === "good");
    assert.match(await page.locator("#tiles").innerText(), /kbit\/s|Mbit\/s/);
  }
  // A machine that is busy elsewhere may lag; nothing else is wrong yet.
  assert.doesNotMatch(await two.locator("#issues").innerText(), /Sound is missing/);
  await slide(one, "drop", "40");
  await two.waitForFunction(() => document.querySelector("#issues")!.textContent!.includes("Sound is missing"));
  await slide(one, "drop", "0");
  for (const page of [one, two]) await page.evaluate(() => document.querySelector<HTMLButtonElement>("#leave")!.click());
  const conference = await sidetone.finalised("harmed");
  const rules = conference.peer_connections.flatMap(({ issues }) => issues.map(({ rule }) => rule));
  assert.ok(rules.includes("audible_concealment"), rules.join(", "));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("each switch brings its own issue, to the page and to the dashboard", async () => {
  const context = await profile(browser);
  const [one, two] = [await tab(context, "switches", []), await tab(context, "switches", [])];
  for (const page of [one, two]) await page.waitForFunction(() => document.querySelector<HTMLElement>("#verdict")!.dataset["grade"] === "good");
  const open = (page: Page) => page.locator('#issues li:not(.none):not([data-severity="over"])').allInnerTexts();
  const raises = (page: Page, words: RegExp) => until(`the page says ${words}`, async () => (await open(page)).some((text) => words.test(text)));
  await slide(one, "cap", "0");
  await raises(one, /The network is too slow for a better picture\s+\w+, sent video/);
  await slide(one, "cap", "5");
  await two.locator("#unplug").check();
  assert.equal(await two.locator("#unplug").isDisabled(), true, "a track that was stopped does not come back");
  await raises(one, /The picture stands still\s+\w+, received video/);
  // With nothing left to spare either sound or picture comes late or not at all; which first is up to the machine.
  let before = await open(two);
  await two.locator("#busy").check();
  await until("the load is felt", async () => {
    const now = await open(two);
    // What was over meanwhile and comes again is new too: a machine that is busy elsewhere had it before.
    before = before.filter((text) => now.includes(text));
    return now.some((text) => !before.includes(text) && /unevenly|missing|stutters|stands still|lags|apart|long to arrive|busy/.test(text));
  });
  await two.locator("#busy").uncheck();
  const users = await Promise.all([one, two].map((page) => page.locator("#me").innerText()));
  for (const page of [one, two]) await page.evaluate(() => document.querySelector<HTMLButtonElement>("#leave")!.click());
  const { key } = await sidetone.finalised("switches");
  await visit({ url: sidetone.url, browser }, {}, async (page) => {
    await logIn(page, "ada", userOf(sidetone, "ada"));
    await page.goto(`/conferences/${key}`);
    await page.locator(".findings").first().waitFor();
    // Some are below the others, where there are many.
    for (const more of await page.locator(".more-findings summary").all()) await more.click();
    const found = (words: string) => page.locator(".findings li").filter({ hasText: `${users[0]} ${words}` });
    for (const words of ["had a network too slow for better video", "saw video that stood still"]) await found(words).first().waitFor();
  });
  await context.close();
});

test("a muted microphone is no fault", async () => {
  const context = await profile(browser);
  const [one, two] = [await tab(context, "muted", []), await tab(context, "muted", [])];
  await two.waitForFunction(() => document.querySelector<HTMLElement>("#verdict")!.dataset["grade"] === "good");
  await one.locator("#mute").check();
  await sleep(15_000);
  // The other tab cannot know why it hears nothing; the server, which knows both ends, does.
  const issues = await one.locator("#issues li:not(.none)").allInnerTexts();
  assert.deepEqual(issues.filter((text) => /microphone/i.test(text)), []);
  for (const page of [one, two]) await page.evaluate(() => document.querySelector<HTMLButtonElement>("#leave")!.click());
  const conference = await sidetone.finalised("muted");
  const rules = conference.peer_connections.flatMap(({ issues }) => issues.map(({ rule }) => rule));
  assert.deepEqual(rules.filter((rule) => /microphone|inbound_audio/.test(rule)), []);
  await context.close();
});

test("the page is accessible, in light and dark, wide and narrow, and says what is wrong", async () => {
  for (const view of VIEWS) {
    const { width, colorScheme } = view;
    const context = await profile(browser, { viewport: { width, height: 840 }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${sidetone.url}/demo/`);
    await page.click("#join");
    assert.match(await page.locator("#trouble").innerText(), /no secret/);
    await look(page, "call-start", view);
    await look(await tab(context, `axe-${width}-${colorScheme}`, []), "call", view);
    await context.close();
  }
});

test("a person without a camera is told what to do", async () => {
  const context = await profile(browser);
  const page = await context.newPage();
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
  });
  await page.goto(`${sidetone.url}/demo/#secret=${sidetone.intakeSecret}&room=none`);
  await page.click("#join");
  await until("the page says why", async () => (await page.locator("#trouble").innerText()).includes("no camera"));
  await page.check("#made-up");
  await page.click("#join");
  await page.waitForSelector("#panel:not([hidden])");
  await context.close();
});
