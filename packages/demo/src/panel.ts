/** The panel beside the picture: score, values, issues. */

import type { Issue, Tick } from "../../sdk/src/index.ts";
import { grade, issueWords, TILES } from "./words.ts";

const element = (id: string) => document.getElementById(id)!;

export class Panel {
  readonly #values = new Map<string, HTMLElement>();
  readonly #issues = new Map<string, HTMLElement>();
  /** Latest score of each connection: the worst is shown. */
  readonly #scores = new Map<string, number | undefined>();

  constructor() {
    const tiles = element("tiles");
    for (const { name } of TILES) {
      const value = document.createElement("dd");
      value.textContent = "–";
      const term = document.createElement("dt");
      term.textContent = name;
      const tile = document.createElement("div");
      tile.append(term, value);
      tiles.append(tile);
      this.#values.set(name, value);
    }
  }

  tick({ peerConnectionId, connection, streams }: Tick): void {
    for (const { name, metrics, write } of TILES) {
      const found = metrics.flatMap((metric) => connection[metric] ?? worst(streams, metric) ?? [])[0];
      this.#values.get(name)!.textContent = found === undefined ? "–" : write(found);
    }
    const scores = [connection["mos_cq"] ?? connection["mos_lq"], connection["mos_v"]].filter((score) => score !== undefined);
    this.#scores.set(peerConnectionId, scores.length > 0 ? Math.min(...scores) : undefined);
    this.#score();
  }

  /** A connection is gone. */
  forget(peerConnectionId: string): void {
    this.#scores.delete(peerConnectionId);
    this.#score();
  }

  raise(issue: Issue): void {
    const key = keyOf(issue);
    const item = this.#issues.get(key) ?? document.createElement("li");
    item.dataset["severity"] = issue.severity;
    item.textContent = issueWords(issue.rule);
    const about = document.createElement("small");
    about.textContent = `${issue.severity}, ${concerned(issue)}, since ${new Date(issue.onsetMs).toLocaleTimeString("en", { hour12: false })}`;
    item.append(about);
    if (!this.#issues.has(key)) element("issues").prepend(item);
    this.#issues.set(key, item);
    this.#none();
  }

  clear(issue: Issue): void {
    const item = this.#issues.get(keyOf(issue));
    if (!item) return;
    this.#issues.delete(keyOf(issue));
    item.dataset["severity"] = "over";
    item.querySelector("small")!.textContent = `${concerned(issue)}, over after ${Math.round(((issue.clearedMs ?? issue.raisedMs) - issue.onsetMs) / 1000)} s`;
    setTimeout(() => {
      item.remove();
      this.#none();
    }, 20_000);
  }

  #score(): void {
    const known = [...this.#scores.values()].filter((score) => score !== undefined);
    const score = known.length > 0 ? Math.min(...known) : undefined;
    const { name, words } = grade(score);
    element("verdict").dataset["grade"] = name;
    element("score").textContent = score === undefined ? "–" : score.toFixed(1);
    element("word").textContent = this.#scores.size === 0 ? "waiting for the other side" : words;
  }

  #none(): void {
    const list = element("issues");
    list.querySelector<HTMLElement>(".none")!.hidden = list.children.length > 1;
  }
}

/** What the issue is about. */
const concerned = ({ stream }: Issue) => (stream ? `${stream.direction === "inbound" ? "received" : "sent"} ${stream.kind}` : "the connection");

const keyOf = ({ peerConnectionId, rule, stream }: Issue) => `${peerConnectionId} ${rule} ${stream?.direction} ${stream?.ssrc}`;

/** The greatest value of what is received, else of what is sent: for each of the values shown, more is what one looks for. */
function worst(streams: Tick["streams"], metric: string): number | undefined {
  for (const direction of ["inbound", "outbound"] as const) {
    const values = streams.flatMap(({ stream, values }) => (stream.direction === direction ? (values[metric] ?? []) : []));
    if (values.length > 0) return Math.max(...values);
  }
  return undefined;
}
