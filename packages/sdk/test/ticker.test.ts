// The page's timer: tasks at their intervals, one timer, no catching up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Ticker } from "../src/ticker.ts";

test("tasks run at their own intervals and end when told", async () => {
  const ticker = new Ticker();
  const runs = { fast: 0, slow: 0 };
  const endFast = ticker.every(20, () => runs.fast++);
  const endSlow = ticker.every(70, () => runs.slow++);
  await pause(400);
  endFast();
  endSlow();
  const { fast, slow } = runs;
  assert.ok(fast >= 12 && fast <= 20, `every 20 ms for 400 ms ran ${fast} times`);
  assert.ok(slow >= 3 && slow <= 5, `every 70 ms for 400 ms ran ${slow} times`);
  await pause(150);
  assert.deepEqual(runs, { fast, slow });
});

test("a sleep is a gap, not a burst", async () => {
  const ticker = new Ticker();
  const times: number[] = [];
  const end = ticker.every(20, () => times.push(performance.now()));
  await pause(50);
  const asleep = performance.now() + 300;
  while (performance.now() < asleep);
  await pause(70);
  end();
  const late = times.filter((time) => time >= asleep);
  assert.ok(late.length >= 2 && late.length <= 5, `ran ${late.length} times in the 70 ms after a sleep`);
});

test("nothing is left running when the last task ends", () => {
  const ticker = new Ticker();
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const end = ticker.every(60_000, () => assert.fail("ended before it was due"));
  end();
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, before);
});
