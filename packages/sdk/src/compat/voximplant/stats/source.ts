/** A report of the browser, to be looked things up in. */

/** A stats object; members are read through {@link number} and {@link text}, for browsers differ in which they have. */
export type Stats = Readonly<Record<string, unknown>>;

export function number(stats: Stats | undefined, name: string): number | undefined {
  const value = stats?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function text(stats: Stats | undefined, name: string): string | undefined {
  const value = stats?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export class Source {
  readonly #byId = new Map<string, Stats>();

  constructor(report: { forEach(visit: (stats: object, id: string) => void): void }) {
    report.forEach((stats, id) => this.#byId.set(id, stats as Stats));
  }

  get(id: string | undefined): Stats | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  all(type: string): Stats[] {
    return [...this.#byId.values()].filter((stats) => stats["type"] === type);
  }

  /** What a member of a stats object refers to. */
  follow(stats: Stats | undefined, name: string): Stats | undefined {
    return this.get(text(stats, name));
  }

  /**
   * The pair that carries the media: the transport's selected one; where there are no transports (Firefox), the one marked so. A pair that
   * merely is nominated and succeeded may be one of several.
   */
  get selectedPair(): Stats | undefined {
    for (const transport of this.all("transport")) {
      const pair = this.follow(transport, "selectedCandidatePairId");
      if (pair) return pair;
    }
    const pairs = this.all("candidate-pair");
    return pairs.find((pair) => pair["selected"] === true) ?? pairs.find((pair) => pair["nominated"] === true && pair["state"] === "succeeded");
  }

  /** What the other side reports of a stream that is sent. */
  remoteInbound(outbound: Stats): Stats | undefined {
    const found = this.follow(outbound, "remoteId");
    return found ?? this.all("remote-inbound-rtp").find((remote) => remote["localId"] === outbound["id"] || remote["ssrc"] === outbound["ssrc"]);
  }

  /** What the other side reports of what it sends to a stream that is received. */
  remoteOutbound(inbound: Stats): Stats | undefined {
    return this.follow(inbound, "remoteId");
  }
}
