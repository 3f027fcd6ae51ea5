/** Pages with a callstats client in them, and what they send. */

import type { Browser, BrowserContext, Page } from "playwright-core";

import { launchChromium, profile } from "../browsers.ts";
import type { Start } from "../setup.ts";
import { type CallstatsApp, Sidetone, type StartOptions } from "../sidetone.ts";
import { until } from "../wait.ts";
import { serveSite } from "./site.ts";

/** What a page or the API gives; tests look at what they know. */
export type Json = any;

export interface Options {
  userId: string | { aliasName: string; userName: string };
  otherId: string;
  conferenceId: string;
  appSecret?: string;
  token?: string;
  /** Where the one line of a migrated page points. */
  proxy?: string;
  /** Whether the client tests the network when it is initialised; then no call follows. */
  preCallTest?: boolean;
}

/** One request of the client. */
export interface Sent {
  /** The path from the last part that is fixed: `authenticate`, `stats`, `events/user/alive` … */
  path: string;
  at: number;
  body: string | null;
  status?: number;
  answer?: string;
  failed?: string;
}

export class CallPage {
  readonly sent: Sent[] = [];
  other: CallPage | undefined;

  private constructor(readonly page: Page) {}

  static async open(context: BrowserContext, origin: string): Promise<CallPage> {
    const page = await context.newPage();
    const opened = new CallPage(page);
    opened.#watch(origin);
    await page.exposeFunction("signal", (message: unknown) => opened.other?.page.evaluate((heard) => (window as Json).call.hear(heard), message));
    await page.goto(origin);
    return opened;
  }

  #watch(origin: string): void {
    const of = new Map<object, Sent>();
    this.page.on("request", (request) => {
      if (request.url().startsWith(origin)) return;
      const path = /(authenticate|clockSync|generics|configurations(\/internal)?|stats|customstats|events\/.*|conferences\/[^/]*)$/.exec(request.url());
      const sent: Sent = { path: path?.[1] ?? request.url(), at: Date.now(), body: request.postData() };
      of.set(request, sent);
      this.sent.push(sent);
    });
    this.page.on("requestfailed", (request) => {
      const sent = of.get(request);
      if (sent) sent.failed = request.failure()?.errorText ?? "failed";
    });
    this.page.on("response", async (response) => {
      const sent = of.get(response.request());
      if (!sent) return;
      sent.status = response.status();
      sent.answer = await response.text().catch(() => "");
    });
  }

  async start(app: CallstatsApp, options: Options): Promise<void> {
    const given = { appId: app.appId, appSecret: app.appSecret, ...options };
    await this.page.evaluate((given) => (window as Json).call.start(given), given);
  }

  /** Calls a function of the page's `call`. */
  async do(name: string, ...args: unknown[]): Promise<Json> {
    return this.page.evaluate(([name, args]) => (window as Json).call[name as string](...(args as unknown[])), [name, args] as const);
  }

  /** What `csInitCallback` heard. */
  async said(): Promise<Json> {
    return this.page.evaluate(() => (window as Json).call.said);
  }

  /** Resolves once so many requests to a path were answered well. */
  async answered(path: string, count: number): Promise<void> {
    await until(`${count} requests to ${path} were answered`, async () => this.sent.filter((sent) => sent.path === path && sent.status === 200).length >= count);
  }

  /** Resolves once no request is open. */
  async settled(): Promise<void> {
    await until("every request is answered", async () => this.sent.every(({ status, failed }) => status !== undefined || failed !== undefined));
  }

  /** Requests to a path, from an instant on. */
  count(path: string, from = 0): number {
    return this.sent.filter((sent) => sent.path === path && sent.at >= from).length;
  }
}

/** What these tests stand on: a server that clients find by that name and by none of `nowhere`, the site whose page has that client, and a browser. */
export async function stage(
  start: Start,
  name: string,
  client: string | ((server: Sidetone) => Promise<string>),
  { nowhere = [], ...options }: StartOptions & { readonly nowhere?: readonly string[] } = {},
): Promise<{ readonly server: Sidetone; readonly origin: string; readonly context: BrowserContext }> {
  const server = await start("Sidetone", Sidetone.start({ ...options, tls: true }));
  const { origin } = await start("the site", serveSite(typeof client === "string" ? client : await client(server)));
  const chromium = await start("Chromium", chromiumWithHosts({ ...Object.fromEntries(nowhere.map((host) => [host, 1])), [name]: server.port }));
  return { server, origin, context: await profile(chromium) };
}

/** Two pages in one call. */
export async function startCall(
  context: BrowserContext,
  origin: string,
  app: CallstatsApp,
  conferenceId: string,
  more: Partial<Options> = {},
): Promise<{ alice: CallPage; bob: CallPage }> {
  const [alice, bob] = [await CallPage.open(context, origin), await CallPage.open(context, origin)];
  [alice.other, bob.other] = [bob, alice];
  const user = (name: string): { aliasName: string; userName: string } => ({ aliasName: `${name} ünı`, userName: `${name} at home` });
  await bob.start(app, { userId: user("bob"), otherId: "alice ünı", conferenceId, ...more });
  await alice.start(app, { userId: user("alice"), otherId: "bob ünı", conferenceId, ...more });
  await alice.do("offer");
  return { alice, bob };
}

/** Chromium for which names (`*.example.net`) are ports of this machine. */
function chromiumWithHosts(hosts: Readonly<Record<string, number>>): Promise<Browser> {
  const rules = Object.entries(hosts).map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`);
  return launchChromium(["--ignore-certificate-errors", `--host-resolver-rules=${rules.join(",")}`]);
}

export const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));
