//! The members of stats objects that the engine reads, and how they are found by name.

macro_rules! fields {
    (numbers { $($number:ident $number_name:literal,)* } others { $($other:ident $other_name:literal,)* }) => {
        /// A member that the engine reads. Numbers come first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Field { $($number,)* $($other,)* }

        impl Field {
            const ALL: &[(&str, Self)] = &[$(($number_name, Self::$number),)* $(($other_name, Self::$other),)*];
            const NUMBERS_LIST: &[Self] = &[$(Self::$number,)*];
            const OTHERS_LIST: &[Self] = &[$(Self::$other,)*];
        }
    };
}

fields! {
    numbers {
    LimitedNone "none", LimitedCpu "cpu", LimitedBandwidth "bandwidth", LimitedOther "other",
    Timestamp "timestamp", Ssrc "ssrc", PacketsReceived "packetsReceived", PacketsLost "packetsLost",
    BytesReceived "bytesReceived", Jitter "jitter", PacketsDiscarded "packetsDiscarded", PacketsSent "packetsSent",
    BytesSent "bytesSent", NackCount "nackCount", PliCount "pliCount", FirCount "firCount",
    RetransmittedPacketsReceived "retransmittedPacketsReceived", RetransmittedPacketsSent "retransmittedPacketsSent",
    ConcealedSamples "concealedSamples", SilentConcealedSamples "silentConcealedSamples",
    ConcealmentEvents "concealmentEvents", InsertedSamples "insertedSamplesForDeceleration",
    RemovedSamples "removedSamplesForAcceleration", TotalSamplesReceived "totalSamplesReceived",
    TotalSamplesDuration "totalSamplesDuration", JitterBufferDelay "jitterBufferDelay",
    JitterBufferEmittedCount "jitterBufferEmittedCount", JitterBufferTargetDelay "jitterBufferTargetDelay",
    TotalProcessingDelay "totalProcessingDelay", AudioLevel "audioLevel", TotalAudioEnergy "totalAudioEnergy",
    FecPacketsReceived "fecPacketsReceived", FecPacketsDiscarded "fecPacketsDiscarded",
    FramesReceived "framesReceived", FramesDecoded "framesDecoded", FramesDropped "framesDropped",
    FramesEncoded "framesEncoded", FramesSent "framesSent", Frames "frames", FramesPerSecond "framesPerSecond",
    FrameWidth "frameWidth", FrameHeight "frameHeight", Width "width", Height "height",
    KeyFramesDecoded "keyFramesDecoded", KeyFramesEncoded "keyFramesEncoded", QpSum "qpSum",
    TotalDecodeTime "totalDecodeTime", TotalEncodeTime "totalEncodeTime",
    TotalInterFrameDelay "totalInterFrameDelay", TotalSquaredInterFrameDelay "totalSquaredInterFrameDelay",
    FreezeCount "freezeCount", TotalFreezesDuration "totalFreezesDuration",
    TotalPacketSendDelay "totalPacketSendDelay", TargetBitrate "targetBitrate", RoundTripTime "roundTripTime",
    FractionLost "fractionLost", CurrentRoundTripTime "currentRoundTripTime",
    AvailableOutgoingBitrate "availableOutgoingBitrate", AvailableIncomingBitrate "availableIncomingBitrate",
    ResponsesReceived "responsesReceived", LastPacketReceived "lastPacketReceivedTimestamp",
    TotalPlayoutDelay "totalPlayoutDelay", TotalSamplesCount "totalSamplesCount",
    SynthesizedSamplesDuration "synthesizedSamplesDuration", EchoReturnLoss "echoReturnLoss",
    EchoReturnLossEnhancement "echoReturnLossEnhancement",
    SpeechDuration "speechDuration", ObservedDuration "observedDuration",
    SelectedCandidatePairChanges "selectedCandidatePairChanges", EstimatedPlayout "estimatedPlayoutTimestamp",
    RemoteTimestamp "remoteTimestamp",
    }
    others {
    KindName "kind", MediaType "mediaType", IsRemote "isRemote", CodecId "codecId", TrackId "trackId",
    MediaSourceId "mediaSourceId", PlayoutId "playoutId", Mid "mid", Rid "rid", TrackIdentifier "trackIdentifier",
    MimeType "mimeType", SdpFmtpLine "sdpFmtpLine", QualityLimitationReason "qualityLimitationReason", State "state",
    Nominated "nominated", Selected "selected", SelectedCandidatePairId "selectedCandidatePairId", IceState "iceState",
    DtlsState "dtlsState", LocalCandidateId "localCandidateId", RemoteCandidateId "remoteCandidateId", TransportId "transportId",
    CandidateType "candidateType", RelayProtocol "relayProtocol", NetworkType "networkType", ContentType "contentType",
    Address "address", LocalUfrag "iceLocalUsernameFragment", DecoderName "decoderImplementation", EncoderName "encoderImplementation",
    EfficientDecoder "powerEfficientDecoder", EfficientEncoder "powerEfficientEncoder",
    }
}

