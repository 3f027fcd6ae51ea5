//! Tables as CSV (RFC 4180): a heading, absent values empty, times as microseconds since 1970.

use std::{fs::File, path::Path};

use anyhow::{Context, Result};
use csv::Writer;

use super::table::{Cell, Table, TableWriter};

/// A CSV file being written.
pub(super) struct CsvTable(Writer<File>);

impl CsvTable {
    pub(super) fn create(path: &Path, table: Table) -> Result<Self> {
        let mut writer = Writer::from_path(path).with_context(|| format!("{}: cannot be written", path.display()))?;
        writer.write_record(table.columns().iter().map(|column| column.name))?;
        Ok(Self(writer))
    }
}

impl TableWriter for CsvTable {
    fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        self.0.write_record(cells.into_iter().map(|cell| match cell {
            Cell::Absent => String::new(),
            Cell::Text(text) => text,
            Cell::Whole(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Time(time) => time.as_micros().to_string(),
        }))?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.0.flush()?;
        self.0.get_ref().sync_all()?;
        Ok(())
    }
}
