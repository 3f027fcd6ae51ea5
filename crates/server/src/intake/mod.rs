//! The way in: batches and summaries by HTTP, and the step from a decoded batch to what the store keeps.

pub(crate) mod app;
pub(crate) mod batches;
pub(crate) mod body;
pub(crate) mod callstats;
pub(crate) mod form;
pub mod kept;
pub(crate) mod messenger;
pub mod prepare;
