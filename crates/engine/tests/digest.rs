//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=3060 issues=0 fnv1a=c773cd6cab5a53d9",
    "ticks=62 values=3085 issues=0 fnv1a=6ce59ca60c4e1534",
    "ticks=62 values=6337 issues=10 fnv1a=d9a98c42c7a72cc1",
    "ticks=62 values=6376 issues=12 fnv1a=4e28dec2c10feb0d",
    "ticks=40 values=1563 issues=0 fnv1a=e6c507fa35637ba6",
    "ticks=40 values=1561 issues=0 fnv1a=d37c684c0835966d",
    "ticks=40 values=3240 issues=0 fnv1a=49dead4505d7cbd9",
    "ticks=40 values=3245 issues=0 fnv1a=4d20891a5dd84859",
    "ticks=62 values=6332 issues=0 fnv1a=88052ead6f87cb56",
    "ticks=62 values=6344 issues=0 fnv1a=d8abf988f6c49e47",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
