/** The pre-call test through a real TURN server, with the credentials that authentication hands out; and the page of its result. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserClient } from "../src/callstats/clients.ts";
import { CallPage, chromiumWithHosts, type Json } from "../src/callstats/pages.ts";
import { pageScript, serveSite } from "../src/callstats/site.ts";
import { Sidetone } from "../src/sidetone.ts";
import { Turn } from "../src/turn.ts";
import { until } from "../src/wait.ts";

async function tested(client: (server: Sidetone) => Promise<string>, host: string, proxy?: string): Promise<void> {
  const turn = await Turn.start();
  const server = await Sidetone.start({ tls: true, settings: turn.settings });
  const site = await serveSite({ "callstats.js": await client(server), "page.js": pageScript("callstats.js") });
  const chromium = await chromiumWithHosts({ [host]: server.port });
  try {
    const page = await CallPage.open(await chromium.newContext(), site.origin);
    const options = { userId: "alice ünı", otherId: "bob", conferenceId: "room", preCallTest: true, ...(proxy !== undefined && { proxy }) };
    await page.start(server.callstatsApp(), options);
    const found = async (): Promise<Json> => (await server.get<Json>("/v1/conferences?kind=pre_call_test")).conferences[0];
    const conference = await until("a pre-call test is kept", 60_000, found);
    assert.match(conference.conference_id, /^pre-call:./);
    const events: Json = await until("it has ended", 20_000, async () => {
      const held: Json = await server.events(conference.key);
      return held.some(({ kind }: Json) => kind === "left") && held;
    });
    const { results } = events.find(({ kind }: Json) => kind === "pre_call_test").payload;
    assert.equal(results.status, "success", JSON.stringify(results));
    assert.equal(results.mediaConnectivity ?? results.tests.mediaConnectivity, true);
    const rtt = results.rtt ?? results.tests.rtt.median;
    assert.ok(rtt > 0 && rtt < 400, `${rtt} ms through a TURN server on this machine`);
    // coturn logged who was let in: the user that authenticated, by the credentials made for it.
    assert.match(turn.log, /username=<\d+:alice/);

    const calls: Json = await server.get("/v1/conferences?kind=call");
    assert.ok(calls.conferences.every(({ kind }: Json) => kind === "call"));
    const session = await server.logIn();
    const list = await session.text("/?kind=pre_call_test");
    assert.ok(list.includes(conference.key), "the list of pre-call tests leads to it");
    assert.ok(!(await session.text("/")).includes(conference.key), "it is not among the calls");
    const shown = await session.text(`/conferences/${conference.key}`);
    assert.match(shown, /The network (is good for a call|carries a call)/);
    assert.match(shown, /Round trip.*\d+ ms.*Throughput.*kbit\/s/s);
  } finally {
    await chromium.close();
    site.close();
    await server.stop();
    await turn.stop();
  }
}

test("callstats-js 3.73.16, unmodified, tests the network before a call", async () => {
  await tested(async () => browserClient(), "*.callstats.io");
});

test("our script in its place tests the network before a call", async () => {
  const script = async (server: Sidetone): Promise<string> => (await fetch(`${server.url}/static/callstats.min.js`)).text();
  await tested(script, "calls.example.net", "https://calls.example.net");
});
