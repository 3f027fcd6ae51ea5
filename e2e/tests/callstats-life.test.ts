/** What happens to clients that cannot be changed: a server that goes away, ids of every kind. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserClient } from "../src/callstats/clients.ts";
import { CallPage, type Json, stage, startCall } from "../src/callstats/pages.ts";
import { during } from "../src/setup.ts";
import { until } from "../src/wait.ts";

test("a page with the one line of a migration goes on over a crash of the server", () =>
  during(async (start) => {
    const { server, origin, context } = await stage(start, "calls.example.net", browserClient(), { nowhere: ["*.callstats.io"] });
    const { alice, bob } = await startCall(context, origin, server.callstatsApp(), "standup", { proxy: "https://calls.example.net" });
    for (const page of [alice, bob]) await page.answered("stats", 1);
    await server.kill();
    await server.up();
    await alice.do("event", "audioMute");
    for (const page of [alice, bob]) await page.answered("stats", 2);
    const { key, participants, peer_connections } = await server.conference("standup");
    assert.deepEqual([participants.length, peer_connections.length], [2, 2]);
    await until("the event after the crash is there", async () => (await server.events(key)).some(({ kind }) => kind === "muted"));
    for (const page of [alice, bob]) assert.equal(page.count("authenticate"), 1);
  }));

test("ids of every kind arrive to the byte", () =>
  during(async (start) => {
    const { server, origin, context } = await stage(start, "*.callstats.io", browserClient());
    const ids = [
      "日本語 интернэт",
      "a%2Fb%00%",
      "../../etc/passwd",
      "a/b/../c?d=e#f",
      `'"; DROP TABLE conferences; --`,
      "<script>alert(1)</script>",
      "é".repeat(2048),
      "super@man@home",
      "a>b?c~d>>>???~~~",
    ];
    const app = server.callstatsApp();
    for (const id of ids) {
      const page = await CallPage.open(context, origin);
      await page.start(app, { userId: id, otherId: id, conferenceId: id });
      await page.do("alone");
    }
    const list = async (): Promise<Json> => (await server.get<Json>("/v1/conferences?limit=100")).conferences;
    const conferences: Json = await until("each page has sent a report", async () => {
      const held = await list();
      const counts = await Promise.all(held.map(async ({ key }: Json) => (await server.get<Json>(`/v1/conferences/${key}`)).peer_connections[0]?.report_count ?? 0));
      return counts.filter((count) => count >= 1).length === ids.length && held;
    });
    assert.deepEqual(conferences.map((held: { conference_id: string }) => held.conference_id).sort(), [...ids].sort());
    for (const { key, conference_id } of conferences) {
      const { participants, peer_connections } = await server.get<Json>(`/v1/conferences/${key}`);
      assert.deepEqual(participants.map((held: { user_id: string }) => held.user_id), [conference_id]);
      assert.equal(peer_connections.length, 1, conference_id);
      assert.ok(peer_connections[0].report_count >= 1, conference_id);
    }
    assert.equal(await server.metric('sidetone_callstats_diagnostics_total{event_type="restResponseError"}'), 0);
  }));
