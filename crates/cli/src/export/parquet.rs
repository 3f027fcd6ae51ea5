//! Tables as Parquet, Snappy-compressed, in row groups of bounded size.

use std::{fs::File, path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

use super::table::{Cell, Column, ColumnType, Table, TableWriter};

/// Rows of a row group: about 10 MB of series values.
const ROW_GROUP_ROWS: usize = 1 << 16;

/// A Parquet file being written.
pub(super) struct ParquetTable {
    table: Table,
    file: SerializedFileWriter<File>,
    rows: Vec<Vec<Cell>>,
}

impl ParquetTable {
    pub(super) fn create(path: &Path, table: Table) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("{}: cannot be written", path.display()))?;
        let fields = table.columns().iter().map(|column| Ok(Arc::new(field(column)?))).collect::<Result<Vec<_>>>()?;
        let schema = Type::group_type_builder(table.name()).with_fields(fields).build()?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { table, file, rows: Vec::new() })
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for (index, column) in self.table.columns().iter().enumerate() {
            let Some(mut writer) = group.next_column()? else { bail!("the schema lacks column {}", column.name) };
            write(&mut writer, column, self.rows.iter().filter_map(|row| row.get(index)))?;
            writer.close()?;
        }
        group.close()?;
        self.rows.clear();
        Ok(())
    }
}

impl TableWriter for ParquetTable {
    fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        self.rows.push(cells);
        if self.rows.len() == ROW_GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.flush()?;
        self.file.into_inner()?.sync_all()?;
        Ok(())
    }
}

fn field(column: &Column) -> Result<Type> {
    let (physical, logical) = match column.holds {
        ColumnType::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Whole => (PhysicalType::INT64, None),
        ColumnType::Real => (PhysicalType::DOUBLE, None),
        ColumnType::Flag => (PhysicalType::BOOLEAN, None),
        ColumnType::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let repetition = if column.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    Ok(Type::primitive_type_builder(column.name, physical).with_logical_type(logical).with_repetition(repetition).build()?)
}

fn write<'a>(writer: &mut SerializedColumnWriter<'_>, column: &Column, cells: impl Iterator<Item = &'a Cell>) -> Result<()> {
    let cells: Vec<&Cell> = cells.collect();
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(**cell != Cell::Absent)).collect();
    if column.required && levels.contains(&0) {
        bail!("column {} lacks a value that it must have", column.name);
    }
    let levels = (!column.required).then_some(&levels[..]);
    match writer.untyped() {
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values: Vec<ByteArray> =
                cells.iter().filter_map(|cell| if let Cell::Text(text) = cell { Some(text.as_str().into()) } else { None }).collect();
            writer.write_batch(&values, levels, None)?;
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let whole = |cell: &&Cell| match cell {
                Cell::Whole(number) => Some(*number),
                Cell::Time(time) => Some(time.as_micros()),
                _ => None,
            };
            writer.write_batch(&cells.iter().filter_map(whole).collect::<Vec<_>>(), levels, None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let values: Vec<f64> =
                cells.iter().filter_map(|cell| if let Cell::Real(number) = cell { Some(*number) } else { None }).collect();
            writer.write_batch(&values, levels, None)?;
        }
        ColumnWriter::BoolColumnWriter(writer) => {
            let values: Vec<bool> = cells.iter().filter_map(|cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None }).collect();
            writer.write_batch(&values, levels, None)?;
        }
        _ => bail!("column {} has a type that no table uses", column.name),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::RowAccessor,
    };
    use sidetone_engine::units::Timestamp;

    use super::*;

    #[test]
    fn a_table_reads_back_with_its_gaps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("series.parquet");
        let mut table = Box::new(ParquetTable::create(&path, Table::Series).unwrap());
        let text = |text: &str| Cell::Text(text.to_owned());
        for (ssrc, value) in [(Cell::Absent, 1.5), (Cell::Whole(u32::MAX.into()), -0.25)] {
            let time = Cell::Time(Timestamp::from_micros(1_795_226_400_000_001));
            table.row(vec![text("c"), text("p"), Cell::Absent, Cell::Absent, ssrc, time, text("rtt_ms"), Cell::Real(value)]).unwrap();
        }
        table.finish().unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].get_long(4).is_err() && rows[0].get_string(2).is_err());
        assert_eq!(rows[1].get_long(4).unwrap(), i64::from(u32::MAX));
        assert_eq!(rows[1].get_timestamp_micros(5).unwrap(), 1_795_226_400_000_001);
        assert_eq!((rows[0].get_double(7).unwrap(), rows[1].get_double(7).unwrap()), (1.5, -0.25));
        assert_eq!(rows[0].get_string(6).unwrap(), "rtt_ms");
    }
}
