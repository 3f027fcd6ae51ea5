// What the app says in its own words, right or wrong: it is told, or left out alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchBuilder } from "../src/batch.ts";
import { OPEN, STRICT } from "../src/privacy.ts";
import { faultOf, jsonOf, named } from "../src/words.ts";

test("ids that are numbers are texts, and what is no name is none", () => {
  assert.deepEqual([named("ada"), named(42), named(42n), named(""), named(null), named(undefined), named({})], ["ada", "42", "42", "", undefined, undefined, undefined]);
});

test("half a character harms no JSON, and what only looks like one stays", () => {
  const half = "😀".slice(0, 1);
  assert.equal(jsonOf({ [half]: `cut ${half}` }), '{"\ufffd":"cut \ufffd"}');
  for (const whole of ["😀", "\\ud83d", "\\\\ud83d", "\u0001\n\"", "plain"]) assert.equal(jsonOf({ whole }), JSON.stringify({ whole }));
});

test("of an event that cannot be told it is said what is wrong", () => {
  const deep = (levels: number): object => (levels === 0 ? {} : { deep: deep(levels - 1) });
  const round: { self?: object } = {};
  round.self = round;
  for (const [kind, payload, fault] of [
    [undefined, {}, /the kind of an event must be a text/],
    ["", {}, /it is empty/],
    ["é".repeat(129), {}, /256 bytes, and this one has 258/],
    ["note", null, /"note" is null; it must be an object/],
    ["note", "hello", /of type string/],
    ["note", ["hello"], /a list/],
    ["note", { count: 1n }, /cannot be written as JSON/],
    ["note", round, /cannot be written as JSON/],
    ["note", deep(200), /more than 100/],
  ] as const) assert.match(faultOf(kind, payload) ?? "", fault);
  for (const [kind, payload] of [["note", {}], ["é".repeat(128), deep(50)], ["note", new Error("x")]] as const) assert.equal(faultOf(kind, payload), undefined);
});

test("a batch in JSON is read by those who know no half characters", () => {
  const half = "😀".slice(0, 1);
  for (const policy of [OPEN, STRICT]) {
    const builder = new BatchBuilder({ conferenceId: `c${half}`, userId: half, participantId: "p" }, "pc0", () => undefined, () => policy);
    builder.event("joined", { user_name: `Ada ${half}` }, 0);
    builder.event(`said ${half}`, { text: half }, 0);
    const text = new TextDecoder().decode(builder.take(0)?.body);
    assert.doesNotMatch(text, /\\ud/);
    assert.deepEqual(JSON.parse(text).events[1], { time_ms: 0, kind: "said \ufffd", payload: { text: "\ufffd" } });
  }
});
