/** What a call is put through, and on which side of the split it falls. */

import { fnv1a } from "./random.ts";

/** One direction of a path. What is absent does not happen. */
export interface Impairment {
  /** Packets lost, percent. */
  readonly loss_percent?: number;
  /** Mean length of a burst of losses, packets (Gilbert); 1 or absent is random loss. */
  readonly burst_packets?: number;
  readonly delay_ms?: number;
  /** Half-normal extra delay with this sigma. */
  readonly jitter_ms?: number;
  /** 1 where jitter may change the order of packets. */
  readonly reorder?: number;
  /** Drop-tail link, kbit/s with IP and UDP headers, and how long its queue may grow. */
  readonly rate_kbps?: number;
  readonly queue_ms?: number;
  /** Every so often packets are held back for so long. */
  readonly stall_every_ms?: number;
  readonly stall_ms?: number;
  /** Every so often packets are dropped for so long. */
  readonly outage_every_ms?: number;
  readonly outage_ms?: number;
}

/** A condition: codec settings and the path from the talker to the listener. */
export interface Condition extends Impairment {
  /** `red` is Opus with redundancy (RFC 2198). */
  readonly codec: "opus" | "red" | "pcmu" | "g722";
  /** `maxaveragebitrate` of Opus; absent is the browser's choice. */
  readonly bitrate_kbps?: number;
  /** 0 where Opus may send no in-band FEC. */
  readonly fec?: number;
}

/** In the order in which they are spelled; also columns of the data set. */
export const SETTINGS = [
  "codec", "bitrate_kbps", "fec", "loss_percent", "burst_packets", "delay_ms", "jitter_ms", "reorder", "rate_kbps", "queue_ms",
  "stall_every_ms", "stall_ms", "outage_every_ms", "outage_ms",
] as const satisfies readonly (keyof Condition)[];

/** One spelling for one condition: `opus loss_percent=5 burst_packets=3 delay_ms=20`. */
export function spelled(condition: Condition): string {
  const settings = SETTINGS.filter((name) => name !== "codec" && condition[name] !== undefined);
  return [condition.codec, ...settings.map((name) => `${name}=${condition[name]}`)].join(" ");
}

/** Which part of the data a condition belongs to, decided by its spelling alone: of ten, five fit, two validate, three test. */
export function part(condition: Condition): "fit" | "validation" | "test" {
  const place = fnv1a(spelled(condition)) % 10;
  return place < 5 ? "fit" : place < 7 ? "validation" : "test";
}

/** Whether a talker is only heard in tests, decided by the name alone: new talkers mostly are. */
export function isTestTalker(talker: string): boolean {
  return fnv1a(talker) % 11 < 8;
}
