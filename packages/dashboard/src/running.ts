// The page of a running conference grows: when somebody joins or leaves, an issue comes or goes, or a connection comes, the page is asked for
// again, and what stands in its parts takes the place of what stood there. Charts go on by themselves. When the call is over and judged, the page
// is loaded anew.

import type { End } from "./chart.ts";
import { ENDS_CHANGED, startCharts } from "./charts.ts";
import { Live, NO_STREAM } from "./live.ts";
import { logInIfEnded } from "./session.ts";
import { startTimes } from "./times.ts";

/** Between two times of asking: many may join at once. */
const PAUSE_MS = 1000;

/** Between two times of asking for the verdict: at first, and at last. */
const VERDICT_MS = [1000, 30_000] as const;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function startRunning(): void {
  const root = document.querySelector<HTMLElement>("[data-running]");
  if (root) follow(root);
  else if (document.querySelector("[data-unjudged]")) void awaitVerdict();
}

function follow(root: HTMLElement): void {
  const live = Live.of(root.dataset["running"] ?? "");
  const known = new Set((root.dataset["connections"] ?? "").split(" "));
  let isWanted = false;
  let isBusy = false;
  const grow = async (): Promise<void> => {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isWanted) {
      await pause(PAUSE_MS);
      isWanted = false;
      await load().catch(() => undefined);
    }
    isBusy = false;
  };
  for (const name of ["participant_joined", "participant_left", "issue_raised", "issue_escalated", "issue_cleared"]) live.on(name, () => void grow());
  live.onMissed(() => void grow());
  live.onRefused(() => {
    const hint = Object.assign(document.createElement("p"), { className: "hint", textContent: NO_STREAM });
    hint.setAttribute("role", "status");
    root.prepend(hint);
  });
  live.on("conference_ended", () => void awaitVerdict());
  live.on<{ peer_connection: string }>("tick", ({ peer_connection }) => {
    if (known.has(peer_connection)) return;
    known.add(peer_connection);
    void grow();
  });
}

/** Asks until the call is judged, less and less often, and shows what there is then; not while something is filled in. */
async function awaitVerdict(): Promise<void> {
  const [first, last] = VERDICT_MS;
  for (let ms = first as number; ; ms = Math.min(last, 2 * ms)) {
    await pause(ms);
    const page = await load().catch(() => undefined);
    if (page && !page.querySelector("[data-unjudged]") && !document.activeElement?.matches("input, select, textarea")) return location.reload();
  }
}

/** Gives the page as it is now. */
async function load(): Promise<Document | undefined> {
  const charts = document.querySelector<HTMLElement>("[data-charts]");
  const url = new URL(location.href);
  // Of many connections the page shows the worst: here it stays with the one that is looked at.
  const [end] = JSON.parse(charts?.dataset["charts"] ?? "[]") as End[];
  if (end) url.searchParams.set("connection", end.key);
  const answer = await fetch(url);
  logInIfEnded(answer);
  if (!answer.ok) return undefined;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const came = page.querySelector<HTMLElement>("[data-charts]");
  if (charts && came) {
    charts.dataset["charts"] = came.dataset["charts"];
    charts.dispatchEvent(new Event(ENDS_CHANGED));
  } else if (came) {
    replace(document.querySelector("#connection"), came.closest("#connection"));
    startCharts();
  }
  for (const part of document.querySelectorAll<HTMLElement>("[data-grows]")) replace(part, page.getElementById(part.id));
  return page;
}

/** Puts a part in the place of another; a link in it that has the focus keeps it. */
function replace(part: Element | null, came: Element | null): void {
  if (!part || !came) return;
  startTimes(came);
  if (part.innerHTML === came.innerHTML) return;
  const focused = part.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
  part.replaceWith(came);
  if (focused) came.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
