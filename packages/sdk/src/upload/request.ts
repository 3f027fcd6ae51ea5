/** One attempt to send a batch, and what its answer means. */

import type { Upload } from "../api.ts";
import { type App, type AppBody, appOf } from "../app.ts";
import { JSON_TYPE } from "../batch.ts";
import { retryAfterMs } from "./backoff.ts";
import { stamp } from "./stamp.ts";
import type { Entry } from "./queue.ts";

/** After which an attempt counts as failed: before its lease is over. */
const PATIENCE_MS = 20_000;

export type Answer =
  | { readonly kind: "done"; readonly upload: Upload; readonly app: App }
  /** Never to be sent again. */
  | { readonly kind: "refused"; readonly code: string; readonly detail: string }
  /** Not with these credentials. */
  | { readonly kind: "credentials"; readonly detail: string }
  | { readonly kind: "later"; readonly afterMs: number | undefined }
  /** There is no server, or what answers is none of ours. */
  | { readonly kind: "nobody"; readonly reason: string };

/** Sends a batch. `keepalive` lets the request outlive the page. */
export async function send(url: string, entry: Entry, authorization: string, keepalive: boolean): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  try {
    const headers: Record<string, string> = { authorization, "content-type": entry.contentType };
    let body: BodyInit = stamp(entry, Date.now());
    // A page that is being left cannot wait for the compression.
    if (entry.contentType === JSON_TYPE && !keepalive && typeof CompressionStream === "function") {
      headers["content-encoding"] = "gzip";
      body = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    }
    const response = await fetch(url, { method: "POST", headers, body, keepalive, credentials: "omit", cache: "no-store", signal: abort.signal });
    return await understand(response);
  } catch (error) {
    return { kind: "nobody", reason: `${error}` };
  } finally {
    clearTimeout(timer);
  }
}

async function understand(response: Response): Promise<Answer> {
  if (response.ok) {
    const body = (await response.json()) as Record<string, string>;
    const { conference, participant, peer_connection, status } = body;
    if (status !== "stored" && status !== "duplicate") throw new Error("the answer is not that of a Sidetone server");
    return {
      kind: "done",
      app: appOf(body as AppBody),
      upload: { conference: conference ?? "", participant: participant ?? "", peerConnection: peer_connection ?? undefined, status },
    };
  }
  if ([408, 425, 429].includes(response.status) || response.status >= 500) {
    return { kind: "later", afterMs: retryAfterMs(response.headers.get("retry-after"), Date.now()) };
  }
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  const detail = problem.detail ?? `the server answered ${response.status}`;
  if (response.status === 401 || response.status === 403) return { kind: "credentials", detail };
  return { kind: "refused", code: problem.code ?? `http_${response.status}`, detail };
}
