/** The public types: what an app hands in, and what it is told. */

/** How a client is set up. Nothing but {@link Options.conferenceId} and a credential is required. */
export interface Options {
  /** Where Sidetone is, such as `https://quality.example.com`. Default with the script tag: where the script came from. */
  readonly url?: string;
  /** The app's intake secret (`sti_…`). It can send and nothing else, so a page may hold it. */
  readonly secret?: string;
  /** Instead of a secret: gives a JSON Web Token; called again when the server says 401. */
  readonly token?: () => Promise<string>;
  /** The app's name for the conference. Where it is not known yet, a promise of it: until then everything is collected, and nothing is sent. */
  readonly conferenceId: string | Promise<string>;
  /** The app's name for the user. */
  readonly userId?: string;
  /** A name for this stay of the user, never used twice. Default: a random UUID. */
  readonly participantId?: string;
  /** Shown instead of the user's id. */
  readonly userName?: string;
  /** Another name of the user. */
  readonly aliasName?: string;
  /** Where the user is: an office, a region. */
  readonly site?: string;
  /** Version of the app. */
  readonly appVersion?: string;
  /** Further ids to find the participant by. */
  readonly additionalIds?: Readonly<Record<string, string>>;
  /** Time between two reports of a connection. Default 1000, at least 100. */
  readonly reportIntervalMs?: number;
  /** Time between two batches of a connection. Default 10000, at least `reportIntervalMs`. */
  readonly uploadIntervalMs?: number;
  /** Most bytes that wait for the server; beyond, the oldest are dropped and counted. Default 5000000. */
  readonly queueBytesMax?: number;
  /** Most batches that wait for the server. Default 1000. */
  readonly queueBatchesMax?: number;
  /** `false`: IP addresses never leave the page, also where the app's settings keep them. Default `true`. */
  readonly addresses?: boolean;
  /** `false`: the stay does not end with the page; the app says so itself by {@link Sidetone.stop}, or the server by silence. Default `true`. */
  readonly leaveWithPage?: boolean;
  /** `false`: nothing is sent and no credential is asked for; the page alone is told how its calls go. Default `true`. */
  readonly upload?: boolean;
  /**
   * By whose rules the page is told of issues. Default: the app's, preset and thresholds (`sidetone app set`), by which what is stored is judged, from a change on the new ones;
   * `sidetone` where nothing is sent, or the server does not say in time.
   */
  readonly preset?: Preset;
  /**
   * `true`: while the app has muted a microphone by `track.enabled = false`, the page listens to a copy of it and tells when somebody speaks
   * (`speaking_while_muted`). How much speech there was is sent, no sound. The copy keeps the device in use. Default `false`.
   */
  readonly mutedSpeech?: boolean;
  /** Where `engine.wasm` is, which is loaded once somebody listens to series or issues. Default: at `url`. */
  readonly engineUrl?: string;
  /** Where `encoder.wasm` is, which is loaded until then. Default: `engineUrl` if that is given, else at `url`. */
  readonly encoderUrl?: string;
}

/** Rules with their thresholds: ours, or those of another product ([Issues](docs/issues.md)). */
export type Preset = "sidetone" | "plivo" | "plivo-shipped" | "twilio" | "voximplant";

/** How one connection is observed. */
export interface ObserveOptions {
  /** What this connection is for, such as `screen` or the name of the other side; shown instead of its id. */
  readonly label?: string;
  /** Its name within the participant, never used twice. Default: a number. */
  readonly id?: string;
}

/** How connections are observed that the page makes from now on. */
export interface ObserveAllOptions {
  /** Asked for each new connection; `false` leaves it alone. Default: all are observed. */
  readonly choose?: (peerConnection: RTCPeerConnection) => ObserveOptions | boolean;
}

/** What the app calls a track. */
export interface TrackLabel {
  /** What it is used for, such as `camera` or `screen`. */
  readonly label?: string;
  /** Whose voice or picture it is. */
  readonly userId?: string;
}

