//! Golden data, builders and a fake clock for tests. A development dependency only: it panics where a test should fail.
#![forbid(unsafe_code)]

pub mod call;
pub mod clock;
pub mod report;
pub mod traces;
