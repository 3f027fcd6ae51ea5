//! The way in: batches by HTTP, and the step from a decoded batch to what the store keeps.

pub(crate) mod batches;
pub(crate) mod body;
pub(crate) mod form;
pub mod prepare;
