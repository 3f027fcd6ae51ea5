/** Debian's Chromium and Firefox with made-up cameras and microphones. */

import { type Browser as Chromium, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import puppeteer, { type Browser as Firefox } from "puppeteer-core";
import { answered, PATIENCE_MS, until } from "./wait.ts";

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
  return launch([...CHROMIUM_FLAGS, ...flags]);
}

/** Chromium in which only the permissions of its profile count. */
export function launchWary(): Promise<Chromium> {
  return launch(CHROMIUM_FLAGS.filter((flag) => flag !== "--use-fake-ui-for-media-stream"));
}

/** Chromium that keeps a page which is left, so that the user may come back to it. */
export function launchKeeping(): Promise<Chromium> {
  return launch(CHROMIUM_FLAGS, ["--disable-back-forward-cache"]);
}

/** `without` names flags of Playwright's own. */
function launch(args: string[], without: string[] = []): Promise<Chromium> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", headless: true, timeout: PATIENCE_MS, args, ignoreDefaultArgs: without });
}

/** Firefox with a made-up microphone and camera, or with the microphones and loudspeakers of that PulseAudio. */
export function launchFirefox(sound?: { readonly server: string }): Promise<Firefox> {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: process.env["FIREFOX"] ?? "/usr/bin/firefox-esr",
    headless: true,
    timeout: PATIENCE_MS,
    env: { ...process.env, ...(sound && { PULSE_SERVER: sound.server }) },
    extraPrefsFirefox: {
      "media.navigator.streams.fake": sound === undefined,
      "media.navigator.permission.disabled": true,
      "media.peerconnection.ice.loopback": true,
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      "media.autoplay.default": 0,
    },
  });
}

/** A profile of its own in Chromium. */
export async function profile(browser: Chromium, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  context.on("page", haveAnswered);
  return context;
}

/** What the page is asked for ends: Playwright waits for ever for a promise of the page's that never settles. */
function haveAnswered(page: Page): void {
  const evaluate = page.evaluate.bind(page);
  page.evaluate = ((body: unknown, argument: unknown) => answered(String(body), evaluate(body as never, argument as never))) as Page["evaluate"];
}

/** A page in that profile; what it complains about goes to `complaints`. */
export async function tabOf(context: BrowserContext, complaints: string[] = []): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return page;
}

/** A page of Chromium in a profile of its own. */
export async function chromiumTab(browser: Chromium, complaints: string[] = []): Promise<Page> {
  return tabOf(await profile(browser), complaints);
}

export async function firefoxTab(browser: Firefox): Promise<Tab> {
  return (await (await browser.createBrowserContext()).newPage()) as never;
}

/** A page of either browser in a profile of its own: what the tests do with a page, both drivers have. */
export async function tabIn(browser: Chromium | Firefox): Promise<Page> {
  return "newContext" in browser ? chromiumTab(browser) : ((await firefoxTab(browser)) as unknown as Page);
}

/** Closes such a page, with its profile where its driver says which that is. */
export async function closeTab(page: Page): Promise<void> {
  await ("context" in page ? page.context() : (page as Tab)).close();
}

/** Resolves once the page runs without being held up: Chromium gives a page that goes away half a second for its last words. */
export async function isUnhindered(page: Page): Promise<void> {
  await until("the page runs unhindered", () =>
    page.evaluate(async () => {
      const beganMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return performance.now() - beganMs < 600;
    }),
  );
}
