// The quality issues of a Voximplant call: raised and cleared, each once, on a recorded call to which harm is done.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CallEvents, SidetoneEvents } from "../src/compat/voximplant/call-events.ts";
import { Steady } from "../src/compat/voximplant/quality/level.ts";
import { type Conditions, type QualityIssue, QualityWatch } from "../src/compat/voximplant/quality/watch.ts";
import { Source } from "../src/compat/voximplant/stats/source.ts";
import { type Report, reportsOf } from "./traces.ts";

const GOOD: Conditions = {
  isMuted: false,
  isHeld: false,
  sends: "camera",
  receives: { audio: true, video: true },
  target: { width: 320, height: 240 },
  preferred: { audio: "opus", video: "VP8" },
  videoBps: undefined,
};

const recorded = reportsOf("av-pc0").slice(20, 60);

type Change = (stats: Record<string, unknown>, second: number) => Record<string, unknown>;

/** A call of that many seconds of which stats objects are changed. */
function call(change: Change, conditions: (second: number) => Partial<Conditions> = () => ({}), seconds = 30): (QualityIssue & { second: number })[] {
  const watch = new QualityWatch();
  return recorded.slice(0, seconds).flatMap((report, second) => {
    const harmed: Report = new Map([...report].map(([id, stats]) => [id, change({ ...stats }, second)]));
    return watch.look(new Source(harmed), { ...GOOD, ...conditions(second) }).map((issue) => ({ ...issue, second }));
  });
}

const levels = (issues: readonly QualityIssue[], name: QualityIssue["name"]) => issues.filter((issue) => issue.name === name).map(({ level }) => level);
const isBad = (second: number) => second >= 8 && second < 18;
const isOf = (stats: Record<string, unknown>, type: string, kind?: string) => stats["type"] === type && (kind === undefined || stats["kind"] === kind);

/** The recorded call had too little CPU for its pictures; here it has enough. */
const unharmed: Change = (stats) => {
  if (isOf(stats, "outbound-rtp", "video")) return { ...stats, frameWidth: 640, frameHeight: 480 };
  if (isOf(stats, "inbound-rtp")) return { ...stats, jitterBufferDelay: 0.04 * (stats["jitterBufferEmittedCount"] as number) };
  return isOf(stats, "candidate-pair") ? { ...stats, availableOutgoingBitrate: 2_500_000, currentRoundTripTime: 0.02 } : stats;
};

/** Harm from the 8th second to the 18th. */
function harmed(type: string, kind: string | undefined, harm: Change): Change {
  return (stats, second) => {
    const held = unharmed(stats, second);
    return isBad(second) && isOf(held, type, kind) ? harm(held, second) : held;
  };
}

test("a good call has no issue", () => {
  assert.deepEqual(call(unharmed), []);
});

test("a level rises when most of three judgements say so, and falls when all do", () => {
  const steady = new Steady();
  const told = (["CRITICAL", "NONE", "MINOR", "MAJOR", "MAJOR", "NONE", "MINOR", "NONE", "NONE", "NONE"] as const).map((level) => steady.judge(level));
  assert.deepEqual(told, [undefined, undefined, "MINOR", undefined, "MAJOR", undefined, undefined, "MINOR", undefined, "NONE"]);
});

test("loss is raised by its share, audio and video apart, and cleared", () => {
  for (const kind of ["audio", "video"]) {
    let lost = 0;
    const issues = call((stats, second) => {
      const held = unharmed(stats, second);
      if (!isOf(held, "inbound-rtp", kind)) return held;
      if (isBad(second)) lost += 12;
      return { ...held, packetsLost: lost };
    });
    const told = issues.filter(({ name }) => name === CallEvents.QualityIssuePacketLoss);
    assert.equal(told.at(-1)?.level, "NONE", kind);
    assert.ok(told.length >= 2 && told.some(({ level }) => level !== "NONE"), kind);
    const raised = told[0]!;
    assert.ok(raised.second >= 9 && raised.second <= 12, `raised in second ${raised.second}`);
    assert.ok((raised["packetLoss"] as number) >= 0.05 && (raised["packetLoss"] as number) <= 1);
  }
});

