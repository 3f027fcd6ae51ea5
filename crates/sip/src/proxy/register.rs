//! REGISTER (RFC 3261 section 10.3, RFC 5626 section 6).

use ring::digest::{SHA256, digest};
use sidetone_engine::units::Timestamp;

use super::{
    Proxy,
    answer::SUPPORTED,
    authenticate::{Asker, Identity, token_refused},
};
use crate::{
    account::{Facts, NAME_TAKEN, TOKEN, TokenError},
    check::{self, Basics, Refusal},
    digest::hex,
    flow::FlowId,
    gruu,
    header::Address,
    message::Message,
    registrar::{Binding, Endpoint},
    uri::{self, Uri},
};

/// One contact that a REGISTER names.
struct Wanted {
    device: String,
    instance: String,
    uri: String,
    shown: String,
    /// Seconds; 0 removes it.
    expires: u32,
    is_outbound: bool,
}

impl Proxy {
    pub(super) fn register(&mut self, now: Timestamp, flow: FlowId, message: &Message, basics: &Basics, facts: &Facts) {
        match self.registered(now, flow, message, basics, facts) {
            Ok(headers) => self.answer(flow, message, 200, "OK", &headers),
            Err(refusal) => self.refuse(flow, message, &refusal),
        }
    }

    fn registered(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        message: &Message,
        basics: &Basics,
        facts: &Facts,
    ) -> Result<Vec<(&'static str, String)>, Refusal> {
        if !self.is_ours(&basics.uri) {
            return Err(self.unknown_domain());
        }
        check::extensions(message, "Require", SUPPORTED)?;
        let user_of = |uri: &Option<Uri>| uri.as_ref().map(|uri| uri.user.clone());
        if user_of(&basics.to_uri) != user_of(&basics.from_uri) {
            return Err(Refusal::new(403, "Register Only Yourself"));
        }
        let identity = self.authenticate(now, flow, Asker::Registrar, basics.to_uri.as_ref(), (message, basics), facts)?;
        if facts.account(&identity.user).is_some_and(|account| account.app != identity.app) {
            return Err(Refusal::new(403, NAME_TAKEN));
        }
        let contacts: Vec<&str> = message.list("Contact").filter(|contact| !contact.is_empty()).collect();
        let is_outbound = if contacts == ["*"] {
            if message.header("Expires").and_then(|text| text.parse::<u32>().ok()) != Some(0) {
                return Err(Refusal::new(400, "Contact * Needs Expires 0"));
            }
            self.registrar.remove(&identity.user, |_| true);
            false
        } else {
            let wanted = contacts.iter().map(|contact| self.wanted(message, contact)).collect::<Result<Vec<_>, _>>()?;
            self.admit(&identity, &wanted, basics)?;
            let is_outbound = wanted.iter().any(|wanted| wanted.is_outbound);
            for contact in wanted {
                self.bind(now, flow, &identity, contact, basics);
            }
            is_outbound
        };
        let wants_gruu = message.list("Supported").any(|option| option.eq_ignore_ascii_case("gruu"));
        Ok(self.listed(now, &identity, is_outbound, wants_gruu))
    }

    fn wanted(&self, message: &Message, contact: &str) -> Result<Wanted, Refusal> {
        let malformed = || Refusal::new(400, "Malformed Contact");
        let address = Address::parse(contact).ok_or_else(malformed)?;
        Uri::parse(&address.uri).map_err(|_| malformed())?;
        let told = address.params.get("expires").or_else(|| message.header("Expires"));
        let expires = match told {
            None => self.config.expires_default,
            // What is no number counts as not told, what is too large as the largest (RFC 3261 sections 10.2.1.1 and 20.19).
            Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().unwrap_or(u32::MAX),
            Some(_) => self.config.expires_default,
        };
        if expires > 0 && expires < self.config.expires_min {
            return Err(Refusal::new(423, "Interval Too Brief").with("Min-Expires", self.config.expires_min.to_string()));
        }
        let instance = address.params.get("+sip.instance").filter(|instance| !instance.is_empty());
        let reg_id = address.params.get("reg-id").filter(|id| !id.is_empty());
        let device = match instance {
            Some(instance) => device_name(&[instance, reg_id.unwrap_or_default()]),
            None => device_name(&[&address.uri]),
        };
        let mut shown = format!("<{}>", address.uri);
        for (name, value) in [("+sip.instance", instance), ("reg-id", reg_id)] {
            if let Some(value) = value {
                shown.push_str(&if name == "reg-id" { format!(";{name}={value}") } else { format!(";{name}=\"{value}\"") });
            }
        }
        let expires = expires.min(self.config.expires_max);
        let is_outbound = instance.is_some() && reg_id.is_some();
        let instance = instance.map(gruu::instance).unwrap_or_default();
        Ok(Wanted { device, instance, uri: uri::without_headers(&address.uri).to_owned(), shown, expires, is_outbound })
    }

