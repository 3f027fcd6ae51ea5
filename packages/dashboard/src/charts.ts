// The charts of one connection: both ends side by side, one cursor across all, zoom by dragging or by keys, and what is new as it comes.

import { Chart, type Content, type End, type Shared } from "./chart.ts";
import { CHARTS, greatest, METRICS, picked } from "./chart_list.ts";
import { type Issue, joined } from "./issues.ts";
import { cursorAfter, SHORTEST, zoomed } from "./keys.ts";
import { Live } from "./live.ts";
import { type Part, writePart } from "./part.ts";
import { append, fromBody, type Series, type SeriesBody, type Tick } from "./series.ts";
import { logInIfEnded } from "./session.ts";
import { THEME_CHANGED } from "./theme_toggle.ts";
import { isOtherDay } from "./times.ts";

/** Told to `[data-charts]` when it has other ends: of a running call the far end may come later. */
export const ENDS_CHANGED = "sidetone:ends";

export function startCharts(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-charts]")) new Charts(element);
}

class Charts implements Shared {
  private ends: End[] = [];
  private readonly all: Part;
  private part: Part;
  private series: (Series | undefined)[] = [];
  private charts: Chart[] = [];
  private request = 0;
  /** Ticks that came while the series were asked for. */
  private late: Tick[] = [];
  private chartWidth = 0;
  /** Where the keys or a link put the cursor, in seconds since 1970; the mouse takes it away. */
  private at: number | null = null;

  constructor(private readonly root: HTMLElement) {
    this.all = [Number(root.dataset["fromMs"]) / 1000, Number(root.dataset["untilMs"]) / 1000];
    const { partFromMs, partUntilMs } = root.dataset;
    // A link to a poor stretch shows that stretch; a double click or Escape, the whole.
    this.part = partFromMs && partUntilMs ? [Number(partFromMs) / 1000, Number(partUntilMs) / 1000] : this.all;
    document.addEventListener(THEME_CHANGED, () => this.draw(true));
    new ResizeObserver(() => this.resize()).observe(root);
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("pointermove", () => (this.at = null));
    root.addEventListener(ENDS_CHANGED, () => this.takeEnds());
    this.takeEnds();
    if (root.dataset["live"]) this.listen(Live.of(root.dataset["live"]));
  }

  shown(): Part {
    return this.part;
  }

  isDated(): boolean {
    const [from, until] = this.all;
    return isOtherDay(from * 1000, until * 1000);
  }

  width(): number {
    return this.chartWidth;
  }

  zoom(part: Part): void {
    const [from, until] = this.all;
    if (part[1] - part[0] >= until - from) this.whole();
    else if (part[1] - part[0] >= SHORTEST) this.show(part);
  }

  whole(): void {
    this.show(this.all);
  }

  /** The ends that the page names, with their issues. */
  private takeEnds(): void {
    const ends = JSON.parse(this.root.dataset["charts"] ?? "[]") as End[];
    const isSame = ends.length === this.ends.length && ends.every((end, index) => end.key === this.ends[index]?.key);
    // The server remembers the last ones; this page may have been told of more.
    for (const end of ends) end.issues = joined(this.ends.find(({ key }) => key === end.key)?.issues ?? [], end.issues);
    this.ends = ends;
    if (isSame) {
      if (this.charts.length > 0) this.draw();
      return;
    }
    this.root.classList.toggle("two", ends.length === 2);
    void this.load();
  }

