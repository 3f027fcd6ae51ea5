// A member over time: spaced by time, broken where nothing came.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, path, pieces, WIDTH } from "../src/spark.ts";

const x = (time: number, until: number): number => (time / until) * (WIDTH - 2) + 1;

test("points stand where their time is, not where their number is", () => {
  const [line] = pieces([0, 1000, 3000, 4000], [1, 2, 3, 4]);
  assert.deepEqual(line!.map((point) => point.x), [0, 1000, 3000, 4000].map((time) => x(time, 4000)));
});

test("a pause and an absent value break the line", () => {
  const drawn = pieces([0, 1000, 2000, 20_000, 21_000, 22_000, 23_000], [1, 2, 3, 4, null, 5, 6]);
  assert.deepEqual(drawn.map((piece) => piece.map(({ value }) => value)), [[1, 2, 3], [4], [5, 6]]);
  assert.equal(path(drawn).match(/M/g)!.length, 3);
});

test("under the cursor is the nearest point", () => {
  const drawn = pieces([0, 1000, 10_000], [1, 2, 3]);
  assert.equal(nearest(drawn, 30)!.time_ms, 1000);
  assert.equal(nearest(drawn, WIDTH)!.value, 3);
  assert.equal(nearest([], 3), undefined);
});
