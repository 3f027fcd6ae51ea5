//! Places in lists, as opaque text: base64url of numbers that only we read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sidetone_engine::{ids::ConferenceKey, units::Timestamp};
use sidetone_store::query::{Cursor, EventCursor};

use crate::problem::Problem;

/// A place that a page ends at and the next begins after.
pub(crate) trait Place: Sized {
    fn parts(&self) -> (i64, String);
    fn from_parts(time: Timestamp, rest: &str) -> Option<Self>;
}

impl Place for Cursor {
    fn parts(&self) -> (i64, String) {
        (self.start.as_micros(), self.key.to_string())
    }

    fn from_parts(start: Timestamp, rest: &str) -> Option<Self> {
        Some(Self { start, key: rest.parse::<ConferenceKey>().ok()? })
    }
}

impl Place for EventCursor {
    fn parts(&self) -> (i64, String) {
        (self.time.as_micros(), self.row.to_string())
    }

    fn from_parts(time: Timestamp, rest: &str) -> Option<Self> {
        Some(Self { time, row: rest.parse().ok()? })
    }
}

/// Reports up to `time`, and `given` of those at `time` itself, were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReportCursor {
    pub(crate) time: Timestamp,
    pub(crate) given: usize,
}

impl Place for ReportCursor {
    fn parts(&self) -> (i64, String) {
        (self.time.as_micros(), self.given.to_string())
    }

    fn from_parts(time: Timestamp, rest: &str) -> Option<Self> {
        Some(Self { time, given: rest.parse().ok()? })
    }
}

pub(crate) fn write(place: &impl Place) -> String {
    let (time, rest) = place.parts();
    URL_SAFE_NO_PAD.encode(format!("{time}.{rest}"))
}

pub(crate) fn read<P: Place>(text: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let place = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| {
        let (time, rest) = text.split_once('.')?;
        P::from_parts(Timestamp::from_micros(time.parse().ok()?), rest)
    });
    place
        .map(Some)
        .ok_or_else(|| Problem::bad_request("cursor_invalid", "`after` is not what `next` of an earlier page said; begin again without it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let place = ReportCursor { time: Timestamp::from_micros(1_795_228_558_136_681), given: 3 };
        assert_eq!(read::<ReportCursor>(Some(&write(&place))).unwrap(), Some(place));
        for damaged in ["", "!", "MTIz", &write(&place)[1..]] {
            assert_eq!(read::<ReportCursor>(Some(damaged)).unwrap_err().code(), "cursor_invalid", "{damaged}");
        }
    }
}
