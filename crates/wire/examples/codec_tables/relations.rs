//! What is known of members from how browsers count: the order of templates, and from which columns a column follows.

/// Types in the order of their templates: a column can be predicted from those before it.
pub(crate) const TYPES: [&str; 14] = [
    "certificate",
    "codec",
    "local-candidate",
    "remote-candidate",
    "peer-connection",
    "media-source",
    "outbound-rtp",
    "remote-inbound-rtp",
    "inbound-rtp",
    "remote-outbound-rtp",
    "media-playout",
    "candidate-pair",
    "transport",
    "data-channel",
];

/// Members that stand last in their templates: they follow from objects that others name.
pub(crate) const LAST: [&str; 1] = ["priority"];

/// `type kind member first second factor`, in units of the members; `*` for any kind, `=type` for a template of the same kind,
/// `=type:kind` of another.
pub(crate) const RELATIONS: &str = "
* * timestamp clock - 1
candidate-pair * packetsReceived =inbound-rtp:audio.packetsReceived =inbound-rtp:video.packetsReceived 1
candidate-pair * packetsSent =outbound-rtp:audio.packetsSent =outbound-rtp:video.packetsSent 1
candidate-pair * bytesReceived =inbound-rtp:audio.bytesReceived =inbound-rtp:video.bytesReceived 1
candidate-pair * bytesSent =outbound-rtp:audio.bytesSent =outbound-rtp:video.bytesSent 1
candidate-pair * requestsReceived clock - 1/2500
candidate-pair * requestsSent requestsReceived - 1
candidate-pair * responsesSent requestsReceived - 1
candidate-pair * responsesReceived requestsSent - 1
candidate-pair * consentRequestsSent requestsSent - 1
candidate-pair * totalRoundTripTime currentRoundTripTime responsesReceived 1
candidate-pair * lastPacketReceivedTimestamp =inbound-rtp:audio.lastPacketReceivedTimestamp =inbound-rtp:video.lastPacketReceivedTimestamp 1
candidate-pair * lastPacketSentTimestamp clock - 1
transport * bytesReceived =candidate-pair.bytesReceived - 1
transport * bytesSent =candidate-pair.bytesSent - 1
transport * packetsReceived =candidate-pair.packetsReceived - 1
transport * packetsSent =candidate-pair.packetsSent - 1
media-source * totalSamplesDuration clock - 1/1000
media-source * frames clock - 1/40
outbound-rtp * packetsSent clock - 1/20
outbound-rtp * bytesSent packetsSent - 100
outbound-rtp * headerBytesSent packetsSent - 28
outbound-rtp * totalPacketSendDelay packetsSent - 0
outbound-rtp video framesEncoded =media-source.frames - 1
outbound-rtp video framesSent framesEncoded - 1
outbound-rtp video qpSum framesEncoded - 10
outbound-rtp video totalEncodeTime framesEncoded - 1/200
outbound-rtp video totalEncodedBytesTarget framesEncoded - 0
outbound-rtp video qualityLimitationDurations.none clock - 1/1000
remote-inbound-rtp * timestamp clock - 1
remote-inbound-rtp * packetsReceived =outbound-rtp.packetsSent - 1
remote-inbound-rtp * totalRoundTripTime roundTripTime roundTripTimeMeasurements 1
inbound-rtp * packetsReceived clock - 1/20
inbound-rtp * headerBytesReceived packetsReceived - 28
inbound-rtp * bytesReceived packetsReceived - 100
inbound-rtp * lastPacketReceivedTimestamp clock - 1
inbound-rtp * estimatedPlayoutTimestamp clock - 1
inbound-rtp * jitterBufferTargetDelay jitterBufferEmittedCount - 0
inbound-rtp * jitterBufferMinimumDelay jitterBufferTargetDelay - 1
inbound-rtp * jitterBufferDelay jitterBufferEmittedCount - 0
inbound-rtp audio totalSamplesReceived clock - 48
inbound-rtp audio jitterBufferEmittedCount totalSamplesReceived - 1
inbound-rtp audio totalSamplesDuration clock - 1/1000
inbound-rtp audio totalProcessingDelay jitterBufferDelay - 1
inbound-rtp audio silentConcealedSamples concealedSamples - 1
inbound-rtp video framesReceived clock - 1/40
inbound-rtp video framesDecoded framesReceived - 1
inbound-rtp video framesAssembledFromMultiplePackets framesReceived - 1
inbound-rtp video jitterBufferEmittedCount framesDecoded - 1
inbound-rtp video qpSum framesDecoded - 10
inbound-rtp video totalAssemblyTime framesAssembledFromMultiplePackets - 0
inbound-rtp video totalDecodeTime framesDecoded - 0
inbound-rtp video totalInterFrameDelay clock - 1/1000
inbound-rtp video totalSquaredInterFrameDelay totalInterFrameDelay - 0
inbound-rtp video totalProcessingDelay jitterBufferDelay totalDecodeTime 1
remote-outbound-rtp * timestamp =remote-inbound-rtp.timestamp - 1
remote-outbound-rtp * remoteTimestamp timestamp - 1
remote-outbound-rtp * packetsSent =inbound-rtp.packetsReceived - 1
remote-outbound-rtp * bytesSent packetsSent - 100
remote-outbound-rtp * totalRoundTripTime roundTripTime roundTripTimeMeasurements 1
media-playout * totalSamplesCount clock - 48
media-playout * totalSamplesDuration clock - 1/1000
media-playout * totalPlayoutDelay totalSamplesCount - 0
";

/// Scales that members have whatever the calls say: type (`*` for any), member, scale.
pub(crate) const SCALES: [(&str, &str, usize); 4] =
    [("*", "timestamp", 1), ("*", "remoteTimestamp", 1), ("*", "totalAudioEnergy", 11), ("inbound-rtp", "lastPacketReceivedTimestamp", 1)];

/// Members whose values tell of the machine on which the calls were recorded: none of them are likely elsewhere.
pub(crate) const OWN_TO_A_MACHINE: [&str; 6] = ["address", "ip", "relatedAddress", "foundation", "priority", "usernameFragment"];
