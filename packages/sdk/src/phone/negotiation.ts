/** Offers and answers of a call that is up: one at a time, with glare settled as RFC 3261 §14.1 says. */

import { gathered } from "./gathering.ts";
import type { Reply } from "./jssip/request.ts";
import { mendSdp } from "./sdp.ts";

/** What became of an offer of ours. */
export class Refused extends Error {
  constructor(readonly status: number | undefined, phrase: string) {
    super(phrase);
  }
}

export interface NegotiationPort {
  readonly peerConnection: RTCPeerConnection;
  readonly gatheringTimeoutMs: number;
  /** Whether the Call-ID is ours. */
  isOwner(): boolean;
  isEnded(): boolean;
  edit(sdp: string): string;
  /** What the other side says, before it takes effect. */
  onDescription(sdp: string): void;
  reinvite(sdp: string): Promise<Reply>;
  onGatheringTimeout(): void;
  /** Before the first offer of a change leaves, and when the last one was answered. */
  onOffering(isOpen: boolean): void;
}

/** Attempts that meet an offer of the other side before the change is given up. */
const GLARE_ATTEMPTS_MAX = 8;

export class Negotiation {
  #running: Promise<unknown> = Promise.resolve();
  #isOffering = false;

  constructor(private readonly port: NegotiationPort) {}

  /** Whether an offer of ours is being made or has no answer yet. */
  get isOffering(): boolean {
    return this.#isOffering;
  }

  /** Changes the connection and offers what it is then. Rejects with {@link Refused}. */
  change(work: () => unknown, { restartIce = false } = {}): Promise<void> {
    return this.#next(async () => {
      this.#check();
      this.port.onOffering(true);
      try {
        await work();
        for (let attempt = 1; !(await this.#offer(restartIce)); attempt++) {
          if (attempt === GLARE_ATTEMPTS_MAX) throw new Refused(491, "the other side keeps on offering");
          await glarePause(this.port.isOwner());
        }
      } finally {
        this.port.onOffering(false);
      }
    });
  }

  /** Answers an offer of the other side. */
  answer(sdp: string): Promise<string> {
    const { peerConnection } = this.port;
    return this.#answering(async () => {
      this.port.onDescription(sdp);
      await peerConnection.setRemoteDescription({ type: "offer", sdp: mendSdp(sdp) });
      await peerConnection.setLocalDescription(await peerConnection.createAnswer());
      return this.#gather();
    });
  }

  /** `false`: the other side had an offer open, too. */
  async #offer(iceRestart: boolean): Promise<boolean> {
    const { peerConnection } = this.port;
    await this.#answers;
    this.#check();
    this.#isOffering = true;
    try {
      await peerConnection.setLocalDescription(await peerConnection.createOffer({ iceRestart }));
      const { response, ...none } = await this.port.reinvite(await this.#gather());
      this.#check();
      if (response?.body && response.status_code < 300) {
        this.port.onDescription(response.body);
        await peerConnection.setRemoteDescription({ type: "answer", sdp: mendSdp(response.body) });
        return true;
      }
      await peerConnection.setLocalDescription({ type: "rollback" });
      if (response?.status_code === 491) return false;
      throw response ? new Refused(response.status_code, response.reason_phrase) : new Refused(undefined, "cause" in none ? String(none.cause) : "");
    } finally {
      this.#isOffering = false;
    }
  }

  async #gather(): Promise<string> {
    const { peerConnection, gatheringTimeoutMs } = this.port;
    if ((await gathered(peerConnection, gatheringTimeoutMs)) === "timeout") this.port.onGatheringTimeout();
    return this.port.edit(peerConnection.localDescription?.sdp ?? "");
  }

  #next<Value>(work: () => Promise<Value>): Promise<Value> {
    const next = this.#running.then(work, work);
    this.#running = next.catch(() => undefined);
    return next;
  }

  #answers: Promise<unknown> = Promise.resolve();

  /** Answers wait for one another, and our next offer for them; they do not wait for a change of ours that is between two attempts. */
  #answering<Value>(work: () => Promise<Value>): Promise<Value> {
    const next = this.#answers.then(work, work);
    this.#answers = next.catch(() => undefined);
    return next;
  }

  #check(): void {
    if (this.port.isEnded()) throw new Refused(undefined, "the call has ended");
  }
}

/** RFC 3261 §14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other, in steps of 10 ms. */
function glarePause(isOwner: boolean): Promise<void> {
  const steps = isOwner ? 210 + Math.floor(Math.random() * 191) : Math.floor(Math.random() * 201);
  return new Promise((resolve) => setTimeout(resolve, steps * 10));
}
