/** What events of a connection tell its analysis (`crates/wire/src/notice.rs`). */

import type { Noticed } from "./engine/index.ts";

/** What an event tells, and of what; nothing where it tells nothing. */
export function noticeOf(kind: string, payload: { state?: unknown; direction?: unknown; id?: unknown; type?: unknown }): [Noticed, string] | undefined {
  const { state, direction, id, type } = payload;
  switch (kind) {
    case "ice_gathering_state_change":
      return state === "gathering" ? ["gathering", ""] : state === "complete" ? ["gathered", ""] : undefined;
    case "signaling_state_change":
      return state === "stable" ? ["described", ""] : undefined;
    case "connection_state_change":
      return state === "connected" ? ["connected", ""] : undefined;
    case "ice_connection_state_change":
      return typeof state === "string" ? ["ice", state] : undefined;
    case "dtls_state_change":
      return state === "failed" ? ["dtls_failed", ""] : undefined;
    case "first_media":
      return ["first_media", ""];
    case "network_change":
      return typeof type === "string" ? ["network", type] : undefined;
    case "track_unmute":
    case "track_mute":
    case "track_ended":
    case "remove_track":
      if (direction !== "inbound" || typeof id !== "string") return undefined;
      return [kind === "track_unmute" ? "track_live" : "track_gone", id];
    default:
      return undefined;
  }
}
