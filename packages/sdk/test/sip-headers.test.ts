// Header fields of SIP messages and what is made of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOf } from "../src/phone/cause.ts";
import { contactUri, headerLines, listHeaders, parseHeaders, parseReason } from "../src/phone/headers.ts";
import { deflection, isDeflectedBy } from "../src/phone/transfer.ts";

const BYE = ["BYE sip:a@b SIP/2.0", "Via: SIP/2.0/WS x;branch=1", "X-PH-Test1: one,", "  two", 'reason: Q.850;cause=16;text="Normal \\"call\\""', "Content-Length: 3", "", "a: b"].join("\r\n");

test("names are as they came, and looked up without regard to case; a folded line is one; a body is none", () => {
  const headers = parseHeaders(BYE);
  assert.deepEqual(headers.entries.map(([name]) => name), ["Via", "X-PH-Test1", "reason", "Content-Length"]);
  assert.equal(headers.get("x-ph-test1"), "one, two");
  assert.equal(headers.get("a"), undefined);
});

test("a reason is read as RFC 3326 writes it", () => {
  assert.deepEqual(parseReason('SIP ;cause=486 ;text="Busy Here"'), { protocol: "SIP", code: 486, text: "Busy Here" });
  assert.deepEqual(parseReason('Q.850;cause=16;text="Normal \\"call\\""'), { protocol: "Q.850", code: 16, text: 'Normal "call"' });
  assert.deepEqual(parseReason("preemption"), { protocol: "preemption", code: -1, text: "" });
  assert.equal(parseReason(undefined), undefined);
});

test("a cause has what the message said", () => {
  const cause = causeOf("Terminated", "remote", { data: BYE });
  assert.deepEqual([cause.cause, cause.status, cause.reason?.code], ["Terminated", undefined, 16]);
  assert.equal(causeOf("Busy", "remote", { data: "SIP/2.0 486 Busy Here\r\n\r\n", status_code: 486, reason_phrase: "Busy Here" }).phrase, "Busy Here");
});

test("a contact is read with angle brackets and without (RFC 3261 §20.10)", () => {
  for (const [contact, uri] of [
    ["<sip:eve@x;transport=ws>;expires=60", "sip:eve@x;transport=ws"],
    ['"Eve <sip:bob@x>, \\"the\\" first" <sip:eve@x>;q=0.7', "sip:eve@x"],
    ["Eve <sip:eve@x>, <sip:bob@x>", "sip:eve@x"],
    ["sip:eve@x", "sip:eve@x"],
    ["sip:eve@x:5060 ;q=0.7;expires=60", "sip:eve@x:5060"],
    ["sip:eve@x, sip:bob@x", "sip:eve@x"],
    ["sip:eve@[2001:db8::1];q=1", "sip:eve@[2001:db8::1]"],
    ["sip:eve@x?Subject=1", undefined],
    ["eve", undefined],
    ["*", undefined],
    ["<>", undefined],
  ] as const) {
    assert.equal(contactUri(listHeaders([["contact", contact]])), uri, contact);
    assert.equal(contactUri(listHeaders([["m", contact]])), uri, `m: ${contact}`);
  }
  assert.equal(contactUri(listHeaders([])), undefined);
});

test("a value cannot bring a header field of its own", () => {
  assert.deepEqual(headerLines({ "X-A": "1" }), ["X-A: 1"]);
  for (const headers of [{ "X-A": "1\r\nX-B: 2" }, { "X A": "1" }, { "": "1" }]) assert.throws(() => headerLines(headers as Record<string, string>), TypeError);
});

test("who sent a ringing call on is told to whom it goes (RFC 5806)", () => {
  const diverted = (Diversion: string) => listHeaders([["diversion", Diversion]]);
  assert.deepEqual(deflection(diverted("<sip:desk@x>;reason=deflection")), { Diversion: "<sip:desk@x>;reason=deflection" });
  assert.deepEqual(deflection(listHeaders([])), {});
  for (const [Diversion, isIt] of [
    ["<sip:desk@x>;reason=deflection", true],
    ['<sip:desk@x>;counter=1;reason="deflection"', true],
    ["<sip:desk@x>;reason=no-answer", false],
    ["<sip:desk@y>;reason=deflection", false],
    ["<sip:boss@x>;reason=deflection, <sip:desk@x>;reason=deflection", false],
    ["", false],
  ] as const) {
    assert.equal(isDeflectedBy("sip:desk@x", diverted(Diversion)), isIt, Diversion);
  }
  assert.equal(isDeflectedBy("", listHeaders([])), false);
});
