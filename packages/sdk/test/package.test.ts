// The package as somebody installs it (`cargo xtask assets` has built it).

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type * as Package from "../src/index.ts";

const folder = new URL("../generated/package/", import.meta.url);

test("everything that the package exports is in it", () => {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { exports: Record<string, string | Record<string, string>> };
  const files = Object.values(exports).flatMap((held) => (typeof held === "string" ? held : Object.values(held)));
  assert.equal(files.length, 18);
  for (const file of files) assert.ok(existsSync(new URL(file, folder)), file);
});

test("where there is no page, as on a server that renders one, it does nothing and says so", async (context) => {
  const warn = context.mock.method(console, "warn", () => undefined);
  const { Sidetone } = (await import(new URL("sidetone.mjs", folder).href)) as typeof Package;
  const sidetone = new Sidetone({ url: "https://quality.example.com", secret: "sti_x", conferenceId: "weekly" });
  assert.equal(sidetone.observeAll(), undefined);
  sidetone.event("note");
  await sidetone.flush();
  await sidetone.stop();
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /webrtc_missing/);
});

test("options that cannot work throw nothing into the page", async (context) => {
  const warn = context.mock.method(console, "warn", () => undefined);
  const { Sidetone } = (await import(new URL("sidetone.mjs", folder).href)) as typeof Package;
  for (const options of [undefined, {}, { conferenceId: 7 }]) {
    const sidetone = new Sidetone(options as never);
    assert.equal(sidetone.observe({} as RTCPeerConnection), undefined);
    await sidetone.stop();
  }
  assert.equal(warn.mock.callCount(), 3);
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /options_invalid/);
});
