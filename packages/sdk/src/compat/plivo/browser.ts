/** Which browser this is, and whether it can call. */

export interface BrowserDetails {
  browser: string;
  version: number;
}

/** Order matters: Edge calls itself Chrome, and Chrome Safari. */
const BROWSERS: readonly (readonly [browser: string, version: RegExp])[] = [
  ["edge", /Edg(?:e|A|iOS)?\/(\d+)/],
  ["firefox", /(?:Firefox|FxiOS)\/(\d+)/],
  ["chrome", /(?:Chrome|Chromium|CriOS)\/(\d+)/],
  ["safari", /Version\/(\d+).*Safari\//],
];

export function browserDetails(userAgent = globalThis.navigator?.userAgent ?? ""): BrowserDetails {
  for (const [browser, version] of BROWSERS) {
    const found = version.exec(userAgent)?.[1];
    if (found) return { browser, version: Number(found) };
  }
  return { browser: "unknown", version: 0 };
}

export function hasWebRtc(): boolean {
  return typeof RTCPeerConnection === "function" && globalThis.navigator?.mediaDevices !== undefined;
}
