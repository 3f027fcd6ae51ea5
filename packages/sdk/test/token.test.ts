// Access tokens: read, renewed before they end, never checked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Identity } from "../src/phone/credentials.ts";
import { grantedExpiryMs, readToken, TOKEN_ERROR_HEADER, tokenUser } from "../src/phone/token.ts";
import type { Cause } from "../src/phone/api.ts";

const token = (claims: object) => ["{}", JSON.stringify(claims), "x"].map((part) => Buffer.from(part).toString("base64url")).join(".");
const now = () => Math.floor(Date.now() / 1000);

test("the claims are read, also with letters beyond ASCII", () => {
  assert.deepEqual(readToken(token({ iss: "MA1", sub: "jürgen", exp: 1_800_000_000 })), { iss: "MA1", sub: "jürgen", expiresMs: 1_800_000_000_000 });
  for (const bad of ["", "a.b", "a.b.c", token({ sub: "x", exp: 1 }), token({ iss: "x" })]) assert.equal(readToken(bad), undefined, bad);
});

test("the user is sub_iss, or a name made up", () => {
  assert.equal(tokenUser({ iss: "MA1", sub: "ada", expiresMs: 0 }, 5), "ada_MA1");
  assert.equal(tokenUser({ iss: "MA1", sub: undefined, expiresMs: 0 }, 5), "puser5jt_MA1");
});

test("the server may say how long it takes a token", () => {
  assert.equal(grantedExpiryMs("jwt=1712345678;x=1"), 1_712_345_678_000);
  assert.equal(grantedExpiryMs(undefined), undefined);
});

test("a text that is no token is refused as the server would refuse it", async () => {
  const identity = new Identity({ token: "nonsense" }, { onRenewed: () => undefined, onExpiring: () => undefined });
  await assert.rejects(identity.open(), (cause: Cause) => cause.headers.get(TOKEN_ERROR_HEADER) === "10001" && cause.cause === "Authentication Error");
});

test("a function is asked again a minute before the end, and the phone keeps its name", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  const tokens = [token({ iss: "MA1", sub: "ada", exp: now() + 600 }), token({ iss: "MA1", sub: "other", exp: now() + 1200 })];
  let renewed = 0;
  const identity = new Identity({ token: async () => tokens.shift() ?? "" }, { onRenewed: () => renewed++, onExpiring: () => assert.fail("it was renewed") });
  await identity.open();
  const first = await identity.headers();
  context.mock.timers.tick(539_000);
  assert.equal(renewed, 0);
  context.mock.timers.tick(2000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(renewed, 1);
  assert.notDeepEqual(await identity.headers(), first);
  assert.equal(identity.user, "ada_MA1");
  identity.close();
});

test("of a token that is no function the page is told", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  const expiresMs = (now() + 120) * 1000;
  const told: number[] = [];
  const identity = new Identity({ token: token({ iss: "MA1", exp: expiresMs / 1000 }), user: "ada" }, { onRenewed: () => assert.fail(), onExpiring: (ms) => told.push(ms) });
  await identity.open();
  assert.equal(identity.user, "ada");
  context.mock.timers.tick(61_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, [expiresMs]);
  identity.close();
});
