/** What the server says of the app for which a page sends (`GET /v1/app`), and again with each batch that it takes. */

import type { Policy } from "./privacy.ts";
import { retryAfterMs } from "./upload/backoff.ts";

export interface App {
  /** What may leave the page; absent where an older server answers a batch. */
  readonly policy: Policy | undefined;
  /** By which rules its calls are judged ({@link Engine.recording}); absent where the server is older than that. */
  readonly rules: string | undefined;
}

const ANSWER_MS = 5000;

/** Where the server does not say it. */
export interface Silence {
  /** Whether it does not know the credentials. */
  readonly isRefusal: boolean;
  /** How long it asks to be left alone. */
  readonly afterMs: number | undefined;
}

/** Asks for it. */
export async function askApp(url: string, authorization: string): Promise<App | Silence> {
  const response = await fetch(`${url}/v1/app`, { headers: { authorization }, credentials: "omit", signal: AbortSignal.timeout(ANSWER_MS) });
  const { ok, status, headers } = response;
  if (!ok) return { isRefusal: status === 401 || status === 403, afterMs: retryAfterMs(headers.get("retry-after"), Date.now()) };
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
