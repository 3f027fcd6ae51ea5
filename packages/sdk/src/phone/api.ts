/** The public types of the phone: what an app hands in, and what it is told. SIP is RFC 3261, over WebSocket RFC 7118. */

import type { Issue, Options, Tick } from "../api.ts";

/** How a phone is set up. */
export interface PhoneOptions {
  /** WebSocket addresses of the SIP servers, such as `wss://phone.example.com/sip`; of several, those of the highest weight are tried first, in turn. */
  readonly servers: string | readonly (string | ServerAddress)[];
  /** Domain of the addresses of record. Default: the host of the first server. */
  readonly domain?: string;
  /** Seconds that a registration is asked for; 60 to 86 400. Default 120. */
  readonly registrationSeconds?: number;
  /** Register as soon as the socket is open. Default `true`; `false`: {@link Phone.register} does. */
  readonly autoRegister?: boolean;
  /** Value of the User-Agent header. */
  readonly userAgent?: string;
  /**
   * STUN and TURN servers, or a function that is asked before each call and each ICE restart (credentials run out). Default:
   * those of the Sidetone of {@link PhoneOptions.quality}, if it has any.
   */
  readonly iceServers?: readonly RTCIceServer[] | (() => Promise<readonly RTCIceServer[]>);
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** Audio codecs to offer, the preferred first, such as `["opus", "PCMU"]`; `telephone-event` always stays. Default: the browser's. */
  readonly codecs?: readonly string[];
  /** Opus `maxaveragebitrate` in bit/s, 6000 to 510 000 (RFC 7587). Default: not said. */
  readonly maxAverageBitrate?: number;
  /** Send media with high priority (DSCP). Default `true`. */
  readonly dscp?: boolean;
  /** Longest wait for ICE candidates before the offer or answer is sent, in milliseconds. Default 2000. */
  readonly gatheringTimeoutMs?: number;
  /** Time from the answer to connected ICE before {@link CallEventMap.iceTimeout}, in milliseconds. Default 20 000. */
  readonly iceTimeoutMs?: number;
  /** Time a call may ring before it ends, in seconds. Default 60. */
  readonly ringSeconds?: number;
  /** Several calls may ring or be held at the same time; otherwise a second one is answered 486. Default `false`. */
  readonly multipleCalls?: boolean;
  /** The browser asks before a page with a call is closed. Default `false`. */
  readonly closeProtection?: boolean;
  /** Constraints of the microphone. Default `true`. */
  readonly audio?: MediaTrackConstraints | boolean;
  /** RNNoise on the microphone from the start. Default `false`. */
  readonly noiseReduction?: boolean;
  /** Where `denoise.wasm` and `denoise-worklet.js` are. Default: beside the script. */
  readonly assetsUrl?: string;
  /** Header fields of each keep-alive (OPTIONS), asked for before it. */
  readonly keepAliveHeaders?: () => Readonly<Record<string, string>>;
  /** Play the ringback tone until the answer, also where the other side sends sound before it; that sound is heard where the tone is `false`. Default `false`: it takes the tone's place. */
  readonly ringbackUntilAnswer?: boolean;
  /** What is played; a URL instead of our own sound, or `false` for silence. */
  readonly tones?: Partial<Record<ToneName, string | boolean>>;
  /** Measures every call and sends the reports to Sidetone. Who is in which conference the phone knows. Absent: calls are not measured. */
  readonly quality?: QualityOptions;
}

/** How calls are measured. */
export type QualityOptions = Omit<Options, "conferenceId" | "userId" | "participantId">;

export interface ServerAddress {
  readonly url: string;
  readonly weight?: number;
}

/** `connect` is played from when an outgoing call is sent until it rings. */
export type ToneName = "ringing" | "ringback" | "connect" | "dtmf" | "busy";

/** Who registers, and by what. A password or token goes to the SIP server and nowhere else. */
export type Credentials =
  | { readonly user: string; readonly password: string; readonly displayName?: string }
  /** An access token (JSON Web Token); the user is the token's `sub`_`iss`. A function is asked again a minute before `exp`. */
  | { readonly token: string | (() => Promise<string>); readonly user?: string; readonly displayName?: string };

