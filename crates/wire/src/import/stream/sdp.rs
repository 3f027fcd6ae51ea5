//! Session descriptions whose repeated sections were left out.

use serde_json::Value;

/// The latest descriptions of one peer connection, by type.
///
/// rtcstats sends each section (the session part and each media part) once: where the description that was created and
/// the one that was set agree, the later one has a bare `v=` or `m=` line instead.
#[derive(Default)]
pub(super) struct Descriptions {
    /// Type, what `createOffer` or `createAnswer` gave, what `setLocalDescription` was given.
    latest: Vec<(String, [Option<String>; 2])>,
}

impl Descriptions {
    /// Fills in what was left out of the description in `value`, if it is one.
    pub(super) fn restore(&mut self, method: &str, value: &mut Value) {
        let own = match method {
            "createOfferOnSuccess" | "createAnswerOnSuccess" => 0,
            "setLocalDescription" | "setLocalDescriptionOnSuccess" => 1,
            _ => return,
        };
        let Some(kind) = value.get("type").and_then(Value::as_str).map(str::to_owned) else { return };
        let Some(Value::String(sdp)) = value.get_mut("sdp") else { return };
        let position = self.latest.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            self.latest.push((kind, [None, None]));
            self.latest.len() - 1
        });
        let descriptions = &mut self.latest[position].1;
        if let Some(counterpart) = &descriptions[1 - own] {
            *sdp = filled(sdp, counterpart);
        }
        descriptions[own] = Some(sdp.clone());
    }
}

/// `sdp` with each bare section replaced by that of the same index in `counterpart`.
fn filled(sdp: &str, counterpart: &str) -> String {
    let full = sections(counterpart);
    let parts = sections(sdp).into_iter().enumerate().map(|(index, section)| match section.trim_end() {
        "v=" | "m=" => full.get(index).copied().unwrap_or(section),
        _ => section,
    });
    parts.collect()
}

/// The session part and the media parts, each with its line ends.
fn sections(sdp: &str) -> Vec<&str> {
    let mut sections = Vec::new();
    let mut start = 0;
    for (at, _) in sdp.match_indices("\nm=") {
        sections.push(&sdp[start..=at]);
        start = at + 1;
    }
    sections.push(&sdp[start..]);
    sections
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bare_sections_are_filled_from_the_counterpart_in_either_order() {
        let full = "v=0\r\ns=-\r\nm=audio 9\r\na=mid:0\r\nm=video 9\r\na=mid:1\r\n";
        for (first, second) in [("createOfferOnSuccess", "setLocalDescription"), ("setLocalDescription", "createOfferOnSuccess")] {
            let mut descriptions = Descriptions::default();
            descriptions.restore(first, &mut json!({"type": "offer", "sdp": full}));
            let mut answer = json!({"type": "answer", "sdp": "v=\r\n"});
            descriptions.restore(second, &mut answer);
            assert_eq!(answer["sdp"], "v=\r\n", "another type is no counterpart");
            let mut offer = json!({"type": "offer", "sdp": "v=\r\nm=audio 9\r\na=changed\r\nm=\r\n"});
            descriptions.restore(second, &mut offer);
            assert_eq!(offer["sdp"], "v=0\r\ns=-\r\nm=audio 9\r\na=changed\r\nm=video 9\r\na=mid:1\r\n");
            let mut again = json!({"type": "offer", "sdp": "v=\r\nm=\r\nm=\r\n"});
            descriptions.restore(first, &mut again);
            assert_eq!(again["sdp"], offer["sdp"], "restored descriptions are counterparts too");
        }
    }

    #[test]
    fn what_cannot_be_filled_stays() {
        let mut descriptions = Descriptions::default();
        let mut offer = json!({"type": "offer", "sdp": "v=\r\nm=\r\n"});
        descriptions.restore("setLocalDescription", &mut offer);
        assert_eq!(offer["sdp"], "v=\r\nm=\r\n");
    }
}
