// The issues of an end, as the page and the live stream tell them.

export interface Issue {
  rule: string;
  severity: "minor" | "major" | "critical";
  /** None where it is the connection's. */
  stream: { direction: string; kind: string; ssrc: number } | null;
  onset_ms: number;
  cleared_ms: number | null;
  evidence: { metric: string };
}

const name = ({ rule, stream, onset_ms }: Issue): string => [rule, stream?.direction, stream?.kind, stream?.ssrc, onset_ms].join(" ");

/** All that were told, each as it was told last. */
export function joined(before: readonly Issue[], now: readonly Issue[]): Issue[] {
  return [...new Map([...before, ...now].map((issue) => [name(issue), issue])).values()];
}
