/** The automatic mode: `RTCPeerConnection` and the functions that open devices are wrapped, and put back. */

export interface WrapEvents {
  onConnection(peerConnection: RTCPeerConnection): void;
  record(kind: string, payload: object): void;
}

type MediaFunction = (this: MediaDevices, constraints?: unknown) => Promise<MediaStream>;

/** The functions that open devices, and what their events are called. */
const MEDIA = { getUserMedia: "get_user_media", getDisplayMedia: "get_display_media" } as const;

/**
 * Wraps; the answer undoes it. Where somebody has wrapped us meanwhile, theirs stays in place and ours beneath does nothing more: to put the
 * original back would take theirs away too.
 */
export function wrapPage(events: WrapEvents, guard: (work: () => void) => void): () => void {
  let active = true;
  const observe = (work: () => void) => active && guard(work);
  const undo: (() => void)[] = [];

  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) {
    undo.push(
      replace(globalThis, name, (original) => {
        const wrapper: object = new Proxy(original, {
          construct(target, args, newTarget) {
            const peerConnection = Reflect.construct(target, args, newTarget === wrapper ? target : newTarget) as RTCPeerConnection;
            observe(() => events.onConnection(peerConnection));
            return peerConnection;
          },
        });
        return wrapper;
      }),
    );
  }

  for (const [name, kind] of Object.entries(MEDIA)) {
    undo.push(
      replace(globalThis.navigator?.mediaDevices, name, (original) => {
        const wrapped: MediaFunction = function (...args) {
          const sinceMs = performance.now();
          const took_ms = () => Math.round(performance.now() - sinceMs);
          return (original as MediaFunction).apply(this, args).then(
            (stream) => {
              observe(() => {
                const tracks = stream.getTracks().map((track) => ({ kind: track.kind, id: track.id }));
                events.record(`${kind}_success`, { took_ms: took_ms(), tracks });
              });
              return stream;
            },
            (error) => {
              observe(() => {
                events.record(`${kind}_failed`, { took_ms: took_ms(), error: error?.name, message: error?.message, constraint: error?.constraint, ...wanted(args[0]) });
              });
              throw error;
            },
          );
        };
        return wrapped;
      }),
    );
  }

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

/** Puts something else in the place of a function; the answer puts it back, if nobody else has put something there since. */
function replace(holder: object | undefined, name: string, make: (original: (...args: never[]) => unknown) => unknown): () => void {
  const original = holder && (holder as Record<string, unknown>)[name];
  if (!holder || typeof original !== "function") return () => undefined;
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const replacement = make(original as (...args: never[]) => unknown);
  Object.defineProperty(holder, name, { configurable: true, enumerable: own?.enumerable ?? true, writable: true, value: replacement });
  return () => {
    if ((holder as Record<string, unknown>)[name] !== replacement) return;
    if (own) Object.defineProperty(holder, name, own);
    else delete (holder as Record<string, unknown>)[name];
  };
}
