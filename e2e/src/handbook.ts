/** What the handbook shows, as its readers copy it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Sidetone } from "./sidetone.ts";

/** The text of a page of the handbook below a heading. */
export function section(page: string, heading: string): string {
  const lines = readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8").split("\n");
  let isCode = false;
  const heads = lines.flatMap((line, index) => {
    if (line.startsWith("```")) isCode = !isCode;
    return !isCode && /^#+ /.test(line) ? [index] : [];
  });
  const at = heads.findIndex((index) => lines[index]!.replace(/^#+ /, "") === heading);
  assert.ok(at >= 0, `docs/${page}.md has no heading ${heading}`);
  return lines.slice(heads[at], heads[at + 1]).join("\n");
}

/** The code blocks of a section, in a language. */
export function snippets(page: string, heading: string, language: string): string[] {
  const found = [...section(page, heading).matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, held]) => held === language).map(([, , code]) => code ?? "");
  assert.ok(found.length > 0, `docs/${page}.md shows no ${language} below ${heading}`);
  return found;
}

/** With the reader's own server and secret. */
export function filledIn(code: string, sidetone: Sidetone): string {
  return code.replaceAll("https://quality.example.com", sidetone.url).replaceAll("sti_…", sidetone.intakeSecret);
}
