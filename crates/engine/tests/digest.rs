//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=3056 issues=0 fnv1a=5b5637a62976bb5c",
    "ticks=62 values=3081 issues=0 fnv1a=f2527658ebc18da4",
    "ticks=62 values=6454 issues=10 fnv1a=91e186cb12a53ecd",
    "ticks=62 values=6494 issues=12 fnv1a=eb7c7ac4da3aa4bf",
    "ticks=40 values=1559 issues=0 fnv1a=6f005149a49f08ce",
    "ticks=40 values=1557 issues=0 fnv1a=1f620a98dd13e76d",
    "ticks=40 values=3315 issues=0 fnv1a=bf16aaf76dc07a48",
    "ticks=40 values=3320 issues=0 fnv1a=225314069e329d8c",
    "ticks=62 values=6449 issues=0 fnv1a=22d452e54684c103",
    "ticks=62 values=6461 issues=0 fnv1a=b29bc85a80bebb00",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
