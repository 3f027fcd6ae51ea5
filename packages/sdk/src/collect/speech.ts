/** Tells speech from the room by loudness alone. Listens here in the page: no sound leaves it. */

/** Time between two looks. */
export const LOOK_MS = 50;
/** Loudness of speech at an arm's length from a microphone; about -40 dB of full scale. */
const SPEECH_RMS = 0.01;
/** So many times louder than the room is speech, not the room. */
const OVER_ROOM = 4;
/** Of the last half second; a click or a cough is shorter. */
const LOOKS = 10;
const LOUD_LOOKS = 6;

/** Judges one loudness after another. */
export class SpeechDetector {
  #room = SPEECH_RMS / OVER_ROOM;
  #looks: boolean[] = [];

  /** Takes the root mean square of a moment, 0 to 1; tells whether it is a moment at which there is speech. */
  take(rms: number): boolean {
    const isLoud = rms > Math.max(SPEECH_RMS, OVER_ROOM * this.#room);
    // The room is learnt from what is quiet; from what is loud, slowly, so that a fan is the room after a while.
    this.#room += (rms - this.#room) * (isLoud ? 0.002 : 0.1);
    this.#looks = [...this.#looks.slice(1 - LOOKS), isLoud];
    return this.#looks.filter((loud) => loud).length >= LOUD_LOOKS;
  }
}

/** Tells at each look whether there is speech, from a copy of the track that is not muted; the answer ends it. */
export function listen(track: MediaStreamTrack, onLook: (isSpeech: boolean) => void): () => void {
  const copy = track.clone();
  copy.enabled = true;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(new MediaStream([copy])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const detector = new SpeechDetector();
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLook(detector.take(Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)));
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    copy.stop();
    if (context.state !== "closed") void context.close();
  };
}
