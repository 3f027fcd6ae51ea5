/** Runs `phone.html` for two of the demo's users and shows its source: the very file that runs. */

import { element, linkPages, make, SECRET, titled, USERS } from "../phone/page.ts";
import { tell } from "../phone/trouble.ts";

const FILE = "phone.html";

async function show(): Promise<void> {
  const file = await fetch(FILE);
  if (!file.ok) return tell(`The server does not give ${FILE}. Build it with \`cargo xtask build\`.`);
  element("source").textContent = (await file.text()).trimEnd();
}

linkPages();
for (const { user, password } of USERS.slice(0, 2)) {
  const frame = make("iframe");
  frame.title = `${titled(user)}'s phone`;
  frame.allow = "microphone; autoplay";
  frame.src = `${FILE}#${new URLSearchParams({ secret: SECRET ?? "", user, password })}`;
  // So that one press of the button calls the other.
  frame.addEventListener("load", () => {
    const other = USERS.slice(0, 2).find((held) => held.user !== user);
    const whom = frame.contentDocument?.querySelector<HTMLInputElement>("#who");
    if (other && whom) whom.value = other.user;
  });
  const box = make("section", "", "card frame");
  box.append(make("h3", titled(user)), frame);
  element("frames").append(box);
}
if (USERS.length === 0) tell("The address has no users in it. Open the address that `sidetone demo` prints, and go on to this page from there.");
void show();
