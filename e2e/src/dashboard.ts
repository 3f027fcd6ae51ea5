/** The dashboard as a person opens it: a browser of their own, and nothing amiss in its console. */

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { profile } from "./browsers.ts";
import type { View } from "./look.ts";
import { run, type Sidetone } from "./sidetone.ts";
import type { Place } from "./site.ts";

export interface Visit extends Partial<View> {
  /** A complaint that the test means to cause. */
  readonly expected?: RegExp;
  /** Where the reader is. */
  readonly timezoneId?: string;
}

/** Opens a page in a profile of its own, and asserts at the end that nobody complained. */
export async function visit({ url, browser }: Place<Browser>, { width = 1280, colorScheme = "light", expected, timezoneId }: Visit, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await profile(browser, { viewport: { width, height: width > 600 ? 900 : 844 }, colorScheme, baseURL: url, ...(timezoneId && { timezoneId }) });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  try {
    await use(page);
    assert.deepEqual(complaints.filter((complaint) => !expected?.test(complaint)), []);
  } finally {
    await context.close();
  }
}

/** A local user, made on the command line; gives the password. */
export function userOf(sidetone: Sidetone, name: string, role = "admin"): string {
  return /password {2}(\S+)/.exec(run("user", "create", name, "--role", role, "--generate", "--data", sidetone.data))![1]!;
}

/** Goes by the login to the conferences. */
export async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Conferences" }).waitFor();
}
