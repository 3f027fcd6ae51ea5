// The golden traces give equal results natively, through JSON, and as WebAssembly, as numbers: `cargo xtask test wasm` runs both halves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { engineOf } from "../../../packages/sdk/src/engine/index.ts";
import { EngineModule, ModuleRecording } from "../../../packages/sdk/src/engine/module.ts";
import { OPEN } from "../../../packages/sdk/src/privacy.ts";
import type { Outcome } from "../../../packages/sdk/src/engine/outcome.ts";

const native = JSON.parse(readFileSync(process.env["SIDETONE_NATIVE"] as string, "utf8")) as Record<string, { outcomes: Outcome[]; batch: string }>;
const { instance } = await WebAssembly.instantiate(readFileSync(new URL("../../../packages/sdk/generated/engine.wasm", import.meta.url)));
const engine = engineOf(instance);

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
  const module = new EngineModule(instance);
  const recording = new ModuleRecording(module, "sidetone", []);
  const push = (timeMs: number, ...values: number[]) => recording.push(timeMs, Float64Array.from(values), true);
  assert.throws(() => push(Number.NaN), /milliseconds/);
  assert.throws(() => push(0, 0), /shape/);
  for (const parts of [[1, 2], [1.5, 2], [-1, 2]]) assert.throws(() => recording.shape(parts), /shape/);
  recording.text("IT01");
  recording.text("note");
  recording.shape([1, 2, 2, 0, 2]);
  for (const number of [3, -1, 0.5, Number.NaN]) assert.throws(() => push(0, 0, number), /text/);
  assert.throws(() => push(0, 0), /report/);
  assert.throws(() => recording.takeBatch(["x".repeat(5000), "", "", ""], 0, 0), /4096/);
  assert.equal(push(1000, 0, 1)[0], 1, "the recording is still of use");
  recording.free();
  assert.throws(() => recording.count, /freed/);
  assert.throws(() => module.done(module.exports.sidetone_count(-1)), /freed/);
});

test("texts of any length and any script arrive", () => {
  const recording = engine.recording(() => OPEN);
  const text = "Grüße 👋 \ud800".repeat(20_000);
  recording.event(0, "note", JSON.stringify({ text }));
  const body = recording.takeBatch({ conferenceId: "c", userId: "ü", participantId: "", peerConnectionId: "", batchSeq: 0, sentMs: 0 });
  assert.ok(Buffer.from(body).includes(JSON.stringify({ text }).slice(0, 1000)));
  recording.free();
});
