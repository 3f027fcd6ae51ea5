/** Why something ended or failed: made from what SIP said, or from what happened here. */

import type { Cause } from "./api.ts";
import { NO_HEADERS, parseHeaders, parseReason } from "./headers.ts";

/** The message that ended it, as far as this needs it. */
interface Message {
  readonly data: string;
  readonly status_code?: number;
  readonly reason_phrase?: string;
}

export function causeOf(cause: string, originator: Cause["originator"], message?: Message | null, status?: number): Cause {
  const headers = message ? parseHeaders(message.data) : NO_HEADERS;
  const code = message?.status_code ?? status;
  const reason = parseReason(headers.get("Reason"));
  return {
    cause,
    originator,
    ...(code !== undefined && { status: code }),
    ...(message?.reason_phrase !== undefined && { phrase: message.reason_phrase }),
    ...(reason && { reason }),
    headers,
  };
}
