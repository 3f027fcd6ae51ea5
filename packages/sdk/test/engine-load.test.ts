/** A download of the engine that stops in its midst is given up, and tried again. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mock, test } from "node:test";

import { loadEngine } from "../src/engine/index.ts";

// A build fills in the checksum of the file that it was made with.
Object.assign(globalThis, { ENGINE_INTEGRITY: "" });

test("an engine that never arrives is given up, and asked for again the next time", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/wasm", "content-length": 1000 });
    response.write("\0asm");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/engine.wasm`;
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const time of ["first", "second"]) {
      const asked = once(server, "request");
      const loaded = loadEngine(url, true);
      assert.equal(loadEngine(url, true), loaded, "one download for the page");
      const given = assert.rejects(loaded, /has not arrived within 120 s/, time);
      await asked;
      mock.timers.tick(119_999);
      mock.timers.tick(1);
      await given;
    }
  } finally {
    mock.timers.reset();
    server.closeAllConnections();
    server.close();
  }
});
