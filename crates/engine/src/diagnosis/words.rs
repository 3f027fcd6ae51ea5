//! A diagnosis in plain words: a sentence for whoever helps a caller, and what to try.

use super::{Cause, Diagnosis, Evidence, Hop, Side};
use crate::{analysis::MediaKind, ids::ParticipantKey, metric::Metric};

impl Diagnosis {
    /// What happened, in one sentence. `name` says what a participant is called.
    #[must_use]
    pub fn sentence(&self, name: &dyn Fn(ParticipantKey) -> String) -> String {
        let called = |whose: Option<ParticipantKey>, otherwise: &str| whose.map_or_else(|| otherwise.to_owned(), name);
        let sender = called(self.sender, "the other side");
        let receiver = called(self.receiver, "the other side");
        let culprit = if self.side == Side::Receiver { &receiver } else { &sender };
        let what = match self.media {
            Some(MediaKind::Audio) => "sound",
            Some(MediaKind::Video) => "video",
            None => "media",
        };
        let between = match self.media {
            Some(_) => format!("{what} from {sender} to {receiver}"),
            None => format!("media between {sender} and {receiver}"),
        };
        let place = match (self.side, self.hop) {
            (Side::Sender | Side::Receiver, Some(Hop::Uplink)) => format!("on {culprit}'s own network, on the way out"),
            (Side::Sender | Side::Receiver, Some(Hop::Downlink)) => format!("on {culprit}'s own network, on the way in"),
            (_, Some(Hop::Relay)) => "at the relay".to_owned(),
            (Side::Server, _) => "at the media server".to_owned(),
            _ => "on the way".to_owned(),
        };
        let amount = |metric: Metric| self.value(metric).map(|value| shown(metric, value)).unwrap_or_default();
        match self.cause {
            Cause::DeadMicrophone => format!("{sender}'s microphone gave no sound, so {receiver} heard nothing."),
            Cause::QuietMicrophone => format!("{sender}'s microphone was very quiet."),
            Cause::LoudMicrophone => format!("{sender}'s microphone was overdriven: what {receiver} heard was distorted."),
            Cause::DeviceLost => {
                let device = if self.media == Some(MediaKind::Video) { "camera" } else { "microphone" };
                format!("{sender}'s {device} was unplugged or taken away during the call.")
            }
            Cause::WrongClock => format!("{sender}'s sound card runs too fast or too slowly{}.", amount(Metric::ClockDrift)),
            Cause::SlowCamera => format!("{sender}'s camera gave few pictures{}.", amount(Metric::SourceFrameRate)),
            Cause::Overload if self.side == Side::Receiver => {
                format!("{receiver}'s computer could not play the {what} in time, although it had arrived.")
            }
            Cause::Overload => format!("{sender}'s computer was too busy to encode the {what} in time."),
            Cause::StarvedPlayout => format!("{receiver}'s computer was too busy to feed its loudspeaker in time."),
            Cause::PacketLoss => format!("Packets of {between} were lost {place}{}.", amount(Metric::LossRatio)),
            Cause::Congestion => format!("A line was full {place}: {between} had to wait or was cut down{}.", amount(Metric::Rtt)),
            Cause::Jitter => format!("Packets of {between} came unevenly, held up {place}{}.", amount(Metric::Jitter)),
            Cause::LongWay if self.hop == Some(Hop::Relay) => {
                format!("{sender} and {receiver} talked through a far-away relay{}.", amount(Metric::Rtt))
            }
            Cause::LongWay => format!("The way between {sender} and {receiver} is long{}.", amount(Metric::Rtt)),
            Cause::OutOfStep => {
                format!(
                    "Sound and pictures from {sender} came to {receiver} out of step: one of the two took longer on the way{}.",
                    amount(Metric::AvSkew)
                )
            }
            Cause::TcpRelay => {
                format!("{sender} and {receiver} talked through a relay over TCP, which makes every lost packet a pause.")
            }
            Cause::Blocked if self.has_begun_late() => {
                format!(
                    "{sender} sent {what}, and at first nothing of it arrived at {receiver}: it was blocked on the way{}.",
                    amount(Metric::FirstMediaTime)
                )
            }
            Cause::Blocked => format!("{sender} sent {what}, and nothing of it arrived at {receiver}: it was blocked on the way."),
            Cause::ConnectionLost if self.side == Side::Path => format!("The connection between {sender} and {receiver} broke."),
            Cause::ConnectionLost => format!("{culprit} lost the connection to everybody at once."),
            Cause::NetworkChange => format!("{culprit} lost the network, or changed to another one, during the call."),
            Cause::PageSuspended => {
                format!("{culprit}'s browser stopped the page, as it does in the background or when the computer sleeps.")
            }
            Cause::GoneAway => format!(
                "{culprit} had left; what {} missed is the end of the call.",
                if self.side == Side::Receiver { &sender } else { &receiver }
            ),
            Cause::NotSent if self.has_begun_late() => format!("{sender} sent no {what} at first{}.", amount(Metric::FirstMediaTime)),
            Cause::NotSent => format!("{sender} sent no {what}."),
            Cause::NotForwarded => format!("The server received {what} from {sender} and did not send it on to {receiver} as it came."),
            Cause::SlowGathering => {
                format!(
                    "{culprit}'s browser took long to find the addresses at which it can be reached, and the call waited for them{}.",
                    amount(Metric::GatheringTime)
                )
            }
            Cause::SlowSignalling => {
                format!("The answer between {sender} and {receiver} took long to arrive: the app's signalling was slow.")
            }
            Cause::SlowPath if self.hop == Some(Hop::Relay) => {
                format!(
                    "{sender} and {receiver} took long to find a way to each other, and it was a relay{}.",
                    amount(Metric::ConnectingTime)
                )
            }
            Cause::SlowPath => format!("{sender} and {receiver} took long to find a way to each other{}.", amount(Metric::ConnectingTime)),
            Cause::SlowKeys => {
                format!(
                    "{sender} and {receiver} had a way to each other, and took long to agree on keys for encryption{}.",
                    amount(Metric::ConnectingTime)
                )
            }
            Cause::PermissionDenied => format!("{sender}'s browser or system did not allow the page to use microphone or camera."),
            Cause::NoDevice => format!("{sender} had no microphone or camera of the kind that the page asked for."),
            Cause::DeviceBusy => format!("{sender}'s microphone or camera was there, but another program held it."),
            Cause::NegotiationFailed => format!("{sender}'s connection failed because its description (SDP) was refused."),
            Cause::IceFailed => format!("{sender} could not reach the other side: no way through the networks between them was found."),
            Cause::DtlsFailed => format!("{sender} reached the other side, but they could not agree on keys for encryption."),
            Cause::SignallingFailed => format!("{sender}'s call was not set up because the app's signalling failed."),
            Cause::NeverAnswered if self.side == Side::Sender => format!("{sender} was offered a call and never answered it."),
            Cause::NeverAnswered => format!("{sender} called, and the other side never answered."),
            Cause::NeverOffered => format!("{sender} opened a connection, and no call was ever made on it."),
            Cause::Unknown if self.has_begun_late() => format!("Nothing that was measured explains why {between} began late."),
            Cause::Unknown => format!("Nothing that was measured explains why {between} was poor."),
        }
    }

