/** Plivo's Browser SDK as published, not ours: it logs in, stays, is called and refused by Sidetone's own SIP server. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { Browser } from "playwright-core";

import type {} from "../pages/jssip.ts";
import { chromiumTab, launchChromium } from "../src/browsers.ts";
import { answer, dial, hangUp, hears, openLine, rung, talks } from "../src/line.ts";
import { type Origin, serveOrigin } from "../src/origin.ts";
import { Softphone } from "../src/plivo.ts";
import { setUp } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { wireTo } from "../src/sip.ts";
import { accessToken, ISSUER, KEY, takesTokens } from "../src/token.ts";
import { until } from "../src/wait.ts";

const app = takesTokens();
let sidetone: Sidetone;
let origin: Origin;
let plain: Origin;
let phones: Origin;
let face: Origin;
let browser: Browser;
let passwords: Record<string, string>;
// The domain is built into the client.
const server = { domain: "phone.plivo.com", url: "" };

setUp(async (start) => {
  sidetone = await start("Sidetone", Sidetone.start({ settings: ["sip.enabled=true"], app }));
  server.url = `${sidetone.url.replace("http", "ws")}/sip`;
  passwords = { alice: sidetone.phoneUser("alice"), bob: sidetone.phoneUser("bob") };
  const bundle = readFileSync(createRequire(import.meta.url).resolve("plivo-browser-sdk/dist/plivobrowsersdk.js"), "utf8");
  origin = await start("Plivo's site", serveOrigin([], { page: "plivo", before: [bundle.replaceAll("</script", "<\\/script")] }));
  plain = await start("the plain site", serveOrigin([], { page: "jssip" }));
  face = await start("the site of our face", serveOrigin([`${sidetone.url}/sdk/plivo.js`], { page: "plivo" }));
  phones = await start("the site of our phone", serveOrigin([`${sidetone.url}/sdk/phone.js`], { page: "phone" }));
  browser = await start("Chromium", launchChromium());
});

test("it logs in with a password, stays there, is called, and calls", async () => {
  const alice = await Softphone.open({ browser, url: origin.url }, server, "alice");
  assert.equal(await alice.do("login", "alice", "not the password"), true);
  assert.deepEqual(await alice.hears("onLoginFailed"), ["Authentication Error"]);
  await alice.forget();
  assert.equal(await alice.do("login", "alice", passwords["alice"]), true);
  await alice.hears("onLogin");
  assert.deepEqual((await alice.hears("onConnectionChange"))[0], { state: "connected", reason: "registered" });
  await alice.forget();
  // Another answer to its keep-alives than 404 makes it connect anew each time.
  await until("it has kept itself alive three times", async () => (await sidetone.metric('sidetone_sip_answers_total{method="OPTIONS",code="404"}')) >= 3);
  assert.deepEqual((await alice.heard()).filter(({ name }) => name === "onConnectionChange"), []);

  await alice.do("call", "nobody", {});
  assert.equal((await alice.hears("onCallFailed"))[0], "Not Found");
  await alice.forget();
  await alice.do("call", "bob", {});
  assert.equal((await alice.hears("onCallFailed"))[0], "Unavailable");
  await alice.forget();

  const bob = await chromiumTab(browser);
  await bob.goto(plain.url);
  await bob.evaluate(({ url, password }) => phone.start(url, "bob", password), { url: server.url, password: passwords["bob"]! });
  const bobHears = (what: string) => until(`bob hears ${what}`, async () => (await bob.evaluate(() => phone.told())).includes(what));
  await bobHears("registered");
  await bob.evaluate(() => phone.call("alice"));
  const [caller, , { callUUID, src }] = await alice.hears("onIncomingCall");
  assert.deepEqual([caller, src], ["bob@phone.plivo.com", "bob"]);
  await bobHears("progress 180");
  await alice.do("reject", callUUID);
  await bobHears("failed Busy");
  const conference = await sidetone.finalised(callUUID);
  assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["alice", "bob"]);
  const refused = (await sidetone.events(conference.key)).filter(({ kind }) => kind === "sip_refused");
  assert.ok(refused.length === 2 && refused.every(({ payload }) => payload["code"] === 486));
  await alice.close();
});

test("it calls our phone, and our phone calls it", async () => {
  const alice = await Softphone.ready({ browser, url: origin.url }, server, "alice");
  const bob = await openLine({ browser, url: phones.url }, { ...server, wire: () => wireTo(sidetone.port, "/sip") }, "bob");

  await alice.do("call", "bob", {});
  const into = await rung(bob);
  await answer(bob, into);
  await alice.hears("onCallAnswered");
  await hears(bob, into, "mediaConnected");
  await talks([[bob, into]]);
  await alice.do("sendDtmf", "5");
  assert.equal((await hears(bob, into, "dtmf"))["tone"], "5");
  await alice.do("hangup");
  assert.equal((await hears(bob, into, "ended"))["originator"], "remote");
  await alice.hears("onCallTerminated");
  await alice.forget();

  const out = await dial(bob, "alice");
  const [caller, , { callUUID }] = await alice.hears("onIncomingCall");
  assert.equal(caller, "bob@phone.plivo.com");
  await alice.do("answer", callUUID);
  await alice.hears("onCallAnswered");
  await hears(bob, out, "mediaConnected");
  await talks([[bob, out]]);
  await hangUp(bob, out);
  await alice.hears("onCallTerminated");
  await bob.close();
  await alice.close();
});

test("of a socket that is cut and comes back it tells the same as our face, which has what Plivo documents beside it", async () => {
  const told = await Promise.all(
    [origin, face].map(async ({ url }, index) => {
      const user = `cut${index}`;
      const phone = await Softphone.open({ browser, url }, { ...server, wire: () => wireTo(sidetone.port, "/sip") }, user);
      await phone.do("login", user, sidetone.phoneUser(user));
      await phone.hears("onLogin");
      await phone.forget();
      phone.wire.cut();
      const [lost] = await phone.hears("onConnectionChange");
      phone.wire.restore();
      const [back] = await phone.hears("onConnectionChange", ([info]) => info.state === "connected");
      const kept = await phone.page.evaluate(() => softphone.client.connectionInfo);
      assert.deepEqual(kept, back);
      await phone.close();
      return { lost, back };
    }),
  );
  const [theirs, ours] = told as [(typeof told)[0], (typeof told)[0]];
  assert.deepEqual(theirs, { lost: { state: "disconnected", reason: "1006" }, back: { state: "connected", reason: "registered" } });
  const { eventCode, eventReason, ...lost } = ours.lost;
  assert.deepEqual({ lost, back: ours.back }, theirs);
  assert.deepEqual([eventCode, typeof eventReason], [1006, "string"]);
});

test("it logs in with a token, or hears Plivo's name of the reason why not", async () => {
  const token = (fromSeconds: number, key = KEY) => {
    const nbf = Math.floor(Date.now() / 1000) + fromSeconds;
    return accessToken({ iss: ISSUER, sub: "carol", nbf, exp: nbf + 300, per: { voice: { incoming_allow: true, outgoing_allow: true } } }, key);
  };
  const logIn = async (given: string) => {
    const phone = await Softphone.open({ browser, url: origin.url }, server, "carol");
    assert.equal(await phone.do("loginWithAccessToken", given), true);
    return phone;
  };
  const carol = await logIn(token(-10));
  await carol.hears("onLogin");
  assert.equal(await carol.page.evaluate(() => softphone.client.userName), "carol_MA1");
  for (const [given, reason] of [
    [token(-10, "another key, of 32 bytes and more as well"), "INVALID_ACCESS_TOKEN_SIGNATURE"],
    [token(-1000), "ACCESS_TOKEN_EXPIRED"],
    [token(1000), "ACCESS_TOKEN_NOT_VALID_YET"],
  ] as const) {
    const phone = await logIn(given);
    assert.deepEqual(await phone.hears("onLoginFailed"), [reason]);
    await phone.page.context().close();
  }
});