/** Why something ended or failed, by SIP's own words. */
export interface Cause {
  /** JsSIP's cause, such as `Busy`, `Rejected`, `Canceled`, `Terminated`, `User Denied Media Access`. */
  readonly cause: string;
  readonly originator: "local" | "remote" | "system";
  /** Final SIP status, when there was one. */
  readonly status?: number;
  /** Its reason phrase. */
  readonly phrase?: string;
  /** RFC 3326 `Reason` header of the message that ended it. */
  readonly reason?: { readonly protocol: string; readonly code: number; readonly text: string };
  /** Header fields of that message; look up by {@link Headers.get}. */
  readonly headers: Headers;
}

/** Header fields of a SIP message; names without regard to case. */
export interface Headers {
  get(name: string): string | undefined;
  /** In the order received, names as they came. */
  readonly entries: readonly (readonly [name: string, value: string])[];
}

/** Of the socket and the registration. */
export type ConnectionState = "disconnected" | "connecting" | "connected";

export interface PhoneEventMap {
  /** The socket opened, or opened again. */
  connected: { readonly url: string; readonly again: boolean };
  /** The socket was lost or closed; when not by {@link Phone.disconnect}, it is being brought back. */
  disconnected: { readonly code: number | undefined; readonly reason: string; readonly byUs: boolean };
  registered: { readonly headers: Headers; readonly expiresSeconds: number };
  unregistered: { readonly byUs: boolean };
  registrationFailed: Cause;
  /** The token runs out in a minute, or was refused; only for a token that is no function. */
  tokenExpiring: { readonly expiresMs: number };
  /** `replaces`: an attended transfer (RFC 3891); the call is answered at once and takes the place of that one, which then ends. */
  incoming: { readonly call: Call; readonly replaces: Call | undefined };
  /** Of an outgoing call, before its INVITE leaves. */
  outgoing: { readonly call: Call };
  /** An answer to a keep-alive, or none. */
  keepAlive: { readonly ok: boolean; readonly status: number | undefined };
  mediaPermission: { readonly granted: boolean; readonly stream: MediaStream | undefined; readonly error: Error | undefined };
  devices: { readonly added: readonly MediaDeviceInfo[]; readonly removed: readonly MediaDeviceInfo[] };
}

/** Made by `createPhone(options)` of `index.ts`. Registers with SIP servers, places and takes calls. Nothing throws into an event handler's page; what fails is told by an event or a rejected promise. */
export interface Phone {
  readonly connection: ConnectionState;
  readonly isRegistered: boolean;
  /** User part of the address of record; absent before {@link connect}. */
  readonly user: string | undefined;
  /** Calls that have not ended, the oldest first. */
  readonly calls: readonly Call[];
  readonly devices: Devices;
  /** Public address of this side as the server saw it (Via `received`/`rport`, RFC 3581). */
  readonly receivedAddress: { readonly host: string; readonly port: number | undefined } | undefined;
  /** `sip:` URI of this registration. */
  readonly contact: string | undefined;

  /** Opens the socket, and registers unless `autoRegister` is `false`. Resolves when that is done, rejects with a {@link Cause}. */
  connect(credentials: Credentials): Promise<void>;
  /** Ends the calls, takes back the registration, closes the socket. */
  disconnect(): Promise<void>;
  register(headers?: Readonly<Record<string, string>>): Promise<void>;
  unregister(): Promise<void>;
  /** Places a call. Returns at once: what becomes of it is told by the call's events. Throws only for a target that is no address. */
  call(target: string, options?: CallOptions): Call;
  /** Loads ahead of the first call what noise reduction needs. `false`: it cannot be had here. */
  prepareNoiseReduction(): Promise<boolean>;
  /** A SIP MESSAGE outside of a call. */
  sendMessage(target: string, text: string, contentType?: string): Promise<void>;
  /** Any request outside of a dialog, such as OPTIONS; resolves with the final response, whichever it is. */
  request(method: string, target: string, body?: { readonly type: string; readonly text: string }, headers?: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly phrase: string; readonly headers: Headers; readonly body: string }>;

