/** Trials come again with their seed, numbered pictures can be read, and the path does to them what it is told. */

import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";

import { conversation } from "../src/conversation.ts";
import { Direction, Relay, type Side } from "../src/relay.ts";
import { FAULTS, trials } from "../src/trial.ts";

test("each round has each fault once, and comes again with its seed", () => {
  const two = trials(5, 2);
  assert.deepEqual(two.slice(0, FAULTS.length).map(({ fault }) => fault), [...FAULTS]);
  assert.deepEqual(two, trials(5, 2));
  assert.notDeepEqual(two, trials(6, 2));
  assert.equal(new Set(two.map(({ id }) => id)).size, two.length);
  assert.deepEqual([two[0]!.whose, two[FAULTS.length]!.whose], ["a", "b"]);
});

test("trials of six seeds are for tuning, all others are held out", () => {
  for (const seed of [21, 22, 23, 26, 27, 30]) assert.ok(trials(seed, 1).every(({ part }) => part === "tuning"));
  assert.ok(trials(31, 1).every(({ part }) => part === "held_out"));
});

test("nobody speaks while another does, and a listener says nothing", () => {
  for (const trial of trials(7, 2)) {
    const turns = conversation(trial).turns.flat().sort((a, b) => a[0] - b[0]);
    assert.ok(turns.every(([from], at) => at === 0 || from > turns[at - 1]![1]));
    if (trial.fault === "long_silence") assert.deepEqual(conversation(trial).turns[trial.whose === "a" ? 0 : 1], []);
  }
});

/** A packet through a relay: what arrives at the other end, and from which port. */
async function sent(from: Socket, to: Socket, port: number, text: string): Promise<{ text: string; port: number }> {
  const arrived = once(to, "message") as Promise<[Buffer, { port: number }]>;
  from.send(text, port, "127.0.0.1");
  const [packet, origin] = await arrived;
  return { text: packet.toString(), port: origin.port };
}

async function sockets(count: number): Promise<Socket[]> {
  const all = Array.from({ length: count }, () => createSocket("udp4"));
  for (const socket of all) await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return all;
}

/** The port that stands at the far end for one of `side`. */
async function told(relay: Relay, side: Side, socket: Socket): Promise<number> {
  return Number((await relay.candidate(side, `candidate:1 1 udp 1 127.0.0.1 ${socket.address().port} typ host`))!.split(" ")[5]);
}

test("who moves is seen at another address, and a firewall keeps back what it is told", async () => {
  const [one, other] = (await sockets(2)) as [Socket, Socket];
  const relay = new Relay(1);
  const [toOne, toOther] = [await told(relay, "sender", one), await told(relay, "receiver", other)];
  assert.deepEqual(await sent(one, other, toOther, "first"), { text: "first", port: toOne });
  relay.forward.blocks = (packet) => packet.toString() === "kept";
  one.send("kept", toOther, "127.0.0.1");
  await relay.move("sender");
  const moved = await sent(one, other, toOther, "second");
  assert.equal(moved.text, "second");
  assert.notEqual(moved.port, toOne);
  await relay.close();
  one.close();
  other.close();
});

test("a second port of an end has an address of its own, and takes nothing from the first", async () => {
  const [one, next, other] = (await sockets(3)) as [Socket, Socket, Socket];
  const relay = new Relay(1);
  const [toOne, toOther] = [await told(relay, "sender", one), await told(relay, "receiver", other)];
  // As the checks of an ICE restart: from a new port to where the far end was.
  const check = await sent(next, other, toOther, "check");
  assert.notEqual(check.port, toOne);
  assert.equal(check.port, await told(relay, "sender", next));
  assert.deepEqual(await sent(other, one, toOne, "media"), { text: "media", port: toOther });
  assert.deepEqual(await sent(other, next, check.port, "answer"), { text: "answer", port: toOther });
  await relay.close();
  for (const socket of [one, next, other]) socket.close();
});

test("a way that is closed lets all through when it opens, in order", () => {
  const direction = new Direction(1);
  direction.opens_ms = 1000;
  assert.deepEqual([0, 400, 990, 1200].map((now) => now + direction.hold(now, 100)!), [1000, 1000, 1000, 1200]);
});
