/** Chromium whose made-up microphone speaks without a pause; the one it has by itself beeps once a second and is silent in between. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { wav } from "../../packages/sdk/src/phone/media/tones.ts";
import { launchChromium } from "./browsers.ts";

const HERTZ = 8000;

export async function launchSpeaking(): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-voice-"));
  const file = join(folder, "voice.wav");
  // Of a voice it has what is measured: a tone that swells and falls four times a second.
  const voice = Float32Array.from({ length: HERTZ * 4 }, (_, at) => 0.3 * Math.sin((2 * Math.PI * 400 * at) / HERTZ) * (0.6 + 0.4 * Math.sin((2 * Math.PI * 4 * at) / HERTZ)));
  writeFileSync(file, wav(voice));
  const browser = await launchChromium([`--use-file-for-fake-audio-capture=${file}`]);
  browser.once("disconnected", () => rmSync(folder, { recursive: true, force: true }));
  return browser;
}
