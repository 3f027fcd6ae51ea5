/** Session descriptions (RFC 8866): what is wished for in those that are sent, and what is put right in those that come. */

export interface SdpWishes {
  readonly codecs: readonly string[] | undefined;
  readonly maxAverageBitrate: number | undefined;
  /** The picture that is sent is a screen. */
  readonly isScreen?: boolean;
}

export function editSdp(sdp: string, { codecs, maxAverageBitrate, isScreen }: SdpWishes): string {
  return sections(sdp)
    .map((section) => {
      if (isScreen && sendsVideo(section)) return `${section}a=content:slides\r\n`;
      if (!section.startsWith("m=audio ")) return section;
      const chosen = foolproof(codecs ? chooseCodecs(section, codecs) : withoutIdleRed(section));
      return maxAverageBitrate === undefined ? chosen : limitOpus(chosen, maxAverageBitrate);
    })
    .join("");
}

/**
 * As browsers take it. Plivo's Browser SDK 2.2.21 ends some lines of its offers by `\r\r\r\n`, and takes payload types out of the `m=` line but leaves
 * what belongs to them.
 */
export function mendSdp(sdp: string): string {
  return sections(sdp.replace(/\r*\n/g, "\r\n"))
    .map((section) => {
      if (!section.startsWith("m=")) return section;
      const [first = "", ...lines] = section.split("\r\n");
      return [first, ...linesOf(first.split(" ").slice(3), lines)].join("\r\n");
    })
    .join("");
}

/** Whether the first audio stream is on hold by its sender, and none is active: RFC 3264 §8.4. */
export function isHolding(sdp: string): boolean {
  const [session = "", ...media] = sections(sdp);
  const directions = media
    .filter((section) => /^m=(audio|video) (?!0 )/.test(section))
    .map((section) => direction(section) ?? direction(session) ?? "sendrecv");
  return directions.length > 0 && directions.every((held) => held === "sendonly" || held === "inactive");
}

/** Whether the one who describes sends a picture. */
export function showsVideo(sdp: string): boolean {
  return sections(sdp).some(sendsVideo);
}

/** Whether that picture is a screen (`slides` of RFC 4796); nothing where there is none. */
export function showsScreen(sdp: string): boolean | undefined {
  const pictures = sections(sdp).filter(sendsVideo);
  return pictures.length === 0 ? undefined : pictures.some((section) => /^a=content:.*\bslides\b/m.test(section));
}

/** A port of 0 is no stream (RFC 3264 §6). */
function sendsVideo(section: string): boolean {
  return /^m=video (?!0[ /])/.test(section) && !["recvonly", "inactive"].includes(direction(section) ?? "");
}

/** The lines before the first `m=`, then each media section. */
function sections(sdp: string): string[] {
  return sdp.split(/(?=^m=)/m);
}

function direction(section: string): string | undefined {
  return /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(section)?.[1];
}

/** Keeps these codecs in this order, and telephone-event; what belongs to others goes. Where none is offered, the section stays as it is. */
function chooseCodecs(section: string, codecs: readonly string[]): string {
  const [first = "", ...lines] = section.split("\r\n");
  const [media, port, protocol, ...payloads] = first.split(" ");
  const names = new Map(payloads.map((payload) => [payload, codecName(payload, lines)]));
  const chosen = codecs.flatMap((codec) => payloads.filter((payload) => names.get(payload) === codec.toLowerCase()));
  if (chosen.length === 0) return section;
  const clocks = new Set(chosen.map((payload) => clockRate(payload, lines)));
  // A telephone-event has the clock of the codec that it stands in for (RFC 4733 §2.1).
  const events = payloads.filter((payload) => names.get(payload) === "telephone-event");
  const matching = events.filter((payload) => clocks.has(clockRate(payload, lines)));
  const kept = [...chosen, ...(matching.length > 0 ? matching : events)];
  return [[media, port, protocol, ...kept].join(" "), ...linesOf(kept, lines)].join("\r\n");
}

