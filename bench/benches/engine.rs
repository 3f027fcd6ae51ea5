//! What the engine costs per report: runs of ten, as batches bring them, through one analyzer per call; `live` is without summaries.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sidetone_engine::{
    analysis::{Analyzer, digest::digest},
    issue::RuleSet,
    report::Reports,
};
use sidetone_testkit::traces;

/// A call's reports as batches of ten.
fn batches(name: &str) -> Vec<Reports> {
    let reports: Vec<_> = traces::load(name).reports.iter().collect();
    reports.chunks(10).map(|chunk| chunk.iter().cloned().collect()).collect()
}

fn analyze(mut analyzer: Analyzer, batches: &[Reports]) -> Analyzer {
    for batch in batches {
        analyzer.push(batch, &mut |output| {
            black_box(output);
        });
    }
    analyzer
}

fn engine(criterion: &mut Criterion) {
    let rules = RuleSet::sidetone();
    let mut group = criterion.benchmark_group("engine");
    for name in ["audio-pc0", "lite/av-pc0", "av-pc0", "firefox/firefox-av-pc0"] {
        let batches = batches(name);
        let reports = batches.iter().map(Reports::len).sum::<usize>() as u64;
        group.throughput(Throughput::Elements(reports));
        group.bench_function(format!("analyze/{name}"), |bencher| bencher.iter(|| analyze(Analyzer::new(&rules), black_box(&batches))));
        group.bench_function(format!("live/{name}"), |bencher| bencher.iter(|| analyze(Analyzer::live(&rules), black_box(&batches))));
    }
    let batches = batches("lite/av-pc0");
    let analyzer = analyze(Analyzer::new(&rules), &batches);
    group.throughput(Throughput::Elements(1));
    group.bench_function("analysis/lite/av-pc0", |bencher| bencher.iter(|| black_box(&analyzer).analysis()));
    let whole = traces::load("lite/av-pc0").reports;
    group.throughput(Throughput::Elements(whole.len() as u64));
    group.bench_function("digest/lite/av-pc0", |bencher| bencher.iter(|| digest(black_box(&whole))));
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
