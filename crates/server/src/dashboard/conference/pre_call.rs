//! A pre-call test: what the network could carry before the call, by the limits that callstats.io published for its tests.

use maud::{Markup, html};
use serde_json::Value;
use sidetone_store::record::StoredEvent;

use super::format;

/// Kind of the event that holds the results.
const RESULTS: &str = "pre_call_test";

/// What a test measured, as the unmodified client and our own script tell it; absent where it could not.
struct Sample {
    rtt_ms: Option<f64>,
    /// 0 to 1.
    loss: Option<f64>,
    throughput_kbps: Option<f64>,
    status: String,
    through: String,
    said: String,
}

impl Sample {
    fn of(results: &Value) -> Self {
        let number = |paths: [&str; 2]| paths.iter().find_map(|path| results.pointer(path)?.as_f64());
        let text = |paths: [&str; 2]| paths.iter().find_map(|path| results.pointer(path)?.as_str()).unwrap_or_default().to_owned();
        Self {
            rtt_ms: number(["/tests/rtt/median", "/rtt"]),
            loss: number(["/tests/loss/fractionLostBytes", "/fractionalLoss"]),
            throughput_kbps: number(["/tests/throughput/average", "/throughput"]),
            status: text(["/status", "/status"]),
            through: text(["/tests/ice/turnTransport", "/transport"]),
            said: text(["/notification/notification", "/notification"]),
        }
    }

    /// Tone and headline. Not good enough for a call: below 30 kbit/s, above 5 % loss or above 400 ms.
    fn verdict(&self) -> (&'static str, &'static str) {
        let (Some(throughput), Some(rtt)) = (self.throughput_kbps, self.rtt_ms) else {
            return match self.status.as_str() {
                "stopped" => ("", "The test was stopped before it had measured enough"),
                _ => ("bad", "The network lets no call through the TURN server"),
            };
        };
        let loss = self.loss.unwrap_or_default();
        if throughput < 30.0 || loss > 0.05 || rtt > 400.0 {
            ("poor", "The network is not good enough for a call")
        } else if throughput < 300.0 || loss >= 0.02 || rtt >= 150.0 {
            ("fair", "The network carries a call, not a good picture")
        } else {
            ("good", "The network is good for a call")
        }
    }
}

/// The result of the last test among the events.
pub(super) fn section(events: &[StoredEvent]) -> Markup {
    let last = events.iter().rev().find(|held| held.event.kind == RESULTS);
    let payload: Value = last.and_then(|held| serde_json::from_str(&held.event.payload).ok()).unwrap_or_default();
    let Some(results) = payload.get("results") else {
        return html! { section.card { p.muted { "The test told of itself, but not yet of its results." } } };
    };
    let sample = Sample::of(results);
    let (tone, headline) = sample.verdict();
    let shown = |value: Option<String>| value.unwrap_or_else(|| format::ABSENT.to_owned());
    html! {
        section class=(format!("verdict {tone}")) aria-labelledby="verdict-title" {
            div.verdict-text {
                h2 #verdict-title { (headline) }
                @if !sample.said.is_empty() { p.muted { "The page was told: " q { (sample.said) } } }
                dl.devices {
                    dt { "Round trip" } dd { (shown(sample.rtt_ms.map(|rtt| format!("{rtt:.0} ms")))) }
                    dt { "Loss" } dd { (shown(sample.loss.map(|loss| format!("{:.1} %", loss * 100.0)))) }
                    dt { "Throughput" } dd { (shown(sample.throughput_kbps.map(|rate| format!("{rate:.0} kbit/s")))) }
                    @if !sample.through.is_empty() { dt { "To the TURN server" } dd { (sample.through.to_uppercase()) } }
                    @if !sample.status.is_empty() { dt { "Status" } dd { (sample.status) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_clients_are_understood_and_judged_alike() {
        let old = json!({"status": "success", "tests": {"rtt": {"median": 2.3}, "loss": {"fractionLostBytes": 0.029}, "throughput": {"average": 19_591.8}, "ice": {"turnTransport": "udp"}}});
        let own = json!({"status": "success", "rtt": 2.3, "fractionalLoss": 0.029, "throughput": 19_591.8});
        for results in [old, own] {
            let sample = Sample::of(&results);
            assert_eq!((sample.rtt_ms, sample.loss, sample.throughput_kbps), (Some(2.3), Some(0.029), Some(19_591.8)));
            assert_eq!(sample.verdict().0, "fair");
        }
        let verdict =
            |rtt: f64, loss: f64, rate: f64| Sample::of(&json!({"rtt": rtt, "fractionalLoss": loss, "throughput": rate})).verdict().0;
        assert_eq!([verdict(149.0, 0.019, 300.0), verdict(150.0, 0.0, 300.0), verdict(400.0, 0.05, 30.0)], ["good", "fair", "fair"]);
        assert_eq!([verdict(401.0, 0.0, 999.0), verdict(1.0, 0.051, 999.0), verdict(1.0, 0.0, 29.0)], ["poor"; 3]);
        assert_eq!(Sample::of(&json!({"status": "failed", "rtt": null})).verdict().0, "bad");
    }
}
