// What states and tracks tell: timings, mute, hold.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Timings } from "../src/collect/timings.ts";
import { TrackWatch, type TransceiverState } from "../src/collect/tracks.ts";

type Told = [kind: string, payload: object];

test("timings are measured from the first signalling, and told once", () => {
  const told: Told[] = [];
  const timings = new Timings({ record: (kind, payload) => told.push([kind, payload]) }, true);
  const states: [string, string, number][] = [
    ["signalingState", "have-local-offer", 100],
    ["iceGatheringState", "gathering", 110],
    ["signalingState", "stable", 200],
    ["iceConnectionState", "checking", 210],
    ["iceGatheringState", "complete", 240],
    ["iceConnectionState", "connected", 260],
    ["dtlsState", "connecting", 262],
    ["dtlsState", "connected", 290],
    ["connectionState", "connected", 300],
    ["connectionState", "disconnected", 9000],
    ["connectionState", "connected", 9500],
  ];
  for (const [name, state, nowMs] of states.slice(0, 9)) timings.state(name, state, nowMs);
  timings.media("audio", 340);
  timings.media("audio", 1340);
  for (const [name, state, nowMs] of states.slice(9)) timings.state(name, state, nowMs);
  assert.deepEqual(told, [
    ["connected", { setup_ms: 200, gathering_ms: 130, connectivity_ms: 50, dtls_ms: 28 }],
    ["first_media", { kind: "audio", setup_ms: 240, after_connect_ms: 40 }],
  ]);
});

test("a connection that was not seen from its beginning has no timings", () => {
  const timings = new Timings({ record: () => assert.fail("there is nothing to tell") }, false);
  timings.state("connectionState", "connected", 300);
  timings.media("video", 400);
  // Held, or video added: another offer is not its beginning.
  timings.state("signalingState", "have-local-offer", 6000);
  timings.state("signalingState", "stable", 6100);
  timings.media("audio", 6200);
  timings.state("connectionState", "connected", 6300);
});

/** Of what is received no event told the streams. */
const nameless = { streamsOf: () => undefined };

/** A transceiver whose parts a test changes. */
function transceiver(change: { direction?: string; sent?: object | null; received?: object } = {}): TransceiverState {
  const track = { id: "t", kind: "audio", enabled: true, muted: false, readyState: "live" };
  return {
    mid: "0",
    currentDirection: change.direction ?? "sendrecv",
    sender: { track: change.sent === null ? null : { ...track, id: "sent", ...change.sent } },
    receiver: { track: { ...track, id: "received", muted: true, ...change.received } },
  };
}

/** The kinds that a series of states of one transceiver leads to, after the first. */
function told(...states: ReturnType<typeof transceiver>[]): string[] {
  const seen: string[] = [];
  const watch = new TrackWatch({ ...nameless, record: (kind, payload) => seen.push(`${kind} ${(payload as { direction?: string }).direction ?? ""}`.trim()) });
  const live = transceiver() as { -readonly [Name in keyof TransceiverState]: TransceiverState[Name] };
  let first = 0;
  for (const [index, state] of [transceiver(), ...states].entries()) {
    Object.assign(live, state);
    watch.look([live]);
    if (index === 0) first = seen.length;
  }
  return seen.slice(first);
}

test("mute by the app is told apart from mute by the browser", () => {
  assert.deepEqual(told(transceiver({ sent: { enabled: false } }), transceiver()), ["muted outbound", "unmuted outbound"]);
  assert.deepEqual(told(transceiver({ sent: { muted: true } }), transceiver()), ["track_mute outbound", "track_unmute outbound"]);
  assert.deepEqual(told(transceiver({ received: { muted: false } })), ["track_unmute inbound"]);
});

test("tracks come, are replaced, end and go", () => {
  assert.deepEqual(told(transceiver({ sent: { id: "other" } })), ["replace_track outbound"]);
  assert.deepEqual(told(transceiver({ sent: null }), transceiver()), ["remove_track outbound", "replace_track outbound"]);
  assert.deepEqual(told(transceiver({ sent: { readyState: "ended" } }), transceiver({ sent: { readyState: "ended" } })), ["track_ended outbound"]);
  assert.deepEqual(told(transceiver({ sent: { id: "other", enabled: false } })), ["replace_track outbound", "muted outbound"]);
});

