//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=3056 issues=0 fnv1a=5b5637a62976bb5c",
    "ticks=62 values=3081 issues=0 fnv1a=f2527658ebc18da4",
    "ticks=62 values=6333 issues=10 fnv1a=4a85bfb132e54324",
    "ticks=62 values=6372 issues=12 fnv1a=db905610f3ad51ac",
    "ticks=40 values=1559 issues=0 fnv1a=6f005149a49f08ce",
    "ticks=40 values=1557 issues=0 fnv1a=1f620a98dd13e76d",
    "ticks=40 values=3236 issues=0 fnv1a=b3e586330fabe6cd",
    "ticks=40 values=3241 issues=0 fnv1a=665ed6af5b813a45",
    "ticks=62 values=6328 issues=0 fnv1a=0b52779cb973eaf8",
    "ticks=62 values=6340 issues=0 fnv1a=e451c64ccc14329f",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
