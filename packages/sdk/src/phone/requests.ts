/** What is said within a call: keys, information and messages, and what became of each. */

import { Turns } from "../turns.ts";
import type { CallEventMap } from "./api.ts";
import { type DtmfBy, sendTones } from "./dtmf.ts";
import { headerLines, parseHeaders } from "./headers.ts";
import type { Reply } from "./jssip/request.ts";
import type { Session } from "./jssip/session.ts";

export interface RequestsPort {
  /** Absent before the INVITE, and once the call is over. */
  readonly session: Session | undefined;
  readonly peerConnection: RTCPeerConnection | undefined;
  emit<Name extends "dtmf" | "info">(name: Name, event: CallEventMap[Name]): void;
  /** The tone of that key is to be heard here. */
  onKey(tone: string): void;
}

export class Requests {
  readonly #keys = new Turns();

  constructor(private readonly port: RequestsPort) {}

  /** Keys that are asked for while others are sent come after them: a browser forgets those that it has not begun with. */
  sendDtmf(tones: string, how: { readonly by?: DtmfBy; readonly durationMs?: number; readonly gapMs?: number }): Promise<void> {
    return this.#keys.take(() => this.#sendTones(tones, how));
  }

  async #sendTones(tones: string, how: Parameters<Requests["sendDtmf"]>[1]): Promise<void> {
    const { peerConnection } = this.port;
    await sendTones(tones, {
      sender: peerConnection?.getSenders().find(({ track }) => track?.kind === "audio")?.dtmf ?? undefined,
      info: (body) => this.#send("INFO", ["Content-Type: application/dtmf-relay"], body),
      onTone: (tone, durationMs) => {
        this.port.onKey(tone);
        this.port.emit("dtmf", { tone, durationMs, originator: "local" });
      },
    }, how);
  }

  async sendInfo(contentType: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const lines = headerLines({ "Content-Type": contentType, ...headers });
    this.port.emit("info", { contentType, body, headers: parseHeaders(["INFO", ...lines, "", ""].join("\r\n")), originator: "local" });
    accepted(await this.#send("INFO", lines, body));
  }

  async sendMessage(text: string): Promise<void> {
    accepted(await this.#send("MESSAGE", ["Content-Type: text/plain;charset=UTF-8"], text));
  }

  /** Offers anew. */
  async reinvite(sdp: string): Promise<Reply> {
    return this.#judge(await this.#session.reinvite(sdp));
  }

  async #send(method: string, headers: readonly string[], body: string): Promise<Reply> {
    return this.#judge(await this.#session.request(method, headers, body));
  }

  get #session(): Session {
    const { session } = this.port;
    if (!session) throw new Error("the call has ended");
    return session;
  }

  /** The other side does not know the call any more (RFC 3261 §12.2.1.2): then there is none. */
  #judge(reply: Reply): Reply {
    if (reply.response?.status_code === 481) this.port.session?.abandon("Dialog Error");
    return reply;
  }
}

/** Throws for what was not accepted. */
function accepted(reply: Reply): void {
  if (!reply.response) throw new Error(reply.cause);
  if (reply.response.status_code >= 300) throw new Error(`${reply.response.status_code} ${reply.response.reason_phrase}`);
}
