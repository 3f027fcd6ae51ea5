/** Calls from our phones over a trunk to another server's, and back: media between the browsers, signalling through both servers. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { answer, dial, events, hangUp, hears, type Line, openLine, reaches, rung, talks } from "../src/line.ts";
import { setUp } from "../src/setup.ts";
import { freePort, type Sidetone } from "../src/sidetone.ts";
import { setUpSite } from "../src/site.ts";
import { type Kamailio, type SipServer, startKamailio, startSidetone } from "../src/sip.ts";
import { until } from "../src/wait.ts";

const site = setUpSite("phone");
const folder = mkdtempSync(join(tmpdir(), "sidetone-trunk-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Certificate and key in one. */
const tls = join(folder, "both.pem");
const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, "-keyout", key, "-out", certificate], { stdio: "ignore" });
writeFileSync(tls, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));

for (const transport of ["udp", "tcp", "tls"] as const) {
  describe(transport, () => {
    let far: Kamailio;
    let near: SipServer & { readonly sidetone: Sidetone };
    let ada: Line;
    let kai: Line;

    setUp(async (start) => {
      far = await start("the far server", startKamailio(transport === "tls" ? { tls } : {}));
      const port = transport === "tls" ? far.tlsPort : far.port;
      const trunk = `[sip.trunk]
address = "sip:127.0.0.1:${port};transport=${transport}"
domain = "${far.domain}"
listen = "127.0.0.1:${await freePort()}"
user = "pbx"
password = "secret-pbx"
register = true
patterns = ["kai", "away", "nobody*"]
numbers = { pbx = "ada" }
ca_file = "${tls}"
`;
      near = await start("our server", startSidetone(["ada"], trunk));
      await until("we are registered at the trunk", async () => (await near.sidetone.metric("sidetone_sip_trunk_registered")) === 1);
      ada = await start("ada's phone", openLine(site, near, "ada"));
      kai = await start("kai's phone", openLine(site, far, "kai"));
    });

    afterEach(async () => {
      for (const { page } of [ada, kai]) {
        await page.evaluate(() => line.phone.calls.forEach((call) => call.hangUp()));
        await until("no call is left", () => page.evaluate(() => line.phone.calls.length === 0));
      }
      await until("every line of the trunk is free", async () => (await near.sidetone.metric("sidetone_sip_trunk_calls")) === 0);
    });

    test("a call out is answered, sounds both ways, is held, and is hung up by who was called", async () => {
      const out = await dial(ada, "kai");
      const into = await rung(kai);
      assert.equal(await kai.page.evaluate((call) => line.calls[call]!.remote.user, into), "pbx", "the number of who calls");
      await reaches(ada, out, "ringing");
      await answer(kai, into);
      for (const [line, call] of [[ada, out], [kai, into]] as const) await hears(line, call, "mediaConnected");
      await talks([[ada, out], [kai, into]]);
      await until("a line is taken", async () => (await near.sidetone.metric("sidetone_sip_trunk_calls")) === 1);
      await ada.page.evaluate((call) => line.calls[call]!.hold(), out);
      assert.deepEqual(await hears(kai, into, "hold"), { originator: "remote", held: true });
      await ada.page.evaluate((call) => line.calls[call]!.resume(), out);
      await kai.page.evaluate((call) => line.calls[call]!.sendDtmf("5", { by: "info" }), into);
      await hears(ada, out, "dtmf");
      const uuid = await ada.page.evaluate((call) => line.calls[call]!.uuid, out);
      await hangUp(kai, into);
      await reaches(ada, out, "ended");
      assert.equal((await hears(ada, out, "ended"))["originator"], "remote");
      const conference = await near.sidetone.finalised(uuid);
      assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["ada", "kai"]);
    });

    test("a call in rings at the phone that has the number, and either end hangs up", async () => {
      for (const ends of ["ada", "kai"]) {
        const before = await ada.page.evaluate(() => line.calls.length);
        const out = await dial(kai, "pbx");
        const into = await rung(ada, before);
        assert.equal(await ada.page.evaluate((call) => line.calls[call]!.remote.user, into), "kai");
        await answer(ada, into);
        await hears(kai, out, "mediaConnected");
        await talks([[kai, out], [ada, into]]);
        await (ends === "ada" ? hangUp(ada, into) : hangUp(kai, out));
        for (const [line, call] of [[kai, out], [ada, into]] as const) await reaches(line, call, "ended");
      }
    });

    test("a call that is refused, cancelled, or to nobody says so", async () => {
      let before = await kai.page.evaluate(() => line.calls.length);
      const refused = await dial(ada, "kai");
      const at = await rung(kai, before);
      await kai.page.evaluate((call) => line.calls[call]!.reject(486), at);
      assert.equal((await hears(ada, refused, "ended"))["status"], 486);

      before = await kai.page.evaluate(() => line.calls.length);
      const cancelled = await dial(ada, "kai");
      const there = await rung(kai, before);
      await reaches(ada, cancelled, "ringing");
      await hangUp(ada, cancelled);
      assert.equal((await hears(kai, there, "ended"))["cause"], "Canceled");

      for (const [target, status] of [["nobody7", 404], ["away", 480], ["elsewhere", 404]] as const) {
        assert.equal((await hears(ada, await dial(ada, target), "ended"))["status"], status, target);
      }
      assert.deepEqual(await events(ada, undefined, "registrationFailed"), [], "the trunk's challenges do not reach the phone");
    });
  });
}
