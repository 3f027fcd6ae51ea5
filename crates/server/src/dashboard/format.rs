//! Numbers and instants as people read them.

use maud::{Markup, html};
use sidetone_engine::{metric::Metric, units::Timestamp};

use crate::calendar;

/// What stands where nothing was measured.
pub(crate) const ABSENT: &str = "–";

/// A span: `0.4 s`, `42 s`, `3 min 05 s`, `1 h 02 min`, `2 d 3 h`.
pub(crate) fn span_us(span_us: i64) -> String {
    let tenths = span_us.max(0) / 100_000;
    let seconds = tenths / 10;
    match seconds {
        0..10 if tenths % 10 > 0 => format!("{}.{} s", seconds, tenths % 10),
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// As [`span_us`], of seconds.
pub(crate) fn seconds(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a call")]
    span_us((seconds * 1e6) as i64)
}

/// A value with its unit: `1.25 Mbit/s`, `2.3 %`, `34 ms`, `4.2`.
pub(crate) fn value(metric: Metric, value: f64) -> String {
    match metric.unit() {
        "bit/s" => bit_rate(value),
        "" if metric.name().ends_with("_ratio") => percent(value),
        "" if metric.name().starts_with("mos_") => score(value),
        "" => short(value),
        unit => format!("{} {unit}", short(value)),
    }
}

/// `850 bit/s`, `64 kbit/s`, `1.25 Mbit/s`.
pub(crate) fn bit_rate(bps: f64) -> String {
    match bps {
        _ if bps >= 1e6 => format!("{:.2} Mbit/s", bps / 1e6),
        _ if bps >= 1e3 => format!("{:.0} kbit/s", bps / 1e3),
        _ => format!("{bps:.0} bit/s"),
    }
}

/// A ratio: `0 %`, `0.04 %`, `2.3 %`, `14 %`.
pub(crate) fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    match percent {
        _ if percent == 0.0 => "0 %".to_owned(),
        _ if percent < 0.1 => format!("{percent:.2} %"),
        _ if percent < 10.0 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

/// A score of 1 to 5.
pub(crate) fn score(score: f64) -> String {
    format!("{score:.1}")
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.1 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Bytes: `900 B`, `12 kB`, `3.4 MB`.
pub(crate) fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        _ if count >= 1e6 => format!("{:.1} MB", count / 1e6),
        _ if count >= 1e3 => format!("{:.0} kB", count / 1e3),
        _ => format!("{count:.0} B"),
    }
}

/// `1 participant`, `3 participants`.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// An instant; a script turns it into the reader's own time zone.
pub(crate) fn instant(at: Timestamp, style: &'static str) -> Markup {
    moment(at, style, false)
}

/// An instant, in the styles that are a time alone with its day where that is asked for.
pub(crate) fn moment(at: Timestamp, style: &'static str, is_dated: bool) -> Markup {
    let text = calendar::show(at);
    let (day, time) = text.split_once(' ').unwrap_or((&text, ""));
    let shown = match style {
        "precise" if is_dated => text.clone(),
        "time" if is_dated => format!("{day} {}", time.get(..8).unwrap_or(time)),
        "time" => time.get(..8).unwrap_or(time).to_owned(),
        "day" => day.to_owned(),
        "precise" => time.to_owned(),
        _ => format!("{day} {}", time.get(..5).unwrap_or(time)),
    };
    html! { time datetime=(format!("{day}T{time}Z")) data-style=(style) title=(format!("{text} UTC")) { (shown) } }
}

/// A text as part of a URL's path or query.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The name of a rule for people: `high_rtt` is "High RTT".
pub(crate) fn rule(name: &str) -> String {
    let words: Vec<String> = name
        .split('_')
        .enumerate()
        .map(|(index, word)| match word {
            "rtt" | "mos" | "ice" | "dtls" | "tcp" | "cpu" => word.to_uppercase(),
            "av" => "A/V".to_owned(),
            _ if index == 0 => word[..1].to_uppercase() + &word[1..],
            _ => word.to_owned(),
        })
        .collect();
    words.join(" ")
}

/// The name of a metric for people, without its unit, which stands with the value: `audible_concealment_ratio` is "audible concealment".
pub(crate) fn metric(metric: Metric) -> String {
    let name = metric.name();
    let units = ["_ratio", "_ms", "_bps", "_pps", "_fps", "_px"];
    let bare = units.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name);
    let words: Vec<String> =
        bare.split('_').map(|word| if ["rtt", "mos"].contains(&word) { word.to_uppercase() } else { word.to_owned() }).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        for (micros, text) in [
            (0, "0 s"),
            (450_000, "0.4 s"),
            (9_990_000, "9.9 s"),
            (42_000_000, "42 s"),
            (185_000_000, "3 min 05 s"),
            (3_725_000_000, "1 h 02 min"),
            (183_600_000_000, "2 d 3 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(span_us(micros), text);
        }
    }

    #[test]
    fn values_carry_their_units() {
        for (metric, number, text) in [
            (Metric::Bitrate, 1_254_321.0, "1.25 Mbit/s"),
            (Metric::Bitrate, 63_600.0, "64 kbit/s"),
            (Metric::LossRatio, 0.0, "0 %"),
            (Metric::LossRatio, 0.000_4, "0.04 %"),
            (Metric::LossRatio, 0.143, "14 %"),
            (Metric::Rtt, 34.4, "34 ms"),
            (Metric::Jitter, 1.26, "1.3 ms"),
            (Metric::MosCq, 4.249, "4.2"),
            (Metric::Height, 720.0, "720 px"),
            (Metric::Freezes, 0.0, "0"),
        ] {
            assert_eq!(value(metric, number), text);
        }
    }

    #[test]
    fn any_text_may_stand_in_a_url() {
        assert_eq!(percent_encoded("a/b?c=<ü>"), "a%2Fb%3Fc%3D%3C%C3%BC%3E");
    }

    #[test]
    fn rules_have_names_for_people() {
        for (name, text) in [("high_rtt", "High RTT"), ("av_skew", "A/V skew"), ("no_inbound_audio", "No inbound audio")] {
            assert_eq!(rule(name), text);
        }
    }

    #[test]
    fn metrics_have_names_for_people() {
        for (held, text) in [(Metric::AudibleConcealmentRatio, "audible concealment"), (Metric::Rtt, "RTT"), (Metric::MosCq, "MOS cq")] {
            assert_eq!(metric(held), text);
        }
    }
}
