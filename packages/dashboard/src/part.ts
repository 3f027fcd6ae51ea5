// The address is the state: which part of a call the charts show stands in it, and in the links and forms of the page that keep it.

/** Seconds since 1970, from and until. */
export type Part = [number, number];

/** Writes a part into an address; none is the whole. A moment that a link pointed at is left with the part around it. */
export function withPart(address: string, part: Part | null): string {
  const url = new URL(address);
  for (const name of ["from_ms", "until_ms", "at_ms", "metric"]) url.searchParams.delete(name);
  for (const [name, ms] of values(part)) url.searchParams.set(name, ms);
  return url.href;
}

export function writePart(part: Part | null): void {
  history.replaceState(history.state, "", withPart(location.href, part));
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-part-link]")) link.href = withPart(link.href, part);
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-part-link]")) {
    for (const input of form.querySelectorAll('input[name="from_ms"], input[name="until_ms"]')) input.remove();
    for (const [name, value] of values(part)) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
}

function values(part: Part | null): [string, string][] {
  return part ? [["from_ms", String(Math.floor(part[0] * 1000))], ["until_ms", String(Math.ceil(part[1] * 1000))]] : [];
}
