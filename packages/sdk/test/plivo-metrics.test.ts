// `mediaMetrics` from the engine's values: by the rules of Plivo's reference, and by those of its SDK.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tick, Values } from "../src/api.ts";
import { Metrics, type MediaMetric } from "../src/compat/plivo/metrics.ts";
import { PRESETS, type Rules } from "../src/compat/plivo/metrics-rules.ts";
import { decibels, sampleOf } from "../src/compat/plivo/samples.ts";
import { SpeechDetector } from "../src/collect/speech.ts";

function metrics({ rules = PRESETS.plivo, isOpus = true, isMuted = false }: { rules?: Rules; isOpus?: boolean; isMuted?: boolean } = {}) {
  const told: MediaMetric[] = [];
  const of = new Metrics(rules, true, { emit: (metric) => told.push(metric), isOpus: () => isOpus, isMuted: () => isMuted });
  return { of, told };
}

const short = ({ type, stream, value, active }: MediaMetric) => [type, stream, value, active];

function tick(second: number, { sent = {}, received = {}, connection = {} }: { sent?: Values; received?: Values; connection?: Values }): Tick {
  const stream = (direction: "inbound" | "outbound", values: Values) => ({ stream: { direction, kind: "audio" as const, ssrc: 1 }, values });
  return {
    peerConnection: {} as RTCPeerConnection,
    peerConnectionId: "pc0",
    label: undefined,
    timeMs: second * 1000,
    intervalMs: 1000,
    connection,
    streams: [stream("outbound", sent), stream("inbound", received)],
  };
}

test("three bad ones of the last five raise, fewer clear, each told once", () => {
  const { of, told } = metrics();
  const seen: (string | number)[] = [];
  for (const jitterRemoteMs of [40, 10, 50, 10, 60, 70, 10, 10, 10]) {
    const before = told.length;
    of.sample({ jitterRemoteMs });
    seen.push(told.length - before);
  }
  assert.deepEqual(seen, [0, 0, 0, 0, 1, 0, 0, 1, 0]);
  assert.deepEqual(told.map(short), [
    ["high_jitter", "remote", 50, true],
    ["high_jitter", "remote", 0, false],
  ]);
  assert.deepEqual(told[0], { group: "network", level: "warning", type: "high_jitter", value: 50, active: true, desc: "jitterRemoteMeasures", stream: "remote" });
});

test("as shipped: two of three, every other sample, told again while it stands", () => {
  const { of, told } = metrics({ rules: PRESETS["plivo-shipped"] });
  const seen: number[] = [];
  for (const rttMs of [450, 100, 500, 100, 600, 100, 100]) {
    const before = told.length;
    of.sample({ rttMs });
    seen.push(told.length - before);
  }
  assert.deepEqual(seen, [0, 0, 1, 0, 1, 0, 1]);
  assert.deepEqual(told.map(short), [
    ["high_rtt", "None", "475.00", true],
    ["high_rtt", "None", "550.00", true],
    ["high_rtt", "None", 0, false],
  ]);
  assert.equal(told[0]?.desc, "high latency");
});

test("how much loss is bad hangs on the codec, as the reference says", () => {
  for (const [isOpus, rules, lossLocal, bad] of [
    [true, PRESETS.plivo, 0.1, false],
    [true, PRESETS.plivo, 0.12, true],
    [false, PRESETS.plivo, 0.12, false],
    [false, PRESETS.plivo, 0.21, true],
    [true, PRESETS["plivo-shipped"], 0.02, true],
    [true, PRESETS["plivo-shipped"], 0.019, false],
  ] as const) {
    const { of, told } = metrics({ isOpus, rules });
    for (let count = 0; count < 3; count++) of.sample({ lossLocal });
    assert.deepEqual(told.map(short), bad ? [["high_packetloss", "local", lossLocal, true]] : [], `${lossLocal}`);
  }
});

