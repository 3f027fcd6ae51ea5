/** Types of INFO messages. */

/** What voximplant-websdk tells itself and never its page. */
const INTERNAL = [
  "voximplant/sdpfrag",
  "voximplant/session",
  "vi/holdemul",
  "vi/sdpoffer",
  "vi/sdpanswer",
  "vi/conf-info-added",
  "vi/conf-info-removed",
  "vi/conf-info-updated",
];

/** Types that carry a text message. */
const TEXT = ["application/zingaya-im", "text/plain"];

/** The type as it goes out. */
export function mediaTypeOf(mimeType: string): string {
  return mimeType.includes("/") ? mimeType : `application/${mimeType}`;
}

/** The text message that an INFO carries, `internal` if it is not the page's, or nothing: then it is told as it is. */
export function textOf(contentType: string, body: string): { readonly text: string } | "internal" | undefined {
  const [type = ""] = contentType.toLowerCase().split(";");
  if (INTERNAL.includes(type.trim())) return "internal";
  return TEXT.includes(type.trim()) ? { text: body } : undefined;
}
