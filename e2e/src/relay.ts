/** A bad network between two browsers: their packets go through sockets of ours, which lose and hold up some. */

import { createSocket, type Socket } from "node:dgram";
import type { Page } from "playwright-core";

export interface Weather {
  /** Share of the packets that are lost, 0 to 1. */
  loss: number;
  delayMs: number;
  /** Up to this much more, by chance. */
  jitterMs: number;
}

export class Relay {
  readonly weather: Weather = { loss: 0, delayMs: 0, jitterMs: 0 };
  readonly #sockets: Socket[] = [];

  /** From now on this page reaches the other side through here. */
  async use(page: Page): Promise<void> {
    await page.exposeFunction("relayTo", (host: string, port: number) => this.#open(host, port));
    await page.evaluate(() => {
      const { relayTo } = globalThis as unknown as { relayTo(host: string, port: number): Promise<number> };
      const setRemoteDescription = RTCPeerConnection.prototype.setRemoteDescription as (description: RTCSessionDescriptionInit) => Promise<void>;
      RTCPeerConnection.prototype.setRemoteDescription = async function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
        const lines: string[] = [];
        for (const line of (description.sdp ?? "").split("\r\n")) {
          const [, before, host, port, after] = /^(a=candidate:\S+ 1 udp \S+) (\d+\.\d+\.\d+\.\d+) (\d+)( typ host.*)$/i.exec(line) ?? [];
          if (before !== undefined) lines.push(`${before} ${host} ${await relayTo(host!, Number(port))}${after}`);
          else if (!line.startsWith("a=candidate:")) lines.push(line);
        }
        return setRemoteDescription.call(this, { type: description.type, sdp: lines.join("\r\n") });
      } as typeof setRemoteDescription;
    });
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  /** A port of the same address whose packets go to that one, and the answers back. */
  async #open(host: string, port: number): Promise<number> {
    const near = await this.#bind(host);
    const far = new Map<number, Socket>();
    near.on("message", (packet, from) => {
      void (async () => {
        let socket = far.get(from.port);
        if (!socket) {
          socket = await this.#bind(host);
          far.set(from.port, socket);
          socket.on("message", (answer) => this.#pass(() => near.send(answer, from.port, from.address)));
        }
        this.#pass(() => socket.send(packet, port, host));
      })();
    });
    return near.address().port;
  }

  #pass(send: () => void): void {
    const { loss, delayMs, jitterMs } = this.weather;
    if (Math.random() < loss) return;
    setTimeout(() => this.#sockets.length > 0 && send(), delayMs + Math.random() * jitterMs);
  }

  #bind(host: string): Promise<Socket> {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    this.#sockets.push(socket);
    return new Promise((resolve) => socket.bind(0, host, () => resolve(socket)));
  }
}