    /// Whether there is room for the contacts, and they are newer than what is held.
    fn admit(&self, identity: &Identity, wanted: &[Wanted], basics: &Basics) -> Result<(), Refusal> {
        let held = self.registrar.of(&identity.user);
        let find = |device: &str| held.iter().find(|binding| binding.device == device);
        if held.iter().any(|binding| binding.app != identity.app) {
            return Err(Refusal::new(403, NAME_TAKEN));
        }
        let is_late = |binding: &Binding| binding.call_id == basics.call_id && basics.cseq <= binding.cseq;
        if wanted.iter().filter_map(|wanted| find(&wanted.device)).any(is_late) {
            return Err(Refusal::new(500, "CSeq Out of Order"));
        }
        let added = wanted.iter().filter(|wanted| wanted.expires > 0 && find(&wanted.device).is_none()).count();
        // Who waits for their device leaves their place to who is there.
        let present = held.iter().filter(|binding| binding.flow.is_some()).count();
        if added > 0 && present + added > self.config.contacts_per_user_max {
            return Err(match identity.grant {
                Some(_) => token_refused(TokenError::Logins),
                None => Refusal::new(403, "Too Many Contacts"),
            });
        }
        if self.registrar.len() + added > self.config.contacts_max {
            return Err(Refusal::new(503, "Too Many Registrations").with("Retry-After", "60"));
        }
        Ok(())
    }

    fn bind(&mut self, now: Timestamp, flow: FlowId, identity: &Identity, wanted: Wanted, basics: &Basics) {
        let endpoint = Endpoint { user: identity.user.clone(), device: wanted.device.clone() };
        if wanted.expires == 0 {
            self.registrar.remove(&identity.user, |binding| binding.device == wanted.device);
            return;
        }
        if self.registrar.find(&endpoint).is_none() && self.registrar.of(&identity.user).len() >= self.config.contacts_per_user_max {
            let oldest =
                self.registrar.of(&identity.user).iter().filter(|binding| binding.flow.is_none()).min_by_key(|binding| binding.expires);
            if let Some(device) = oldest.map(|binding| binding.device.clone()) {
                self.registrar.remove(&identity.user, |binding| binding.device == device);
            }
        }
        let mut expires = now.plus_micros(i64::from(wanted.expires) * 1_000_000);
        if let Some(grant) = &identity.grant {
            expires = expires.min(grant.expires);
        }
        self.dismissed.remove(&flow);
        self.registrar.put(
            &identity.user,
            Binding {
                app: identity.app,
                device: wanted.device,
                uri: wanted.uri,
                instance: wanted.instance,
                shown: wanted.shown,
                flow: Some(flow),
                expires,
                call_id: basics.call_id.clone(),
                cseq: basics.cseq,
                grant: identity.grant.clone(),
            },
        );
    }

    /// The headers of the answer: every contact that is there, and until when.
    fn listed(&self, now: Timestamp, identity: &Identity, is_outbound: bool, wants_gruu: bool) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        for binding in self.registrar.of(&identity.user).iter().filter(|binding| binding.flow.is_some()) {
            let left = binding.expires.since(now).unwrap_or_default().as_secs();
            let gruu = if wants_gruu { gruu::param(&identity.user, &self.config.domain, &binding.instance) } else { String::new() };
            headers.push(("Contact", format!("{}{gruu};expires={left}", binding.shown)));
        }
        headers.push(("Supported", SUPPORTED.join(", ")));
        if is_outbound {
            headers.push(("Require", "outbound".to_owned()));
        }
        if let Some(grant) = &identity.grant {
            headers.push((TOKEN, grant.told()));
        }
        headers
    }
}

/// A short name for what tells a device.
fn device_name(parts: &[&str]) -> String {
    hex(&digest(&SHA256, parts.join("\n").as_bytes()).as_ref()[..8])
}