  on<Name extends keyof PhoneEventMap>(name: Name, handler: (event: PhoneEventMap[Name]) => void): () => void;
  /** Undoes everything: calls, socket, timers, listeners, audio elements, captured tracks. */
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly video?: boolean | MediaTrackConstraints;
  readonly audio?: MediaTrackConstraints | boolean;
  /** Already captured; then nothing is asked for, and the tracks stay the app's to stop. */
  readonly stream?: MediaStream;
  readonly headers?: Readonly<Record<string, string>>;
  /** The picture of {@link CallOptions.stream} is a screen; the other side is told so (`slides` of RFC 4796). */
  readonly screen?: boolean;
  /** Start muted. */
  readonly muted?: boolean;
  /** Awaited before each offer and answer is made, for `setCodecPreferences` and the like. One that fails changes nothing. */
  readonly prepare?: (peerConnection: RTCPeerConnection, made: "offer" | "answer") => Promise<void>;
}

/** `new` until the INVITE left or came; `updating` while a re-INVITE of ours is open. Exactly one `ended`. */
export type CallState = "new" | "ringing" | "early" | "answered" | "connected" | "updating" | "ended";

export interface CallEventMap {
  state: { readonly from: CallState; readonly to: CallState };
  /** A provisional answer: 180 class (`early: false`) or one with media (183 with SDP, `early: true`). */
  progress: { readonly status: number; readonly early: boolean; readonly headers: Headers };
  /** The INVITE was answered (2xx, or our answer was sent). */
  answered: { readonly headers: Headers };
  /** ACK was sent or received: the dialog is confirmed. */
  confirmed: object;
  /** ICE reached `connected`, the first time and after each restart. */
  mediaConnected: { readonly restarted: boolean };
  /** ICE reached `completed` (or `connected` with gathering complete); once per ICE generation. */
  iceCompleted: object;
  iceTimeout: object;
  iceState: { readonly state: RTCIceConnectionState };
  gatheringTimeout: { readonly afterMs: number };
  /** Last event of a call. */
  ended: Cause & { readonly answered: boolean };
  hold: { readonly originator: "local" | "remote"; readonly held: boolean };
  mute: { readonly audio: boolean; readonly video: boolean };
  /** A renegotiation ended, ours or theirs. */
  updated: { readonly originator: "local" | "remote"; readonly result: boolean; readonly reason: string | undefined };
  dtmf: { readonly tone: string; readonly durationMs: number; readonly originator: "local" | "remote" };
  info: { readonly contentType: string; readonly body: string; readonly headers: Headers; readonly originator: "local" | "remote" };
  message: { readonly text: string; readonly contentType: string; readonly headers: Headers };
  /** They ask us to call somebody else (REFER); taken unless `reject` is called at once. */
  refer: { readonly target: string; readonly headers: Headers; accept(): Call; reject(status?: number): void };
  /** Progress of our transfer, by NOTIFY (RFC 3515). */
  transfer: { readonly state: "trying" | "accepted" | "failed"; readonly status: number | undefined };
  remoteTrack: { readonly track: MediaStreamTrack; readonly stream: MediaStream; readonly removed: boolean };
  /** What they send as video is a screen from now on, or is none any more: they say so by `a=content:slides` (RFC 4796), as {@link Call.shareScreen} does. */
  remoteScreen: { readonly shown: boolean };
  localStream: { readonly stream: MediaStream };
  /** Levels of microphone and loudspeaker, 0 to 1, at most 20 times a second while someone listens. */
  volume: { readonly input: number; readonly output: number };
  /** The socket was lost in this call (`lost`), and the call was mended by ICE restart (`mended`). */
  network: { readonly change: "lost" | "mended" };
  tick: Tick;
  issueRaised: Issue;
  issueCleared: Issue;
}

/** What a user says of a call. */
export interface Feedback {
  /** 1 to 5. */
  readonly score: number;
  readonly issues?: readonly string[];
  readonly comment?: string;
  /** What the page logged, for those who look into it. */
  readonly log?: string;
}

