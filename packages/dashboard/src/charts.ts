// The charts of one connection: both ends side by side, one cursor across all, issues shaded, zoom by dragging.

import uPlot from "uplot";
import { CHARTS, METRICS, picked, type ChartKind, type Pick } from "./chart_list.ts";
import { append, fromBody, type Line, type Series, type SeriesBody, type Tick } from "./series.ts";
import { THEME_CHANGED } from "./theme_toggle.ts";
import { show, showTicks } from "./units.ts";

const HEIGHT = 132;

interface Issue {
  rule: string;
  severity: "minor" | "major" | "critical";
  onset_ms: number;
  cleared_ms: number | null;
  evidence: { metric: string };
}

const SEVERITIES = ["minor", "major", "critical"] as const;

interface End {
  label: string;
  series: string;
  key: string;
  issues: Issue[];
}

interface Drawn {
  kind: ChartKind;
  end: number;
  figure: HTMLElement;
  plot: uPlot;
  lines: { pick: Pick; line: Line }[];
  values: HTMLElement[];
}

export function startCharts(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-charts]")) new Charts(element);
}

/** What a token says in the present theme: a canvas knows no custom properties. */
function colour(token: string, alpha = 1): string {
  const probe = document.createElement("span");
  probe.style.color = `color-mix(in srgb, var(${token}) ${alpha * 100}%, transparent)`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

class Charts {
  private readonly ends: End[];
  private readonly whole: [number, number];
  private shown: [number, number];
  private series: (Series | undefined)[] = [];
  private drawn: Drawn[] = [];
  private request = 0;
  private width = 0;

  constructor(private readonly root: HTMLElement) {
    this.ends = JSON.parse(root.dataset["charts"] ?? "[]") as End[];
    this.whole = [Number(root.dataset["fromMs"]) / 1000, Number(root.dataset["untilMs"]) / 1000];
    const { partFromMs, partUntilMs } = root.dataset;
    // A link to a poor stretch shows that stretch; a double click or Escape, the whole.
    this.shown = partFromMs && partUntilMs ? [Number(partFromMs) / 1000, Number(partUntilMs) / 1000] : this.whole;
    root.classList.toggle("two", this.ends.length === 2);
    document.addEventListener(THEME_CHANGED, () => this.draw());
    new ResizeObserver(() => this.resize()).observe(root);
    root.addEventListener("keydown", (event) => this.key(event));
    void this.load();
    if (root.dataset["live"]) this.listen(root.dataset["live"]);
  }

  /** Asks for the part of the call that is shown, about as fine as there are pixels. */
  private async load(): Promise<void> {
    const request = ++this.request;
    this.root.setAttribute("aria-busy", "true");
    const [from, until] = this.shown;
    const zoomed = this.shown !== this.whole;
    const slots = Math.max(200, Math.min(1200, Math.round(this.chartWidth())));
    const ask = async (end: End): Promise<Series | undefined> => {
      const url = new URL(end.series, location.href);
      url.searchParams.set("slots_max", String(slots));
      url.searchParams.set("metrics", METRICS.join(","));
      if (zoomed) {
        url.searchParams.set("from_ms", String(Math.floor(from * 1000)));
        url.searchParams.set("until_ms", String(Math.ceil(until * 1000)));
      }
      const answer = await fetch(url);
      if (answer.status === 404) return undefined;
      if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? answer.statusText);
      return fromBody((await answer.json()) as SeriesBody);
    };
    try {
      const series = await Promise.all(this.ends.map(ask));
      if (request !== this.request) return;
      this.series = series;
      this.draw();
    } catch (error) {
      if (request === this.request) this.say(`The charts could not be loaded: ${error instanceof Error ? error.message : String(error)}. Load the page again.`);
    } finally {
      if (request === this.request) this.root.removeAttribute("aria-busy");
    }
  }

  private say(text: string): void {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.setAttribute("role", "status");
    hint.textContent = text;
    this.root.replaceChildren(hint);
  }

  private chartWidth(): number {
    const columns = getComputedStyle(this.root).gridTemplateColumns.split(" ").length;
    const gap = parseFloat(getComputedStyle(this.root).columnGap) || 0;
    return Math.floor((this.root.clientWidth - gap * (columns - 1)) / columns);
  }

  private resize(): void {
    const width = this.chartWidth();
    if (width === this.width) return;
    this.width = width;
    for (const { plot } of this.drawn) plot.setSize({ width, height: HEIGHT });
  }

  private draw(): void {
    for (const { plot } of this.drawn) plot.destroy();
    this.drawn = [];
    const parts: HTMLElement[] = this.ends.map((end) => {
      const title = document.createElement("h3");
      title.className = "end-name";
      title.textContent = end.label || "no id";
      return title;
    });
    if (this.series.every((series) => !series || series.times.length === 0)) {
      this.say(this.root.dataset["live"] ? "No reports yet; the charts begin with the first." : "No reports came from this connection, so there is nothing to draw.");
      return;
    }
    const pending: { kind: ChartKind; end: number; figure: HTMLElement; lines: { pick: Pick; line: Line }[]; max: number }[] = [];
    for (const kind of CHARTS) {
      const lines = this.series.map((series) => (series ? picked(kind, series) : []));
      if (lines.every((of) => of.length === 0)) continue;
      const max = Math.max(kind.floor, ...lines.flat().flatMap(({ line }) => line.max.filter((value) => typeof value === "number")));
      this.ends.forEach((_, end) => {
        const figure = document.createElement("figure");
        figure.className = "chart";
        parts.push(figure);
        pending.push({ kind, end, figure, lines: lines[end] ?? [], max });
      });
    }
    this.root.replaceChildren(...parts);
    this.width = this.chartWidth();
    for (const { kind, end, figure, lines, max } of pending) this.chart(kind, end, figure, lines, max);
    this.root.dataset["painted"] = String(Math.round(performance.now()));
    this.point();
  }

  /** A link to a moment puts the cursor there, and the chart of its metric in sight, once. */
  private point(): void {
    const { atMs, metric } = this.root.dataset;
    if (!atMs) return;
    delete this.root.dataset["atMs"];
    const shown = this.drawn.filter(({ kind }) => kind.picks.some((pick) => pick.metric === metric));
    const drawn = shown[0] ?? this.drawn[0];
    if (!drawn) return;
    for (const { figure } of shown) figure.classList.add("pointed");
    if (shown.length > 0) drawn.figure.scrollIntoView({ block: "center" });
    drawn.plot.setCursor({ left: drawn.plot.valToPos(Number(atMs) / 1000, "x"), top: HEIGHT / 2 });
  }

  private chart(kind: ChartKind, end: number, figure: HTMLElement, lines: { pick: Pick; line: Line }[], max: number): void {
    const caption = document.createElement("figcaption");
    const title = document.createElement("span");
    title.className = "chart-title";
    title.textContent = kind.title;
    const who = document.createElement("span");
    who.className = "chart-who";
    who.textContent = this.ends[end]?.label || "no id";
    caption.append(title, who);
    figure.append(caption);
    const label = this.ends[end]?.label || "no id";
    if (lines.length === 0) {
      const none = document.createElement("p");
      none.className = "chart-none";
      none.textContent = "not measured at this end";
      figure.append(none);
      return;
    }
    const values = lines.map(({ pick, line }, index) => {
      const key = document.createElement("span");
      key.className = "chart-key";
      const swatch = document.createElement("i");
      swatch.style.background = `var(${pick.colour})`;
      const value = document.createElement("b");
      const twins = lines.filter((other) => other.pick === pick).length > 1;
      key.append(swatch, twins && line.stream ? `${pick.label} ${line.stream.ssrc} ` : `${pick.label} `, value);
      // More than a handful of twins (layers, remote participants) would push the chart down.
      if (index < 6) caption.append(key);
      return value;
    });
    figure.setAttribute("aria-label", `${kind.title}, ${label}`);
    const box = document.createElement("div");
    box.className = "chart-box";
    figure.append(box);
    const drawn: Drawn = { kind, end, figure, lines, values, plot: this.plot(kind, end, lines, max, box) };
    this.drawn.push(drawn);
    this.values(drawn, null);
    box.querySelector("canvas")?.setAttribute("aria-hidden", "true");
  }

  private plot(kind: ChartKind, end: number, lines: { pick: Pick; line: Line }[], max: number, box: HTMLElement): uPlot {
    const coarse = (this.series[end]?.resolution_ms ?? 1000) > 1000;
    const options: uPlot.Options = {
      width: this.width,
      height: HEIGHT,
      legend: { show: false },
      padding: [6, 4, 0, 0],
      cursor: {
        sync: { key: "charts", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        y: false,
      },
      scales: { x: { range: () => this.shown }, y: { range: kind.range ?? [0, max * 1.08] } },
      axes: [
        { stroke: colour("--muted"), grid: { show: false }, ticks: { show: false }, font: FONT, size: 24, space: 70, values: xTicks },
        {
          stroke: colour("--muted"),
          grid: { stroke: colour("--line"), width: 1 },
          ticks: { show: false },
          font: FONT,
          size: 74,
          space: 28,
          values: (_, ticks) => showTicks(ticks, kind.unit),
        },
      ],
      series: [
        {},
        ...lines.flatMap(({ pick }) => {
          const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
          const mean: uPlot.Series = { stroke: colour(pick.colour), width: 1.5, points: { show: false } };
          return coarse ? [mean, edge, edge] : [mean];
        }),
      ],
      bands: coarse ? lines.map(({ pick }, index) => ({ series: [index * 3 + 2, index * 3 + 3], fill: colour(pick.colour, 0.16) })) : [],
      hooks: {
        drawClear: [(plot) => this.shade(plot, kind, end)],
        setCursor: [(plot) => this.cursor(plot)],
        setSelect: [(plot) => this.zoom(plot)],
      },
    };
    const plot = new uPlot(options, this.data(end, lines, coarse), box);
    plot.over.addEventListener("dblclick", () => this.show(this.whole));
    return plot;
  }

  private data(end: number, lines: { line: Line }[], coarse: boolean): uPlot.AlignedData {
    const columns = lines.flatMap(({ line }) => (coarse ? [line.mean, line.max, line.min] : [line.mean]));
    return [this.series[end]?.times ?? [], ...columns] as uPlot.AlignedData;
  }

  /** Issues of this end: a strip on top for each, and the whole height where the chart shows what was judged. */
  private shade(plot: uPlot, kind: ChartKind, end: number): void {
    const { ctx, bbox } = plot;
    const judged = new Set(kind.picks.map((pick) => pick.metric));
    const issues = this.ends[end]?.issues ?? [];
    ctx.save();
    for (const severity of SEVERITIES) {
      // One path for all of a severity: where two overlap it is no darker.
      const [strip, whole] = [new Path2D(), new Path2D()];
      for (const issue of issues.filter((issue) => issue.severity === severity)) {
        const last = bbox.left + bbox.width;
        const from = Math.max(bbox.left, plot.valToPos(issue.onset_ms / 1000, "x", true));
        const until = issue.cleared_ms === null ? last : Math.min(last, plot.valToPos(issue.cleared_ms / 1000, "x", true));
        if (until < from) continue;
        const width = Math.max(2, until - from);
        strip.rect(from, bbox.top, width, 3 * devicePixelRatio);
        if (judged.has(issue.evidence.metric)) whole.rect(from, bbox.top, width, bbox.height);
      }
      ctx.fillStyle = colour(`--${severity}`, 0.18);
      ctx.fill(whole);
      ctx.fillStyle = colour(`--${severity}`);
      ctx.fill(strip);
    }
    ctx.restore();
  }

  private cursor(plot: uPlot): void {
    const drawn = this.drawn.find((drawn) => drawn.plot === plot);
    if (drawn) this.values(drawn, plot.cursor.idx ?? null);
  }

  /** The values under the cursor, or the means where there is none. */
  private values({ kind, lines, values }: Drawn, index: number | null): void {
    lines.forEach(({ line }, at) => {
      const element = values[at];
      if (!element) return;
      const known = line.mean.filter((value) => typeof value === "number");
      const value = index === null ? (known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null) : line.mean[index];
      element.textContent = typeof value === "number" ? show(value, kind.unit) : "–";
    });
  }

  private zoom(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const [from, until] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    if (until - from >= 2) this.show([from, until]);
  }

  private show(range: [number, number]): void {
    if (range[0] === this.shown[0] && range[1] === this.shown[1]) return;
    this.shown = range;
    void this.load();
  }

  /** Arrow keys move the cursor of the chart in focus, and with it all others. */
  private key(event: KeyboardEvent): void {
    if (event.key === "Escape") return this.show(this.whole);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const first = this.drawn[0]?.plot;
    if (!step || !first) return;
    event.preventDefault();
    const times = first.data[0];
    const index = Math.max(0, Math.min(times.length - 1, (first.cursor.idx ?? (step > 0 ? -1 : times.length)) + step));
    first.setCursor({ left: first.valToPos(times[index] ?? 0, "x"), top: HEIGHT / 2 });
  }

  private listen(url: string): void {
    const source = new EventSource(url);
    let pending = false;
    source.addEventListener("tick", (event) => {
      const tick = JSON.parse(event.data as string) as Tick;
      const end = this.ends.findIndex((end) => end.key === tick.peer_connection);
      if (end < 0) return;
      const series = (this.series[end] ??= { times: [], resolution_ms: 1000, lines: [] });
      append(series, tick);
      const follows = this.shown === this.whole;
      this.whole[1] = Math.max(this.whole[1], tick.time_ms / 1000);
      if (follows) this.shown = this.whole;
      if (pending) return;
      pending = true;
      // A batch brings many ticks at once.
      requestAnimationFrame(() => {
        pending = false;
        this.draw();
      });
    });
    const issue = (event: MessageEvent): void => {
      const body = JSON.parse(event.data as string) as { peer_connection: string; issue: Issue };
      const end = this.ends.find((end) => end.key === body.peer_connection);
      if (!end) return;
      end.issues = end.issues.filter((held) => held.rule !== body.issue.rule || held.onset_ms !== body.issue.onset_ms);
      end.issues.push(body.issue);
    };
    for (const name of ["issue_raised", "issue_escalated", "issue_cleared"]) source.addEventListener(name, issue);
    source.addEventListener("conference_ended", () => {
      source.close();
      const hint = document.createElement("p");
      hint.className = "hint";
      hint.setAttribute("role", "status");
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = "Show how it went";
      hint.append("The call has ended. ", again);
      this.root.before(hint);
    });
  }
}

const FONT = "11px InterVariable, system-ui, sans-serif";

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function xTicks(_: uPlot, ticks: number[]): string[] {
  const fine = (ticks[1] ?? 60) - (ticks[0] ?? 0) < 60;
  return ticks.map((tick) => (fine ? SECONDS : TIME).format(new Date(tick * 1000)));
}
