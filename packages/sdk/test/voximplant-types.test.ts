// Programs written for voximplant-websdk 4.13 compile against its types and, unchanged, against ours; in the package (`cargo xtask assets` has built it)
// with a check of the library's own declarations, which the original's do not pass in TypeScript 7.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

test("members of the original's classes that are not here are those that are listed", () => compiles("members"));

for (const whose of ["theirs", "ours", "package"]) {
  test(`programs compile against the types of ${whose}`, () => compiles(whose));
}

function compiles(name: string): void {
  const project = fileURLToPath(new URL(`voximplant-programs/tsconfig.${name}.json`, import.meta.url));
  const { status, stdout } = spawnSync("npm", ["exec", "--", "tsc", "--project", project], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
}
