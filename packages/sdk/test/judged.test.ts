// What the page is told of a connection: by the rules of a preset, by what events say, and of a muted microphone.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preset } from "../src/api.ts";
import { MutedSpeech } from "../src/collect/muted.ts";
import { LOOK_MS } from "../src/collect/speech.ts";
import { settle } from "../src/options.ts";
import { OPEN } from "../src/privacy.ts";
import { Recorder } from "../src/recorder.ts";
import { engine } from "./engine.ts";

const START = 1_795_226_400_000;

/** Names of the issues of 40 s in which so many of 50 packets a second are lost, and all that is added to each report. */
function issues(rules: string, lost: number, hear: (recorder: Recorder) => void = () => {}, more: (second: number) => Map<string, object> = () => new Map()): string[] {
  const recorder = new Recorder(() => engine, () => OPEN, () => rules);
  const raised = new Set<string>();
  for (let second = 0; second < 40; second++) {
    if (second === 10) hear(recorder);
    const stream = { id: "I", type: "inbound-rtp", kind: "audio", ssrc: 7, trackIdentifier: "t", timestamp: START + 1000 * second };
    const counters = { packetsReceived: (50 - lost) * second, packetsLost: lost * second, bytesReceived: 4000 * second, jitter: 0.002 };
    const report = new Map<string, object>([["I", { ...stream, ...counters }], ...more(second)]);
    for (const { rule } of recorder.push(START + 1000 * second, report, true)?.raised ?? []) raised.add(rule);
  }
  return [...raised].sort();
}

test("a preset judges by its own thresholds, and what is none is told", () => {
  const told = (lost: number) => (["sidetone", "plivo", "plivo-shipped", "twilio", "voximplant"] as const).map((preset) => issues(preset, lost).includes("high_loss"));
  // 1 % and 1 %, above 10 %, from 2 % and from 5 % on.
  assert.deepEqual(told(2), [true, false, true, true, false], "4 %");
  assert.deepEqual(told(3), [true, false, true, true, true], "6 %");
  assert.deepEqual(told(0), [false, false, false, false, false]);
  const wrong = settle({ url: "https://quality.example.com", secret: "sti_x", conferenceId: "weekly", preset: "zoom" as Preset });
  assert.match(wrong as string, /`preset` is "zoom"; it must be one of sidetone, plivo/);
});

test("thresholds of the app's stand in place of the preset's", () => {
  const told = (rules: string, lost: number) => issues(rules, lost).includes("high_loss");
  // 4 % of loss: 1 % is the least that the preset tells.
  assert.equal(told("sidetone high_loss.minor=0.05", 2), false);
  assert.equal(told("sidetone high_loss.minor=0.05", 3), true);
  assert.equal(told("sidetone high_loss.critical=off high_loss.major=off high_loss.minor=off", 10), false);
  assert.equal(told("plivo high_loss.minor=0.03", 2), true);
  // A server that is newer than the page has rules that its engine does not know.
  assert.equal(told("sidetone high_gravity.minor=9.81 high_loss.worst=1 high_loss.minor=0.05", 2), false);
  assert.equal(told("zoom", 2), true, "by ours, then");
});

test("rules that change in mid-call judge from then on", () => {
  let rules = "sidetone";
  const recorder = new Recorder(() => engine, () => OPEN, () => rules);
  assert.equal(recorder.rulesChange(), undefined, "nothing was told by rules that judged nothing");
  const told: [second: number, what: string, severity: string][] = [];
  const note = (second: number, outcome = recorder.rulesChange()) => {
    for (const what of ["raised", "cleared"] as const) for (const { rule, severity } of outcome?.[what] ?? []) if (rule === "high_loss") told.push([second, what, severity]);
  };
  for (let second = 0; second < 80; second++) {
    if (second === 30) [rules] = ["plivo high_loss.minor=off high_loss.major=off high_loss.critical=off"];
    if (second === 50) [rules] = ["sidetone high_loss.major=off high_loss.critical=off"];
    if (second === 30 || second === 50) note(second);
    // A fifth is lost.
    const stream = { id: "I", type: "inbound-rtp", kind: "audio", ssrc: 7, timestamp: START + 1000 * second, packetsReceived: 40 * second, packetsLost: 10 * second, bytesReceived: 4000 * second, jitter: 0.002 };
    note(second, recorder.push(START + 1000 * second, new Map([["I", stream]]), true));
  }
  const [first, ...rest] = told.map(([second, ...of]) => ({ second, of }));
  assert.ok(first !== undefined && first.second < 30, `${told}`);
  assert.deepEqual(rest[0], { second: 30, of: ["cleared", "critical"] });
  assert.deepEqual(rest.slice(1).map(({ of }) => of), [["raised", "minor"]]);
  assert.ok((rest[1]?.second ?? 0) > 50, `${told}`);
});

