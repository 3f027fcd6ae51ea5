//! Every developer command: `cargo xtask build|demo|test|assets|wasm|gen|tidy|bench|lab`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod assets;
mod bench;
mod debian;
mod demo;
mod e2e;
mod r#gen;
mod handbook;
mod lab;
mod notices;
mod npm;
mod process;
mod test;
mod tidy;
mod wasm;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  build           everything: what browsers download, and the program `sidetone` that carries it, for release
  demo [args]     build Sidetone and run `sidetone demo`: the real dumps of testdata/ imported and served
  test [step ..]  every test there is (or only the steps named); sets up what it needs
  assets          what browsers download, into target/assets; the next build of the server takes it in
  wasm            the engine as WebAssembly with its JavaScript glue, into target/engine-wasm
  gen [--check]   write the generated files; with --check, fail if one is stale
  tidy            the rules of the house that no compiler checks
  bench [args]    the benches of bench/, optimised
  lab [--quick]   real calls over bad paths, scored against what was said; `lab trials`: calls with known faults, and what is told of
                  them; `lab report` says how accurate scores, issues and diagnoses are, `lab fit` fits constants to the data set
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = args.split_first().map_or(("help", &[][..]), |(first, rest)| (first.as_str(), rest));
    let outcome = match command {
        "assets" => assets::run(rest),
        "build" => assets::program(rest),
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "wasm" => wasm::run(rest),
        "gen" => r#gen::run(rest),
        "tidy" => tidy::run(rest),
        "bench" => bench::run(rest),
        "lab" => lab::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("there is no command {other:?}\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
