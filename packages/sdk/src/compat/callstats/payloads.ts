/** What pages hand over about a call, as the payloads of Sidetone's events. */

import { cutLog, refuse, user } from "./answer.ts";

export type Payload = Record<string, unknown>;

/** Names of callstats that are others here. */
const CALL_DETAILS: Readonly<Record<string, string>> = {
  contactQueue: "contact_queue",
  contactQueueID: "contact_queue_id",
  routingProfile: "routing_profile",
  routingProfileID: "routing_profile_id",
  contactID: "contact_id",
  originalContactID: "original_contact_id",
  acceptedTimestamp: "accepted_ms",
  connectedTimestamp: "connected_ms",
};

/** A person's scores, checked, and their comment. */
export function feedback(given: Payload): Payload {
  const scores: Payload = {};
  for (const name of ["overall", "audio", "video", "screen"]) {
    const score = given[name] === undefined || given[name] === null ? undefined : Number(given[name]);
    if (score === undefined) continue;
    if (!Number.isInteger(score) || score < 1 || score > 5) refuse(`${name} is ${String(given[name])}, a score is 1, 2, 3, 4 or 5`);
    scores[name] = score;
  }
  const comment = given["comment"] === undefined || given["comment"] === null ? {} : { comment: cutLog(String(given["comment"])).text };
  const who = given["userID"] === undefined || given["userID"] === null ? {} : { user_id: user("userID", given["userID"]).id };
  return { ...who, ...scores, ...comment };
}

/** What a contact centre knows of a call. */
export function callDetails(given: Payload): Payload {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [CALL_DETAILS[name] ?? name, value]));
}

/** An event of the app's own: its kind here, and its payload. */
export function customEvent(event: unknown): readonly ["conference_summary" | "custom", Payload] {
  const { type, ...value } = (typeof event === "object" && event !== null ? event : { value: event }) as Payload;
  if (type !== "conferenceSummary") return ["custom", { name: type, value }];
  const { pstnTime, ringingTime, contactID, isCallForwarded, ...rest } = value;
  return ["conference_summary", { pstn_time: pstnTime, ringing_time: ringingTime, contact_id: contactID, is_call_forwarded: isCallForwarded, ...rest }];
}

/** What an app's error says of itself. */
export function described(error: unknown): { readonly error?: string; readonly message?: string; readonly stack?: string } {
  if (error === undefined || error === null) return {};
  if (typeof error !== "object") return { message: String(error) };
  const { name, constraintName, message, stack } = error as { name?: unknown; constraintName?: unknown; message?: unknown; stack?: unknown };
  const told = name ?? constraintName;
  // An object of the app's own.
  if ([told, message, stack].every((value) => value === undefined)) return { message: JSON.stringify(error) };
  return {
    ...(told !== undefined && { error: String(told) }),
    ...(message !== undefined && { message: String(message) }),
    ...(stack !== undefined && { stack: cutLog(String(stack)).text }),
  };
}

/** The descriptions of both ends, of those that were given. */
export function descriptions(local: unknown, remote: unknown): Payload {
  return { ...(local ? { local_sdp: sdpText(local) } : {}), ...(remote ? { remote_sdp: sdpText(remote) } : {}) };
}

function sdpText(sdp: unknown): string {
  return typeof sdp === "object" && sdp !== null && "sdp" in sdp ? String((sdp as { sdp: unknown }).sdp) : String(sdp);
}
