/** What the server says of the app for which a page sends (`GET /v1/app`), and again with each batch that it takes. */

import type { Policy } from "./privacy.ts";

export interface App {
  /** What may leave the page; absent where an older server answers a batch. */
  readonly policy: Policy | undefined;
  /** By which rules its calls are judged ({@link Engine.recording}); absent where the server is older than that. */
  readonly rules: string | undefined;
}

const ANSWER_MS = 5000;

/** Asks for it; `undefined` where the server does not say. */
export async function askApp(url: string, authorization: string): Promise<App | undefined> {
  const response = await fetch(`${url}/v1/app`, { headers: { authorization }, credentials: "omit", signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) return undefined;
  return appOf((await response.json()) as AppBody);
}

/** The server's words. */
export interface AppBody {
  readonly keep_addresses?: boolean;
  readonly keep_sdp?: boolean;
  readonly rules?: string;
}

export function appOf({ keep_addresses, keep_sdp, rules }: AppBody): App {
  return { policy: keep_addresses === undefined ? undefined : { keepAddresses: keep_addresses, keepSdp: keep_sdp === true }, rules };
}
