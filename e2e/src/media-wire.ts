/** The network between two pages in a call: a relay of their UDP packets that can lose, delay, narrow and cut. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";

/** What is done to the packets on their way to a page. */
export interface Harm {
  /** Share of the packets that is lost, 0 to 1. */
  readonly loss?: number;
  readonly delayMs?: number;
  /** Up to this much more, by chance. */
  readonly jitterMs?: number;
  /** Bit/s that pass; what waits longer than a quarter of a second is dropped, as a router drops it. */
  readonly bps?: number;
  /** RTP of these payload types is kept back, as by a firewall; RTCP, STUN and DTLS pass. */
  readonly keeps?: (payloadType: number) => boolean;
}

const QUEUE_MS = 250;

/** Every third packet at a loss of a third, and so on: the same in each run. */
class Lane {
  harm: Harm = {};
  #owed = 0;
  #freeMs = 0;

  pass(packet: Buffer, send: () => void): void {
    const size = packet.length;
    const { loss = 0, delayMs = 0, jitterMs = 0, bps, keeps } = this.harm;
    const payloadType = payloadTypeOf(packet);
    if (payloadType !== undefined && keeps?.(payloadType)) return;
    this.#owed += loss;
    if (this.#owed >= 1) {
      this.#owed -= 1;
      return;
    }
    const nowMs = performance.now();
    let waitMs = delayMs + Math.random() * jitterMs;
    if (bps !== undefined) {
      const startMs = Math.max(nowMs, this.#freeMs);
      if (startMs - nowMs > QUEUE_MS) return;
      this.#freeMs = startMs + (8000 * size) / bps;
      waitMs += this.#freeMs - nowMs;
    }
    if (waitMs > 0) setTimeout(send, waitMs);
    else send();
  }
}

/** Of RTP; nothing of RTCP, STUN and DTLS (RFC 7983, RFC 5761). */
function payloadTypeOf([first = 0, second = 0]: Buffer): number | undefined {
  const payloadType = second & 0x7f;
  return first >= 128 && first < 192 && (payloadType < 64 || payloadType > 95) ? payloadType : undefined;
}

export class MediaWire {
  readonly #lanes = new Map<Page, Lane>();
  readonly #sockets = new Set<Socket>();

  /** Puts both pages on the wire; call it before they have a connection. */
  static async between(one: Page, other: Page): Promise<MediaWire> {
    const wire = new MediaWire();
    wire.#lanes.set(one, new Lane());
    wire.#lanes.set(other, new Lane());
    for (const [page, peer] of [[one, other], [other, one]] as const) await wire.#put(page, wire.#lanes.get(peer)!);
    return wire;
  }

  /** Puts one page on the wire, whoever it talks to: it calls them all, and they look for no way around. */
  static async around(caller: Page, callees: readonly Page[]): Promise<MediaWire> {
    const wire = new MediaWire();
    const lane = new Lane();
    wire.#lanes.set(caller, lane);
    await wire.#put(caller, lane);
    for (const page of callees) await page.evaluate(waitForCaller);
    return wire;
  }

  /** Does this to what goes to the page, instead of what was done until now. */
  to(page: Page, harm: Harm): void {
    this.#lanes.get(page)!.harm = harm;
  }

  /** The same both ways. */
  harm(harm: Harm): void {
    for (const lane of this.#lanes.values()) lane.harm = harm;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  async #put(page: Page, there: Lane): Promise<void> {
    await page.exposeFunction("wirePort", (address: string, port: number) => this.#listen(address, port, there, this.#lanes.get(page)!));
    await page.evaluate(useWire);
  }

  /** A port that stands for a candidate of the other side: what comes there goes on to it, and what it answers comes back. */
  async #listen(address: string, port: number, there: Lane, back: Lane): Promise<number> {
    const near = await this.#socket();
    const far = new Map<string, Promise<Socket>>();
    const open = async (from: RemoteInfo) => {
      const socket = await this.#socket();
      socket.on("message", (packet) => back.pass(packet, () => this.#send(near, packet, from.port, from.address)));
      return socket;
    };
    near.on("message", (packet, from) => {
      const key = `${from.address} ${from.port}`;
      const socket = far.get(key) ?? open(from);
      far.set(key, socket);
      void socket.then((held) => there.pass(packet, () => this.#send(held, packet, port, address)));
    });
    return (near.address() as AddressInfo).port;
  }

  #send(socket: Socket, packet: Buffer, port: number, address: string): void {
    if (this.#sockets.has(socket)) socket.send(packet, port, address);
  }

  async #socket(): Promise<Socket> {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    this.#sockets.add(socket);
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return socket;
  }
}

/** In a page: whatever the other side offers as its addresses, its packets go to the wire. */
function useWire(): void {
  const { wirePort } = globalThis as unknown as { wirePort(address: string, port: number): Promise<number> };
  const known = new Map<string, number>();
  const set = RTCPeerConnection.prototype.setRemoteDescription as (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>;
  RTCPeerConnection.prototype.setRemoteDescription = async function (description: RTCSessionDescriptionInit) {
    const lines: string[] = [];
    for (const line of (description.sdp ?? "").split("\r\n")) {
      const [head = "", component, protocol, priority, address = "", port, ...rest] = line.split(" ");
      if (!head.startsWith("a=candidate:")) lines.push(line);
      else if (protocol?.toLowerCase() === "udp" && !address.includes(":")) {
        const key = `${address} ${port}`;
        if (!known.has(key)) known.set(key, await wirePort(address, Number(port)));
        lines.push([head, component, protocol, priority, "127.0.0.1", known.get(key), ...rest].join(" "));
      }
    }
    await set.call(this, { type: description.type, sdp: lines.join("\r\n") });
  };
}

/** In a page: the addresses in an offer are not tried; who calls reaches it first. */
function waitForCaller(): void {
  const set = RTCPeerConnection.prototype.setRemoteDescription as (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>;
  RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp = "" }: RTCSessionDescriptionInit) {
    await set.call(this, { type, sdp: type === "offer" ? sdp.replace(/^a=candidate:.*\r\n/gm, "") : sdp });
  };
}
