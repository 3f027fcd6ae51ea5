/** The demo's phones as a person uses them: two tabs of `sidetone demo`, from the login to the conference with its ladder. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { profile } from "../src/browsers.ts";
import { Demo, demoTab } from "../src/demo.ts";
import { look, type View, VIEWS } from "../src/look.ts";
import { setUp } from "../src/setup.ts";
import { wireTo } from "../src/sip.ts";
import { launchSpeaking } from "../src/voice.ts";
import { until } from "../src/wait.ts";

let demo: Demo;
let browser: Browser;

setUp(async (start) => {
  demo = await start("the demo", Demo.start());
  browser = await start("Chromium", launchSpeaking());
});

// A test that fails leaves no phones behind that ring in the next.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

/** A browser of its own. */
async function person({ width, colorScheme }: View = VIEWS[0]!): Promise<BrowserContext> {
  return profile(browser, { viewport: { width, height: 860 }, colorScheme });
}

/** A tab that takes the user that is offered first: the next that no other tab has. */
async function logIn(context: BrowserContext, url: string, complaints: string[]): Promise<Page> {
  const page = await demoTab(context, url, complaints);
  await page.click("#users .primary");
  await page.waitForSelector("#phone:not([hidden])");
  return page;
}

const text = (page: Page, selector: string) => page.locator(selector).innerText();
const hears = (page: Page, selector: string, words: RegExp) => until(`${selector} says ${words}`, async () => words.test(await text(page, selector)));

