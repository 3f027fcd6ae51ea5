/** What surrounds the calls of a phone: addresses of its server, IPv6, announcements, tokens that end, the tab that is closed, the marks of packets. */

import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { chromiumTab } from "../src/browsers.ts";
import { connect, dial, establish, events, hangUp, hears, listen, openLine, openPhone, reaches, rung, talks } from "../src/line.ts";
import { serveOrigin } from "../src/origin.ts";
import { during } from "../src/setup.ts";
import { type SipServer, wireTo } from "../src/sip.ts";
import { freePort, run, Sidetone } from "../src/sidetone.ts";
import { setUpSite } from "../src/site.ts";
import { accessToken, ISSUER, KEY, takesTokens } from "../src/token.ts";
import { sleep, until } from "../src/wait.ts";

const site = setUpSite("phone", {
  server: { settings: ["sip.enabled=true", "sip.domain=phones.test"], app: takesTokens() },
  more: async () => ["ada", "bob"].forEach((user) => site.sidetone.phoneUser(user)),
});
const server: Pick<SipServer, "domain" | "wire"> = { domain: "phones.test", wire: () => wireTo(site.sidetone.port, "/sip") };

test("of several addresses that of the highest weight is taken; one that is dead, or dies, gives way to the next", async () => {
  const [first, second] = [await server.wire(), await server.wire()];
  const nobody = `ws://127.0.0.1:${await freePort()}/sip`;
  const servers = [{ url: second.url, weight: 1 }, { url: nobody, weight: 9 }, { url: first.url, weight: 5 }];
  const ada = await openPhone(site, server, "ada", { servers });
  assert.equal(await connect(ada), undefined);
  const bob = await openLine(site, server, "bob");
  const [out, into] = await establish(ada, bob);
  first.cut();
  // The call goes on, and its next messages take the other way.
  assert.deepEqual(await hears(ada, out, "network", { index: 1 }), { change: "mended" });
  // Longer than the phone waits for a socket to open: those that failed are forgotten.
  await sleep(11_000);
  await talks([[ada, out], [bob, into]]);
  assert.equal((await events(ada, undefined, "disconnected")).length, 1);
  await hangUp(ada, out);
  assert.equal((await hears(bob, into, "ended"))["originator"], "remote");
  await Promise.all([ada.close(), bob.close(), first.close(), second.close()]);
});

