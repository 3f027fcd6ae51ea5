//! The trunk over UDP: one socket, a flow for every port of the trunk's address that sends to it.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sidetone_sip::{FlowId, TRUNK, message::Message};
use tokio::{
    net::UdpSocket,
    time::{MissedTickBehavior, interval},
};

use super::directory::Directory;
use crate::{
    sip::{Sip, outbox::Opened, socket},
    state::AppState,
    task,
};

/// Ports of the trunk that are answered at once; the oldest is forgotten.
const FLOWS_MAX: usize = 64;
/// How often the trunk's name is looked up.
const LOOKUP: Duration = Duration::from_secs(60);
/// A whole datagram.
const SIZE: usize = 65_536;

/// Where an answer to a message goes: to the port that it came from, if its sender wants that (RFC 3581), else to the one it named.
fn answered_at(source: SocketAddr, message: &Message) -> SocketAddr {
    let via = message.top_via().filter(|via| message.method().is_some() && via.params.get("rport").is_none());
    via.map_or(source, |via| SocketAddr::new(source.ip(), via.port.unwrap_or(5060)))
}

/// Serves the trunk until the server stops.
pub(super) async fn serve(state: &AppState, socket: UdpSocket, directory: &Directory, mut addresses: Vec<SocketAddr>) {
    let Some(sip) = &state.sip else { return };
    let socket = Arc::new(socket);
    let listen = sip.config.trunk.listen;
    let mut peer = reached(&addresses, listen);
    let mut flows: VecDeque<(SocketAddr, FlowId)> = VecDeque::new();
    open(state, sip, &socket, TRUNK, peer);
    let mut lookups = interval(LOOKUP);
    lookups.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = vec![0; SIZE];
    loop {
        let (size, source) = tokio::select! {
            () = state.stopped() => return,
            _ = lookups.tick() => {
                if let Ok(found) = directory.find().await {
                    addresses = found;
                }
                if !addresses.contains(&peer) {
                    peer = reached(&addresses, listen);
                    sip.close(TRUNK);
                    open(state, sip, &socket, TRUNK, peer);
                }
                continue;
            }
            received = socket.recv_from(&mut buffer) => match received {
                Ok(received) => received,
                // What could not be delivered earlier is told here; the message is sent again.
                Err(error) => {
                    tracing::debug!(%error, "the trunk is not reached");
                    continue;
                }
            },
        };
        if !is_of_trunk(&addresses, source.ip()) {
            sip.accounts.sip.strangers.inc();
            continue;
        }
        let text = &buffer[..size];
        // A keep-alive.
        if text.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            continue;
        }
        let Some(message) = socket::parse(sip, text) else { continue };
        let from = answered_at(source, &message);
        let known = flows.iter().find(|(held, _)| *held == from).map(|(_, flow)| *flow);
        let flow = match known {
            _ if from == peer => TRUNK,
            Some(flow) => flow,
            None => {
                if flows.len() == FLOWS_MAX
                    && let Some((_, oldest)) = flows.pop_front()
                {
                    sip.close(oldest);
                }
                let flow = sip.next_flow();
                open(state, sip, &socket, flow, from);
                flows.push_back((from, flow));
                flow
            }
        };
        socket::judge(state, sip, (flow, None), message).await;
    }
}

/// The first address that a socket at `listen` can send to: one of its family, where there is any.
pub(super) fn reached(addresses: &[SocketAddr], listen: SocketAddr) -> SocketAddr {
    addresses.iter().find(|address| address.is_ipv4() == listen.is_ipv4()).copied().unwrap_or(addresses[0])
}

/// Whether somebody is at the trunk's address.
pub(super) fn is_of_trunk(addresses: &[SocketAddr], source: IpAddr) -> bool {
    addresses.iter().any(|address| address.ip().to_canonical() == source.to_canonical())
}

/// Opens a flow to a port of the trunk.
fn open(state: &AppState, sip: &Sip, socket: &Arc<UdpSocket>, flow: FlowId, peer: SocketAddr) {
    let Opened { mut outgoing, bytes, dropped, .. } = sip.open_trunk(flow, peer);
    let socket = Arc::clone(socket);
    task::spawn("sip trunk", Arc::clone(&state.accounts), async move {
        // Ends when the flow is closed.
        while let Some(message) = outgoing.recv().await {
            bytes.fetch_sub(message.len(), Ordering::Relaxed);
            if let Err(error) = socket.send_to(&message, peer).await {
                tracing::debug!(%error, "a message could not be sent to the trunk");
            }
        }
        drop(dropped);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_sends_to_the_first_address_of_its_family() {
        let [six, four, other] = ["[2001:db8::1]:5060", "192.0.2.1:5060", "192.0.2.2:5060"].map(|text| text.parse().unwrap());
        for (listen, expected) in [("0.0.0.0:5060", four), ("[::]:5060", six)] {
            assert_eq!(reached(&[six, four, other], listen.parse().unwrap()), expected, "{listen}");
        }
        assert_eq!(reached(&[six], "0.0.0.0:5060".parse().unwrap()), six, "there is no other");
    }
}
