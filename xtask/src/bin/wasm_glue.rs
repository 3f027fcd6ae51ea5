//! Writes the JavaScript glue of a WebAssembly module: what the `wasm-bindgen` program does, without installing it.
//!
//! `wasm-glue IN.wasm OUT-FOLDER NAME`. One output serves browsers and Node: an ES module whose `initSync` takes the bytes.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, folder, name] = args.as_slice() else { bail!("wasm-glue IN.wasm OUT-FOLDER NAME") };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(true).remove_name_section(true).remove_producers_section(true).web(true)?;
    bindgen.generate(folder).with_context(|| format!("JavaScript glue of {input}"))
}
