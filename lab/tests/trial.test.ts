/** Trials come again with their seed, numbered pictures can be read, and the path does to them what it is told. */

import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";

import { conversation } from "../src/conversation.ts";
import { Relay } from "../src/relay.ts";
import { FAULTS, trials } from "../src/trial.ts";

test("each round has each fault once, and comes again with its seed", () => {
  const two = trials(5, 2);
  assert.deepEqual(two.slice(0, FAULTS.length).map(({ fault }) => fault), [...FAULTS]);
  assert.deepEqual(two, trials(5, 2));
  assert.notDeepEqual(two, trials(6, 2));
  assert.equal(new Set(two.map(({ id }) => id)).size, two.length);
  assert.deepEqual([two[0]!.whose, two[FAULTS.length]!.whose], ["a", "b"]);
});

test("trials of three seeds are for tuning, all others are held out", () => {
  for (const seed of [21, 22, 23]) assert.ok(trials(seed, 1).every(({ part }) => part === "tuning"));
  assert.ok(trials(24, 1).every(({ part }) => part === "held_out"));
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

test("who moves is seen at another address, and a firewall keeps back what it is told", async () => {
  const [one, other] = [createSocket("udp4"), createSocket("udp4")];
  for (const socket of [one, other]) await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const relay = await Relay.open(1);
  const line = (socket: Socket) => `candidate:1 1 udp 1 127.0.0.1 ${socket.address().port} typ host`;
  const toOne = Number(relay.candidate("sender", line(one))!.split(" ")[5]);
  const toOther = Number(relay.candidate("receiver", line(other))!.split(" ")[5]);
  assert.deepEqual(await sent(one, other, toOther, "first"), { text: "first", port: toOne });
  relay.forward.blocks = (packet) => packet.toString() === "kept";
  one.send("kept", toOther, "127.0.0.1");
  await relay.move("sender");
  const moved = await sent(one, other, toOther, "second");
  assert.equal(moved.text, "second");
  assert.notEqual(moved.port, toOne);
  relay.close();
  one.close();
  other.close();
});
