//! What the server says of itself, as one JSON object on standard output: `cargo xtask gen` makes pages of it.
#![expect(clippy::print_stdout, reason = "standard output is where it goes")]

use sidetone_server::config::ServerConfig;

fn main() -> Result<(), serde_json::Error> {
    let schema: serde_json::Value = serde_json::from_str(&ServerConfig::json_schema())?;
    let description = serde_json::json!({
        "openapi": sidetone_server::openapi(),
        "schema": schema,
        "defaults": ServerConfig::default(),
    });
    println!("{description}");
    Ok(())
}
