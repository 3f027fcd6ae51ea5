// A program that compiles with the typings of plivo-browser-sdk compiles with ours, under `strict` (`cargo xtask assets` has written ours).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("plivo-types/", import.meta.url));

for (const whose of ["theirs", "ours"]) {
  test(`the program compiles with ${whose}`, () => {
    const { status, stdout } = spawnSync("npm", ["exec", "--", "tsc", "--project", `${folder}${whose}.json`], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
}
