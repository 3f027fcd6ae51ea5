//! Builds a book by mdBook's library: what the `mdbook` program does, without installing it.
//!
//! `handbook BOOK-FOLDER OUT-FOLDER`.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use mdbook_driver::MDBook;

fn main() -> Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [book, out] = args.as_slice() else { bail!("handbook BOOK-FOLDER OUT-FOLDER") };
    let mut handbook = MDBook::load(book).with_context(|| book.display().to_string())?;
    handbook.config.build.build_dir.clone_from(out);
    handbook.build()
}
