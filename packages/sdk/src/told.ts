/** What the engine says of a report, told to the page in the words of `api.ts`. */

import type { Events, Issue } from "./api.ts";
import type { Connection } from "./collect/connection.ts";
import type { Emitter } from "./emitter.ts";
import type { EngineIssue, Outcome } from "./engine/index.ts";

/** What the page hears only from an engine that judges. */
export const JUDGED = ["tick", "issue", "issueEscalated", "issueCleared"] as const;

export function tell(emitter: Emitter<Events>, { peerConnection, id, label }: Connection, outcome: Outcome): void {
  const of = { peerConnection, peerConnectionId: id, label };
  for (const { time_ms, interval_ms, connection, streams } of outcome.ticks) {
    emitter.emit("tick", { ...of, timeMs: time_ms, intervalMs: interval_ms, connection, streams });
  }
  const issue = ({ onset_ms, raised_ms, cleared_ms, stream, ...rest }: EngineIssue): Issue => {
    return { ...of, ...rest, stream, onsetMs: onset_ms, raisedMs: raised_ms, clearedMs: cleared_ms };
  };
  for (const raised of outcome.raised) emitter.emit("issue", issue(raised));
  for (const escalated of outcome.escalated) emitter.emit("issueEscalated", issue(escalated));
  for (const cleared of outcome.cleared) emitter.emit("issueCleared", issue(cleared));
}
