// What is shown stands in the address, next to what else stands there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withPart } from "../src/part.ts";

const PAGE = "https://example.org/conferences/k?connection=c&kind=left";

test("a part is whole milliseconds around what is shown", () => {
  assert.equal(withPart(`${PAGE}#events`, [1000.0004, 1060.5]), `${PAGE}&from_ms=1000000&until_ms=1060500#events`);
});

test("the whole is nothing, and a moment goes with its part", () => {
  assert.equal(withPart(`${PAGE}&from_ms=1&until_ms=2&at_ms=1&metric=mos_cq`, null), PAGE);
});
