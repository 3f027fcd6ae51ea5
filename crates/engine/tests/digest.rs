//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=3056 issues=0 fnv1a=d25a4251da2d2d7e",
    "ticks=62 values=3081 issues=0 fnv1a=20c5773938c14573",
    "ticks=62 values=6454 issues=10 fnv1a=e45c24f017fbdf8d",
    "ticks=62 values=6494 issues=12 fnv1a=053804c243a3487c",
    "ticks=40 values=1559 issues=0 fnv1a=3dcaa12493dd760e",
    "ticks=40 values=1557 issues=0 fnv1a=ca04e538454f26fe",
    "ticks=40 values=3315 issues=0 fnv1a=826b77103b47a309",
    "ticks=40 values=3320 issues=0 fnv1a=4debfd9c88f872e5",
    "ticks=62 values=6449 issues=0 fnv1a=942a5abc3d9bb0e0",
    "ticks=62 values=6461 issues=0 fnv1a=5307239dba778c2a",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
