//! `[sip.trunk]`: another SIP server that calls go to and come from.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::AppKey;
use sidetone_sip::{Transport, Uri};

use crate::config::{
    InvalidSetting,
    messenger::Token,
    require,
    text::{HumanDuration, read_address},
};

/// Another SIP server that calls go to and come from, such as a gateway to the telephone network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SipTrunkConfig {
    /// Where it is, such as `sip:gw.example.com:5060;transport=tcp`: `udp` (which is meant where nothing is told), `tcp` or `tls`. A name without a
    /// port leads to the servers that DNS has for the service (SRV), if any. Empty: there is none.
    pub address: String,
    /// The DNS server that is asked for them, such as `192.0.2.53`, with a port if need be. Empty: those of this machine (`/etc/resolv.conf`).
    pub nameserver: String,
    /// What stands behind the `@` of numbers there. Empty: host and port of the address.
    pub domain: String,
    /// Where to listen for what it sends; who is not at its address is not heard.
    #[serde(deserialize_with = "read_address")]
    pub listen: SocketAddr,
    /// How it reaches us, such as `203.0.113.5:5060`. Empty: by the address that this machine has towards it, at the port of `listen`.
    pub advertised: String,
    /// Who we are there, when it asks (MD5 and SHA-256). Empty: nobody.
    pub user: String,
    /// The password of `user`.
    pub password: Token,
    /// Whether to register there as `user`, so that it knows where we are.
    pub register: bool,
    /// For how long to register.
    pub register_expires: HumanDuration,
    /// What phones call over it, of that which is no user here: `+*`, `00*`, `1??`; `*` is any text, `?` any character. None: nothing.
    pub patterns: Vec<String>,
    /// Which phone user has which number, for calls in both directions. A call to anything else is for the user of that name.
    pub numbers: BTreeMap<String, String>,
    /// How it is told who calls.
    pub caller_id: SipCallerId,
    /// The number of phone users who have none in `numbers`. Empty: their name.
    pub caller_number: String,
    /// Keys of the apps whose phone users may call over it and be called. None: all.
    pub apps: Vec<String>,
    /// Calls over it at once.
    pub calls_max: usize,
    /// How long a call may last; then it counts no more.
    pub call_duration_max: HumanDuration,
    /// A PEM file with the certificates of those who may vouch for it (`tls`). Empty: those of this machine.
    pub ca_file: String,
}

/// How the trunk is told who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SipCallerId {
    /// In `From`, whose address is written anew.
    #[default]
    From,
    /// In `P-Asserted-Identity` (RFC 3325); `From` stays as it was.
    Asserted,
}

impl Default for SipTrunkConfig {
    fn default() -> Self {
        Self {
            address: String::new(),
            nameserver: String::new(),
            domain: String::new(),
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5060)),
            advertised: String::new(),
            user: String::new(),
            password: Token(String::new()),
            register: false,
            register_expires: HumanDuration::secs(600),
            patterns: Vec::new(),
            numbers: BTreeMap::new(),
            caller_id: SipCallerId::From,
            caller_number: String::new(),
            apps: Vec::new(),
            calls_max: 30,
            call_duration_max: HumanDuration::secs(4 * 3600),
            ca_file: String::new(),
        }
    }
}

/// Where a trunk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrunkAddress {
    pub(crate) transport: Transport,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    /// `None`: DNS may know, else the usual one.
    pub(crate) port: Option<u16>,
}

/// `host:port` of a setting.
pub(crate) fn place(text: &str) -> Option<(String, u16)> {
    let uri = Uri::parse(&format!("sip:{text}")).ok()?;
    (uri.user.is_empty() && !text.contains(';')).then_some((uri.host, uri.port?))
}

impl SipTrunkConfig {
    /// Where it is; `None` where the address cannot be read, or there is no trunk.
    pub(crate) fn place(&self) -> Option<TrunkAddress> {
        let uri = Uri::parse(&self.address).ok().filter(|uri| uri.user.is_empty())?;
        let transport = match (uri.scheme.as_str(), uri.params.get("transport").map(str::to_ascii_lowercase).as_deref()) {
            ("sips", None | Some("tls" | "tcp")) | ("sip", Some("tls")) => Transport::Tls,
            ("sip", Some("tcp")) => Transport::Tcp,
            ("sip", None | Some("udp")) => Transport::Udp,
            _ => return None,
        };
        Some(TrunkAddress { transport, host: uri.host.trim_matches(['[', ']']).to_owned(), port: uri.port })
    }

    /// The DNS server to ask.
    pub(crate) fn nameserver(&self) -> Option<SocketAddr> {
        let of_address = |address: IpAddr| SocketAddr::new(address, 53);
        self.nameserver.parse().or_else(|_| self.nameserver.parse().map(of_address)).ok()
    }