async function lose(page: Page, percent: string): Promise<void> {
  await page.locator("#drop").evaluate((input, value) => {
    (input as HTMLInputElement).value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, percent);
}

for (const view of VIEWS) {
  test(`two tabs call each other, at ${view.width} px, ${view.colorScheme}`, async () => {
    const complaints: string[] = [];
    const context = await person(view);
    const first = await demoTab(context, demo.phone, complaints);
    await first.waitForSelector("#users .primary");
    await look(first, "phone-login", view);
    await first.close();
    const [ada, bob] = [await logIn(context, demo.phone, complaints), await logIn(context, demo.phone, complaints)];
    assert.deepEqual([await text(ada, "#my-name"), await text(bob, "#my-name")], ["Ada", "Bob"]);
    await ada.bringToFront();
    await look(ada, "phone-dial", view);

    await ada.getByRole("button", { name: "Call Bob" }).click();
    await hears(bob, ".banner", /Ada\s+is calling/);
    await hears(ada, "#state", /ringing/);
    await look(bob, "phone-ringing", view);
    await bob.bringToFront();
    await bob.getByRole("button", { name: "Answer" }).click();
    for (const page of [ada, bob]) await page.waitForSelector("#timer:not([hidden])");
    // Judged by the call itself.
    for (const page of [ada, bob]) await page.waitForFunction(() => document.querySelector<HTMLElement>("#quality")!.dataset["grade"] !== "none");
    await ada.bringToFront();
    await look(ada, "phone-call", view);

    await ada.locator("body").press("4");
    await ada.click("#keypad");
    await ada.locator("#keys").getByRole("button", { name: "hash" }).click();
    await hears(ada, "#sent-keys", /^4#$/);
    await look(ada, "phone-keys", view);
    await ada.click("#keypad");
    await ada.click("#mute");
    await hears(ada, "#state", /you are muted/);
    await ada.click("#mute");
    await ada.click("#hold");
    await hears(ada, "#state", /on hold/);
    await hears(bob, "#state", /Ada put you on hold/);
    await ada.click("#hold");
    await hears(bob, "#state", /^connected/);

    await lose(bob, "60");
    await hears(ada, "#noticed", /since/);
    await until("the indicator gives a reason that was noticed", async () => {
      const reason = await text(ada, "#quality-reason");
      return reason !== "" && (await text(ada, "#noticed")).includes(reason);
    });
    await look(ada, "phone-harmed", view);

    await ada.click("#hang-up");
    await hears(ada, "#over-words", /You hung up after \d:\d\d/);
    await hears(bob, "#over-words", /Ada hung up/);
    for (const page of [ada, bob]) assert.equal(await page.locator("#noticed [data-state=open]").count(), 0, "nothing is wrong with a call that is over");
    await ada.locator(".stars").getByRole("radio", { name: "Fair" }).check({ force: true });
    await ada.click("#send-feedback");
    await hears(ada, "#feedback-said", /at least one/);
    await ada.locator(".issues").getByRole("checkbox", { name: "Words were missing" }).check({ force: true });
    await look(ada, "phone-feedback", view);
    await ada.click("#send-feedback");
    await hears(ada, "#feedback-said", /Thank you/);

    const [dashboard] = await Promise.all([context.waitForEvent("page"), ada.click("#conference")]);
    await dashboard.waitForSelector("input[name=name]");
    await demo.logIn(dashboard);
    await dashboard.waitForSelector(".ladder");
    // Judged it is loaded anew.
    await dashboard.waitForSelector("[data-unjudged]", { state: "detached" });
    assert.match(await text(dashboard, ".outcome"), /200 OK[\s\S]*Post-dial delay[\s\S]*ada hung up/);
    const rungs = (await dashboard.locator(".ladder .unseen li").allTextContents()).join("\n");
    for (const rung of ["ada to Sidetone: INVITE", "Sidetone to bob: INVITE", "bob to Sidetone: 180 Ringing", "Sidetone to ada: 200 OK", "ada to Sidetone: re-INVITE sendonly", "ada to Sidetone: BYE"]) {
      assert.ok(rungs.includes(rung), `${rung} is among ${rungs}`);
    }
    await look(dashboard, "phone-conference", view);
    assert.deepEqual(complaints, []);
  });
}

test("several calls ring at once, one is ignored, one refused, and a caller who gives up is shown so", async () => {
  const complaints: string[] = [];
  const context = await person();
  const [ada, bob, carol] = [await logIn(context, demo.phone, complaints), await logIn(context, demo.phone, complaints), await logIn(context, demo.phone, complaints)];
  await ada.getByRole("button", { name: "Call Carol" }).click();
  await hears(carol, "#banners", /Ada/);
  await bob.fill("#number", "carol");
  await bob.press("#number", "Enter");
  await hears(carol, "#banners", /Bob/);
  await until("both are shown", async () => (await carol.locator(".banner").count()) === 2);
  await carol.locator(".banner", { hasText: "Bob" }).getByRole("button", { name: "Reject" }).click();
  await hears(bob, "#over-words", /Carol is busy/);
  await carol.locator(".banner", { hasText: "Ada" }).getByRole("button", { name: "Ignore" }).click();
  await until("nobody rings any more", async () => (await carol.locator(".banner").count()) === 0);
  assert.match(await text(ada, "#state"), /ringing/);
  await ada.keyboard.press("Escape");
  await hears(ada, "#over-words", /You gave up/);
  assert.deepEqual(complaints, []);
});

test("a call is handed over", async () => {
  const context = await person();
  const [ada, bob, carol] = [await logIn(context, demo.phone, []), await logIn(context, demo.phone, []), await logIn(context, demo.phone, [])];
  await ada.getByRole("button", { name: "Call Bob" }).click();
  await bob.getByRole("button", { name: "Answer" }).click();
  await hears(bob, "#state", /^connected/);
  await bob.click("#transfer");
  await bob.fill("#target", "carol");
  await bob.press("#target", "Enter");
  await carol.getByRole("button", { name: "Answer" }).click();
  await hears(carol, "#state", /^connected/);
  await hears(bob, "#over-title", /ended/);
});

test("in a call: less noise, another microphone, and a socket that is lost and comes back", async () => {
  const complaints: string[] = [];
  const context = await person();
  await context.addInitScript(() => {
    const capture = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const captured: MediaStreamTrack[] = [];
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await capture(constraints);
      captured.push(...stream.getAudioTracks());
      return stream;
    };
    Object.assign(globalThis, { captured });
  });
  const { origin, port } = new URL(demo.phone);
  const wire = await wireTo(Number(port), "");
  const url = demo.phone.replace(origin, wire.url.replace("ws", "http"));
  const [ada, bob] = [await logIn(context, url, complaints), await logIn(context, url, complaints)];
  await ada.getByRole("button", { name: "Call Bob" }).click();
  await bob.getByRole("button", { name: "Answer" }).click();
  for (const page of [ada, bob]) await page.waitForSelector("#timer:not([hidden])");

  const pressed = (expected: string) => until(`less noise is ${expected}`, async () => (await ada.getAttribute("#noise", "aria-pressed")) === expected);
  await ada.click("#noise");
  await pressed("true");
  await ada.click("#noise");
  await pressed("false");

  const microphones = await ada.locator("#microphone option").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  const other = microphones.at(-1)!;
  await ada.selectOption("#microphone", other, { force: true });
  await until("the other microphone is heard, and the first no more", () =>
    ada.evaluate((other) => {
      const live = (globalThis as unknown as { captured: MediaStreamTrack[] }).captured.filter(({ readyState }) => readyState === "live");
      return live.length > 0 && live.every((track) => track.getSettings().deviceId === other);
    }, other),
  );

  assert.deepEqual(complaints, []);
  wire.cut();
  for (const page of [ada, bob]) await hears(page, "#connection", /server is lost/);
  wire.restore();
  for (const page of [ada, bob]) await hears(page, "#connection", /ready for calls/);
  for (const page of [ada, bob]) await hears(page, "#state", /^connected/);
  await bob.click("#hang-up");
  await hears(ada, "#over-words", /Bob hung up/);
  await context.close();
  await wire.close();
});

test("what goes wrong is said with what to do", async () => {
  const context = await person();
  const page = await demoTab(context, demo.phone, []);
  await page.click("#other summary");
  await page.fill("input[name=user]", "ada");
  await page.fill("input[name=password]", "not the password");
  await page.click("#login-form button");
  await hears(page, "#trouble", /password is wrong.*sidetone demo/);
  await page.goto("about:blank");
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
  });
  await page.goto(demo.phone);
  await page.click("#users .primary");
  await hears(page, "#trouble", /no microphone.*Plug one in/i);
  await page.fill("#number", "nobody");
  await page.click("#call");
  await hears(page, "#over-words", /\w/);
});