    /// What to try.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.cause {
            Cause::DeadMicrophone => {
                "Let them check the switch on the headset and the mute button of the system, choose another microphone in the app, and close other programs that use it."
            }
            Cause::QuietMicrophone => {
                "Let them raise the input level in the system's settings, or choose the microphone that is nearer to the mouth."
            }
            Cause::LoudMicrophone => {
                "Let them lower the input level in the system's settings, and move the microphone away from the mouth."
            }
            Cause::DeviceLost => {
                "Let them plug the device in again and choose it in the app; if it happens often, try another cable or port, or charge the headset."
            }
            Cause::WrongClock => {
                "Let them choose another microphone, or use the built-in one: cheap converters and virtual sound cards are the usual reason. A driver that is new can help."
            }
            Cause::SlowCamera => "More light helps: cameras slow down in the dark. Otherwise another camera, or a USB port of its own.",
            Cause::Overload | Cause::StarvedPlayout => {
                "Let them close other programs and browser tabs, connect the power supply, and switch background effects off; a smaller picture helps at once."
            }
            Cause::PacketLoss | Cause::Jitter => match self.side {
                Side::Path => {
                    "Ask both whether they are on Wi-Fi or a mobile network: a cable on either side tells which one it is. If many calls of one site suffer, it is the site's line."
                }
                Side::Server => {
                    "Look at the load and the network of the media server: its other calls of the same time tell whether they suffer too."
                }
                _ => {
                    "Let them come nearer to the access point or use a cable, and pause downloads. If many calls of one site suffer, it is the site's line."
                }
            },
            Cause::Congestion => match self.side {
                Side::Path => "Let both pause downloads, uploads and other video; a lower bit rate or video switched off helps at once.",
                _ => {
                    "Let them pause downloads, uploads and cloud backups, and switch video off; if it is always so, the line is too narrow for what the app sends."
                }
            },
            Cause::LongWay if self.hop == Some(Hop::Relay) => {
                "Run a TURN server near the users, or find out why no direct way is found: a firewall that blocks UDP is the usual reason."
            }
            Cause::LongWay => "Distance cannot be helped; a VPN in between can: let them try without it.",
            Cause::OutOfStep => {
                "Something on the way treats the two differently, as a traffic shaper or a VPN does: let them try another network. One port for both (`bundlePolicy: \"max-bundle\"`) gives it less to go by."
            }
            Cause::TcpRelay => "Allow UDP to the TURN server (port 3478 and its relay ports) in the firewall of the site.",
            Cause::Blocked => {
                "A firewall or VPN lets packets through one way only: try another network or no VPN. On own servers, check that the media ports are open in both directions."
            }
            Cause::ConnectionLost | Cause::NetworkChange => {
                "Ask about Wi-Fi that dropped, a switch between Wi-Fi and mobile, or a VPN that reconnected. The app can restart ICE at such a moment."
            }
            Cause::PageSuspended => "Keep the tab in front or in a window of its own; on phones, keep the screen on.",
            Cause::GoneAway => "Nothing to mend in the media: ask why they left.",
            Cause::NotSent if self.has_begun_late() => {
                "Look at what the app waits for before it sends: a microphone that is opened only after the answer, a page or a phone that wakes up first."
            }
            Cause::NotSent => "Look whether the app stopped the track, or the connection was negotiated as receive-only.",
            Cause::NotForwarded => "Look at the media server: its logs of this time, its subscriptions, and its load.",
            Cause::SlowGathering => {
                "A STUN or TURN server that does not answer is the usual reason: mend its name, port or credentials, or take it out of `iceServers`. An app that sends each candidate as it comes (trickle ICE) waits for none."
            }
            Cause::SlowSignalling => "This is the app's or its server's: compare when each end had both descriptions.",
            Cause::SlowPath => {
                "A firewall that drops UDP lets every attempt run into its time: allow UDP to the TURN server, and offer TURN over TLS on port 443 for networks that do not. Candidates that the signalling brings late cost as much."
            }
            Cause::SlowKeys => {
                "Packets of the handshake that are lost are sent again only after a second, then two: look at the loss right after it. A busy computer or media server is the other reason."
            }
            Cause::PermissionDenied => {
                "Allow microphone and camera beside the address of the page, and in the system's privacy settings, then load the page again."
            }
            Cause::NoDevice => {
                "Plug in a microphone or camera and choose it; an app that asks for an exact device or resolution should ask for less."
            }
            Cause::DeviceBusy => "Close other programs and tabs that use microphone or camera, then try again.",
            Cause::NegotiationFailed => {
                "This is the app's: look at the error of the event and at the two descriptions. A codec or an order of calls that one side does not support is the usual reason."
            }
            Cause::IceFailed => {
                "Configure a TURN server, over TLS on port 443 too, and check that its credentials are valid: most firewalls let that through."
            }
            Cause::DtlsFailed => {
                "A middlebox that changes packets, or a fingerprint that does not match: look at the signalling, and try another network."
            }
            Cause::SignallingFailed => {
                "This is the app's or its server's: look at the error of the event, and at the signalling server at that time."
            }
            Cause::NeverAnswered => "If somebody was there to answer, look at the signalling: the offer or the answer got lost.",
            Cause::NeverOffered => "If a call was meant to be made, look at the app's signalling before this time.",
            Cause::Unknown => "Look at the charts of both ends at that time. With reports of both ends, and of events, more can be told.",
        }
    }

    fn has_begun_late(&self) -> bool {
        ["slow_connecting", "slow_first_media"].iter().any(|rule| self.rules.contains(*rule))
    }

    fn value(&self, wanted: Metric) -> Option<f64> {
        self.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Series { metric, value, .. } if *metric == wanted => Some(*value),
            _ => None,
        })
    }
}

fn shown(metric: Metric, value: f64) -> String {
    match metric.unit() {
        "" => format!(" ({:.0} %)", (value * 100.0).max(1.0)),
        "fps" => format!(" ({value:.0} a second)"),
        "ms" if value >= 2000.0 => format!(" ({:.0} s)", value / 1000.0),
        unit => format!(" ({value:.0} {unit})"),
    }
}