/** Redundancy (RFC 2198) is sent by who prefers it: below another codec it is never used. */
function withoutIdleRed(section: string): string {
  const [first = "", ...lines] = section.split("\r\n");
  const [media, port, protocol, ...payloads] = first.split(" ");
  const kept = payloads.filter((payload, index) => index === 0 || codecName(payload, lines) !== "red");
  return [[media, port, protocol, ...kept].join(" "), ...linesOf(kept, lines)].join("\r\n");
}

/** Codecs that Plivo's Browser SDK takes out of offers. */
const TAKEN_OUT = ["g722", "pcma", "isac", "cn"];

/**
 * Says the same in such a way that Plivo's Browser SDK 2.2.21 does not spoil it for its own browser. It takes all payload types but those of Opus and
 * PCMU out of the `m=` line. Chromium forgives the `rtpmap` of one that is not there, but no `fmtp`: that of telephone-event goes where it says what
 * its absence says, too (RFC 4733). And each line that the client takes out adds its `\r` to the line before, which must not be one that ends in a
 * number and counts: so what it takes out stands last, below telephone-event. The order of attributes means nothing.
 */
function foolproof(section: string): string {
  const lines = section.split("\r\n");
  const payloadOf = (line: string) => ATTRIBUTE.exec(line)?.[1];
  const rank = (line: string) => {
    const name = codecName(payloadOf(line)!, lines) ?? "";
    return TAKEN_OUT.includes(name) ? 2 : name === "telephone-event" ? 1 : 0;
  };
  const isIdle = (line: string) => /^a=fmtp:\d+ 0-15$/.test(line) && rank(line) === 1;
  const ofCodecs = lines.filter((line) => payloadOf(line) !== undefined && !isIdle(line)).sort((one, other) => rank(one) - rank(other));
  const at = lines.findIndex((line) => payloadOf(line) !== undefined);
  return lines.flatMap((line, index) => (index === at ? ofCodecs : payloadOf(line) === undefined ? [line] : [])).join("\r\n");
}

/** A line that belongs to a payload type. */
const ATTRIBUTE = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /;

/** Without the lines that belong to other payload types. */
function linesOf(payloads: readonly string[], lines: readonly string[]): string[] {
  return lines.filter((line) => {
    const payload = ATTRIBUTE.exec(line)?.[1];
    return payload === undefined || payloads.includes(payload);
  });
}

/** Payload types that may come without `rtpmap` (RFC 3551 §6). */
const STATIC: Readonly<Record<string, string>> = { 0: "pcmu", 8: "pcma", 9: "g722", 13: "cn" };

function codecName(payload: string, lines: readonly string[]): string | undefined {
  return rtpmap(payload, lines)?.[1]?.toLowerCase() ?? STATIC[payload];
}

function clockRate(payload: string, lines: readonly string[]): string {
  return rtpmap(payload, lines)?.[2] ?? "8000";
}

function rtpmap(payload: string, lines: readonly string[]): RegExpExecArray | undefined {
  for (const line of lines) {
    const found = new RegExp(`^a=rtpmap:${payload} ([^/]+)/(\\d+)`).exec(line);
    if (found) return found;
  }
  return undefined;
}

/** RFC 7587 §6.1. */
function limitOpus(section: string, bitrate: number): string {
  const payload = /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
  if (payload === undefined) return section;
  const fmtp = new RegExp(`^a=fmtp:${payload} (.*?)\\r?$`, "m");
  const given = fmtp.exec(section)?.[1];
  if (given === undefined) return section.replace(new RegExp(`^(a=rtpmap:${payload} .*?)\\r?$`, "m"), `$1\r\na=fmtp:${payload} maxaveragebitrate=${bitrate}\r`);
  const parameters = given.split(";").filter((parameter) => !parameter.trim().startsWith("maxaveragebitrate="));
  return section.replace(fmtp, `a=fmtp:${payload} ${[...parameters, `maxaveragebitrate=${bitrate}`].join(";")}\r`);
}
