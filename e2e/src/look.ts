/** How a page looks and reads: a screenshot for people, axe for everybody else. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where the screenshots go, for whoever wants to look. */
const SHOTS = process.env["SIDETONE_SCREENSHOTS"] ?? join(tmpdir(), "sidetone-screenshots");

export interface View {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

export const VIEWS: readonly View[] = [1280, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

/** Takes a picture of the page, and asserts that it is accessible and not too wide. */
export async function look(page: Page, name: string, view: View): Promise<void> {
  const at = await shoot(page, name, view);
  // By the debugger's way: the dashboard's Content-Security-Policy lets no page evaluate a text.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const expression = "axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])))";
  const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true });
  assert.deepEqual(JSON.parse(String(result.value)), [], at);
}

/** The same of a page whose markup is not ours: only its picture and its width. Gives the name of the picture. */
export async function shoot(page: Page, name: string, { width, colorScheme }: View): Promise<string> {
  const at = `${name}-${width}-${colorScheme}`;
  mkdirSync(SHOTS, { recursive: true });
  // In the middle of a change of colour nothing has the contrast that it is to have.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((animation) => animation instanceof CSSTransition).map(({ finished }) => finished.catch(() => undefined))));
  await page.screenshot({ path: join(SHOTS, `${at}.png`), fullPage: true });
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(excess <= 0, `${at} is ${excess} px too wide`);
  return at;
}
