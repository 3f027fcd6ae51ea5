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
    let due = now + (impairment.delay_ms ?? 0);
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

/** The path of one call. */
export class Relay {
  /** From the sender to the receiver, and back. */
  readonly forward: Direction;
  readonly back: Direction;
  #facing: Record<Side, Socket>;
  #address: Partial<Record<Side, RemoteInfo>> = {};
  #timers = new Set<NodeJS.Timeout>();

  private constructor(forward: Direction, back: Direction, sender: Socket, receiver: Socket) {
    this.forward = forward;
    this.back = back;
    this.#facing = { sender, receiver };
    this.#listen("sender");
    this.#listen("receiver");
  }

  #listen(side: Side): void {
    const [to, direction] = side === "sender" ? (["receiver", this.forward] as const) : (["sender", this.back] as const);
    this.#facing[side].on("message", (packet, from) => this.#carry(side, to, direction, packet, from));
  }

  static async open(seed: number): Promise<Relay> {
    return Relay.#between(new Direction(seed), new Direction(seed + 7919));
  }

  static async #between(forward: Direction, back: Direction): Promise<Relay> {
    const [sender, receiver] = await Promise.all([bound(), bound()]);
    return new Relay(forward, back, sender, receiver);
  }

  /** Another relay on the same path: for the new candidates of an ICE restart. */
  beside(): Promise<Relay> {
    return Relay.#between(this.forward, this.back);
  }

  /** Gives `side` another address towards its far end, as a NAT or a new network does: what goes to the old one is lost. */
  async move(side: Side): Promise<void> {
    const far = side === "sender" ? "receiver" : "sender";
    const socket = await bound();
    this.#facing[far].close();
    this.#facing[far] = socket;
    this.#listen(far);
  }

  /** A candidate of `side` as the other side is to see it; `undefined` for one that would go around the relay. */
  candidate(side: Side, line: string): string | undefined {
    const words = line.split(" ");
    const [, , protocol, , address, port, , type] = words;
    if (protocol?.toLowerCase() !== "udp" || type !== "host" || !address?.includes(".")) return undefined;
    this.#address[side] ??= { address, port: Number(port), family: "IPv4", size: 0 };
    const socket = this.#facing[side === "sender" ? "receiver" : "sender"];
    words.splice(4, 2, "127.0.0.1", String(socket.address().port));
    return words.join(" ");
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#facing.sender.close();
    this.#facing.receiver.close();
  }

  #carry(from: Side, to: Side, direction: Direction, packet: Buffer, origin: RemoteInfo): void {
    this.#address[from] = origin;
    if (direction.blocks(packet)) return;
    const held = direction.hold(performance.now(), packet.length);
    if (held === undefined) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const target = this.#address[to];
      if (target) this.#facing[to].send(packet, target.port, target.address);
    }, held);
    this.#timers.add(timer);
  }
}

function bound(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1", () => resolve(socket));
  });
}
