/** What went wrong, and what the person can do about it. */

import { element } from "./page.ts";

/** Words of a browser's error about the microphone, by its name. */
export function microphoneTrouble(name: string): string {
  switch (name) {
    case "NotAllowedError":
      return "The browser was not allowed to use the microphone. Allow it beside the address, then call again.";
    case "NotFoundError":
      return "There is no microphone. Plug one in, then call again.";
    case "NotReadableError":
      return "Another program holds the microphone. Close it, then call again.";
    case "OverconstrainedError":
      return "The chosen microphone is gone. Choose another below Sound.";
    default:
      return `The microphone cannot be opened (${name}). Choose another below Sound.`;
  }
}

/** Why nobody was logged in. */
export function loginTrouble(reason: string): string {
  if (/authentication|credential|rejected|40[137]/i.test(reason)) return "The password is wrong, or there is no such user. `sidetone demo` prints both with this page's address.";
  if (/internet/i.test(reason)) return "There is no network. Connect, then log in again.";
  return `Nobody could be logged in: ${reason}.`;
}

/** Why a call was not answered, to one who called `name`. */
export function failureWords(cause: string, name: string): string {
  switch (cause) {
    case "Busy":
      return `${name} is busy, or did not want to talk.`;
    case "Rejected":
      return `${name} declined.`;
    case "Canceled":
      return "You gave up.";
    case "Not Found":
      return `There is nobody called ${name} here. Look at the contacts.`;
    case "Unavailable":
      return `${name} is not logged in now. Open a second tab and log in there.`;
    case "No Answer":
    case "Request Timeout":
      return `${name} did not answer.`;
    case "User Denied Media Access":
      return "There is no microphone to talk into.";
    case "Connection Error":
      return "The server was lost.";
    default:
      return `${cause}.`;
  }
}

/** Nothing: no trouble. */
export function tell(text?: string): void {
  const box = element("trouble");
  box.hidden = !text;
  box.textContent = text ?? "";
}
