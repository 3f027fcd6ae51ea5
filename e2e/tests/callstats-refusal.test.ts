/**
 * Each refusal of ours, watched for half a minute: the client asks again at once and for ever after an answer that it did not expect,
 * so every answer must be one that it expects.
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { test } from "node:test";

import { browserClient } from "../src/callstats/clients.ts";
import { CallPage, type Options, seconds, stage } from "../src/callstats/pages.ts";
import { during } from "../src/setup.ts";
import { type CallstatsApp, run } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

const WATCHED_SECONDS = 30;
/** One a second is no storm: a client in one asks again as soon as it has its answer. */
const STORM = WATCHED_SECONDS;
const SHARED = "0123456789abcdef0123456789abcdef";

/** A JSON Web Token signed with a shared secret. */
function signed(secret: string, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

const now = (): number => Math.floor(Date.now() / 1000);

test("no refusal drives a client into a storm", () =>
  during(async (start) => {
    const { server, origin, context } = await stage(start, "*.callstats.io", browserClient(), { settings: ["auth.app_cache_ttl=200ms"] });
    const key = join(server.data, "shared.key");
    writeFileSync(key, SHARED);
    const app = server.callstatsApp("shop", ["--token-key", `kid=k1,alg=HS256,file=${key}`]);
    const foreign = server.callstatsApp("foreign", ["--origin", "https://other.example"]);
    const replaced = server.callstatsApp("replaced");
    const ended = server.callstatsApp("ended");
    const claims = (userID: string, more: object = {}): object => ({ userID, appID: String(app.appId), keyID: "k1", exp: now() + 600, ...more });
    const open = async (of: CallstatsApp, userId: string, options: Partial<Options> = {}): Promise<CallPage> => {
      const page = await CallPage.open(context, origin);
      await page.start(of, { userId, otherId: "other", conferenceId: `room of ${userId}`, ...options });
      await page.do("alone");
      return page;
    };

    // What each page is told, once; after that it is quiet.
    const refused: [CallPage, string][] = [
      [await open(app, "wrong secret", { appSecret: "wrong" }), "Invalid signature"],
      [await open({ ...app, appId: 1 }, "unknown app"), "Unknown application"],
      [await open(foreign, "foreign origin"), "Refused"],
      [await open(app, "malformed", { token: "a.b.c" }), "Malformed token"],
      [await open(app, "foreign key", { token: signed("another secret of thirty-two bytes", claims("foreign key")) }), "Invalid signature"],
      [await open(app, "unknown key", { token: signed(SHARED, claims("unknown key", { keyID: "k2" })) }), "Unknown key id"],
      [await open(app, "foreign app", { token: signed(SHARED, claims("foreign app", { appID: String(foreign.appId) })) }), "Application mismatch"],
      [await open(app, "somebody else", { token: signed(SHARED, claims("eve")) }), "USERID_MISMATCH"],
      [await open(app, "expired", { token: signed(SHARED, claims("expired", { exp: now() - 600 })) }), "Token has expired"],
    ];
    const welcome = await open(app, "welcome", { token: signed(SHARED, claims("welcome")) });
    const whoseSecretGoes = await open(replaced, "replaced");
    const whoseAppGoes = await open(ended, "ended");
    for (const page of [welcome, whoseSecretGoes, whoseAppGoes]) await until("it is let in", async () => (await page.said()).length > 0);
    for (const [page] of refused) await until("it is refused", async () => (await page.said()).length > 0);
    const from = Date.now();
    run("app", "callstats", "replaced", "--data", server.data);
    run("app", "callstats", "ended", "--data", server.data, "--off");
    await seconds(WATCHED_SECONDS);
    const to = Date.now();

    for (const [page, reason] of refused) {
      assert.deepEqual(await page.said(), [["authError", `Authenticator: ${reason}`]]);
      // On a busy machine the client may give a request up before it has its answer, and ask again.
      assert.equal(page.sent.filter(({ path, status }) => path === "authenticate" && status !== undefined).length, 1, reason);
      assert.ok(page.sent.filter(({ at }) => at >= from && at <= to).length < STORM, `${reason}: ${page.sent.length} requests`);
    }
    assert.deepEqual(await welcome.said(), [["success", "SDK authentication successful."]]);
    await welcome.answered("stats", 3);

    // An old token sends the client back to authenticate; with its secret gone, that is once.
    await until("the one whose secret is gone is told", async () => (await whoseSecretGoes.said()).at(-1)?.[0] === "authError");
    assert.deepEqual((await whoseSecretGoes.said()).at(-1), ["authError", "Authenticator: Invalid signature"]);
    assert.equal(whoseSecretGoes.sent.filter(({ path, at, status }) => path === "authenticate" && at >= from && status !== undefined).length, 1);
    // An app that is gone: each request fails, says so, and that is all. On a busy machine the client also says which ones it gave up.
    assert.equal(whoseAppGoes.count("authenticate", from), 0);
    const failures = () => whoseAppGoes.sent.filter(({ path, status }) => path !== "generics" && status !== undefined && status !== 200);
    await until("four requests have failed", async () => failures().length >= 4);
    const watched = whoseAppGoes.sent.filter(({ at }) => at >= from && at <= to).map(({ path }) => path);
    const said = watched.filter((path) => path === "generics").length;
    assert.ok(watched.length - said < STORM && said < STORM, `asked for ${watched.join(", ")}`);
  }));

test("a busy server is asked less and less often, and works again afterwards", () =>
  during(async (start) => {
    const room = "16KiB";
    const limits = { body_size_max: room, inflated_size_max: room, in_flight_bytes_max: room, body_timeout: "600s" };
    const { server, origin, context } = await stage(start, "*.callstats.io", browserClient(), { settings: Object.entries(limits).map(([name, value]) => `limits.${name}=${value}`) });
    const app = server.callstatsApp();
    // A body that does not end takes up all the memory there is for bodies.
    const slow = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
    slow.on("error", () => {});
    slow.write(`POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.intakeSecret}\r\nContent-Type: application/json\r\nContent-Length: 16384\r\n\r\n${"{".padEnd(16_383)}`);
    try {
      await until("the memory is taken", async () => (await server.metric("sidetone_in_flight_bytes")) === 16_384);
      const page = await CallPage.open(context, origin);
      await page.start(app, { userId: "patient", otherId: "other", conferenceId: "room" });
      await until("it has asked three times", async () => page.count("authenticate") >= 3);
      await seconds(WATCHED_SECONDS);
      const refused = page.count("authenticate");
      assert.ok(refused <= 20, `${refused} requests`);
      const lately = page.count("authenticate", Date.now() - 10_000);
      assert.ok(lately <= 3, `${lately} requests in the last 10 s`);
      assert.deepEqual(await page.said(), []);
      slow.destroy();
      await until("the client is let in", async () => (await page.said()).length > 0);
      assert.deepEqual(await page.said(), [["success", "SDK authentication successful."]]);
    } finally {
      slow.destroy();
    }
  }));
