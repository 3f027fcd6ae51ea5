//! Sizes, spans and addresses as an operator writes them: `"1MiB"`, `"10s"`, `"127.0.0.1:8080"`.

use std::{borrow::Cow, fmt, net::SocketAddr, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes, written as a whole number with a unit: `"512B"`, `"64KiB"`, `"10MB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// A span of time, written as whole numbers with units: `"250ms"`, `"10s"`, `"1h30m"`, `"30d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(Duration);

/// A text that is not a size or a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not {wanted}: write whole numbers, each with one of the units {units}, such as {example:?}")]
pub struct TextFormError {
    given: String,
    wanted: &'static str,
    units: &'static str,
    example: &'static str,
}

const BYTE_UNITS: [(&str, u64); 7] =
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1)];
const SPAN_UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// An address to listen at, with its port.
///
/// # Errors
/// What to write instead.
pub fn address(given: &str) -> Result<SocketAddr, String> {
    given.trim().parse().map_err(|_| {
        format!(
            "{given:?} is no address to listen at: write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080; \
             0.0.0.0:8080 is every address of this machine"
        )
    })
}

pub(super) fn read_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    address(&Cow::<'_, str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// The sum of `number unit` parts; `None` when it is not that, or too large.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let mut rest = text.trim();
    let mut total: Option<u64> = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let tail = rest[digits..].trim_start();
        let name_len = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (_, factor) = units.iter().find(|(name, _)| *name == &tail[..name_len])?;
        total = Some(total.unwrap_or(0).checked_add(number.checked_mul(*factor)?)?);
        rest = tail[name_len..].trim_start();
    }
    total
}

impl ByteSize {
    /// That many bytes.
    #[must_use]
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// That many KiB (1024 bytes).
    #[must_use]
    pub const fn kib(kib: u64) -> Self {
        Self(kib << 10)
    }

    /// That many MiB (1024 KiB).
    #[must_use]
    pub const fn mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The number of bytes, as far as this machine can address them.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = TextFormError;

    fn from_str(text: &str) -> Result<Self, TextFormError> {
        parse(text, &BYTE_UNITS).map(Self).ok_or_else(|| TextFormError {
            given: text.chars().take(40).collect(),
            wanted: "a size",
            units: "B, kB, KiB, MB, MiB, GB, GiB",
            example: "1MiB",
        })
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, factor) = BYTE_UNITS.iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor)).unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / factor)
    }
}

impl HumanDuration {
    /// That many milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// That many seconds.
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// That many days of 24 hours.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self::secs(days * 86_400)
    }

    /// As the standard library knows it.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Whole microseconds, saturating.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        i64::try_from(self.0.as_micros()).unwrap_or(i64::MAX)
    }
}

impl FromStr for HumanDuration {
    type Err = TextFormError;

    fn from_str(text: &str) -> Result<Self, TextFormError> {
        parse(text, &SPAN_UNITS).map(Self::millis).ok_or_else(|| TextFormError {
            given: text.chars().take(40).collect(),
            wanted: "a span of time",
            units: "ms, s, m, h, d",
            example: "10s",
        })
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (name, factor) in SPAN_UNITS {
            if rest >= factor {
                write!(f, "{}{name}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

macro_rules! text_form {
    ($name:ident, $pattern:literal, $description:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern, "description": $description})
            }
        }
    };
}

text_form!(ByteSize, r"^(\s*\d+\s*(B|kB|KiB|MB|MiB|GB|GiB))+\s*$", "A size with its unit, such as \"1MiB\".");
text_form!(HumanDuration, r"^(\s*\d+\s*(ms|s|m|h|d))+\s*$", "A span of time with its unit, such as \"10s\" or \"1h30m\".");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_operators_write_them() {
        for (text, bytes) in [("1MiB", 1 << 20), ("64 KiB", 65_536), ("10MB", 10_000_000), ("0B", 0), ("1MiB512KiB", 1_572_864)] {
            assert_eq!(text.parse(), Ok(ByteSize::bytes(bytes)), "{text}");
        }
        for text in ["", "1", "MiB", "-1B", "1.5MiB", "1mib", "99999999999GiB"] {
            let error = text.parse::<ByteSize>().unwrap_err().to_string();
            assert!(error.contains("is not a size") && error.contains("\"1MiB\""), "{error}");
        }
    }

    #[test]
    fn spans_read_as_operators_write_them() {
        for (text, millis) in [("10s", 10_000), ("250ms", 250), ("1h30m", 5_400_000), ("30d", 2_592_000_000), ("0s", 0)] {
            assert_eq!(text.parse(), Ok(HumanDuration::millis(millis)), "{text}");
        }
        for text in ["", "10", "s", "ten s", "1w", "10S"] {
            assert!(text.parse::<HumanDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        for bytes in [0, 1, 1000, 1024, 1536, 1 << 20, 3 << 30, 1_000_001] {
            assert_eq!(ByteSize::bytes(bytes).to_string().parse(), Ok(ByteSize::bytes(bytes)));
        }
        for millis in [0, 1, 999, 1000, 61_001, 86_400_000, 90_061_001] {
            assert_eq!(HumanDuration::millis(millis).to_string().parse(), Ok(HumanDuration::millis(millis)));
        }
        assert_eq!(ByteSize::kib(1536).to_string(), "1536KiB");
        assert_eq!(HumanDuration::secs(5400).to_string(), "1h30m");
    }
}
