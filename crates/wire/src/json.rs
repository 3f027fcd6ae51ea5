//! JSON: one report, and the JSON form of a batch.
//!
//! How a stats object becomes members, and back, without loss:
//!
//! - Numbers are IEEE doubles, as in JavaScript; what no double can hold (`1e999`) is an error that names its place.
//! - A non-empty object whose values are all numbers, booleans or strings (`qualityLimitationDurations`) is a record:
//!   each of its values becomes a member of its own, named by [`MemberName::entry`](sidetone_engine::report::MemberName::entry).
//! - Anything else (`null`, arrays, empty objects, objects with something in them that is no scalar) is
//!   [`Value::Json`](sidetone_engine::report::Value::Json): compact text, keys sorted.
//! - `type` is [`Stats::stats_type`](sidetone_engine::report::Stats::stats_type); `id` is the key of the object.
//!   An `id` that differs from the key, or a `type` that is no string, is kept as a member. On the way out each object has its `id` again.
//! - An escape of half a surrogate pair (`\ud83d` of a text that was cut within an emoji) is U+FFFD, as where browsers write UTF-8.
//! - When a key stands twice in one object the last one wins, as in `JSON.parse`.

mod batch;
mod error;
mod form;
mod read;
mod report;
mod surrogate;

pub use batch::{batch_and_clock_from_json, batch_from_json, batch_to_json};
pub use error::JsonError;
pub(crate) use read::{AnyValue, Read, Reader, Word, remove_member, set_member};
pub use report::{JsonReport, report_from_json, report_from_value, report_to_json};
pub(crate) use surrogate::{parse, whole};
