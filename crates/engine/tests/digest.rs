//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=2937 issues=0 fnv1a=fed6e58a408a5fb8",
    "ticks=62 values=2961 issues=0 fnv1a=e30ee2155a0d8872",
    "ticks=62 values=6091 issues=11 fnv1a=49e9ade4c2ea3332",
    "ticks=62 values=6129 issues=12 fnv1a=192a870b5154db05",
    "ticks=40 values=1483 issues=0 fnv1a=f49865c97a86e148",
    "ticks=40 values=1481 issues=0 fnv1a=41fd3360215a8ddf",
    "ticks=40 values=3160 issues=0 fnv1a=c4e1b32b6c460741",
    "ticks=40 values=3165 issues=0 fnv1a=22803a9ef9382e19",
    "ticks=62 values=6087 issues=0 fnv1a=62371bfe2619123d",
    "ticks=62 values=6098 issues=0 fnv1a=a1578ce34a089a47",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
