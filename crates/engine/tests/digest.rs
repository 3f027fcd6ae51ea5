//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=2937 issues=0 fnv1a=2158b5a519336e44",
    "ticks=62 values=2961 issues=0 fnv1a=499643014f82c3e8",
    "ticks=62 values=6091 issues=10 fnv1a=6354c69aad535f1e",
    "ticks=62 values=6129 issues=11 fnv1a=f4918bb1aa83d121",
    "ticks=40 values=1483 issues=0 fnv1a=8d28310f13a6cde4",
    "ticks=40 values=1481 issues=0 fnv1a=ce1f0352701fdf77",
    "ticks=40 values=3160 issues=0 fnv1a=6368932e6e0ab811",
    "ticks=40 values=3165 issues=0 fnv1a=3adac5fd1f250a2d",
    "ticks=62 values=6087 issues=0 fnv1a=a529daf928f9b3cd",
    "ticks=62 values=6098 issues=0 fnv1a=1a49e9fa07578ae3",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
