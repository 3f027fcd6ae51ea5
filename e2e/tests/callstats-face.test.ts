/** The page of callstats.js with our script in the old one's place: the same calls of its API give the same record, and nothing throws. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Credentials, type TokenGenerator, secretCode } from "../../packages/sdk/src/compat/callstats/credentials.ts";
import { type Json, seconds, stage, startCall } from "../src/callstats/pages.ts";
import { during } from "../src/setup.ts";
import { Sidetone } from "../src/sidetone.ts";
import { until } from "../src/wait.ts";

/** Our script, as `https://…/static/callstats.min.js` serves it. */
async function script(server: Sidetone): Promise<string> {
  const response = await fetch(`${server.url}/static/callstats.min.js`);
  assert.equal(response.status, 200);
  return response.text();
}

test("a page whose script address was changed reports as before", () =>
  during(async (start) => {
    const { server, origin, context } = await stage(start, "calls.example.net", script);
    const { alice, bob } = await startCall(context, origin, server.callstatsApp(), "room 1/ü?+x", { proxy: "https://calls.example.net" });
    const reports = async (): Promise<readonly number[]> => (await server.conferences("room 1/ü?+x"))[0]?.peer_connections.map(({ report_count }) => report_count) ?? [];
    await until("there are ten reports of either side", async () => (await reports()).filter((count) => count >= 10).length === 2);
    for (const name of ["audioMute", "fabricHold", "fabricResume", "audioUnmute"]) assert.deepEqual(await alice.do("event", name), { status: "success" });
    const answers = await alice.page.evaluate(() => {
      const { client, connection, conferenceId } = (window as Json).call;
      return [
        client.sendCustomEvent(connection, conferenceId, [{ type: "button", timestamp: Date.now(), source: "ui" }]),
        client.sendUserFeedback(conferenceId, { userID: "alice", overall: 4, audio: 5, comment: "gut ü" }),
        client.sendUserFeedback(conferenceId, { userID: "alice", overall: 9 }),
        client.associateMstWithUserID(connection, "bob", conferenceId, "1234", "x".repeat(21), "video"),
        client.sendFabricEvent(connection, "nope", conferenceId),
        client.addNewFabric(connection, "bob", "multiplex", "ü".repeat(129)),
        client.reportError(null, conferenceId, client.webRTCFunctions.getUserMedia, new DOMException("denied", "NotAllowedError")),
        client.sendCallDetails(connection, conferenceId, { callType: "inbound", role: "manager" }),
        client.sendFabricEvent(connection, "iceRestarted", conferenceId),
      ];
    });
    assert.deepEqual(answers.map(({ status }: Json) => status), ["success", "success", "failure", "failure", "failure", "failure", "success", "success", "success"]);
    assert.match(answers[2].message, /^sendUserFeedback: overall is 9/);
    assert.equal(answers[3].msg, "associateMstWithUserID: usageLabel is 21 bytes long in UTF-8, at most 20 are allowed");
    assert.equal(answers[4].message, "sendFabricEvent: Invalid fabricEvents value nope");
    assert.match(answers[5].message, /conferenceID is 258 bytes long/);
    const heard: Json = await until("the bit rate is one of speech, kbit/s", async () => {
      const stats: Json = await alice.page.evaluate(() => (window as Json).call.stats);
      assert.equal(stats.fabricState, "established");
      const audio = stats.mediaStreamTracks.find(({ statsType, mediaType }: Json) => statsType === "inbound-rtp" && mediaType === "audio");
      return audio.bitrate > 5 && audio.bitrate < 100 && audio;
    });
    assert.equal(heard.remoteUserID, "bob ünı");
    assert.deepEqual((await alice.said())[0], ["success", "SDK authentication successful."]);
    for (const page of [alice, bob]) await page.do("event", "fabricTerminated");
    const conference: Json = await server.finalised("room 1/ü?+x");
    for (const name of ["alice", "bob"]) {
      const person: Json = conference.participants.find(({ user_id }: Json) => user_id === `${name} ünı`);
      const { user_name, alias_name, site: where, app_version, browser, additional_ids } = person;
      assert.deepEqual(
        { user_name, alias_name, where, app_version, browser, additional_ids },
        { user_name: `${name} at home`, alias_name: `${name} ünı`, where: "hq", app_version: "1.2.3", browser: "Chrome", additional_ids: { customerID: "walmart" } },
      );
    }
    const events: Json = await server.events(conference.key);
    const mine = conference.participants.find(({ user_id }: Json) => user_id === "alice ünı").key;
    const kinds = events.filter(({ participant }: Json) => participant === mine).map(({ kind }: Json) => kind);
    for (const kind of ["joined", "connected", "muted", "held", "resumed", "unmuted", "custom", "feedback", "call_details", "get_user_media_failed", "peer_connection_closed", "left"]) {
      assert.ok(kinds.includes(kind), `${kind} among ${kinds.join(", ")}`);
    }
    assert.deepEqual(events.find(({ kind }: Json) => kind === "feedback").payload, { user_id: "alice", overall: 4, audio: 5, comment: "gut ü" });
    assert.ok(events.some(({ kind, payload }: Json) => kind === "custom" && payload.name === "iceRestarted"), "an event of callstats.js's own is kept");
    for (const { key } of conference.peer_connections) {
      const times = (await server.reports(key)).map(({ time_ms }) => time_ms);
      const pauses = times.slice(1).map((time, index) => time - times[index]!).sort((one, other) => one - other);
      const median = pauses[Math.floor(pauses.length / 2)]!;
      assert.ok(median > 800 && median < 1500, `a report each second: ${pauses}`);
    }
  }));

