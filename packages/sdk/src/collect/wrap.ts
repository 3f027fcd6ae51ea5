/** `RTCPeerConnection`, the functions that open devices and those that negotiate are wrapped, and put back. */

/** Runs work of ours such that its faults stay ours. */
type Guard = (work: () => void) => void;

type MediaFunction = (this: MediaDevices, constraints?: unknown) => Promise<MediaStream>;

/** The functions that open devices, and what their events are called. */
const MEDIA = { getUserMedia: "get_user_media", getDisplayMedia: "get_display_media" } as const;

/**
 * Wraps the constructor; the answer undoes it. Where somebody has wrapped us meanwhile, theirs stays in place and ours beneath does nothing
 * more: to put the original back would take theirs away too.
 */
export function wrapConnections(onConnection: (peerConnection: RTCPeerConnection) => void, guard: Guard): () => void {
  return wrapped(guard, (observe) =>
    ["RTCPeerConnection", "webkitRTCPeerConnection"].map((name) =>
      replace(globalThis, name, (original) => {
        const wrapper: object = new Proxy(original, {
          construct(target, args, newTarget) {
            const peerConnection = Reflect.construct(target, args, newTarget === wrapper ? target : newTarget) as RTCPeerConnection;
            observe(() => onConnection(peerConnection));
            return peerConnection;
          },
        });
        return wrapper;
      }),
    ),
  );
}

/** The same with the functions that open devices. */
export function wrapDevices(record: (kind: string, payload: object) => void, guard: Guard): () => void {
  return wrapped(guard, (observe) =>
    Object.entries(MEDIA).map(([name, kind]) =>
      replace(owner(globalThis.navigator?.mediaDevices, name), name, (original) => {
        const wrapper: MediaFunction = function (...args) {
          const sinceMs = performance.now();
          const took_ms = () => Math.round(performance.now() - sinceMs);
          const answer = (original as MediaFunction).apply(this, args);
          // Somebody's stand-in that gives no promise.
          if (typeof answer?.then !== "function") return answer;
          return answer.then(
            (stream) => {
              observe(() => {
                const tracks = stream.getTracks().map((track) => ({ kind: track.kind, id: track.id }));
                record(`${kind}_success`, { took_ms: took_ms(), tracks });
              });
              return stream;
            },
            (error) => {
              observe(() => {
                record(`${kind}_failed`, { took_ms: took_ms(), error: error?.name, message: error?.message, constraint: error?.constraint, ...wanted(args[0]) });
              });
              throw error;
            },
          );
        };
        return wrapper;
      }),
    ),
  );
}

/** The functions of a connection that negotiate, and where their old forms have the function that is called where they fail. */
const NEGOTIATION = { createOffer: 1, createAnswer: 1, setLocalDescription: 2, setRemoteDescription: 2, addIceCandidate: 2 } as const;

/** The same with the functions of a connection that negotiate: what the browser refuses is told. The page has its answer as it was. */
export function wrapNegotiation(peerConnection: RTCPeerConnection, record: (kind: string, payload: object) => void, guard: Guard): () => void {
  // What a page has frozen stays as it is.
  if (!Object.isExtensible(peerConnection)) return () => undefined;
  return wrapped(guard, (observe) =>
    Object.entries(NEGOTIATION).map(([name, failureAt]) => {
      const kind = `${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_failed`;
      const failed = (error: unknown) => observe(() => record(kind, { error: (error as Error)?.name, message: (error as Error)?.message }));
      const isOwn = Object.hasOwn(peerConnection, name);
      return replace(peerConnection, name, (original) =>
        new Proxy(original, {
          apply(target, connection, args: unknown[]) {
            const failure = args[failureAt];
            if (typeof failure === "function") {
              args[failureAt] = (error: unknown) => {
                failed(error);
                failure(error);
              };
            }
            // What somebody puts into the prototype later holds for this connection too.
            const beneath = isOwn ? target : (Reflect.get(Object.getPrototypeOf(peerConnection), name) as typeof target);
            const answer = Reflect.apply(beneath, connection, args) as Promise<unknown> | undefined;
            // A promise of its own, as one that somebody has looked at is not told as unhandled any more.
            return typeof answer?.then !== "function" ? answer : answer.then((value) => value, (error) => {
              failed(error);
              throw error;
            });
          },
        }),
      );
    }),
  );
}

/** What a wrapper does is done by `observe`, until it is undone. */
function wrapped(guard: Guard, wrap: (observe: Guard) => (() => void)[]): () => void {
  let active = true;
  const undo = wrap((work) => active && guard(work));
  return () => {
    active = false;
    for (const putBack of undo) putBack();
  };
}

/** Which kinds of media were asked for. */
function wanted(constraints: unknown): object {
  const { audio, video } = (constraints ?? {}) as MediaStreamConstraints;
  return { audio: !!audio, video: !!video };
}

/**
 * The object that has the function: this one, or one that it inherits from. What others put there later, or into the object itself, then goes
 * over ours.
 */
function owner(object: object | null | undefined, name: string): object | undefined {
  let held = object;
  while (held && !Object.hasOwn(held, name)) held = Object.getPrototypeOf(held) as object | null;
  return held ?? undefined;
}

/** Puts something else in the place of a function; the answer puts it back, if nobody else has put something there since, or has frozen it. */
function replace(holder: object | undefined, name: string, make: (original: (...args: never[]) => unknown) => unknown): () => void {
  const original = holder && (holder as Record<string, unknown>)[name];
  if (!holder || typeof original !== "function") return () => undefined;
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const replacement = make(original as (...args: never[]) => unknown);
  Object.defineProperty(holder, name, { configurable: true, enumerable: own?.enumerable ?? true, writable: true, value: replacement });
  return () => {
    if ((holder as Record<string, unknown>)[name] !== replacement) return;
    if (own) Reflect.defineProperty(holder, name, own);
    else Reflect.deleteProperty(holder, name);
  };
}
