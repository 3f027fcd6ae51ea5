// Times of a call over midnight have their day, in the reader's zone.

import assert from "node:assert/strict";
import { test } from "node:test";

process.env["TZ"] = "Europe/Berlin";
const { axisTimes, isOtherDay, moment } = await import("../src/times.ts");

/** A quarter to midnight in Berlin: no midnight in UTC. */
const BEFORE = Date.parse("2026-11-22T22:45:00Z");
const MINUTE = 60_000;

/** As written in any language: the digits. */
const digits = (text: string): string[] => text.match(/\d+/g) ?? [];

test("the day stands below the first time of an axis, and below the first of each day", () => {
  const ticks = [0, 10, 20, 30].map((minutes) => BEFORE + minutes * MINUTE);
  assert.deepEqual(axisTimes(ticks, true).map(digits), [["23", "45", "22"], ["23", "55"], ["00", "05", "23"], ["00", "15"]]);
  assert.deepEqual(axisTimes(ticks, false).map(digits), [["23", "45"], ["23", "55"], ["00", "05"], ["00", "15"]]);
  assert.match(axisTimes(ticks, true)[2]!, /^00:05\n/);
});

test("ticks of less than a minute have seconds", () => {
  assert.deepEqual(axisTimes([BEFORE, BEFORE + 30_000], false).map(digits), [["23", "45", "00"], ["23", "45", "30"]]);
});

test("a moment has its day where the call is on several", () => {
  assert.equal(isOtherDay(BEFORE, BEFORE + 14 * MINUTE), false);
  assert.equal(isOtherDay(BEFORE, BEFORE + 15 * MINUTE), true);
  assert.deepEqual(digits(moment(BEFORE, false)), ["23", "45", "00"]);
  assert.ok(digits(moment(BEFORE, true)).includes("22"));
});
