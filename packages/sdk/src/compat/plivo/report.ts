/** The user's opinion goes to Sidetone: with the call's measurements, or alone where the call is not measured. */

import { Sidetone } from "../../client.ts";
import type { Call } from "../../phone/api.ts";
import type { Feedback } from "./feedback.ts";
import type { Settings } from "./options.ts";
import { qualityOptions } from "./phone-options.ts";

export async function sendFeedback(call: Call, user: string, { score, issues, comment, log }: Feedback & { readonly log: string | undefined }, settings: Settings): Promise<void> {
  const { tracking, sidetone } = settings;
  const told = { score, issues, ...(comment !== undefined && { comment }), ...(log !== undefined && { log }) };
  if (tracking.remote) return call.feedback(told);
  if (!sidetone) return;
  const client = new Sidetone({ ...qualityOptions(settings, true), conferenceId: call.uuid, userId: user });
  client.event("feedback", { overall: score, issues, ...(comment !== undefined && { comment }) });
  if (log !== undefined) client.event("log", { level: "log", message: log });
  await client.stop();
}
