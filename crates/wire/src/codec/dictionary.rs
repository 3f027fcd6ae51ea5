//! What format version 1 knows before the first byte: words, members by type, and text that certificates share.
//!
//! Only names and values of the W3C and of browsers, nothing of single calls. A change to any of it changes the format.

/// Strings with a number of their own, in this order.
#[rustfmt::skip]
pub(super) const WORDS: [&str; 283] = [
    "", "0", "1", "2", "3", "AES_CM_128_HMAC_SHA1_80", "AP", "CIT01_111_minptime=10;useinbandfec=1",
    "COT01_111_minptime=10;useinbandfec=1", "ExternalDecoder", "ExternalEncoder", "FEFC", "FEFD", "FFmpeg", "L1T1", "L1T2", "L1T3",
    "L3T3_KEY", "OpenH264", "P", "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_HMAC_SHA1_80", "T01", "T11",
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "VideoToolbox", "[]", "active", "address", "audio", "audio/G722", "audio/PCMA", "audio/PCMU", "audio/opus", "audio/red",
    "audio/telephone-event", "audioLevel", "availableIncomingBitrate", "availableOutgoingBitrate", "bandwidth", "base64Certificate",
    "bytesDiscardedOnSend", "bytesReceived", "bytesSent", "candidate-pair", "candidateType", "ccfbMessagesReceived", "ccfbMessagesSent",
    "cellular", "certificate", "channels", "checking", "client", "clockRate", "closed", "codec", "codecId", "completed", "componentId",
    "concealedSamples", "concealmentEvents", "connected", "connecting", "consentRequestsSent", "contentType", "controlled",
    "controlling", "corruptionMeasurements", "cpu", "currentRoundTripTime", "data-channel", "dataChannelIdentifier",
    "dataChannelsClosed", "dataChannelsOpened", "dav1d", "decoderImplementation", "discardedPackets", "disconnected", "dtls",
    "dtlsCipher", "dtlsRole", "dtlsState", "echoReturnLoss", "echoReturnLossEnhancement", "encoderImplementation", "encodingIndex",
    "estimatedPlayoutTimestamp", "ethernet", "failed", "fecBytesReceived", "fecPacketsDiscarded", "fecPacketsReceived",
    "fecSsrc", "fingerprint", "fingerprintAlgorithm", "firCount", "foundation", "fractionLost", "frameHeight", "frameWidth", "frames",
    "framesAssembledFromMultiplePackets", "framesDecoded", "framesDropped", "framesEncoded", "framesPerSecond", "framesReceived",
    "framesRendered", "framesSent", "freezeCount", "frozen", "googTimingFrameInfo", "headerBytesReceived", "headerBytesSent", "height",
    "host", "hugeFramesSent", "iceLocalUsernameFragment", "iceRole", "iceState", "in-progress", "inbound-rtp",
    "insertedSamplesForDeceleration", "ip", "isRemote", "issuerCertificateId", "jitter", "jitterBufferDelay", "jitterBufferEmittedCount",
    "jitterBufferMinimumDelay", "jitterBufferTargetDelay", "keyFramesDecoded", "keyFramesEncoded", "kind", "label",
    "lastPacketReceivedTimestamp", "lastPacketSentTimestamp", "libaom", "libvpx", "local-candidate", "localCandidateId",
    "localCertificateId", "localId", "maxplaybackrate=48000;stereo=1;useinbandfec=1", "media-playout", "media-source", "mediaSourceId",
    "mediaType", "messagesReceived", "messagesSent", "mid", "mimeType", "minptime=10;useinbandfec=1", "nackCount", "networkAdapterType",
    "networkType", "new", "nominated", "none", "null", "open", "other", "outbound-rtp", "packetsDiscarded", "packetsDiscardedOnSend",
    "packetsLost", "packetsReceived", "packetsReceivedWithCe", "packetsReceivedWithEct1", "packetsReportedAsLost",
    "packetsReportedAsLostButRecovered", "packetsSent", "packetsSentWithEct1", "packetsWithBleachedEct1Marking", "passive", "pauseCount",
    "payloadType", "peer-connection", "playoutId", "pliCount", "port", "powerEfficientDecoder", "powerEfficientEncoder", "prflx",
    "priority", "protocol", "psnrMeasurements", "qpSum", "qualityLimitationDurations", "qualityLimitationReason",
    "qualityLimitationResolutionChanges", "readable", "relatedAddress", "relatedPort", "relay", "relayProtocol", "remote-candidate",
    "remote-inbound-rtp", "remote-outbound-rtp", "remoteCandidateId", "remoteCertificateId", "remoteId", "remoteTimestamp",
    "removedSamplesForAcceleration", "reportsSent", "requestsReceived", "requestsSent", "responsesReceived", "responsesSent",
    "retransmittedBytesReceived", "retransmittedBytesSent", "retransmittedPacketsReceived", "retransmittedPacketsSent", "rid",
    "roundTripTime", "roundTripTimeMeasurements", "rtcpTransportStatsId", "rtxSsrc", "scalabilityMode", "screenshare", "sdpFmtpLine",
    "selected", "selectedCandidatePairChanges", "selectedCandidatePairId", "server", "sha-256", "silentConcealedSamples", "so", "srflx",
    "srtpCipher", "ssrc", "state", "succeeded", "synthesizedSamplesDuration", "synthesizedSamplesEvents", "targetBitrate", "tcp",
    "tcpType", "timestamp", "tls", "tlsVersion", "totalAssemblyTime", "totalAudioEnergy", "totalCorruptionProbability",
    "totalDecodeTime", "totalEncodeTime", "totalEncodedBytesTarget", "totalFreezesDuration", "totalInterFrameDelay",
    "totalPacketSendDelay", "totalPausesDuration", "totalPlayoutDelay", "totalProcessingDelay", "totalRoundTripTime",
    "totalSamplesCount", "totalSamplesDuration", "totalSamplesReceived", "totalSquaredCorruptionProbability",
    "totalSquaredInterFrameDelay", "trackIdentifier", "transport", "transportId", "udp", "unknown", "url", "usernameFragment", "video",
    "video/AV1", "video/H264", "video/H265", "video/VP8", "video/VP9", "video/rtx", "vpn", "waiting", "width", "wifi", "writable", "{}",
];

