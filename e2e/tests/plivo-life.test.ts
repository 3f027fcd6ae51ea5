/** A client of Plivo's that lasts: two hundred calls in a row, of which nothing is left in the pages and on the server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNothingLeft, COUNTED, held } from "../src/leaks.ts";
import { Softphone } from "../src/plivo.ts";
import { setUpSite } from "../src/site.ts";
import { type SipServer, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

const CALLS = 200;
/** More than the client remembers, for opinions that come later. */
const FIRST = 60;

/** The page of the tests notes no more of what it is told: that would be left. */
const FORGETTING = `globalThis.forget = () => { softphone.heard.length = 0; softphone.heard.push = () => 0; };`;

let server: SipServer;
const site = setUpSite("plivo", {
  before: [COUNTED, FORGETTING],
  more: async (start) => void (server = await start("the SIP server", startSidetone(["ada", "bob"]))),
});

/** Calls Bob so often; the sides take turns in hanging up, as soon as either has the other's media. */
async function makes({ page }: Softphone, count: number): Promise<void> {
  await page.evaluate(async (count) => {
    const { client } = softphone;
    for (let number = 0; number < count; number++) {
      await new Promise<void>((resolve, reject) => {
        client.once("onCallTerminated", () => resolve());
        client.once("onCallFailed", (cause: string) => reject(new Error(`call ${number}: ${cause}`)));
        client.call("bob", {});
        if (number % 2) void stands(client.callSession!, "answered").then(() => client.hangup());
      });
      client.removeAllListeners("onCallTerminated");
      client.removeAllListeners("onCallFailed");
    }
  }, count);
}

test(`${CALLS} calls in a row leave nothing behind`, async () => {
  const [ada, bob] = [await Softphone.ready(site, server, "ada"), await Softphone.ready(site, server, "bob")];
  await Promise.all([ada, bob].map(({ page }) => page.evaluate("forget()")));
  await bob.page.evaluate(() => {
    let hangsUp = false;
    const { client } = softphone;
    client.on("onIncomingCall", (_caller: string, _headers: object, { callUUID }: { callUUID: string }) => {
      hangsUp = !hangsUp;
      client.answer(callUUID);
      if (hangsUp) void stands(client.callSession!, "confirmed").then(() => client.hangup());
    });
  });
  /** Registered contacts, open sockets and calls of the server. */
  const figures = () => Promise.all(["contacts", "sockets", "calls"].map((name) => server.sidetone!.metric(`sidetone_sip_${name}`)));
  await makes(ada, FIRST);
  const [before, figuresBefore] = [await Promise.all([ada, bob].map(({ page }) => held(page))), await figures()];
  await makes(ada, CALLS - FIRST);
  for (const [index, { user, page }] of [ada, bob].entries()) {
    await assertNothingLeft(user, page, before[index]!, CALLS);
    assert.deepEqual(await page.evaluate(() => [softphone.client.getCurrentSession(), softphone.client.getIncomingCalls()]), [null, []]);
    assert.equal(await page.evaluate(() => softphone.client.isRegistered()), true);
  }
  assert.equal(figuresBefore[0], 2, "either is registered once");
  await until("the server holds what it held", async () => JSON.stringify(await figures()) === JSON.stringify([figuresBefore[0], figuresBefore[1], 0]));
  await Promise.all([ada, bob].map((phone) => phone.close()));
});
