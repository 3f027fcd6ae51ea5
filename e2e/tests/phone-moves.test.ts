/** What moves a call in Chromium: transfers, redirection, video, devices, and a wire that is cut. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { launchChromium } from "../src/browsers.ts";
import { answer, dial, establish, events, hangUp, hears, type Line, listen, openLine, reaches, rung, talks } from "../src/line.ts";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { SIP_SERVERS, type SipServer } from "../src/sip.ts";
import { sleep, until } from "../src/wait.ts";

const site = setUpSite("phone", { launch: () => launchChromium(["--auto-select-desktop-capture-source=Entire screen"]) });

/** Both ends are in one call, and Sidetone's own server has one conference of it, with the phones that were called one after another on its ladder. */
async function isOneCall({ sidetone }: SipServer, ends: readonly (readonly [Line, number])[], called: readonly string[]): Promise<void> {
  const uuids = await Promise.all(ends.map(([{ page }, call]) => page.evaluate((call) => line.calls[call]!.uuid, call)));
  assert.equal(new Set(uuids).size, 1, "one call has one name");
  if (!sidetone) return;
  const held = await until("the call is over", async () => (await sidetone.conferences(uuids[0]!)).find(({ state }) => state !== "running"));
  assert.equal((await sidetone.conferences(uuids[0]!)).length, 1);
  assert.deepEqual(held.participants.map(({ user_id }) => user_id).sort(), ["ada", ...called]);
  const events = await sidetone.events(held.key);
  assert.equal(events.filter(({ kind }) => kind === "joined").length, 3);
  assert.equal(events.filter(({ kind, payload }) => kind === "sip_redirected" && payload["code"] === 302).length, 2, "told of who called and of who handed on");
  const invites = events.filter(({ kind, payload }) => kind === "sip_message" && payload["method"] === "INVITE" && payload["code"] === undefined && payload["direction"] === "sent");
  assert.deepEqual(invites.map(({ payload }) => payload["leg"]), [1, 2]);
}

