/** A page on Plivo's API whose other side transfers it: the call goes on as the same call, and nothing goes on unseen. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { answer, establish as establishLines, type Line, openLine, reaches, rung, talks } from "../src/line.ts";
import { serveOrigin } from "../src/origin.ts";
import { Softphone } from "../src/plivo.ts";
import { setUpSite } from "../src/site.ts";
import { startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

let ada: Softphone;
let bob: Line;
let eve: Line;

setUpSite("plivo", {
  more: async (start, site) => {
    const server = await start("the SIP server", startSidetone(["ada", "bob", "eve"]));
    const phones = await start("the site of our phone", serveOrigin([`${site.sidetone.url}/sdk/phone.js`], { page: "phone" }));
    const place = { browser: site.browser, url: phones.url };
    ada = await start("ada's page", Softphone.ready(site, server, "ada"));
    bob = await start("bob's phone", openLine(place, server, "bob", { multipleCalls: true }));
    eve = await start("eve's phone", openLine(place, server, "eve", { multipleCalls: true }));
  },
});

afterEach(async () => {
  await ada.do("hangup");
  for (const { page } of [bob, eve]) {
    await page.evaluate(() => line.phone.calls.forEach((call) => call.hangUp()));
    await until("no call is left", () => page.evaluate(() => line.phone.calls.length === 0));
  }
  await until("ada's phone has no call", hasNoCall);
  await ada.forget();
});

const hasNoCall = () => ada.page.evaluate(() => softphone.client.phone.calls.length === 0);
const uuid = () => ada.do<string | null>("getCallUUID");

/** Ada calls Bob, who answers: the call at Bob's. */
async function calls(): Promise<number> {
  const before = await bob.page.evaluate(() => line.calls.length);
  assert.equal(await ada.do("call", "bob", {}), true);
  const into = await rung(bob, before);
  await answer(bob, into);
  await ada.hears("onCallAnswered");
  await ada.hears("onMediaConnected");
  await ada.forget();
  return into;
}

/** Bob sends Ada to Eve, where it rings: the call there, and what becomes of the transfer. */
async function sends(into: number): Promise<readonly [atEve: number, transferred: Promise<string>]> {
  const before = await eve.page.evaluate(() => line.calls.length);
  const transferred = bob.page.evaluate((call) => line.calls[call]!.transfer("eve").then(() => "accepted", () => "failed"), into);
  return [await rung(eve, before), transferred];
}

test("she goes on with the third as in the same call, and hangs up there", async () => {
  const into = await calls();
  const before = await uuid();
  const [atEve, transferred] = await sends(into);
  await answer(eve, atEve);
  assert.equal(await transferred, "accepted");
  await reaches(bob, into, "ended");
  await talks([[eve, atEve]]);
  await until("ada has one call", () => ada.page.evaluate(() => softphone.client.phone.calls.length === 1));
  assert.deepEqual(await ada.story(), [], "it is the same call");
  assert.equal(await uuid(), before);
  assert.equal(await ada.do("mute"), true);
  assert.equal(await ada.page.evaluate(() => softphone.client.phone.calls[0]!.isMuted.audio), true);
  assert.equal(await ada.do("hangup"), true);
  await reaches(eve, atEve, "ended");
  const [hangup, info] = await ada.hears("onCallTerminated");
  assert.deepEqual([hangup, info.callUUID, info.state], [{ originator: "local", reason: "Terminated" }, before, "ended"]);
  assert.equal(await ada.do("getLastCallUUID"), before);
});

test("she hangs up while it rings at the third: it rings no more, and no microphone stays open", async () => {
  const into = await calls();
  const [atEve, transferred] = await sends(into);
  const cause = ada.page.evaluate(() => new Promise((resolve) => softphone.client.phone.calls.at(-1)!.on("ended", ({ cause }) => resolve(cause))));
  assert.equal(await ada.do("hangup"), true);
  assert.equal(await cause, "Canceled", "not only after it has rung for its time");
  await reaches(eve, atEve, "ended");
  await reaches(bob, into, "ended");
  assert.equal(await transferred, "failed");
  await until("ada's phone has no call", hasNoCall);
  assert.equal((await ada.hears("onCallTerminated"))[1].originator, "local");
});

test("the third does not answer: the call goes on with who sent her there", async () => {
  const into = await calls();
  const [atEve, transferred] = await sends(into);
  await eve.page.evaluate((call) => line.calls[call]!.reject(603), atEve);
  assert.equal(await transferred, "failed");
  await talks([[bob, into]]);
  assert.deepEqual(await ada.story(), []);
  assert.equal(await ada.do("hangup"), true);
  await reaches(bob, into, "ended");
});

test("who sent her there hangs up at once: the call goes on to the third", async () => {
  const into = await calls();
  const [atEve] = await sends(into);
  await bob.page.evaluate((call) => line.calls[call]!.hangUp(), into);
  await reaches(bob, into, "ended");
  await answer(eve, atEve);
  await reaches(eve, atEve, "connected");
  await talks([[eve, atEve]]);
  assert.deepEqual(await ada.story(), []);
  assert.equal(await ada.do("hangup"), true);
  await reaches(eve, atEve, "ended");
  await ada.hears("onCallTerminated");
});

test("a third is put in the place of the one whom she talks to (Replaces): it is the same call", async () => {
  const into = await calls();
  const before = await uuid();
  // Bob has Eve, too, and gives her to Ada.
  const [asked] = await establishLines(bob, eve);
  const atEve = await eve.page.evaluate(() => line.calls.length);
  await bob.page.evaluate(({ into, asked }) => line.calls[asked]!.transfer(line.calls[into]!), { into, asked });
  await reaches(eve, atEve, "connected");
  await reaches(bob, into, "ended");
  await talks([[eve, atEve]]);
  assert.deepEqual(await ada.story(), []);
  assert.equal(await uuid(), before);
  assert.equal(await ada.do("hangup"), true);
  await reaches(eve, atEve, "ended");
  await ada.hears("onCallTerminated");
});
