//! The door: native batches, the report codec, JSON and dump importers, all ending in engine records.
#![forbid(unsafe_code)]

pub mod address;
pub mod batch;
pub mod callstats;
pub mod codec;
pub mod happening;
pub mod import;
pub mod internals;
pub mod json;
pub mod messenger;
pub mod mute;
pub mod notice;
pub mod portable;
pub mod user_agent;
