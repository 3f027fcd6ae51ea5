/** A page with the client of Plivo's Browser SDK, as ours. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { CallInfo, ConfiguationOptions } from "../../packages/sdk/src/compat/plivo/index.ts";
import type { Heard } from "../pages/plivo.ts";
import { closeTab, tabIn } from "./browsers.ts";
import type { Sidetone } from "./sidetone.ts";
import { SIP_SERVERS, type SipServer, startSidetone, type Wire } from "./sip.ts";
import type { Place } from "./site.ts";
import { until } from "./wait.ts";

/** All servers that the client is tried on. */
export const SERVERS: typeof SIP_SERVERS = [
  ...SIP_SERVERS.filter(({ name }) => name !== "sidetone"),
  { name: "sidetone", start: () => startSidetone(["ada", "bob", "carol", "desk", "eve", "mallory", "tab"]) },
];

/** How a server is reached: by a wire for each page, or all of them by one address. */
type Access = Pick<SipServer, "domain"> & { readonly url?: string; readonly wire?: SipServer["wire"] };

export class Softphone {
  private constructor(
    readonly user: string,
    readonly page: Page,
    private readonly network: Wire | undefined,
  ) {}

  /** What connects it to the server, where that is a wire that can be cut. */
  get wire(): Wire {
    assert.ok(this.network, `${this.user} has no wire of its own`);
    return this.network;
  }

  /** Opens the page and its client; it is not logged in. */
  static async open({ browser, url }: Place, server: Access, user: string, { sidetone, ...options }: ConfiguationOptions & { sidetone?: object } = {}): Promise<Softphone> {
    const page = await tabIn(browser);
    const wire = await server.wire?.();
    await page.goto(url);
    const all = { permOnClick: true, debug: "OFF", registrationDomainSocket: [wire?.url ?? server.url!], sipDomain: server.domain, iceServers: [], ...(sidetone && { sidetone }), ...options };
    await page.evaluate((options) => softphone.open(options as ConfiguationOptions), all as ConfiguationOptions);
    return new Softphone(user, page, wire);
  }

  /** Opened and logged in. */
  static async ready(place: Place, server: Access, user: string, options: ConfiguationOptions = {}): Promise<Softphone> {
    const phone = await Softphone.open(place, server, user, options);
    assert.equal(await phone.do("login", user, `secret-${user}`), true);
    await phone.hears("onLogin");
    await phone.forget();
    return phone;
  }

  do<Result>(name: string, ...values: readonly unknown[]): Promise<Result> {
    return this.page.evaluate(({ name, values }) => softphone.do(name, values), { name, values }) as Promise<Result>;
  }

  /** Everything that was told since {@link forget}. */
  heard(): Promise<readonly Heard[]> {
    return this.page.evaluate(() => softphone.heard);
  }

  /** Names only, in their order, of the events of calls. */
  async story(): Promise<readonly string[]> {
    return (await this.heard()).map(({ name }) => name).filter((name) => /^on(Call|Incoming|MediaConnected)/.test(name));
  }

  /** The arguments of the first event of that name that is like this. */
  async hears(name: Heard["name"], isIt: (values: Heard["values"]) => boolean = () => true): Promise<Heard["values"]> {
    const found = await until(`${this.user} hears ${name}`, async () => (await this.heard()).find((held) => held.name === name && isIt(held.values))).catch(
      async (error: Error) => {
        throw new Error(`${error.message}; heard ${JSON.stringify(await this.heard())}`);
      },
    );
    return found.values;
  }

  async forget(): Promise<void> {
    await this.page.evaluate(() => softphone.heard.splice(0));
  }

  async close(): Promise<void> {
    await this.do("logout");
    await closeTab(this.page);
    await this.network?.close();
  }
}

/** A call that stands: its CallInfo on either side. Both sides have forgotten what led to it. */
export async function establish(from: Softphone, to: Softphone): Promise<readonly [CallInfo, CallInfo]> {
  assert.equal(await from.do("call", to.user, {}), true);
  const [, , { callUUID }] = await to.hears("onIncomingCall");
  assert.equal(await to.do("answer", callUUID), true);
  const infos = await Promise.all([from, to].map((phone) => phone.hears("onCallAnswered")));
  await Promise.all([from, to].map((phone) => phone.hears("onMediaConnected")));
  await Promise.all([from, to].map((phone) => phone.forget()));
  return infos.map(([info]) => info as CallInfo) as unknown as readonly [CallInfo, CallInfo];
}

/** Where its calls are measured. */
export function quality(sidetone: Sidetone): { readonly sidetone: { readonly url: string; readonly secret: string } } {
  return { sidetone: { url: sidetone.url, secret: sidetone.intakeSecret } };
}
