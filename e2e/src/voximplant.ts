/** A page with the Voximplant face, logged in to a SIP server. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Config } from "../../packages/sdk/src/compat/voximplant/index.ts";
import type { Told } from "../pages/voximplant.ts";
import { closeTab, tabIn } from "./browsers.ts";
import type { Start } from "./setup.ts";
import { type SipServer, startSidetone, type Wire } from "./sip.ts";
import type { Place, Site } from "./site.ts";
import { until } from "./wait.ts";

export interface Station {
  readonly user: string;
  readonly page: Page;
  readonly wire: Wire;
  close(): Promise<void>;
}

/** Opens the page, connects and logs in. `before`: a script that the page runs first. */
export async function openStation({ browser, url }: Place, server: SipServer, user: string, config: Config = {}, before?: () => void): Promise<Station> {
  const page = await tabIn(browser);
  if (before) await page.addInitScript(before);
  const wire = await server.wire();
  await page.goto(url);
  await page.evaluate((config) => vox.open(config), { ...config, sidetone: { servers: wire.url, domain: server.domain, ...config.sidetone } });
  const station = {
    user,
    page,
    wire,
    close: async () => {
      await page.evaluate(() => vox.client.disconnect());
      await closeTab(page);
      await wire.close();
    },
  };
  const result = (await page.evaluate(({ user, password }) => vox.login(user, password), { user: `${user}@app.account.voximplant.com`, password: `secret-${user}` })) as { result: boolean };
  assert.equal(result.result, true, `${user} is logged in`);
  return station;
}

/** Ada and Bob, on pages of their own, logged in to Sidetone's SIP server. */
export async function openPair(start: Start, site: Site): Promise<{ readonly server: SipServer; readonly ada: Station; readonly bob: Station }> {
  const server = await start("Sidetone's SIP server", startSidetone(["ada", "bob"]));
  const ada = await start("ada's page", openStation(site, server, "ada"));
  const bob = await start("bob's page", openStation(site, server, "bob"));
  return { server, ada, bob };
}

/** Calls; gives the number of the call on that page. */
export function dial({ page }: Station, number: string, { video = false, customData, headers }: { video?: boolean; customData?: string; headers?: Record<string, string> } = {}): Promise<number> {
  return page.evaluate(({ number, video, customData, headers }) => vox.dial(number, video, customData, headers), { number, video, customData, headers });
}

/** The number of the next call that comes in. */
export async function rung(station: Station, from = 0): Promise<number> {
  return (await hears(station, undefined, "IncomingCall", (told) => told.call! >= from)).call!;
}

export async function answer({ page }: Station, call: number, video = false): Promise<void> {
  await page.evaluate(({ call, video }) => vox.calls[call]!.answer("", {}, { sendVideo: video, receiveVideo: true }), { call, video });
}

/** A call that stands, media included: its number on either page. */
export async function establish(from: Station, to: Station, video = false): Promise<readonly [number, number]> {
  const before = await to.page.evaluate(() => vox.calls.length);
  const out = await dial(from, to.user, { video });
  const into = await rung(to, before);
  await answer(to, into, video);
  for (const [station, call] of [[from, out], [to, into]] as const) {
    await hears(station, call, "Connected");
    await hears(station, call, "ICECompleted");
  }
  return [out, into];
}

/** What was told of a call: `Name`, or `Name(to STATE)` for its states. What comes by the clock and not by the course of the call is left out. */
export async function course({ page }: Station, call: number): Promise<readonly string[]> {
  const told = await page.evaluate((call) => vox.told.filter((held) => held.call === call && held.of !== "client"), call);
  const timed = ["CallStatsReceived", "RTCStatsReceived", "ICECompleted", "MediaElementCreated", "MediaElementRemoved", "VoiceStart", "VoiceEnd", "PendingUpdate"];
  return told
    .filter(({ name }) => !timed.includes(name) && !name.startsWith("QualityIssue"))
    .map(({ name, value, of }) => (name === "StateUpdated" ? `to ${String(value["new"])}` : of === "endpoint" ? `endpoint ${name}` : name));
}

export async function events({ page }: Station, call: number | undefined, name: string): Promise<readonly Told[]> {
  return page.evaluate(({ call, name }) => vox.told.filter((held) => held.name === name && (call === undefined || held.call === call)), { call, name });
}

/** The first such event, once it was told. */
export function hears(station: Station, call: number | undefined, name: string, isIt: (told: Told) => boolean = () => true): Promise<Told> {
  const what = `${station.user} hears ${name}${call === undefined ? "" : ` of call ${call}`}`;
  return until(what, async () => (await events(station, call, name)).find(isIt));
}

export async function hangUp({ page }: Station, call: number): Promise<void> {
  await page.evaluate((call) => vox.calls[call]!.hangup(), call);
}

/** Ends a call, and waits until both sides have heard of it. */
export async function end(from: Station, out: number, to: Station, into: number): Promise<void> {
  await hangUp(from, out);
  await hears(to, into, "Disconnected");
  await hears(from, out, "Disconnected");
}