/** One connection that is observed. */
export interface Observation {
  /** Its name within the participant. */
  readonly id: string;
  /** Stops observing; what was seen so far is sent. */
  stop(): void;
}

/** One RTP stream. */
export interface Stream {
  readonly direction: "inbound" | "outbound";
  readonly kind: "audio" | "video";
  readonly ssrc: number;
}

/** Values by metric name (`GET /v1/metrics-catalogue` describes them); one that is not known now is absent. */
export type Values = Readonly<Record<string, number>>;

/** What one report told. */
export interface Tick {
  readonly peerConnection: RTCPeerConnection;
  readonly peerConnectionId: string;
  readonly label: string | undefined;
  /** When the report was taken, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Time since the report before. */
  readonly intervalMs: number;
  /** Of the connection as a whole. */
  readonly connection: Values;
  readonly streams: readonly { readonly stream: Stream; readonly values: Values }[];
}

/** A detected problem. */
export interface Issue {
  readonly peerConnection: RTCPeerConnection;
  readonly peerConnectionId: string;
  readonly label: string | undefined;
  /** Name of the rule that was broken. */
  readonly rule: string;
  readonly severity: "minor" | "major" | "critical";
  /** The stream that suffers; absent when it is the connection. */
  readonly stream: Stream | undefined;
  /** When the first bad report was taken. */
  readonly onsetMs: number;
  readonly raisedMs: number;
  readonly clearedMs: number | undefined;
  /** The metric that was judged. */
  readonly metric: string;
  readonly threshold: number;
  /** The values that raised it: time and value, `null` where there was none. */
  readonly window: readonly (readonly [timeMs: number, value: number | null])[];
}

/** A batch that the server has made durable. */
export interface Upload {
  /** The conference's key: `/conferences/{key}` shows it. */
  readonly conference: string;
  readonly participant: string;
  readonly peerConnection: string | undefined;
  /** `duplicate` when an earlier attempt had arrived after all. */
  readonly status: "stored" | "duplicate";
}

/** What went wrong; the page goes on as if nothing had happened. */
export interface Failure {
  readonly code: FailureCode;
  /** What happened, and how to mend it. */
  readonly message: string;
}

/**
 * - `options_invalid`: the client cannot work with its options and does nothing
 * - `webrtc_missing`: the browser or frame has no WebRTC; nothing is measured
 * - `engine_unavailable`: the engine could not be loaded (a Content-Security-Policy without `'wasm-unsafe-eval'`, no network): reports are
 *   sent, but there are no `tick` and `issue` events
 * - `second_copy`: another copy of this library runs in the page; each connection is measured by one of them
 * - `already_observed`: the connection is observed already, or another one has its `id`
 * - `not_observable`: what `observe` was given is no connection; or the page keeps `RTCPeerConnection`, or what opens devices, from being wrapped
 * - `event_invalid`: an event of the app's own cannot be told; it is left out, and counted as dropped
 * - `credentials_refused`: the server does not know the credentials, or not for this page's origin
 * - `batch_refused`: the server refused a batch; it is counted as dropped
 * - `server_unreachable`: nobody has answered at `url` since the client was made; what was seen waits
 * - `queue_unavailable`: the browser keeps nothing for us (private mode, a foreign frame); what waits is lost with the page
 * - `internal`: a fault of this library
 */
export type FailureCode =
  | "options_invalid"
  | "webrtc_missing"
  | "engine_unavailable"
  | "second_copy"
  | "already_observed"
  | "not_observable"
  | "event_invalid"
  | "credentials_refused"
  | "batch_refused"
  | "server_unreachable"
  | "queue_unavailable"
  | "internal";

/** What a listener is given, by the name of the event. */
export interface Events {
  /** A report was taken and judged. */
  tick: Tick;
  /** A problem began. */
  issue: Issue;
  /** It became worse. */
  issueEscalated: Issue;
  /** It is over. */
  issueCleared: Issue;
  /** A batch is durable. */
  upload: Upload;
  /** Something went wrong; each kind is told once. */
  error: Failure;
}
