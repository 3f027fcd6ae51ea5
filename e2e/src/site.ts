/** Where calls are placed: Sidetone, a site of another origin whose page has one of its scripts, and a browser. */

import type { Browser as Chromium } from "playwright-core";
import type { Browser as Firefox } from "puppeteer-core";
import { launchChromium } from "./browsers.ts";
import { type PageOptions, serveOrigin } from "./origin.ts";
import { type Start, setUp } from "./setup.ts";
import { Sidetone, type StartOptions } from "./sidetone.ts";

/** A page, by its address, and where it is opened. */
export interface Place<Browser = Chromium | Firefox> {
  readonly url: string;
  readonly browser: Browser;
}

export interface Site extends Place<Chromium> {
  readonly sidetone: Sidetone;
}

/** The pages that a site may have, and the script of Sidetone's that each is for. */
const SCRIPTS = { call: "sidetone", phone: "phone", plivo: "plivo", voximplant: "voximplant" } as const;

interface Options extends Omit<PageOptions, "page"> {
  /** How Sidetone is started. */
  readonly server?: StartOptions;
  readonly launch?: () => Promise<Chromium>;
  /** Starts what else the tests stand on, after all of this. */
  readonly more?: (start: Start, site: Site) => Promise<void>;
}

/** Starts all of it before the tests of the file, or of the `describe` around; until then nothing is in it. */
export function setUpSite(page: keyof typeof SCRIPTS, { server, launch = launchChromium, more, ...options }: Options = {}): Site {
  const site = {} as { -readonly [Key in keyof Site]: Site[Key] };
  setUp(async (start) => {
    site.sidetone = await start("Sidetone", Sidetone.start(server));
    site.url = (await start("the site", serveOrigin([`${site.sidetone.url}/sdk/${SCRIPTS[page]}.js`], { ...options, page }))).url;
    site.browser = await start("Chromium", launch());
    await more?.(start, site);
  });
  return site;
}
