//! `[limits]`: what keeps memory and processor within bounds, whatever comes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    InvalidSetting, require,
    text::{ByteSize, HumanDuration},
};

/// What keeps memory and processor within bounds, whatever comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Largest request body as sent; a larger one is answered 413.
    pub body_size_max: ByteSize,
    /// Largest request body after decompression (`Content-Encoding: gzip`, JSON form only).
    pub inflated_size_max: ByteSize,
    /// Bytes of request bodies that may be in memory at once; beyond it the answer is 503 with `Retry-After`.
    pub in_flight_bytes_max: ByteSize,
    /// Largest file that the dashboard imports.
    pub import_size_max: ByteSize,
    /// Time for a file to arrive that the dashboard imports.
    pub import_timeout: HumanDuration,
    /// Connections that may be open at once; more wait in the system's accept queue.
    pub connections_max: usize,
    /// Time for the head of a request to arrive; also how long an idle connection is kept open for the next one.
    pub header_timeout: HumanDuration,
    /// Time for the body of a request to arrive.
    pub body_timeout: HumanDuration,
    /// Time in which a client has to take more of what it is sent; one that takes nothing for longer is hung up on.
    pub write_timeout: HumanDuration,
    /// Time for a TLS handshake.
    pub handshake_timeout: HumanDuration,
    /// Time that requests in progress get to end at shutdown.
    pub shutdown_timeout: HumanDuration,
    /// Requests per second that one app may make (averaged; bursts of ten seconds' worth are fine).
    pub app_requests_per_second: u32,
    /// Reports per second that one app may send (averaged; bursts of ten seconds' worth are fine).
    pub app_reports_per_second: u32,
    /// What `Retry-After` asks of a client when the server is busy.
    pub retry_after: HumanDuration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_size_max: default_body_size_max(),
            inflated_size_max: default_inflated_size_max(),
            in_flight_bytes_max: default_in_flight_bytes_max(),
            import_size_max: default_import_size_max(),
            import_timeout: HumanDuration::secs(300),
            connections_max: default_connections_max(),
            header_timeout: HumanDuration::secs(30),
            body_timeout: HumanDuration::secs(30),
            write_timeout: HumanDuration::secs(30),
            handshake_timeout: HumanDuration::secs(10),
            shutdown_timeout: HumanDuration::secs(10),
            app_requests_per_second: 5_000,
            app_reports_per_second: 50_000,
            retry_after: HumanDuration::secs(2),
        }
    }
}

fn default_body_size_max() -> ByteSize {
    ByteSize::mib(1)
}

fn default_inflated_size_max() -> ByteSize {
    ByteSize::mib(8)
}

fn default_in_flight_bytes_max() -> ByteSize {
    ByteSize::mib(64)
}

fn default_import_size_max() -> ByteSize {
    ByteSize::mib(64)
}

fn default_connections_max() -> usize {
    10_000
}

impl LimitsConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let body = self.body_size_max;
        require(body >= ByteSize::kib(16), "limits.body_size_max", &body, "at least 16KiB, or no batch fits")?;
        let inflated = self.inflated_size_max;
        require(inflated >= body, "limits.inflated_size_max", &inflated, "at least limits.body_size_max")?;
        let in_flight = self.in_flight_bytes_max;
        let most = ByteSize::mib(1 << 20);
        require(in_flight >= inflated, "limits.in_flight_bytes_max", &in_flight, "at least limits.inflated_size_max")?;
        require(in_flight <= most, "limits.in_flight_bytes_max", &in_flight, "at most 1024GiB")?;
        require(self.connections_max > 0, "limits.connections_max", &self.connections_max, "at least 1")?;
        require(self.app_requests_per_second > 0, "limits.app_requests_per_second", &0, "at least 1")?;
        require(self.app_reports_per_second > 0, "limits.app_reports_per_second", &0, "at least 1")
    }
}
