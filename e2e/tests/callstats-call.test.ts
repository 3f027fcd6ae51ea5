/** A call of 40 s that unmodified clients report. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserClient, reactNativeClient } from "../src/callstats/clients.ts";
import { type CallPage, type Json, seconds, stage, startCall } from "../src/callstats/pages.ts";
import { during, type Start } from "../src/setup.ts";
import type { Sidetone } from "../src/sidetone.ts";

const CONFERENCE = "room 1/ü?+x";

async function call(start: Start, client: string): Promise<readonly [Sidetone, CallPage, CallPage]> {
  const { server, origin, context } = await stage(start, "*.callstats.io", client, { settings: ["callstats.participant_timeout=20s"] });
  const { alice, bob } = await startCall(context, origin, server.callstatsApp(), CONFERENCE);
  await alice.answered("stats", 1);
  await alice.do("event", "audioMute");
  await alice.do("event", "fabricHold");
  await seconds(3);
  await alice.do("event", "fabricResume");
  await alice.do("event", "audioUnmute");
  await alice.page.evaluate(() => {
    const { client, connection, conferenceId } = (window as Json).call;
    client.sendCustomEvent(connection, conferenceId, [{ type: "button", timestamp: Date.now(), source: "ui" }]);
  });
  for (const page of [alice, bob]) await page.answered("stats", 3);
  await alice.page.evaluate(() => {
    const { client, conferenceId } = (window as Json).call;
    client.sendUserFeedback(conferenceId, { userID: "alice", overall: 4, audio: 5, comment: "gut ü" });
  });
  for (const page of [alice, bob]) await page.do("event", "fabricTerminated");
  await seconds(4);
  for (const page of [alice, bob]) await page.settled();
  return [server, alice, bob];
}

async function isComplete(server: Sidetone, alice: CallPage, bob: CallPage): Promise<void> {
  const conference: Json = await server.conference(CONFERENCE);
  const events: Json = await server.events(conference.key);
  assert.equal(conference.conference_id, CONFERENCE);
  const people = conference.participants.map(({ user_id, user_name, alias_name, site, app_version, browser, additional_ids }: Json) => ({
    user_id, user_name, alias_name, site, app_version, browser, additional_ids,
  }));
  const person = (name: string): Json => ({
    user_id: `${name} ünı`, user_name: `${name} at home`, alias_name: `${name} ünı`, site: "hq", app_version: "1.2.3", browser: "Chrome",
    additional_ids: { customerID: "walmart" },
  });
  assert.deepEqual(people.toSorted((one: Json, other: Json) => one.user_id.localeCompare(other.user_id)), [person("alice"), person("bob")]);

  for (const [page, user] of [[alice, "alice ünı"], [bob, "bob ünı"]] as const) {
    const { key } = conference.participants.find((held: Json) => held.user_id === user);
    const [connection, ...others] = conference.peer_connections.filter((held: Json) => held.participant === key);
    assert.equal(others.length, 0);
    assert.ok(connection.report_count >= 3, `${user}: ${connection.report_count} reports`);
    await hasTheCounters(server, connection.key, page);
    const kinds = events.filter((event: Json) => event.participant === key).map((event: Json) => event.kind);
    for (const kind of ["joined", "connected", "peer_connection_closed"]) assert.ok(kinds.includes(kind), `${user}: ${kind} among ${kinds}`);
    if (page === alice) {
      // The custom event has the page's own time, the others the client's synchronised one: their order is not certain.
      const told = kinds.filter((kind: string) => ["muted", "unmuted", "held", "resumed", "feedback", "custom"].includes(kind));
      assert.deepEqual(told.toSorted(), ["custom", "feedback", "held", "muted", "resumed", "unmuted"]);
    }
  }
  const feedback = events.find((event: Json) => event.kind === "feedback");
  assert.deepEqual([feedback.payload.overall, feedback.payload.audio, feedback.payload.comment], [4, 5, "gut ü"]);

  for (const { sent } of [alice, bob]) {
    const wrong = sent.filter(({ status, failed }) => failed !== undefined || status !== 200);
    assert.deepEqual(wrong, []);
  }
  assert.equal(await server.metric('sidetone_callstats_diagnostics_total{event_type="restResponseError"}'), 0);
}

/** Each report holds what the browser counted when the client asked it. */
async function hasTheCounters(server: Sidetone, peerConnection: string, page: CallPage): Promise<void> {
  const reports: Json = await server.reports(peerConnection);
  const bodies = page.sent.filter(({ path }) => path === "stats").map(({ body }) => JSON.parse(body ?? ""));
  assert.equal(reports.length, bodies.length);
  for (const [index, { stats }] of bodies.entries()) {
    const kept = reports[index].stats;
    for (const object of stats) {
      const isAddress = ["local-candidate", "remote-candidate"].includes(object.type);
      if (!isAddress) assert.deepEqual(kept[object.id], object, `report ${index}, ${object.id}`);
    }
  }
  const last = bodies.at(-1).stats;
  const counted = last.filter(({ type }: Json) => type === "inbound-rtp" || type === "outbound-rtp");
  assert.equal(counted.length, 4);
  for (const stream of counted) assert.ok((stream.packetsReceived ?? stream.packetsSent) > 100, JSON.stringify(stream));
}

/** Nobody leaves: the client of a page that is closed cannot say so. */
async function endsBySilence(server: Sidetone): Promise<void> {
  const conference: Json = await server.finalised(CONFERENCE);
  assert.ok(conference.scores.mos_cq > 1, JSON.stringify(conference.scores));
}

test("callstats-js 3.73.16, unmodified, reports a call", () =>
  during(async (start) => {
    const [server, alice, bob] = await call(start, browserClient());
    await isComplete(server, alice, bob);
    await endsBySilence(server);
  }));

test("react-native-callstats 3.73.22, unmodified, reports a call", () =>
  during(async (start) => isComplete(...(await call(start, await reactNativeClient())))));
