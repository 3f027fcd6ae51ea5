/** Plivo's client with several calls that ring at the same time, and a call that is handed from tab to tab. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { SERVERS, Softphone } from "../src/plivo.ts";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import type { SipServer } from "../src/sip.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("plivo");

/** Whether the ringtone is played. */
const isRung = (phone: Softphone) => phone.page.evaluate(() => !(document.getElementById("plivo_ringtone") as HTMLAudioElement).paused);

for (const kind of SERVERS) {
  describe(kind.name, () => {
    let server: SipServer;
    /** Takes several calls. */
    let desk: Softphone;
    let ada: Softphone;
    let bob: Softphone;

    setUp(async (start) => {
      server = await start(kind.name, kind.start());
      desk = await start("desk's page", Softphone.ready(site, server, "desk", { allowMultipleIncomingCalls: true }));
      ada = await start("ada's page", Softphone.ready(site, server, "ada"));
      bob = await start("bob's page", Softphone.ready(site, server, "bob"));
    });

    afterEach(async () => {
      for (const phone of [ada, bob, desk]) await phone.do("hangup");
      for (const phone of [ada, bob, desk]) {
        await until(`${phone.user} is idle`, () => phone.page.evaluate(() => softphone.client.getCurrentSession() === null));
      }
      for (const phone of [ada, bob, desk]) await phone.forget();
    });

    /** Ada's call rings at the desk, then bob's: their ids. */
    async function bothRing(): Promise<readonly [string, string]> {
      const ids: string[] = [];
      for (const phone of [ada, bob]) {
        await phone.do("call", "desk");
        const [, , { callUUID }] = await desk.hears("onIncomingCall", ([, , info]) => info.src === phone.user);
        ids.push(callUUID as string);
        await phone.hears("onCallRemoteRinging");
      }
      assert.equal((await desk.do<unknown[]>("getIncomingCalls")).length, 2);
      return ids as unknown as readonly [string, string];
    }

    test("without the option the second caller hears busy, and nobody is told here", async () => {
      await bob.do("call", "ada");
      await ada.hears("onIncomingCall");
      await desk.do("call", "ada");
      assert.equal((await desk.hears("onCallFailed"))[0], "Busy");
      assert.deepEqual(await ada.story(), ["onIncomingCall"]);
    });

    test("an answer rejects the others, unless told otherwise", async () => {
      const [first] = await bothRing();
      assert.equal(await desk.do("answer", first), true);
      await desk.hears("onCallAnswered");
      const [cause, info] = await desk.hears("onCallFailed");
      assert.deepEqual([cause, info.src, info.state, info.code], ["Rejected", "bob", "rejected", 3020]);
      assert.equal((await bob.hears("onCallFailed"))[0], "Busy");
      assert.deepEqual((await desk.story()).filter((name) => name !== "onMediaConnected"), ["onIncomingCall", "onIncomingCall", "onCallFailed", "onCallAnswered"]);
    });

    for (const action of ["ignore", "ignored", "IGNORE"]) {
      test(`an answer with ${action} leaves the others to ring at the caller's`, async () => {
        const [first, second] = await bothRing();
        assert.equal(await desk.do("answer", first, action), true);
        await desk.hears("onCallAnswered");
        assert.equal((await desk.hears("onIncomingCallIgnored"))[0].callUUID, second);
        assert.equal(await desk.do("answer", second), false);
        assert.deepEqual(await bob.story(), ["onCalling", "onCallRemoteRinging"]);
      });
    }

    test("an answer with letring leaves the others to be answered later, in place of the first", async () => {
      const [first, second] = await bothRing();
      assert.equal(await desk.do("answer", first, "letring"), true);
      await desk.hears("onCallAnswered", ([info]) => info.callUUID === first);
      assert.equal((await desk.do<unknown[]>("getIncomingCalls")).length, 1);
      assert.equal(await desk.do("answer", second), true);
      await desk.hears("onCallAnswered", ([info]) => info.callUUID === second);
      const [hangup, info] = await desk.hears("onCallTerminated");
      assert.deepEqual([hangup, info.callUUID], [{ originator: "local", reason: "Terminated" }, first]);
      await ada.hears("onCallTerminated");
      const story = (await desk.story()).filter((name) => name !== "onMediaConnected");
      assert.deepEqual(story, ["onIncomingCall", "onIncomingCall", "onCallAnswered", "onCallTerminated", "onCallAnswered"]);
      assert.equal(await desk.do("getCallUUID"), second);
    });

    test("what is not known is not done, and without a name it is the newest", async () => {
      const [first, second] = await bothRing();
      assert.equal(await desk.do("answer", first, "later"), false);
      for (const method of ["answer", "reject", "ignore"]) assert.equal(await desk.do(method, "no such call"), false, method);
      assert.equal(await desk.do("reject"), true);
      assert.equal((await desk.hears("onCallFailed"))[1].callUUID, second);
      assert.equal((await desk.do<unknown[]>("getIncomingCalls")).length, 1, "the other rings on");
      assert.equal(await desk.do("answer"), true);
      assert.equal((await desk.hears("onCallAnswered"))[0].callUUID, first);
    });

    test("a ringing call is handed to another tab of the same user, and not rung there again", async () => {
      await ada.do("call", "desk");
      await desk.hears("onIncomingCall");
      assert.equal(await isRung(desk), true);
      // It was not there when the call came, so that it rings by the redirection alone.
      const tab = await Softphone.ready(site, server, "desk");
      assert.equal(await desk.do("redirect", "no address"), false);
      assert.equal(await desk.do("redirect", await tab.do("getContactUri")), true);
      const [caller, , { src, dest, state, reason, code }] = await tab.hears("onIncomingCall");
      assert.deepEqual([caller, src, dest, state, reason, code], [`ada@${server.domain}`, "ada", "desk", "ringing", "redirected", -1]);
      assert.deepEqual([await isRung(desk), await isRung(tab)], [false, false]);
      assert.deepEqual(await desk.story(), ["onIncomingCall"]);
      assert.equal(await tab.do("answer"), true);
      await ada.hears("onCallAnswered");
      await ada.do("hangup");
      await tab.hears("onCallTerminated");
      await tab.close();
    });

    test("a call that rings in both tabs of a user goes on in the other one", async () => {
      const tab = await Softphone.ready(site, server, "desk");
      await ada.do("call", "desk");
      for (const phone of [desk, tab]) assert.equal((await phone.hears("onIncomingCall"))[2].reason, "none");
      assert.equal(await desk.do("redirect", await tab.do("getContactUri")), true);
      assert.equal(await tab.do("answer"), true);
      await ada.hears("onCallAnswered");
      assert.deepEqual(await desk.story(), ["onIncomingCall"]);
      await ada.do("hangup");
      await tab.hears("onCallTerminated");
      await tab.close();
    });
  });
}
