// The raw view: filters while one types, and draws the members of an object when it is opened.

interface ObjectSeries {
  times_ms: number[];
  members: Record<string, (number | string | null)[]>;
}

const WIDTH = 220;
const HEIGHT = 28;

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
  const answer = await fetch(object.dataset["object"] ?? "");
  if (!answer.ok) {
    delete object.dataset["drawn"];
    return;
  }
  const series = (await answer.json()) as ObjectSeries;
  for (const row of object.querySelectorAll<HTMLElement>("tr[data-member]")) {
    const cell = row.querySelector(".member-chart");
    const values = series.members[row.dataset["member"] ?? ""];
    if (cell && values) cell.replaceChildren(chart(values));
  }
}

/** A line for numbers that change; words for everything else. */
function chart(values: (number | string | null)[]): Node {
  const numbers = values.map((value) => (typeof value === "number" ? value : null));
  const known = numbers.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  if (known.length === 0 || least === most) {
    const distinct = new Set(values.filter((value) => value !== null));
    const words = document.createElement("span");
    words.className = "muted";
    words.textContent = distinct.size <= 1 ? "constant" : [...distinct].slice(-4).join(" → ");
    return words;
  }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `from ${numbers.find((value) => value !== null)} to ${known.at(-1)}, least ${least}, greatest ${most}`);
  const path = document.createElementNS(svg.namespaceURI, "path");
  let drawn = "";
  let isGap = true;
  numbers.forEach((value, index) => {
    if (value === null) {
      isGap = true;
      return;
    }
    const x = (index / Math.max(1, numbers.length - 1)) * (WIDTH - 2) + 1;
    const y = HEIGHT - 3 - ((value - least) / (most - least)) * (HEIGHT - 6);
    drawn += `${isGap ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isGap = false;
  });
  path.setAttribute("d", drawn);
  svg.append(path);
  return svg;
}
