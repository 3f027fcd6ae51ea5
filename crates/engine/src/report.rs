//! One `RTCStatsReport`, and a run of them, without loss.
//!
//! [`Report`] is one report as a person would write it: objects by id, members by name.
//! [`Reports`] is a run of successive reports of one peer connection as a table: a column for each member
//! of each object. The codec reads and writes columns, the engine looks up a column once and then walks its rows,
//! and a member that never changes is held once.
//!
//! Nothing is thrown away: members that Sidetone does not know are kept like those it knows.
//! Source: W3C webrtc-stats, RTCStatsReport and RTCStats.

mod column;
mod table;

use std::{collections::BTreeMap, sync::Arc};

pub use self::{
    column::{Column, Data, Presence},
    table::{Object, Reports, TableError},
};
use crate::units::Timestamp;

/// Shared text: ids, member names and string values.
pub type Text = Arc<str>;

/// The value of one member.
#[derive(Clone, Debug)]
pub enum Value {
    /// Every number of a getStats report is an IEEE double (W3C members of type `unsigned long long` too). [`Reports`] holds finite ones only.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(Text),
    /// Anything else (`null`, arrays, empty or nested objects), as compact JSON text.
    Json(Text),
}

impl Value {
    /// Whether it is no number, or one that is neither NaN nor infinite.
    fn is_finite(&self) -> bool {
        !matches!(self, Self::Number(number) if !number.is_finite())
    }
}

impl PartialEq for Value {
    /// Numbers are equal when their bits are: losslessness is judged by this.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) | (Self::Json(a), Self::Json(b)) => a == b,
            _ => false,
        }
    }
}

/// The name of a member; an entry of a record-valued member (`qualityLimitationDurations`) is a member with a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberName {
    /// The W3C (or vendor) name, such as `packetsLost`.
    pub name: Text,
    /// The key within a record, such as `bandwidth`.
    pub key: Option<Text>,
}

impl MemberName {
    /// A plain member.
    #[must_use]
    pub fn plain(name: impl Into<Text>) -> Self {
        Self { name: name.into(), key: None }
    }

    /// One entry of a record.
    #[must_use]
    pub fn entry(name: impl Into<Text>, key: impl Into<Text>) -> Self {
        Self { name: name.into(), key: Some(key.into()) }
    }
}

/// One stats object of a report: its `type` and members, without `id` and `type` themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// The `type`, such as `inbound-rtp`; empty when the source gave none.
    pub stats_type: Text,
    /// All other members, `timestamp` among them. An `id` member stands here only if it differs from the map key.
    pub members: BTreeMap<MemberName, Value>,
}

/// One `RTCStatsReport` at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// When `getStats` was called, by the clock of the client.
    pub time: Timestamp,
    /// Objects by id.
    pub stats: BTreeMap<Text, Stats>,
}
