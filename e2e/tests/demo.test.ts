/** The demo's call page: two tabs call each other, harm shows in the page and in the API, and what is no fault raises nothing. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { Sidetone } from "../src/sidetone.ts";
import { sleep, until } from "../src/wait.ts";

let sidetone: Sidetone;
let browser: Browser;

before(async () => {
  sidetone = await Sidetone.start();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await sidetone?.stop();
});

/** A tab that joins by itself; tabs of one context are tabs of one browser. */
async function tab(context: BrowserContext, room: string, complaints: string[]): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(`${sidetone.url}/demo/#secret=${sidetone.intakeSecret}&room=${room}&join=made-up`);
  await page.waitForSelector("#panel:not([hidden])");
  return page;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { target: unknown }[] }[] }> } }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => String(target)).join(", ")}`);
  });
}

async function slide(page: Page, id: string, value: string): Promise<void> {
  await page.locator(`#${id}`).evaluate((input, value) => {
    (input as HTMLInputElement).value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}

test("two tabs call each other, and dropped frames show as issues in the page and in the API", async () => {
  const complaints: string[] = [];
  const context = await browser.newContext();
  const [one, two] = [await tab(context, "harmed", complaints), await tab(context, "harmed", complaints)];
  for (const page of [one, two]) {
    await page.waitForFunction(() => [...document.querySelectorAll("#others video")].some((video) => (video as HTMLVideoElement).videoWidth > 0));
    await page.waitForFunction(() => document.querySelector<HTMLElement>("#verdict")!.dataset["grade"] === "good", undefined, { timeout: 30_000 });
    assert.match(await page.locator("#tiles").innerText(), /kbit\/s|Mbit\/s/);
  }
  // A machine that is busy elsewhere may lag; nothing else is wrong yet.
  assert.doesNotMatch(await two.locator("#issues").innerText(), /Sound is missing/);
  await slide(one, "drop", "40");
  await two.waitForFunction(() => document.querySelector("#issues")!.textContent!.includes("Sound is missing"), undefined, { timeout: 30_000 });
  await slide(one, "drop", "0");
  for (const page of [one, two]) await page.evaluate(() => document.querySelector<HTMLButtonElement>("#leave")!.click());
  const conference = await sidetone.finalised("harmed");
  const rules = conference.peer_connections.flatMap(({ issues }) => issues.map(({ rule }) => rule));
  assert.ok(rules.includes("audible_concealment"), rules.join(", "));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a muted microphone is no fault", async () => {
  const context = await browser.newContext();
  const [one, two] = [await tab(context, "muted", []), await tab(context, "muted", [])];
  await two.waitForFunction(() => document.querySelector<HTMLElement>("#verdict")!.dataset["grade"] === "good", undefined, { timeout: 30_000 });
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
  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]] as const) {
    const context = await browser.newContext({ viewport: { width, height: 840 }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${sidetone.url}/demo/`);
    await page.click("#join");
    assert.match(await page.locator("#trouble").innerText(), /no secret/);
    assert.deepEqual(await violations(page), [], `the beginning, ${width} px, ${colorScheme}`);
    const calling = await tab(context, `axe-${width}-${colorScheme}`, []);
    assert.deepEqual(await violations(calling), [], `the call, ${width} px, ${colorScheme}`);
    const overflow = await calling.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px stick out at ${width} px`);
    await context.close();
  }
});

test("a person without a camera is told what to do", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
  });
  await page.goto(`${sidetone.url}/demo/#secret=${sidetone.intakeSecret}&room=none`);
  await page.click("#join");
  await until("the page says why", 5000, async () => (await page.locator("#trouble").innerText()).includes("no camera"));
  await page.check("#made-up");
  await page.click("#join");
  await page.waitForSelector("#panel:not([hidden])");
  await context.close();
});
