//! Prints the OpenAPI document; `cargo xtask gen` writes it to `docs/openapi.json`.
#![expect(clippy::print_stdout, reason = "standard output is where it goes")]

fn main() {
    print!("{}", sidetone_server::openapi());
}
