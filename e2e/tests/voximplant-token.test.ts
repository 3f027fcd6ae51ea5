/** The Voximplant face with tokens in place of passwords, by Sidetone's own SIP server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { chromiumTab } from "../src/browsers.ts";
import { setUpSite } from "../src/site.ts";
import { accessToken, ISSUER, KEY, takesTokens } from "../src/token.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("voximplant", { server: { settings: ["sip.enabled=true"], app: takesTokens() } });

function token(sub: string, key = KEY, forSeconds = 300): string {
  const nbf = Math.floor(Date.now() / 1000);
  return accessToken({ iss: ISSUER, sub, nbf, exp: nbf + forSeconds, per: { voice: { incoming_allow: true, outgoing_allow: true } } }, key);
}

async function open(): Promise<Page> {
  const page = await chromiumTab(site.browser);
  await page.goto(site.url);
  await page.evaluate((servers) => vox.open({ sidetone: { servers, domain: "localhost" } }), `${site.sidetone.url.replace("http", "ws")}/sip`);
  return page;
}

interface Result {
  readonly result: boolean;
  readonly code?: number;
  readonly tokens?: { readonly accessToken: string; readonly accessExpire: number };
}

/** What `loginWithToken` resolves with, or is rejected with. */
function login(page: Page, user: string, given: string): Promise<Result> {
  return page.evaluate(({ user, given }) => vox.client.loginWithToken(user, given).catch((failed: unknown) => failed) as Promise<Result>, { user, given });
}

test("who has a token logs in and is called; a token of another key is refused", async () => {
  const [ada, bob] = [await open(), await open()];
  // Sidetone answers 403 to a token that is not its own (RFC 3261, section 21.4.4), which asking again does not mend.
  assert.deepEqual((({ result, code }) => [result, code])(await login(ada, "ada_MA1", token("ada", "another key of both sides, 32 bytes"))), [false, 403]);
  const given = token("ada");
  const { result, tokens } = await login(ada, "ada_MA1@app.account.voximplant.com", given);
  assert.equal(result, true);
  assert.equal(tokens?.accessToken, given);
  assert.ok(tokens.accessExpire > 0 && tokens.accessExpire <= 300);
  assert.equal((await login(bob, "bob_MA1", token("bob"))).result, true);

  await ada.evaluate(() => vox.dial("bob_MA1"));
  await until("bob is rung", () => bob.evaluate(() => vox.calls.length > 0));
  assert.equal(await bob.evaluate(() => vox.calls[0]!.number()), "ada_MA1");
  await bob.evaluate(() => vox.calls[0]!.answer());
  await until("the call stands", () => ada.evaluate(() => vox.calls[0]!.state() === "CONNECTED"));
  const refreshed = await ada.evaluate((next) => vox.client.tokenRefresh("ada_MA1", next), token("ada", KEY, 600));
  assert.ok(refreshed.result && refreshed.tokens!.accessExpire > 300);
  assert.deepEqual(await ada.evaluate(() => vox.told.filter(({ name }) => name === "RefreshTokenResult").map(({ value }) => value["result"])), [true]);
  await ada.evaluate(() => vox.calls[0]!.hangup());
  await until("bob hears the end", () => bob.evaluate(() => vox.told.some(({ name }) => name === "Disconnected")));
  await Promise.all([ada.close(), bob.close()]);
});
