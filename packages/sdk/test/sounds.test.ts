// Which sound goes with which state of the calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallState, ToneName } from "../src/phone/api.ts";
import { Sounds, type Sounding } from "../src/phone/sounds.ts";

/** Calls, and what is to be heard of them now. */
function room({ ringbackUntilAnswer = false, silent = [] as ToneName[] } = {}) {
  const calls: Sounding[] = [];
  const playing = new Set<string>();
  const off = new Set<ToneName>(silent);
  const player = {
    heard: null as MediaProvider | null,
    has: (name: ToneName) => !off.has(name),
    play: (name: ToneName) => void playing.add(name),
    stop: (name: ToneName) => void playing.delete(name),
    hear: (stream: MediaStream | undefined) => void (player.heard = stream ?? null),
  };
  const sounds = new Sounds(player, () => calls, ringbackUntilAnswer);
  return {
    sounds,
    call(direction: "incoming" | "outgoing", isHandedOver = false) {
      const call = { direction, state: "new" as CallState, isHeld: { local: false, remote: false }, remoteStream: {} as MediaStream, times: { created: 0 }, isHandedOver };
      calls.push(call);
      return {
        invite: () => sounds.inviting(call),
        become(to: CallState) {
          const from = call.state;
          call.state = to;
          if (to === "ended") calls.splice(calls.indexOf(call), 1);
          sounds.stateChanged(call, from);
        },
        isHeard: () => player.heard === call.remoteStream,
      };
    },
    setTone(name: ToneName, isOn: boolean) {
      if (isOn) off.delete(name);
      else {
        off.add(name);
        playing.delete(name);
      }
      sounds.toneChanged(name);
    },
    playing: () => [...playing],
  };
}

test("a dial tone goes on from the INVITE until it rings, and only for who calls", () => {
  const { call, playing } = room();
  const out = call("outgoing");
  assert.deepEqual(playing(), [], "the microphone is asked for first");
  out.invite();
  assert.deepEqual(playing(), ["connect"]);
  out.become("ringing");
  assert.deepEqual(playing(), ["ringback"]);
  out.become("answered");
  assert.deepEqual(playing(), []);
  assert.equal(out.isHeard(), true);
  out.become("ended");
  const incoming = call("incoming");
  incoming.become("ringing");
  assert.deepEqual(playing(), ["ringing"]);
  incoming.become("answered");
  assert.deepEqual(playing(), []);
});

test("a call that ends before it rings takes the dial tone with it", () => {
  const { call, playing } = room();
  const out = call("outgoing");
  out.invite();
  out.become("ended");
  assert.deepEqual(playing(), []);
});

test("sound before the answer takes the ringback tone's place", () => {
  const { call, playing } = room();
  const out = call("outgoing");
  out.become("ringing");
  out.become("early");
  assert.deepEqual(playing(), []);
  assert.equal(out.isHeard(), true);
});

test("or is not heard until the answer, where the tone is wanted more", () => {
  const { call, playing, setTone } = room({ ringbackUntilAnswer: true });
  const out = call("outgoing");
  out.become("early");
  assert.deepEqual(playing(), ["ringback"]);
  assert.equal(out.isHeard(), false);
  setTone("ringback", false);
  assert.deepEqual(playing(), []);
  assert.equal(out.isHeard(), true, "without the tone it is heard at once");
  setTone("ringback", true);
  assert.deepEqual(playing(), ["ringback"]);
  assert.equal(out.isHeard(), false);
  out.become("answered");
  assert.deepEqual(playing(), []);
  assert.equal(out.isHeard(), true);
});

test("who wants no ringback tone hears what comes before the answer", () => {
  const { call, playing } = room({ ringbackUntilAnswer: true, silent: ["ringback", "connect"] });
  const out = call("outgoing");
  out.invite();
  out.become("early");
  assert.deepEqual(playing(), []);
  assert.equal(out.isHeard(), true);
});

test("a tone that is changed in a call does not change who is heard", () => {
  const { call, setTone } = room();
  const [first, second] = [call("outgoing"), call("incoming")];
  for (const talking of [second, first]) talking.become("connected");
  assert.equal(first.isHeard(), true);
  setTone("dtmf", false);
  assert.equal(first.isHeard(), true);
});

test("a call that another tab of the user handed over is not rung again", () => {
  const { call, playing } = room();
  call("incoming", true).become("ringing");
  assert.deepEqual(playing(), []);
  call("incoming").become("ringing");
  assert.deepEqual(playing(), ["ringing"]);
});

test("one who talks is not rung into the ear", () => {
  const { call, playing } = room();
  call("outgoing").become("connected");
  call("incoming").become("ringing");
  assert.deepEqual(playing(), []);
});
