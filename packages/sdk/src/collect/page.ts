/** What happens to the page: seen or hidden, frozen, left and come back to; its network and its devices. */

import { Listeners } from "../listeners.ts";

/** The Network Information API: Chromium has it. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
  readonly downlink?: number;
  readonly rtt?: number;
  readonly saveData?: boolean;
}

export interface PageEvents {
  record(kind: string, payload: object): void;
  /** The page may end without another word. */
  onHidden(): void;
  /** The page ends, or is put aside from where it may return. */
  onLeave(mayReturn: boolean): void;
  onReturn(): void;
  onOnline(): void;
}

export class PageWatch {
  readonly #listeners: Listeners;

  constructor(
    private readonly events: PageEvents,
    guard: (work: () => void) => void,
  ) {
    this.#listeners = new Listeners(guard);
    const listen = this.#listeners.add.bind(this.#listeners);
    listen(document, "visibilitychange", () => {
      const isHidden = document.visibilityState === "hidden";
      events.record(isHidden ? "page_hidden" : "page_visible", {});
      if (isHidden) events.onHidden();
    });
    listen(document, "freeze", () => events.record("page_frozen", {}));
    listen(document, "resume", () => events.record("page_resumed", {}));
    listen(window, "pagehide", (event) => events.onLeave((event as PageTransitionEvent).persisted));
    listen(window, "pageshow", (event) => (event as PageTransitionEvent).persisted && events.onReturn());
    listen(window, "offline", () => events.record("offline", {}));
    listen(window, "online", () => {
      events.record("online", {});
      events.onOnline();
    });
    const network = networkOf(navigator);
    listen(network, "change", () => events.record("network_change", described(network)));
    listen(navigator.mediaDevices, "devicechange", () => this.#devices());
    if (network) events.record("network_change", described(network));
    if (document.visibilityState === "hidden") events.record("page_hidden", {});
  }

  stop(): void {
    this.#listeners.clear();
  }

  /** How many devices of each kind there are; their names are nobody's business. */
  async #devices(): Promise<void> {
    const counts = { audioinput: 0, audiooutput: 0, videoinput: 0 };
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    for (const { kind } of devices) counts[kind]++;
    this.events.record("device_change", counts);
  }
}

function networkOf(navigator: Navigator): NetworkInformation | undefined {
  return (navigator as Navigator & { connection?: NetworkInformation }).connection;
}

function described(network: NetworkInformation | undefined): object {
  return {
    type: network?.type,
    effective_type: network?.effectiveType,
    downlink_mbps: network?.downlink,
    rtt_ms: network?.rtt,
    save_data: network?.saveData,
  };
}
