// Recorded calls (`testdata/traces`) as the browser's reports.

import { readFileSync } from "node:fs";

export type Report = Map<string, Record<string, unknown>>;

/** The reports of a trace, one a second. */
export function reportsOf(name: string): Report[] {
  const lines = readFileSync(new URL(`../../../testdata/traces/${name}.jsonl`, import.meta.url), "utf8").trim().split("\n");
  return lines.map((line) => {
    const { report } = JSON.parse(line) as { report: Record<string, Record<string, unknown>> };
    return new Map(Object.entries(report).map(([id, stats]) => [id, { ...stats, id }]));
  });
}

/** The stats objects of a type, of a kind if one is given. */
export function statsOf(report: Report, type: string, kind?: string): Record<string, unknown>[] {
  return [...report.values()].filter((stats) => stats["type"] === type && (kind === undefined || stats["kind"] === kind));
}
