/** The pre-call test through a real TURN server, with the credentials that authentication hands out; and the page of its result. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserClient } from "../src/callstats/clients.ts";
import { CallPage, type Json, stage } from "../src/callstats/pages.ts";
import { during, type Start } from "../src/setup.ts";
import type { Sidetone } from "../src/sidetone.ts";
import { Turn } from "../src/turn.ts";
import { until } from "../src/wait.ts";

async function tested(start: Start, client: string | ((server: Sidetone) => Promise<string>), host: string, proxy?: string): Promise<void> {
  const turn = await start("coturn", Turn.start());
  const { server, origin, context } = await stage(start, host, client, { settings: turn.settings });
  const page = await CallPage.open(context, origin);
  const options = { userId: "alice ünı", otherId: "bob", conferenceId: "room", preCallTest: true, ...(proxy !== undefined && { proxy }) };
  await page.start(server.callstatsApp(), options);
  const found = async (): Promise<Json> => (await server.get<Json>("/v1/conferences?kind=pre_call_test")).conferences[0];
  const conference = await until("a pre-call test is kept", found);
  assert.match(conference.conference_id, /^pre-call:./);
  const events: Json = await until("it has ended", async () => {
    const held: Json = await server.events(conference.key);
    return held.some(({ kind }: Json) => kind === "left") && held;
  });
  const { results } = events.find(({ kind }: Json) => kind === "pre_call_test").payload;
  assert.equal(results.status, "success", JSON.stringify(results));
  assert.equal(results.mediaConnectivity ?? results.tests.mediaConnectivity, true);
  const rtt = results.rtt ?? results.tests.rtt.median;
  const loss = results.fractionalLoss ?? results.tests.loss.fractionLostBytes;
  const throughput = results.throughput ?? results.tests.throughput.average;
  assert.ok(rtt > 0 && loss >= 0 && loss <= 1 && throughput > 0, JSON.stringify(results));
  // coturn logged who was let in: the user that authenticated, by the credentials made for it.
  assert.match(turn.log, /username=<\d+:alice/);

  const calls: Json = await server.get("/v1/conferences?kind=call");
  assert.ok(calls.conferences.every(({ kind }: Json) => kind === "call"));
  const session = await server.logIn();
  const list = await session.text("/?kind=pre_call_test");
  assert.ok(list.includes(conference.key), "the list of pre-call tests leads to it");
  assert.ok(!(await session.text("/")).includes(conference.key), "it is not among the calls");
  const shown = await session.text(`/conferences/${conference.key}`);
  // By the limits that callstats.io published: a busy machine loses packets too.
  const isTooBad = throughput < 30 || loss > 0.05 || rtt > 400;
  const isFair = throughput < 300 || loss >= 0.02 || rtt >= 150;
  const verdict = isTooBad ? "is not good enough for a call" : isFair ? "carries a call, not a good picture" : "is good for a call";
  assert.ok(shown.includes(`The network ${verdict}`), verdict);
  assert.match(shown, /Round trip.*\d+ ms.*Throughput.*kbit\/s/s);
}

test("callstats-js 3.73.16, unmodified, tests the network before a call", () => during((start) => tested(start, browserClient(), "*.callstats.io")));

test("our script in its place tests the network before a call", () => {
  const script = async (server: Sidetone): Promise<string> => (await fetch(`${server.url}/static/callstats.min.js`)).text();
  return during((start) => tested(start, script, "calls.example.net", "https://calls.example.net"));
});
