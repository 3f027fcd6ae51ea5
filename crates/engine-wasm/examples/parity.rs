//! The native half of the parity test: what the bindings give for every golden trace, as one JSON object on standard output.
//!
//! The other half, `crates/engine-wasm/tests/parity.mjs`, asks the WebAssembly module for the same and compares exactly.
#![expect(clippy::print_stdout, reason = "the result goes to the other half by way of standard output")]

use std::{error::Error, fmt::Write};

use serde_json::{Map, Value, json};
use sidetone_engine_wasm::{Analyzer, decode_batch, digest_batch, encode_batch};
use sidetone_testkit::traces;

fn main() -> Result<(), Box<dyn Error>> {
    let mut results = Map::new();
    for name in traces::NAMES {
        results.insert(name.to_owned(), result(name)?);
    }
    println!("{}", Value::Object(results));
    Ok(())
}

fn result(name: &str) -> Result<Value, Box<dyn Error>> {
    let mut analyzer = Analyzer::new();
    let mut outputs = Vec::new();
    let mut reports = Vec::new();
    for line in traces::lines(name) {
        let time_ms = line["t"].as_f64().ok_or("a line without time")?;
        outputs.push(analyzer.push(time_ms, &line["report"].to_string()).map_err(|_| "a report that the engine refuses")?);
        reports.push(json!({"time_ms": line["t"], "stats": line["report"]}));
    }
    let batch = json!({"conference_id": "parity", "participant_id": name, "batch_seq": 0, "reports": reports});
    let bytes = encode_batch(&batch.to_string()).map_err(|_| "a batch that wire refuses")?;
    let decoded = decode_batch(&bytes).map_err(|_| "a batch that does not come back")?;
    let digest = digest_batch(&bytes).map_err(|_| "a batch that does not come back")?;
    Ok(json!({"outputs": outputs, "digest": digest, "batch": hex(&bytes), "decoded": decoded}))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
