/** Calls by the Voximplant face in real Chromium through a real SIP server: which events come, in which order, with what. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chromiumTab } from "../src/browsers.ts";
import type { Told } from "../pages/voximplant.ts";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { SIP_SERVERS, type SipServer } from "../src/sip.ts";
import { answer, course, dial, establish, events, hangUp, hears, openStation, rung, type Station } from "../src/voximplant.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("voximplant");

for (const kind of SIP_SERVERS) {
  describe(kind.name, () => {
    let server: SipServer;
    let ada: Station;
    let bob: Station;

    setUp(async (start) => {
      server = await start(kind.name, kind.start());
      ada = await start("ada's page", openStation(site, server, "ada"));
      bob = await start("bob's page", openStation(site, server, "bob"));
    });

    /** What both sides of a call are told from its end. */
    async function ends(station: Station, call: number): Promise<readonly string[]> {
      const told = await course(station, call);
      return told.slice(told.indexOf("Connected") + 1);
    }

    test("the client tells that it is ready, connected and logged in", async () => {
      const told = await ada.page.evaluate(() => vox.told.filter(({ of }) => of === "client").map(({ name }) => name));
      assert.deepEqual(told.slice(0, 3), ["SDKReady", "ConnectionEstablished", "AuthResult"]);
      assert.equal(await ada.page.evaluate(() => vox.client.getClientState()), "LOGGED_IN");
    });

    test("a call rings, connects and is ended by the caller, in the original's order on both sides", async () => {
      const out = await dial(ada, "bob", { customData: "from the shop", headers: { "X-Order": "12", "x-small": "no", Via: "no" } });
      const into = await rung(bob);
      const incoming = (await events(bob, into, "IncomingCall"))[0]!;
      const headers = incoming.value["headers"] as Record<string, string>;
      assert.equal(headers["X-Order"], "12");
      assert.equal(headers["VI-CallData"], "from the shop");
      assert.ok(!Object.keys(headers).includes("x-small"));
      assert.equal(incoming.state, "ALERTING");
      await hears(ada, out, "ProgressToneStart");
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.state(), out), "PROGRESSING");
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.getCallDuration(), out), 0);
      await answer(bob, into);
      const connected = await hears(ada, out, "Connected");
      assert.equal(connected.state, "CONNECTED");
      assert.equal(typeof connected.value["headers"], "object");
      assert.equal(connected.value["isOfCall"], true);
      await hears(bob, into, "Connected");
      await hears(ada, out, "ICECompleted");
      await hears(bob, into, "ICECompleted");
      const added = (await hears(ada, out, "RemoteMediaAdded")).value["mediaRenderer"] as { kind: string };
      assert.equal(added.kind, "audio");
      const endpoint = (await events(bob, into, "EndpointAdded"))[0]!.value["endpoint"] as { userName: string };
      assert.equal(endpoint.userName, "ada");
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
      await hears(ada, out, "Disconnected");

      const begin = (told: readonly string[]) => told.filter((name) => !name.startsWith("endpoint") && name !== "EndpointAdded" && name !== "EndpointRemoved");
      assert.deepEqual(begin(await course(ada, out)), ["ProgressToneStart", "ProgressToneStop", "to CONNECTED", "Connected", "to STOPPING", "to ENDED", "Disconnected"]);
      assert.deepEqual(begin(await course(bob, into)), ["to CONNECTED", "Connected", "to ENDED", "Disconnected"]);
      assert.deepEqual((await ends(bob, into)).slice(-5), ["endpoint RemoteMediaRemoved", "endpoint Removed", "EndpointRemoved", "to ENDED", "Disconnected"]);
      const duration = await ada.page.evaluate((call) => vox.calls[call]!.getCallDuration(), out);
      assert.ok(duration > 0);
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.getCallDuration(), out), duration, "the duration stands still after the end");
    });

    test("a call is ended by the one who was called", async () => {
      const [out, into] = await establish(ada, bob);
      await bob.page.evaluate((call) => vox.calls[call]!.hangup({ "X-Why": "lunch" }), into);
      const disconnected = await hears(ada, out, "Disconnected");
      assert.equal((disconnected.value["headers"] as Record<string, string>)["X-Why"], "lunch");
      assert.deepEqual(disconnected.value["params"], { answeredElsewhere: false });
      assert.equal(disconnected.state, "ENDED");
      assert.deepEqual((await ends(bob, into)).filter((name) => name.startsWith("to ")), ["to STOPPING", "to ENDED"]);
    });

    /** What the caller is told of a call that fails. */
    async function failure(call: number): Promise<readonly [code: unknown, states: readonly string[]]> {
      const failed = await hears(ada, call, "Failed");
      await hears(ada, call, "StateUpdated", ({ value }) => value["new"] === "ENDED");
      const told = await course(ada, call);
      assert.equal((await events(ada, call, "Disconnected")).length, 0, "one terminal event");
      assert.equal((await events(ada, call, "Failed")).length, 1, "one terminal event");
      assert.ok(String(failed.value["reason"]).length > 0);
      return [failed.value["code"], told.slice(told.indexOf("Failed"))];
    }

    test("a number that nobody has, and somebody who is away", async () => {
      assert.deepEqual(await failure(await dial(ada, "nobody")), [404, ["Failed", "to ENDED"]]);
      assert.deepEqual(await failure(await dial(ada, "carol")), [480, ["Failed", "to ENDED"]]);
      assert.deepEqual(await failure(await dial(ada, "")), [404, ["Failed", "to ENDED"]]);
    });

    test("every refusal passes through with its code, and the one who refused is disconnected", async () => {
      for (const code of [403, 480, 486, 488, 603]) {
        const calls = await bob.page.evaluate(() => vox.calls.length);
        const out = await dial(ada, "bob");
        const into = await rung(bob, calls);
        if (code === 603) await bob.page.evaluate((call) => vox.calls[call]!.reject({ "X-Why": "busy" }), into);
        else await bob.page.evaluate(({ into, code }) => vox.calls[into]!.sidetone!.reject(code), { into, code });
        const [told, states] = await failure(out);
        assert.equal(told, code);
        assert.deepEqual(states, ["Failed", "to ENDED"]);
        await hears(bob, into, "Disconnected");
        assert.equal((await events(bob, into, "Failed")).length, 0);
      }
      const [declined] = (await events(ada, undefined, "Failed")).slice(-1);
      assert.equal((declined!.value["headers"] as Record<string, string>)["X-Why"], "busy");
    });

    test("a caller who gives up is told 487, and it stops ringing there", async () => {
      const calls = await bob.page.evaluate(() => vox.calls.length);
      const out = await dial(ada, "bob");
      const into = await rung(bob, calls);
      await hangUp(ada, out);
      assert.deepEqual(await failure(out), [487, ["Failed", "to ENDED"]]);
      assert.equal((await hears(bob, into, "Disconnected")).state, "ENDED");
    });

    test("answering, declining and rejecting are for calls that ring here", async () => {
      const [out, into] = await establish(ada, bob);
      for (const [station, call] of [[ada, out], [bob, into]] as const) {
        const thrown = await station.page.evaluate((call) => {
          const tried = [() => vox.calls[call]!.answer(), () => vox.calls[call]!.decline(), () => vox.calls[call]!.reject()];
          return tried.map((work) => {
            try {
              work();
              return undefined;
            } catch (error) {
              return (error as Error).message;
            }
          });
        }, call);
        assert.deepEqual(thrown, ["WRONG_CALL_STATE", "WRONG_CALL_STATE", "WRONG_CALL_STATE"]);
      }
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
    });

    test("holding and going on: the flag, the state, and then the update", async () => {
      const [out, into] = await establish(ada, bob);
      const held = await ada.page.evaluate(async (call) => {
        const { result, name } = await vox.calls[call]!.setActive(false);
        return { result, name, active: vox.calls[call]!.active() };
      }, out);
      assert.deepEqual(held, { result: true, name: "Updated", active: false });
      assert.deepEqual((await ends(ada, out)).filter((name) => !name.includes("ndpoint")), ["ActiveUpdated", "to UPDATING", "to CONNECTED", "Updated"]);
      assert.deepEqual((({ old, new: now }) => ({ old, now }))((await events(ada, out, "ActiveUpdated"))[0]!.value as { old: boolean; new: boolean }), { old: true, now: false });
      await hears(bob, into, "Updated");
      const same = await ada.page.evaluate((call) => vox.calls[call]!.setActive(false).then(({ result, reason }) => ({ result, reason })), out);
      assert.deepEqual(same, { result: false, reason: "Call already inactive" });
      await ada.page.evaluate((call) => vox.calls[call]!.setActive(true), out);
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.active(), out), true);
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
      const late = await ada.page.evaluate((call) => vox.calls[call]!.setActive(false).catch(({ name, code }: { name: string; code: number }) => ({ name, code })), out);
      assert.deepEqual(late, { name: "UpdateFailed", code: 11 });
    });

    test("video is added in mid-call, and taken away", async () => {
      const [out, into] = await establish(ada, bob);
      await ada.page.evaluate((call) => vox.calls[call]!.sendVideo(true), out);
      await hears(bob, into, "RemoteMediaAdded", ({ value }) => (value["mediaRenderer"] as { kind: string }).kind === "video");
      await hears(bob, into, "Updated", ({ value }) => value["result"] === true);
      await ada.page.evaluate((call) => vox.calls[call]!.sendVideo(false), out);
      await hears(bob, into, "RemoteMediaRemoved", ({ value }) => (value["mediaRenderer"] as { kind: string }).kind === "video");
      await hangUp(bob, into);
      await hears(ada, out, "Disconnected");
    });

    test("the own picture is the screen while that is shared, and the camera again, however it ends", async () => {
      const [out, into] = await establish(ada, bob);
      const shown = () =>
        ada.page.evaluate(() => {
          const [renderer] = VoxImplant.Hardware.StreamManager.get().getLocalMediaRenderers();
          return { kind: renderer!.kind, isPlayed: renderer!.element.srcObject === renderer!.stream, live: renderer!.stream.getTracks().map(({ readyState }) => readyState) };
        });
      await ada.page.evaluate(async (call) => {
        const { HardwareEvents, StreamManager } = VoxImplant.Hardware;
        StreamManager.get().on(HardwareEvents.MediaRendererUpdated, ({ renderer, type }) => (document.title += ` ${type} ${String(renderer.kind === type)}`));
        document.title = "";
        await vox.client.showLocalVideo(true);
        await vox.calls[call]!.shareScreen();
      }, out);
      assert.deepEqual(await shown(), { kind: "sharing", isPlayed: true, live: ["live"] });
      await ada.page.evaluate((call) => vox.calls[call]!.stopSharingScreen(), out);
      assert.deepEqual(await shown(), { kind: "video", isPlayed: true, live: ["live"] });
      await ada.page.evaluate((call) => vox.calls[call]!.shareScreen(), out);
      await hangUp(bob, into);
      await hears(ada, out, "Disconnected");
      assert.deepEqual(await shown(), { kind: "video", isPlayed: true, live: ["live"] });
      assert.equal(await ada.page.title(), "sharing true video true sharing true video true");
      await ada.page.evaluate(() => vox.client.showLocalVideo(false));
    });

    test("the screen is shared in place of nothing, and ended by the page and by the browser", async () => {
      const [out, into] = await establish(ada, bob);
      const video = (name: string) => hears(bob, into, name, ({ value }) => (value["mediaRenderer"] as { kind: string }).kind === "sharing");
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.shareScreen().then(({ result }) => result), out), true);
      await video("RemoteMediaAdded");
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.stopSharingScreen().then(({ name, result }) => `${name} ${result}`), out), "SharingStopped true");
      await video("RemoteMediaRemoved");
      await ada.page.evaluate(async (call) => {
        await vox.calls[call]!.shareScreen();
        const sender = vox.calls[call]!.sidetone!.peerConnection!.getSenders().find(({ track }) => track?.kind === "video")!;
        // What the browser does when its own button is pressed.
        sender.track!.dispatchEvent(new Event("ended"));
      }, out);
      await until("both ends are told", async () => (await events(ada, out, "SharingStopped")).length === 2);
      await until("nothing is sent any more", () => ada.page.evaluate((call) => vox.calls[call]!.sidetone!.peerConnection!.getSenders().every(({ track }) => track?.kind !== "video"), out));
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
    });

    test("an incoming call tells whether it has a picture, and a screen in place of the camera is told as such", async () => {
      const [out, into] = await establish(ada, bob, true);
      assert.equal((await events(bob, into, "IncomingCall"))[0]!.value["video"], true);
      const kind = ({ value }: Told) => (value["mediaRenderer"] as { kind: string }).kind;
      await hears(bob, into, "RemoteMediaAdded", (told) => kind(told) === "video");
      await ada.page.evaluate((call) => vox.calls[call]!.shareScreen(), out);
      await hears(bob, into, "RemoteMediaUpdated", (told) => kind(told) === "sharing");
      await ada.page.evaluate((call) => vox.calls[call]!.stopSharingScreen(), out);
      await hears(bob, into, "RemoteMediaUpdated", (told) => kind(told) === "video");
      assert.equal((await events(bob, into, "RemoteMediaRemoved")).length, 0, "it is one picture all the time");
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");

      const [voice, atBob] = await establish(ada, bob);
      assert.equal((await events(bob, atBob, "IncomingCall"))[0]!.value["video"], false);
      await hangUp(ada, voice);
      await hears(bob, atBob, "Disconnected");
    });

    test("who answers under a name of its own is told by it, and the endpoint has the browser's report", async () => {
      const calls = await bob.page.evaluate(() => vox.calls.length);
      const out = await dial(ada, "bob");
      const into = await rung(bob, calls);
      await bob.page.evaluate((call) => vox.calls[call]!.sidetone!.answer({ headers: { "P-Asserted-Identity": '"Bob, at home" <sip:robert@example.com>' } }), into);
      const { value } = await hears(ada, out, "InfoUpdated");
      const { displayName, userName, sipUri } = value["endpoint"] as { displayName: string; userName: string; sipUri: string };
      assert.deepEqual([displayName, userName, sipUri], ["Bob, at home", "robert", "sip:robert@example.com"]);
      const ofEndpoint = await until("the endpoint is told the report", async () => (await events(ada, out, "RTCStatsReceived")).find(({ of }) => of === "endpoint"));
      assert.ok(ofEndpoint.value["stats"]);
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
    });

    test("tones, messages of the app and texts go both ways", async () => {
      const [out, into] = await establish(ada, bob);
      await ada.page.evaluate((call) => {
        vox.calls[call]!.sendInfo("order+json", '{"id":12}', { "X-Part": "1" });
        vox.calls[call]!.sendInfo("application/zingaya-im", "an old client's text");
        vox.calls[call]!.sendInfo("vi/holdemul", "{}");
        vox.calls[call]!.sendMessage("Grüße");
      }, out);
      const info = await hears(bob, into, "InfoReceived");
      assert.equal(info.value["mimeType"], "application/order+json");
      assert.equal(info.value["body"], '{"id":12}');
      assert.equal((info.value["headers"] as Record<string, string>)["X-Part"], "1");
      await hears(bob, into, "onSendMessage", ({ value }) => value["text"] === "an old client's text");
      await hears(bob, into, "onSendMessage", ({ value }) => value["text"] === "Grüße");
      assert.equal((await events(bob, into, "InfoReceived")).length, 1, "what the SDK tells itself is not told");
      await bob.page.evaluate((call) => vox.calls[call]!.sendMessage("back"), into);
      await hears(ada, out, "onSendMessage", ({ value }) => value["text"] === "back");
      const tones = bob.page.evaluate((call) => new Promise<string>((resolve) => vox.calls[call]!.sidetone!.on("dtmf", ({ tone }) => resolve(tone))), into);
      await ada.page.evaluate((call) => vox.calls[call]!.sidetone!.sendDtmf("5", { by: "info" }), out);
      assert.equal(await tones, "5");
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
    });

    test("a call is transferred to another, and goes on there as the same call", async () => {
      const carol = await openStation(site, server, "carol");
      const [first, atBob] = await establish(ada, bob);
      await ada.page.evaluate((call) => vox.calls[call]!.setActive(false), first);
      const [second, atCarol] = await establish(ada, carol);
      await ada.page.evaluate(({ first, second }) => vox.client.transferCall(vox.calls[first]!, vox.calls[second]!), { first, second });
      await hears(ada, first, "TransferComplete", ({ state }) => state === "CONNECTED");
      await hears(ada, first, "Disconnected");
      await hears(ada, second, "Disconnected");
      const moved = await hears(bob, atBob, "EndpointAdded", ({ value }) => (value["endpoint"] as { userName: string }).userName === "carol");
      assert.equal(moved.state, "CONNECTED");
      await hears(carol, atCarol, "EndpointAdded", ({ value }) => (value["endpoint"] as { userName: string }).userName === "bob");
      await hangUp(bob, atBob);
      await hears(carol, atCarol, "Disconnected");
      await carol.close();
    });

    test("a transfer to somebody who cannot be reached is told, and the call goes on", async () => {
      const [first, atBob] = await establish(ada, bob);
      const carol = await openStation(site, server, "carol");
      const [second, atCarol] = await establish(ada, carol);
      carol.wire.cut();
      await ada.page.evaluate(({ first, second }) => vox.client.transferCall(vox.calls[first]!, vox.calls[second]!), { first, second });
      assert.equal((await hears(ada, first, "TransferFailed")).state, "CONNECTED");
      carol.wire.restore();
      await hears(carol, undefined, "Reconnected");
      assert.deepEqual((await events(carol, undefined, "Reconnecting")).length, 1);
      await hangUp(ada, first);
      await hears(bob, atBob, "Disconnected");
      await hangUp(carol, atCarol);
      await hears(ada, second, "Disconnected");
      await carol.close();
    });

    test("who hangs up while transferred rings no more where it was sent, and who is let go goes on there", async () => {
      const carol = await openStation(site, server, "carol");
      for (const endsFirst of [bob, ada]) {
        const [first, atBob] = await establish(ada, bob);
        const before = await carol.page.evaluate(() => vox.calls.length);
        await ada.page.evaluate((call) => void vox.calls[call]!.sidetone!.transfer("carol").catch(() => undefined), first);
        const atCarol = await rung(carol, before);
        await hangUp(endsFirst, endsFirst === bob ? atBob : first);
        await hears(ada, first, "Disconnected");
        if (endsFirst === ada) {
          await answer(carol, atCarol);
          await hears(carol, atCarol, "Connected");
          await hears(bob, atBob, "EndpointAdded", ({ value }) => (value["endpoint"] as { userName: string }).userName === "carol");
          assert.equal((await events(bob, atBob, "Disconnected")).length, 0);
          await hangUp(bob, atBob);
        }
        await hears(carol, atCarol, "Disconnected");
        await hears(bob, atBob, "Disconnected");
      }
      await carol.close();
    });

    test("who joins to watch sends silence and is told of nobody", async () => {
      const calls = await bob.page.evaluate(() => vox.calls.length);
      const out = await ada.page.evaluate(() => vox.follow(vox.client.joinAsViewer("bob", { "X-Seat": "2" })));
      const into = await rung(bob, calls);
      await answer(bob, into);
      await hears(ada, out, "Connected");
      await hears(bob, into, "ICECompleted");
      assert.equal((await events(ada, out, "EndpointAdded")).length, 0);
      assert.equal(await ada.page.evaluate((call) => vox.calls[call]!.getEndpoints().length, out), 1);
      const level = await ada.page.evaluate(async (call) => {
        const report = (await vox.calls[call]!.sidetone!.peerConnection!.getStats()) as unknown as Map<string, { type: string; kind: string; totalAudioEnergy?: number }>;
        return [...report.values()].find(({ type, kind }) => type === "media-source" && kind === "audio")!.totalAudioEnergy;
      }, out);
      assert.equal(level, 0);
      await hangUp(ada, out);
      await hears(bob, into, "Disconnected");
    });

    test("a call without a login fails with a code of its own, after the page could listen", async () => {
      const page = await chromiumTab(site.browser);
      await page.goto(site.url);
      const told = await page.evaluate(async () => {
        const call = vox.dial("bob");
        const atOnce = vox.told.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return [atOnce, call, vox.told.map(({ name, value }) => [name, value["code"] ?? value["new"]])];
      });
      assert.deepEqual(told, [0, 0, [["Failed", 1003], ["StateUpdated", "ENDED"]]]);
      await page.close();
    });
  });
}
