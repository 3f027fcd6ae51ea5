/** Tells when somebody speaks into a muted microphone. */

import { listen } from "../../collect/speech.ts";

/** Listens to a copy of the track until there is speech, once; the answer ends it. */
export function onSpeech(track: MediaStreamTrack, heard: () => void): () => void {
  const stop = listen(track, (isSpeech) => {
    if (!isSpeech) return;
    stop();
    heard();
  });
  return stop;
}
