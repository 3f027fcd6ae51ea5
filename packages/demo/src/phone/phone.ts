/** A phone in a page, on Plivo's Browser SDK as Sidetone has it: who logs in, and which screen is shown when. */

import type Plivo from "../../../sdk/src/compat/plivo/index.ts";
import type { CallInfo, Client, ConnectionInfo, HangupInfo, MediaMetric } from "../../../sdk/src/compat/plivo/index.ts";
import { Banners } from "./banners.ts";
import { Calling } from "./calling.ts";
import { FeedbackForm } from "./feedback.ts";
import { fillPad, isKey } from "./pad.ts";
import { element, icon, linkPages, make, occupy, SECRET, SERVER, titled, USERS, userOf } from "./page.ts";
import { Sound } from "./sound.ts";
import { avatar, offerUsers } from "./users.ts";
import { failureWords, loginTrouble, microphoneTrouble, tell } from "./trouble.ts";

type Constructor = typeof Plivo;
declare global {
  interface Window {
    Plivo?: Constructor;
  }
}

class Phone {
  readonly #client: Client;
  readonly #calling: Calling;
  readonly #banners: Banners;
  readonly #sound: Sound;
  readonly #feedback: FeedbackForm;
  readonly #flash: (key: string) => void;
  /** The call whose screen is shown. */
  #shown = "";
  #release = (): void => undefined;
  /** The page says that the server does not answer. */
  #isUnanswered = false;

