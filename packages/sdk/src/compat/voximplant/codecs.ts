/** Which codecs a call offers and answers with, and in which order: `setCodecPreferences` of WebRTC by the names of voximplant-websdk. */

/** Of one codec: `rtpmap`, and `fmtp` where there are parameters. */
export interface SdpAttribute {
  name: string;
  value: any;
}

export interface CodecSorterUserSections {
  kind: "audio" | "video";
  codec: SdpAttribute[];
}

export interface CodecSorterUserCodecList {
  sections: CodecSorterUserSections[];
}

export interface CodecDescription {
  /** Such as `opus`, in any case. */
  name: string;
  /** Of `fmtp`, such as `packetization-mode`; those that are not named may be any. */
  params?: { [key: string]: string };
  /** Where the browser does not have it, the others are enough. */
  optional?: boolean;
}

export type CodecSorter = (codecList: CodecSorterUserCodecList, incoming?: boolean) => Promise<CodecSorterUserCodecList>;

export interface CodecLimits {
  readonly audio?: readonly CodecDescription[];
  readonly video?: readonly CodecDescription[];
}

/** What stands in for or mends other codecs, and is never taken away. */
const HELPERS = ["rtx", "red", "ulpfec", "flexfec-03", "cn", "telephone-event"];

/** `H264first`. */
export const h264First: CodecSorter = async ({ sections }) => {
  const rank = ({ value }: SdpAttribute) => (/h264/i.test((value as SdpAttribute[])[0]?.value as string) ? 0 : 1);
  return { sections: sections.map(({ kind, codec }) => ({ kind, codec: kind === "video" ? [...codec].sort((one, other) => rank(one) - rank(other)) : codec })) };
};

/** Whether the browser has these codecs, but for those that are optional. */
export function has(kind: "audio" | "video", wanted: readonly CodecDescription[]): boolean {
  const codecs = codecsOf(kind);
  const isThere = (description: CodecDescription) => codecs.some((codec) => matches(codec, description));
  return wanted.some(isThere) && wanted.every((description) => description.optional === true || isThere(description));
}

/** Sets what the next offer or answer of the connection says. A codec that the sorter makes up is left out; a kind of which nothing is left stays the browser's. */
export async function arrange(peerConnection: RTCPeerConnection, limits: CodecLimits, sort: CodecSorter, isIncoming: boolean): Promise<void> {
  const transceivers = peerConnection.getTransceivers().map((transceiver) => ({ transceiver, kind: transceiver.receiver.track.kind as "audio" | "video" }));
  const offered = transceivers.map(({ kind }) => limited(codecsOf(kind), limits[kind]));
  const { sections } = await sort({ sections: transceivers.map(({ kind }, at) => ({ kind, codec: offered[at]!.map(attributeOf) })) }, isIncoming);
  for (const [at, { transceiver }] of transceivers.entries()) {
    const chosen = (sections[at]?.codec ?? []).flatMap((attribute) => offered[at]![numberOf(attribute) ?? -1] ?? []);
    if (chosen.some((codec) => !isHelper(codec))) transceiver.setCodecPreferences([...new Set(chosen)]);
  }
}

function codecsOf(kind: "audio" | "video"): readonly RTCRtpCodec[] {
  return RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
}

function limited(codecs: readonly RTCRtpCodec[], wanted: readonly CodecDescription[] | undefined): readonly RTCRtpCodec[] {
  if (!wanted) return codecs;
  const kept = wanted.flatMap((description) => codecs.filter((codec) => matches(codec, description)));
  return kept.length === 0 ? codecs : [...kept, ...codecs.filter(isHelper)];
}

function matches(codec: RTCRtpCodec, { name, params = {} }: CodecDescription): boolean {
  const given = new Map((codec.sdpFmtpLine ?? "").split(";").map((pair) => pair.split("=", 2) as [string, string]));
  return nameOf(codec) === name.toLowerCase() && Object.entries(params).every(([key, value]) => given.get(key) === String(value));
}

function nameOf({ mimeType }: RTCRtpCodec): string {
  return mimeType.slice(mimeType.indexOf("/") + 1).toLowerCase();
}

function isHelper(codec: RTCRtpCodec): boolean {
  return HELPERS.includes(nameOf(codec));
}

/** A codec as the sorter sees it. Payload types are given later, by the browser: the number here is the codec's place. */
function attributeOf({ mimeType, clockRate, channels, sdpFmtpLine }: RTCRtpCodec, place: number): SdpAttribute {
  const rtpmap = { name: "rtpmap", value: `${place} ${mimeType.slice(mimeType.indexOf("/") + 1)}/${clockRate}${channels !== undefined && channels > 1 ? `/${channels}` : ""}` };
  return { name: "codec", value: sdpFmtpLine === undefined ? [rtpmap] : [rtpmap, { name: "fmtp", value: `${place} ${sdpFmtpLine}` }] };
}

function numberOf({ value }: SdpAttribute): number | undefined {
  const rtpmap = (value as SdpAttribute[] | undefined)?.find(({ name }) => name === "rtpmap")?.value as string | undefined;
  return rtpmap === undefined ? undefined : Number.parseInt(rtpmap, 10);
}
