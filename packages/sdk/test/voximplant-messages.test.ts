// What a Voximplant call makes of header fields, INFO types, causes and tokens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthResultCode, ClientState } from "../src/compat/voximplant/enums.ts";
import { assertedIdentity, incomingHeaders, outgoingHeaders } from "../src/compat/voximplant/headers.ts";
import { mediaTypeOf, textOf } from "../src/compat/voximplant/info.ts";
import { authFailure, tokensOf, userOf } from "../src/compat/voximplant/login.ts";
import { outcomeOf } from "../src/compat/voximplant/outcome.ts";
import { Voice } from "../src/compat/voximplant/voice.ts";
import type { Cause, Headers } from "../src/phone/api.ts";

function headersOf(...entries: (readonly [string, string])[]): Headers {
  return { entries, get: (name) => entries.find(([held]) => held.toLowerCase() === name.toLowerCase())?.[1] };
}

test("of the page's header fields those leave whose name begins with X-, and its data", () => {
  const refused: string[] = [];
  const given = { "X-Order": "12", "x-order": "13", Via: "elsewhere", "X-Lang": "日本語" };
  assert.deepEqual(outgoingHeaders(given, "from the shop", (why) => refused.push(why)), { "X-Order": "12", "X-Lang": "日本語", "VI-CallData": "from the shop" });
  assert.deepEqual(refused, []);
  assert.deepEqual(outgoingHeaders(undefined, undefined, assert.fail), {});
});

test("the network's word for the other side is read, whatever it escapes", () => {
  assert.deepEqual(assertedIdentity('"Ada \\"A.\\" L." <sip:ada%20l@example.com>'), { displayName: 'Ada "A." L.', user: "ada l", uri: "sip:ada%20l@example.com" });
  // An old exchange escapes ISO 8859-1, or nothing.
  for (const user of ["ren%E9", "100%"]) assert.deepEqual(assertedIdentity(`<sip:${user}@example.com>`), { displayName: undefined, user, uri: `sip:${user}@example.com` });
});

test("200 bytes are sent, 201 are not, and neither is what would break the message", () => {
  const refused: string[] = [];
  const given = { "X-Long": "a".repeat(200), "X-Longer": "a".repeat(201), "X-Wide": "ä".repeat(101), "X-Break": "a\r\nVia: me", "X-Odd name": "a" };
  const sent = outgoingHeaders(given, "b".repeat(201), (why) => refused.push(why.split(" is not sent")[0] ?? ""));
  assert.deepEqual(Object.keys(sent), ["X-Long"]);
  assert.deepEqual(refused, ["X-Longer", "X-Wide", "X-Break", "X-Odd name", "VI-CallData"]);
});

test("header fields of a message are told by name, several of a name as one list", () => {
  assert.deepEqual(incomingHeaders(headersOf(["X-A", "1"], ["Via", "a"], ["Via", "b"])), { "X-A": "1", Via: "a, b" });
  assert.deepEqual(incomingHeaders(undefined), {});
});

test("a type without a slash is one of application", () => {
  assert.equal(mediaTypeOf("json"), "application/json");
  assert.equal(mediaTypeOf("text/html"), "text/html");
});

test("an INFO is a text message, the SDK's own, or the page's", () => {
  for (const type of ["application/zingaya-im", "text/plain; charset=utf-8", "TEXT/PLAIN"]) assert.deepEqual(textOf(type, "hello"), { text: "hello" });
  for (const type of ["vi/holdemul", "voximplant/sdpfrag", "vi/sdpoffer", "vi/conf-info-added"]) assert.equal(textOf(type, ""), "internal");
  assert.equal(textOf("application/json", "{}"), undefined);
});

const cause = (held: Partial<Cause & { answered: boolean }>) => ({ cause: "Terminated", originator: "remote" as const, headers: headersOf(), answered: false, ...held });

test("every final code of SIP passes through, with its phrase", () => {
  for (const [status, phrase] of [[402, "Payment Required"], [403, "Forbidden"], [404, "Not Found"], [480, "Temporarily Unavailable"], [486, "Busy Here"], [487, "Request Terminated"], [488, "Not Acceptable Here"], [603, "Decline"], [699, "Odd"]] as const) {
    assert.deepEqual(outcomeOf(false, cause({ status, phrase })), { isFailure: true, code: status, reason: phrase });
  }
});

test("what has no status of SIP has a code all the same", () => {
  assert.deepEqual(outcomeOf(false, cause({ cause: "Canceled", originator: "local" })), { isFailure: true, code: 487, reason: "Request Terminated" });
  assert.deepEqual(outcomeOf(false, cause({ cause: "User Denied Media Access", originator: "local" })), { isFailure: true, code: 403, reason: "Media access denied" });
  assert.deepEqual(outcomeOf(true, cause({ cause: "User Denied Media Access", originator: "local", status: 480 })), { isFailure: true, code: 403, reason: "Media access denied" });
});

test("a call that was answered, or rang here, is disconnected", () => {
  const ended = { isFailure: false, answeredElsewhere: false };
  assert.deepEqual(outcomeOf(false, cause({ answered: true })), ended);
  assert.deepEqual(outcomeOf(true, cause({ answered: true, status: 200 })), ended);
  assert.deepEqual(outcomeOf(true, cause({ cause: "Canceled" })), ended);
  assert.deepEqual(outcomeOf(true, cause({ cause: "Rejected", originator: "local", status: 603 })), ended);
  const elsewhere = cause({ cause: "Canceled", reason: { protocol: "SIP", code: 200, text: "Call completed elsewhere" } });
  assert.deepEqual(outcomeOf(true, elsewhere), { isFailure: false, answeredElsewhere: true });
});

test("users, tokens and refusals of a login", () => {
  for (const name of ["ada", "ada@app.account.voximplant.com", "sip:ada@example.com"]) assert.equal(userOf(name), "ada");
  const payload = Buffer.from(JSON.stringify({ exp: Math.round(Date.now() / 1000) + 60 })).toString("base64url");
  assert.ok(Math.abs((tokensOf(`e30.${payload}.x`)?.accessExpire ?? 0) - 60) <= 2);
  assert.equal(tokensOf("secret"), undefined);
  assert.equal(authFailure({ status: 401, cause: "Authentication Error" }), AuthResultCode.InvalidPassword);
  assert.equal(authFailure({ status: 401, reason: { text: "token expired" } }), AuthResultCode.TokenExpired);
  assert.equal(authFailure({ status: 404 }), AuthResultCode.InvalidUsername);
  assert.equal(authFailure({ cause: "Connection Error" }), AuthResultCode.ConnectionClosed);
  assert.equal(authFailure(ClientState.DISCONNECTED), AuthResultCode.ConnectionClosed);
  assert.equal(authFailure(ClientState.LOGGED_IN), AuthResultCode.InvalidState);
});

test("speech begins at once and ends after a pause", () => {
  const voice = new Voice();
  const heard = [[0, 0.001], [50, 0.05], [100, 0.001], [300, 0.06], [350, 0], [900, 0.002], [1000, 0]].flatMap(([timeMs, level]) => voice.hear(level ?? 0, timeMs ?? 0) ?? []);
  assert.deepEqual(heard, ["start", "end"]);
});
