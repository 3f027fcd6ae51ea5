// The list of running conferences, kept up to date by the live stream.

import { NO_STREAM } from "./live.ts";
import { startTimes } from "./times.ts";

interface Running {
  conference_id: string;
  start_ms: number;
  participants: Set<string>;
  /** Who was there before this page listened: only their number is known. */
  participant_count: number;
  open_issue_count: number;
  /** Why it is poor just now. */
  why: string | null;
}

interface State {
  conferences: { key: string; conference_id: string; start_ms: number; participant_count: number; open_issue_count: number; why: string | null }[];
}

interface Message {
  conference: string;
  conference_id?: string;
  participant?: string;
  time_ms?: number;
  diagnoses?: { sentence: string }[];
}

export function startLiveList(): void {
  const root = document.querySelector<HTMLElement>("[data-live-list]");
  if (root) new LiveList(root);
}

class LiveList {
  private readonly running = new Map<string, Running>();
  private readonly body: HTMLTableSectionElement;
  private readonly state = document.querySelector<HTMLElement>(".live-state");

  constructor(private readonly root: HTMLElement) {
    const body = root.querySelector("tbody");
    if (!body) throw new Error("the live list has no table");
    this.body = body;
    const source = new EventSource(root.dataset["liveList"] ?? "");
    const on = (name: string, change: (message: Message) => void): void =>
      source.addEventListener(name, (event) => {
        change(JSON.parse((event as MessageEvent<string>).data) as Message);
        this.draw();
      });
    source.addEventListener("state", (event) => {
      this.running.clear();
      for (const { key, ...head } of (JSON.parse((event as MessageEvent<string>).data) as State).conferences) {
        this.running.set(key, { ...head, participants: new Set() });
      }
      this.say("");
      this.draw();
    });
    on("conference_started", ({ conference, conference_id, time_ms }) =>
      this.running.set(conference, { conference_id: conference_id ?? "", start_ms: time_ms ?? Date.now(), participants: new Set(), participant_count: 0, open_issue_count: 0, why: null }),
    );
    on("conference_ended", ({ conference }) => this.running.delete(conference));
    on("participant_joined", ({ conference, participant }) => {
      const held = this.running.get(conference);
      if (!held || !participant || held.participants.has(participant)) return;
      held.participants.add(participant);
      held.participant_count += 1;
    });
    on("participant_left", ({ conference, participant }) => {
      const held = this.running.get(conference);
      if (!held || !participant) return;
      held.participants.delete(participant);
      held.participant_count = Math.max(0, held.participant_count - 1);
    });
    on("issue_raised", ({ conference }) => this.issues(conference, 1));
    on("issue_cleared", ({ conference }) => this.issues(conference, -1));
    on("diagnosis", ({ conference, diagnoses }) => {
      const held = this.running.get(conference);
      if (held) held.why = diagnoses?.[0]?.sentence ?? null;
    });
    // Whoever was too slow has missed changes: begin again from a new state.
    source.addEventListener("lagged", () => location.reload());
    source.addEventListener("error", () => this.say(source.readyState === EventSource.CLOSED ? NO_STREAM : "The connection to the server is interrupted; trying again."));
  }

  private issues(conference: string, change: number): void {
    const held = this.running.get(conference);
    if (held) held.open_issue_count = Math.max(0, held.open_issue_count + change);
  }

  private say(text: string): void {
    if (this.state) this.state.textContent = text;
  }

  private draw(): void {
    const rows = [...this.running].sort(([, a], [, b]) => b.start_ms - a.start_ms).map(([key, held]) => this.row(key, held));
    this.body.replaceChildren(...rows);
    startTimes(this.body);
    this.root.querySelector<HTMLElement>("table")?.toggleAttribute("hidden", rows.length === 0);
    this.root.querySelector<HTMLElement>(".live-none")?.toggleAttribute("hidden", rows.length > 0);
  }

  private row(key: string, held: Running): HTMLTableRowElement {
    const row = document.createElement("tr");
    const cell = (className: string, content: Node | string): void => {
      const cell = row.insertCell();
      cell.className = className;
      cell.append(content);
    };
    const link = document.createElement("a");
    link.className = "row-link";
    link.href = (this.root.dataset["conference"] ?? "").replace("KEY", key);
    link.append(called(held.conference_id));
    const since = document.createElement("time");
    since.dateTime = new Date(held.start_ms).toISOString();
    since.dataset["style"] = "minute";
    cell("cell-name", link);
    if (held.why) {
      const why = document.createElement("p");
      why.className = "live-why muted";
      why.textContent = held.why;
      row.lastElementChild?.append(why);
    }
    cell("cell-time", since);
    const count = (number: number, unit: string): void => {
      const narrow = document.createElement("span");
      narrow.className = "only-narrow";
      narrow.textContent = ` ${unit}`;
      cell("number", String(number));
      row.lastElementChild?.append(narrow);
    };
    count(held.participant_count, held.participant_count === 1 ? "person" : "people");
    count(held.open_issue_count, held.open_issue_count === 1 ? "issue" : "issues");
    return row;
  }
}

/** An id as the server writes it: set apart from the text around it, whatever its direction. */
function called(id: string): HTMLElement {
  const name = document.createElement(id ? "bdi" : "i");
  name.textContent = id || "no id";
  name.classList.toggle("muted", !id);
  return name;
}
