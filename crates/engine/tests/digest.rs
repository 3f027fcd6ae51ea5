//! The digests of the recorded calls, as native code computes them. The WebAssembly build is held against the same lines.
//!
//! A changed line means that scores, series or issues of existing calls change: say so under **Breaking** in the changelog.

use sidetone_engine::analysis::digest::digest;
use sidetone_testkit::traces;

const EXPECTED: [&str; 10] = [
    "ticks=62 values=2568 issues=0 fnv1a=45bfd6a286e1b332",
    "ticks=62 values=2589 issues=0 fnv1a=84194855c9932d79",
    "ticks=62 values=5665 issues=8 fnv1a=e72dc418a30075ee",
    "ticks=62 values=5701 issues=8 fnv1a=7dfcd183caa296e4",
    "ticks=40 values=1243 issues=0 fnv1a=9b52c6ef08a1ff5a",
    "ticks=40 values=1241 issues=0 fnv1a=047affbf273795bd",
    "ticks=40 values=2888 issues=0 fnv1a=aafcd2b36b794ba0",
    "ticks=40 values=2893 issues=0 fnv1a=147635c5007a636f",
    "ticks=62 values=5666 issues=0 fnv1a=cef364d33319ea3e",
    "ticks=62 values=5671 issues=0 fnv1a=2be8464e44260402",
];

#[test]
fn every_call_has_its_digest() {
    let digests: Vec<String> = traces::all().iter().map(|trace| digest(&trace.reports).to_string()).collect();
    assert_eq!(digests, EXPECTED);
    assert_eq!(digest(&traces::load("av-pc0").reports).to_string(), digests[2], "a digest repeats");
}