/// Record-valued member whose entries are [`Field::LimitedNone`] and its neighbours.
const LIMITATIONS: &str = "qualityLimitationDurations";
const LIMITATION_COUNT: usize = 4;

const SLOTS: usize = 1024;

/// Open-addressing table from name to place in [`Field::ALL`], made at compile time: 0 is free.
const TABLE: [u8; SLOTS] = {
    let mut table = [0; SLOTS];
    let mut index = LIMITATION_COUNT;
    while index < Field::ALL.len() {
        let mut slot = slot(Field::ALL[index].0.as_bytes());
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        #[expect(clippy::cast_possible_truncation, reason = "fewer than 256 fields, checked by repr(u8)")]
        let place = index as u8;
        table[slot] = place;
        index += 1;
    }
    table
};

const fn slot(name: &[u8]) -> usize {
    if name.is_empty() {
        return 0;
    }
    let length = name.len();
    let mix = length
        .wrapping_add((name[0] as usize) << 5)
        .wrapping_add((name[length - 1] as usize) << 10)
        .wrapping_add((name[length / 2] as usize) << 15)
        .wrapping_add((name[length / 4] as usize) << 19);
    (mix.wrapping_mul(0x9E37_79B1) >> 14) % SLOTS
}

impl Field {
    /// How many fields are numbers.
    pub(crate) const NUMBERS: usize = Self::NUMBERS_LIST.len();
    /// How many are not.
    pub(crate) const OTHERS: usize = Self::OTHERS_LIST.len();

    /// The field of a member's name and key, if the engine reads it.
    pub(crate) fn find(name: &str, key: Option<&str>) -> Option<Self> {
        if let Some(key) = key {
            let limitation = Self::ALL[..LIMITATION_COUNT].iter().find(|(reason, _)| *reason == key);
            return limitation.filter(|_| name == LIMITATIONS).map(|&(_, field)| field);
        }
        let mut slot = slot(name.as_bytes());
        loop {
            match TABLE[slot] {
                0 => return None,
                place => {
                    let (held, field) = Self::ALL[usize::from(place)];
                    if held == name {
                        return Some(field);
                    }
                }
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// Its place among the numbers, or among the others.
    pub(crate) const fn place(self) -> Result<usize, usize> {
        let index = self as usize;
        if index < Self::NUMBERS { Ok(index) } else { Err(index - Self::NUMBERS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        for &(name, field) in &Field::ALL[LIMITATION_COUNT..] {
            assert_eq!(Field::find(name, None), Some(field));
            assert_eq!(Field::find(&format!("{name}x"), None), None);
        }
        for name in ["", "none", "id", "type", "qualityLimitationDurations", "パケット"] {
            assert_eq!(Field::find(name, None), None);
        }
        assert_eq!(Field::find(LIMITATIONS, Some("cpu")), Some(Field::LimitedCpu));
        assert_eq!(Field::find("psnrSum", Some("cpu")), None);
        assert_eq!(Field::find(LIMITATIONS, Some("jitter")), None);
    }
}
