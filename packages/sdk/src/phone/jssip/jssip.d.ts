/** What this folder uses of JsSIP 3.13, of which its own typings know little. */

declare module "jssip/lib/URI.js" {
  export default class URI {
    static parse(text: string): URI | undefined;
    readonly scheme: string;
    readonly user: string | null;
    readonly host: string;
    clone(): URI;
    clearParams(): void;
    clearHeaders(): void;
    hasHeader(name: string): boolean;
    getHeader(name: string): readonly string[];
    toString(): string;
  }
}

declare module "jssip/lib/Utils.js" {
  import type URI from "jssip/lib/URI.js";
  const Utils: {
    normalizeTarget(target: string | URI, domain: string): URI | undefined;
    newTag(): string;
    createRandomToken(size: number): string;
    sipErrorCause(status: number): string;
    calculateMD5(text: string): string;
  };
  export default Utils;
}

declare module "jssip/lib/SIPMessage.js" {
  import type UA from "jssip/lib/UA.js";
  import type URI from "jssip/lib/URI.js";

  interface NameAddress {
    readonly uri: URI;
    readonly display_name: string | null;
    getParam(name: string): string | null | undefined;
    hasParam(name: string): boolean;
    setParam(name: string, value: string): void;
    toString(): string;
  }
  interface Via {
    readonly host: string;
    readonly received?: string;
    readonly rport?: number;
  }
  class IncomingMessage {
    readonly data: string;
    readonly method: string;
    readonly call_id: string;
    readonly cseq: number;
    readonly from: NameAddress;
    readonly from_tag: string;
    readonly to: NameAddress;
    readonly to_tag: string | null;
    readonly via: Via | null;
    readonly body: string | null;
    readonly headers: Readonly<Record<string, readonly { readonly raw: string; readonly parsed?: readonly NameAddress[] }[]>>;
    getHeader(name: string): string | undefined;
    hasHeader(name: string): boolean;
    parseHeader(name: "contact"): NameAddress | undefined;
  }
  export class IncomingRequest extends IncomingMessage {
    readonly ruri: URI;
    readonly event?: { readonly event: string };
    readonly refer_to?: NameAddress;
    reply(status: number, phrase?: string | null, headers?: readonly string[] | null, body?: string | null, onSuccess?: () => void, onFailure?: () => void): void;
  }
  export class IncomingResponse extends IncomingMessage {
    readonly status_code: number;
    readonly reason_phrase: string;
    setHeader(name: string, value: string): void;
  }
  export class OutgoingRequest {
    constructor(
      method: string,
      target: URI,
      ua: UA,
      parameters: { to_uri?: URI; call_id?: string; cseq?: number; from_tag?: string; route_set?: readonly string[] } | null,
      headers: readonly string[],
      body?: string,
    );
    call_id: string;
    cseq: number;
    to: NameAddress;
    readonly from: NameAddress;
    readonly ruri: URI;
    getHeader(name: string): string | undefined;
    getHeaders(name: string): readonly string[];
    setHeader(name: string, value: string): void;
  }
  const SIPMessage: { readonly OutgoingRequest: typeof OutgoingRequest; readonly IncomingRequest: typeof IncomingRequest; readonly IncomingResponse: typeof IncomingResponse };
  export default SIPMessage;
}

declare module "jssip/lib/RequestSender.js" {
  import type { IncomingResponse, OutgoingRequest } from "jssip/lib/SIPMessage.js";
  import type UA from "jssip/lib/UA.js";
  export default class RequestSender {
    constructor(
      ua: UA,
      request: OutgoingRequest,
      handlers: { onRequestTimeout(): void; onTransportError(): void; onReceiveResponse(response: IncomingResponse): void; onAuthenticated?(request: OutgoingRequest): void },
    );
    send(): void;
    _receiveResponse(response: IncomingResponse): void;
  }
}

declare module "jssip/lib/DigestAuthentication.js" {
  import type URI from "jssip/lib/URI.js";

  export interface Challenge {
    readonly algorithm?: string;
    readonly realm?: string;
    readonly nonce?: string;
    readonly opaque?: string;
    readonly qop?: readonly string[];
  }
  export default class DigestAuthentication {
    constructor(credentials: { readonly username: string; readonly password: string | null; readonly realm: string | null; readonly ha1: string | null });
    readonly _credentials: { readonly username: string; readonly password: string | null; readonly realm: string | null; readonly ha1: string | null };
    get(parameter: "ha1" | "realm"): string;
    authenticate(request: { readonly method: string; readonly ruri: URI | string }, challenge: Challenge, cnonce?: string): boolean;
    toString(): string;
  }
}

declare module "jssip/lib/WebSocketInterface.js" {
  export default class WebSocketInterface {
    constructor(url: string);
    readonly url: string;
    ondisconnect(error: boolean, code?: number, reason?: string): void;
    connect(): void;
    disconnect(): void;
    isConnected(): boolean | null;
    isConnecting(): boolean | null;
    _onOpen(): void;
    _onClose(event: CloseEvent): void;
    _onMessage(event: MessageEvent): void;
  }
}

declare module "jssip/lib/UA.js" {
  import type RTCSession from "jssip/lib/RTCSession.js";
  import type { IncomingRequest, IncomingResponse, OutgoingRequest } from "jssip/lib/SIPMessage.js";
  import type WebSocketInterface from "jssip/lib/WebSocketInterface.js";
  import type URI from "jssip/lib/URI.js";

