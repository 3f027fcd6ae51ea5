//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=3056 issues=0 fnv1a=5b5637a62976bb5c",
    "ticks=62 values=3081 issues=0 fnv1a=f2527658ebc18da4",
    "ticks=62 values=6393 issues=10 fnv1a=edcf789dc965a87f",
    "ticks=62 values=6432 issues=12 fnv1a=a5d655fa1bd70a84",
    "ticks=40 values=1559 issues=0 fnv1a=6f005149a49f08ce",
    "ticks=40 values=1557 issues=0 fnv1a=1f620a98dd13e76d",
    "ticks=40 values=3275 issues=0 fnv1a=56417e70552f05d5",
    "ticks=40 values=3280 issues=0 fnv1a=78025b2234228f69",
    "ticks=62 values=6388 issues=0 fnv1a=486ee61ed6b30f7a",
    "ticks=62 values=6400 issues=0 fnv1a=4adb24a7b0f85bd9",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
