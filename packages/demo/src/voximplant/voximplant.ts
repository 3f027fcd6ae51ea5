/** A phone written for the Voximplant Web SDK, on Sidetone's face of it. */

import type * as VoxImplant from "../../../sdk/src/compat/voximplant/index.ts";
import { clock } from "../phone/clock.ts";
import { element, icon, linkPages, make, occupy, SECRET, SERVER, titled, USERS } from "../phone/page.ts";
import { loginTrouble, tell } from "../phone/trouble.ts";
import { offerUsers } from "../phone/users.ts";
import { tellIssue, tellStats } from "./told.ts";

type Sdk = typeof VoxImplant;
declare global {
  interface Window {
    VoxImplant?: Sdk;
  }
}

/** Milliseconds between two statistics. */
const STATS_MS = 1000;

class Page {
  readonly #client: VoxImplant.Client;
  #call: VoxImplant.Call | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly sdk: Sdk) {
    this.#client = sdk.getInstance();
    this.#client.on(sdk.Events.IncomingCall, ({ call }: VoxImplant.EventHandlers.IncomingCall) => this.#rings(call));
    this.#client.on(sdk.Events.ConnectionClosed, () => {
      element("connection").dataset["state"] = "lost";
      element("connection").textContent = "the server is lost: load the page again";
    });
    for (const [id, picture] of [["mute", "microphone"], ["hold", "pause"], ["hang-up", "phone"]] as const) element(id).querySelector(".disc")!.append(icon(picture));
    const on = (id: string, act: () => void) => element(id).addEventListener("click", act);
    on("answer", () => this.#call?.answer());
    on("decline", () => this.#call?.decline());
    on("hang-up", () => this.#call?.hangup());
    on("mute", () => this.#mute());
    on("hold", () => void this.#hold());
    element("dialler").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#place(element<HTMLInputElement>("number").value.trim().toLowerCase());
    });
    void offerUsers(element("users"), (user, password) => void this.#logIn(user, password));
    if (USERS.length === 0) tell("The address has no users in it. Open the address that `sidetone demo` prints, and go on to this page from there.");
  }

  async #logIn(user: string, password: string): Promise<void> {
    tell();
    try {
      if (!this.#client.alreadyInitialized) {
        const quality = SECRET === undefined ? undefined : { url: location.origin, secret: SECRET };
        await this.#client.init({ rtcStatsCollectionInterval: STATS_MS, sidetone: { servers: SERVER, ...(quality && { quality }) } });
      }
      await this.#client.connect();
      await this.#client.login(user, password);
    } catch (failed) {
      const { code, message } = failed as { code?: number; message?: string };
      return tell(loginTrouble(code === undefined ? (message ?? "the server does not answer") : String(code)));
    }
    occupy(user);
    element("my-name").textContent = titled(user);
    element("my-initial").textContent = titled(user).slice(0, 1);
    element("names").replaceChildren(...USERS.filter((other) => other.user !== user).map((other) => Object.assign(make("option"), { value: other.user })));
    element("login").hidden = true;
    for (const part of ["phone", "side"]) element(part).hidden = false;
    element("number").focus();
  }

  #place(number: string): void {
    tell();
    this.#follow(this.#client.call(number), number);
    this.#show("calling …", false, true);
    element("hang-up").focus();
  }

  #rings(call: VoxImplant.Call): void {
    // One call at a time on this small page.
    if (this.#call) return call.decline();
    this.#follow(call, call.number());
    this.#show("is calling", true, false);
    element("answer").focus();
  }

  #follow(call: VoxImplant.Call, name: string): void {
    const { CallEvents } = this.sdk;
    this.#call = call;
    element("other-name").textContent = titled(name);
    element("issues").replaceChildren(make("li", "None has fired.", "muted"));
    element("conference").hidden = true;
    call.on(CallEvents.ProgressToneStart, () => this.#show("ringing …", false, true));
    call.on(CallEvents.Connected, () => this.#connected(call));
    call.on(CallEvents.Disconnected, () => this.#over("Call ended"));
    call.on(CallEvents.Failed, ({ code, reason }: VoxImplant.EventHandlers.Failed) => this.#over(`No call: ${code} ${reason}`));
    call.on(CallEvents.CallStatsReceived, ({ stats }: VoxImplant.EventHandlers.CallStatsReceived) => tellStats(stats));
    for (const [name, event] of Object.entries(CallEvents)) {
      if (name.startsWith("QualityIssue")) call.on(event as VoxImplant.CallEvents, ({ level }: { level?: unknown }) => tellIssue(name, String(level ?? "")));
    }
  }

  #connected(call: VoxImplant.Call): void {
    this.#show("connected", false, true);
    const link = element<HTMLAnchorElement>("conference");
    link.href = `/conferences?id=${encodeURIComponent(call.sidetone?.uuid ?? "")}`;
    element("timer").hidden = false;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => (element("timer").textContent = clock(call.getCallDuration())), 500);
  }

  #over(words: string): void {
    clearInterval(this.#timer);
    element("conference").hidden = element("timer").hidden;
    element("timer").hidden = true;
    this.#call = undefined;
    for (const id of ["mute", "hold"]) element(id).setAttribute("aria-pressed", "false");
    this.#show(words, false, false);
  }

  #mute(): void {
    const call = this.#call;
    if (!call) return;
    if (call.isMicrophoneMuted()) call.unmuteMicrophone();
    else call.muteMicrophone();
    element("mute").setAttribute("aria-pressed", String(call.isMicrophoneMuted()));
  }

  async #hold(): Promise<void> {
    const call = this.#call;
    if (!call) return;
    await call.setActive(!call.active()).catch(() => tell("The call could not be held: the other side did not agree. Try again."));
    element("hold").setAttribute("aria-pressed", String(!call.active()));
    this.#show(call.active() ? "connected" : "on hold", false, true);
  }

  #show(words: string, isRinging: boolean, isUp: boolean): void {
    element("state").textContent = words;
    element("ringing").hidden = !isRinging;
    element("controls").hidden = !isUp;
    element("dialler").hidden = isRinging || isUp;
  }
}

linkPages();
if (window.VoxImplant) new Page(window.VoxImplant);
else tell("The server has no phone to give: /sdk/voximplant.js is missing. Build it with `cargo xtask build`.");
