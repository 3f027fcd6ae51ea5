//! Reads a compact batch from standard input and writes its JSON form, for tests of those who encode elsewhere.

use std::{
    error::Error,
    io::{Read, Write},
};

use sidetone_wire::{batch, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    std::io::stdout().write_all(&json::batch_to_json(&batch::decode(&bytes)?))?;
    Ok(())
}
