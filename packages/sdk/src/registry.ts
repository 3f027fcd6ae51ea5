/** What all copies of this library in a page share, so that nothing is measured twice. */

interface Registry {
  /** The copy that came first. */
  first: object;
  /** Its clients and those of the others. */
  clients: number;
  /** Connections and the client that has each. */
  readonly observed: WeakMap<RTCPeerConnection, object>;
  /** Whether the constructor is wrapped. */
  observesAll: boolean;
  /** Whether the functions that open devices are; a copy of an earlier version does not say. */
  observesDevices?: boolean;
}

const KEY = Symbol.for("sidetone.sdk");
/** This copy. */
const COPY = {};

type Holder = { [KEY]?: Registry };

function registry(): Registry {
  return ((globalThis as Holder)[KEY] ??= { first: COPY, clients: 0, observed: new WeakMap(), observesAll: false });
}

/** Says that a client begins; `true` when another copy of this library is at work in the page. */
export function enter(): boolean {
  const shared = registry();
  shared.clients++;
  return shared.first !== COPY;
}

/** Says that a client ended. With the last one nothing is left. */
export function exit(): void {
  if (--registry().clients === 0) delete (globalThis as Holder)[KEY];
}

/** Takes a connection for a client alone; `false` when another has it. */
export function take(peerConnection: RTCPeerConnection, client: object): boolean {
  const { observed } = registry();
  return !observed.has(peerConnection) && !!observed.set(peerConnection, client);
}

/** Lets another have it. */
export function giveBack(peerConnection: RTCPeerConnection, client: object): void {
  const { observed } = registry();
  if (observed.get(peerConnection) === client) observed.delete(peerConnection);
}

/** What of a page is wrapped by one client alone. */
type Wrapped = "observesAll" | "observesDevices";

/** Takes the right to wrap it; `false` when it is wrapped. */
export function takePage(what: Wrapped): boolean {
  const shared = registry();
  return !shared[what] && (shared[what] = true);
}

export function giveBackPage(what: Wrapped): void {
  registry()[what] = false;
}