for (const kind of SIP_SERVERS) {
  describe(kind.name, () => {
    let server: SipServer;
    const lines: Line[] = [];

    setUp(async (start) => {
      server = await start(kind.name, kind.start());
      for (const user of ["ada", "bob", "eve"]) lines.push(await start(`${user}'s phone`, openLine(site, server, user, { multipleCalls: true })));
    });

    afterEach(async () => {
      for (const { wire } of lines) wire.restore();
      for (const { page } of lines) {
        await page.evaluate(() => line.phone.calls.forEach((call) => call.hangUp()));
        await until("no call is left", () => page.evaluate(() => line.phone.calls.length === 0));
        await until("everybody is registered", () => page.evaluate(() => line.phone.isRegistered));
      }
    });

    test("blind transfer: the one who is called is handed to a third", async () => {
      const [ada, bob, eve] = lines as [Line, Line, Line];
      const [out, into] = await establish(ada, bob);
      const before = [await ada.page.evaluate(() => line.calls.length), await eve.page.evaluate(() => line.calls.length)] as const;
      const transferred = bob.page.evaluate((call) => line.calls[call]!.transfer("eve"), into);
      const atEve = await rung(eve, before[1]);
      await answer(eve, atEve);
      await transferred;
      // Ada was referred, and placed the call.
      assert.match(String((await hears(ada, out, "refer"))["target"]), /^sip:eve@/);
      await talks([[ada, before[0]], [eve, atEve]]);
      await reaches(ada, out, "ended");
      await reaches(bob, into, "ended");
      assert.equal((await events(bob, into, "transfer")).at(-1)!.value["state"], "accepted");
    });

    test("a transfer to nobody fails, and the call goes on", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out, into] = await establish(ada, bob);
      await assert.rejects(bob.page.evaluate((call) => line.calls[call]!.transfer("nobody"), into));
      assert.deepEqual((await events(bob, into, "transfer")).at(-1)!.value, { state: "failed", status: 404 });
      await talks([[ada, out], [bob, into]]);
    });

    test("attended transfer: bob asks eve, then ada and eve have each other", async () => {
      const [ada, bob, eve] = lines as [Line, Line, Line];
      const [out, into] = await establish(ada, bob);
      await bob.page.evaluate((call) => line.calls[call]!.hold(), into);
      const [asked, atEve] = await establish(bob, eve);
      const before = [await ada.page.evaluate(() => line.calls.length), await eve.page.evaluate(() => line.calls.length)] as const;
      await bob.page.evaluate(({ into, asked }) => line.calls[into]!.transfer(line.calls[asked]!), { into, asked });
      // Eve's call with Bob became one with Ada; nobody had to answer.
      assert.equal((await hears(eve, before[1], "incoming"))["replaces"], atEve);
      await talks([[ada, before[0]], [eve, before[1]]]);
      for (const [line, call] of [[ada, out], [bob, into], [bob, asked], [eve, atEve]] as const) await reaches(line, call, "ended");
    });

    test("a ringing call is redirected to a tab of the same user that was opened since", async () => {
      const [ada, bob] = lines as [Line, Line];
      const before = await bob.page.evaluate(() => line.calls.length);
      const out = await dial(ada, "bob");
      const into = await rung(bob, before);
      const other = await openLine(site, server, "bob");
      const contact = await other.page.evaluate(() => line.phone.contact!);
      await bob.page.evaluate(({ call, contact }) => line.calls[call]!.redirect(contact), { call: into, contact });
      assert.equal((await hears(bob, into, "ended"))["cause"], "Redirected");
      const elsewhere = await rung(other);
      await answer(other, elsewhere);
      await hears(ada, out, "mediaConnected");
      await talks([[ada, out], [other, elsewhere]]);
      assert.deepEqual(await bob.page.evaluate(() => line.phone.calls.length), 0);
      await hangUp(other, elsewhere);
      await reaches(ada, out, "ended");
      await isOneCall(server, [[ada, out], [other, elsewhere]], ["bob", "bob"]);
      await other.close();
    });

    test("a ringing call is redirected to another user, and stays one call", async () => {
      const [ada, bob, eve] = lines as [Line, Line, Line];
      const before = [await bob.page.evaluate(() => line.calls.length), await eve.page.evaluate(() => line.calls.length)] as const;
      const out = await dial(ada, "bob");
      const into = await rung(bob, before[0]);
      await bob.page.evaluate(({ call, contact }) => line.calls[call]!.redirect(contact), { call: into, contact: `sip:eve@${server.domain}` });
      const elsewhere = await rung(eve, before[1]);
      await answer(eve, elsewhere);
      await hears(ada, out, "mediaConnected");
      await hangUp(ada, out);
      await reaches(eve, elsewhere, "ended");
      await isOneCall(server, [[ada, out], [eve, elsewhere]], ["bob", "eve"]);
    });

    test("video is added in mid-call, seen, and taken away again; so is a screen", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out, into] = await establish(ada, bob);
      const frames = () => bob.page.evaluate((call) => line.packets(call).then(({ framesIn }) => framesIn), into);
      const grow = async (what: string) => {
        const before = await frames();
        await until(what, async () => (await frames()) > before + 5);
      };
      await ada.page.evaluate((call) => line.calls[call]!.setVideo({ width: 320, height: 240 }), out);
      await grow("bob sees ada");
      await ada.page.evaluate((call) => line.calls[call]!.setVideo(false), out);
      const removed = await until("the picture is gone", async () => (await events(bob, into, "remoteTrack")).find(({ value }) => value["removed"] === true));
      assert.ok(removed);
      await talks([[ada, out], [bob, into]]);
      await ada.page.evaluate((call) => line.calls[call]!.shareScreen(true), out);
      await grow("bob sees ada's screen");
      await ada.page.evaluate((call) => line.calls[call]!.shareScreen(false), out);
      assert.deepEqual((await events(ada, out, "updated")).map(({ value }) => value["result"]), [true, true, true, true]);
    });

    test("a camera that is switched off before the browser gave it stays off", async () => {
      const [ada, bob] = lines as [Line, Line, Line];
      const [out] = await establish(ada, bob);
      const tracks = await ada.page.evaluate(async (index) => {
        const call = line.calls[index]!;
        await Promise.all([call.setVideo(true), call.setVideo(false)]);
        return call.localStream!.getTracks().map(({ kind }) => kind);
      }, out);
      assert.deepEqual(tracks, ["audio"]);
    });

    test("another microphone is taken in mid-call, an unknown one is not", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out, into] = await establish(ada, bob);
      const [inputs, outputs] = await ada.page.evaluate(async () => [
        (await line.phone.devices.list("input")).map(({ deviceId }) => deviceId),
        (await line.phone.devices.list("output")).map(({ deviceId }) => deviceId),
      ]);
      const other = inputs!.at(-1)!;
      const before = await ada.page.evaluate((call) => line.calls[call]!.localStream!.getAudioTracks()[0]!.id, out);
      assert.equal(await ada.page.evaluate((id) => line.phone.devices.set("microphone", id), "unknown"), false);
      assert.equal(await ada.page.evaluate((id) => line.phone.devices.set("microphone", id), other), true);
      const now = await ada.page.evaluate((call) => {
        const [track] = line.calls[call]!.localStream!.getAudioTracks();
        return { id: track!.id, deviceId: track!.getSettings().deviceId, sent: line.calls[call]!.peerConnection!.getSenders()[0]!.track!.id };
      }, out);
      assert.notEqual(now.id, before);
      assert.deepEqual([now.deviceId, now.sent], [other, now.id]);
      assert.deepEqual(await events(ada, out, "updated"), [], "no renegotiation");
      await talks([[bob, into]]);
      const speaker = outputs!.at(-1)!;
      assert.equal(await ada.page.evaluate((id) => line.phone.devices.set("speaker", id), speaker), true);
      assert.equal(await ada.page.evaluate(() => line.phone.devices.element("remote").sinkId), speaker);
      await ada.page.evaluate(async () => {
        await line.phone.devices.reset("speaker");
        await line.phone.devices.reset("microphone");
      });
      assert.deepEqual(await ada.page.evaluate(() => [line.phone.devices.get("speaker"), line.phone.devices.get("microphone")].map(String)), ["undefined", "undefined"]);
    });

    test("noise is taken from the microphone in mid-call, and comes back when it is not", async () => {
      const [ada, bob] = lines as [Line, Line];
      const before = await bob.page.evaluate(() => line.calls.length);
      const out = await ada.page.evaluate(async () => line.calls.indexOf(line.phone.call("bob", { stream: await line.road() })));
      const into = await rung(bob, before);
      await answer(bob, into);
      await hears(bob, into, "mediaConnected");
      const loud = async () => (await listen(bob, into, 3000)).energy;
      const set = (on: boolean) => ada.page.evaluate(({ call, on }) => line.calls[call]!.setNoiseReduction(on), { call: out, on });
      const noisy = await until("bob hears the road", async () => (await loud()) || undefined);
      assert.equal(await set(true), true);
      assert.equal(await set(true), false, "it is on");
      // The network listens a while before it knows what is noise.
      await until("a tenth of the noise is left", async () => (await loud()) < noisy / 10);
      assert.equal(await set(false), true);
      await until("the noise is back", async () => (await loud()) > noisy / 3);
      assert.deepEqual(await events(ada, out, "updated"), [], "no renegotiation");
    });

    test("levels are told while somebody listens", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out] = await establish(ada, bob);
      await ada.page.evaluate((call) => void line.calls[call]!.on("volume", (levels) => line.note(call, "volume", levels)), out);
      for (const side of ["input", "output"]) {
        const levels = await until(`a beep is seen at the ${side}`, async () => {
          const told = (await events(ada, out, "volume")).map(({ value }) => Number(value[side]));
          return told.some((level) => level > 0.3) && told;
        });
        assert.ok(levels.every((level) => level >= 0 && level <= 1), `levels are shares: ${levels.join(" ")}`);
      }
    });

    for (const seconds of [2, 10]) {
      test(`the socket is cut for ${seconds} s in a call: it goes on, and either side can still speak and hang up`, async () => {
        const [ada, bob] = lines as [Line, Line];
        const [out, into] = await establish(ada, bob);
        ada.wire.cut();
        await hears(ada, out, "network");
        await sleep(seconds * 1000);
        ada.wire.restore();
        assert.deepEqual(await hears(ada, out, "network", { index: 1 }), { change: "mended" });
        assert.equal(await ada.page.evaluate(() => line.phone.isRegistered), true);
        await talks([[ada, out], [bob, into]]);
        // Requests find their way in both directions.
        await bob.page.evaluate((call) => line.calls[call]!.sendDtmf("7", { by: "info" }), into);
        await ada.page.evaluate((call) => line.calls[call]!.sendDtmf("8", { by: "info" }), out);
        await hangUp(bob, into);
        assert.equal((await hears(ada, out, "ended"))["originator"], "remote");
      });
    }

    test("a call is withdrawn while it rings, but the socket loses the word: it is said again when the socket is back", async () => {
      const [ada, bob] = lines as [Line, Line];
      const before = await bob.page.evaluate(() => line.calls.length);
      const out = await dial(ada, "bob");
      const into = await rung(bob, before);
      await reaches(ada, out, "ringing");
      ada.wire.stall();
      await hangUp(ada, out);
      // What was written is gone with the socket.
      ada.wire.cut();
      await until("ada's socket is gone", () => ada.page.evaluate(() => line.phone.connection !== "connected"));
      assert.equal(await bob.page.evaluate((call) => line.calls[call]!.state, into), "ringing", "nobody has told him");
      ada.wire.restore();
      const { cause, originator } = await hears(bob, into, "ended");
      assert.deepEqual([cause, originator], ["Canceled", "remote"]);
    });

    test("a call that rings when the socket is lost ends for either side", async () => {
      const [ada, bob] = lines as [Line, Line];
      const before = await bob.page.evaluate(() => line.calls.length);
      const out = await dial(ada, "bob");
      const into = await rung(bob, before);
      await reaches(ada, out, "ringing");
      ada.wire.cut();
      assert.equal((await hears(ada, out, "ended"))["cause"], "Connection Error");
      ada.wire.restore();
      assert.equal((await hears(bob, into, "ended"))["cause"], "Canceled");
    });

    test("a socket that is silent is noticed and given up, and the call is mended", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out, into] = await establish(ada, bob);
      ada.wire.stall();
      assert.deepEqual(await hears(ada, out, "network"), { change: "lost" });
      assert.equal((await events(ada, undefined, "keepAlive")).at(-1)!.value["ok"], false);
      ada.wire.restore();
      assert.deepEqual(await hears(ada, out, "network", { index: 1 }), { change: "mended" });
      await talks([[ada, out], [bob, into]]);
    });

    test("a page that stands still while it waits for its server's answer keeps the socket", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out, into] = await establish(ada, bob);
      const count = async (name: string) => (await events(ada, undefined, name)).length;
      const [answers, losses] = [await count("keepAlive"), await count("disconnected")];
      await ada.page.evaluate(() => {
        // It asks whether the server is there, and the answer comes while it can hear nothing.
        dispatchEvent(new Event("offline"));
        for (const end = performance.now() + 7000; performance.now() < end; );
      });
      await until("ada has heard of her server again", async () => (await count("keepAlive")) > answers);
      assert.deepEqual((await events(ada, undefined, "keepAlive"))[answers]!.value, { ok: true, status: 200 });
      assert.equal(await count("disconnected"), losses);
      await talks([[ada, out], [bob, into]]);
      await hangUp(ada, out);
      await reaches(bob, into, "ended");
    });

    test("both sockets are cut at once: both come back, and the call is mended", async () => {
      const [ada, bob] = lines as [Line, Line];
      const [out, into] = await establish(ada, bob);
      for (const { wire } of [ada, bob]) wire.cut();
      await sleep(2000);
      for (const { wire } of [ada, bob]) wire.restore();
      for (const [line, call] of [[ada, out], [bob, into]] as const) assert.deepEqual(await hears(line, call, "network", { index: 1 }), { change: "mended" });
      await talks([[ada, out], [bob, into]]);
      await hangUp(ada, out);
      await reaches(bob, into, "ended");
    });
  });
}
