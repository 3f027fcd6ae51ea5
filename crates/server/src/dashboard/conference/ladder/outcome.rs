//! What became of a call, in words and times, by its messages.

use maud::{Markup, html};

use super::{format, offset, steps::Message};

/// Of one call. Spans are in µs.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// From INVITE to the first sign of ringing that reached the caller.
    post_dial_delay: Option<i64>,
    /// From there to the final answer.
    ringing: Option<i64>,
    /// From a good answer to the BYE.
    talk: Option<i64>,
    /// The final answer that reached the caller.
    status: Option<(u16, String)>,
    /// How it ended; empty while it runs.
    ended: String,
}

impl Outcome {
    /// `names` are those of the columns.
    pub(super) fn of(messages: &[Message], names: &[String]) -> Self {
        let name = |leg: usize| names.get(if leg == 0 { 0 } else { leg + 1 }).map_or("", String::as_str);
        let Some(invite) = messages.iter().find(|message| message.is_request("INVITE")) else { return Self::default() };
        // Of one call there are several where it was handed on.
        let is_first = |message: &&Message| message.is_request("INVITE") && message.leg == 0 && !message.is_in_dialog;
        let numbers: Vec<u64> = messages.iter().filter(is_first).map(|invite| invite.cseq).collect();
        let is_answer = |message: &&Message| message.method == "INVITE" && numbers.contains(&message.cseq) && message.code.is_some();
        let answers = || messages.iter().filter(is_answer);
        let to_caller = || answers().filter(|message| message.leg == 0 && !message.is_received);
        let rang = to_caller().find(|message| message.code.is_some_and(|code| (101..200).contains(&code)));
        let last = to_caller().rfind(|message| message.code.is_some_and(|code| code >= 200));
        let first_sign = rang.or(last);
        let bye = messages.iter().find(|message| message.is_request("BYE") && message.is_received);
        let cancel = messages.iter().find(|message| message.is_request("CANCEL") && message.is_received);
        let is_good = last.is_some_and(|last| last.code.is_some_and(|code| code < 300));
        let refuser = || answers().rfind(|message| message.is_received && message.code == last.and_then(|last| last.code));
        let ended = match (last, bye, cancel) {
            (_, Some(bye), _) => format!("{} hung up", name(bye.leg)),
            (_, None, Some(cancel)) if !is_good => format!("{} gave up", name(cancel.leg)),
            (Some(_), None, _) if !is_good => match refuser() {
                Some(by) if by.code.is_some_and(|code| code < 400) => format!("{} redirected the call", name(by.leg)),
                Some(by) => format!("{} refused", name(by.leg)),
                None => "nobody answered".to_owned(),
            },
            _ => String::new(),
        };
        Self {
            post_dial_delay: first_sign.map(|sign| sign.at - invite.at),
            ringing: rang.zip(last).map(|(rang, last)| last.at - rang.at),
            talk: last.filter(|_| is_good).zip(bye).map(|(last, bye)| bye.at - last.at),
            status: last.and_then(|last| Some((last.code?, last.reason.clone()))),
            ended,
        }
    }

    pub(super) fn show(&self) -> Markup {
        let Self { post_dial_delay, ringing, talk, status, ended } = self;
        html! {
            dl.outcome {
                @if let Some((code, reason)) = status {
                    div { dt { "Final answer" } dd class=(if *code < 300 { "good" } else { "bad" }) { (code) " " (reason) } }
                }
                @if let Some(span) = post_dial_delay { div { dt { "Post-dial delay" } dd { (offset(*span)) } } }
                @if let Some(span) = ringing { div { dt { "Rang for" } dd { (offset(*span)) } } }
                @if let Some(span) = talk { div { dt { "Talked for" } dd { (format::span_us(*span)) } } }
                @if !ended.is_empty() { div { dt { "End" } dd { (ended) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::steps::tests::messages, *};

    fn of(lines: &[&str]) -> Outcome {
        Outcome::of(&messages(lines), &["ada", "Sidetone", "bob 1", "bob 2"].map(str::to_owned))
    }

    fn status(code: u16, reason: &str) -> Option<(u16, String)> {
        Some((code, reason.to_owned()))
    }

    #[test]
    fn an_answered_call_has_its_times_and_who_hung_up() {
        let outcome = of(&[
            "0 > 0 INVITE",
            "0 < 0 100 INVITE Trying",
            "0 < 1 INVITE",
            "80 > 1 180 INVITE Ringing",
            "80 < 0 180 INVITE Ringing",
            "2080 > 1 200 INVITE OK",
            "2080 < 0 200 INVITE OK",
            "2100 > 0 ACK",
            "62080 > 1 BYE",
        ]);
        let expected = Outcome {
            post_dial_delay: Some(80_000),
            ringing: Some(2_000_000),
            talk: Some(60_000_000),
            status: status(200, "OK"),
            ended: "bob 1 hung up".to_owned(),
        };
        assert_eq!(outcome, expected);
    }

    #[test]
    fn who_ended_a_call_that_nobody_took_is_told_apart() {
        let ringing = ["0 > 0 INVITE", "0 < 1 INVITE", "9 > 1 180 INVITE Ringing", "9 < 0 180 INVITE Ringing"];
        for (rest, ended, code) in [
            (["50 > 1 486 INVITE Busy Here", "50 < 0 486 INVITE Busy Here"], "bob 1 refused", 486),
            (["50 > 0 CANCEL", "50 < 0 487 INVITE Request Terminated"], "ada gave up", 487),
            (["50 < 1 CANCEL", "50 < 0 408 INVITE Request Timeout"], "nobody answered", 408),
        ] {
            let outcome = of(&[ringing.as_slice(), &rest].concat());
            assert_eq!((outcome.ended.as_str(), outcome.status.map(|(code, _)| code), outcome.ringing), (ended, Some(code), Some(41_000)));
        }
    }

    #[test]
    fn a_call_that_was_handed_on_is_what_became_of_it_there() {
        let redirected = [
            "0 > 0 INVITE",
            "0 < 1 INVITE",
            "80 > 1 180 INVITE Ringing",
            "80 < 0 180 INVITE Ringing",
            "900 > 1 302 INVITE Moved",
            "900 < 0 302 INVITE Moved",
        ];
        let outcome = of(&redirected);
        assert_eq!((outcome.ended.as_str(), outcome.status), ("bob 1 redirected the call", status(302, "Moved")));
        let followed = [
            "950 > 0 INVITE",
            "950 < 2 INVITE",
            "980 > 2 180 INVITE Ringing",
            "980 < 0 180 INVITE Ringing",
            "2080 > 2 200 INVITE OK",
            "2080 < 0 200 INVITE OK",
        ];
        let outcome = of(&[redirected, followed].concat());
        let expected = Outcome { post_dial_delay: Some(80_000), ringing: Some(2_000_000), status: status(200, "OK"), ..Outcome::default() };
        assert_eq!(outcome, expected);
    }

    #[test]
    fn a_call_that_runs_has_no_end() {
        assert_eq!(of(&["0 > 0 INVITE", "0 < 1 INVITE"]), Outcome::default());
    }
}
