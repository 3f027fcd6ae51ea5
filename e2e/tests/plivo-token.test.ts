/**
 * Plivo's client with access tokens, by Sidetone's own SIP server and by a Kamailio that asks Sidetone: who may log in, who may call, and in which words
 * the others are refused.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quality, Softphone } from "../src/plivo.ts";
import { snippets } from "../src/handbook.ts";
import { setUp } from "../src/setup.ts";
import { type SipServer, startAskingKamailio, wireTo } from "../src/sip.ts";
import { setUpSite } from "../src/site.ts";
import { accessToken, ISSUER, KEY, takesTokens } from "../src/token.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("plivo", {
  server: {
    config: snippets("kamailio", "Sidetone", "toml").join(""),
    settings: ["sip.enabled=true", "sip.contacts_per_user_max=1"],
    app: takesTokens(),
  },
});

/** Sidetone's own server, and a Kamailio that asks Sidetone who may call. */
const SERVERS: readonly { readonly name: string; start(): Promise<Pick<SipServer, "domain" | "wire" | "stop">> }[] = [
  { name: "sidetone", start: async () => ({ domain: "localhost", wire: () => wireTo(site.sidetone.port, "/sip"), stop: async () => undefined }) },
  { name: "kamailio", start: () => startAskingKamailio(site.sidetone, { contactsPerUser: 1 }) },
];

/** A token for `sub`, good for five minutes unless told otherwise. */
function token(sub: string, { key = KEY, fromSeconds = 0, forSeconds = 300, voice = { incoming_allow: true, outgoing_allow: true } } = {}): string {
  const nbf = Math.floor(Date.now() / 1000) + fromSeconds;
  return accessToken({ iss: ISSUER, sub, nbf, exp: nbf + forSeconds, per: { voice } }, key);
}

for (const { name, start: startServer } of SERVERS) {
  describe(name, () => {
    let server: Awaited<ReturnType<typeof startServer>>;

    setUp(async (start) => void (server = await start(name, startServer())));

    async function logIn(sub: string, options: Parameters<typeof token>[1] = {}): Promise<Softphone> {
      const phone = await Softphone.open(site, server, sub, quality(site.sidetone));
      assert.equal(await phone.do("loginWithAccessToken", token(sub, options)), true);
      await phone.hears("onLogin");
      await phone.forget();
      return phone;
    }

    test("two with tokens call each other, and the call is in Sidetone under its callUUID", async () => {
      const [ada, bob] = [await logIn("ada"), await logIn("bob")];
      assert.deepEqual(
        await ada.page.evaluate(() => [softphone.client.userName, softphone.client.isAccessToken, softphone.client.isOutgoingGrant, softphone.client.isIncomingGrant]),
        ["ada_MA1", true, true, true],
      );
      assert.ok((await ada.do<number>("getTokenExpiryTimeInEpoch")) > Date.now());
      assert.equal(await ada.do("call", "bob_MA1"), true);
      const [, , { callUUID, src, dest }] = await bob.hears("onIncomingCall");
      assert.deepEqual([src, dest], ["ada_MA1", "bob_MA1"]);
      await bob.do("answer", callUUID);
      const [answered] = await ada.hears("onCallAnswered");
      assert.equal(answered.callUUID, callUUID);
      await bob.hears("onMediaConnected");
      await ada.do("hangup");
      await bob.hears("onCallTerminated");
      const conference = await until("the call is there", async () => (await site.sidetone.conferences(callUUID)).find(({ peer_connections }) => peer_connections.length === 2));
      await Promise.all([ada, bob].map((phone) => phone.close()));
      assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["ada_MA1", "bob_MA1"]);
    });

    test("a source of tokens is asked, and its token used", async () => {
      const eve = await Softphone.open(site, server, "eve");
      assert.equal(await eve.page.evaluate((token) => softphone.loginByTokens(token), token("eve")), true);
      await eve.hears("onLogin");
      assert.equal(await eve.page.evaluate(() => softphone.client.userName), "eve_MA1");
      await eve.close();
    });

    test("who may not call out is told so and hears nothing more", async () => {
      const eve = await logIn("eve", { voice: { incoming_allow: true, outgoing_allow: false } });
      assert.equal(await eve.do("call", "ada_MA1"), false);
      // The noise reduction is loaded meanwhile, and is ready sooner or later.
      const heard = (await eve.heard()).filter(({ name }) => name !== "onNoiseReductionReady");
      assert.deepEqual(heard.map(({ name, values }) => [name, ...values]), [["onPermissionDenied", "INVALID_ACCESS_TOKEN_GRANTS"]]);
      await eve.close();
    });

    test("more logins of a user than the server allows are refused", async () => {
      const [eve, other] = [await logIn("eve"), await Softphone.open(site, server, "eve")];
      await other.do("loginWithAccessToken", token("eve"));
      assert.deepEqual(await other.hears("onLoginFailed"), ["MAX_ALLOWED_LOGIN_REACHED"]);
      assert.equal(await other.page.evaluate(() => softphone.client.getErrorStringByErrorCodes(10010)), "MAX_ALLOWED_LOGIN_REACHED");
      await eve.close();
      await other.close();
    });

    test("a token that the server refuses is refused by Plivo's name of the reason", async () => {
      for (const [options, reason] of [
        [{ key: "another key, of 32 bytes and more too" }, "INVALID_ACCESS_TOKEN_SIGNATURE"],
        [{ fromSeconds: -600 }, "ACCESS_TOKEN_EXPIRED"],
        [{ fromSeconds: 3600 }, "ACCESS_TOKEN_NOT_VALID_YET"],
        [{ forSeconds: 90_000 }, "EXPIRATION_EXCEEDS_MAX_ALLOWED_TIME"],
      ] as const) {
        const eve = await Softphone.open(site, server, "eve");
        await eve.do("loginWithAccessToken", token("eve", options));
        assert.deepEqual(await eve.hears("onLoginFailed"), [reason]);
        assert.equal(await eve.page.evaluate(() => softphone.client.isLoggedIn), false);
        await eve.close();
      }
    });

    test("a wrong password is refused, and the right one is not", async () => {
      site.sidetone.phoneUser(`dora-${name}`);
      const dora = await Softphone.open(site, server, `dora-${name}`);
      await dora.do("login", dora.user, "secret-guessed");
      assert.deepEqual(await dora.hears("onLoginFailed"), ["Authentication Error"]);
      await dora.do("login", dora.user, `secret-${dora.user}`);
      await dora.hears("onLogin");
      await dora.close();
    });
  });
}
