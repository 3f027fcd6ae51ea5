// getStats in every state of health.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { StatsReader } from "../src/collect/stats.ts";
import type { StatsReport } from "../src/engine/index.ts";

const REPORT = new Map([["T", { type: "transport" }]]) as unknown as StatsReport;

function read(getStats: () => Promise<StatsReport>) {
  const seen: string[] = [];
  let calls = 0;
  const reader = new StatsReader(
    () => {
      calls++;
      return getStats();
    },
    { onReport: () => seen.push("report"), onEvent: (kind, payload) => seen.push(`${kind} ${JSON.stringify(payload)}`) },
  );
  return { reader, seen, calls: () => calls };
}

test("a getStats that throws or rejects is told once, and once more when it works again", async () => {
  let fails = 3;
  for (const fail of [() => { throw new Error("torn down"); }, () => Promise.reject(new Error("torn down"))]) {
    fails = 3;
    const { reader, seen } = read(() => (fails-- > 0 ? fail() : Promise.resolve(REPORT)));
    for (let second = 0; second < 5; second++) await reader.poll();
    assert.deepEqual(seen, [
      'get_stats_failed {"reason":"error","message":"Error: torn down"}',
      'get_stats_recovered {"failures":3}',
      "report",
      "report",
    ]);
  }
});

test("a getStats that takes its time is never called twice at once", async () => {
  let answer: (report: StatsReport) => void = () => undefined;
  const { reader, seen, calls } = read(() => new Promise((resolve) => (answer = resolve)));
  const startMs = performance.now();
  for (let second = 0; second < 5; second++) void reader.poll(startMs + second * 1000 - 5000);
  assert.equal(calls(), 1);
  answer(REPORT);
  await pause(5);
  assert.deepEqual(seen, ['get_stats_slow {"took_ms":5000}', "report"].map((line) => line.replace("5000", String(JSON.parse(seen[0]?.split(" ")[1] ?? "{}").took_ms))));
  void reader.poll();
  assert.equal(calls(), 2);
});

test("a getStats that never answers is given up, seldom asked again, and its late answers count for nothing", async () => {
  const answers: ((report: StatsReport) => void)[] = [];
  const { reader, seen, calls } = read(() => new Promise((resolve) => answers.push(resolve)));
  const startMs = performance.now();
  for (let second = 0; second <= 600; second++) void reader.poll(startMs + second * 1000);
  assert.ok(calls() <= 8, `${calls()} calls in ten minutes`);
  assert.equal(seen.length, 1);
  assert.match(seen[0] ?? "", /get_stats_failed .*no_answer/);
  answers[0]?.(REPORT);
  await pause(5);
  assert.equal(seen.length, 1, "the answer to a call that was given up");
  answers.at(-1)?.(REPORT);
  await pause(5);
  assert.deepEqual(seen.slice(1).map((line) => line.split(" ")[0]), ["get_stats_recovered", "report"]);
});

test("nothing is heard of after the end", async () => {
  const { reader, seen } = read(() => Promise.resolve(REPORT));
  const answered = reader.poll();
  reader.stop();
  await answered;
  assert.deepEqual(seen, []);
});
