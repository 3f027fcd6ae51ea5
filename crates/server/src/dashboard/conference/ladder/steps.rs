//! From messages to rungs: what passes through at one instant is one rung with an arrow for each hop, and small talk in a dialog is folded.

use serde_json::Value;
use sidetone_store::record::StoredEvent;

/// Small talk: of these so many in a row are one rung.
const FOLDED: [&str; 7] = ["INFO", "MESSAGE", "OPTIONS", "NOTIFY", "UPDATE", "PRACK", "SUBSCRIBE"];
const FOLDED_FROM: usize = 3;
/// Phones that a call goes to and that are drawn.
const LEGS_MAX: u64 = 20;

/// A message as it passed between the server and one end.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// µs since 1970.
    pub(super) at: i64,
    /// 0 is the caller.
    pub(super) leg: usize,
    pub(super) user: String,
    pub(super) participant_id: String,
    pub(super) is_received: bool,
    pub(super) method: String,
    pub(super) cseq: u64,
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    pub(super) is_in_dialog: bool,
    media: String,
    left_out: u32,
}

impl Message {
    /// `None` for what the server did not write.
    pub(super) fn of(held: &StoredEvent) -> Option<Self> {
        let payload: Value = serde_json::from_str(&held.event.payload).ok()?;
        let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| payload.get(name).and_then(Value::as_u64);
        Some(Self {
            at: held.event.time.as_micros(),
            leg: usize::try_from(number("leg").filter(|leg| *leg <= LEGS_MAX)?).ok()?,
            user: text("user"),
            participant_id: text("participant_id"),
            is_received: text("direction") == "received",
            method: text("method"),
            cseq: number("cseq").unwrap_or_default(),
            code: number("code").and_then(|code| u16::try_from(code).ok()),
            reason: text("reason"),
            is_in_dialog: payload.get("in_dialog") == Some(&Value::Bool(true)),
            media: text("media"),
            left_out: number("left_out").and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
        })
    }

    pub(super) fn is_request(&self, method: &str) -> bool {
        self.code.is_none() && self.method == method
    }
}

/// One hop of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    leg: usize,
    is_received: bool,
}

impl Arrow {
    /// From which column to which; ours is 1.
    pub(super) fn columns(self) -> (usize, usize) {
        let column = if self.leg == 0 { 0 } else { self.leg + 1 };
        if self.is_received { (column, 1) } else { (1, column) }
    }
}

/// A row of the ladder.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    pub(super) at: i64,
    /// When the last of what is folded passed.
    pub(super) until: i64,
    pub(super) arrows: Vec<Arrow>,
    /// How often it passed; more than 1 where it is folded.
    pub(super) count: usize,
    pub(super) left_out: u32,
    method: String,
    cseq: u64,
    code: Option<u16>,
    reason: String,
    is_in_dialog: bool,
    media: String,
}

impl Rung {
    fn of(message: &Message) -> Self {
        let Message { at, leg, is_received, method, cseq, code, reason, is_in_dialog, media, left_out, .. } = message.clone();
        let arrows = vec![Arrow { leg, is_received }];
        Self { at, until: at, arrows, count: 1, left_out, method, cseq, code, reason, is_in_dialog, media }
    }

    /// Whether the message is this one on its next hop.
    fn goes_on_as(&self, message: &Message) -> bool {
        let arrow = Arrow { leg: message.leg, is_received: message.is_received };
        (self.cseq, self.code) == (message.cseq, message.code)
            && self.method == message.method
            && !message.is_received
            && !self.arrows.contains(&arrow)
    }

    pub(super) fn label(&self) -> String {
        match self.code {
            Some(code) => format!("{code} {}", self.reason).trim_end().to_owned(),
            None if self.method == "INVITE" && self.is_in_dialog && !self.media.is_empty() => format!("re-INVITE {}", self.media),
            None if self.method == "INVITE" && self.is_in_dialog => "re-INVITE".to_owned(),
            None => self.method.clone(),
        }
    }

    /// Which colour it has.
    pub(super) fn tone(&self) -> &'static str {
        match self.code {
            None if matches!(self.method.as_str(), "BYE" | "CANCEL") => "ending",
            None => "request",
            Some(..200) => "provisional",
            Some(200..300) => "success",
            // What a CANCEL asked for.
            Some(487) => "provisional",
            Some(_) => "failure",
        }
    }
}

/// The rungs of one call, from the first on.
pub(super) fn rungs(messages: &[Message]) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = Vec::new();
    for message in messages {
        // A 100 goes back before the request goes on.
        match rungs.iter_mut().rev().take_while(|rung| rung.at == message.at).find(|rung| rung.goes_on_as(message)) {
            Some(rung) => rung.arrows.push(Arrow { leg: message.leg, is_received: message.is_received }),
            None => rungs.push(Rung::of(message)),
        }
    }
    fold(rungs)
}

