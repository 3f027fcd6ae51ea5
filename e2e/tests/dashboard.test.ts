/** Every page of the dashboard: opened, used, looked at by axe, at 1280 and 390 px, light and dark, without a word in the console. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { logIn as logInAs, userOf, type Visit, visit as visitTo } from "../src/dashboard.ts";
import { look, shoot, VIEWS } from "../src/look.ts";
import { send, TRACES } from "../src/recorded.ts";
import { setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

let sidetone: Sidetone;
let browser: Browser;
let password: string;
let conference: string;
let connection: string;

setUp(async (start) => {
  // Longer than the tests take: a call that is to run must not end by silence.
  sidetone = await start("Sidetone", Sidetone.start({ settings: ["presence.participant_timeout=30m"] }));
  password = userOf(sidetone, "ada");
  await Promise.all([
    send(sidetone, "support-4711", "ada", "av-pc0.jsonl", 120_000, true),
    send(sidetone, "support-4711", "bob", "av-pc1.jsonl", 120_000, true),
    send(sidetone, "weekly", "ada", "lite/av-pc0.jsonl", 0, false),
    send(sidetone, "weekly", "chen", "lite/av-pc1.jsonl", 0, false),
  ]);
  const detail = await sidetone.finalised("support-4711");
  conference = `/conferences/${detail.key}`;
  connection = detail.peer_connections[0]!.key;
  browser = await start("Chromium", launchChromium());
});

const visit = (options: Visit, use: (page: Page) => Promise<void>) => visitTo({ url: sidetone.url, browser }, options, use);

const logIn = (page: Page) => logInAs(page, "ada", password);

for (const view of VIEWS) {
  test(`each page at ${view.width} px, ${view.colorScheme}`, () =>
    visit(view, async (page) => {
      const opens = async (name: string, path: string, ready?: string): Promise<void> => {
        await page.goto(path);
        if (ready) await page.locator(ready).first().waitFor();
        await look(page, name, view);
      };
      await opens("login", "/login");
      await logIn(page);
      await opens("conferences", "/", "a.row-link");
      await opens("conferences-none", "/?q=nothing+is+called+this", ".empty");
      await opens("conference", conference, ".chart canvas");
      await opens("raw", `${conference}/raw/${connection}`, ".object");
      await opens("live", "/live", ".live-rows a");
      await opens("user", "/users/ada", ".score-dots");
      await opens("import", "/import");
      await opens("apps", "/apps");
      await opens("team", "/team");
      await opens("names", "/team/names", "table.rows");
      await page.goto("/docs/api");
      await page.locator(".opblock").first().waitFor();
      await shoot(page, "api", view);
    }));
}

test("nobody gets past the login without the password, and back to where they wanted with it", () =>
  visit({}, async (page) => {
    await page.goto(`${conference}?kind=left`);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "support-4711" }).waitFor();
    assert.equal(new URL(page.url()).search, "?kind=left");
    await page.getByLabel("ada, account menu").click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.goto(conference);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  }));

test("the list is searched, and the address says for what", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.getByRole("combobox", { name: "Quality" }).selectOption("bad");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "support-4711" }).waitFor();
    assert.equal(await page.locator("a.row-link").count(), 1);
    assert.equal(new URL(page.url()).search, "?quality=bad");
    await page.getByRole("searchbox", { name: "User id" }).fill("chen");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No conference fits" }).waitFor();
    await page.getByRole("link", { name: "Show all conferences" }).click();
    await page.getByRole("link", { name: "weekly" }).waitFor();
  }));

test("charts of both ends share a cursor and zoom", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(conference);
    await page.locator("[data-charts][data-painted]").first().waitFor();
    const values = (): Promise<string[]> => page.locator(".chart-key b").allTextContents();
    const means = await values();
    const chart = page.locator(".chart .u-over").first();
    await chart.scrollIntoViewIfNeeded();
    const box = (await chart.boundingBox())!;
    const under = await until("the cursor tells values", async () => {
      await page.mouse.move(box.x + box.width * (0.55 + Math.random() / 100), box.y + box.height / 2);
      const now = await values();
      return now.join() === means.join() ? undefined : now;
    });
    const half = means.length / 2;
    assert.ok(under.slice(half).some((value, index) => value !== means[half + index]), "also at the other end");
    const asked = page.waitForRequest((request) => request.url().includes("from_ms="));
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await asked;
    const figures = await page.locator(".chart").count();
    assert.ok(figures >= 14, `${figures} charts`);
  }));

test("the keyboard moves the cursor of the charts, looks closer and goes back; the address says how close", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(conference);
    await page.locator("[data-charts][data-painted]").first().waitFor();
    const values = (): Promise<string[]> => page.locator(".chart-key b").allTextContents();
    const means = await values();
    const cursor = page.getByRole("slider", { name: /^Cursor of Round trip/ }).first();
    await cursor.focus();
    await page.keyboard.press("End");
    const last = Number(await cursor.getAttribute("aria-valuenow"));
    for (const key of ["PageDown", "ArrowLeft"]) await page.keyboard.press(key);
    assert.ok(Number(await cursor.getAttribute("aria-valuenow")) < last);
    assert.match((await cursor.getAttribute("aria-valuetext"))!, /^\d\d:\d\d:\d\d: connection [\d–]/);
    assert.notDeepEqual(await values(), means, "the values are those under the cursor");
    assert.doesNotMatch((await page.getByRole("slider").last().getAttribute("aria-valuetext"))!, /no moment/, "also at the other end");
    const length = async (): Promise<number> => Number(await cursor.getAttribute("aria-valuemax"));
    const whole = await length();
    await page.keyboard.press("+");
    await until("half of it is shown", async () => (await length()) < whole * 0.6);
    const { searchParams } = new URL(page.url());
    assert.ok(Number(searchParams.get("until_ms")) - Number(searchParams.get("from_ms")) < whole * 600);
    assert.equal(await page.locator('form[data-part-link] input[name="from_ms"]').inputValue(), searchParams.get("from_ms"));
    await page.reload();
    await page.locator("[data-charts][data-painted]").first().waitFor();
    assert.ok((await length()) < whole * 0.6, "the address leads back to it");
    await cursor.focus();
    await page.keyboard.press("Escape");
    await until("all of it is shown", async () => (await length()) === whole);
    assert.equal(new URL(page.url()).search, "");
  }));

test("an issue is shaded while it lasts in the chart of what was judged, and striped above the others", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(conference);
    const charts = page.locator("[data-charts][data-painted]");
    await charts.waitFor();
    // Of the chart's picture what is opaque at all, from its upper edge on.
    const { painted, width, ends, from, until: last } = await charts.evaluate((root) => {
      const chart = [...root.querySelectorAll(".chart")].find((chart) => chart.querySelector(".chart-title")!.textContent === "Jitter")!;
      const [canvas, over] = [chart.querySelector("canvas")!, chart.querySelector(".u-over")!.getBoundingClientRect()];
      const box = canvas.getBoundingClientRect();
      const { data, width } = canvas.getContext("2d")!.getImageData(over.left - box.left, over.top - box.top, over.width, 13);
      const { charts, fromMs, untilMs } = root.dataset;
      return { painted: [...data].filter((_, at) => at % 4 === 3).map((alpha) => alpha > 0), width, ends: charts!, from: Number(fromMs), until: Number(untilMs) };
    });
    const [{ issues }] = JSON.parse(ends) as [{ issues: { onset_ms: number; cleared_ms: number | null; evidence: { metric: string } }[] }];
    const judged = issues.filter(({ evidence }) => evidence.metric === "jitter_ms");
    const pixelMs = (last - from) / width;
    const lasts = (ms: number, of: typeof issues) => of.some(({ onset_ms, cleared_ms }) => ms >= onset_ms && ms <= (cleared_ms ?? last));
    // Away from where an issue begins or ends: that is between two pixels.
    const columns = Array.from({ length: width }, (_, x) => ({ x, ms: from + (x + 0.5) * pixelMs })).filter(
      ({ ms }) => !issues.some(({ onset_ms, cleared_ms }) => [onset_ms, cleared_ms ?? last].some((edge) => Math.abs(edge - ms) < 3 * pixelMs)),
    );
    const wanted = columns.map(({ ms }) => [lasts(ms, issues), lasts(ms, judged)]);
    // No line, neither of values nor of the grid, passes all heights below the strip.
    const drawn = columns.map(({ x }) => [painted[width + x], [6, 9, 12].every((y) => painted[y * width + x])]);
    assert.deepEqual(drawn, wanted);
    for (const which of [0, 1]) assert.ok(wanted.some((held) => held[which]), "there are such issues");
  }));

test("the numbers of a chart are those of the query API", () =>
  visit({}, async (page) => {
    await logIn(page);
    const series = `series?slots_max=1&metrics=rtt_ms`;
    const shown = (await (await page.request.get(`${conference}/series/${connection}?slots_max=1&metrics=rtt_ms`)).json()) as unknown;
    assert.deepEqual(shown, await sidetone.get(`/v1/peer-connections/${connection}/${series}`));
  }));

test("the minutes that counted are shaded on the timeline, and the keyboard reaches them with their reason", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(conference);
    const shade = page.locator(".timeline-moments a").first();
    const box = (await shade.locator("rect").boundingBox())!;
    assert.ok(box.width > 1 && box.height > 20, JSON.stringify(box));
    assert.match((await shade.getAttribute("aria-label"))!, /^A minute that counted: .+ was at \d\.\d for .+, and without it at \d\.\d\. .+\.$/);
    await shade.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/at_ms=\d+/);
  }));

test("a call that runs appears and moves while one looks", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto("/live");
    await page.getByRole("link", { name: "weekly" }).waitFor();
    const tells = (from: number, until: number, agoMs: number) => send(sidetone, "just-now", "dora", "audio-pc0.jsonl", agoMs, false, [from, until]);
    await tells(0, 10, 12_000);
    const streams: string[] = [];
    page.on("request", (request) => new URL(request.url()).pathname.match(/^\/conferences\/.*\/live$/) && streams.push(request.url()));
    await page.getByRole("link", { name: "just-now" }).click();
    await page.getByRole("heading", { name: "This call is running" }).waitFor();
    await page.locator("[data-charts][data-painted]").waitFor();
    const drawn = () => page.locator(".chart canvas").evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));
    const before = await drawn();
    assert.ok(before.length >= 3, `${before.length} charts`);
    const cursor = page.getByRole("slider").first();
    await cursor.focus();
    for (const key of ["Home", "ArrowRight"]) await page.keyboard.press(key);
    const moment = await cursor.getAttribute("aria-valuetext");
    await tells(10, 20, 0);
    await until("each chart has grown", async () => {
      const now = await drawn();
      return now.length >= before.length && before.every((image, index) => image !== now[index]);
    });
    assert.equal(await cursor.getAttribute("aria-valuetext"), moment, "the cursor stays where it was");
    await send(sidetone, "just-now", "emil", "audio-pc1.jsonl", 0, false, [0, 10]);
    await page.locator("#participants").getByText("emil of the test").waitFor();
    await page.locator("#timeline").getByText("emil of the test").waitFor();
    assert.equal(streams.length, 1, "one stream for all parts of the page");
    await send(sidetone, "just-now", "emil", "audio-pc1.jsonl", 0, true, [10, 20]);
    await send(sidetone, "just-now", "dora", "audio-pc0.jsonl", 0, true, [20, 30]);
    await page.locator(".verdict-score:not(.none)").waitFor();
    assert.equal(await page.getByRole("heading", { name: "This call is running" }).count(), 0, "nobody loaded the page");
  }));

test("a raw object opens with its members over time, and the filter finds it", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto(`${conference}/raw/${connection}`);
    await page.getByRole("searchbox").fill("jitterBufferDelay");
    const shown = page.locator("details.object:visible");
    await until("only some are left", async () => (await shown.count()) === 2);
    assert.equal(new URL(page.url()).searchParams.get("q"), "jitterbufferdelay");
    await shown.first().locator("summary").click();
    const line = page.locator('tr[data-member="jitterBufferDelay"] .spark').first();
    await line.hover();
    assert.match((await page.locator(".spark-value").textContent())!, /^\d\d:\d\d:\d\d {2}\d/);
    await page.reload();
    await shown.first().locator("summary").click();
    assert.deepEqual(await shown.first().locator("tr[data-member]:visible").evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset["member"])), ["jitterBufferDelay"]);
  }));

test("a dump that is dropped on the page is imported", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.goto("/import");
    const dump = readFileSync(join(TRACES, "chrome-rtcstats-dump-av.gz")).toString("base64");
    const files = await page.evaluateHandle((dump) => {
      const held = new DataTransfer();
      held.items.add(new File([Uint8Array.from(atob(dump), (char) => char.charCodeAt(0))], "dropped.gz"));
      return held;
    }, dump);
    // Beside the frame that asks for it, too: there the browser would leave the page for the file.
    const place = page.getByRole("heading", { name: "Import" });
    await place.dispatchEvent("dragenter", { dataTransfer: files });
    await page.locator("form.drop.over").waitFor();
    await place.dispatchEvent("dragover", { dataTransfer: files });
    await place.dispatchEvent("drop", { dataTransfer: files });
    await page.locator(".results .done").waitFor();
    assert.equal(await page.locator("form.drop.over").count(), 0);
    assert.equal(new URL(page.url()).pathname, "/import", "the browser did not open the file");
    await page.locator(".results").getByRole("link").click();
    await page.locator("[data-charts][data-painted]").waitFor();
  }));

test("a dump is imported by its file, and refused with its first fault", () =>
  visit({ expected: /422/ }, async (page) => {
    await logIn(page);
    await page.goto("/import");
    await page.locator('input[type="file"]').setInputFiles([
      { name: "webrtc-internals-av.json", mimeType: "application/json", buffer: readFileSync(join(TRACES, "webrtc-internals-av.json")) },
      { name: "broken.json", mimeType: "application/json", buffer: Buffer.from('{"PeerConnections": {') },
    ]);
    await page.locator(".results .done").waitFor();
    await page.locator(".results .failed").waitFor();
    assert.match((await page.locator(".results .failed").textContent())!, /line 1/);
    await page.getByRole("link", { name: "webrtc-internals-av" }).click();
    await page.getByText("A good call").waitFor();
  }));

test("the theme that was chosen stays", () =>
  visit({ colorScheme: "light" }, async (page) => {
    await logIn(page);
    await page.getByRole("button", { name: "Dark colours" }).click();
    await page.goto("/live");
    assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
    assert.equal(await page.getByRole("button", { name: "Dark colours" }).getAttribute("aria-pressed"), "true");
    // And in the page of the API, whose colours are another's; there it is changed for all.
    const api = await page.context().newPage();
    await api.goto("/docs/api");
    await api.locator(".opblock").first().waitFor();
    const ink = () => api.evaluate(() => getComputedStyle(document.querySelector(".swagger-ui .info .title")!).color);
    const dark = await ink();
    await api.getByRole("button", { name: "Dark colours" }).click();
    assert.notEqual(await ink(), dark);
    await page.waitForFunction(() => document.documentElement.dataset["theme"] === "light");
  }));

test("the keyboard leads through the list", () =>
  visit({}, async (page) => {
    await logIn(page);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
    await page.getByRole("link", { name: "support-4711" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "support-4711" }).waitFor();
  }));
