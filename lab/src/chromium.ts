/** How Chromium is started. */

import { writeFileSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** A browser of its own, with further arguments. */
export async function launch(more: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", headless: true, args: [...FLAGS, ...more] });
  await prefer(browser);
  return browser;
}

/**
 * Linux gives each session a share of its own (autogroup), and a browser is a session: a build at nice 19 then gets as much as a call. Where
 * we may, we say that calls come first.
 */
async function prefer(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  try {
    for (const { id } of processInfo.filter(({ type }) => type === "browser")) writeFileSync(`/proc/${id}/autogroup`, "-10");
  } catch {
    // No Linux, no autogroups, or not our right: the clocks tell what it costs.
  }
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-background-timer-throttling",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  // `navigator.connection.type`, which Chromium has on Android and ChromeOS only.
  "--enable-blink-features=NetInfoDownlinkMax",
];
