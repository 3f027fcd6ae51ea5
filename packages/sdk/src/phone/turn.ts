/** Sidetone's TURN servers (docs/turn.md), by which calls go where the page names no others. */

import type { Options } from "../api.ts";
import { settle } from "../options.ts";
import { Credentials } from "../upload/credentials.ts";

/** How long a call waits for them; without, it may still do. */
const WAIT_MS = 2000;

/** What gives them, with credentials of their own each time. None where Sidetone has none, which is asked only once, or nobody may ask it. */
export function turnServers(options: Pick<Options, "url" | "secret" | "token" | "upload">): () => Promise<readonly RTCIceServer[]> {
  const settings = settle({ ...options, conferenceId: "any" });
  if (typeof settings === "string" || (settings.secret === undefined && settings.token === undefined)) return async () => [];
  const credentials = new Credentials(settings.secret, settings.token);
  let hasNone = false;
  return async () => {
    if (hasNone) return [];
    const ask = async () => {
      const headers = { authorization: await credentials.header() };
      return fetch(`${settings.url}/v1/turn-credentials?if_any=true`, { headers, credentials: "omit", signal: AbortSignal.timeout(WAIT_MS) });
    };
    let response = await ask();
    if (response.status === 401 && credentials.refused()) response = await ask();
    hasNone = response.status === 204;
    return response.status === 200 ? [(await response.json()) as RTCIceServer] : [];
  };
}
