/** What events of a connection tell its analysis (`crates/wire/src/notice.rs`). */

import type { Noticed } from "./engine/index.ts";

/** What an event tells, and of what; nothing where it tells nothing. */
export function noticeOf(kind: string, payload: { state?: unknown; direction?: unknown; id?: unknown; type?: unknown; kind?: unknown; streams?: unknown; early?: unknown }): [Noticed, string] | undefined {
  const { state, direction, id, type, streams, early } = payload;
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
    case "track":
      // Without a stream it may be a transceiver opened in advance; that of Jitsi's bridge carries nothing.
      if (direction !== "inbound" || typeof id !== "string" || !Array.isArray(streams) || !streams[0] || streams[0] === "mixedmslabel") return undefined;
      return payload.kind === "audio" ? ["agreed_audio", id] : payload.kind === "video" ? ["agreed_video", id] : undefined;
    case "sip_progress":
      return early === true ? ["ringing", ""] : undefined;
    case "sip_answer":
      return ["answered", ""];
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
