// The cursor of a chart is a slider; plus and minus look closer and wider, never past the call.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cursorAfter, zoomed } from "../src/keys.ts";

const times = Array.from({ length: 100 }, (_, index) => 1000 + index);

test("arrows go from time to time, and stop at the ends", () => {
  assert.equal(cursorAfter("ArrowRight", times, 1010), 1011);
  assert.equal(cursorAfter("ArrowLeft", times, 1010), 1009);
  assert.equal(cursorAfter("ArrowRight", times, 1099), 1099);
  assert.equal(cursorAfter("ArrowLeft", times, 1000), 1000);
});

test("without a cursor the first step comes in from the side", () => {
  assert.equal(cursorAfter("ArrowRight", times, null), 1000);
  assert.equal(cursorAfter("ArrowLeft", times, null), 1099);
});

test("Home, End and the page keys go far", () => {
  assert.equal(cursorAfter("Home", times, 1050), 1000);
  assert.equal(cursorAfter("End", times, 1050), 1099);
  assert.equal(cursorAfter("PageUp", times, 1050), 1060);
  assert.equal(cursorAfter("PageDown", times, 1050), 1040);
});

test("other keys and an empty chart move nothing", () => {
  assert.equal(cursorAfter("Tab", times, 1050), undefined);
  assert.equal(cursorAfter("ArrowRight", [], null), undefined);
});

test("plus halves around the cursor, or around the middle", () => {
  assert.deepEqual(zoomed("+", [1000, 1100], [1000, 1100], 1060), [1035, 1085]);
  assert.deepEqual(zoomed("+", [1000, 1100], [1000, 1100], null), [1025, 1075]);
  assert.deepEqual(zoomed("+", [1000, 1100], [1000, 1100], 1001), [1000, 1050]);
  assert.deepEqual(zoomed("+", [1010, 1013], [1000, 1100], null), [1010.5, 1012.5], "no part is shorter than two seconds");
});

test("minus doubles, up to the whole", () => {
  assert.deepEqual(zoomed("-", [1040, 1060], [1000, 1100], null), [1030, 1070]);
  assert.deepEqual(zoomed("-", [1000, 1060], [1000, 1100], null), [1000, 1100]);
  assert.equal(zoomed("ArrowUp", [1000, 1060], [1000, 1100], null), undefined);
});
