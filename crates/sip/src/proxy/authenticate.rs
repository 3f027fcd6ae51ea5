//! Who is it that asks: an access token, what was proved at registration, or a digest of the password.

use std::net::IpAddr;

use sidetone_engine::{ids::AppKey, units::Timestamp};

use super::{NETWORKS_MAX, Proxy};
use crate::{
    account::{Facts, Grant, PAGE_REFUSED, TOKEN_ERROR, TokenError, page_warning},
    check::{Basics, Refusal},
    digest::{self, Credentials},
    flow::{Bucket, FlowId, NonceUse, network_of},
    message::Message,
    uri::Uri,
};

/// A user who proved who they are.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) app: AppKey,
    pub(super) user: String,
    /// What the token allows; `None` where a password was given: everything.
    pub(super) grant: Option<Grant>,
}

/// The answer to a token that does not help.
pub(super) fn token_refused(error: TokenError) -> Refusal {
    Refusal::new(403, &error.to_string()).with(TOKEN_ERROR, error.code().to_string())
}

/// Whom a request has to be authenticated by: the registrar asks with 401, a proxy with 407.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    Registrar,
    Proxy,
}

impl Proxy {
    /// Who sent `message` for the user of `address`, from a page that may do so.
    pub(super) fn authenticate(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        asker: Asker,
        address: Option<&Uri>,
        request: (&Message, &Basics),
        facts: &Facts,
    ) -> Result<Identity, Refusal> {
        let identity = self.identify(now, flow, asker, address, request, facts)?;
        if facts.closed_to_page.contains(&identity.app) {
            return Err(Refusal::new(403, PAGE_REFUSED).with("Warning", page_warning(&self.config.domain)));
        }
        Ok(identity)
    }

    fn identify(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        asker: Asker,
        address: Option<&Uri>,
        (message, basics): (&Message, &Basics),
        facts: &Facts,
    ) -> Result<Identity, Refusal> {
        let address = address.filter(|uri| self.is_ours(uri) && !uri.user.is_empty());
        let user = address.map(|uri| uri.user.clone()).ok_or_else(|| Refusal::new(403, "Not a User of This Domain"))?;
        let peer = self.flows.get(&flow).map(|flow| flow.peer).ok_or_else(|| Refusal::new(500, "Connection Is Gone"))?;
        if !self.may_fail(peer, now) {
            return Err(Refusal::new(503, "Too Many Failed Attempts").with("Retry-After", "60"));
        }
        if facts.is_incomplete {
            return Err(Refusal::new(503, "Users Cannot Be Looked Up").with("Retry-After", "10"));
        }
        if let Some(token) = &facts.token {
            return self.by_token(token, user, peer, now);
        }
        if asker == Asker::Proxy
            && let Some(identity) = self.by_registration(flow, &user, now)
        {
            return Ok(identity);
        }
        self.by_digest(now, flow, asker, user, (message, basics), facts)
    }

    fn by_token(&mut self, token: &Result<Grant, TokenError>, user: String, peer: IpAddr, now: Timestamp) -> Result<Identity, Refusal> {
        let judged = match token {
            Err(error) => Err(*error),
            Ok(grant) => grant.serves(&user, now).map(|()| Identity { app: grant.app, user, grant: Some(grant.clone()) }),
        };
        judged.map_err(|error| {
            self.failed(peer, now);
            token_refused(error)
        })
    }

    /// Who registered with a token over this very connection need not show it again.
    fn by_registration(&self, flow: FlowId, user: &str, now: Timestamp) -> Option<Identity> {
        let binding = self.registrar.of(user).iter().find(|binding| binding.flow == Some(flow))?;
        let grant = binding.grant.clone().filter(|grant| grant.expires > now)?;
        Some(Identity { app: grant.app, user: user.to_owned(), grant: Some(grant) })
    }

    fn by_digest(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        asker: Asker,
        user: String,
        (message, basics): (&Message, &Basics),
        facts: &Facts,
    ) -> Result<Identity, Refusal> {
        let header = match asker {
            Asker::Registrar => "Authorization",
            Asker::Proxy => "Proxy-Authorization",
        };
        let Some(credentials) = message.all(header).find_map(Credentials::parse) else {
            return Err(self.challenge(now, flow, asker, false));
        };
        let is_offered = self.config.algorithms.contains(&credentials.algorithm);
        let names_user = credentials.username == user || credentials.username.split_once('@').is_some_and(|(name, _)| name == user);
        let is_for_this = Uri::parse(&credentials.uri).is_ok_and(|uri| uri == basics.uri);
        let account = facts.account(&user).filter(|_| is_offered && names_user && is_for_this);
        let method = message.method().unwrap_or_default();
        let Some(account) = account.filter(|account| credentials.hold(&account.ha1, method)) else {
            if let Some(flow) = self.flows.get(&flow) {
                self.failed(flow.peer, now);
            }
            return Err(self.challenge(now, flow, asker, false));
        };
        let fresh = self.flows.get_mut(&flow).map(|flow| flow.use_nonce(&credentials.nonce, credentials.count, now));
        if fresh != Some(NonceUse::Fresh) {
            return Err(self.challenge(now, flow, asker, true));
        }
        Ok(Identity { app: account.app, user, grant: None })
    }

    fn challenge(&mut self, now: Timestamp, flow: FlowId, asker: Asker, is_stale: bool) -> Refusal {
        let nonce = self.secrets.nonce();
        if let Some(flow) = self.flows.get_mut(&flow) {
            flow.add_nonce(nonce.clone(), now);
        }
        let (refusal, header) = match asker {
            Asker::Registrar => (Refusal::new(401, "Unauthorized"), "WWW-Authenticate"),
            Asker::Proxy => (Refusal::new(407, "Proxy Authentication Required"), "Proxy-Authenticate"),
        };
        self.config
            .algorithms
            .iter()
            .fold(refusal, |refusal, algorithm| refusal.with(header, digest::challenge(*algorithm, &nonce, is_stale)))
    }

    /// Whether whoever is at an address did not fail too often.
    fn may_fail(&mut self, peer: IpAddr, now: Timestamp) -> bool {
        self.failures.get_mut(&network_of(peer)).is_none_or(|bucket| bucket.has_some(now))
    }

    fn failed(&mut self, peer: IpAddr, now: Timestamp) {
        let size = f64::from(self.config.failures_per_minute);
        let network = network_of(peer);
        if self.failures.len() >= NETWORKS_MAX {
            self.failures.retain(|_, bucket| !bucket.is_full(now));
        }
        if self.failures.len() < NETWORKS_MAX || self.failures.contains_key(&network) {
            self.failures.entry(network).or_insert_with(|| Bucket::new(size / 60.0, size, now)).take(now);
        }
    }
}
