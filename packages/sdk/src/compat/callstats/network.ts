/** How good a network is for a call, by the limits of callstats' pre-call models. */

/** What one test measured; `null` where it could not. */
export interface Sample {
  /** Median round trip, ms. */
  readonly rtt: number | null;
  /** Standard deviation of the round trips, ms. */
  readonly jitter: number | null;
  /** 0 to 1. */
  readonly fractionalLoss: number | null;
  /** kbit/s. */
  readonly throughput: number | null;
  readonly bytesSent: number;
}

/** The result of one test, as callstats' callbacks give it. Times in ms since 1970. */
export interface TestResults extends Sample {
  readonly id: string;
  readonly status: "success" | "stopped" | "failed";
  readonly provider: string;
  readonly mediaConnectivity: boolean;
  readonly timestamp: number;
  readonly startTimestamp: number;
  readonly endTimestamp: number;
  readonly notification: string;
  readonly notificationCode: number;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2;
}

/** Not good enough for a call: below 30 kbit/s, above 5 % loss or above 400 ms. */
export function isAcceptable({ rtt, fractionalLoss, throughput }: Pick<Sample, "rtt" | "fractionalLoss" | "throughput">): boolean {
  return throughput !== null && throughput >= 30 && (fractionalLoss ?? 1) <= 0.05 && (rtt ?? Infinity) <= 400;
}

/** 1 good, 2 fair, 3 poor, 4 no connection. */
export function condition(sample: Sample): { readonly notification: string; readonly notificationCode: number } {
  const { rtt, fractionalLoss, throughput } = sample;
  if (throughput === null || rtt === null) return { notification: "Your network does not let calls through", notificationCode: 4 };
  if (!isAcceptable(sample)) return { notification: "You are in a poor network condition", notificationCode: 3 };
  if (throughput < 300 || rtt >= 150 || (fractionalLoss ?? 0) >= 0.02) {
    return { notification: "You are in a fair network condition", notificationCode: 2 };
  }
  return { notification: "You are in a good network condition", notificationCode: 1 };
}

/** The servers by how they did, best first. */
export function rank(results: readonly TestResults[]): {
  readonly aggregatedStats: readonly { readonly provider: string; readonly roundTripTime: number | null; readonly jitter: number | null; readonly fractionLost: number | null; readonly throughput: number | null }[];
  readonly providerRanking: readonly { readonly provider: string; readonly acceptable: boolean }[];
} {
  const providers = [...new Set(results.map(({ provider }) => provider))];
  const of = (provider: string, member: "rtt" | "jitter" | "fractionalLoss" | "throughput") =>
    median(results.filter((result) => result.provider === provider).flatMap((result) => result[member] ?? []));
  const aggregatedStats = providers.map((provider) => ({
    provider,
    roundTripTime: of(provider, "rtt"),
    jitter: of(provider, "jitter"),
    fractionLost: of(provider, "fractionalLoss"),
    throughput: of(provider, "throughput"),
  }));
  const ranked = aggregatedStats
    .map((held) => ({ held, acceptable: isAcceptable({ rtt: held.roundTripTime, fractionalLoss: held.fractionLost, throughput: held.throughput }) }))
    .sort((a, b) => Number(b.acceptable) - Number(a.acceptable) || (a.held.roundTripTime ?? Infinity) - (b.held.roundTripTime ?? Infinity));
  return { aggregatedStats, providerRanking: ranked.map(({ held, acceptable }) => ({ provider: held.provider, acceptable })) };
}
