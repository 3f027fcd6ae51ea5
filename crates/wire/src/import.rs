//! Dump importers: webrtc-internals, Chrome's rtcstats dump, rtcstats-js streams.
