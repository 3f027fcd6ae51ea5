/** The user's opinion of a call: what may be given, and how it is told. */

/** What may be wrong with a call, and its name at Sidetone. */
const ISSUES: Readonly<Record<string, string>> = {
  AUDIO_LAG: "audio_lag",
  BROKEN_AUDIO: "broken_audio",
  CALL_DROPPED: "call_dropped",
  // As Plivo's reference spells it.
  CALL_DROPPPED: "call_dropped",
  CALLERID_ISSUES: "callerid_issue",
  DIGITS_NOT_CAPTURED: "digits_not_captured",
  ECHO: "echo",
  HIGH_CONNECT_TIME: "high_connect_time",
  LOW_AUDIO_LEVEL: "low_audio_level",
  ONE_WAY_AUDIO: "one_way_audio",
  ROBOTIC_AUDIO: "robotic_audio",
  OTHERS: "others",
};
const LISTED = Object.keys(ISSUES).filter((name) => name !== "CALL_DROPPPED");
const NOTE_CHARACTERS_MAX = 280;

export interface Feedback {
  readonly score: number;
  readonly issues: readonly string[];
  readonly comment: string | undefined;
}

/** The feedback, or the words that it is refused with: Plivo's, spelling included. */
export function feedbackOf(callUUID: unknown, starRating: unknown, issues: unknown, note: unknown): Feedback | string {
  if (!callUUID) return "callUUID is mandatory";
  if (!starRating) return "Star rating is Mandatory";
  const score = Number(starRating);
  if (!(score > 0 && score <= 5)) return "score should be from 1-5 range";
  if (typeof note === "string" && note.length > NOTE_CHARACTERS_MAX) return "Maximum length for note is 280 charecters";
  const given = issues ?? [];
  if (!Array.isArray(given)) return "Attribute issues should be an array";
  const known = given.flatMap((issue) => ISSUES[String(issue).trim().toUpperCase()] ?? []);
  if (score !== 5 && given.length === 0) return "Atleast one issue is mandatory for feedback";
  if (score !== 5 && known.length === 0) return `Issues must be from the predefined list of issues - ${LISTED.join()}`;
  return { score, issues: [...new Set(known)], comment: typeof note === "string" && note !== "" ? note : undefined };
}