async function callByIpv6(): Promise<void> {
  await during(async (start) => {
    const sidetone = await start("Sidetone at ::1", Sidetone.start({ host: "[::1]", settings: ["sip.enabled=true", "sip.domain=phones.test"] }));
    for (const user of ["ada", "bob"]) sidetone.phoneUser(user);
    const lines = [];
    for (const user of ["ada", "bob"]) {
      const line = await openPhone(site, server, user, { servers: `${sidetone.url.replace("http", "ws")}/sip` });
      await line.page.evaluate(() => {
        // Nobody tells of an address of IPv4.
        globalThis.RTCPeerConnection = class extends RTCPeerConnection {
          override setRemoteDescription({ type, sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
            return super.setRemoteDescription({ type, sdp: sdp.replace(/^a=candidate:(?:\S+ ){4}\d+\.\d+\.\d+\.\d+ .*\r\n/gm, "") });
          }
        };
      });
      assert.equal(await connect(line), undefined);
      lines.push(line);
    }
    const [ada, bob] = lines as [(typeof lines)[0], (typeof lines)[0]];
    const [out, into] = await establish(ada, bob);
    await talks([[ada, out], [bob, into]]);
    // Each end's own: of the other's, Chromium hides what a check told before the answer did.
    for (const [{ page }, call] of [[ada, out], [bob, into]] as const) {
      const address = await page.evaluate((call) => line.calls[call]!.peerConnection!.getSenders()[0]!.transport!.iceTransport.getSelectedCandidatePair()!.local!.address, call);
      assert.match(String(address), /:.*:/, "an address of IPv6");
    }
    await hangUp(bob, into);
    await reaches(ada, out, "ended");
    const flows = await (await fetch(`${sidetone.url}/metrics`)).text();
    assert.match(flows, /^sidetone_sip_sockets 2$/m);
    await Promise.all(lines.map((line) => line.close()));
  });
}

// Chromium gathers no candidate of ::1: a machine without another address of IPv6 cannot make such a call at all.
const isIpv6 = Object.values(networkInterfaces()).flat().some((held) => held?.family === "IPv6" && !held.internal && !held.address.startsWith("fe80"));
if (isIpv6) test("a call by IPv6: the socket, and the media", callByIpv6);
else console.log("this machine has no address of IPv6: no call is made by it");

test("an announcement is heard before the answer (183 with a description, RFC 3960)", async () => {
  const ada = await openLine(site, server, "ada");
  const peers = await serveOrigin([], { page: "jssip" });
  const bob = await chromiumTab(site.browser);
  await bob.goto(peers.url);
  const wire = await server.wire();
  await bob.evaluate(({ url, uri }) => phone.start(url, "bob", "secret-bob", { uri }), { url: wire.url, uri: `sip:bob@${server.domain}` });
  await until("bob is registered", () => bob.evaluate(() => phone.told().includes("registered")));
  const out = await dial(ada, "bob");
  await until("it rings", () => bob.evaluate(() => phone.told().includes("session remote")));
  await bob.evaluate(() => phone.announce());
  await reaches(ada, out, "early");
  const told = await until("a description comes", async () => (await ada.page.evaluate(() => line.told)).find(({ name, value }) => name === "progress" && value["early"] === true));
  assert.equal(told.value["status"], 183);
  await until("it sounds", async () => (await listen(ada, out)).energy > 0.01);
  assert.equal(await ada.page.evaluate((call) => line.calls[call]!.state, out), "early", "nobody has answered");
  await hangUp(ada, out);
  await bob.context().close();
  await Promise.all([ada.close(), wire.close(), peers.close()]);
});

test("a token is renewed before it ends, and the server has the next one", async () => {
  const now = () => Math.floor(Date.now() / 1000);
  const token = (forSeconds: number) => accessToken({ iss: ISSUER, sub: "carol", exp: now() + forSeconds, per: { voice: { incoming_allow: true, outgoing_allow: true } } }, KEY);
  const carol = await openPhone(site, server, "carol");
  // A minute before its end it is time for another.
  const given = [token(70), token(600)];
  await carol.page.exposeFunction("nextToken", () => given.shift() ?? "");
  assert.equal(await carol.page.evaluate("line.connect({ token: () => nextToken() })"), undefined);
  await until("it has registered with either", async () => given.length === 0 && (await carol.page.evaluate(() => line.told)).filter(({ name }) => name === "registered").length >= 2);
  assert.deepEqual((await carol.page.evaluate(() => line.told)).filter(({ name }) => name === "tokenExpiring" || name === "unregistered"), []);
  // With the next one calls are placed.
  const bob = await openLine(site, server, "bob");
  const out = await dial(carol, "bob");
  await rung(bob);
  await hangUp(carol, out);
  await Promise.all([carol.close(), bob.close()]);
});

test("a tab is not closed by mistake while it calls, where that is wished for", async () => {
  const bob = await openLine(site, server, "bob");
  for (const closeProtection of [true, false]) {
    const ada = await openLine(site, server, "ada", { closeProtection });
    // Chromium asks only in a page that was used.
    await ada.page.mouse.click(10, 10);
    const asked: string[] = [];
    ada.page.on("dialog", (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    const [out, into] = await establish(ada, bob);
    if (closeProtection) {
      await ada.page.close({ runBeforeUnload: true });
      await until("the user is asked", async () => asked.length > 0);
      assert.deepEqual(asked, ["beforeunload"]);
      await talks([[ada, out]]);
      await hangUp(ada, out);
    }
    const closed = new Promise((resolve) => ada.page.once("close", resolve));
    await ada.page.close({ runBeforeUnload: true });
    await closed;
    assert.deepEqual(asked, closeProtection ? ["beforeunload"] : []);
    await ada.wire.close();
    // The socket of a tab that is gone is closed: bob hears of it, or sees that nothing comes any more.
    await bob.page.evaluate((call) => line.calls[call]!.hangUp(), into);
    await reaches(bob, into, "ended");
  }
  await bob.close();
});

test("a user who is removed while the program runs talks to the end, is logged out, and does not come back", async () => {
  site.sidetone.phoneUser("eve");
  const [eve, bob] = [await openLine(site, server, "eve"), await openLine(site, server, "bob")];
  const [out, into] = await establish(eve, bob);
  run("phone", "remove", "eve", "--data", site.sidetone.data);
  await talks([[eve, out], [bob, into]]);
  await hangUp(bob, into);
  assert.equal((await hears(eve, out, "ended"))["originator"], "remote");
  assert.equal((await hears(eve, undefined, "registrationFailed"))["status"], 401);
  assert.equal(await eve.page.evaluate(() => line.phone.isRegistered), false);
  assert.equal((await hears(bob, await dial(bob, "eve"), "ended"))["status"], 404);
  await Promise.all([eve.close(), bob.close()]);
});

test("packets are marked for the network (RFC 8837), unless that is not wished for", async () => {
  const [ada, bob] = [await openLine(site, server, "ada"), await openLine(site, server, "bob", { dscp: false })];
  const [out, into] = await establish(ada, bob);
  const priorities = ({ page }: typeof ada, call: number) =>
    page.evaluate((call) => line.calls[call]!.peerConnection!.getSenders().flatMap((sender) => sender.getParameters().encodings.map(({ priority, networkPriority }) => [priority, networkPriority])), call);
  await until("it is set", async () => (await priorities(ada, out))[0]?.[1] === "high");
  assert.deepEqual(await priorities(ada, out), [["high", "high"]]);
  assert.deepEqual(await priorities(bob, into), [["low", "low"]]);
  await hangUp(ada, out);
  await Promise.all([ada.close(), bob.close()]);
});
