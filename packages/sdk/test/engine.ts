// The engine as the page has it, for tests.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { engineOf } from "../src/engine/index.ts";

async function load(name: string) {
  const { instance } = await WebAssembly.instantiate(readFileSync(new URL(`../generated/${name}.wasm`, import.meta.url)));
  return engineOf(instance);
}

export const engine = await load("engine");
/** That which only encodes. */
export const encoder = await load("encoder");

/** Reads a compact batch as the server does. */
export function decoded(body: Uint8Array): Record<string, unknown> {
  const decoder = process.env["SIDETONE_DECODE"];
  assert.ok(decoder, "run `cargo xtask test npm`: it builds the program that reads a batch");
  return JSON.parse(execFileSync(decoder, { input: body, maxBuffer: 1 << 28 }).toString()) as Record<string, unknown>;
}
