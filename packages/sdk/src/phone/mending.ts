/** Keeps a call's media connection up: watches ICE, restarts it when it broke, and gives up when that does not help. */

import type { CallEventMap } from "./api.ts";

/** ICE that is `disconnected` often comes back by itself; after this time it is restarted. */
const DISCONNECTED_MS = 3000;
/** The side that did not place the call leaves the restart to the other for so long. */
const COURTESY_MS = 2000;
/** Time between two attempts. */
const RETRY_MS = 4000;
/** A call without media for so long is over. */
const GIVE_UP_MS = 60_000;

type MendingEvent = "mediaConnected" | "iceCompleted" | "iceTimeout" | "iceState" | "network";

export interface MendingPort {
  /** Whether a request would reach the server. */
  isReachable(): boolean;
  isOwner(): boolean;
  /** Offers anew with an ICE restart. */
  restart(): Promise<void>;
  emit<Name extends MendingEvent>(name: Name, event: CallEventMap[Name]): void;
  onConnected(): void;
  giveUp(): void;
}

export class Mending {
  #peerConnection: RTCPeerConnection | undefined;
  #isRestarted = false;
  /** Of this ICE generation. */
  #isConnected = false;
  #isCompleted = false;
  #isLost = false;
  #isMending = false;
  #isClosed = false;
  #iceTimer: ReturnType<typeof setTimeout> | undefined;
  #mendTimer: ReturnType<typeof setTimeout> | undefined;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly iceTimeoutMs: number, private readonly port: MendingPort) {}

  observe(peerConnection: RTCPeerConnection): void {
    this.#peerConnection = peerConnection;
    peerConnection.addEventListener("iceconnectionstatechange", () => this.#changed(peerConnection.iceConnectionState));
    peerConnection.addEventListener("icegatheringstatechange", () => this.#complete());
  }

  answered(): void {
    if (this.#isConnected || this.#isClosed) return;
    this.#iceTimer = setTimeout(() => this.port.emit("iceTimeout", {}), this.iceTimeoutMs);
  }

  /** An offer with a restart is about to be made: what connects from now on is a new generation. */
  restarting(): void {
    this.#isRestarted = true;
    this.#isCompleted = false;
  }

  socketLost(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.port.emit("network", { change: "lost" });
  }

  /** Also where ICE held out: the other side has to learn where we are now. */
  async socketBack(): Promise<void> {
    clearTimeout(this.#mendTimer);
    await this.#mend();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of [this.#iceTimer, this.#mendTimer, this.#giveUpTimer]) clearTimeout(timer);
  }

  #changed(state: RTCIceConnectionState): void {
    if (this.#isClosed) return;
    this.port.emit("iceState", { state });
    if (state === "connected" || state === "completed") return this.#connected();
    if (state !== "disconnected" && state !== "failed") return;
    this.#isConnected = false;
    this.#giveUpTimer ??= setTimeout(() => this.port.giveUp(), GIVE_UP_MS);
    this.#schedule((state === "failed" ? 0 : DISCONNECTED_MS) + (this.port.isOwner() ? 0 : COURTESY_MS));
  }

  #connected(): void {
    for (const timer of [this.#iceTimer, this.#giveUpTimer]) clearTimeout(timer);
    this.#giveUpTimer = undefined;
    if (!this.#isMending) clearTimeout(this.#mendTimer);
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.port.onConnected();
      this.port.emit("mediaConnected", { restarted: this.#isRestarted });
    }
    this.#complete();
    this.#mended();
  }

  #complete(): void {
    const { iceConnectionState: state, iceGatheringState } = this.#peerConnection ?? {};
    if (this.#isCompleted || this.#isClosed) return;
    if (state !== "completed" && !(state === "connected" && iceGatheringState === "complete")) return;
    this.#isCompleted = true;
    this.port.emit("iceCompleted", {});
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#mendTimer);
    this.#mendTimer = setTimeout(() => void this.#mend(), afterMs);
  }

  async #mend(): Promise<void> {
    // Without a socket nothing can be mended; it comes back here when there is one.
    if (this.#isClosed || this.#isMending || !this.port.isReachable()) return;
    this.#isMending = true;
    let isAgreed = false;
    try {
      await this.port.restart();
      isAgreed = true;
    } catch {
      // Told by an event of the call.
    }
    this.#isMending = false;
    if (this.#isClosed) return;
    if (isAgreed) this.#agreed();
    else this.#schedule(RETRY_MS);
  }

  #agreed(): void {
    const state = this.#peerConnection?.iceConnectionState;
    if (state === "connected" || state === "completed") {
      // The browser went over to the new candidates without a break in between.
      this.port.emit("mediaConnected", { restarted: true });
      this.#complete();
      return this.#mended();
    }
    this.#isConnected = false;
    this.#schedule(RETRY_MS);
  }

  #mended(): void {
    if (!this.#isLost || this.#isMending || !this.port.isReachable()) return;
    this.#isLost = false;
    this.port.emit("network", { change: "mended" });
  }
}
