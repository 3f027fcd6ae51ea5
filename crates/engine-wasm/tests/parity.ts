// The golden traces give equal results natively, through JSON, and as WebAssembly, as numbers: `cargo xtask test wasm` runs both halves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, Recording } from "../../../packages/sdk/generated/engine.js";
import { engineOfModule } from "../../../packages/sdk/src/engine/index.ts";
import { OPEN } from "../../../packages/sdk/src/privacy.ts";
import type { Outcome } from "../../../packages/sdk/src/engine/outcome.ts";

const native = JSON.parse(readFileSync(process.env["SIDETONE_NATIVE"] as string, "utf8")) as Record<string, { outcomes: Outcome[]; batch: string }>;
initSync({ module: readFileSync(new URL("../../../packages/sdk/generated/engine_bg.wasm", import.meta.url)) });
const engine = engineOfModule();

/** The lines of a trace as recorded. */
function lines(name: string): { t: number; report: Record<string, object> }[] {
  const text = readFileSync(new URL(`../../../testdata/traces/${name}.jsonl`, import.meta.url), "utf8");
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

test("there are traces to compare", () => {
  assert.ok(Object.keys(native).length >= 10);
});

for (const [name, expected] of Object.entries(native)) {
  test(`${name}: series, scores and issues, and the compact batch to the byte`, () => {
    const recording = engine.recording(() => OPEN);
    const outcomes = lines(name).map(({ t, report }) => recording.push(t, new Map(Object.entries(report)), true));
    assert.deepEqual(outcomes, expected.outcomes);
    assert.ok(outcomes.some((outcome) => outcome?.ticks.some((tick) => tick.streams.length > 0)), "the engine saw streams");
    const sentMs = 1_795_228_491_553;
    recording.event(sentMs, "note", JSON.stringify({ text: "¶" }));
    const of = { conferenceId: "parity", userId: "", participantId: name, peerConnectionId: "pc", batchSeq: 7, sentMs };
    assert.equal(Buffer.from(recording.takeBatch(of)).toString("hex"), expected.batch);
    assert.equal(recording.count, 0);
    recording.free();
  });
}

test("what is no report is an error, not a trap", () => {
  const recording = new Recording("sidetone");
  assert.throws(() => recording.push(Number.NaN, new Float64Array(), true), /milliseconds/);
  assert.throws(() => recording.push(0, Float64Array.of(0), true), /shape/);
  assert.throws(() => recording.shape(Uint32Array.of(1, 2)), /shape/);
  recording.text("IT01");
  recording.text("note");
  recording.shape(Uint32Array.of(1, 2, 2, 0, 2));
  for (const number of [3, -1, 0.5, Number.NaN]) assert.throws(() => recording.push(0, Float64Array.of(0, number), true), /text/);
  assert.throws(() => recording.push(0, Float64Array.of(0), true), /report/);
  assert.throws(() => recording.takeBatch("x".repeat(5000), "", "", "", 0, 0), /4096/);
  assert.equal(recording.push(1000, Float64Array.of(0, 1), true)[0], 1, "the recording is still of use");
  recording.free();
});
