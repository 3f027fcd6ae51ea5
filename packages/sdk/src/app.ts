/** What the server says of the app for which a page sends (`GET /v1/app`). */

import type { Policy } from "./privacy.ts";

export interface App {
  /** What may leave the page. */
  readonly policy: Policy;
  /** By which rules its calls are judged ({@link Engine.recording}); absent where the server is older than that. */
  readonly rules: string | undefined;
}

const ANSWER_MS = 5000;

/** Asks for it; `undefined` where the server does not say. */
export async function askApp(url: string, authorization: string): Promise<App | undefined> {
  const response = await fetch(`${url}/v1/app`, { headers: { authorization }, credentials: "omit", signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) return undefined;
  const { keep_addresses, keep_sdp, rules } = (await response.json()) as { keep_addresses?: boolean; keep_sdp?: boolean; rules?: string };
  return { policy: { keepAddresses: keep_addresses === true, keepSdp: keep_sdp === true }, rules };
}