test("what is said of a call that is over belongs to it, and who is named late is named", () =>
  during(async (start) => {
    const { server, origin, context } = await stage(start, "calls.example.net", script);
    const { alice, bob } = await startCall(context, origin, server.callstatsApp(), "room 1", { proxy: "https://calls.example.net" });
    await alice.page.evaluate(() => {
      const { client, conferenceId } = (window as Json).call;
      const late = new RTCPeerConnection();
      client.addNewFabric(late, null, "data", conferenceId);
      client.setIdentifiers({ remoteUserID: "carol" }, late);
      client.sendFabricEvent(late, "fabricTerminated", conferenceId);
    });
    const reporting = async () => (await server.conferences("room 1"))[0]?.peer_connections.filter(({ report_count }) => report_count > 0) ?? [];
    await until("both have reported", async () => new Set((await reporting()).map(({ participant }) => participant)).size === 2);
    for (const page of [alice, bob]) await page.do("event", "fabricTerminated");
    const { key, end_ms } = (await server.finalised("room 1")) as Json;
    await alice.page.evaluate(() => {
      const { client, connection, conferenceId } = (window as Json).call;
      client.sendUserFeedback(conferenceId, { userID: "alice", overall: 2, comment: null });
      client.reportError(connection, conferenceId, client.webRTCFunctions.applicationLog, { step: "rated" });
    });
    const events: Json = await until("her opinion is with the call", async () => {
      const all: Json = await server.events(key);
      return ["feedback", "log"].every((kind) => all.some((event: Json) => event.kind === kind)) && all;
    });
    const told = (wanted: string) => events.filter(({ kind }: Json) => kind === wanted).map(({ payload }: Json) => payload);
    assert.deepEqual(told("feedback"), [{ user_id: "alice", overall: 2 }]);
    assert.equal(told("log")[0].message, '{"step":"rated"}');
    assert.ok(told("remote_user").some(({ remote_user_id }: Json) => remote_user_id === "carol"));
    const conferences = await server.conferences("room 1");
    assert.deepEqual(conferences.map((held: Json) => [held.key, held.state, held.end_ms, held.participants.length]), [[key, "finalised", end_ms, 2]]);
  }));

test("a token generator that fails in mid-call is asked again", () =>
  during(async (start) => {
    const server = await start("Sidetone", Sidetone.start());
    const { appId, appSecret } = server.callstatsApp();
    const code = await secretCode(appSecret, "ada", appId);
    let isOut = false;
    const said: string[] = [];
    const generate: TokenGenerator = (_, callback) => callback(isOut ? "out of order" : null, code);
    const told = { granted: () => void said.push("granted"), refused: (status: string) => void said.push(status) };
    const credentials = () => new Credentials(server.url, appId, "ada", generate, told);
    await until("the server knows of the app", () => credentials().token().catch(() => undefined));
    said.length = 0;
    const give = credentials().source();
    const first = await give();
    isOut = true;
    // To ask again is to say that the server wants another.
    await assert.rejects(give(), /out of order/);
    isOut = false;
    assert.notEqual(await give(), first);
    assert.deepEqual(said, ["granted", "tokenGenerationError", "granted"]);
  }));

test("a wrong secret is told once and drives nobody into a storm", () =>
  during(async (start) => {
    const { server, origin, context } = await stage(start, "calls.example.net", script);
    const { alice } = await startCall(context, origin, server.callstatsApp(), "room", { proxy: "https://calls.example.net", appSecret: "wrong" });
    const said = await until("she is told", async () => {
      const words = await alice.said();
      return words.length > 0 && words;
    });
    await seconds(15);
    assert.equal(said[0][0], "authError");
    assert.match(said[0][1], /^Authenticator: /);
    assert.ok(alice.count("authenticate") <= 2, `${alice.count("authenticate")} requests`);
  }));