/// Many requests of one small method in a row, with their answers, become one rung.
fn fold(rungs: Vec<Rung>) -> Vec<Rung> {
    let mut folded: Vec<Rung> = Vec::new();
    let of_run = |rung: &Rung, first: &Rung| FOLDED.contains(&rung.method.as_str()) && rung.method == first.method;
    let mut rest = rungs.as_slice();
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|rung| of_run(rung, first)).count().max(1);
        let (run, later) = rest.split_at(length);
        rest = later;
        let requests = run.iter().filter(|rung| rung.code.is_none()).count();
        if requests < FOLDED_FROM {
            folded.extend_from_slice(run);
            continue;
        }
        let mut one = first.clone();
        one.count = requests;
        one.until = run.last().map_or(first.until, |last| last.until);
        one.left_out = run.iter().map(|rung| rung.left_out).sum();
        for arrow in run.iter().filter(|rung| rung.code.is_none()).flat_map(|rung| &rung.arrows) {
            if !one.arrows.contains(arrow) {
                one.arrows.push(*arrow);
            }
        }
        folded.push(one);
    }
    folded
}

#[cfg(test)]
pub(super) mod tests {
    use sidetone_engine::{ids::ParticipantKey, units::Timestamp};
    use sidetone_wire::batch::Event;

    use super::*;

    /// `at_ms > 0 INVITE`: to us from the caller; `at_ms < 1 180 INVITE Ringing`: from us to the first phone.
    pub(in super::super) fn messages(lines: &[&str]) -> Vec<Message> {
        let message = |(index, line): (usize, &&str)| {
            let mut words = line.split(' ');
            let mut next = || words.next().unwrap_or_default();
            let (at, direction, leg) = (next(), next(), next());
            let (code, method) = match next() {
                word if word.starts_with(|c: char| c.is_ascii_digit()) => (format!(r#","code":{word}"#), next()),
                word => (String::new(), word),
            };
            let direction = if direction == ">" { "received" } else { "sent" };
            let reason = words.collect::<Vec<_>>().join(" ");
            let cseq = if FOLDED.contains(&method) && code.is_empty() { index } else { 1 };
            let payload = format!(
                r#"{{"leg":{leg},"user":"u{leg}","direction":"{direction}","method":"{method}","cseq":{cseq},"reason":"{reason}"{code}}}"#
            );
            let time = Timestamp::from_micros(at.parse::<i64>().unwrap() * 1000);
            let event = Event { time, kind: "sip_message".to_owned(), payload };
            Message::of(&StoredEvent { participant: ParticipantKey::mint(time, 1), peer_connection: None, event }).unwrap()
        };
        lines.iter().enumerate().map(message).collect()
    }

    fn shown(rungs: &[Rung]) -> Vec<String> {
        let arrows = |rung: &Rung| rung.arrows.iter().map(|arrow| format!("{:?}", arrow.columns())).collect::<Vec<_>>().join("");
        rungs.iter().map(|rung| format!("{} {} {}", rung.label(), rung.count, arrows(rung))).collect()
    }

    #[test]
    fn a_message_that_is_passed_on_is_one_rung_with_an_arrow_to_each_phone() {
        let messages = messages(&[
            "0 > 0 INVITE",
            "0 < 0 100 INVITE Trying",
            "0 < 1 INVITE",
            "0 < 2 INVITE",
            "9 > 2 180 INVITE Ringing",
            "9 < 0 180 INVITE Ringing",
        ]);
        let expected = ["INVITE 1 (0, 1)(1, 2)(1, 3)", "100 Trying 1 (1, 0)", "180 Ringing 1 (3, 1)(1, 0)"];
        assert_eq!(shown(&rungs(&messages)), expected);
    }

    #[test]
    fn small_talk_is_folded_and_what_shapes_the_call_is_not() {
        let mut lines = vec!["0 > 0 BYE".to_owned()];
        for at in 1..=30 {
            lines.push(format!("{at} > 0 INFO"));
            lines.push(format!("{at} < 0 200 INFO OK"));
        }
        lines.extend(["40 > 0 BYE".to_owned(), "41 > 0 OPTIONS".to_owned()]);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(shown(&rungs(&messages(&lines))), ["BYE 1 (0, 1)", "INFO 30 (0, 1)", "BYE 1 (0, 1)", "OPTIONS 1 (0, 1)"]);
    }

    #[test]
    fn what_an_app_made_up_is_not_drawn_over_the_edge() {
        let event = |payload: &str| {
            let event = Event { time: Timestamp::default(), kind: "sip_message".to_owned(), payload: payload.to_owned() };
            Message::of(&StoredEvent { participant: ParticipantKey::mint(Timestamp::default(), 1), peer_connection: None, event })
        };
        for payload in ["", "[]", r#"{"leg":"x"}"#, r#"{"leg":-1}"#, r#"{"leg":999999}"#] {
            assert!(event(payload).is_none(), "{payload}");
        }
    }
}