  interface Transport {
    readonly url: string;
    readonly socket: WebSocketInterface;
    recovery_timer: ReturnType<typeof setTimeout> | null;
    isConnected(): boolean;
    isConnecting(): boolean;
    connect(): void;
    send(request: OutgoingRequest): boolean;
    _getSocket(): void;
  }
  interface Configuration {
    readonly uri: URI;
    readonly registrar_server: URI;
    readonly instance_id: string;
  }
  export interface UAEventMap {
    connected: unknown;
    disconnected: { readonly error: boolean; readonly code?: number; readonly reason?: string };
    newRTCSession: { readonly originator: "local" | "remote"; readonly session: RTCSession; readonly request: IncomingRequest | OutgoingRequest };
    newMessage: { readonly originator: "local" | "remote"; readonly message: { reject(options: { status_code: number }): void }; readonly request: IncomingRequest };
  }
  export default class UA {
    constructor(configuration: Readonly<Record<string, unknown>>);
    readonly configuration: Configuration;
    readonly transport: Transport;
    readonly contact: { pub_gruu: string | null; temp_gruu: string | null; readonly uri: URI; toString(options?: { outbound?: boolean }): string };
    set(name: "extra_headers" | "display_name" | "password", value: unknown): boolean;
    on<Name extends keyof UAEventMap>(name: Name, handler: (event: UAEventMap[Name]) => void): void;
    start(): void;
    stop(): void;
    isConnected(): boolean;
  }
}

declare module "jssip/lib/RTCSession.js" {
  import type { IncomingRequest, IncomingResponse, OutgoingRequest } from "jssip/lib/SIPMessage.js";
  import type UA from "jssip/lib/UA.js";
  import type URI from "jssip/lib/URI.js";

  interface Dialog {
    readonly id: { readonly call_id: string; readonly local_tag: string; readonly remote_tag: string };
    _local_seqnum: number;
    _outgoing_ack_seqnum: number | null;
    _remote_target: URI;
    uac_pending_reply: boolean;
    sendRequest(method: string, options?: { extraHeaders?: readonly string[] }): OutgoingRequest;
    _createRequest(method: string, headers: readonly string[], body: string | undefined): OutgoingRequest;
  }
  interface Ending {
    readonly originator: "local" | "remote" | "system";
    readonly message: IncomingRequest | IncomingResponse | string | null;
    readonly cause: string;
  }
  export interface RTCSessionEventMap {
    peerconnection: { readonly peerconnection: RTCPeerConnection };
    icecandidate: { ready(): void };
    sdp: { readonly originator: "local" | "remote"; readonly type: "offer" | "answer"; sdp: string };
    sending: { readonly request: OutgoingRequest };
    progress: { readonly originator: "local" | "remote"; readonly response: IncomingResponse | null };
    accepted: { readonly originator: "local" | "remote"; readonly response: IncomingResponse | null };
    confirmed: unknown;
    ended: Ending;
    failed: Ending;
    newDTMF: { readonly originator: "local" | "remote"; readonly dtmf: { readonly tone: string; readonly duration: number } };
    newInfo: { readonly originator: "local" | "remote"; readonly info: { readonly contentType: string; readonly body: string | null }; readonly request: IncomingRequest };
  }
  interface AnswerOptions {
    extraHeaders?: readonly string[];
    mediaStream: MediaStream;
    pcConfig: RTCConfiguration;
    rtcOfferConstraints?: RTCOfferOptions;
  }
  export default class RTCSession {
    constructor(ua: UA);
    /** States in {@link RTCSession.C}. */
    _status: number;
    static readonly C: { readonly STATUS_WAITING_FOR_ANSWER: number; readonly STATUS_WAITING_FOR_ACK: number; readonly STATUS_CONFIRMED: number };
    _id: string;
    _from_tag: string;
    readonly _request: IncomingRequest & OutgoingRequest;
    readonly _dialog: Dialog | undefined | null;
    readonly _earlyDialogs: Readonly<Record<string, Dialog>>;
    readonly _timers: { readonly ackTimer: ReturnType<typeof setTimeout> | null; readonly invite2xxTimer: ReturnType<typeof setTimeout> | null };
    readonly contact: string;
    readonly direction: "incoming" | "outgoing";
    readonly remote_identity: { readonly uri: URI; readonly display_name: string | null };
    on<Name extends keyof RTCSessionEventMap>(name: Name, handler: (event: RTCSessionEventMap[Name]) => void): void;
    connect(target: string | URI, options: AnswerOptions, onRequest: (session: RTCSession) => void): void;
    init_incoming(request: IncomingRequest): void;
    answer(options: AnswerOptions): void;
    terminate(options?: { cause?: string; status_code?: number; reason_phrase?: string; extraHeaders?: readonly string[] }): void;
    isEnded(): boolean;
    receiveRequest(request: IncomingRequest): void;
    onTransportError(): void;
    onRequestTimeout(): void;
    _receiveInviteResponse(response: IncomingResponse): void;
    _failed(originator: "local" | "remote" | "system", message: null, cause: string): void;
    _ended(originator: "local" | "remote" | "system", message: null, cause: string): void;
    _setInvite2xxTimer(request: IncomingRequest, body: string): void;
    _setACKTimer(): void;
  }
}
