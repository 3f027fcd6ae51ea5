/** The user's opinion goes to Sidetone: with the call's measurements, or alone where the call is not measured. */

import { Sidetone } from "../../client.ts";
import type { CallSession } from "./call-session.ts";
import type { Feedback } from "./feedback.ts";
import type { Settings } from "./options.ts";
import { qualityOptions } from "./phone-options.ts";

/** Who told of a call that is not measured. Another opinion of it goes on where the first ended. */
const tellers = new WeakMap<CallSession, Sidetone>();

export async function sendFeedback(call: CallSession, { score, issues, comment, log }: Feedback & { readonly log: string | undefined }, settings: Settings): Promise<void> {
  const { tracking, sidetone } = settings;
  const { session, user } = call;
  if (tracking.remote) return session.feedback({ score, issues, ...(comment !== undefined && { comment }), ...(log !== undefined && { log }) });
  if (!sidetone) return;
  const { uuid: conferenceId, participantId } = session;
  const before = tellers.get(call);
  const teller = before ?? new Sidetone({ ...qualityOptions(settings, true), conferenceId, userId: user, ...(participantId !== undefined && { participantId }) });
  tellers.set(call, teller);
  const tell = (kind: string, payload: object) => (before ? teller.afterwards(kind, payload) : teller.event(kind, payload));
  await tell("feedback", { overall: score, issues, ...(comment !== undefined && { comment }) });
  if (log !== undefined) await tell("log", { level: "log", message: log });
  await teller.stop();
}