export interface Call {
  /** SIP Call-ID. */
  readonly id: string;
  /** `X-CallUUID` of the INVITE or its answers, else the Call-ID: the conference's id at Sidetone. */
  readonly uuid: string;
  /** This end of the call at Sidetone, by Call-ID and tag: as Sidetone's SIP server names it too. Absent before the INVITE. */
  readonly participantId: string | undefined;
  readonly direction: "incoming" | "outgoing";
  readonly state: CallState;
  readonly remote: { readonly user: string; readonly uri: string; readonly displayName: string | undefined };
  /** Of the INVITE. */
  readonly headers: Headers;
  /** Another phone of the same user sent it here, by {@link redirect}; it is not rung again. */
  readonly isHandedOver: boolean;
  readonly peerConnection: RTCPeerConnection | undefined;
  readonly localStream: MediaStream | undefined;
  readonly remoteStream: MediaStream | undefined;
  /** The picture that comes is a screen. */
  readonly remoteScreen: boolean;
  /** The INVITE that came has a picture in it: an `m=video` that is sent, with a port that is not 0. */
  readonly offersVideo: boolean;
  readonly isHeld: { readonly local: boolean; readonly remote: boolean };
  readonly isMuted: { readonly audio: boolean; readonly video: boolean };
  /** Times in milliseconds since 1970, absent until they come. */
  readonly times: { readonly created: number; readonly ringing?: number; readonly answered?: number; readonly confirmed?: number; readonly mediaConnected?: number; readonly ended?: number };

  answer(options?: CallOptions): Promise<void>;
  /** Refuses a ringing call: 486 (this device; default) or another final status such as 603 (everywhere). */
  reject(status?: number, headers?: Readonly<Record<string, string>>): void;
  /** Stops ringing here without an answer; the caller hears ringing on. */
  ignore(): void;
  /** CANCEL, BYE or a refusal, whichever the state asks for. */
  hangUp(headers?: Readonly<Record<string, string>>): void;
  hold(): Promise<void>;
  resume(): Promise<void>;
  mute(which?: { readonly audio?: boolean; readonly video?: boolean }): void;
  unmute(which?: { readonly audio?: boolean; readonly video?: boolean }): void;
  /** `0`–`9`, `*`, `#`, `A`–`D`. By RFC 4733 in the RTP stream, by SIP INFO (`application/dtmf-relay`), or both. Default `rtp` where negotiated, else `info`. */
  sendDtmf(tones: string, how?: { readonly by?: "rtp" | "info" | "both"; readonly durationMs?: number; readonly gapMs?: number }): Promise<void>;
  sendInfo(contentType: string, body: string, headers?: Readonly<Record<string, string>>): Promise<void>;
  sendMessage(text: string): Promise<void>;
  /** Blind: to an address. Attended: to the other side of another of our calls. Resolves when the target was reached. */
  transfer(to: string | Call): Promise<void>;
  /** Hands a ringing incoming call to another registration of ours (another tab). */
  redirect(contact: string): Promise<void>;
  /** Adds or takes away our video by renegotiation. */
  setVideo(on: boolean | MediaTrackConstraints): Promise<void>;
  shareScreen(on: boolean): Promise<void>;
  /** Replaces the audio track that is sent; no renegotiation. */
  replaceAudio(track: MediaStreamTrack): Promise<void>;
  /** RNNoise on the microphone; no renegotiation. `false`: it was so already, or cannot be had here. */
  setNoiseReduction(on: boolean): Promise<boolean>;
  restartIce(): Promise<void>;
  /** The user's opinion; kept at Sidetone with the conference. Works after the call too. */
  feedback(feedback: Feedback): Promise<void>;

  on<Name extends keyof CallEventMap>(name: Name, handler: (event: CallEventMap[Name]) => void): () => void;
}

export type DeviceKind = "microphone" | "speaker" | "ringtone";

/** Microphone, speaker and the speaker that rings. */
export interface Devices {
  list(kind?: "input" | "output"): Promise<readonly MediaDeviceInfo[]>;
  /** Asks for the microphone so that the labels of the devices are told; rejects with the browser's error. */
  reveal(): Promise<MediaStream>;
  /** `false`: no such device. In a call the microphone's track is replaced. */
  set(kind: DeviceKind, deviceId: string): Promise<boolean>;
  get(kind: DeviceKind): string | undefined;
  reset(kind: DeviceKind): Promise<void>;
  /** The audio elements that play the kind; a `ringback`, `dtmf`, … element is by name, those of `dtmf` by their `key` too. */
  element(name: "remote" | ToneName, key?: string): HTMLAudioElement;
  setTone(name: ToneName, value: string | boolean): void;
}
