/** The events of a {@link Call}. Names and values are those of voximplant-websdk 4.13; what each carries is in `event-handlers.ts`. */

export enum CallEvents {
  /** The call was answered. Media may begin some seconds before or after. */
  Connected = "Connected",
  /** A call that was connected, or rang here, is over. */
  Disconnected = "Disconnected",
  /** The call could not be set up; the code is SIP's. */
  Failed = "Failed",
  /** It rings there: the page may play its ringback tone. */
  ProgressToneStart = "ProgressToneStart",
  /** Answered, or media before the answer begins: an end to the ringback tone. */
  ProgressToneStop = "ProgressToneStop",
  MessageReceived = "onSendMessage",
  InfoReceived = "InfoReceived",
  TransferComplete = "TransferComplete",
  TransferFailed = "TransferFailed",
  /** The answer came, but no connection for its media. */
  ICETimeout = "ICETimeout",
  /** Every 10 s, the browser's report. */
  RTCStatsReceived = "RTCStatsReceived",
  /** Every `Config.rtcStatsCollectionInterval`. */
  CallStatsReceived = "CallStatsReceived",
  MediaElementCreated = "MediaElementCreated",
  MediaElementRemoved = "MediaElementRemoved",
  /** Once for each generation of ICE. */
  ICECompleted = "ICECompleted",
  /** A renegotiation of ours ended. */
  Updated = "Updated",
  /** A renegotiation of theirs ended. */
  PendingUpdate = "PendingUpdate",
  /** A renegotiation of ours failed, with a code beside the reason of `Updated`. */
  UpdateFailed = "UpdateFailed",
  LocalVideoStreamAdded = "LocalVideoStreamAdded",
  EndpointAdded = "EndpointAdded",
  EndpointRemoved = "EndpointRemoved",
  StateUpdated = "StateUpdated",
  /** Held, or no more. */
  ActiveUpdated = "ActiveUpdated",
  QualityIssueCodecMismatch = "QualityIssueCodecMismatch",
  QualityIssueHighMediaLatency = "QualityIssueHighMediaLatency",
  QualityIssueICEDisconnected = "QualityIssueICEDisconnected",
  QualityIssueLocalVideoDegradation = "QualityIssueLocalVideoDegradation",
  QualityIssueLowBandwidth = "QualityIssueLowBandwidth",
  QualityIssueNoAudioSignal = "QualityIssueNoAudioSignal",
  QualityIssuePacketLoss = "QualityIssuePacketLoss",
  SharingStopped = "SharingStopped",
}

/** The original maps values back to names as well, which shows where they differ. */
export namespace CallEvents {
  export const onSendMessage = "MessageReceived";
}

/** Of Sidetone: issues that Voximplant's SDKs for phones tell, and its Web SDK does not. Told as the other quality issues are. */
export enum SidetoneEvents {
  /** The other side's voice is there to be heard, and no packet of it comes. */
  QualityIssueNoAudioReceived = "QualityIssueNoAudioReceived",
  /** The same of its picture. */
  QualityIssueNoVideoReceived = "QualityIssueNoVideoReceived",
}