test("who wants no ticks is told the same issues", () => {
  const outcomes = (ticks: boolean) => {
    const recorder = new Recorder(() => engine, () => OPEN);
    return Array.from({ length: 40 }, (_, second) => {
      const of = (id: string, ssrc: number, lost: number) => [id, { id, type: "inbound-rtp", kind: "audio", ssrc, timestamp: START + 1000 * second, packetsReceived: (50 - lost) * second, packetsLost: lost * second, bytesReceived: 4000 * second, jitter: 0.002 }] as const;
      return recorder.push(START + 1000 * second, new Map<string, object>([of("A", 7, 0), of("B", 8, 10)]), true, ticks);
    });
  };
  const [all, some] = [outcomes(true), outcomes(false)];
  assert.ok(all.every((outcome) => outcome?.ticks.length === 1) && all.some((outcome) => outcome?.raised.some(({ stream }) => stream?.ssrc === 8)));
  assert.deepEqual(some, all.map((outcome) => ({ ...outcome, ticks: [] })));
});

test("what events say of the setup is judged, also by those that ended before the engine was there", () => {
  const slow = (recorder: Recorder) => {
    recorder.hear("ice_gathering_state_change", { state: "gathering" } as object, START + 10_000);
    recorder.hear("ice_gathering_state_change", { state: "complete" } as object, START + 16_000);
    recorder.hear("signaling_state_change", { state: "stable" } as object, START + 10_000);
    recorder.hear("connection_state_change", { state: "connected" } as object, START + 14_000);
  };
  assert.deepEqual(issues("sidetone", 0, slow), ["slow_connecting", "slow_gathering"]);
  assert.deepEqual(issues("plivo", 0, slow), ["slow_gathering"]);
  const early = new Recorder(() => undefined, () => OPEN);
  slow(early);
  assert.equal(early.waiting(), undefined, "nothing is lost and nothing breaks without an engine");
});

test("speech into a muted microphone is told while it is muted, and not before or after", () => {
  let look = (_isSpeech: boolean): void => assert.fail("nothing is listened to");
  const stopped: string[] = [];
  const muted = new MutedSpeech((track, onLook) => {
    look = onLook;
    return () => stopped.push(track.id);
  });
  const track = (enabled: boolean, id = "mic") => ({ id, kind: "audio", enabled, readyState: "live" }) as MediaStreamTrack;
  const tracks = [track(true)];
  muted.look(tracks);
  assert.equal(muted.counters(START), undefined, "a microphone that is open is nobody's business");
  const silent = track(false);
  const heard = issues("sidetone", 0, undefined, (second) => {
    muted.look(second >= 12 && second < 30 ? [silent] : tracks);
    if (second >= 12 && second < 30) for (let at = 0; at < 1000; at += LOOK_MS) look(second >= 18 && second < 23);
    const counters = muted.counters(START + 1000 * second);
    return new Map(counters ? [[counters.id, counters]] : []);
  });
  assert.deepEqual(heard, ["speaking_while_muted"]);
  assert.deepEqual(stopped, ["mic"], "the copy is given back as soon as the microphone is open");
  assert.deepEqual([muted.counters(START), muted.look([track(false, "other")]), muted.counters(START)?.observedDuration], [undefined, undefined, 0]);
  muted.stop();
  assert.deepEqual(stopped, ["mic", "other"]);
});
