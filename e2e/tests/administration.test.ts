/** A server as its admin makes it their own: the first user, apps and their secrets, who else may log in; and pages that say why they are none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../src/browsers.ts";
import { logIn, visit } from "../src/dashboard.ts";
import { look, VIEWS } from "../src/look.ts";
import { setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

const PASSWORD = "a horse that nobody rode";

let sidetone: Sidetone;
let browser: Browser;

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start());
  browser = await start("Chromium", launchChromium());
});

const open = (use: (page: Page) => Promise<void>, expected?: RegExp) => visit({ url: sidetone.url, browser }, { ...(expected && { expected }) }, use);

/** Whether a secret may ask for conferences, or send (to a conference of nobody's). */
async function isTaken(path: string, secret: string): Promise<boolean> {
  const { status } = await fetch(`${sidetone.url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  assert.ok([200, 401].includes(status), `${path}: ${status}`);
  return status === 200;
}

/** The part of the page below that heading. */
const card = (page: Page, name: string) => page.locator("section.card").filter({ has: page.getByRole("heading", { name, exact: true }) });

test("the link that the server printed makes the first user, once", () =>
  open(async (page) => {
    const link = await until("the server has printed the link", async () => /http\S+\/setup\?token=\S+/.exec(sidetone.log)?.[0]);
    await page.goto("/setup?token=guessed");
    await page.getByRole("heading", { name: "That was refused" }).waitFor();
    await page.goto(link);
    for (const view of VIEWS) {
      await page.setViewportSize({ width: view.width, height: 860 });
      await page.emulateMedia({ colorScheme: view.colorScheme });
      await look(page, "setup", view);
    }
    await page.getByLabel("Name").fill("root");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create and log in" }).click();
    assert.equal(await page.getByLabel("Password").evaluate((input: HTMLInputElement) => input.validity.tooShort), true, "the browser says so itself");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create and log in" }).click();
    await page.getByRole("heading", { name: "No call has been measured yet" }).waitFor();
    await page.goto(link);
    await page.waitForURL((url) => url.pathname === "/login");
  }, /403/));

test("an app is made, bound to an origin, given another secret, and removed", () =>
  open(async (page) => {
    await logIn(page, "root", PASSWORD);
    await page.getByRole("link", { name: "Apps" }).click();
    await card(page, "New app").getByLabel("Name").fill("shop");
    await page.getByRole("button", { name: "Create" }).click();
    const secrets = () => card(page, "Secrets of shop").locator("code").allTextContents();
    const [intake = "", query = ""] = await secrets();
    assert.ok((await isTaken("/v1/app", intake)) && (await isTaken("/v1/conferences", query)));

    await page.goto("/apps");
    assert.equal(await card(page, "Secrets of shop").count(), 0, "shown once");
    const shop = card(page, "shop");
    await shop.getByLabel("Origins that may send").fill("https://shop.example");
    await shop.getByLabel("Days that conferences are kept").fill("7");
    await shop.getByRole("button", { name: "Save" }).click();
    await page.waitForURL((url) => url.pathname === "/apps");
    assert.deepEqual([await shop.getByLabel("Origins that may send").inputValue(), await shop.getByLabel("Days that conferences are kept").inputValue()], ["https://shop.example", "7"]);
    const preflight = async (origin: string) => (await fetch(`${sidetone.url}/v1/app`, { headers: { authorization: `Bearer ${intake}`, origin } })).status;
    assert.deepEqual([await preflight("https://shop.example"), await preflight("https://elsewhere.example")], [200, 403]);

    await shop.getByText("Rotate secrets").click();
    await shop.getByLabel("Which").selectOption("query");
    await shop.getByLabel("Go on to accept the old ones").uncheck();
    await shop.getByRole("button", { name: "Make new" }).click();
    const [rotated = ""] = await secrets();
    assert.deepEqual([await isTaken("/v1/conferences", rotated), await isTaken("/v1/conferences", query)], [true, false]);

    await shop.getByText("Remove", { exact: true }).click();
    const name = shop.getByLabel("Its name again");
    await name.fill("shed");
    await shop.getByRole("button", { name: "Remove for good" }).click();
    await page.getByText('The app is called "shop"').waitFor();
    await page.goto("/apps");
    await shop.getByText("Remove", { exact: true }).click();
    await name.fill("shop");
    await shop.getByRole("button", { name: "Remove for good" }).click();
    await until("it is gone", async () => (await shop.count()) === 0 && (await card(page, "e2e").count()) === 1);
    assert.equal(await isTaken("/v1/conferences", rotated), false);
  }, /422/));

test("a colleague is let in, made an engineer, and let in no more", () =>
  open(async (page) => {
    await logIn(page, "root", PASSWORD);
    await page.getByRole("link", { name: "Team" }).click();
    const form = card(page, "Let somebody in");
    await form.getByLabel("Name").fill("grace");
    await form.getByLabel("Role").selectOption("support");
    await form.getByLabel("Password").fill(PASSWORD);
    await form.getByRole("button", { name: "Add" }).click();
    const grace = page.locator(".team li").filter({ hasText: "grace" });
    await grace.getByText("support · since").waitFor();
    await open(async (other) => {
      await logIn(other, "grace", PASSWORD);
      assert.equal(await other.getByRole("link", { name: "Team" }).count(), 0);
      await other.goto("/team");
      await other.getByText("you are support").waitFor();
      await other.goto("/");
      await other.getByRole("link", { name: "Live" }).waitFor();

      await grace.getByText("Change").click();
      await grace.getByLabel("Role").selectOption("engineer");
      await grace.getByRole("button", { name: "Save" }).click();
      await grace.getByText("engineer · since").waitFor();
      await logIn(other, "grace", PASSWORD);
      await other.goto("/team");
      await other.getByText("you are engineer").waitFor();

      await grace.getByText("Change").click();
      await grace.getByRole("button", { name: "Remove" }).click();
      await grace.waitFor({ state: "detached" });
      await other.goto("/");
      await other.getByRole("heading", { name: "Log in" }).waitFor();
    }, /403/);
  }));

test("what is not there, not allowed or not understood says what to do next", () =>
  open(async (page) => {
    const said = async (path: string, title: string, detail: RegExp): Promise<void> => {
      const answer = await page.goto(path);
      await page.getByRole("heading", { name: title }).waitFor();
      assert.match(await page.locator(".notice-detail").innerText(), detail);
      assert.equal(Number(await page.locator(".notice-status").innerText()), answer!.status());
    };
    await said("/nothing/here", "There is nothing here", /^No page has the address \/nothing\/here\.$/);
    for (const view of VIEWS) {
      await page.setViewportSize({ width: view.width, height: 860 });
      await page.emulateMedia({ colorScheme: view.colorScheme });
      await look(page, "error", view);
    }
    await logIn(page, "root", PASSWORD);
    await said("/conferences/01ARZ3NDEKTSV4RRFFQ69G5FAV", "There is nothing here", /no conference at this address/);
    await said("/?from=someday", "That does not fit", /^From: /);
    await page.getByRole("link", { name: "To the conferences", exact: true }).click();
    await page.getByRole("heading", { name: "Conferences" }).waitFor();
    // A form of a page that another log-in has made old.
    await page.goto("/team");
    await page.locator('section.card form input[name="form_token"]').last().evaluate((input: HTMLInputElement) => (input.value = "old"));
    const form = card(page, "Let somebody in");
    await form.getByLabel("Name").fill("mallory");
    await form.getByLabel("Password").fill(PASSWORD);
    await form.getByRole("button", { name: "Add" }).click();
    await page.getByText("load the page again and repeat what you did").waitFor();
  }, /40[034]/));
