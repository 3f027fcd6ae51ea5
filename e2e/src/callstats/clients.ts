/** The callstats clients as they are published. */

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import { build } from "esbuild";

const require = createRequire(import.meta.url);

/** npm `callstats-js`, as its file is. */
export function browserClient(): string {
  return readFileSync(require.resolve("callstats-js/callstats.min.js"), "utf8");
}

/** npm `react-native-callstats` as an app's bundler puts it together, in a browser's place for React Native's WebRTC. */
export async function reactNativeClient(): Promise<string> {
  const entry = `import "react-native-callstats/csio-polyfill.js"; import callstats from "react-native-callstats/callstats.js"; window.callstats = callstats;`;
  const natives: Record<string, string> = {
    "react-native": `export const Platform = { OS: "android", Version: 33 };`,
    "react-native-webrtc": `export const RTCPeerConnection = window.RTCPeerConnection;`,
  };
  const bundle = await build({
    stdin: { contents: entry, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "iife",
    define: { global: "window" },
    plugins: [
      {
        name: "natives",
        setup(build) {
          build.onResolve({ filter: /^react-native(-webrtc)?$/ }, ({ path }) => ({ path, namespace: "natives" }));
          build.onLoad({ filter: /.*/, namespace: "natives" }, ({ path }) => ({ contents: natives[path] ?? "" }));
        },
      },
    ],
  });
  return bundle.outputFiles[0]?.text ?? "";
}
