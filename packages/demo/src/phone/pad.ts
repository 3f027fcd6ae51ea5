/** Twelve keys, for the mouse, the finger and the keyboard. */

import { make } from "./page.ts";

const KEYS: readonly (readonly [key: string, letters: string])[] = [
  ["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
  ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""],
];
const SPOKEN: Readonly<Record<string, string>> = { "*": "star", "#": "hash" };
/** How long a key looks pressed that was pressed on the keyboard. */
const FLASH_MS = 140;

/** Fills the box with keys; gives what shows a key as pressed. */
export function fillPad(box: HTMLElement, press: (key: string) => void): (key: string) => void {
  const buttons = new Map<string, HTMLButtonElement>();
  for (const [key, letters] of KEYS) {
    const button = make("button", key);
    button.type = "button";
    if (SPOKEN[key]) button.setAttribute("aria-label", SPOKEN[key]);
    const small = make("small", letters);
    small.setAttribute("aria-hidden", "true");
    button.append(small);
    button.addEventListener("click", () => press(key));
    box.append(button);
    buttons.set(key, button);
  }
  return (key) => {
    const button = buttons.get(key);
    button?.classList.add("pressed");
    setTimeout(() => button?.classList.remove("pressed"), FLASH_MS);
  };
}

/** The key of the keyboard as one of ours. */
export const isKey = (key: string) => /^[0-9*#]$/.test(key);
