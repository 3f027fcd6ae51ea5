/** A phone that lasts: its server dies in a call, its socket is away for long, and it makes two hundred calls. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertNothingLeft, COUNTED, held } from "../src/leaks.ts";
import { establish, hangUp, hears, type Line, openLine, reaches, talks } from "../src/line.ts";
import { setUp } from "../src/setup.ts";
import { setUpSite } from "../src/site.ts";
import { SIP_SERVERS, type SipServer } from "../src/sip.ts";
import { sleep, until } from "../src/wait.ts";

const CALLS = 200;

/** Lets go of the calls that the page of the tests keeps, for good. */
const FORGETTING = `
  globalThis.forget = () => {
    line.told.length = line.calls.length = 0;
    line.told.push = line.calls.push = () => 0;
  };`;

declare global {
  var forget: () => void;
}

const site = setUpSite("phone", { before: [COUNTED, FORGETTING] });

/** Calls Bob so often; every other call he hangs up himself. */
async function makes({ page }: Line, count: number): Promise<void> {
  await page.evaluate(async (count) => {
    for (let number = 0; number < count; number++) {
      const call = line.phone.call("bob");
      await new Promise<void>((resolve, reject) => {
        if (number % 2) void stands(call, "answered").then(() => call.hangUp());
        call.on("ended", ({ cause, status, answered }) => (answered ? resolve() : reject(new Error(`call ${number}: ${cause} ${status}`))));
      });
    }
  }, count);
}

for (const kind of SIP_SERVERS) {
  describe(kind.name, () => {
    let server: SipServer;
    let ada: Line;
    let bob: Line;

    setUp(async (start) => {
      server = await start(kind.name, kind.start());
      ada = await start("ada's phone", openLine(site, server, "ada"));
      bob = await start("bob's phone", openLine(site, server, "bob", { multipleCalls: true }));
    });

    test("the socket is away for 40 s in a call: it goes on, and either side can still speak and hang up", async () => {
      const [out, into] = await establish(ada, bob);
      ada.wire.cut();
      await sleep(40_000);
      await talks([[ada, out], [bob, into]]);
      ada.wire.restore();
      assert.deepEqual(await hears(ada, out, "network", { index: 1 }), { change: "mended" });
      await talks([[ada, out], [bob, into]]);
      await hangUp(bob, into);
      assert.equal((await hears(ada, out, "ended"))["originator"], "remote");
    });

    test("the server dies in a call and comes back: the call goes on, both register again, and either can hang up", async () => {
      const [out, into] = await establish(ada, bob);
      await server.restart();
      await talks([[ada, out], [bob, into]]);
      for (const [line, call] of [[ada, out], [bob, into]] as const) {
        assert.deepEqual(await hears(line, call, "network", { index: 1 }), { change: "mended" });
        assert.equal(await line.page.evaluate(() => globalThis.line.phone.isRegistered), true);
      }
      await talks([[ada, out], [bob, into]]);
      await hangUp(ada, out);
      assert.equal((await hears(bob, into, "ended"))["originator"], "remote");
      const [next, there] = await establish(bob, ada);
      await hangUp(ada, there);
      await reaches(bob, next, "ended");
    });

    test(`${CALLS} calls in a row leave nothing behind`, async () => {
      await Promise.all([ada, bob].map(({ page }) => page.evaluate(() => forget())));
      await bob.page.evaluate(() => {
        let hangsUp = false;
        line.phone.on("incoming", ({ call }) => {
          hangsUp = !hangsUp;
          if (hangsUp) void stands(call, "confirmed").then(() => call.hangUp());
          call.answer();
        });
      });
      await makes(ada, 20);
      const before = await Promise.all([ada, bob].map(({ page }) => held(page)));
      await makes(ada, CALLS - 20);
      for (const [index, { user, page }] of [ada, bob].entries()) {
        await assertNothingLeft(user, page, before[index]!, CALLS);
        assert.equal(await page.evaluate(() => line.phone.calls.length), 0);
      }
      await until("the server still knows both", () => ada.page.evaluate(() => line.phone.isRegistered));
    });
  });
}