test("latency is half the round trip and the longest stay in a jitter buffer", () => {
  for (const [rtt, level] of [[0.15, "MINOR"], [0.35, "MAJOR"], [0.7, "CRITICAL"]] as const) {
    const issues = call(harmed("candidate-pair", undefined, (stats) => ({ ...stats, currentRoundTripTime: rtt })));
    assert.deepEqual(levels(issues, CallEvents.QualityIssueHighMediaLatency), [level, "NONE"], `${rtt} s`);
    assert.ok((issues[0]!["latency"] as number) >= (rtt * 1000) / 2);
  }
});

test("a picture smaller than asked for is told by its share of the shorter side", () => {
  for (const [height, level] of [[200, "MINOR"], [168, "MAJOR"], [120, "MAJOR"], [90, "CRITICAL"]] as const) {
    const issues = call(harmed("outbound-rtp", "video", (stats) => ({ ...stats, frameWidth: (height * 4) / 3, frameHeight: height })));
    const told = issues.filter(({ name }) => name === CallEvents.QualityIssueLocalVideoDegradation);
    assert.deepEqual(told.map((issue) => issue.level), [level, "NONE"], `${height} lines`);
    const { kind, targetWidth, targetHeight, actualHeight } = told[0]!;
    assert.deepEqual({ kind, targetWidth, targetHeight, actualHeight }, { kind: "video", targetWidth: 320, targetHeight: 240, actualHeight: height });
  }
});

test("a shared screen is told by its frames, but not for standing still", () => {
  const screen = () => ({ sends: "screen" as const });
  const slow = (captured: number) =>
    call((stats, second) => {
      const held = unharmed(stats, second);
      if (isOf(held, "media-source", "video")) return { ...held, framesPerSecond: isBad(second) ? captured : 30 };
      return isOf(held, "outbound-rtp", "video") ? { ...held, framesPerSecond: isBad(second) ? 3 : 30 } : held;
    }, screen);
  const [raised, cleared, ...more] = slow(30).filter(({ name }) => name === CallEvents.QualityIssueLocalVideoDegradation);
  assert.deepEqual([raised?.level, raised?.["kind"], raised?.["fps"], cleared?.level, more.length], ["CRITICAL", "sharing", 3, "NONE", 0]);
  assert.deepEqual(levels(slow(3), CallEvents.QualityIssueLocalVideoDegradation), []);
});

test("video that ends clears what was said of it", () => {
  const issues = call(harmed("outbound-rtp", "video", (stats) => ({ ...stats, frameWidth: 120, frameHeight: 90 })), (second) => (second >= 14 ? { sends: undefined } : {}));
  assert.deepEqual(levels(issues, CallEvents.QualityIssueLocalVideoDegradation), ["CRITICAL", "NONE"]);
  assert.equal(issues.at(-1)?.second, 14);
});

test("another codec than the preferred one is told once, and so is none at all", () => {
  const other = call((stats, second) => {
    const held = unharmed(stats, second);
    return isBad(second) && isOf(held, "codec") && held["mimeType"] === "audio/opus" ? { ...held, mimeType: "audio/PCMU" } : held;
  });
  assert.deepEqual(levels(other, CallEvents.QualityIssueCodecMismatch), ["MAJOR", "NONE"]);
  assert.deepEqual([other[0]!["kind"], other[0]!["sendCodec"]], ["audio", "audio/PCMU"]);
  const none = call(harmed("outbound-rtp", "audio", (stats) => ({ ...stats, packetsSent: 1 })));
  const told = none.filter(({ name }) => name === CallEvents.QualityIssueCodecMismatch);
  assert.deepEqual(told.map(({ level }) => level), ["CRITICAL", "NONE"]);
  assert.ok(told[0]!.second >= 8 + 5, "not before it is sure");
});

