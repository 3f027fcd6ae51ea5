/** Who may call: passwords and access tokens of Sidetone, by its own SIP server and by a Kamailio that asks Sidetone. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Credentials, Headers } from "../../packages/sdk/src/phone/api.ts";
import { snippets } from "../src/handbook.ts";
import { connect, dial, establish, events, hangUp, hears, type Line, openLine, openPhone } from "../src/line.ts";
import { setUp } from "../src/setup.ts";
import { run } from "../src/sidetone.ts";
import { type SipServer, startAskingKamailio, wireTo } from "../src/sip.ts";
import { setUpSite } from "../src/site.ts";
import { accessToken, ISSUER, KEY, takesTokens } from "../src/token.ts";

const declared = `
[[sip.users]]
name = "ada"
app = "e2e"
password = "secret-ada"
`;
const site = setUpSite("phone", {
  server: {
    config: snippets("kamailio", "Sidetone", "toml").join("") + declared,
    settings: ["sip.enabled=true", "sip.domain=phones.test"],
    app: takesTokens(),
  },
  more: async (_, { sidetone, url }) => {
    for (const [app, origin, user] of [["shop", "https://shop.example", "sue"], ["home", new URL(url).origin, "hal"]] as const) {
      run("app", "create", app, "--origin", origin, "--data", sidetone.data);
      sidetone.phoneUser(user, `secret-${user}`, app);
    }
  },
});

const SERVERS: readonly { readonly name: string; start(): Promise<Pick<SipServer, "domain" | "wire" | "stop">> }[] = [
  { name: "sidetone", start: async () => ({ domain: "phones.test", wire: () => wireTo(site.sidetone.port, "/sip"), stop: async () => undefined }) },
  { name: "kamailio", start: () => startAskingKamailio(site.sidetone) },
];

/** A token for `sub`, good for five minutes unless told otherwise. */
function token(sub: string, { key = KEY, iss = ISSUER, fromSeconds = 0, forSeconds = 300, incoming = true, outgoing = true } = {}): Credentials {
  const nbf = Math.floor(Date.now() / 1000) + fromSeconds;
  return { token: accessToken({ iss, sub, nbf, exp: nbf + forSeconds, per: { voice: { incoming_allow: incoming, outgoing_allow: outgoing } } }, key) };
}

/** The status by which something ended, and the number of the token's error. */
function refusal(cause: unknown): readonly unknown[] {
  const { status, headers } = cause as { readonly status: number; readonly headers: Headers };
  return [status, headers.entries.find(([name]) => name.toLowerCase() === "x-plivo-jwt-error-code")?.[1]];
}

for (const { name, start: startServer } of SERVERS) {
  describe(name, () => {
    let server: Awaited<ReturnType<typeof startServer>>;
    let ada: Line;

    setUp(async (start) => {
      server = await start(name, startServer());
      ada = await start("ada's phone", openLine(site, server, "ada"));
    });

    /** Opens a phone and connects it by that token. */
    async function carol(options: Parameters<typeof token>[1] = {}): Promise<Line> {
      const other = await openPhone(site, server, "carol_MA1");
      assert.equal(await connect(other, token("carol", options)), undefined);
      return other;
    }

    test("a user of the configuration and one with a token call each other", async () => {
      const other = await carol();
      for (const [from, to] of [[ada, other], [other, ada]] as const) {
        const [out] = await establish(from, to);
        await hangUp(from, out);
      }
      await other.close();
    });

    test("a wrong password, and a user that nobody made, are asked for the password again", async () => {
      for (const [user, password] of [["ada", "guessed"], ["nobody", "secret-nobody"]] as const) {
        const mallory = await openPhone(site, server, user);
        const { cause, status, originator } = (await connect(mallory, { user, password })) as Record<string, unknown>;
        assert.deepEqual([cause, status, originator], ["Authentication Error", 401, "remote"]);
        await mallory.close();
      }
    });

    test("a page of an origin that the app does not allow is refused, and only who proves the password learns that", async () => {
      const logIn = async (user: string, password: string) => {
        const phone = await openPhone(site, server, user);
        const cause = (await connect(phone, { user, password })) as { readonly status: number; readonly phrase: string; readonly headers: Headers } | undefined;
        await phone.close();
        return cause && [cause.status, cause.phrase, cause.headers.entries.find(([name]) => name === "Warning")?.[1]];
      };
      assert.equal(await logIn("hal", "secret-hal"), undefined);
      const [status, phrase, warning] = (await logIn("sue", "secret-sue"))!;
      assert.deepEqual([status, phrase], [403, "Origin Not Allowed"]);
      assert.match(String(warning), /pages of this origin may not act for this app/);
      assert.deepEqual((await logIn("sue", "guessed"))!.slice(0, 2), [401, "Unauthorized"]);
    });

    test("a token that is not good is refused with the number of the reason", async () => {
      for (const [options, code] of [
        [{ iss: "MA2" }, "10003"],
        [{ fromSeconds: 3600 }, "10005"],
        [{ fromSeconds: -600 }, "10006"],
        [{ key: "another key, of 32 bytes and more too" }, "10007"],
        [{ forSeconds: 90_000 }, "10009"],
      ] as const) {
        const eve = await openPhone(site, server, "eve");
        assert.deepEqual(refusal(await connect(eve, token("eve", options))), [403, code]);
        assert.equal(await eve.page.evaluate(() => line.phone.isRegistered), false);
        await eve.close();
      }
    });

    test("who may not call is refused by the server, and may be called", async () => {
      const other = await carol({ outgoing: false });
      assert.deepEqual(refusal(await hears(other, await dial(other, "ada"), "ended")), [403, "10008"]);
      const [out] = await establish(ada, other);
      await hangUp(ada, out);
      await other.close();
    });

    test("who may not be called is not found, and may call", async () => {
      const other = await carol({ incoming: false });
      assert.equal((await hears(ada, await dial(ada, "carol_MA1"), "ended"))["status"], 480);
      const [out] = await establish(other, ada);
      await hangUp(other, out);
      await other.close();
    });

    test("a registration ends with its token", async () => {
      const other = await carol({ forSeconds: 90 });
      const [registered] = await events(other, undefined, "registered");
      const { expiresSeconds } = registered!.value as { readonly expiresSeconds: number };
      assert.ok(expiresSeconds > 0 && expiresSeconds <= 90, `${expiresSeconds} s`);
      await other.close();
    });
  });
}
