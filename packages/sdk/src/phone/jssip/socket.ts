/** A WebSocket to a SIP server (RFC 7118) that is given up when it does not open, and can be given up when nothing answers. */

import { WebSocketInterface } from "./library.ts";

/** Longest time that a socket may take to open. */
const OPEN_LIMIT_MS = 10_000;

export class Socket extends WebSocketInterface {
  /** When something was heard for the last time, by `performance.now()`. */
  heardMs = 0;
  #opening: ReturnType<typeof setTimeout> | undefined;

  override connect(): void {
    super.connect();
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => !this.isConnected() && this.drop("no answer"), OPEN_LIMIT_MS);
  }

  override disconnect(): void {
    clearTimeout(this.#opening);
    super.disconnect();
  }

  /** The socket is taken for lost: what a closed one does happens now. */
  drop(reason: string): void {
    this.disconnect();
    this.ondisconnect(true, 1006, reason);
  }

  override _onOpen(): void {
    clearTimeout(this.#opening);
    this.heardMs = performance.now();
    super._onOpen();
  }

  override _onClose(event: CloseEvent): void {
    // JsSIP has gone on to another address by the time that this one may take: it must not be told of this one again.
    clearTimeout(this.#opening);
    super._onClose(event);
  }

  override _onMessage(event: MessageEvent): void {
    this.heardMs = performance.now();
    super._onMessage(event);
  }
}