/// For each type its members (`name` or `name.key`), each after the letter of its group: the context in which its presence
/// is coded (`a`: seen rarely; the others by browser and kind of media).
#[rustfmt::skip]
pub(super) const MEMBERS: [(&str, &str); 14] = [
    ("candidate-pair", "\
        aavailableIncomingBitrate bavailableOutgoingBitrate bbytesDiscardedOnSend fbytesReceived fbytesSent acomponentId \
        bconsentRequestsSent fcurrentRoundTripTime flastPacketReceivedTimestamp flastPacketSentTimestamp flocalCandidateId fnominated \
        bpacketsDiscardedOnSend bpacketsReceived bpacketsSent fpriority ereadable fremoteCandidateId brequestsReceived brequestsSent \
        fresponsesReceived bresponsesSent eselected fstate ftimestamp ftotalRoundTripTime ftransportId fwritable"),
    ("certificate", "\
        bbase64Certificate bfingerprint bfingerprintAlgorithm aissuerCertificateId btimestamp"),
    ("codec", "\
        fchannels fclockRate aencodingIndex fmimeType fpayloadType fsdpFmtpLine ftimestamp ftransportId"),
    ("data-channel", "\
        abytesReceived abytesSent adataChannelIdentifier alabel amessagesReceived amessagesSent aprotocol astate atimestamp"),
    ("inbound-rtp", "\
        faudioLevel pbytesReceived pcodecId fconcealedSamples fconcealmentEvents acontentType acorruptionMeasurements \
        cdecoderImplementation idiscardedPackets pestimatedPlayoutTimestamp afecBytesReceived ffecPacketsDiscarded ffecPacketsReceived \
        afecSsrc kfirCount kframeHeight kframeWidth kframesAssembledFromMultiplePackets kframesDecoded kframesDropped kframesPerSecond \
        kframesReceived aframesRendered kfreezeCount cgoogTimingFrameInfo pheaderBytesReceived finsertedSamplesForDeceleration pjitter \
        pjitterBufferDelay pjitterBufferEmittedCount pjitterBufferMinimumDelay pjitterBufferTargetDelay kkeyFramesDecoded pkind \
        plastPacketReceivedTimestamp pmediaType pmid knackCount npacketsDiscarded ppacketsLost ppacketsReceived dpacketsReceivedWithCe \
        dpacketsReceivedWithEct1 apacketsReportedAsLost apacketsReportedAsLostButRecovered kpauseCount bplayoutId kpliCount \
        cpowerEfficientDecoder cqpSum premoteId fremovedSamplesForAcceleration cretransmittedBytesReceived \
        cretransmittedPacketsReceived arid crtxSsrc fsilentConcealedSamples pssrc ptimestamp ktotalAssemblyTime ftotalAudioEnergy \
        atotalCorruptionProbability ktotalDecodeTime ktotalFreezesDuration ktotalInterFrameDelay ktotalPausesDuration \
        ltotalProcessingDelay ftotalSamplesDuration ftotalSamplesReceived atotalSquaredCorruptionProbability \
        ktotalSquaredInterFrameDelay ptrackIdentifier ptransportId"),
    ("local-candidate", "\
        faddress fcandidateType ffoundation bip bisRemote anetworkAdapterType bnetworkType fport fpriority fprotocol arelatedAddress \
        arelatedPort arelayProtocol etcpType ftimestamp ftransportId aurl fusernameFragment avpn"),
    ("media-playout", "\
        bkind bsynthesizedSamplesDuration bsynthesizedSamplesEvents btimestamp btotalPlayoutDelay btotalSamplesCount \
        btotalSamplesDuration"),
    ("media-source", "\
        baudioLevel bechoReturnLoss bechoReturnLossEnhancement kframes kframesPerSecond kheight pkind ptimestamp btotalAudioEnergy \
        btotalSamplesDuration ptrackIdentifier kwidth"),
    ("outbound-rtp", "\
        dactive pbytesSent pcodecId acontentType cencoderImplementation cencodingIndex kfirCount kframeHeight kframeWidth \
        kframesEncoded kframesPerSecond kframesSent pheaderBytesSent khugeFramesSent ckeyFramesEncoded pkind dmediaSourceId pmediaType \
        pmid pnackCount ppacketsSent dpacketsSentWithEct1 kpliCount cpowerEfficientEncoder apsnrMeasurements kqpSum \
        cqualityLimitationDurations.bandwidth cqualityLimitationDurations.cpu cqualityLimitationDurations.none \
        cqualityLimitationDurations.other cqualityLimitationReason cqualityLimitationResolutionChanges premoteId \
        pretransmittedBytesSent pretransmittedPacketsSent arid crtxSsrc cscalabilityMode pssrc dtargetBitrate ptimestamp \
        ktotalEncodeTime ktotalEncodedBytesTarget dtotalPacketSendDelay ptransportId"),
    ("peer-connection", "\
        fdataChannelsClosed fdataChannelsOpened ftimestamp"),
    ("remote-candidate", "\
        faddress fcandidateType ffoundation bip bisRemote anetworkType fport fpriority fprotocol arelatedAddress arelatedPort \
        arelayProtocol etcpType ftimestamp ftransportId aurl fusernameFragment"),
    ("remote-inbound-rtp", "\
        pcodecId pfractionLost pjitter pkind plocalId pmediaType apacketsDiscarded ppacketsLost mpacketsReceived \
        apacketsReceivedWithCe apacketsReceivedWithEct1 apacketsReportedAsLost apacketsReportedAsLostButRecovered \
        apacketsWithBleachedEct1Marking proundTripTime proundTripTimeMeasurements pssrc ptimestamp ptotalRoundTripTime ptransportId"),
    ("remote-outbound-rtp", "\
        pbytesSent pcodecId pkind plocalId pmediaType ppacketsSent premoteTimestamp dreportsSent droundTripTime \
        droundTripTimeMeasurements pssrc ptimestamp dtotalRoundTripTime ptransportId"),
    ("transport", "\
        bbytesReceived bbytesSent accfbMessagesReceived accfbMessagesSent fdtlsCipher fdtlsRole fdtlsState ficeLocalUsernameFragment \
        ficeRole ficeState blocalCertificateId bpacketsReceived bpacketsSent bremoteCertificateId artcpTransportStatsId \
        bselectedCandidatePairChanges fselectedCandidatePairId fsrtpCipher ftimestamp ftlsVersion"),
];

/// Text that new strings are likely to repeat: the parts that the certificates of all Chromium browsers share, and usual ids.
#[rustfmt::skip]
pub(super) const PRIMER: &str = "\
    MIIBFjCBvaADAgECAgkA\
    wCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGV2ViUlRDMB4XDTI\
    VoXDTI\
    owETEPMA0GA1UEAwwGV2ViUlRDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\
    jAKBggqhkjOPQQDAgNIADBFAiAjAKBggqhkjOPQQDAgNHADBEAiBjAKBggqhkjOPQQDAgNJADBGAiEA\
    MIIBFTCBvKADAgECAgg\
    DAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZXZWJSVEMwHhcNMj\
    WhcNMj\
    WjARMQ8wDQYDVQQDDAZXZWJSVEMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR\
    MAoGCCqGSM49BAMCA0gAMEUCIQCMAoGCCqGSM49BAMCA0cAMEQCI\
    COT01_CIT01_IT01AIT01VOT01AOT01VRIAROAROVRIV192.168.10.fe80::2001:";
