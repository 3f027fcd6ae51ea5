// The golden traces give equal results natively and as WebAssembly: `cargo xtask test wasm` runs both halves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const folder = process.env.SIDETONE_WASM;
const native = JSON.parse(readFileSync(process.env.SIDETONE_NATIVE, "utf8"));
const { Analyzer, decodeBatch, digestBatch, encodeBatch, initSync } = await import(pathToFileURL(join(folder, "engine.js")));
initSync({ module: readFileSync(join(folder, "engine_bg.wasm")) });

/** The lines of a trace as recorded: {t, report, …}. */
function lines(name) {
  const text = readFileSync(new URL(`../../../testdata/traces/${name}.jsonl`, import.meta.url), "utf8");
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

test("there are traces to compare", () => {
  assert.ok(Object.keys(native).length >= 10);
});

for (const [name, expected] of Object.entries(native)) {
  test(`${name}: series, scores and issues`, () => {
    const analyzer = new Analyzer();
    const outputs = lines(name).map((line) => analyzer.push(line.t, JSON.stringify(line.report)));
    analyzer.free();
    assert.deepEqual(outputs, expected.outputs);
    assert.ok(outputs.some((output) => JSON.parse(output).ticks.some((tick) => tick.streams.length > 0)), "the engine saw streams");
  });

  test(`${name}: the compact batch to the byte, back, and its digest`, () => {
    const reports = lines(name).map((line) => ({ time_ms: line.t, stats: line.report }));
    const batch = encodeBatch(JSON.stringify({ conference_id: "parity", participant_id: name, batch_seq: 0, reports }));
    assert.equal(Buffer.from(batch).toString("hex"), expected.batch);
    assert.equal(decodeBatch(batch), expected.decoded);
    assert.equal(digestBatch(batch), expected.digest);
    assert.deepEqual(JSON.parse(expected.decoded).reports.map((report) => report.time_ms), reports.map((report) => report.time_ms));
  });
}

test("what is no batch and no report is an error, not a trap", () => {
  assert.throws(() => encodeBatch("{"), Error);
  assert.throws(() => decodeBatch(new Uint8Array([1, 2, 3])), Error);
  const analyzer = new Analyzer();
  assert.throws(() => analyzer.push(Number.NaN, "{}"), /is no time/);
  assert.throws(() => analyzer.push(0, "[]"), Error);
  assert.deepEqual(JSON.parse(analyzer.push(1000, "{}")).ticks.length, 1, "the analyzer is still of use");
});
