// The engine as the page has it, for tests.

import { readFileSync } from "node:fs";
import { decodeBatch, encodeBatch, initSync } from "../generated/engine.js";
import type { Engine } from "../src/engine.ts";

initSync({ module: readFileSync(new URL("../generated/engine_bg.wasm", import.meta.url)) });

/** Reads a compact batch as the server does. */
export function decoded(body: Uint8Array): Record<string, unknown> {
  return JSON.parse(decodeBatch(body)) as Record<string, unknown>;
}

/** Encodes, and judges nothing. */
export const encoder: Pick<Engine, "encode"> = { encode: encodeBatch };
