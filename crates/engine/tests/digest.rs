//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=2568 issues=0 fnv1a=fd4d706e37f30f81",
    "ticks=62 values=2589 issues=0 fnv1a=7f0d58d575c748aa",
    "ticks=62 values=5665 issues=8 fnv1a=148aa722c7288f49",
    "ticks=62 values=5701 issues=8 fnv1a=382e34d8148a6dff",
    "ticks=40 values=1243 issues=0 fnv1a=89676c803a11956b",
    "ticks=40 values=1241 issues=0 fnv1a=f64809b36ca6aab9",
    "ticks=40 values=2888 issues=0 fnv1a=ce36a4bdcf38e081",
    "ticks=40 values=2893 issues=0 fnv1a=adbff023aea4ca7f",
    "ticks=62 values=5666 issues=0 fnv1a=77dd12d60651e13a",
    "ticks=62 values=5671 issues=0 fnv1a=01ae85a1b8efd16a",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
