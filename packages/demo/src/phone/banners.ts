/** One banner for each call that rings. */

import type { CallInfo, Client } from "../../../sdk/src/compat/plivo/index.ts";
import { element, make, titled } from "./page.ts";
import { avatar } from "./users.ts";

export class Banners {
  readonly #held = new Map<string, HTMLElement>();

  /** `isTalking`: then taking another call ends the one that is up. */
  constructor(
    private readonly client: Client,
    private readonly isTalking: () => boolean,
  ) {}

  add({ callUUID, src }: CallInfo): void {
    const name = titled(src);
    const banner = make("section", "", "banner");
    banner.setAttribute("aria-label", `${name} is calling`);
    const words = make("p");
    words.append(make("strong", name), make("span", this.isTalking() ? "is calling, too" : "is calling"));
    const button = (text: string, className: string, act: () => void) => {
      const made = make("button", text, className);
      made.type = "button";
      made.addEventListener("click", act);
      return made;
    };
    const actions = make("div", "", "row");
    actions.append(
      button(this.isTalking() ? "End and answer" : "Answer", "answer", () => this.client.answer(callUUID, "letring")),
      button("Reject", "reject", () => this.client.reject(callUUID)),
      button("Ignore", "quiet", () => this.client.ignore(callUUID)),
    );
    banner.append(avatar(src), words, actions);
    element("banners").append(banner);
    this.#held.set(callUUID, banner);
    // Not under somebody's fingers who is typing.
    if (document.activeElement === document.body) actions.querySelector("button")!.focus();
    document.title = `${name} is calling`;
  }

  remove(callUUID: string): void {
    this.#held.get(callUUID)?.remove();
    this.#held.delete(callUUID);
    if (this.#held.size === 0) document.title = "Phone · Sidetone demo";
  }

  clear(): void {
    for (const callUUID of [...this.#held.keys()]) this.remove(callUUID);
  }
}
