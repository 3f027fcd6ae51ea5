// Why a running conference is poor just now: the list is asked for again whenever the server has another answer.

import { Live } from "./live.ts";
import { startTimes } from "./times.ts";

export function startWhy(): void {
  const root = document.querySelector<HTMLElement>("[data-why]");
  const list = root?.querySelector<HTMLElement>(".why-list");
  const { why, live: url } = root?.dataset ?? {};
  if (!list || !why || !url) return;
  const live = Live.of(url);
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
  const again = (): void => void load().catch(() => undefined);
  live.on("diagnosis", again);
  live.onMissed(again);
}
