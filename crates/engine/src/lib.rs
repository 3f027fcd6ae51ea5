//! Reports to series, scores and issues.
//!
//! The heart of Sidetone, the same code in the server, the command line and (as WebAssembly) the browser.
//! It does no I/O, reads no clock and knows no JSON: time comes in with the data.
//!
//! Reading order: [`report`] is what comes in; [`analysis`] is what goes out; between them stand
//! [`metric`] (the series that exist), [`series`] (rates from counters), [`score`] (how it sounded, whether one could talk, how it looked),
//! [`issue`] (rules over series), [`diagnosis`] (whose fault it was) and [`histogram`] (percentiles that merge by addition).
#![forbid(unsafe_code)]

pub mod analysis;
mod bits;
pub mod diagnosis;
pub mod histogram;
pub mod ids;
pub mod issue;
pub mod metric;
pub mod order;
pub mod report;
pub mod score;
pub mod series;
pub mod units;

/// Version of what the engine makes of a report: it grows with every change of a series, a score, a rule or a diagnosis, and is kept with
/// what it gave, so that history can be judged again.
pub const MODEL: u32 = 10;
