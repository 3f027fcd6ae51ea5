/** Requests of ours, each with one outcome: a final response, or none. */

import { type IncomingResponse, type OutgoingRequest, RequestSender, type RTCSession, type UA } from "./library.ts";

export type Reply = { readonly response: IncomingResponse } | { readonly response?: undefined; readonly cause: "Request Timeout" | "Connection Error" };

/** RFC 3261 §17.1: timers B and F. A re-INVITE that was answered by 100 alone waits no longer either. */
const FINAL_LIMIT_MS = 32_000;

interface SendOptions {
  /** Called for each 2xx to an INVITE, which comes again until it is acknowledged. */
  readonly onSuccess?: (response: IncomingResponse) => void;
  /** The request went out again with credentials and a CSeq of its own. */
  readonly onAuthenticated?: () => void;
}

/** Sends a request; resolves with what came of it, and never rejects. */
export function send(ua: UA, request: OutgoingRequest, { onSuccess, onAuthenticated }: SendOptions = {}): Promise<Reply> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => settle({ cause: "Request Timeout" }), FINAL_LIMIT_MS);
    const settle = (reply: Reply) => {
      clearTimeout(limit);
      resolve(reply);
    };
    const sender = new RequestSender(ua, request, {
      onRequestTimeout: () => settle({ cause: "Request Timeout" }),
      onTransportError: () => settle({ cause: "Connection Error" }),
      onAuthenticated: () => onAuthenticated?.(),
      onReceiveResponse: (response) => {
        if (response.status_code < 200) return;
        if (response.status_code < 300) onSuccess?.(response);
        settle({ response });
      },
    });
    sender.send();
  });
}

/** Sends a request within a call, also an early one. What becomes of the call is not decided here. */
export async function sendWithin(ua: UA, session: RTCSession, method: string, headers: readonly string[], body?: string): Promise<Reply> {
  const dialog = session._dialog ?? Object.values(session._earlyDialogs)[0];
  if (!dialog) return { cause: "Connection Error" };
  const request = dialog._createRequest(method, [...headers, `Contact: ${session.contact}`], body);
  const isInvite = method === "INVITE";
  if (isInvite) dialog.uac_pending_reply = true;
  const reply = await send(ua, request, {
    onAuthenticated: () => {
      dialog._local_seqnum += 1;
      if (isInvite) dialog._outgoing_ack_seqnum = dialog._local_seqnum;
    },
    onSuccess: (response) => {
      if (!isInvite) return;
      // The other side may be reached elsewhere from now on: RFC 3261 §12.2.1.2.
      const target = response.parseHeader("contact");
      if (target) dialog._remote_target = target.uri;
      dialog.sendRequest("ACK");
    },
  });
  if (isInvite) dialog.uac_pending_reply = false;
  return reply;
}
