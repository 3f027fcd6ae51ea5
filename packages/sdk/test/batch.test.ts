// Batches: what was collected arrives as docs/intake.md says, in both forms, stamped with the time of sending.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OPEN } from "../src/privacy.ts";
import { type Batch, BatchBuilder, COMPACT_TYPE, JSON_TYPE } from "../src/batch.ts";
import type { Engine, Recording } from "../src/engine/index.ts";
import { Recorder } from "../src/recorder.ts";
import { stamp } from "../src/upload/stamp.ts";
import { decoded, engine as loaded } from "./engine.ts";

const identity = { conferenceId: "Wöchentlich 🎧", userId: "ada", participantId: "stay-1" };
const NOW_MS = 1_795_228_491_553;

/** Reports of a real call of Chromium. */
const lines = readFileSync(new URL("../../../testdata/traces/av-pc0.jsonl", import.meta.url), "utf8").split("\n").filter(Boolean).slice(0, 5);
const calls = lines.map((line) => JSON.parse(line) as { t: number; report: Record<string, object> });

function builder(engine: Engine | undefined): BatchBuilder {
  const made = new BatchBuilder(identity, "pc0", () => engine, () => OPEN);
  made.recorder = new Recorder(() => engine, () => OPEN);
  return made;
}

function filled(engine: Engine | undefined): Batch {
  const made = builder(engine);
  made.event("joined", { user_name: "Ada" }, NOW_MS);
  for (const { t, report } of calls) made.recorder?.push(t, new Map(Object.entries(report)) as never, false);
  return made.take(NOW_MS) as Batch;
}

test("nothing goes out before the conference has its name, and then everything does", () => {
  const unnamed = { ...identity, conferenceId: undefined as string | undefined };
  const made = new BatchBuilder(unnamed, "pc0", () => loaded, () => OPEN);
  made.recorder = new Recorder(() => loaded, () => OPEN);
  made.event("peer_connection_created", {}, NOW_MS);
  assert.equal(made.take(NOW_MS), undefined);
  for (const { t, report } of calls) made.recorder.push(t, new Map(Object.entries(report)) as never, false);
  assert.equal(made.take(NOW_MS), undefined);
  unnamed.conferenceId = "weekly";
  const batch = made.take(NOW_MS) as Batch;
  const { conference_id, batch_seq } = decoded(stamp(batch, NOW_MS));
  assert.deepEqual([batch.reports, batch.events, conference_id, batch_seq], [5, 1, "weekly", 0]);
});

for (const [form, engine] of [[COMPACT_TYPE, loaded], [JSON_TYPE, undefined]] as const) {
  test(`${form}: everything is there, and the time is that of sending`, () => {
    const batch = filled(engine);
    assert.equal(batch.contentType, form);
    assert.deepEqual([batch.reports, batch.events], [5, 1]);
    for (const sentMs of [NOW_MS, NOW_MS + 3_600_000, 5_000, 2 ** 43]) {
      const body = stamp(batch, sentMs);
      const read = form === COMPACT_TYPE ? decoded(body) : JSON.parse(new TextDecoder().decode(body));
      const { conferenceId, userId, participantId } = identity;
      assert.deepEqual(
        { ...read, reports: read.reports.length },
        {
          sent_ms: sentMs,
          conference_id: conferenceId,
          user_id: userId,
          participant_id: participantId,
          peer_connection_id: "pc0",
          batch_seq: 0,
          events: [{ time_ms: NOW_MS, kind: "joined", payload: { user_name: "Ada" } }],
          reports: 5,
        },
      );
      assert.deepEqual(read.reports.map((report: { time_ms: number }) => report.time_ms), calls.map(({ t }) => t));
      assert.deepEqual(read.reports[4].stats, calls[4]?.report);
    }
  });
}

test("where the engine fails, events go out as JSON and the reports that it took along are told", () => {
  const failing: Engine = {
    judges: true,
    recording(policy) {
      const broken: Recording = Object.create(loaded.recording(policy));
      Object.defineProperty(broken, "takeBatch", { value: () => assert.fail("the engine is broken") });
      Object.defineProperty(broken, "push", { value: () => undefined });
      Object.defineProperty(broken, "count", { value: 5 });
      Object.defineProperty(broken, "event", { value: () => undefined });
      Object.defineProperty(broken, "takeDropped", { value: () => 0 });
      return broken;
    },
  };
  const batch = filled(failing);
  assert.equal(batch.contentType, JSON_TYPE);
  const { events, reports } = JSON.parse(new TextDecoder().decode(batch.body));
  assert.deepEqual(reports, []);
  assert.deepEqual(events.map(({ kind }: { kind: string }) => kind), ["joined", "dropped"]);
  assert.deepEqual(events[1].payload, { reports: 5, events: 0, reason: "engine_failed" });
  assert.deepEqual(batch.drops, [{ reports: 5, events: 0, reason: "engine_failed" }]);
});

test("reports that came before the engine go out with those that came after", () => {
  let engine: Engine | undefined;
  const made = new BatchBuilder(identity, "pc0", () => engine, () => OPEN);
  const recorder = (made.recorder = new Recorder(() => engine, () => OPEN));
  for (const { t, report } of calls) {
    recorder.push(t, new Map(Object.entries(report)) as never, false);
    engine = loaded;
  }
  recorder.end();
  const batch = made.take(NOW_MS) as Batch;
  assert.deepEqual([batch.contentType, batch.reports], [COMPACT_TYPE, 5]);
  const { reports } = decoded(batch.body) as { reports: { time_ms: number; stats: object }[] };
  assert.deepEqual(reports, calls.map(({ t, report }) => ({ time_ms: t, stats: report })));
  assert.equal(made.take(NOW_MS), undefined, "all that waited was taken");
});

test("batches are numbered, and nothing makes no batch", () => {
  const made = builder(undefined);
  assert.equal(made.take(NOW_MS), undefined);
  const numbers = [1, 2].map(() => {
    made.event("note", {}, NOW_MS);
    return JSON.parse(new TextDecoder().decode(made.take(NOW_MS)?.body)).batch_seq;
  });
  assert.deepEqual(numbers, [0, 1]);
});

test("what was dropped is told with its reason, once", () => {
  const made = builder(undefined);
  made.drop({ reports: 10, events: 1, reason: "queue_full" });
  made.drop({ reports: 5, events: 0, reason: "queue_full" });
  made.event("huge", { text: "x".repeat(200_000) }, NOW_MS);
  const { events } = JSON.parse(new TextDecoder().decode(made.take(NOW_MS)?.body));
  assert.deepEqual(events, [
    { time_ms: NOW_MS, kind: "dropped", payload: { reports: 15, events: 1, reason: "queue_full" } },
    { time_ms: NOW_MS, kind: "dropped", payload: { reports: 0, events: 1, reason: "event_too_large" } },
  ]);
  assert.equal(made.take(NOW_MS), undefined);
});
