/** What the handbook shows, as its readers copy it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Sidetone } from "./sidetone.ts";

/** The text of a page of the handbook below a heading. */
export function section(page: string, heading: string): string {
  const text = readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8");
  const found = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(found, `docs/${page}.md has no heading ${heading}`);
  return found;
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
