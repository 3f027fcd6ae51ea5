/** A UDP relay between two ICE agents: each is told the relay's address in place of the other's. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

import type { Impairment } from "./condition.ts";
import { normal, type Random, seeded } from "./random.ts";

/** IP and UDP headers, which a link carries too. */
const HEADER_BYTES = 28;

/** What became of the packets of one direction. */
export interface Fate {
  offered: number;
  lost: number;
  overflowed: number;
}

/** One direction: decides for each packet how long it is held, or that it is lost. */
export class Direction {
  readonly fate: Fate = { offered: 0, lost: 0, overflowed: 0 };
  impairment: Impairment = {};
  /** Packets that a firewall keeps back. */
  blocks: (packet: Buffer) => boolean = () => false;
  /** Milliseconds that some packets take longer than others. */
  delays: (packet: Buffer) => number = () => 0;
  /** Until then nothing is let through; what comes before it waits. By `performance.now()`. */
  opens_ms = 0;
  #random: Random;
  #isBursting = false;
  #lastDue = 0;
  #linkFree = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** Milliseconds to hold a packet of `bytes` that comes at `now`; `undefined` for one that is lost. */
  hold(now: number, bytes: number): number | undefined {
    const { impairment, fate } = this;
    fate.offered++;
    if (this.#isLost(impairment) || within(now, impairment.outage_every_ms, impairment.outage_ms) !== undefined) {
      fate.lost++;
      return undefined;
    }
    let due = Math.max(now, this.opens_ms) + (impairment.delay_ms ?? 0);
    if (impairment.rate_kbps) {
      const start = Math.max(now, this.#linkFree);
      if (start - now > (impairment.queue_ms ?? 200)) {
        fate.overflowed++;
        return undefined;
      }
      this.#linkFree = start + ((bytes + HEADER_BYTES) * 8) / impairment.rate_kbps;
      due += this.#linkFree - now;
    }
    if (impairment.jitter_ms) due += Math.abs(normal(this.#random)) * impairment.jitter_ms;
    due += within(now, impairment.stall_every_ms, impairment.stall_ms) ?? 0;
    if (!impairment.reorder) {
      due = Math.max(due, this.#lastDue);
      this.#lastDue = due;
    }
    return due - now;
  }

  #isLost({ loss_percent = 0, burst_packets = 1 }: Impairment): boolean {
    const loss = loss_percent / 100;
    if (burst_packets <= 1) return this.#random() < loss;
    // Gilbert: bursts end with chance 1/length, and begin so often that the mean loss comes out.
    this.#isBursting = this.#isBursting ? this.#random() >= 1 / burst_packets : this.#random() < loss / (burst_packets * (1 - loss));
    return this.#isBursting;
  }
}

/** Milliseconds until the end of the period of `length` that begins every `every`, or `undefined` outside of one. */
function within(now: number, every = 0, length = 0): number | undefined {
  const phase = every > 0 ? now % every : Infinity;
  return phase < length ? length - phase : undefined;
}

export type Side = "sender" | "receiver";

type Address = Pick<RemoteInfo, "address" | "port">;

/**
 * The path of one call. Each port of an end has an address of its own towards the far end, as a NAT gives it one (endpoint-independent mapping,
 * RFC 4787): what another port of the same end sends, as after an ICE restart, never changes where answers to the first one go.
 */
export class Relay {
  /** From the sender to the receiver, and back. */
  readonly forward: Direction;
  readonly back: Direction;
  /** Of each side its ports, and the sockets that stand for them at the far end. */
  readonly #outside: Record<Side, Map<string, Promise<Socket>>> = { sender: new Map(), receiver: new Map() };
  readonly #timers = new Set<NodeJS.Timeout>();
  #isClosed = false;

  constructor(seed: number) {
    this.forward = new Direction(seed);
    this.back = new Direction(seed + 7919);
  }

  /** Gives `side` other addresses towards its far end, as a NAT or a new network does: what goes to the old ones is lost. */
  async move(side: Side): Promise<void> {
    const old = [...this.#outside[side].values()];
    this.#outside[side].clear();
    for (const socket of await Promise.all(old)) socket.close();
  }

  /** A candidate of `side` as the other side is to see it; `undefined` for one that would go around the relay. */
  async candidate(side: Side, line: string): Promise<string | undefined> {
    const words = line.split(" ");
    const [, , protocol, , address, port, , type] = words;
    if (protocol?.toLowerCase() !== "udp" || type !== "host" || !address?.includes(".")) return undefined;
    const socket = await this.#standsFor(side, { address, port: Number(port) });
    words.splice(4, 2, "127.0.0.1", String(socket.address().port));
    return words.join(" ");
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([this.move("sender"), this.move("receiver")]);
  }

  /** The socket that stands at the far end for a port of `side`. */
  #standsFor(side: Side, near: Address): Promise<Socket> {
    const name = `${near.address}:${near.port}`;
    const held = this.#outside[side].get(name);
    if (held) return held;
    const socket = bound((packet, from) => this.#carry(packet, side === "sender" ? "receiver" : "sender", from, near));
    this.#outside[side].set(name, socket);
    return socket;
  }

  /** A packet that a port of `side` sends to a port of the other one. */
  #carry(packet: Buffer, side: Side, from: Address, to: Address): void {
    const direction = side === "sender" ? this.forward : this.back;
    if (direction.blocks(packet)) return;
    const held = direction.hold(performance.now(), packet.length);
    if (held === undefined) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#standsFor(side, from).then((socket) => this.#isClosed || socket.send(packet, to.port, to.address));
    }, held + direction.delays(packet));
    this.#timers.add(timer);
  }
}

/** A socket of its own. What it cannot send is lost, as on any network. */
function bound(onPacket: (packet: Buffer, from: Address) => void): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4", onPacket);
    socket.on("error", () => undefined);
    socket.bind(0, "127.0.0.1", () => resolve(socket));
  });
}
