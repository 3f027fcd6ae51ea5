//! `cargo xtask test`: every test there is. A test that does not run is a failure, and so is a step that finds none.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{assets, e2e, r#gen, npm, process, tidy, wasm, workspace};

/// One runner with everything it needs.
struct Step {
    name: &'static str,
    run: fn() -> Result<String>,
}

/// In the order in which a failure is cheapest. Each gives a line on what it ran.
const STEPS: &[Step] = &[
    Step { name: "tidy", run: tidy::check },
    Step { name: "npm", run: packages },
    Step { name: "gen", run: r#gen::check },
    Step { name: "rust", run: rust },
    Step { name: "wasm", run: wasm_parity },
    Step { name: "e2e", run: end_to_end },
    Step { name: "fuzz", run: || outside("fuzz") },
    Step { name: "bench", run: || outside("bench") },
];

/// Runs all steps, or those named, then says how each went.
pub(crate) fn run(names: &[String]) -> Result<()> {
    for name in names {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        ensure!(known.contains(&name.as_str()), "there is no step {name:?}; there are {}", known.join(", "));
    }
    let began = Instant::now();
    let mut lines = Vec::new();
    let mut failed = 0;
    for step in STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)) {
        println!("\n== {} (at {} s)", step.name, began.elapsed().as_secs());
        let step_began = Instant::now();
        let (word, line) = match (step.run)() {
            Ok(line) => ("ok", line),
            Err(error) => {
                failed += 1;
                ("FAILED", format!("{error:#}"))
            }
        };
        lines.push(format!("{:<6} {word:<6} {:>4} s  {line}", step.name, step_began.elapsed().as_secs()));
        println!("{line}");
    }
    println!("\n== cargo xtask test: {} s", began.elapsed().as_secs());
    for line in lines {
        println!("{line}");
    }
    if failed > 0 { bail!("{failed} of the steps above failed") } else { Ok(()) }
}

/// What the runners said of themselves.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    not_run: u64,
}

impl Counts {
    /// Reads a summary line of Rust's test harness; other lines add nothing.
    fn add_libtest(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else { return };
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else { continue };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" | "filtered" => self.not_run += count,
                _ => {}
            }
        }
    }

    /// Reads a summary line of Node's test runner; other lines add nothing.
    fn add_node(&mut self, line: &str) {
        let mut words = line.trim_start_matches(['#', 'ℹ']).split_whitespace();
        let (Some(what), Some(Ok(count)), None) = (words.next(), words.next().map(str::parse::<u64>), words.next()) else { return };
        match what {
            "pass" => self.passed += count,
            "fail" => self.failed += count,
            "cancelled" | "skipped" | "todo" => self.not_run += count,
            _ => {}
        }
    }

    /// One line, or an error when a test failed, was not run, or there was none.
    fn verdict(&self) -> Result<String> {
        let Self { passed, failed, not_run } = self;
        ensure!(*failed == 0, "{failed} tests failed, {passed} passed");
        ensure!(*not_run == 0, "{not_run} tests did not run, {passed} passed; every test must run");
        ensure!(*passed > 0, "no test ran");
        Ok(format!("{passed} tests passed"))
    }
}

/// What browsers download: built, types checked, unit tests of every package run.
fn packages() -> Result<String> {
    let built = assets::build()?;
    for package in npm::packages_with("check")? {
        process::run(&mut npm::script(&package, "check"))?;
    }
    let mut counts = Counts::default();
    let mut outcome = Ok(());
    let example = ["build", "--quiet", "--locked", "--package", "sidetone-wire", "--example", "decode"];
    process::run(workspace::cargo().args(example)).context("the program that reads a batch")?;
    let decode = workspace::target_folder()?.join("debug/examples/decode");
    for package in npm::packages_with("test")? {
        let ran = process::watch(npm::script(&package, "test").env("SIDETONE_DECODE", &decode), |line| counts.add_node(line));
        outcome = outcome.and(ran);
    }
    let verdict = counts.verdict()?;
    outcome?;
    Ok(format!("{verdict}; {built}"))
}

