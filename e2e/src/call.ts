/** A call between two pages, set up by the test. */

import type { Options } from "../../packages/sdk/src/index.ts";
import type { Tab } from "./browsers.ts";
import type { Site } from "./site.ts";
import { until } from "./wait.ts";

/** How a page joins. */
export interface Joining extends Pick<Options, "uploadIntervalMs" | "mutedSpeech" | "preset"> {
  readonly conference: string;
  readonly user: string;
  readonly isAutomatic?: boolean;
}

/** Opens the page of the site and makes its client. */
export async function join(tab: Tab, { url, sidetone }: Site, { conference, user, isAutomatic = false, ...more }: Joining): Promise<void> {
  await tab.goto(url);
  const options = { url: sidetone.url, secret: sidetone.intakeSecret, conferenceId: conference, userId: user, ...more };
  await tab.evaluate(({ options, isAutomatic }) => call.join(options, isAutomatic), { options, isAutomatic });
}

/** Resolves once the browser has told the page its statistics of a connection so often: about once a second. */
export async function measured(tab: Tab, id: string, reports: number): Promise<void> {
  await until(`there are ${reports} reports of ${id}`, async () => (await tab.evaluate((id) => call.seen(id).length, id)) >= reports);
}

/** Connects two pages; each names the connection after the other side. */
export async function connect(from: Tab, to: Tab, names: { readonly from: string; readonly to: string }, open: { video?: boolean; observe?: boolean; isZero?: boolean } = {}): Promise<void> {
  await from.evaluate(({ id, open }) => call.open(id, open), { id: names.to, open });
  await to.evaluate(({ id, open }) => call.open(id, open), { id: names.from, open });
  const offer = await from.evaluate((id) => call.offer(id), names.to);
  const answer = await to.evaluate(({ id, sdp }) => call.answer(id, sdp), { id: names.from, sdp: offer });
  await from.evaluate(({ id, sdp }) => call.accept(id, sdp), { id: names.to, sdp: answer });
  await until(`${names.from} and ${names.to} are connected`, async () => {
    const states = [await from.evaluate((id) => call.state(id), names.to), await to.evaluate((id) => call.state(id), names.from)];
    return states.every((state) => state === "connected");
  });
}
