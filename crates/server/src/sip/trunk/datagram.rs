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

use super::lookup;
use crate::{
    config::sip::trunk::TrunkAddress,
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
pub(super) async fn serve(state: &AppState, socket: UdpSocket, place: &TrunkAddress, mut addresses: Vec<SocketAddr>) {
    let Some(sip) = &state.sip else { return };
    let socket = Arc::new(socket);
    let mut peer = addresses[0];
    let mut flows: VecDeque<(SocketAddr, FlowId)> = VecDeque::new();
    open(state, sip, &socket, TRUNK, peer);
    let mut lookups = interval(LOOKUP);
    lookups.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = vec![0; SIZE];
    loop {
        let (size, source) = tokio::select! {
            () = state.stopped() => return,
            _ = lookups.tick() => {
                if let Ok(found) = lookup(place).await {
                    addresses = found;
                }
                if !addresses.contains(&peer) {
                    peer = addresses[0];
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
