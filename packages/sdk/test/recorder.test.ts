// A connection's reports: encoded by the smaller module until the page listens, from then on judged by the engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../src/engine/index.ts";
import { STRICT } from "../src/privacy.ts";
import { Recorder } from "../src/recorder.ts";
import { encoder, engine } from "./engine.ts";
import { reportsOf } from "./traces.ts";

const NAME = { conferenceId: "c", userId: "u", participantId: "p", peerConnectionId: "pc0", batchSeq: 0, sentMs: 0 };

test("both modules make the same batch", () => {
  const [judged, encoded] = [engine, encoder].map((of) => {
    const recording = of.recording(() => STRICT);
    reportsOf("av-pc0").forEach((report, second) => recording.push(1000 * second, report, true));
    return recording.takeBatch(NAME);
  });
  assert.deepEqual(encoded, judged);
});

test("the engine takes over with the next batch, and nothing is lost on the way", () => {
  let current: Engine | undefined;
  const recorder = new Recorder(() => current, () => STRICT);
  const reports = reportsOf("av-pc0");
  const push = (second: number) => recorder.push(1000 * second, reports[second] ?? new Map(), true);
  push(0);
  current = encoder;
  recorder.hear("muted", { kind: "audio" }, 0);
  assert.equal(push(1), undefined, "who only encodes says nothing");
  current = engine;
  assert.equal(push(2), undefined);
  const waiting = recorder.waiting();
  assert.equal(waiting?.count, 3);
  waiting?.takeBatch(NAME);
  recorder.taken();
  assert.equal(push(3)?.ticks.length, 1, "the engine judges");
  assert.equal(recorder.waiting()?.count, 1);
});
