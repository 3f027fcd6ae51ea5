//! Standard output: tables for people, and text that ends quietly when the reader goes away (`| head`).

use std::io::{self, Write};

use anyhow::Result;

/// Writes text to standard output.
///
/// A reader that has gone away is no failure.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a line to standard error: what a person should know and a pipe should not.
pub(crate) fn note(text: &str) {
    // Without a standard error nobody is there to be told.
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// Lines up cells in columns, two spaces apart; the first row is the heading. Numbers stand to the right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let numeric = |column: usize| {
        rows.iter()
            .skip(1)
            .filter_map(|row| row.get(column))
            .all(|cell| cell == "–" || cell.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    };
    let shapes: Vec<(usize, bool)> = (0..columns).map(|column| (width(column), numeric(column))).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&shapes)
            .map(|(cell, &(width, right))| if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// `1 report`, `3 reports`.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// A number with so many digits after the point, or a dash where there is none.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up() {
        let rows = [["name", "mean"], ["rtt", "4.5"], ["bitrate", "–"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "name     mean\nrtt       4.5\nbitrate     –\n");
    }
}