  constructor(plivo: Constructor) {
    this.#client = new plivo({
      registrationDomainSocket: SERVER,
      permOnClick: true,
      allowMultipleIncomingCalls: true,
      // Tabs of one machine need no STUN and no TURN.
      iceServers: [],
      debug: "WARN",
      ...(SECRET !== undefined && { sidetone: { secret: SECRET } }),
    }).client;
    this.#calling = new Calling(this.#client);
    this.#banners = new Banners(this.#client, () => this.#client.callSession !== null);
    this.#sound = new Sound(this.#client);
    this.#feedback = new FeedbackForm(this.#client, () => this.#show("dialler"));
    this.#flash = fillPad(document.querySelector<HTMLElement>("[data-pad='dial']")!, (key) => this.#type(key));
    this.#listen();
    this.#wire();
    void this.#offerUsers();
  }

  /** What the client tells. */
  #listen(): void {
    const client = this.#client;
    client.on("onLogin", () => this.#loggedIn());
    client.on("onLoginFailed", (reason: string) => {
      tell(loginTrouble(reason));
      this.#busy(false);
    });
    client.on("onLogout", () => this.#loggedOut());
    client.on("onConnectionChange", (info: ConnectionInfo) => this.#connection(info));
    client.on("onWebrtcNotSupported", () => tell("This browser cannot call. Take a recent Chrome, Edge, Firefox or Safari, and open the page at localhost or over HTTPS."));
    client.on("onMediaPermission", ({ status, error }: { status: string; error?: string }) => {
      if (status === "failure") tell(microphoneTrouble(error ?? ""));
      else void this.#sound.list();
    });
    client.on("onIncomingCall", (_caller: string, _headers: object, info: CallInfo) => this.#banners.add(info));
    for (const name of ["onIncomingCallCanceled", "onIncomingCallIgnored"]) client.on(name, ({ callUUID }: CallInfo) => this.#banners.remove(callUUID));
    client.on("onCallRemoteRinging", () => this.#calling.state("ringing …"));
    client.on("onCallAnswered", (info: CallInfo) => this.#answered(info));
    client.on("onCallTerminated", ({ originator }: HangupInfo, info: CallInfo) => {
      const length = this.#calling.end();
      this.#over(info, "Call ended", `${originator === "remote" ? this.#calling.name : "You"} hung up after ${length}.`);
    });
    client.on("onCallFailed", (cause: string, info: CallInfo) => this.#failed(cause, info));
    client.on("mediaMetrics", (metric: MediaMetric) => this.#calling.metric(metric));
  }

  /** What the person does. */
  #wire(): void {
    element("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(event.target as HTMLFormElement);
      this.#logIn(String(data.get("user")).trim(), String(data.get("password")));
    });
    element("logout").addEventListener("click", () => this.#client.logout());
    const number = element<HTMLInputElement>("number");
    element("call").prepend(icon("phone"));
    element("call").append("Call");
    element("call").addEventListener("click", () => this.#call(number.value));
    element("erase").append(icon("erase"));
    element("erase").addEventListener("click", () => (number.value = number.value.slice(0, -1)));
    number.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // Or this very key would press the button that gets the focus: the one that hangs up.
      event.preventDefault();
      this.#call(number.value);
    });
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  async #offerUsers(): Promise<void> {
    await offerUsers(element("users"), (user, password) => this.#logIn(user, password));
    if (USERS.length === 0) {
      element<HTMLDetailsElement>("other").open = true;
      tell("The address has no users in it. Open the address that `sidetone demo` prints, or log in as a user of `sidetone phone create`.");
    }
  }

  #logIn(user: string, password: string): void {
    tell();
    this.#busy(true);
    // Asked for while there is a click, so that the browser shows its question, and nobody has to wait in a call.
    void this.#client.audio.revealAudioDevices().catch(() => undefined);
    this.#client.login(user, password);
  }

  #busy(isBusy: boolean): void {
    for (const button of element("login").querySelectorAll("button")) button.disabled = isBusy;
  }

  #loggedIn(): void {
    const user = this.#client.userName ?? "";
    this.#release = occupy(user);
    element("my-name").textContent = titled(user);
    element("my-initial").textContent = titled(user).slice(0, 1);
    const others = USERS.map(({ user }) => user).filter((name) => name !== user);
    element("contacts").replaceChildren(...others.map((name) => this.#contact(name)));
    element("contact-names").replaceChildren(...others.map((name) => Object.assign(make("option"), { value: name })));
    this.#busy(false);
    element("login").hidden = true;
    for (const part of ["phone", "side"]) element(part).hidden = false;
    this.#show("dialler");
    void this.#sound.list();
  }

  #loggedOut(): void {
    this.#release();
    this.#banners.clear();
    this.#sound.stopCheck();
    element("login").hidden = false;
    for (const part of ["phone", "side"]) element(part).hidden = true;
    void this.#offerUsers();
  }

  #connection({ state, reason }: ConnectionInfo): void {
    const line = element("connection");
    const isUp = state === "connected";
    line.dataset["state"] = isUp ? "connected" : "lost";
    line.textContent = isUp ? "ready for calls" : reason === "No Internet" ? "no network: calls come back with it" : "the server is lost, reconnecting …";
    if (!isUp && !this.#client.isLoggedIn && reason !== "Logout") {
      this.#isUnanswered = true;
      tell(`The server at ${SERVER} does not answer. Is \`sidetone demo\` running? It is tried again.`);
    } else if (isUp && this.#isUnanswered) {
      // Other trouble, such as with the microphone, stands.
      this.#isUnanswered = false;
      tell();
    }
  }

  #contact(user: string): HTMLLIElement {
    const item = make("li");
    const words = make("p");
    words.append(make("strong", titled(user)), make("span", user, "muted"));
    const button = make("button", "", "quiet round");
    button.type = "button";
    button.setAttribute("aria-label", `Call ${titled(user)}`);
    button.append(icon("phone"));
    button.addEventListener("click", () => this.#call(user));
    item.append(avatar(user), words, button);
    return item;
  }

  #call(wanted: string): void {
    const dest = wanted.trim().toLowerCase();
    if (dest === "") return element("number").focus();
    if (this.#client.callSession) return tell("You are in a call. Hang up first, or hand it over.");
    if (this.#client.incomingInvites.size > 0) return tell("Somebody is calling you. Answer or reject first.");
    tell();
    this.#sound.stopCheck();
    this.#client.call(dest);
    if (!this.#client.callSession) return tell(`"${wanted}" is no name and no number. Take one of the contacts.`);
    element<HTMLInputElement>("number").value = "";
    this.#shown = this.#client.getCallUUID() ?? "";
    this.#calling.begin(userOf(dest), "calling …");
    this.#show("calling");
    element("hang-up").focus();
  }

  #answered(info: CallInfo): void {
    this.#banners.remove(info.callUUID);
    tell();
    this.#sound.stopCheck();
    this.#shown = info.callUUID;
    if (info.direction === "incoming") this.#calling.begin(info.src, "connected");
    this.#calling.answered();
    this.#show("calling");
  }

  #failed(cause: string, info: CallInfo): void {
    this.#banners.remove(info.callUUID);
    if (info.direction === "incoming") return;
    this.#calling.end();
    const name = titled(userOf(info.dest));
    this.#over(info, info.originator === "local" ? "Call ended" : "No call", failureWords(cause, name));
  }

  #over(info: CallInfo, title: string, words: string): void {
    // Another call was taken in place of this one.
    if (this.#client.callSession) return;
    element("over-title").textContent = title;
    element("over-words").textContent = words;
    element<HTMLAnchorElement>("conference").href = `/conferences?id=${encodeURIComponent(info.callUUID)}`;
    this.#sound.stopCheck();
    this.#feedback.ask(info.callUUID);
    this.#show("over");
    element("skip").focus();
  }

  #show(screen: "dialler" | "calling" | "over"): void {
    for (const name of ["dialler", "calling", "over"]) element(name).hidden = name !== screen;
    if (screen === "dialler") this.#shown = "";
    element("phone").dataset["screen"] = screen;
  }

  #type(key: string): void {
    const number = element<HTMLInputElement>("number");
    number.value += key;
    this.#flash(key);
  }

  /** Digits dial, or go into the call; Escape hangs up. */
  #key(event: KeyboardEvent): void {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || element("phone").hidden) return;
    const isTyping = target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox" && target.type !== "range";
    if (isTyping || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return;
    const isInCall = !element("calling").hidden;
    if (isKey(key) && isInCall && this.#shown !== "" && this.#client.callSession?.times.answered !== undefined) this.#calling.sendKey(key);
    else if (isKey(key) && !element("dialler").hidden) this.#type(key);
    else if (key === "Escape" && isInCall) this.#client.hangup();
    else return;
    event.preventDefault();
  }
}

linkPages();
if (window.Plivo) new Phone(window.Plivo);
else tell("The server has no phone to give: /sdk/plivo.js is missing. Build it with `cargo xtask build`.");
