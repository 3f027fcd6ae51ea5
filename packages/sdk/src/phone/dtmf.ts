/** Sending of DTMF: in the RTP stream (RFC 4733), by SIP INFO, or both. */

import { within } from "../within.ts";
import type { Reply } from "./jssip/request.ts";

export type DtmfBy = "rtp" | "info" | "both";

/** Bounds of W3C webrtc, which are those of the INFO body too. */
const DURATION_MS = { min: 40, max: 6000, default: 100 };
const GAP_MS = { min: 30, default: 100 };

export interface DtmfPort {
  readonly sender: RTCDTMFSender | undefined;
  info(body: string): Promise<Reply>;
  onTone(tone: string, durationMs: number): void;
}

/** How much longer a browser may take: Chromium takes 100 ms more, and a page that is held up what it is held up for. */
const PATIENCE_MS = 2000;

/** Resolves once the browser is through with what is inserted now, and its gap: another tone would take its place (W3C webrtc, `insertDTMF`). */
async function through(sender: RTCDTMFSender, ms: number): Promise<void> {
  const listening = new AbortController();
  const told = new Promise<void>((resolve) => {
    sender.addEventListener("tonechange", ({ tone }) => tone === "" && resolve(), { signal: listening.signal });
  });
  await within(ms + PATIENCE_MS, told);
  listening.abort();
}

/** Sends the tones one after another. Rejects for what is no key, for a way that the call does not have, and when an INFO is refused. */
export async function sendTones(tones: string, port: DtmfPort, { by, durationMs, gapMs }: { by?: DtmfBy; durationMs?: number; gapMs?: number } = {}): Promise<void> {
  if (!/^[0-9A-D*#]+$/i.test(tones)) throw new TypeError(`${JSON.stringify(tones)} has other keys than 0–9, *, #, A–D`);
  const duration = Math.min(DURATION_MS.max, Math.max(DURATION_MS.min, durationMs ?? DURATION_MS.default));
  const gap = Math.max(GAP_MS.min, gapMs ?? GAP_MS.default);
  const canRtp = port.sender?.canInsertDTMF === true;
  const way = by ?? (canRtp ? "rtp" : "info");
  if (way !== "info" && !canRtp) throw new Error("telephone-event was not negotiated: send DTMF by INFO");
  for (const tone of tones.toUpperCase()) {
    port.onTone(tone, duration);
    if (way !== "info") port.sender?.insertDTMF(tone, duration, gap);
    const ended = way === "info" ? new Promise((resolve) => setTimeout(resolve, duration + gap)) : through(port.sender!, duration + gap);
    if (way !== "rtp") {
      const { response } = await port.info(`Signal=${tone}\r\nDuration=${duration}`);
      if (!response || response.status_code >= 300) throw new Error(`INFO was answered ${response?.status_code ?? "by nothing"}`);
    }
    await ended;
  }
}