test("a sample without a value is not a bad one", () => {
  const { of, told } = metrics({ rules: PRESETS["plivo-shipped"] });
  for (let count = 0; count < 7; count++) of.sample({});
  assert.deepEqual(told, []);
  for (let count = 0; count < 3; count++) of.sample({ mos: 3.2 + count / 10, levelRemoteDb: -100, levelLocalDb: -60 });
  assert.deepEqual(told.map(short), [
    ["low_mos", "None", 3.2, true],
    ["no_audio_received", "remote", -100, true],
  ]);
});

test("the thresholds are the app's to set", () => {
  const { of, told } = metrics({ rules: { ...PRESETS.plivo, rttMs: 100, bad: 1 } });
  of.sample({ rttMs: 101 });
  assert.deepEqual(told.map(short), [["high_rtt", "None", "101.00", true]]);
});

test("five seconds of the engine's values are a sample", () => {
  const ticks = [1, 2, 3, 4, 5].map((second) =>
    tick(second, {
      sent: { rtt_ms: 100, jitter_ms: 10, ...(second === 4 && { loss_ratio: 0.1 }), audio_level: 0 },
      received: { jitter_ms: 2 * second, loss_ratio: second === 5 ? 0.5 : 0, packet_rate_pps: second === 5 ? 25 : 50, audio_level: second === 2 ? 0.1 : 0 },
      connection: { rtt_ms: 90 },
    }),
  );
  assert.deepEqual(sampleOf(ticks, { isOpus: false, isMuted: false }), {
    rttMs: 100,
    jitterLocalMs: 10,
    jitterRemoteMs: 10,
    lossLocal: 0.1,
    lossRemote: 0.1,
    // The check value for rtt 100, jitter 10 and a loss of 0.1.
    mos: 3.352,
    levelLocalDb: -100,
    levelRemoteDb: -20,
  });
  assert.equal(sampleOf(ticks, { isOpus: false, isMuted: true }).levelLocalDb, undefined);
  assert.deepEqual(sampleOf([tick(1, {})], { isOpus: true, isMuted: false }), {});
  assert.deepEqual([0, 1, 0.1, 1e-9].map(decibels), [-100, 0, -20, -100]);
});

test("ticks become samples every five seconds", () => {
  const { of, told } = metrics();
  for (let second = 1; second <= 15; second++) of.tick(tick(second, { sent: { rtt_ms: 500 } }));
  assert.deepEqual(told.map(short), [["high_rtt", "None", "500.00", true]]);
});

test("a microphone that sends nothing though it is not muted was lost", () => {
  for (const isMuted of [false, true]) {
    const { of, told } = metrics({ isMuted });
    for (let second = 1; second <= 6; second++) of.tick(tick(second, { sent: { bitrate_bps: second === 1 ? 32_000 : 100 } }));
    assert.deepEqual(
      told.map(({ type, active }) => [type, active]),
      isMuted ? [] : [["no_microphone_access", true]],
    );
  }
});

test("the path that goes is told, and that it is back", () => {
  const { of, told } = metrics();
  for (const state of ["checking", "connected", "disconnected", "failed", "checking", "connected", "completed"] as const) of.iceState(state);
  assert.deepEqual(told.map(short), [
    ["ice_connection", "None", "disconnected", true],
    ["ice_connection", "None", "failed", true],
    ["ice_connection", "None", "connected", false],
  ]);
  of.gatheringTimeout(2000);
  of.speech();
  assert.deepEqual(told.slice(3).map(short), [
    ["ice_timeout", "None", 2000, true],
    ["speaking_on_mute", "None", 0, true],
  ]);
});

test("speech stands out of the room for a while, a click or a fan does not", () => {
  const heard = (levels: readonly number[]) => {
    const detector = new SpeechDetector();
    return levels.some((level) => detector.take(level));
  };
  const room = Array.from({ length: 40 }, () => 0.002);
  assert.equal(heard(room), false);
  assert.equal(heard([...room, 0.5, 0.5, ...room]), false, "a click");
  assert.equal(heard([...room, 0.1, 0.08, 0.02, 0.12, 0.1, 0.09, 0.1]), true, "speech");
  assert.equal(heard(Array.from({ length: 400 }, (_, index) => Math.min(0.03, 0.002 * 1.02 ** index))), false, "a fan that starts");
});