test("what was sent by a transceiver that is stopped, and so is there no more, is sent no more", () => {
  const seen: [kind: string, id: unknown][] = [];
  const watch = new TrackWatch({ ...nameless, record: (kind, payload) => seen.push([kind, "id" in payload ? payload.id : undefined]) });
  const [stays, stopped, empty] = [transceiver(), transceiver({ sent: { id: "stopped" }, direction: "sendonly" }), transceiver({ sent: null, direction: "sendonly" })];
  watch.look([stays, stopped, empty]);
  seen.length = 0;
  for (let second = 0; second < 2; second++) watch.look([stays]);
  assert.deepEqual(seen, [["remove_track", "stopped"]]);
});

test("a track that comes says whether it can be heard", () => {
  const seen: [kind: string, enabled: unknown, muted: unknown][] = [];
  const watch = new TrackWatch({ ...nameless, record: (kind, payload) => "enabled" in payload && "muted" in payload && seen.push([kind, payload.enabled, payload.muted]) });
  const live = transceiver() as { -readonly [Name in keyof TransceiverState]: TransceiverState[Name] };
  watch.look([live]);
  Object.assign(live, transceiver({ sent: { id: "other", enabled: false, muted: true } }));
  watch.look([live]);
  assert.deepEqual(seen, [
    ["add_track", true, false],
    ["track", true, true],
    ["replace_track", false, true],
  ]);
});

test("a call that no longer receives is held", () => {
  const sounds = { received: { muted: false } };
  const silent = (direction: string) => transceiver({ direction, received: { muted: true } });
  assert.deepEqual(told(transceiver(sounds), silent("sendonly"), silent("inactive"), transceiver(), transceiver(sounds)), [
    "track_unmute inbound",
    "track_mute inbound",
    "held",
    "resumed",
    "track_unmute inbound",
  ]);
});

test("a connection that only ever sends is not held", () => {
  const seen: string[] = [];
  const watch = new TrackWatch({ ...nameless, record: (kind) => seen.push(kind) });
  const live = transceiver({ direction: "sendonly" });
  for (let second = 0; second < 3; second++) watch.look([live]);
  assert.deepEqual(seen, ["add_track"]);
});

test("a received track says whose streams it is in, and that it was negotiated away before anything came", () => {
  const seen: [kind: string, streams: unknown][] = [];
  const record = (kind: string, payload: object) => void ("direction" in payload && payload.direction === "inbound" && seen.push([kind, "streams" in payload ? payload.streams : undefined]));
  const watch = new TrackWatch({ record, streamsOf: (id) => (id === "received" ? ["stream"] : undefined) });
  const live = transceiver() as { -readonly [Name in keyof TransceiverState]: TransceiverState[Name] };
  for (const direction of ["sendrecv", "sendonly", "inactive", "sendrecv"]) {
    Object.assign(live, transceiver({ direction }));
    watch.look([live]);
  }
  assert.deepEqual(seen, [
    ["track", ["stream"]],
    ["remove_track", undefined],
    ["track", ["stream"]],
  ]);
});

test("a track of an answer waits for its event, which comes after the state and tells its streams", () => {
  const seen: unknown[] = [];
  const record = (kind: string, payload: object) => void (kind === "track" && seen.push("streams" in payload ? payload.streams : undefined));
  const streams = new Map<string, readonly string[]>();
  const watch = new TrackWatch({ record, streamsOf: (id) => streams.get(id) });
  const answered = [transceiver()];
  watch.look(answered, true);
  assert.deepEqual(seen, []);
  streams.set("received", ["stream"]);
  watch.look(answered);
  assert.deepEqual(seen, [["stream"]]);
  // Whoever came too late for the event is told of the track all the same.
  const unheard = [transceiver({ received: { id: "unheard" } })];
  watch.look(unheard, true);
  watch.look(unheard);
  assert.deepEqual(seen, [["stream"], undefined]);
});
