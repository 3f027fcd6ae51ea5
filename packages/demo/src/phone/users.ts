/** The choice of who to be: the demo's users, those of other tabs marked. */

import { make, titled, USERS, usersElsewhere } from "./page.ts";

/** Shows the users; the first that no other tab has stands out. */
export async function offerUsers(list: HTMLElement, choose: (user: string, password: string) => void): Promise<void> {
  const elsewhere = await usersElsewhere();
  const next = USERS.find(({ user }) => !elsewhere.has(user));
  list.replaceChildren(
    ...USERS.map(({ user, password }) => {
      const button = make("button", "", user === next?.user ? "user primary" : "user");
      button.type = "button";
      button.append(avatar(user), make("span", `Log in as ${titled(user)}`));
      if (elsewhere.has(user)) button.append(make("small", "in another tab"));
      button.addEventListener("click", () => choose(user, password));
      const item = make("li");
      item.append(button);
      return item;
    }),
  );
}

/** The first letter in a circle. */
export function avatar(user: string): HTMLSpanElement {
  const initial = make("span", titled(user).slice(0, 1), "avatar");
  initial.setAttribute("aria-hidden", "true");
  return initial;
}
