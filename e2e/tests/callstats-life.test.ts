/** What happens to clients that cannot be changed: a server that goes away, ids of every kind. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserClient } from "../src/callstats/clients.ts";
import { CallPage, chromiumWithHosts, type Json, seconds, startCall } from "../src/callstats/pages.ts";
import { pageScript, serveSite } from "../src/callstats/site.ts";
import { Sidetone } from "../src/sidetone.ts";

test("a page with the one line of a migration goes on over a crash of the server", async () => {
  const server = await Sidetone.start({ tls: true });
  const site = await serveSite({ "callstats.js": browserClient(), "page.js": pageScript("callstats.js") });
  // Their own names lead nowhere.
  const chromium = await chromiumWithHosts({ "*.callstats.io": 1, "calls.example.net": server.port });
  const context = await chromium.newContext();
  try {
    const app = server.callstatsApp();
    const { alice, bob } = await startCall(context, site.origin, app, "standup", { proxy: "https://calls.example.net" });
    await seconds(12);
    await server.kill();
    await server.up();
    await alice.do("event", "audioMute");
    await seconds(14);
    const conference = await server.conference("standup");
    const events = await server.events(conference.key);
    assert.equal(conference.participants.length, 2);
    assert.equal(conference.peer_connections.length, 2);
    assert.ok(events.some((event) => event.kind === "muted"));
    for (const page of [alice, bob]) {
      assert.equal(page.count("authenticate"), 1);
      const answered = page.sent.filter(({ path, status }) => path === "stats" && status === 200);
      assert.ok(answered.length >= 2, `${answered.length} reports`);
    }
  } finally {
    await chromium.close();
    site.close();
    await server.stop();
  }
});

test("ids of every kind arrive to the byte", async () => {
  const server = await Sidetone.start({ tls: true });
  const site = await serveSite({ "callstats.js": browserClient(), "page.js": pageScript("callstats.js") });
  const chromium = await chromiumWithHosts({ "*.callstats.io": server.port });
  const context = await chromium.newContext();
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
  try {
    const app = server.callstatsApp();
    for (const id of ids) {
      const page = await CallPage.open(context, site.origin);
      await page.start(app, { userId: id, otherId: id, conferenceId: id });
      await page.do("alone");
    }
    await seconds(12);
    const { conferences } = await server.get<Json>("/v1/conferences?limit=100");
    assert.deepEqual(conferences.map((held: { conference_id: string }) => held.conference_id).sort(), [...ids].sort());
    for (const { key, conference_id } of conferences) {
      const { participants, peer_connections } = await server.get<Json>(`/v1/conferences/${key}`);
      assert.deepEqual(participants.map((held: { user_id: string }) => held.user_id), [conference_id]);
      assert.equal(peer_connections.length, 1, conference_id);
      assert.ok(peer_connections[0].report_count >= 1, conference_id);
    }
    assert.equal(await server.metric('sidetone_callstats_diagnostics_total{event_type="restResponseError"}'), 0);
  } finally {
    await chromium.close();
    site.close();
    await server.stop();
  }
});
