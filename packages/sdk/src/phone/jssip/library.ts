/**
 * The doors to JsSIP. It is used for SIP's grammar, transactions, dialogs and the first INVITE; this folder does what it lacks: keep-alive,
 * a registration that comes back, re-INVITEs both ways with glare (RFC 3261 §14), and requests in a dialog that do not end the call when
 * the socket is gone. Nothing outside of this folder knows it.
 */

/// <reference path="./jssip.d.ts" />

import type SIPMessageModule from "jssip/lib/SIPMessage.js";
import SIPMessage from "jssip/lib/SIPMessage.js";

export { default as DigestAuthentication } from "jssip/lib/DigestAuthentication.js";
export type { Challenge } from "jssip/lib/DigestAuthentication.js";
export { default as RTCSession } from "jssip/lib/RTCSession.js";
export { default as RequestSender } from "jssip/lib/RequestSender.js";
export { default as UA } from "jssip/lib/UA.js";
export { default as URI } from "jssip/lib/URI.js";
export { default as Utils } from "jssip/lib/Utils.js";
export { default as WebSocketInterface } from "jssip/lib/WebSocketInterface.js";

export const OutgoingRequest = SIPMessage.OutgoingRequest;
export type OutgoingRequest = InstanceType<typeof SIPMessageModule.OutgoingRequest>;
export type IncomingRequest = InstanceType<typeof SIPMessageModule.IncomingRequest>;
export type IncomingResponse = InstanceType<typeof SIPMessageModule.IncomingResponse>;
