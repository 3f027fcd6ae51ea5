// Tone scripts of Voximplant's client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { render, RINGBACK } from "../src/compat/voximplant/tone-script.ts";

const RATE = 8000;

/** Energy of a frequency in samples, by Goertzel's algorithm. */
function energy(samples: Float32Array, hertz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
  let [last, previous] = [0, 0];
  for (const sample of samples) [last, previous] = [sample + factor * last - previous, last];
  return (last ** 2 + previous ** 2 - factor * last * previous) / samples.length ** 2;
}

test("the ringback tone of the United States: 440 and 480 Hz for 2 s, silence for 4", () => {
  const { samples, isEndless } = render(RINGBACK["US"]!);
  assert.ok(isEndless);
  assert.equal(samples.length, 6 * RATE);
  const on = samples.subarray(0, 2 * RATE);
  // A sine of gain g has g²/4 in this measure.
  for (const hertz of [440, 480]) assert.ok(Math.abs(10 * Math.log10(4 * energy(on, hertz)) + 19) < 0.2, `${hertz} Hz at -19 dB`);
  assert.ok(energy(on, 425) < energy(on, 440) / 100);
  assert.ok(samples.subarray(2 * RATE).every((sample) => sample === 0));
});

test("a tone that ends, in sections one after another", () => {
  const { samples, isEndless } = render("350@-13,440@-13;3(0.5/0.25/1,0.25/0/2)");
  assert.ok(!isEndless);
  assert.equal(samples.length, 3 * RATE);
  const second = samples.subarray(0.75 * RATE, RATE);
  assert.ok(energy(second, 440) > 100 * energy(second, 350));
});

test("what is no script is refused", () => {
  for (const script of ["", "hello", "440", "440@-19", "440@-19;*(1/1/2)", "440@-19;x(1/1/1)", "440@-19;5(0/0/1)", "440@a;*(1/1/1)"]) assert.throws(() => render(script), SyntaxError, script);
});
