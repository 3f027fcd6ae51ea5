// Pauses before another attempt.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseMs, retryAfterMs } from "../src/upload/backoff.ts";

test("pauses double up to a minute, with half of each left to chance", () => {
  assert.deepEqual([1, 2, 3, 7, 50, 5000].map((failures) => pauseMs(failures, undefined, 1)), [1000, 2000, 4000, 60_000, 60_000, 60_000]);
  assert.equal(pauseMs(3, undefined, 0), 2000);
});

test("never sooner than the server asked, and not all at the same moment", () => {
  assert.equal(pauseMs(1, 30_000, 0), 30_000);
  assert.ok(pauseMs(1, 30_000, 1) > 30_000);
});

test("Retry-After in both of its forms", () => {
  const nowMs = Date.parse("2026-11-21T08:00:00Z");
  for (const [header, ms] of [
    ["120", 120_000],
    [" 0 ", 0],
    ["Sat, 21 Nov 2026 08:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 07:00:00 GMT", 0],
    ["99999999", 3_600_000],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ] as const) {
    assert.equal(retryAfterMs(header, nowMs), ms, String(header));
  }
});
