//! Scores against measured quality: the committed data set, how close each formula comes to it, and the fit of ours.
//!
//! `cargo xtask lab` records calls and scores them; this crate reads what came of it. It does no more than that, so nothing
//! of Sidetone depends on it.
#![forbid(unsafe_code)]

pub mod fit;
pub mod measure;
pub mod model;
pub mod report;
pub mod segment;
pub mod trial;
