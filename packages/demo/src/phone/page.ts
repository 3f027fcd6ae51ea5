/** The page's elements, icons, and what its address says. */

export const element = <Kind extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as Kind;

/** Adds an element with this text, and gives it. */
export function make<Name extends keyof HTMLElementTagNameMap>(name: Name, text = "", className = ""): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

const PATHS = {
  phone: "M6.6 10.8a15 15 0 0 0 6.600 6.600l2.200-2.200a1 1 0 0 1 1-.25 11.400 11.400 0 0 0 3.600.570 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.500a1 1 0 0 1 1 1c0 1.250.2 2.450.570 3.570a1 1 0 0 1-.250 1z",
  microphone: "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zM6 11.500a6 6 0 0 0 12 0M12 17.500V21M9 21h6",
  keypad: "M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01",
  pause: "M9 5v14M15 5v14",
  noise: "M4 10v4M8 7v10M12 4v16M16 8v8M20 11v2",
  forward: "M14 5l6 6-6 6M20 11H10a6 6 0 0 0-6 6v2",
  erase: "M9 5h11v14H9l-6-7zM12 9.500l5 5M17 9.500l-5 5",
} as const;

/** A picture for a button whose name stands beside it. */
export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", `icon-${name}`);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** `ada` as a name to show. */
export const titled = (user: string) => user.slice(0, 1).toUpperCase() + user.slice(1);

/** `ada@example.com` and `sip:ada@…` as the user alone. */
export const userOf = (address: string) => address.replace(/^sips?:/i, "").split("@")[0] ?? "";

const given = new URLSearchParams(location.hash.slice(1));

/** The demo's users with their passwords, as `sidetone demo` prints them. */
export const USERS: readonly { readonly user: string; readonly password: string }[] = (given.get("users") ?? "").split(",").flatMap((pair) => {
  const [user, password] = pair.split(":");
  return user && password ? [{ user, password }] : [];
});

/** The app's intake secret, by which calls are measured. */
export const SECRET = given.get("secret") ?? undefined;

/** Where phones connect. */
export const SERVER = `${location.origin.replace(/^http/, "ws")}/sip`;

const lockOf = (user: string) => `sidetone-demo-phone:${user}`;

/** The users that other tabs of this browser are logged in as. */
export async function usersElsewhere(): Promise<ReadonlySet<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set(USERS.map(({ user }) => user).filter((user) => held.some(({ name }) => name === lockOf(user))));
}

/** Lets other tabs know who this one is, until it is told otherwise. */
export function occupy(user: string): () => void {
  let release = (): void => undefined;
  const over = new Promise<void>((resolve) => (release = resolve));
  void navigator.locks?.request(lockOf(user), { ifAvailable: true }, () => over);
  return release;
}

/** The other pages of the demo need what stands in this one's address. */
export function linkPages(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-page]")) link.href = `${link.dataset["page"]}${location.hash}`;
}
