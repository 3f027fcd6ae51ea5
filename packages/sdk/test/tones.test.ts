// The sounds that we make.

import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf } from "../src/phone/media/levels.ts";
import { dtmfHertz, samplesOf, wav } from "../src/phone/media/tones.ts";

test("the keys have the frequencies of ITU-T Q.23", () => {
  assert.deepEqual(dtmfHertz("1"), [697, 1209]);
  assert.deepEqual(dtmfHertz("5"), [770, 1336]);
  assert.deepEqual(dtmfHertz("d"), [941, 1633]);
  assert.deepEqual(dtmfHertz("*"), [941, 1209]);
  assert.equal(dtmfHertz("x"), undefined);
  assert.equal(dtmfHertz(""), undefined);
});

/** Power of one frequency in the samples (Goertzel), as a part of the whole. */
function share(samples: Float32Array, hertz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / 8000);
  let [one, two] = [0, 0];
  for (const sample of samples) [one, two] = [sample + coefficient * one - two, one];
  const power = one * one + two * two - coefficient * one * two;
  const whole = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return (2 * power) / (samples.length * whole);
}

test("each tone is what it says, and none is clipped", () => {
  const nine = samplesOf("dtmf", "9");
  assert.ok(share(nine, 852) > 0.4 && share(nine, 1477) > 0.4);
  for (const name of ["ringing", "ringback", "connect", "busy"] as const) assert.ok(Math.max(...samplesOf(name)) < 1);
  const ringback = samplesOf("ringback");
  assert.equal(ringback.length / 8000, 5, "1 s on, 4 s off: ITU-T E.180");
  assert.ok(share(ringback.subarray(0, 8000), 425) > 0.9);
  assert.ok(share(samplesOf("connect"), 425) > 0.9, "a dial tone: continuous");
  assert.ok(ringback.subarray(8000).every((sample) => sample === 0));
});

test("a WAV file says its own length", () => {
  const file = wav(samplesOf("busy"));
  const view = new DataView(file.buffer);
  assert.equal(new TextDecoder("latin1").decode(file.subarray(0, 4)), "RIFF");
  assert.equal(view.getUint32(4, true), file.length - 8);
  assert.equal(view.getUint32(24, true), 8000);
  assert.equal(view.getUint32(40, true), file.length - 44);
});

test("a level is 0 for silence, 1 for full scale, and rises with the voice", () => {
  assert.equal(levelOf(new Float32Array(128)), 0);
  assert.equal(levelOf(new Float32Array(128).fill(1)), 1);
  assert.ok(Math.abs(levelOf(new Float32Array(128).fill(0.1)) - 2 / 3) < 1e-6, "-20 dBFS of 60 dB");
});
