/** The tracks of a connection: which there are, whether they are muted, and whether the call is held. Looked at once a report. */

export interface TrackEvents {
  record(kind: string, payload: object): void;
  /** The ids of the streams that a received track belongs to, where its event told. */
  streamsOf(trackId: string): readonly string[] | undefined;
}

interface Seen {
  readonly id: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly muted: boolean;
  readonly ended: boolean;
  /** Whether anything ever came of it. */
  readonly came: boolean;
}

/** What is looked at of a transceiver. */
export interface TransceiverState {
  readonly mid: string | null;
  readonly currentDirection: string | null;
  readonly sender: { readonly track: TrackState | null };
  readonly receiver: { readonly track: TrackState };
}

export interface TrackState {
  readonly id: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly muted: boolean;
  readonly readyState: string;
}

export class TrackWatch {
  readonly #sent = new Map<TransceiverState, Seen | undefined>();
  readonly #received = new Map<TransceiverState, Seen>();
  /** Whether media has come in by agreement, and does still. */
  #receiving: boolean | undefined;

  constructor(private readonly events: TrackEvents) {}

  /** `isEarly`: the events of received tracks, which tell their streams, are still to come. */
  look(transceivers: readonly TransceiverState[], isEarly = false): void {
    this.#miss(transceivers);
    for (const transceiver of transceivers) {
      this.#look("outbound", transceiver, transceiver.sender.track, this.#sent.get(transceiver), this.#sent.has(transceiver));
      this.#sent.set(transceiver, transceiver.sender.track ? seen(transceiver.sender.track) : undefined);
      // A receiver has its track long before somebody sends.
      const known = this.#received.get(transceiver);
      if (!receives(transceiver) && !known) continue;
      const { track } = transceiver.receiver;
      if (isEarly && known?.id !== track.id && !this.events.streamsOf(track.id)) continue;
      this.#look("inbound", transceiver, track, known, known !== undefined);
      this.#received.set(transceiver, seen(track, known?.came));
      // The browser mutes what is negotiated away; what never came is muted already.
      if (receives(transceiver) || known?.came || !track.muted) continue;
      this.events.record("remove_track", { kind: track.kind, direction: "inbound", mid: transceiver.mid, id: track.id });
      this.#received.delete(transceiver);
    }
    const receiving = transceivers.some(receives);
    if (this.#receiving !== undefined && receiving !== this.#receiving) this.events.record(receiving ? "resumed" : "held", { by: "negotiation" });
    if (receiving) this.#receiving = true;
    else if (this.#receiving) this.#receiving = false;
  }

  /** One that was stopped is there no more once that is agreed. The browser has ended its received track. */
  #miss(transceivers: readonly TransceiverState[]): void {
    for (const [transceiver, sent] of this.#sent) {
      if (transceivers.includes(transceiver)) continue;
      this.#sent.delete(transceiver);
      this.#received.delete(transceiver);
      if (sent) this.events.record("remove_track", { kind: sent.kind, direction: "outbound", mid: transceiver.mid, id: sent.id });
    }
  }

  #look(direction: string, { mid }: TransceiverState, track: TrackState | null, before: Seen | undefined, known: boolean): void {
    if (!track) {
      if (before) this.events.record("remove_track", { kind: before.kind, direction, mid, id: before.id });
      return;
    }
    const about = { kind: track.kind, direction, mid, id: track.id };
    if (before?.id !== track.id) {
      const added = direction === "inbound" ? "track" : known ? "replace_track" : "add_track";
      const streams = direction === "inbound" ? this.events.streamsOf(track.id) : undefined;
      this.events.record(added, { ...about, enabled: track.enabled, muted: track.muted, ...(streams && { streams }) });
    }
    const last = before?.id === track.id ? before : { enabled: true, muted: direction === "inbound", ended: false };
    // The app: it sends silence, or black.
    if (track.enabled !== last.enabled) this.events.record(track.enabled ? "unmuted" : "muted", about);
    // The browser: nothing comes from the device, or from the network.
    if (track.muted !== last.muted) this.events.record(track.muted ? "track_mute" : "track_unmute", about);
    if (track.readyState === "ended" && !last.ended) this.events.record("track_ended", about);
  }
}

function seen({ id, kind, enabled, muted, readyState }: TrackState, came = false): Seen {
  return { id, kind, enabled, muted, ended: readyState === "ended", came: came || !muted };
}

function receives({ currentDirection }: TransceiverState): boolean {
  return currentDirection === "sendrecv" || currentDirection === "recvonly";
}
