/** What can be done to the media that this tab sends. */

/** What the worker does to each frame. */
export interface Harm {
  /** Share of the frames that are thrown away, 0 to 1. */
  readonly drop: number;
  readonly delayMs: number;
}

/** Bit rates that the picture can be held to, bit/s; the last is none. */
export const CAPS = [50_000, 100_000, 200_000, 400_000, 800_000, undefined] as const;

/**
 * What the far end says, as if it could take no more pictures than so many bit/s: to congestion control that is a narrow line (RFC 3890), while a
 * cap of the encoder would be the app's own wish.
 */
export function capped({ type, sdp }: RTCSessionDescriptionInit, bitsPerSecond: number | undefined): RTCSessionDescriptionInit {
  const limit = bitsPerSecond === undefined ? "" : `b=TIAS:${bitsPerSecond}\r\n`;
  return { type, sdp: (sdp ?? "").replace(/m=video[^]*?\r\nc=.*\r\n/, (lines) => lines + limit) };
}

/** Workers of a load at least: where the browser may put the threads of media first, a few on two processors were not felt within two minutes. */
const LOAD_MIN = 24;

/** Whether this browser lets a page touch encoded frames (WebRTC Encoded Transform). */
export const canTransform = typeof RTCRtpScriptTransform === "function";

export class Harmer {
  readonly #worker: Worker | undefined;
  #load: Worker[] = [];

  /** `script`: where the worker is. */
  constructor(script = "harm_worker.js") {
    this.#worker = canTransform ? new Worker(script) : undefined;
  }

  /** Passes what every connection sends from now on through the worker. */
  watchAll(): void {
    const { addTrack } = RTCPeerConnection.prototype;
    const watch = (sender: RTCRtpSender) => this.watch(sender);
    RTCPeerConnection.prototype.addTrack = function (...given) {
      const sender = addTrack.apply(this, given);
      watch(sender);
      return sender;
    };
  }

  /** Passes the frames of a sender through the worker. Chromium takes that only within the task that made the sender. */
  watch(sender: RTCRtpSender): void {
    if (this.#worker) sender.transform = new RTCRtpScriptTransform(this.#worker, {});
  }

  set(harm: Harm): void {
    this.#worker?.postMessage(harm);
  }

  /** Keeps every processor busy, or stops. */
  load(isBusy: boolean): void {
    for (const worker of this.#load) worker.terminate();
    this.#load = isBusy ? Array.from({ length: Math.max(2 * (navigator.hardwareConcurrency || 2), LOAD_MIN) }, () => new Worker("load_worker.js")) : [];
  }

  end(): void {
    this.load(false);
    this.#worker?.terminate();
  }
}
