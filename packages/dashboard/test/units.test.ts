// Values and axes carry their units.

import assert from "node:assert/strict";
import { test } from "node:test";
import { show, showTicks } from "../src/units.ts";

test("values are written as the server writes them", () => {
  const cases = [
    [1_254_321, "bit/s", "1.25 Mbit/s"],
    [63_600, "bit/s", "64 kbit/s"],
    [0, "ratio", "0 %"],
    [0.0004, "ratio", "0.04 %"],
    [0.143, "ratio", "14 %"],
    [34.4, "ms", "34 ms"],
    [1.26, "ms", "1.3 ms"],
    [4.249, "score", "4.2"],
    [720, "px", "720 px"],
  ] as const;
  for (const [value, unit, text] of cases) assert.equal(show(value, unit), text);
});

test("ticks have as many digits as their steps need", () => {
  assert.deepEqual(showTicks([0, 0.005, 0.01], "ratio"), ["0.0 %", "0.5 %", "1.0 %"]);
  assert.deepEqual(showTicks([0, 500_000, 1_000_000], "bit/s"), ["0", "0.5 Mbit/s", "1.0 Mbit/s"]);
  assert.deepEqual(showTicks([0, 0.025, 0.05], "ratio"), ["0.0 %", "2.5 %", "5.0 %"]);
  assert.deepEqual(showTicks([0, 20_000], "bit/s"), ["0", "20 kbit/s"]);
  assert.deepEqual(showTicks([1, 2, 3], "score"), ["1", "2", "3"]);
});
