/** Recorded calls, sent as if they were just being made. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sidetone } from "./sidetone.ts";

export const TRACES = fileURLToPath(new URL("../../testdata/traces/", import.meta.url));

interface Line {
  readonly t: number;
  readonly report: Readonly<Record<string, unknown>>;
}

/** Sends one end of a recorded call, or its reports from one number to another, as if it had ended `endedAgoMs` ago. */
export async function send(
  sidetone: Sidetone, conference: string, user: string, trace: string, endedAgoMs: number, leaves: boolean, [from, until]: readonly [number, number?] = [0],
  name = `${user} of the test`,
): Promise<void> {
  const lines = readFileSync(join(TRACES, trace), "utf8").trim().split("\n", until).map((line) => JSON.parse(line) as Line);
  const now = Date.now();
  const shift = now - endedAgoMs - lines.at(-1)!.t;
  const joined = { user_name: name, site: "Bergen", browser: "Chrome", browser_version: "156.0", os: "Linux", additional_ids: { ticket: "T-4711" } };
  for (let first = from; first < lines.length; first += 10) {
    const part = lines.slice(first, first + 10);
    const [start, end] = [part[0]!.t + shift, part.at(-1)!.t + shift];
    const events: object[] = [];
    if (first === 0) events.push({ time_ms: start, kind: "joined", payload: joined });
    if (leaves && first + 10 >= lines.length) {
      events.push({ time_ms: end, kind: "feedback", payload: { rating: 2, comment: "The picture kept freezing." } });
      events.push({ time_ms: end + 1, kind: "left", payload: {} });
    }
    const reports = part.map(({ t, report }) => ({ time_ms: t + shift, stats: report }));
    const ids = { conference_id: conference, user_id: user, participant_id: `${conference}-${user}`, peer_connection_id: "pc" };
    const answer = await fetch(`${sidetone.url}/v1/batches`, {
      method: "POST",
      headers: { authorization: `Bearer ${sidetone.intakeSecret}`, "content-type": "application/json" },
      body: JSON.stringify({ ...ids, batch_seq: first / 10, sent_ms: now, events, reports }),
    });
    assert.equal(answer.status, 200, await answer.text());
  }
}
