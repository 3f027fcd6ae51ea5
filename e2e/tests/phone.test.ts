/** The phone in real Chromium through a real SIP server: registration, calls, and what can be done in them. */

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { answer, connect, dial, establish, events, hangUp, hears, type Line, listen, openLine, openPhone, reaches, rung, talks } from "../src/line.ts";
import { during, setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { SIP_SERVERS, type SipServer, type SipServerKind, startKamailio, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("phone");

for (const kind of SIP_SERVERS) {
  describe(kind.name, () => {
    let server: SipServer;
    let ada: Line;
    let bob: Line;

    setUp(async (start) => {
      server = await start(kind.name, kind.start());
      ada = await start("ada's phone", openLine(site, server, "ada"));
      bob = await start("bob's phone", openLine(site, server, "bob"));
    });

    // A test that failed in a call leaves none to the next.
    afterEach(async () => {
      for (const { page } of [ada, bob]) {
        await page.evaluate(() => line.phone.calls.forEach((call) => call.hangUp()));
        await until("no call is left", () => page.evaluate(() => line.phone.calls.length === 0));
      }
    });

    /** What was said before may still be under way; then nothing comes for longer than the made-up microphone is silent between two beeps. */
    const fallsSilent = (line: Line, call: number) => until(`${line.user} hears nothing more`, async () => (await listen(line, call)).energy < 0.001);

    const value = (told: readonly { readonly value: Readonly<Record<string, unknown>> }[], name: string) => told.map((held) => held.value[name]);

    test("a call rings, is answered, sounds both ways and is hung up by the caller", async () => {
      const out = await dial(ada, "bob", { headers: { "X-Ticket": "a 7" } });
      const into = await rung(bob);
      await reaches(ada, out, "ringing");
      assert.equal(await bob.page.evaluate((call) => line.calls[call]!.headers.get("x-ticket"), into), "a 7");
      assert.equal(await bob.page.evaluate((call) => line.calls[call]!.remote.user, into), "ada");
      await answer(bob, into);
      await hears(ada, out, "mediaConnected");
      await hears(bob, into, "mediaConnected");
      await talks([[ada, out], [bob, into]]);
      const ids = [await ada.page.evaluate((call) => line.calls[call]!.uuid, out), await bob.page.evaluate((call) => line.calls[call]!.uuid, into)];
      assert.equal(ids[0], ids[1], "both sides know the call by one name");
      await hangUp(ada, out);
      await reaches(bob, into, "ended");
      assert.deepEqual(value(await events(ada, out, "state"), "to"), ["ringing", "answered", "connected", "ended"]);
      // It rang already when the page was told of it.
      assert.deepEqual(value(await events(bob, into, "state"), "to"), ["answered", "connected", "ended"]);
      const [end, ...more] = await events(bob, into, "ended");
      assert.deepEqual(more, []);
      assert.deepEqual([end!.value["cause"], end!.value["originator"], end!.value["answered"]], ["Terminated", "remote", true]);
    });

    test("the callee hangs up", async () => {
      const [out, into] = await establish(ada, bob);
      await hangUp(bob, into);
      await reaches(ada, out, "ended");
      assert.equal((await hears(ada, out, "ended"))["originator"], "remote");
    });

    test("DTMF goes both ways by INFO, and is heard when it goes by RFC 4733", async () => {
      const [out, into] = await establish(ada, bob);
      await ada.page.evaluate((call) => line.calls[call]!.sendDtmf("1#D", { by: "info" }), out);
      await bob.page.evaluate((call) => line.calls[call]!.sendDtmf("9", { by: "info", durationMs: 250 }), into);
      const remote = async (line: Line, call: number) => (await events(line, call, "dtmf")).filter(({ value }) => value["originator"] === "remote");
      assert.deepEqual(value(await remote(bob, into), "tone"), ["1", "#", "D"]);
      assert.deepEqual((await remote(ada, out)).map((told) => told.value), [{ tone: "9", durationMs: 250, originator: "remote" }]);
      // Muted, so that nothing but the tone is heard.
      await ada.page.evaluate((call) => line.calls[call]!.mute(), out);
      await until("key 5 is heard", async () => {
        const heard = listen(bob, into, 3000);
        await ada.page.evaluate((call) => line.calls[call]!.sendDtmf("555", { durationMs: 500 }), out);
        const { hertz } = await heard;
        // 770 and 1336 Hz: ITU-T Q.23.
        return [770, 1336].some((of) => Math.abs(hertz - of) < 15);
      });
      await hangUp(ada, out);
    });

    test("keys that are pressed faster than they sound are all sent, one after the other", async () => {
      const [out, into] = await establish(ada, bob);
      const played = await ada.page.evaluate(async (index) => {
        const call = line.calls[index]!;
        const [sender] = call.peerConnection!.getSenders();
        const tones: string[] = [];
        sender!.dtmf!.addEventListener("tonechange", ({ tone }) => tone && tones.push(tone));
        await Promise.all([..."0123456789*#"].map((key) => call.sendDtmf(key, { by: "both" })));
        // The browser has begun with each, and is through with the last.
        return `${tones.join("")} and ${JSON.stringify(sender!.dtmf!.toneBuffer)}`;
      }, out);
      assert.equal(played, '0123456789*# and ""');
      assert.equal(value(await events(bob, into, "dtmf"), "tone").join(""), "0123456789*#");
      await hangUp(ada, out);
    });

    test("mute silences one side only, and ends", async () => {
      const [out, into] = await establish(ada, bob);
      await ada.page.evaluate((call) => line.calls[call]!.mute(), out);
      await fallsSilent(bob, into);
      await talks([[ada, out]]);
      await ada.page.evaluate((call) => line.calls[call]!.unmute(), out);
      await talks([[bob, into]]);
      assert.deepEqual(value(await events(ada, out, "mute"), "audio"), [true, false]);
      await hangUp(ada, out);
    });

    test("hold is told to the other side, by either side, and the call goes on after it", async () => {
      const [out, into] = await establish(ada, bob);
      for (const [holder, call, other, held] of [[ada, out, bob, into], [bob, into, ada, out]] as const) {
        const index = (await events(other, held, "hold")).length;
        await holder.page.evaluate((call) => line.calls[call]!.hold(), call);
        assert.deepEqual(await hears(other, held, "hold", { index }), { originator: "remote", held: true });
        assert.deepEqual(await holder.page.evaluate((call) => line.calls[call]!.isHeld, call), { local: true, remote: false });
        await fallsSilent(other, held);
        await holder.page.evaluate((call) => line.calls[call]!.resume(), call);
        await talks([[ada, out], [bob, into]]);
      }
      await hangUp(ada, out);
      await reaches(bob, into, "ended");
    });

    test("what was asked for last counts: holding twice, and going on before the hold is agreed on", async () => {
      const [out, into] = await establish(ada, bob);
      await ada.page.evaluate(async (index) => {
        const call = line.calls[index]!;
        await Promise.all([call.hold(), call.hold()]);
        await call.resume();
      }, out);
      assert.equal((await events(ada, out, "hold")).length, 2, "held once, and gone on once");
      await talks([[ada, out], [bob, into]]);
      await ada.page.evaluate((index) => Promise.all([line.calls[index]!.hold(), line.calls[index]!.resume()]), out);
      assert.deepEqual(await ada.page.evaluate((index) => line.calls[index]!.isHeld, out), { local: false, remote: false });
      await talks([[ada, out], [bob, into]]);
      await hangUp(ada, out);
      await reaches(bob, into, "ended");
    });

    test("both sides hold at once: glare settles, and both hold", async () => {
      const [out, into] = await establish(ada, bob);
      await Promise.all([
        ada.page.evaluate((call) => line.calls[call]!.hold(), out),
        bob.page.evaluate((call) => line.calls[call]!.hold(), into),
      ]);
      for (const [line, call] of [[ada, out], [bob, into]] as const) {
        assert.deepEqual(await line.page.evaluate((call) => globalThis.line.calls[call]!.isHeld, call), { local: true, remote: true });
      }
      await Promise.all([
        ada.page.evaluate((call) => line.calls[call]!.resume(), out),
        bob.page.evaluate((call) => line.calls[call]!.resume(), into),
      ]);
      await talks([[ada, out], [bob, into]]);
      await hangUp(bob, into);
      await reaches(ada, out, "ended");
    });

    test("INFO and MESSAGE pass within a call", async () => {
      const [out, into] = await establish(ada, bob);
      await ada.page.evaluate((call) => line.calls[call]!.sendInfo("application/json", '{"a":1}', { "X-Note": "n" }), out);
      await bob.page.evaluate((call) => line.calls[call]!.sendMessage("grüß dich"), into);
      const info = await hears(bob, into, "info");
      assert.deepEqual([info["contentType"], info["body"], info["originator"]], ["application/json", '{"a":1}', "remote"]);
      assert.equal((await hears(ada, out, "message"))["text"], "grüß dich");
      await hangUp(ada, out);
    });

    test("a call that is refused, busy, cancelled, not answered or to nobody says so to both sides", async () => {
      for (const [status, cause] of [[486, "Busy"], [603, "Rejected"]] as const) {
        const before = await bob.page.evaluate(() => line.calls.length);
        const out = await dial(ada, "bob");
        const into = await rung(bob, before);
        await bob.page.evaluate(({ call, status }) => line.calls[call]!.reject(status), { call: into, status });
        const [here, there] = [await hears(ada, out, "ended"), await hears(bob, into, "ended")];
        assert.deepEqual([here["cause"], here["status"], here["originator"], here["answered"]], [cause, status, "remote", false]);
        assert.deepEqual([there["cause"], there["status"], there["originator"]], ["Rejected", status, "local"]);
      }
      const before = await bob.page.evaluate(() => line.calls.length);
      const cancelled = await dial(ada, "bob");
      const into = await rung(bob, before);
      await reaches(ada, cancelled, "ringing");
      await hangUp(ada, cancelled);
      assert.equal((await hears(ada, cancelled, "ended"))["cause"], "Canceled");
      const there = await hears(bob, into, "ended");
      assert.deepEqual([there["cause"], there["originator"]], ["Canceled", "remote"]);
      for (const [target, status] of [["nobody", 404], ["carol", 480]] as const) {
        const end = await hears(ada, await dial(ada, target), "ended");
        assert.equal(end["status"], status, target);
      }
      await assert.rejects(ada.page.evaluate(() => void line.phone.call("@")), /TypeError/);
    });

    test("nobody answers: the caller gives up after its time", async () => {
      const eve = await openLine(site, server, "eve", { ringSeconds: 5 });
      const before = await bob.page.evaluate(() => line.calls.length);
      const out = await dial(eve, "bob");
      const into = await rung(bob, before);
      assert.deepEqual([(await hears(eve, out, "ended"))["cause"], (await hears(bob, into, "ended"))["cause"]], ["No Answer", "Canceled"]);
      await eve.close();
    });

    test("one who is in a call is busy, unless several calls are wanted", async () => {
      const eve = await openLine(site, server, "eve");
      const [out, into] = await establish(ada, bob);
      const end = await hears(eve, await dial(eve, "bob"), "ended");
      assert.deepEqual([end["cause"], end["status"]], ["Busy", 486]);
      await hangUp(ada, out);
      await reaches(bob, into, "ended");
      await eve.close();
    });

    test("of two calls that ring, one is answered, held for the other, and taken up again", async () => {
      const eve = await openLine(site, server, "eve", { multipleCalls: true });
      const [first, second] = [await dial(ada, "eve"), await dial(bob, "eve")];
      await rung(eve, 1);
      const from = await eve.page.evaluate(() => line.calls.map(({ remote }) => remote.user));
      const [ofAda, ofBob] = [from.indexOf("ada"), from.indexOf("bob")];
      await answer(eve, ofAda);
      await hears(ada, first, "mediaConnected");
      await eve.page.evaluate((call) => line.calls[call]!.hold(), ofAda);
      await answer(eve, ofBob);
      await hears(bob, second, "mediaConnected");
      await talks([[bob, second], [eve, ofBob]]);
      await hangUp(bob, second);
      await eve.page.evaluate((call) => line.calls[call]!.resume(), ofAda);
      await talks([[ada, first], [eve, ofAda]]);
      await hangUp(eve, ofAda);
      await reaches(ada, first, "ended");
      await eve.close();
    });

    test("a call is measured without a line of code, with what SIP said and what the user thought of it", async () => {
      // Where the SIP server is Sidetone's, one call is what it saw and what the pages measured.
      const measuring = server.sidetone ?? site.sidetone;
      const quality = { url: measuring.url, secret: measuring.intakeSecret };
      const [carl, dora] = [await openLine(site, server, "carl", { quality }), await openLine(site, server, "dora", { quality })];
      const out = await dial(carl, "dora");
      const into = await rung(dora);
      await carl.page.evaluate((call) => {
        line.calls[call]!.on("tick", ({ timeMs }) => line.note(call, "tick", { timeMs }));
      }, out);
      await answer(dora, into);
      await hears(carl, out, "mediaConnected");
      await carl.page.evaluate((call) => line.calls[call]!.mute(), out);
      await carl.page.evaluate((call) => line.calls[call]!.hold(), out);
      await hears(carl, out, "tick", { index: (await events(carl, out, "tick")).length + 4 });
      await carl.page.evaluate((call) => line.calls[call]!.resume(), out);
      const id = await carl.page.evaluate((call) => line.calls[call]!.uuid, out);
      await hangUp(carl, out);
      await carl.page.evaluate((call) => line.calls[call]!.feedback({ score: 4, issues: ["echo"], comment: "fine" }), out);
      // The SIP server sees the end before the last reports come.
      const conference = await until("everything was understood", async () => {
        const held = await measuring.finalised(id);
        return held.peer_connections.every(({ report_count }) => report_count >= 3) && held;
      });
      assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["carl", "dora"], "each person is one participant");
      assert.equal(conference.peer_connections.length, 2);
      for (const { streams } of conference.peer_connections) {
        assert.deepEqual(streams.map(({ direction }) => direction).sort(), ["inbound", "outbound"]);
      }
      const told = await until("the opinion is there", async () => {
        const events = await measuring.events(conference.key);
        return events.some(({ kind }) => kind === "feedback") && events;
      });
      for (const { key, peer_connection_id } of conference.peer_connections) {
        const of = told.filter(({ peer_connection }) => peer_connection === key);
        const payload = (kind: string) => of.find((event) => event.kind === kind)?.payload as Record<string, number> | undefined;
        for (const name of ["setup_ms", "gathering_ms", "connectivity_ms"]) assert.ok(payload("connected")![name]! >= 0, `${name} of ${peer_connection_id}`);
        assert.ok(payload("first_media")!["setup_ms"]! > 0, "its first media");
        assert.equal(of.filter(({ kind, payload }) => kind === "ice_gathering_state_change" && (payload as { state: string }).state === "gathering").length, 1);
      }
      const kinds = new Set(told.map(({ kind }) => kind));
      for (const kind of ["sip_invite", "sip_progress", "sip_answer", "sip_end", "muted", "held", "resumed"]) assert.ok(kinds.has(kind), `${kind} is among ${[...kinds].join(", ")}`);
      assert.deepEqual(told.find(({ kind }) => kind === "feedback")!.payload, { overall: 4, issues: ["echo"], comment: "fine" });
      assert.equal(JSON.stringify(told).includes("secret-"), false, "a password goes to the SIP server alone");
      await Promise.all([carl, dora].map((line) => line.close()));
    });

    test("a wrong password is told, and nothing is registered", async () => {
      const mallory = await openPhone(site, server, "ada");
      const cause = (await connect(mallory, { user: "ada", password: "guessed" })) as Record<string, unknown>;
      assert.deepEqual([cause["cause"], cause["originator"]], ["Authentication Error", "remote"]);
      assert.equal(await mallory.page.evaluate(() => line.phone.isRegistered), false);
      assert.equal((await events(mallory, undefined, "registrationFailed")).length, 1);
      await mallory.close();
    });

    test("a phone that is stopped while it connects stays away", async () => {
      const eve = await openPhone(site, server, "eve");
      const cause = eve.page.evaluate(() => {
        const connecting = line.connect({ user: "eve", password: "secret-eve" });
        void line.phone.disconnect();
        return connecting as Promise<{ cause: string; originator: string }>;
      });
      const { cause: why, originator } = (await cause) ?? {};
      assert.deepEqual([why, originator], ["Connection Error", "local"]);
      assert.equal((await hears(ada, await dial(ada, "eve"), "ended"))["status"], 480);
      assert.equal(await eve.page.evaluate(() => line.phone.connection), "disconnected");
      // And can be connected after all.
      assert.equal(await connect(eve), undefined);
      const [out] = await establish(ada, eve);
      await hangUp(ada, out);
      await eve.close();
    });

    test("registration is asked for and taken back apart from the socket", async () => {
      const eve = await openPhone(site, server, "eve", { autoRegister: false });
      assert.equal(await connect(eve), undefined);
      const states = () => eve.page.evaluate(() => [line.phone.connection, line.phone.isRegistered]);
      assert.deepEqual(await states(), ["connected", false]);
      assert.equal((await hears(ada, await dial(ada, "eve"), "ended"))["status"], 480);
      await eve.page.evaluate(() => line.phone.register());
      assert.deepEqual(await states(), ["connected", true]);
      const [out] = await establish(ada, eve);
      await hangUp(ada, out);
      await eve.page.evaluate(() => line.phone.unregister());
      assert.deepEqual(await states(), ["connected", false]);
      await eve.page.evaluate(() => line.phone.disconnect());
      assert.deepEqual(await states(), ["disconnected", false]);
      assert.equal((await hears(eve, undefined, "disconnected"))["byUs"], true);
      await eve.close();
    });
  });
}

/** Each with a user `ada`, whose password it asks for by SHA-256 alone. */
const BY_SHA256: readonly SipServerKind[] = [
  { name: "kamailio", start: () => startKamailio({ digest: "SHA-256" }) },
  { name: "sidetone", start: () => startSidetone(["ada"], '[sip]\ndigests = ["SHA-256"]\n') },
];

for (const { name, start } of BY_SHA256) {
  test(`${name}: a password is proved by SHA-256 where nothing else will do`, () =>
    during(async (open) => {
      const server = await open(name, start());
      const ada = await open("ada's phone", openLine(site, server, "ada"));
      // An INVITE is challenged as well.
      assert.equal((await hears(ada, await dial(ada, "nobody"), "ended"))["status"], 404);
    }));
}
