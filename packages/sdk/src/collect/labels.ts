/** The app's names for tracks, told with the SSRC of their streams as soon as a report shows it. */

import type { TrackLabel } from "../api.ts";
import type { StatsReport } from "../engine/index.ts";

export class Labels {
  readonly #labels = new Map<string, TrackLabel>();
  readonly #told = new Set<string>();

  constructor(private readonly record: (kind: "stream_label", payload: object) => void) {}

  set(trackId: string, label: TrackLabel): void {
    this.#labels.set(trackId, label);
    for (const key of this.#told) if (key.startsWith(`${trackId} `)) this.#told.delete(key);
  }

  look(report: StatsReport): void {
    if (this.#labels.size === 0) return;
    const byId = report as ReadonlyMap<string, Record<string, unknown>>;
    for (const stats of byId.values()) {
      if (stats["type"] !== "inbound-rtp" && stats["type"] !== "outbound-rtp") continue;
      const trackId = stats["trackIdentifier"] ?? byId.get(String(stats["mediaSourceId"]))?.["trackIdentifier"];
      const label = typeof trackId === "string" ? this.#labels.get(trackId) : undefined;
      const key = `${trackId} ${stats["ssrc"]}`;
      if (!label || this.#told.has(key)) continue;
      this.#told.add(key);
      const direction = stats["type"] === "inbound-rtp" ? "inbound" : "outbound";
      this.record("stream_label", { ssrc: stats["ssrc"], kind: stats["kind"], direction, label: label.label, remote_user_id: label.userId });
    }
  }
}
