//! The JSON in which the stretches are stored that pulled a score down. Members that are added later must have a default.

use serde::{Deserialize, Serialize};
use sidetone_engine::{
    ids::{ParticipantKey, PeerConnectionKey},
    score::moments::Moment,
    units::Timestamp,
};
use sidetone_store::summary::ScoreMoment;

#[derive(Serialize, Deserialize)]
pub(crate) struct MomentJson {
    participant: [u8; 16],
    peer_connection: [u8; 16],
    is_video: bool,
    from: i64,
    until: i64,
    score: f64,
    without: f64,
}

impl From<&ScoreMoment> for MomentJson {
    fn from(held: &ScoreMoment) -> Self {
        let Moment { from, until, score, without } = held.moment;
        Self {
            participant: held.participant.to_bytes(),
            peer_connection: held.peer_connection.to_bytes(),
            is_video: held.is_video,
            from: from.as_micros(),
            until: until.as_micros(),
            score,
            without,
        }
    }
}

impl From<MomentJson> for ScoreMoment {
    fn from(json: MomentJson) -> Self {
        let (from, until) = (Timestamp::from_micros(json.from), Timestamp::from_micros(json.until));
        Self {
            participant: ParticipantKey::from_bytes(json.participant),
            peer_connection: PeerConnectionKey::from_bytes(json.peer_connection),
            is_video: json.is_video,
            moment: Moment { from, until, score: json.score, without: json.without },
        }
    }
}