/// Unit, integration and documentation tests of the workspace.
fn rust() -> Result<String> {
    let mut counts = Counts::default();
    let ran = process::watch(workspace::cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]), |line| {
        counts.add_libtest(line);
    });
    let verdict = counts.verdict()?;
    ran?;
    Ok(verdict)
}

/// The golden traces through the engine natively and as WebAssembly in Node.
fn wasm_parity() -> Result<String> {
    let module = wasm::engine()?;
    let encoder = wasm::Module::of(module.folder.clone(), "encoder.wasm")?;
    for (name, module, most) in [("engine", &module, wasm::GZIP_BYTES_MAX), ("encoder", &encoder, wasm::ENCODER_GZIP_BYTES_MAX)] {
        ensure!(
            module.gzip_bytes <= most,
            "the {name} is {}, at most {most} bytes with gzip are allowed: find what grew, or raise the limit in xtask/src/wasm.rs and say why",
            module.size
        );
    }
    assets::build()?;
    let native = module.folder.join("native.json");
    let example = ["run", "--quiet", "--locked", "--package", "sidetone-engine-wasm", "--example", "parity"];
    let results = process::output(workspace::cargo().args(example)).context("the native half")?;
    std::fs::write(&native, results).with_context(|| native.display().to_string())?;
    let mut counts = Counts::default();
    let mut node = Command::new("node");
    node.current_dir(workspace::root())
        .args(["--import", "tsx", "--test", "--test-reporter=spec", "crates/engine-wasm/tests/parity.ts"])
        .env("SIDETONE_NATIVE", &native);
    let ran = process::watch(&mut node, |line| counts.add_node(line));
    let verdict = counts.verdict()?;
    ran?;
    Ok(format!("{verdict}; {}; the encoder alone {}", module.size, encoder.size))
}

/// Real calls in real browsers against the real program.
fn end_to_end() -> Result<String> {
    let mut counts = Counts::default();
    let ran = e2e::run(|line| counts.add_node(line));
    let verdict = counts.verdict()?;
    ran?;
    Ok(verdict)
}

/// A package outside the workspace: its tests where it has some, and that all of it compiles.
fn outside(package: &str) -> Result<String> {
    let manifest = format!("{package}/Cargo.toml");
    ensure!(workspace::root().join(&manifest).is_file(), "{manifest} is missing");
    process::run(workspace::cargo().args(["check", "--all-targets", "--manifest-path", &manifest]))?;
    Ok("compiles".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_was_left_out_is_a_failure() {
        let mut counts = Counts::default();
        counts.add_libtest("test result: ok. 11 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s");
        counts.add_libtest("test traces::roundtrip ... ok");
        assert_eq!(counts.verdict().unwrap(), "11 tests passed");
        counts.add_libtest("test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s");
        assert_eq!(counts, Counts { passed: 13, failed: 0, not_run: 4 });
        assert!(counts.verdict().is_err());
    }

    #[test]
    fn a_failed_test_is_a_failure_and_so_is_none_at_all() {
        let mut counts = Counts::default();
        assert!(counts.verdict().is_err());
        counts.add_libtest("test result: FAILED. 11 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s");
        assert_eq!(counts.verdict().unwrap_err().to_string(), "2 tests failed, 11 passed");
    }

    #[test]
    fn both_reporters_of_node_are_understood() {
        for mark in ["ℹ", "#"] {
            let mut counts = Counts::default();
            for line in ["tests 4", "suites 0", "pass 3", "fail 0", "cancelled 0", "skipped 1", "todo 0", "duration_ms 61.2"] {
                counts.add_node(&format!("{mark} {line}"));
            }
            assert_eq!(counts, Counts { passed: 3, failed: 0, not_run: 1 });
        }
    }
}
