/** What this tab sends: camera and microphone, or a picture and tone that the page makes up. */

/** Why there is nothing to send, in words for the person. */
export class NoMedia extends Error {}

export async function open(isMadeUp: boolean): Promise<MediaStream> {
  if (isMadeUp) return madeUp();
  if (!navigator.mediaDevices) throw new NoMedia("The browser gives cameras only to pages of this machine or over HTTPS. Open the page at localhost, or send a made-up picture.");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480, frameRate: 25 } });
  } catch (error) {
    const { name } = error as DOMException;
    if (name === "NotAllowedError") throw new NoMedia("The browser was not allowed to use camera and microphone. Allow it beside the address, or send a made-up picture.");
    if (name === "NotFoundError") throw new NoMedia("There is no camera or no microphone. Plug one in, or send a made-up picture.");
    if (name === "NotReadableError") throw new NoMedia("Another program holds the camera or microphone. Close it, or send a made-up picture.");
    throw new NoMedia(`Camera and microphone cannot be opened (${name}). Send a made-up picture instead.`);
  }
}

/** A moving picture with a clock, and a soft warbling tone. */
function madeUp(): MediaStream {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const drawing = canvas.getContext("2d")!;
  const hue = Math.floor(Math.random() * 360);
  const began = performance.now();
  const draw = () => {
    const seconds = (performance.now() - began) / 1000;
    drawing.fillStyle = `hsl(${hue} 45% 30%)`;
    drawing.fillRect(0, 0, 640, 480);
    for (let index = 0; index < 6; index += 1) {
      const angle = seconds * (0.4 + index * 0.13) + index;
      drawing.fillStyle = `hsl(${hue + index * 24} 70% 60% / 0.8)`;
      drawing.beginPath();
      drawing.arc(320 + Math.cos(angle) * (60 + index * 30), 240 + Math.sin(angle * 1.3) * (40 + index * 22), 26, 0, 7);
      drawing.fill();
    }
    drawing.fillStyle = "#fff";
    drawing.font = "600 40px system-ui, sans-serif";
    drawing.fillText(seconds.toFixed(1), 24, 448);
  };
  setInterval(draw, 40);
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: 330 });
  const warble = new OscillatorNode(audio, { frequency: 0.7 });
  const depth = new GainNode(audio, { gain: 90 });
  const volume = new GainNode(audio, { gain: 0.08 });
  const destination = audio.createMediaStreamDestination();
  warble.connect(depth).connect(tone.frequency);
  tone.connect(volume).connect(destination);
  tone.start();
  warble.start();
  return new MediaStream([...canvas.captureStream(25).getTracks(), ...destination.stream.getTracks()]);
}
