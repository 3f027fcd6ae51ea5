/** What pages hand over to `callstats.initialize`. */

import assert from "node:assert/strict";
import { test } from "node:test";

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
  assert.throws(() => config({ siteID: "x".repeat(257) }, () => undefined), /siteID is 257 bytes/);
});
