/** What pages hand over to `callstats.initialize`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Service } from "../src/compat/callstats/callstats.ts";
import { config } from "../src/compat/callstats/config.ts";

test("what a page does not know, or gives in a wrong type, does not keep it from being measured", () => {
  for (const [given, checked, ignored] of [
    [undefined, {}, []],
    [{ siteID: null, additionalIDs: null }, { additionalIDs: {} }, []],
    [{ siteID: "hq", additionalIDs: { customerID: 7, tenantID: null } }, { siteID: "hq", additionalIDs: { customerID: "7" } }, []],
    [{ siteID: 5, additionalIDs: "x", applicationVersion: "1" }, { applicationVersion: "1", additionalIDs: {} }, ["siteID must be a string", "additionalIDs must be an object"]],
  ] as const) {
    const told: string[] = [];
    assert.deepEqual(config(given, (what) => void told.push(what)), checked);
    assert.deepEqual(told, ignored);
  }
  const version = "2026.11.23-nightly+build.4711.sha.0a1b2c3d4e5f";
  assert.equal(config({ applicationVersion: version }, () => undefined).applicationVersion, version, "callstats.js bounds no version");
  assert.throws(() => config({ siteID: "x".repeat(257) }, () => undefined), /siteID is 257 bytes/);
});

test("a secret that cannot be one is told to the page", async () => {
  const said = await new Promise((resolve) => new Service("http://127.0.0.1:1").initialize(1, "no base64!:secret", "ada", (...words: unknown[]) => resolve(words)));
  assert.deepEqual(said, ["authError", "what stands before the colon of the app's secret is no base64; give the secret as it was given to you"]);
});

test("a page that the browser gives no cryptography is told by the answer, as callstats.js does", () => {
  const held = Object.getOwnPropertyDescriptor(globalThis, "crypto") as PropertyDescriptor;
  // What a page over plain http sees.
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: { getRandomValues: () => undefined } });
  try {
    const { status, message } = new Service("http://127.0.0.1:1").initialize(1, "secret", "ada");
    assert.equal(status, "failure");
    assert.match(message ?? "", /^initialize: Browser does not support Web Cryptography API\. /);
  } finally {
    Object.defineProperty(globalThis, "crypto", held);
  }
});
