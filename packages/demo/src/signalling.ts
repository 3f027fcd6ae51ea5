/** How tabs of one browser find each other: a BroadcastChannel named after the room. */

/** What one tab says to another, or to all. */
export type Message =
  | { readonly type: "hello" }
  | { readonly type: "description"; readonly description: RTCSessionDescriptionInit }
  | { readonly type: "candidate"; readonly candidate: RTCIceCandidateInit | null }
  | { readonly type: "mute"; readonly isMuted: boolean }
  | { readonly type: "bye" };

interface Envelope {
  readonly from: string;
  readonly to: string | undefined;
  readonly message: Message;
}

export class Signalling {
  readonly id = crypto.randomUUID().slice(0, 8);
  readonly #channel: BroadcastChannel;

  constructor(room: string, onMessage: (from: string, message: Message) => void) {
    this.#channel = new BroadcastChannel(`sidetone-demo:${room}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Envelope>) => {
      if (data.to === undefined || data.to === this.id) onMessage(data.from, data.message);
    };
  }

  send(message: Message, to?: string): void {
    this.#channel.postMessage({ from: this.id, to, message } satisfies Envelope);
  }

  close(): void {
    this.send({ type: "bye" });
    this.#channel.close();
  }
}