  /** Asks for the part of the call that is shown, about as fine as there are pixels. */
  private async load(): Promise<void> {
    const request = ++this.request;
    this.root.setAttribute("aria-busy", "true");
    const [from, until] = this.part;
    const isPart = this.part !== this.all;
    const slots = Math.max(200, Math.min(1200, Math.round(this.columnWidth())));
    const ask = async (end: End): Promise<Series | undefined> => {
      const url = new URL(end.series, location.href);
      url.searchParams.set("slots_max", String(slots));
      url.searchParams.set("metrics", METRICS.join(","));
      if (isPart) {
        url.searchParams.set("from_ms", String(Math.floor(from * 1000)));
        url.searchParams.set("until_ms", String(Math.ceil(until * 1000)));
      }
      const answer = await fetch(url);
      if (answer.status === 404) return undefined;
      logInIfEnded(answer);
      if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? answer.statusText);
      return fromBody((await answer.json()) as SeriesBody);
    };
    try {
      const series = await Promise.all(this.ends.map(ask));
      if (request !== this.request) return;
      this.series = series;
      for (const tick of this.late.splice(0)) this.take(tick);
      this.draw();
    } catch (error) {
      if (request === this.request) this.say(`The charts could not be loaded: ${error instanceof Error ? error.message : String(error)}. Load the page again.`);
    } finally {
      if (request === this.request) this.root.removeAttribute("aria-busy");
    }
  }

  private say(text: string): void {
    this.forget();
    const hint = Object.assign(document.createElement("p"), { className: "hint", textContent: text });
    hint.setAttribute("role", "status");
    this.root.replaceChildren(hint);
  }

  private forget(): void {
    for (const chart of this.charts) chart.remove();
    this.charts = [];
  }

  private columnWidth(): number {
    const columns = getComputedStyle(this.root).gridTemplateColumns.split(" ").length;
    const gap = parseFloat(getComputedStyle(this.root).columnGap) || 0;
    return Math.floor((this.root.clientWidth - gap * (columns - 1)) / columns);
  }

  private resize(): void {
    const width = this.columnWidth();
    if (width === this.chartWidth) return;
    this.chartWidth = width;
    for (const chart of this.charts) chart.resize();
  }

  private contents(): Content[] {
    return CHARTS.flatMap((kind) => {
      const lines = this.series.map((series) => (series ? picked(kind, series) : []));
      if (lines.every((of) => of.length === 0)) return [];
      const max = greatest(kind, lines.flat());
      return this.ends.map((end, index) => ({ kind, end, series: this.series[index], lines: lines[index] ?? [], max }));
    });
  }

  /** Draws what is known: in the charts that stand there if they have the same lines, unless `anew`. Cursor and focus stay. */
  private draw(anew = false): void {
    if (this.series.every((series) => !series || series.times.length === 0)) {
      this.say(this.root.dataset["live"] ? "No reports yet; the charts begin with the first." : "No reports came from this connection, so there is nothing to draw.");
      return;
    }
    const contents = this.contents();
    if (!anew && contents.length === this.charts.length && this.charts.every((chart, index) => chart.isOf(contents[index]!))) {
      this.charts.forEach((chart, index) => chart.update(contents[index]!));
      this.root.dataset["painted"] = String(Math.round(performance.now()));
      this.point(this.at);
      return;
    }
    const focused = this.charts.find((chart) => chart.hasFocus);
    const at = this.at ?? this.charts.find((chart) => chart.isMeasured)?.cursor ?? null;
    const charts = contents.map((content) => new Chart(content, this));
    const again = focused && contents.findIndex((content) => focused.isSibling(content));
    this.forget();
    this.charts = charts;
    const titles = this.ends.map((end) => Object.assign(document.createElement("h3"), { className: "end-name", textContent: end.label || "no id" }));
    this.root.replaceChildren(...titles, ...charts.map(({ figure }) => figure));
    this.chartWidth = this.columnWidth();
    for (const chart of charts) chart.draw();
    if (again !== undefined) charts[again]?.focus();
    this.root.dataset["painted"] = String(Math.round(performance.now()));
    this.point(at);
    this.pointByLink();
  }

  /** Puts the cursor of all charts at a time; when uPlot has taken in their data, which it does in a microtask. */
  private point(time: number | null): void {
    if (time !== null) queueMicrotask(() => this.charts.forEach((chart) => chart.point(time)));
  }

  /** A link to a moment puts the cursor there, and the chart of its metric in sight, once. */
  private pointByLink(): void {
    const { atMs, metric } = this.root.dataset;
    if (!atMs) return;
    delete this.root.dataset["atMs"];
    const wanted = this.charts.filter((chart) => chart.isMeasured && chart.shows(metric));
    for (const { figure } of wanted) figure.classList.add("pointed");
    wanted[0]?.figure.scrollIntoView({ block: "center" });
    this.at = Number(atMs) / 1000;
    this.point(this.at);
  }

  private show(part: Part): void {
    if (part[0] === this.part[0] && part[1] === this.part[1]) return;
    this.part = part;
    writePart(part === this.all ? null : part);
    void this.load();
  }

  /** Keys move the cursor of the chart in focus, and with it all others; plus and minus look closer and wider. */
  private key(event: KeyboardEvent): void {
    const chart = this.charts.find((chart) => chart.hasFocus);
    if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return this.whole();
    const at = this.at ?? chart.cursor;
    const part = zoomed(event.key, this.part, this.all, at);
    const time = cursorAfter(event.key, chart.times, at);
    if (part === undefined && time === undefined) return;
    event.preventDefault();
    if (part) this.zoom(part);
    if (time === undefined) return;
    this.at = time;
    this.point(time);
  }

  private take(tick: Tick): void {
    const end = this.ends.findIndex((end) => end.key === tick.peer_connection);
    if (end < 0) return;
    append((this.series[end] ??= { times: [], resolution_ms: 1000, lines: [] }), tick);
    // In place: who looks at the whole goes on to look at the whole.
    this.all[1] = Math.max(this.all[1], tick.time_ms / 1000);
  }

  private listen(live: Live): void {
    let isPending = false;
    const drawSoon = (): void => {
      if (isPending) return;
      isPending = true;
      // A batch brings many ticks at once.
      requestAnimationFrame(() => {
        isPending = false;
        this.draw();
      });
    };
    live.on<Tick>("tick", (tick) => {
      if (this.root.hasAttribute("aria-busy")) {
        this.late.push(tick);
        return;
      }
      this.take(tick);
      drawSoon();
    });
    live.onMissed(() => void this.load());
    for (const name of ["issue_raised", "issue_escalated", "issue_cleared"]) {
      live.on<{ peer_connection: string; issue: Issue }>(name, ({ peer_connection, issue }) => {
        const end = this.ends.find((end) => end.key === peer_connection);
        if (!end) return;
        end.issues = joined(end.issues, [issue]);
        drawSoon();
      });
    }
  }
}
