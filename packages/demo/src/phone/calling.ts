/** The call that is up, or is to be: its state, its time, what can be done with it. */

import type { Client, MediaMetric } from "../../../sdk/src/compat/plivo/index.ts";
import type { Call } from "../../../sdk/src/phone/index.ts";
import { Harmer } from "../harm.ts";
import { clock } from "./clock.ts";
import { fillPad, isKey } from "./pad.ts";
import { element, icon, make, titled } from "./page.ts";
import { CallQuality, type Verdict } from "./quality.ts";
import { tell } from "./trouble.ts";

const CONTROLS = [
  ["mute", "microphone"],
  ["keypad", "keypad"],
  ["hold", "pause"],
  ["noise", "noise"],
  ["transfer", "forward"],
  ["hang-up", "phone"],
] as const;

export class Calling {
  #quality: CallQuality | undefined;
  #undo: (() => void)[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #began = 0;
  #name = "";
  readonly #harmer = new Harmer("../harm_worker.js");
  readonly #flash: (key: string) => void;

  constructor(private readonly client: Client) {
    for (const [id, picture] of CONTROLS) element(id).querySelector(".disc")!.append(icon(picture));
    const on = (id: string, act: () => void) => element(id).addEventListener("click", act);
    on("hang-up", () => client.hangup());
    on("mute", () => (client.isCallMuted ? client.unmute() : client.mute()));
    on("hold", () => void this.#hold());
    on("noise", () => void this.#reduceNoise());
    on("keypad", () => this.#toggle("keypad", "keys"));
    on("transfer", () => this.#toggle("transfer", "transfer-form"));
    element("transfer-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#transfer(element<HTMLInputElement>("target").value.trim());
    });
    this.#flash = fillPad(document.querySelector<HTMLElement>("[data-pad='dtmf']")!, (key) => this.sendKey(key));
    this.#harmer.watchAll();
    element<HTMLInputElement>("drop").addEventListener("input", () => this.#harm());
  }

  /** The other side, as it is shown. */
  get name(): string {
    return this.#name;
  }

  /** Shows a call that is placed or was just taken. */
  begin(user: string, state: string): void {
    this.#name = titled(user);
    element("other-name").textContent = this.#name;
    element("other-initial").textContent = this.#name.slice(0, 1);
    element("timer").hidden = true;
    element("sent-keys").textContent = "";
    for (const [button, part] of [["keypad", "keys"], ["transfer", "transfer-form"]] as const) if (!element(part).hidden) this.#toggle(button, part);
    for (const [id] of CONTROLS) element<HTMLButtonElement>(id).disabled = id !== "hang-up";
    element("noticed").replaceChildren(make("li", "Nothing yet. What harms the call shows here as it happens.", "muted"));
    this.#verdict({ grade: "none", word: "Measuring", reason: "" });
    element("quality").hidden = true;
    this.state(state);
    this.#follow(this.client.callSession);
  }

  state(words: string): void {
    element("state").textContent = words;
  }

  /** Both sides talk. */
  answered(): void {
    const call = this.client.callSession;
    if (!call) return;
    this.#began = call.times.answered ?? Date.now();
    for (const [id] of CONTROLS) element<HTMLButtonElement>(id).disabled = false;
    element("quality").hidden = false;
    element("timer").hidden = false;
    this.#show();
    const tick = () => (element("timer").textContent = clock(Date.now() - this.#began));
    tick();
    clearInterval(this.#timer);
    this.#timer = setInterval(tick, 500);
    const quality = new CallQuality(this.#name, (verdict) => this.#verdict(verdict), noticed);
    this.#quality = quality;
    this.#undo.push(
      call.on("tick", (tick) => quality.tick(tick)),
      call.on("issueRaised", (issue) => quality.issue(issue, false)),
      call.on("issueCleared", (issue) => quality.issue(issue, true)),
    );
  }

  metric(metric: MediaMetric): void {
    this.#quality?.metric(metric);
  }

  /** How long it was, such as `1:05`; empty where nobody answered. */
  end(): string {
    clearInterval(this.#timer);
    for (const undo of this.#undo.splice(0)) undo();
    this.#quality?.end();
    this.#quality = undefined;
    const length = element("timer").hidden ? "" : clock(Date.now() - this.#began);
    element("timer").hidden = true;
    return length;
  }

  sendKey(key: string): void {
    if (!isKey(key)) return;
    this.#flash(key);
    this.client.sendDtmf(key);
    element("sent-keys").textContent += key;
  }

  #follow(call: Call | null): void {
    for (const undo of this.#undo.splice(0)) undo();
    if (!call) return;
    this.#undo.push(
      call.on("hold", () => this.#show()),
      call.on("mute", ({ audio }) => {
        if (!audio) this.#quality?.unmuted();
        this.#show();
      }),
      call.on("network", ({ change }) => (change === "lost" ? this.state("the line to the server is lost, reconnecting …") : this.#show())),
      call.on("transfer", ({ state }) => state === "failed" && tell(`${this.#name} could not be handed over: nobody took the call.`)),
    );
  }

  #show(): void {
    const call = this.client.callSession;
    if (!call) return;
    const { local, remote } = call.isHeld;
    press("mute", call.isMuted.audio, "Muted", "Mute");
    press("hold", local, "Resume", "Hold");
    if (call.times.answered !== undefined) this.state(local ? "on hold" : remote ? `${this.#name} put you on hold` : call.isMuted.audio ? "connected, you are muted" : "connected");
  }

  async #hold(): Promise<void> {
    const call = this.client.callSession;
    await (call?.isHeld.local ? call.resume() : call?.hold())?.catch(() => tell("The call could not be held: the other side did not agree. Try again."));
    this.#show();
  }

  async #reduceNoise(): Promise<void> {
    const button = element("noise");
    const isOn = button.getAttribute("aria-pressed") === "true";
    const isDone = await (isOn ? this.client.stopNoiseReduction() : this.client.startNoiseReduction());
    if (isDone) press("noise", !isOn, "Less noise", "Less noise");
    else tell("This browser cannot take the noise away; the call goes on as it was.");
  }

  async #transfer(target: string): Promise<void> {
    const call = this.client.callSession;
    if (!call || target === "") return;
    this.state(`handing over to ${titled(target)} …`);
    try {
      await call.transfer(target);
    } catch {
      tell(`${titled(target)} did not take the call; you still have it.`);
      this.#show();
    }
  }

  #toggle(button: string, part: string): void {
    const isOpen = element(part).hidden;
    element(part).hidden = !isOpen;
    element(button).setAttribute("aria-expanded", String(isOpen));
    if (isOpen) element(part).querySelector<HTMLElement>("input, button")?.focus();
  }

  #verdict({ grade, word, reason }: Verdict): void {
    element("quality").dataset["grade"] = grade;
    element("quality-word").textContent = word;
    element("quality-reason").textContent = reason;
  }

  #harm(): void {
    const percent = Number(element<HTMLInputElement>("drop").value);
    element("drop-value").textContent = `${percent} %`;
    this.#harmer.set({ drop: percent / 100, delayMs: 0 });
  }
}

function press(id: string, isPressed: boolean, pressed: string, released: string): void {
  const button = element(id);
  button.setAttribute("aria-pressed", String(isPressed));
  button.lastChild!.textContent = isPressed ? pressed : released;
}

/** Each thing stands once in the list, the latest on top. */
function noticed(words: string, isOver: boolean): void {
  const list = element("noticed");
  list.querySelector(".muted")?.remove();
  const held = [...list.children].find((item) => item.firstChild?.textContent === words);
  const item = held ?? make("li", words);
  item.setAttribute("data-state", isOver ? "over" : "open");
  item.querySelector("small")?.remove();
  item.append(make("small", `${isOver ? "over" : "since"} ${new Date().toLocaleTimeString("en", { hour12: false })}`));
  list.prepend(item);
}
