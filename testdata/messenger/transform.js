function transformRtcStats(stats) {
const apiSpec = {
platform: 'messenger',
call_id: '', // You need to provide this value
end_call_reason: 'HangupCall', // You need to provide this value
end_call_subreason: 'Conversation was finished', // You need to provide this value
call_ended_time: 0, // You need to provide this value
first_audio_packet_received_time: 0, // You need to provide this value
audio_stats: {},
};
let inboundRtpReport;
let remoteInboundRtpReport;
stats.forEach((report) => {
if (report.type === 'inbound-rtp' && report.kind === 'audio') {
inboundRtpReport = report;
} else if (report.type === 'remote-inbound-rtp' && report.kind === 'audio') {
remoteInboundRtpReport = report;
}
});
if (inboundRtpReport) {
apiSpec.audio_stats.jitter_sec = inboundRtpReport.jitter;
apiSpec.audio_stats.packets_lost = inboundRtpReport.packetsLost;
apiSpec.audio_stats.packets_received = inboundRtpReport.packetsReceived;
apiSpec.audio_stats.jitter_buffer_delay_sec = inboundRtpReport.jitterBufferDelay;
apiSpec.audio_stats.concealed_samples = inboundRtpReport.concealedSamples;
apiSpec.audio_stats.silent_concealed_samples = inboundRtpReport.silentConcealedSamples;
apiSpec.audio_stats.total_samples_duration_sec = inboundRtpReport.totalSamplesDuration;
}
if (remoteInboundRtpReport) {
apiSpec.audio_stats.round_trip_time_sec = remoteInboundRtpReport.totalRoundTripTime;
}
return apiSpec;
}
