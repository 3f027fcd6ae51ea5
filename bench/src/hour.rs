//! An hour of four people, each connected to every other: 12 peer connections and 43 212 reports of sound and picture, with a minute of long
//! round trips at each end in turn.

use sidetone_engine::units::Timestamp;
use sidetone_testkit::call::{Call, Who};
use sidetone_wire::batch::Batch;

/// Name of the conference.
pub const CONFERENCE: &str = "an hour of four";

/// The batches of one peer connection after another.
pub fn batches(start: Timestamp) -> impl Iterator<Item = Vec<Batch>> {
    let pairs = (0..4_u32).flat_map(|from| (0..4).filter(move |to| *to != from).map(move |to| (from, to)));
    pairs.map(move |(from, to)| {
        let call = Call::of_seconds(3600).starting(start).with_video().ssrcs_from(from * 1000 + to * 10);
        let call = call.during(100 * from..100 * from + 60, |conditions| conditions.rtt_ms = 700.0);
        let (user, peer_connection) = (format!("user {from}"), format!("{from} to {to}"));
        call.batches(Who { conference: CONFERENCE, user: &user, participant: &user, peer_connection: &peer_connection })
    })
}