test("the page on the Voximplant face calls, holds, mutes and tells what its SDK tells", async () => {
  for (const view of [VIEWS[0]!, VIEWS[3]!]) {
    const complaints: string[] = [];
    const context = await person(view);
    const url = demo.page("voximplant/");
    const [ada, bob] = [await logIn(context, url, complaints), await logIn(context, url, complaints)];
    await ada.fill("#number", "bob");
    await ada.press("#number", "Enter");
    await hears(bob, "#other-name", /Ada/);
    for (const page of [ada, bob]) assert.equal(await page.locator("#dialler").isVisible(), false, "there is one call at a time");
    await bob.click("#answer");
    for (const page of [ada, bob]) await page.waitForSelector("#timer:not([hidden])");
    await hears(ada, "#stats", /MOS[\s\S]*Round trip[\s\S]*\d ms[\s\S]*opus/i);
    await ada.bringToFront();
    await look(ada, "voximplant-call", view);
    await ada.click("#mute");
    assert.equal(await ada.locator("#mute").getAttribute("aria-pressed"), "true");
    await ada.click("#hold");
    await hears(ada, "#state", /on hold/);
    await ada.click("#hold");
    await hears(ada, "#state", /connected/);
    await bob.click("#hang-up");
    for (const page of [ada, bob]) await hears(page, "#state", /Call ended/);
    assert.equal(await ada.locator("#dialler").isVisible(), true);
    assert.match((await ada.locator("#conference").getAttribute("href"))!, /^\/conferences\?id=.+/);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test("twelve lines are a phone, and the source that is shown is the one that runs and the one in the handbook", async () => {
  for (const view of [VIEWS[0]!, VIEWS[3]!]) {
    const complaints: string[] = [];
    const context = await person(view);
    const page = await demoTab(context, demo.page("twelve-lines/"), complaints);
    await until("both frames are there", async () => page.frames().length === 3);
    const [, ada, bob] = page.frames();
    const shows = (frame: typeof ada, words: RegExp) => until(`the frame shows ${words}`, async () => words.test(await frame!.locator("#state").innerText()));
    await shows(ada, /ada is ready/);
    await shows(bob, /bob is ready/);
    await until("each has the other to call", async () => (await ada!.inputValue("#who")) === "bob" && (await bob!.inputValue("#who")) === "ada");
    await ada!.click("#go");
    await shows(bob, /ada calls/);
    await bob!.click("#go");
    await shows(ada, /bob: connected/);
    await look(page, "twelve-lines", view);
    await ada!.click("#end");
    await shows(bob, /ada: ended/);
    const shown = await page.locator("#source").innerText();
    const served = await page.evaluate(async () => (await fetch("phone.html")).text());
    assert.equal(shown.trim(), served.trim());
    assert.equal(/<script>\n([\s\S]*?)<\/script>/.exec(served)![1]!.trim().split("\n").length, 12);
    const handbook = readFileSync(fileURLToPath(new URL("../../docs/phone.md", import.meta.url)), "utf8");
    assert.ok(handbook.includes(`\`\`\`html\n${served.trim()}\n\`\`\``), "docs/phone.md shows another source");
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
