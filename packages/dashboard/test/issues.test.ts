// Issues that are told again and again while a call runs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Issue, joined } from "../src/issues.ts";

test("an issue that is told again stands once, and two streams with the same fault have two", () => {
  const issue = (ssrc: number, cleared_ms: number | null): Issue => ({ rule: "high_loss", severity: "major", stream: { direction: "inbound", kind: "audio", ssrc }, onset_ms: 5, cleared_ms, evidence: { metric: "loss_ratio" } });
  const whole: Issue = { ...issue(0, null), stream: null };
  assert.deepEqual(joined([issue(7, null), issue(8, null)], [issue(7, 9), whole]), [issue(7, 9), issue(8, null), whole]);
  assert.deepEqual(joined([issue(7, 9)], []), [issue(7, 9)], "what the server remembers no more is kept");
});
