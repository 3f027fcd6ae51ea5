/** A page with a phone, connected to a SIP server by a wire of its own. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Credentials, PhoneOptions } from "../../packages/sdk/src/phone/api.ts";
import type { Told } from "../pages/phone.ts";
import { tabIn } from "./browsers.ts";
import type { SipServer, Wire } from "./sip.ts";
import type { Place } from "./site.ts";
import { until } from "./wait.ts";

/** What a phone needs to know of its server. */
type Reachable = Pick<SipServer, "domain" | "wire">;

export interface Line {
  readonly user: string;
  readonly page: Page;
  readonly wire: Wire;
  close(): Promise<void>;
}

/** Opens the page and its phone, and connects it; `user` has the password that the server knows. */
export async function openLine(place: Place, server: Reachable, user: string, options: Partial<PhoneOptions> = {}): Promise<Line> {
  const line = await openPhone(place, server, user, options);
  assert.equal(await connect(line), undefined, `${user} is registered`);
  return line;
}

/** Opens the page and its phone. */
export async function openPhone({ browser, url }: Place, server: Reachable, user: string, options: Partial<PhoneOptions> = {}): Promise<Line> {
  const page = await tabIn(browser);
  const wire = await server.wire();
  await page.goto(url);
  await page.evaluate((options) => line.open(options), { servers: wire.url, domain: server.domain, ...options });
  return {
    user,
    page,
    wire,
    close: async () => {
      await page.evaluate(() => line.phone.stop());
      await page.close();
      await wire.close();
    },
  };
}

/** Connects; gives the cause where that fails. */
export function connect({ page, user }: Line, credentials: Credentials = { user, password: `secret-${user}` }): Promise<unknown> {
  return page.evaluate((credentials) => line.connect(credentials), credentials);
}

/** Calls; gives the number of the call on that page. */
export async function dial({ page }: Line, target: string, options: { video?: boolean; headers?: Record<string, string>; muted?: boolean } = {}): Promise<number> {
  return page.evaluate(({ target, options }) => line.calls.indexOf(line.phone.call(target, options)), { target, options });
}

/** The number of the next call that comes in, once it rings. */
export async function rung({ page, user }: Line, from: number = 0): Promise<number> {
  const told = await until(`${user} is rung`, async () => (await page.evaluate(() => line.told)).find(({ name, call }) => name === "incoming" && call! >= from));
  return told.call!;
}

export async function answer({ page }: Line, call: number): Promise<void> {
  await page.evaluate((call) => line.calls[call]!.answer(), call);
}

/** A call that stands, media included: its number on either page. */
export async function establish(from: Line, to: Line, options: { video?: boolean } = {}): Promise<readonly [number, number]> {
  const before = await to.page.evaluate(() => line.calls.length);
  const out = await dial(from, to.user, options);
  const into = await rung(to, before);
  await answer(to, into);
  for (const [line, call] of [[from, out], [to, into]] as const) {
    await reaches(line, call, "connected");
    await hears(line, call, "mediaConnected");
  }
  return [out, into];
}

export async function reaches({ page, user }: Line, call: number, state: string): Promise<void> {
  await until(`${user}'s call ${call} is ${state}`, () => page.evaluate(({ call, state }) => line.calls[call]!.state === state, { call, state }));
}

/** The event of that call, once it was told; `index`: of several, which. */
export async function hears(from: Line, call: number | undefined, name: string, { index = 0 } = {}): Promise<Told["value"]> {
  const told = await until(`${from.user} hears ${name} of call ${call}`, async () => (await events(from, call, name))[index]);
  return told.value;
}

export async function events({ page }: Line, call: number | undefined, name: string): Promise<readonly Told[]> {
  const told = await page.evaluate(() => line.told);
  return told.filter((held) => held.call === call && held.name === name);
}

/** Audio goes both ways, soon. */
export async function talks(lines: readonly (readonly [Line, number])[]): Promise<void> {
  for (const [line, call] of lines) {
    await until(`${line.user} hears the other side`, async () => (await listen(line, call)).energy > 0.01);
  }
}

/** Chromium's made-up microphone beeps once a second. */
export function listen({ page }: Line, call: number, ms = 2500): Promise<{ readonly energy: number; readonly hertz: number }> {
  return page.evaluate(({ call, ms }) => line.listen(call, ms), { call, ms });
}

export async function hangUp(line: Line, call: number): Promise<void> {
  await line.page.evaluate((call) => globalThis.line.calls[call]!.hangUp(), call);
  await reaches(line, call, "ended");
}
