// Instants in the reader's own time zone and language; the server writes them in UTC.

const STYLES: Record<string, Intl.DateTimeFormatOptions> = {
  minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  precise: { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
  dated: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  "dated-precise": { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
  day: { day: "numeric", month: "short", year: "numeric" },
};

export function startTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-style]")) {
    const style = STYLES[element.dataset["style"] ?? ""];
    const instant = new Date(element.dateTime);
    if (style && !Number.isNaN(instant.getTime())) {
      element.textContent = new Intl.DateTimeFormat(undefined, { ...style, hourCycle: "h23" }).format(instant);
    }
  }
}

/** Says whose times the page shows. */
export function startZone(): void {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const element of document.querySelectorAll("[data-zone]")) element.textContent = `Times are in the zone ${zone}.`;
}
