// Why a running conference is poor just now: the list is asked for again whenever the server has another answer.

import { startTimes } from "./times.ts";

export function startWhy(): void {
  const root = document.querySelector<HTMLElement>("[data-why]");
  const list = root?.querySelector<HTMLElement>(".why-list");
  const { why, live } = root?.dataset ?? {};
  if (!list || !why || !live) return;
  const source = new EventSource(`${live}?ticks=false`);
  let request = 0;
  const load = async (): Promise<void> => {
    const own = ++request;
    const answer = await fetch(why);
    if (!answer.ok) return;
    const text = await answer.text();
    if (own !== request) return;
    list.innerHTML = text;
    startTimes(list);
  };
  // `state` comes at the beginning and after an interruption; who was too slow has missed something.
  for (const name of ["state", "diagnosis", "lagged"]) source.addEventListener(name, () => void load().catch(() => undefined));
  source.addEventListener("conference_ended", () => source.close());
}