    /// What stands behind the `@` of numbers there.
    pub(crate) fn domain(&self) -> String {
        let of_address = || {
            let address = self.address.split_once(':').map_or("", |(_, rest)| rest);
            address.split(';').next().unwrap_or_default().to_owned()
        };
        if self.domain.is_empty() { of_address() } else { self.domain.clone() }
    }

    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        if self.address.is_empty() {
            return Ok(());
        }
        let allowed = "an address such as sip:gw.example.com:5060;transport=tcp (udp, tcp or tls), or empty";
        require(self.place().is_some(), "sip.trunk.address", &self.address, allowed)?;
        let is_server = self.nameserver.is_empty() || self.nameserver().is_some();
        require(is_server, "sip.trunk.nameserver", &self.nameserver, "an address such as 192.0.2.53 or 127.0.0.1:5353, or empty")?;
        let domain = Uri::parse(&format!("sip:{}", self.domain()));
        let is_domain = domain.is_ok_and(|uri| uri.user.is_empty() && !self.domain.contains(';'));
        require(is_domain, "sip.trunk.domain", &self.domain, "a host name, with a port if need be, or empty")?;
        let is_place = self.advertised.is_empty() || place(&self.advertised).is_some();
        require(is_place, "sip.trunk.advertised", &self.advertised, "host and port, such as 203.0.113.5:5060, or empty")?;
        let is_quotable = !self.user.contains(['"', '\\', '<', '>']) && !self.user.chars().any(char::is_control);
        require(is_quotable, "sip.trunk.user", &self.user, "no quotes, brackets or control characters")?;
        require(!self.register || !self.user.is_empty(), "sip.trunk.user", &self.user, "the user to register as")?;
        let (minute, day) = (HumanDuration::secs(60), HumanDuration::secs(86_400));
        let (expires, lasts) = (self.register_expires, self.call_duration_max);
        require(expires >= minute && expires <= day, "sip.trunk.register_expires", &expires, "between 1m and 1d")?;
        require(lasts >= minute && lasts <= day, "sip.trunk.call_duration_max", &lasts, "between 1m and 1d")?;
        for app in &self.apps {
            require(app.parse::<AppKey>().is_ok(), "sip.trunk.apps", app, "keys of apps, as `sidetone app list` shows them")?;
        }
        require(self.calls_max > 0, "sip.trunk.calls_max", &self.calls_max, "at least 1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SipTrunkConfig {
        SipTrunkConfig { address: address.into(), ..SipTrunkConfig::default() }
    }

    #[test]
    fn an_address_is_a_sip_uri() {
        for (address, transport, host, port, domain) in [
            ("sip:gw.example.com", Transport::Udp, "gw.example.com", None, "gw.example.com"),
            ("sip:gw.example.com:5070;transport=TCP", Transport::Tcp, "gw.example.com", Some(5070), "gw.example.com:5070"),
            ("sips:gw.example.com", Transport::Tls, "gw.example.com", None, "gw.example.com"),
            ("sip:[2001:db8::1]:5061;transport=tls", Transport::Tls, "2001:db8::1", Some(5061), "[2001:db8::1]:5061"),
        ] {
            let config = at(address);
            config.validate().unwrap();
            assert_eq!(config.place(), Some(TrunkAddress { transport, host: host.into(), port }), "{address}");
            assert_eq!(config.domain(), domain, "{address}");
        }
        for address in ["gw.example.com", "sip:me@gw.example.com", "sip:gw;transport=sctp", "https://gw"] {
            assert_eq!(at(address).validate().unwrap_err().setting, "sip.trunk.address", "{address}");
        }
    }

    #[test]
    fn a_senseless_trunk_is_refused() {
        type Change = fn(&mut SipTrunkConfig);
        let changes: [(&str, Change); 7] = [
            ("sip.trunk.nameserver", |config| config.nameserver = "ns.example.com".into()),
            ("sip.trunk.domain", |config| config.domain = "a@b".into()),
            ("sip.trunk.advertised", |config| config.advertised = "203.0.113.5".into()),
            ("sip.trunk.user", |config| config.register = true),
            ("sip.trunk.apps", |config| config.apps = vec!["myapp".into()]),
            ("sip.trunk.calls_max", |config| config.calls_max = 0),
            ("sip.trunk.call_duration_max", |config| config.call_duration_max = HumanDuration::secs(1)),
        ];
        for (setting, change) in changes {
            let mut config = at("sip:gw");
            change(&mut config);
            assert_eq!(config.validate().unwrap_err().setting, setting);
        }
    }
}
