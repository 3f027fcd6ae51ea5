//! We register at the trunk, so that it knows where we are (RFC 3261 section 10.2), and again before that ends.

use sidetone_engine::units::Timestamp;

use super::{Proxy, TRUNK, Trunk, via_params};
use crate::{
    challenge::Challenge,
    header::Address,
    message::{Message, Start},
    proxy::fork::PATIENCE_US,
    uri,
};

/// Until a registration that failed is tried again, µs.
const RETRY_US: i64 = 30_000_000;
/// The shortest registration that we take; a registrar that gives less is asked as seldom.
const LEAST_SECONDS: u32 = 10;

/// Where we are with it.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Registration {
    /// The branch of the REGISTER that waits for an answer, and whether it has credentials.
    asked: Option<(String, bool)>,
    cseq: u32,
    /// What the registrar wants at least, in seconds.
    least: u32,
    due: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Registration {
    /// It is to be made anew at that time.
    pub(super) fn again(&mut self, at: Timestamp) {
        (self.asked, self.until, self.due) = (None, None, Some(at));
    }

    /// Whether we are registered.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until > now)
    }
}

impl Proxy {
    /// Registers when it is time to.
    pub(in crate::proxy) fn keep_registered(&mut self, now: Timestamp) {
        let is_open = self.flows.contains_key(&TRUNK);
        let Some(Trunk { config, registration }) = &mut self.trunk else { return };
        if !is_open || config.register.is_none() || registration.due.is_none_or(|due| due > now) {
            return;
        }
        if registration.asked.take().is_some() {
            registration.due = Some(now.plus_micros(RETRY_US));
        } else {
            self.send_register(now, None);
        }
    }

    fn send_register(&mut self, now: Timestamp, challenge: Option<&Challenge>) {
        let cnonce = self.secrets.nonce();
        let id = self.secrets.branch("register");
        let (call_id, tag) = (self.secrets.tag(&["trunk", "call"]), self.secrets.tag(&["trunk", "tag"]));
        let (transport, place) = self.side(TRUNK);
        let Some(Trunk { config, registration }) = &mut self.trunk else { return };
        let (Some(login), Some(seconds)) = (&config.login, config.register) else { return };
        let registrar = format!("sip:{}", config.domain);
        let ours = uri::of_user(&login.user, &config.domain);
        registration.cseq += 1;
        registration.asked = Some((id.clone(), challenge.is_some()));
        registration.due = Some(now.plus_micros(PATIENCE_US));
        let mut message = Message::new(Start::Request { method: "REGISTER".into(), uri: registrar.clone(), version: "SIP/2.0".into() });
        message.push("Via", format!("SIP/2.0/{transport} {place};branch={id}{}", via_params(transport)));
        message.push("Max-Forwards", "70");
        message.push("From", format!("<{ours}>;tag={tag}"));
        message.push("To", format!("<{ours}>"));
        message.push("Call-ID", call_id);
        message.push("CSeq", format!("{} REGISTER", registration.cseq));
        message.push("Contact", format!("<{};transport={}>", uri::of_user(&login.user, &place), transport.to_ascii_lowercase()));
        message.push("Expires", seconds.max(registration.least).to_string());
        if let Some(challenge) = challenge {
            message.push(challenge.header(), challenge.answer(login, "REGISTER", &registrar, &cnonce));
        }
        self.send_request(now, TRUNK, &id, &message);
    }

    /// Takes an answer of the registrar; whether it was one.
    pub(in crate::proxy) fn registration_answered(&mut self, now: Timestamp, branch: &str, answer: &Message) -> bool {
        let Some(Trunk { config, registration }) = &mut self.trunk else { return false };
        let Some((_, has_credentials)) = registration.asked.take_if(|(asked, _)| asked == branch) else { return false };
        let code = answer.code().unwrap_or_default();
        if code < 200 {
            registration.asked = Some((branch.to_owned(), has_credentials));
            return true;
        }
        if let Some(challenge) = Challenge::of(answer).filter(|challenge| !has_credentials || challenge.is_stale) {
            self.send_register(now, Some(&challenge));
            return true;
        }
        if code == 423
            && let Some(least) =
                answer.header("Min-Expires").and_then(|text| text.trim().parse().ok()).filter(|least| *least > registration.least)
        {
            registration.least = least;
            registration.due = Some(now);
            return true;
        }
        if code >= 300 {
            (registration.until, registration.due) = (None, Some(now.plus_micros(RETRY_US)));
            return true;
        }
        let (host, port) = &config.hop;
        let is_ours =
            |contact: &Address| crate::Uri::parse(&contact.uri).is_ok_and(|uri| uri.host == *host && uri.port.unwrap_or(5060) == *port);
        let ours = answer.list("Contact").filter_map(Address::parse).find(is_ours);
        let told = ours.as_ref().and_then(|contact| contact.params.get("expires")).or_else(|| answer.header("Expires"));
        let seconds = told.and_then(|text| text.trim().parse::<u32>().ok()).or(config.register).unwrap_or_default().max(LEAST_SECONDS);
        registration.until = Some(now.plus_micros(i64::from(seconds) * 1_000_000));
        registration.due = Some(now.plus_micros(i64::from(seconds) * 800_000));
        true
    }
}
