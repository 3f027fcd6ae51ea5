// One chart: what was measured at one end, its issues shaded, and a cursor that tells values. To the keyboard and to screen readers the
// cursor is a slider over time.

import uPlot from "uplot";
import type { ChartKind, Pick } from "./chart_list.ts";
import type { Issue } from "./issues.ts";
import type { Part } from "./part.ts";
import { type Line, type Series, whyNone } from "./series.ts";
import { axisTimes, moment } from "./times.ts";
import { show, showTicks } from "./units.ts";

const HEIGHT = 132;

const FONT = "11px InterVariable, system-ui, sans-serif";

const SEVERITIES = ["minor", "major", "critical"] as const;

export interface End {
  label: string;
  series: string;
  key: string;
  issues: Issue[];
}

export interface Labelled {
  pick: Pick;
  line: Line;
}

/** What a chart draws; the same kind of another time takes its place without a new chart. */
export interface Content {
  kind: ChartKind;
  end: End;
  series: Series | undefined;
  lines: Labelled[];
  /** Greatest value at any end, so that both have the same axis. */
  max: number;
}

/** What all charts have in common. */
export interface Shared {
  shown(): Part;
  /** Whether the call is on several days of the reader. */
  isDated(): boolean;
  width(): number;
  zoom(part: Part): void;
  whole(): void;
}

const isCoarse = ({ series }: Content): boolean => (series?.resolution_ms ?? 1000) > 1000;

