/** The relay does to packets what it is told, and the same each time. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { part, spelled, isTestTalker } from "../src/condition.ts";
import { plan } from "../src/plan.ts";
import { Direction, Relay } from "../src/relay.ts";

/** What becomes of packets of 100 bytes, one each 20 ms. */
function holds(impairment: Direction["impairment"], count: number, seed = 1): (number | undefined)[] {
  const direction = new Direction(seed);
  direction.impairment = impairment;
  return Array.from({ length: count }, (_, index) => direction.hold(index * 20, 100));
}

test("random loss has its rate, and comes again with its seed", () => {
  const lost = holds({ loss_percent: 5 }, 20_000).map((held) => held === undefined);
  const rate = lost.filter(Boolean).length / lost.length;
  assert.ok(Math.abs(rate - 0.05) < 0.006, String(rate));
  assert.deepEqual(holds({ loss_percent: 5 }, 1000), holds({ loss_percent: 5 }, 1000));
  assert.notDeepEqual(holds({ loss_percent: 5 }, 1000, 1), holds({ loss_percent: 5 }, 1000, 2));
});

test("bursts have their length and leave the rate as it is", () => {
  const lost = holds({ loss_percent: 10, burst_packets: 4 }, 100_000).map((held) => held === undefined);
  const bursts = lost.filter((isLost, index) => isLost && !lost[index - 1]).length;
  const count = lost.filter(Boolean).length;
  assert.ok(Math.abs(count / lost.length - 0.1) < 0.01, String(count));
  assert.ok(Math.abs(count / bursts - 4) < 0.2, String(count / bursts));
});

test("jitter keeps the order unless it is told otherwise", () => {
  const arrivals = (reorder: number) => holds({ jitter_ms: 60, reorder }, 500).map((held, index) => index * 20 + held!);
  const isSorted = (times: number[]) => times.every((time, index) => index === 0 || time >= times[index - 1]!);
  assert.ok(isSorted(arrivals(0)));
  assert.ok(!isSorted(arrivals(1)));
});

test("a slow link queues, then drops", () => {
  // 128 bytes with headers each 20 ms are 51.2 kbit/s.
  const held = holds({ rate_kbps: 25.6, queue_ms: 200 }, 200);
  const carried = held.filter((time) => time !== undefined);
  assert.ok(carried.every((time) => time <= 200 + 40));
  assert.ok(Math.abs(carried.length / held.length - 0.5) < 0.06, String(carried.length));
});

test("a stall holds back, an outage drops", () => {
  const stalled = holds({ stall_every_ms: 1000, stall_ms: 200 }, 100);
  assert.equal(stalled[0], 200);
  assert.equal(stalled[20], 0);
  const dropped = holds({ outage_every_ms: 1000, outage_ms: 200 }, 50);
  assert.equal(dropped.filter((held) => held === undefined).length, 10);
});

test("candidates lead through the relay, and others nowhere", async () => {
  const relay = new Relay(1);
  const host = "candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host generation 0";
  assert.match((await relay.candidate("sender", host)) ?? "", /^candidate:1 1 udp 2122260223 127\.0\.0\.1 (?!50000)\d+ typ host generation 0$/);
  assert.equal(await relay.candidate("sender", host.replace("udp", "tcp")), undefined);
  assert.equal(await relay.candidate("sender", host.replace("127.0.0.1", "fd00::1")), undefined);
  await relay.close();
});

test("the split never changes", () => {
  assert.equal(spelled({ delay_ms: 20, loss_percent: 5, codec: "opus" }), "opus loss_percent=5 delay_ms=20");
  assert.equal(part({ codec: "opus", loss_percent: 5, delay_ms: 20 }), "fit");
  assert.deepEqual(["Allison", "Carlo", "June", "IvrvoiceRU"].map(isTestTalker), [false, false, true, true]);
});

test("a plan comes again with its seed, and a longer one begins with the shorter", () => {
  assert.deepEqual(plan(3, 40).slice(0, 10), plan(3, 10));
  assert.notDeepEqual(plan(3, 10), plan(4, 10));
});