test("a microphone that gives nothing is told, one that is muted is not", () => {
  const dead = harmed("media-source", "audio", (stats) => ({ ...stats, totalAudioEnergy: 1, audioLevel: 0 }));
  assert.deepEqual(levels(call(dead), CallEvents.QualityIssueNoAudioSignal), ["CRITICAL", "NONE"]);
  assert.deepEqual(levels(call(dead, (second) => ({ isMuted: isBad(second) })), CallEvents.QualityIssueNoAudioSignal), []);
  const muted = call(dead, (second) => ({ isMuted: second >= 14 && isBad(second) }));
  assert.deepEqual(muted.filter(({ name }) => name === CallEvents.QualityIssueNoAudioSignal).map(({ level, second }) => [level, second]), [["CRITICAL", 10], ["NONE", 14]]);
});

test("bandwidth is judged when its estimate has found its place", () => {
  const narrow = (from: number): Change => (stats, second) => {
    const held = unharmed(stats, second);
    if (isOf(held, "candidate-pair")) return { ...held, availableOutgoingBitrate: second >= from && second < 25 ? 100_000 : 2_500_000 };
    return isOf(held, "outbound-rtp", "video") ? { ...held, qualityLimitationReason: second >= from && second < 25 ? "bandwidth" : "none" } : held;
  };
  const issues = call(narrow(15)).filter(({ name }) => name === CallEvents.QualityIssueLowBandwidth);
  assert.deepEqual(issues.map(({ level }) => level), ["CRITICAL", "NONE"]);
  assert.equal(issues[0]!["actualBitrate"], 100_000);
  assert.ok((issues[0]!["targetBitrate"] as number) > 200_000);
  assert.ok(call(narrow(0)).filter(({ name }) => name === CallEvents.QualityIssueLowBandwidth)[0]!.second > 10);
});

test("an interrupted connection is told, and its end", () => {
  const watch = new QualityWatch();
  const told = (["checking", "connected", "disconnected", "disconnected", "failed", "checking", "connected", "completed", "closed"] as const).flatMap((state) => watch.ice(state).map(({ level }) => level));
  assert.deepEqual(told, ["MAJOR", "CRITICAL", "NONE"]);
});

test("a call that is held, or whose media goes another way, starts anew", () => {
  const late = harmed("candidate-pair", undefined, (stats) => ({ ...stats, currentRoundTripTime: 0.7 }));
  const held = call(late, (second) => ({ isHeld: second >= 14 }));
  assert.deepEqual(held.map(({ level, second }) => [level, second]), [["CRITICAL", 9], ["NONE", 14]]);
  const watch = new QualityWatch();
  for (const [second, report] of recorded.slice(0, 14).entries()) watch.look(new Source(new Map([...report].map(([id, stats]) => [id, late({ ...stats }, second)]))), GOOD);
  assert.deepEqual(watch.reset().map(({ name, level }) => [name, level]), [[CallEvents.QualityIssueHighMediaLatency, "NONE"]]);
  assert.deepEqual(watch.reset(), []);
});

test("a voice or a picture of which nothing comes any more is told, and is over when it comes again", () => {
  for (const [kind, name, other] of [
    ["audio", SidetoneEvents.QualityIssueNoAudioReceived, SidetoneEvents.QualityIssueNoVideoReceived],
    ["video", SidetoneEvents.QualityIssueNoVideoReceived, SidetoneEvents.QualityIssueNoAudioReceived],
  ] as const) {
    const cut = harmed("inbound-rtp", kind, (stats) => ({ ...stats, packetsReceived: 100_000 }));
    const issues = call((stats, second) => {
      const held = cut(stats, second);
      return !isBad(second) && second >= 18 && isOf(held, "inbound-rtp", kind) ? { ...held, packetsReceived: 200_000 + second } : held;
    });
    assert.deepEqual(levels(issues, name), ["CRITICAL", "NONE"], kind);
    assert.deepEqual(levels(issues, other), []);
    // Without its renderer there is nothing to be missed.
    const removed = call(cut, () => ({ receives: { audio: kind !== "audio", video: kind !== "video" } }), 18);
    assert.deepEqual(levels(removed, name), []);
  }
});
