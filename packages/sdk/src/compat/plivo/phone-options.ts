/** What the phone is made of, by Plivo's options. */

import type { PhoneOptions, QualityOptions } from "../../phone/api.ts";
import { turnServers } from "../../phone/turn.ts";
import type { Settings } from "./options.ts";

/** The version of Plivo's SDK whose API this is. */
export const VERSION = "2.2.21";

/** Where this script came from, if it is a script of a page: Sidetone, with its SIP server and its engine. */
const SCRIPT_URL = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src;
const ORIGIN = new URL(SCRIPT_URL || (globalThis.location?.href ?? "http://localhost")).origin;

export function phoneOptions(settings: Settings): PhoneOptions {
  const { sipDomain, tracking, sidetone } = settings;
  return {
    servers: settings.servers ?? `${ORIGIN.replace(/^http/, "ws")}/sip`,
    ...(sipDomain !== undefined && { domain: sipDomain }),
    registrationSeconds: settings.registrationSeconds,
    autoRegister: settings.autoRegister,
    userAgent: `plivo-browser-sdk ${VERSION} (Sidetone)`,
    iceServers: settings.iceServers ?? turnServers(qualityOptions(settings, true)),
    codecs: settings.codecs,
    maxAverageBitrate: settings.maxAverageBitrate,
    dscp: settings.dscp,
    multipleCalls: settings.multipleCalls,
    closeProtection: settings.closeProtection,
    // Its reference: announcements before the answer are heard by those who switch the tone off.
    ringbackUntilAnswer: true,
    assetsUrl: `${sidetone?.url ?? ORIGIN}/sdk/`,
    audio: Object.keys(settings.audioConstraints).length > 0 ? settings.audioConstraints : true,
    ...((tracking.local || tracking.remote) && { quality: qualityOptions(settings, tracking.remote) }),
  };
}

/** How calls are measured; where nothing is to be sent, or nobody said where to, for the page alone. */
export function qualityOptions({ sidetone = {}, preset }: Settings, isSent: boolean): QualityOptions {
  const { url = ORIGIN, secret, token, engineUrl } = sidetone;
  const hasCredentials = secret !== undefined || token !== undefined;
  return {
    url,
    ...(engineUrl !== undefined && { engineUrl }),
    ...(secret !== undefined && { secret }),
    ...(token !== undefined && { token }),
    preset,
    ...(!(isSent && hasCredentials) && { upload: false }),
  };
}
