// Listeners of the page: told, taken away, and harmless when they throw.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../src/emitter.ts";

test("a listener hears until it is taken away", () => {
  const emitter = new Emitter<{ count: number }>();
  const heard: number[] = [];
  const off = emitter.on("count", (value) => heard.push(value));
  assert.ok(emitter.has("count"));
  emitter.emit("count", 1);
  off();
  emitter.emit("count", 2);
  assert.deepEqual(heard, [1]);
  assert.ok(!emitter.has("count"));
});

test("a listener that throws harms nobody, and its fault is told as the page's own", () => {
  const emitter = new Emitter<{ count: number }>();
  const heard: number[] = [];
  emitter.on("count", () => {
    throw new Error("the page's own fault");
  });
  emitter.on("count", (value) => heard.push(value));
  // Browsers have it, Node.js does not.
  const told: unknown[] = [];
  globalThis.reportError = (error) => told.push(error);
  emitter.emit("count", 1);
  assert.deepEqual(heard, [1]);
  assert.deepEqual(told, [new Error("the page's own fault")]);
});
