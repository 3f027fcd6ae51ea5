// Instants in the reader's own time zone and language; the server writes them in UTC. Those of a call that is on several days have their day.

const STYLES: Record<string, Intl.DateTimeFormatOptions> = {
  minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  precise: { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
  day: { day: "numeric", month: "short", year: "numeric" },
};

const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

const format = (at: Date | number, style: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(undefined, { ...style, hourCycle: "h23" }).format(at);

/** Whether two instants, in ms since 1970, are on different days of the reader. */
export const isOtherDay = (one: number, other: number): boolean => new Date(one).toDateString() !== new Date(other).toDateString();

/** An instant to the second; with its day where that is asked for. */
export function moment(atMs: number, isDated: boolean): string {
  return format(atMs, { ...STYLES["time"], ...(isDated && DAY) });
}

/** What stands at an axis of time: below the first and below the first of each day, the day, where the whole that is looked at is on several. */
export function axisTimes(ticksMs: number[], isDated: boolean): string[] {
  const isFine = (ticksMs[1] ?? 60_000) - (ticksMs[0] ?? 0) < 60_000;
  const style: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(isFine && { second: "2-digit" }) };
  return ticksMs.map((tick, index) => {
    const before = ticksMs[index - 1];
    return format(tick, style) + (isDated && (before === undefined || isOtherDay(before, tick)) ? `\n${format(tick, DAY)}` : "");
  });
}

export function startTimes(root: ParentNode): void {
  const call = document.querySelector<HTMLElement>("[data-call-from]")?.dataset;
  const [from, until] = [Date.parse(call?.["callFrom"] ?? ""), Date.parse(call?.["callUntil"] ?? "")];
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-style]")) {
    const style = STYLES[element.dataset["style"] ?? ""];
    const instant = Date.parse(element.dateTime);
    if (!style || Number.isNaN(instant)) continue;
    // Of a call that runs, what comes may be on the first day that is another.
    const isDated = !Number.isNaN(from) && isOtherDay(from, Math.max(until, instant));
    element.textContent = format(instant, { ...style, ...(isDated && !style.day && DAY) });
  }
}

/** Says whose times the page shows. */
export function startZone(): void {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const element of document.querySelectorAll("[data-zone]")) element.textContent = `Times are in the zone ${zone}.`;
}
