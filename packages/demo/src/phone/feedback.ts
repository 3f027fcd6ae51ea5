/** What the person thought of the call: stars, and what was wrong, as Plivo's `submitCallQualityFeedback` takes them. */

import type { Client } from "../../../sdk/src/compat/plivo/index.ts";
import { element, make } from "./page.ts";

const STARS = ["Bad", "Poor", "Fair", "Good", "Excellent"];

const ISSUES: readonly (readonly [name: string, words: string])[] = [
  ["audio_lag", "It lagged"],
  ["broken_audio", "Words were missing"],
  ["robotic_audio", "Robot voice"],
  ["one_way_audio", "One of us was not heard"],
  ["low_audio_level", "Too quiet"],
  ["echo", "Echo"],
  ["call_dropped", "It broke off"],
  ["high_connect_time", "Slow to connect"],
  ["digits_not_captured", "Keys were not taken"],
  ["callerid_issues", "Wrong caller shown"],
  ["others", "Something else"],
];

export class FeedbackForm {
  #callUUID = "";

  constructor(
    private readonly client: Client,
    done: () => void,
  ) {
    const [stars, issues] = [document.querySelector(".stars")!, document.querySelector(".issues")!];
    for (const [index, word] of STARS.entries()) stars.append(choice("radio", "stars", String(index + 1), word, "★"));
    for (const [name, words] of ISSUES) issues.append(choice("checkbox", "issue", name, words));
    const form = element<HTMLFormElement>("feedback");
    form.addEventListener("change", () => this.#follow(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(form);
    });
    element("skip").addEventListener("click", done);
  }

  /** Asks about a call that is over. */
  ask(callUUID: string): void {
    this.#callUUID = callUUID;
    const form = element<HTMLFormElement>("feedback");
    form.reset();
    for (const part of form.querySelectorAll("fieldset")) part.disabled = false;
    this.#follow(form);
  }

  #follow(form: HTMLFormElement): void {
    element("feedback-said").textContent = "";
    const stars = Number(new FormData(form).get("stars") ?? 0);
    for (const label of form.querySelectorAll<HTMLElement>(".stars label")) label.classList.toggle("lit", Number(label.querySelector("input")!.value) <= stars);
    // The best needs no reason; for anything less one is asked for.
    form.querySelector<HTMLElement>(".issues")!.hidden = stars === 0 || stars === 5;
    form.querySelector<HTMLElement>(".note")!.hidden = stars === 0;
    element("send-feedback").hidden = stars === 0;
  }

  async #send(form: HTMLFormElement): Promise<void> {
    const data = new FormData(form);
    const said = element("feedback-said");
    const stars = Number(data.get("stars"));
    const issues = stars === 5 ? [] : data.getAll("issue").map(String);
    try {
      await this.client.submitCallQualityFeedback(this.#callUUID, stars, issues, element<HTMLTextAreaElement>("note").value);
      for (const part of form.querySelectorAll("fieldset")) part.disabled = true;
      for (const gone of [element("send-feedback"), form.querySelector<HTMLElement>(".note")!]) gone.hidden = true;
      said.textContent = "Thank you: it is kept with the call.";
    } catch (reason) {
      said.textContent = /issue/i.test(String(reason)) ? "Choose at least one thing that was wrong." : String(reason);
    }
  }
}

function choice(type: "radio" | "checkbox", name: string, value: string, words: string, shown = words): HTMLLabelElement {
  const label = make("label");
  const input = Object.assign(make("input"), { type, name, value });
  input.setAttribute("aria-label", words);
  label.title = words;
  label.append(input, make("span", shown));
  return label;
}
