//! Where the trunk is: a name without a port leads to the servers that DNS has for the service (SRV, RFC 3263), else to the name's own addresses.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
    time::Duration,
};

use domain::{
    base::{Name, RelativeName},
    resolv::{
        StubResolver,
        stub::conf::{ResolvConf, ServerConf, Transport as Asked},
    },
};
use sidetone_sip::Transport;
use tokio::{net::lookup_host, time::timeout};

use crate::{config::sip::trunk::TrunkAddress, sip::lock};

/// How long DNS is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

type Service = (String, u16);

/// Knows where the trunk is.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) place: TrunkAddress,
    /// Asked for services; `None`: whom this machine asks.
    nameserver: Option<SocketAddr>,
    /// What it said last, for when it does not answer.
    named: Mutex<Vec<Service>>,
}

impl Directory {
    pub(super) fn new(place: TrunkAddress, nameserver: Option<SocketAddr>) -> Self {
        Self { place, nameserver, named: Mutex::new(Vec::new()) }
    }

    /// Its addresses, the one to be tried first in front; at least one.
    pub(super) async fn find(&self) -> io::Result<Vec<SocketAddr>> {
        let mut found = Vec::new();
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for (host, port) in self.services().await? {
            match lookup_host((host.as_str(), port)).await {
                Ok(addresses) => found.extend(addresses),
                Err(error) => failure = error,
            }
        }
        if found.is_empty() { Err(failure) } else { Ok(found) }
    }

    async fn services(&self) -> io::Result<Vec<Service>> {
        let TrunkAddress { transport, host, port } = &self.place;
        let usual = if *transport == Transport::Tls { 5061 } else { 5060 };
        if port.is_some() || host.parse::<IpAddr>().is_ok() {
            return Ok(vec![(host.clone(), port.unwrap_or(usual))]);
        }
        let known = match self.ask().await {
            Ok(Some(services)) => {
                lock(&self.named).clone_from(&services);
                services
            }
            Ok(None) => {
                return Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    "DNS says that this service is not to be had there (SRV with the target `.`)",
                ));
            }
            Err(error) => {
                tracing::debug!(%error, host, "DNS was asked in vain for the trunk's servers");
                lock(&self.named).clone()
            }
        };
        Ok(if known.is_empty() { vec![(host.clone(), usual)] } else { known })
    }

    /// Servers in the order of RFC 2782, none where there is no such record; `None`: the service is decidedly not there.
    async fn ask(&self) -> io::Result<Option<Vec<Service>>> {
        let service = match self.place.transport {
            Transport::Udp => "_sip._udp",
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
        };
        let service = RelativeName::vec_from_str(service).map_err(io::Error::other)?;
        let name = Name::vec_from_str(&self.place.host).map_err(io::Error::other)?;
        let resolver = StubResolver::from_conf(self.configuration());
        // By port 0 the library tells us that it found no record, and named the host itself.
        let found = timeout(PATIENCE, resolver.lookup_srv(service, name, 0)).await?.map_err(io::Error::other)?;
        Ok(found.map(|found| found.into_srvs().filter(|srv| srv.port() != 0).map(|srv| (srv.target().to_string(), srv.port())).collect()))
    }

    fn configuration(&self) -> ResolvConf {
        let Some(address) = self.nameserver else { return ResolvConf::default() };
        let mut configuration = ResolvConf::new();
        configuration.servers.push(ServerConf::new(address, Asked::UdpTcp));
        configuration.finalize();
        configuration
    }
}
