/** Debian's Chromium and Firefox with made-up cameras and microphones. */

import { type Browser as Chromium, chromium, type Page } from "playwright-core";
import puppeteer, { type Browser as Firefox } from "puppeteer-core";

/** A page of either browser. */
export interface Tab {
  evaluate<Argument, Result>(body: (argument: Argument) => Result | Promise<Result>, argument: Argument): Promise<Result>;
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  close(): Promise<void>;
}

export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
];

export function launchChromium(flags: readonly string[] = []): Promise<Chromium> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", headless: true, args: [...CHROMIUM_FLAGS, ...flags] });
}

export function launchFirefox(): Promise<Firefox> {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: process.env["FIREFOX"] ?? "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "media.peerconnection.ice.loopback": true,
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      "media.autoplay.default": 0,
    },
  });
}

/** A page of Chromium in a profile of its own; what it complains about goes to `complaints`. */
export async function chromiumTab(browser: Chromium, complaints: string[] = []): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return page;
}

export async function firefoxTab(browser: Firefox): Promise<Tab> {
  return (await (await browser.createBrowserContext()).newPage()) as never;
}