/** Whether two contents have the same lines, so that one chart can draw either. */
export function isSameChart(a: Content, b: Content): boolean {
  const text = ({ line }: Labelled): string => `${line.metric} ${line.stream?.direction} ${line.stream?.kind} ${line.stream?.ssrc}`;
  const all = (content: Content): string => [content.kind.title, content.end.key, isCoarse(content), ...content.lines.map(text)].join();
  return all(a) === all(b);
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

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string, text = ""): HTMLElementTagNameMap[Name] {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

export class Chart {
  readonly figure = element("figure", "chart");
  private readonly box = element("div", "chart-box");
  private values: HTMLElement[] = [];
  /** When that is, at the foot of the cursor. */
  private readonly time = element("div", "chart-time");
  private plot: uPlot | undefined;

  constructor(private content: Content, private readonly shared: Shared) {
    const label = content.end.label || "no id";
    const caption = element("figcaption", "");
    caption.append(element("span", "chart-title", content.kind.title), element("span", "chart-who", label));
    this.figure.append(caption);
    if (content.lines.length === 0) {
      this.figure.append(element("p", "chart-none", "not measured at this end"));
      return;
    }
    this.values = content.lines.map(({ pick, line }, index) => {
      const key = element("span", "chart-key");
      const swatch = document.createElement("i");
      swatch.style.background = `var(${pick.colour})`;
      const value = document.createElement("b");
      const twins = content.lines.filter((other) => other.pick === pick).length > 1;
      key.append(swatch, twins && line.stream ? `${pick.label} ${line.stream.ssrc} ` : `${pick.label} `, value);
      // More than a handful of twins (layers, remote participants) would push the chart down.
      if (index < 6) caption.append(key);
      return value;
    });
    this.figure.setAttribute("aria-label", `${content.kind.title}, ${label}`);
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "slider");
    this.box.setAttribute("aria-label", `Cursor of ${content.kind.title}, ${label}`);
    this.box.addEventListener("pointerdown", () => this.focus());
    this.figure.append(this.box);
  }

  /** Draws, once the figure stands in the page. */
  draw(): void {
    if (this.content.lines.length === 0) return;
    this.plot = new uPlot(this.options(), this.data(), this.box);
    this.time.setAttribute("aria-hidden", "true");
    this.plot.over.append(this.time);
    this.plot.over.addEventListener("dblclick", () => this.shared.whole());
    this.box.querySelector("canvas")?.setAttribute("aria-hidden", "true");
    this.tell();
  }

  /** Draws the same chart with other values. */
  update(content: Content): void {
    this.content = content;
    this.plot?.setData(this.data());
    this.tell();
  }

  isOf(content: Content): boolean {
    return isSameChart(this.content, content);
  }

  /** Whether it is the chart of the same place, though of other lines. */
  isSibling({ kind, end }: Content): boolean {
    return kind === this.content.kind && end.key === this.content.end.key;
  }

  shows(metric: string | undefined): boolean {
    return this.content.kind.picks.some((pick) => pick.metric === metric);
  }

  get isMeasured(): boolean {
    return this.plot !== undefined;
  }

  resize(): void {
    this.plot?.setSize({ width: this.shared.width(), height: HEIGHT });
  }

  remove(): void {
    this.plot?.destroy();
  }

  focus(): void {
    this.box.focus({ preventScroll: true });
  }

  get hasFocus(): boolean {
    return document.activeElement === this.box;
  }

  /** Times that are drawn, in seconds since 1970. */
  get times(): number[] {
    const [from, until] = this.shared.shown();
    return (this.content.series?.times ?? []).filter((time) => time >= from && time <= until);
  }

  /** Where the cursor stands. */
  get cursor(): number | null {
    const index = this.plot?.cursor.idx;
    return typeof index === "number" ? (this.content.series?.times[index] ?? null) : null;
  }

  /** Puts the cursor at a time; uPlot tells other charts only of the mouse. */
  point(time: number): void {
    this.plot?.setCursor({ left: this.plot.valToPos(time, "x"), top: HEIGHT / 2 });
  }

  /** Where the axis ends, unless it has a scale. */
  private get top(): number {
    return this.content.max * 1.08;
  }

  private options(): uPlot.Options {
    const { kind, lines } = this.content;
    const coarse = isCoarse(this.content);
    return {
      width: this.shared.width(),
      height: HEIGHT,
      legend: { show: false },
      padding: [6, 4, 0, 0],
      cursor: {
        sync: { key: "charts", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        y: false,
      },
      scales: { x: { range: () => this.shared.shown() }, y: { range: () => kind.range ?? [0, this.top] } },
      axes: [
        {
          stroke: colour("--muted"),
          grid: { show: false },
          ticks: { show: false },
          font: FONT,
          // A second line where there are days.
          size: (_, values) => (values?.some((value) => value.includes("\n")) ? 38 : 24),
          space: 70,
          values: (_, ticks) => axisTimes(ticks.map((tick) => tick * 1000), this.shared.isDated()),
        },
        {
          stroke: colour("--muted"),
          grid: { stroke: colour("--line"), width: 1 },
          ticks: { show: false },
          font: FONT,
          size: 74,
          // Of a scale every step is told.
          space: kind.range ? 18 : 28,
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
        drawClear: [(plot) => this.shade(plot)],
        setCursor: [() => this.tell()],
        setSelect: [(plot) => this.select(plot)],
      },
    };
  }

  private data(): uPlot.AlignedData {
    const coarse = isCoarse(this.content);
    const columns = this.content.lines.flatMap(({ line }) => (coarse ? [line.mean, line.max, line.min] : [line.mean]));
    return [this.content.series?.times ?? [], ...columns] as uPlot.AlignedData;
  }

  /** Issues of this end: a strip on top for each, and the whole height where the chart shows what was judged. */
  private shade(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const severity of SEVERITIES) {
      // One path for all of a severity: where two overlap it is no darker.
      const [strip, whole] = [new Path2D(), new Path2D()];
      for (const issue of this.content.end.issues.filter((issue) => issue.severity === severity)) {
        const last = bbox.left + bbox.width;
        const from = Math.max(bbox.left, plot.valToPos(issue.onset_ms / 1000, "x", true));
        const until = issue.cleared_ms === null ? last : Math.min(last, plot.valToPos(issue.cleared_ms / 1000, "x", true));
        if (until < from) continue;
        const width = Math.max(2, until - from);
        strip.rect(from, bbox.top, width, 3 * devicePixelRatio);
        if (this.shows(issue.evidence.metric)) whole.rect(from, bbox.top, width, bbox.height);
      }
      ctx.fillStyle = colour(`--${severity}`, 0.18);
      ctx.fill(whole);
      ctx.fillStyle = colour(`--${severity}`);
      ctx.fill(strip);
    }
    ctx.restore();
  }

  /** The values under the cursor, or the means where there is none; in words, too. */
  private tell(): void {
    const { kind, lines, series } = this.content;
    const index = this.plot?.cursor.idx ?? null;
    const said = lines.map(({ pick, line }, at) => {
      const known = line.mean.filter((value) => typeof value === "number");
      const value = index === null ? (known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null) : line.mean[index];
      const beyond = pick.isCeiling && typeof value === "number" && value > this.top ? " ↑" : "";
      const text = typeof value === "number" ? show(value, kind.unit) + beyond : whyNone(line, index);
      const element = this.values[at];
      if (element) element.textContent = text;
      return `${pick.label} ${text}`;
    });
    const [from, until] = this.shared.shown();
    const time = (index === null ? undefined : series?.times[index]) ?? until;
    const told = moment(time * 1000, this.shared.isDated());
    this.time.textContent = index === null ? "" : told;
    // Within the plot: at an edge it does not follow the cursor over it.
    const room = (this.plot?.over.clientWidth ?? 0) - this.time.offsetWidth;
    this.time.style.left = `${Math.max(0, Math.min(room, (this.plot?.cursor.left ?? 0) - this.time.offsetWidth / 2))}px`;
    const set = (name: string, value: string | number): void => this.box.setAttribute(`aria-${name}`, String(value));
    set("valuemin", 0);
    set("valuemax", Math.round(until - from));
    set("valuenow", Math.round(Math.min(until, Math.max(from, time)) - from));
    set("valuetext", index === null ? "no moment chosen" : `${told}: ${said.join(", ")}`);
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.shared.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }
}
