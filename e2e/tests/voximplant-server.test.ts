/** The Voximplant face on Sidetone alone: its SIP server, its tokens, and the calls that it measures. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { chromiumTab } from "../src/browsers.ts";
import { setUpSite } from "../src/site.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("voximplant", {
  server: { settings: ["sip.enabled=true", "sip.domain=127.0.0.1"] },
  more: async (_, { sidetone }) => ["ada", "bob"].forEach((user) => sidetone.phoneUser(user)),
});

/** A page that says nothing of servers: they are where its script came from. */
async function open(): Promise<Page> {
  const page = await chromiumTab(site.browser);
  await page.goto(site.url);
  await page.evaluate((secret) => vox.open({ sidetone: { quality: { secret } } }), site.sidetone.intakeSecret);
  return page;
}

function login(page: Page, user: string, password: string): Promise<unknown> {
  return page.evaluate(({ user, password }) => vox.login(user, password), { user, password });
}

test("a wrong password and an unknown user have their codes, and the right password goes on", async () => {
  const page = await open();
  assert.deepEqual(await login(page, "ada", "wrong"), { name: "AuthResult", result: false, code: 401 });
  assert.equal(await page.evaluate(() => vox.client.getClientState()), "CONNECTED");
  const { result, displayName } = (await login(page, "ada@app.account.voximplant.com", "secret-ada")) as { result: boolean; displayName: string };
  assert.deepEqual([result, displayName], [true, "ada"]);
  await page.evaluate(() => vox.client.disconnect());
  assert.deepEqual(
    await page.evaluate(() => [vox.client.getClientState(), vox.told.at(-1)!.name]),
    ["DISCONNECTED", "ConnectionClosed"],
  );
  await page.close();
});

test("who disconnects while the login is on its way is not logged in afterwards", async () => {
  const page = await open();
  const result = page.evaluate(() => {
    const result = vox.login("ada", "secret-ada");
    void vox.client.disconnect();
    return result;
  });
  assert.deepEqual(await result, { name: "AuthResult", result: false, code: 409 });
  await until("the connection is closed", () => page.evaluate(() => vox.told.some(({ name }) => name === "ConnectionClosed")));
  assert.equal(await page.evaluate(() => vox.client.getClientState()), "DISCONNECTED");
  // And nothing of it is left: the page begins anew.
  assert.equal(await page.evaluate(() => vox.client.connect()), true);
  assert.equal(((await login(page, "ada", "secret-ada")) as { result: boolean }).result, true);
  await page.evaluate(() => vox.client.disconnect());
  await page.close();
});

test("a server that is not there is told", async () => {
  const page = await chromiumTab(site.browser);
  await page.goto(site.url);
  const failed = await page.evaluate(() => vox.open({ sidetone: { servers: "ws://127.0.0.1:9/sip" } }).catch(({ name, message }: { name: string; message: string }) => [name, message]));
  assert.deepEqual(failed, ["ConnectionFailed", "ws://127.0.0.1:9/sip cannot be reached"]);
  await page.close();
});

test("a call is measured on both sides and stands in Sidetone under the call's id", async () => {
  const [ada, bob] = [await open(), await open()];
  await login(ada, "ada", "secret-ada");
  await login(bob, "bob", "secret-bob");
  const out = await ada.evaluate(() => vox.dial("bob"));
  await until("bob is rung", () => bob.evaluate(() => vox.calls.length > 0));
  await bob.evaluate(() => vox.calls[0]!.answer());
  await until("the call stands", () => ada.evaluate((call) => vox.calls[call]!.state() === "CONNECTED" && vox.told.some(({ name }) => name === "ICECompleted"), out));
  await until("ada has statistics", () => ada.evaluate(() => vox.told.some(({ name }) => name === "CallStatsReceived")));
  const id = await ada.evaluate((call) => vox.calls[call]!.sidetone!.uuid, out);
  await ada.evaluate((call) => vox.calls[call]!.hangup(), out);
  await until("bob hears the end", () => bob.evaluate(() => vox.told.some(({ name }) => name === "Disconnected")));
  const conference = await until("both sides are known", async () => {
    const [found] = await site.sidetone.conferences(id);
    return found && found.peer_connections.filter(({ report_count }) => report_count > 0).length >= 2 ? found : undefined;
  });
  assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["ada", "bob"], "each person is one participant");
  await Promise.all([ada.close(), bob.close()]);
});
