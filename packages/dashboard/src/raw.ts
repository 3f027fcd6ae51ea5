// The raw view: filters while one types, and draws the members of an object when it is opened.

import { logInIfEnded } from "./session.ts";
import { HEIGHT, nearest, path, pieces, WIDTH } from "./spark.ts";
import { isOtherDay, moment } from "./times.ts";

interface ObjectSeries {
  times_ms: number[];
  members: Record<string, (number | string | null)[]>;
}

export function startRaw(): void {
  const objects = [...document.querySelectorAll<HTMLDetailsElement>("details.object")];
  if (objects.length === 0) return;
  for (const object of objects) {
    object.addEventListener("toggle", () => {
      if (object.open && !object.dataset["drawn"]) void draw(object);
    });
  }
  const form = document.querySelector<HTMLFormElement>("form[data-filter]");
  const input = form?.querySelector<HTMLInputElement>('input[name="q"]');
  form?.addEventListener("submit", (event) => event.preventDefault());
  input?.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const object of objects) {
      const fits = (object.dataset["text"] ?? "").includes(wanted);
      object.hidden = !fits;
      shown += Number(fits);
      for (const row of object.querySelectorAll<HTMLElement>("tr[data-member]")) {
        const named = `${object.querySelector("summary")?.textContent ?? ""}`.toLowerCase().includes(wanted);
        row.hidden = !named && !(row.dataset["member"] ?? "").toLowerCase().includes(wanted);
      }
    }
    document.querySelector<HTMLElement>(".no-object")?.toggleAttribute("hidden", shown > 0);
    const url = new URL(location.href);
    if (wanted) url.searchParams.set("q", wanted);
    else url.searchParams.delete("q");
    history.replaceState(null, "", url);
  });
}

async function draw(object: HTMLDetailsElement): Promise<void> {
  object.dataset["drawn"] = "true";
  object.querySelector(".hint")?.remove();
  const failed = (why: string): void => {
    delete object.dataset["drawn"];
    const hint = Object.assign(document.createElement("p"), { className: "hint", textContent: `The lines over time could not be loaded: ${why}.` });
    hint.setAttribute("role", "status");
    object.querySelector("summary")?.after(hint);
  };
  let series: ObjectSeries;
  try {
    const answer = await fetch(object.dataset["object"] ?? "");
    logInIfEnded(answer);
    if (!answer.ok) return failed(((await answer.json()) as { detail?: string }).detail ?? answer.statusText);
    series = (await answer.json()) as ObjectSeries;
  } catch {
    return failed("the connection to the server is interrupted; close and open this again");
  }
  for (const row of object.querySelectorAll<HTMLElement>("tr[data-member]")) {
    const cell = row.querySelector(".member-chart");
    const values = series.members[row.dataset["member"] ?? ""];
    if (cell && values) cell.replaceChildren(chart(series.times_ms, values));
  }
}

/** A line for numbers that change; words for everything else. */
function chart(times_ms: number[], values: (number | string | null)[]): Node {
  const numbers = values.map((value) => (typeof value === "number" ? value : null));
  const drawn = pieces(times_ms, numbers);
  const points = drawn.flat();
  const sorted = points.map(({ value }) => value).sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === most) {
    const distinct = new Set(values.filter((value) => value !== null));
    return words(distinct.size <= 1 ? "constant" : [...distinct].slice(-4).join(" → "));
  }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `from ${points[0]?.value} to ${points.at(-1)?.value}, least ${least}, greatest ${most}`);
  const line = document.createElementNS(svg.namespaceURI, "path");
  line.setAttribute("d", path(drawn));
  svg.append(line);
  const box = document.createElement("div");
  box.className = "spark-box";
  box.append(svg);
  underCursor(box, svg, drawn, isOtherDay(times_ms[0] ?? 0, times_ms.at(-1) ?? 0));
  return box;
}

/** Time and value of the point next to the mouse. */
function underCursor(box: HTMLElement, svg: Element, drawn: ReturnType<typeof pieces>, isDated: boolean): void {
  const dot = document.createElementNS(svg.namespaceURI, "circle");
  dot.setAttribute("r", "2.5");
  const said = words("");
  said.classList.add("spark-value");
  svg.addEventListener("pointermove", (event) => {
    const { left, width } = svg.getBoundingClientRect();
    const point = nearest(drawn, (((event as PointerEvent).clientX - left) / width) * WIDTH);
    if (!point) return;
    dot.setAttribute("cx", String(point.x));
    dot.setAttribute("cy", String(point.y));
    said.textContent = `${moment(point.time_ms, isDated)}  ${point.value}`;
    svg.append(dot);
    box.append(said);
  });
  svg.addEventListener("pointerleave", () => {
    dot.remove();
    said.remove();
  });
}

function words(text: string): HTMLElement {
  return Object.assign(document.createElement("span"), { className: "muted", textContent: text });
}
