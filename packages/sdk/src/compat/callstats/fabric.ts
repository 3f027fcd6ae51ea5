/** One peer connection that the app added ("fabric"), and its streams as the app named them. */

import type { Observation } from "../../api.ts";
import type { User } from "./answer.ts";

/** What the app said of a stream. */
export interface StreamLabel {
  readonly userId: string;
  readonly usageLabel: string;
  readonly associatedVideoTag: string;
}

/** States as callstats names them. */
export type FabricState = "initializing" | "established" | "failed" | "disrupted" | "checkingDisrupted" | "hold" | "terminated";

export class Fabric {
  readonly peerConnection: RTCPeerConnection;
  readonly addedMs = Date.now();
  readonly labels = new Map<string, StreamLabel>();
  readonly #undo: (() => void)[] = [];
  remote: User;
  observation: Observation | undefined;
  isHeld = false;
  isSetUp = false;
  isTerminated = false;

  constructor(peerConnection: RTCPeerConnection, remote: User) {
    this.peerConnection = peerConnection;
    this.remote = remote;
  }

  /** Listens until the fabric ends. */
  listen(target: EventTarget, name: string, listener: () => void): void {
    target.addEventListener(name, listener);
    this.#undo.push(() => target.removeEventListener(name, listener));
  }

  get state(): FabricState {
    if (this.isTerminated) return "terminated";
    if (this.isHeld) return "hold";
    switch (this.peerConnection.iceConnectionState) {
      case "failed":
        return "failed";
      case "disconnected":
        return this.isSetUp ? "disrupted" : "checkingDisrupted";
      case "connected":
      case "completed":
        return "established";
      case "closed":
        return "terminated";
      default:
        return this.isSetUp ? "disrupted" : "initializing";
    }
  }

  terminate(): void {
    this.isTerminated = true;
    for (const undo of this.#undo.splice(0)) undo();
    this.observation?.stop();
    this.observation = undefined;
  }
}
