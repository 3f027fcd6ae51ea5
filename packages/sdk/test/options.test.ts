// Options: defaults, bounds, and what is wrong with them in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Options } from "../src/api.ts";
import { destination, settle, type Settings } from "../src/options.ts";

// The build knows it.
Object.assign(globalThis, { ENGINE_TAG: "tag", ENCODER_TAG: "other" });

const LEAST: Options = { url: "https://quality.example.com/", secret: "sti_x", conferenceId: "weekly" };

test("little has to be said", () => {
  assert.deepEqual(settle(LEAST), {
    url: "https://quality.example.com",
    secret: "sti_x",
    token: undefined,
    reportIntervalMs: 1000,
    uploadIntervalMs: 10_000,
    queueBytesMax: 5_000_000,
    queueBatchesMax: 1000,
    engineUrl: "https://quality.example.com/sdk/engine.wasm?v=tag",
    encoderUrl: "https://quality.example.com/sdk/encoder.wasm?v=other",
    preset: undefined,
    mutedSpeech: false,
    upload: true,
  });
  const { url: _, ...without } = LEAST;
  assert.equal((settle(without, "https://cdn.example.com/sdk/sidetone.js") as Settings).url, "https://cdn.example.com");
});

test("what sends nothing needs no credential", () => {
  assert.equal((settle({ url: "https://quality.example.com", conferenceId: "weekly", upload: false }) as Settings).upload, false);
});

test("the conference may get its name later", () => {
  assert.equal(typeof settle({ ...LEAST, conferenceId: Promise.resolve("weekly") }), "object");
  for (const conferenceId of ["", undefined, 7]) assert.match(settle({ ...LEAST, conferenceId } as Options) as string, /`conferenceId` must be a text/);
});

test("intervals stay within reason", () => {
  const { reportIntervalMs, uploadIntervalMs } = settle({ ...LEAST, reportIntervalMs: 1, uploadIntervalMs: Number.NaN }) as Settings;
  assert.deepEqual([reportIntervalMs, uploadIntervalMs], [100, 10_000]);
  assert.equal((settle({ ...LEAST, reportIntervalMs: 5000, uploadIntervalMs: 1000 }) as Settings).uploadIntervalMs, 5000);
});

test("what cannot work is told with what would", () => {
  for (const [wrong, names] of [
    [undefined, "conferenceId"],
    [{ ...LEAST, conferenceId: "" }, "conferenceId"],
    [{ ...LEAST, secret: undefined }, "secret"],
    [{ ...LEAST, token: async () => "" }, "either"],
    [{ ...LEAST, secret: undefined, token: "text" }, "token"],
    [{ ...LEAST, url: undefined }, "url"],
    [{ ...LEAST, url: "http://" }, "http://"],
  ] as const) {
    const said = settle(wrong as unknown as Options);
    assert.ok(typeof said === "string" && said.includes(names), `${JSON.stringify(wrong)}: ${JSON.stringify(said)}`);
  }
});

test("what waits goes out only to where, and as whom, it was collected", () => {
  const of = (options: Partial<Options>, user?: string) => destination(settle({ ...LEAST, ...options }) as Settings, user);
  const byToken = { secret: undefined, token: async () => "" } as unknown as Partial<Options>;
  assert.equal(of({}, "ada"), of({}, "grace"), "a secret speaks for the app");
  assert.notEqual(of(byToken, "ada"), of(byToken, "grace"), "a token speaks for its user");
  assert.notEqual(of({}), of({ secret: "sti_y" }));
  assert.notEqual(of({}), of({ url: "https://other.example.com" }));
  assert.ok(!of({ secret: "sti_secret-that-is-not-kept" }).includes("sti_"));
});
