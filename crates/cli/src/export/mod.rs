//! `sidetone export`: one conference as a portable file, or tables for other tools.

mod csv;
mod parquet;
mod row;
mod table;

use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use flate2::{Compression, GzBuilder};
use sidetone_engine::{
    ids::{AppKey, ConferenceKey},
    units::Timestamp,
};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    local_user::Role,
    name_view::NameView,
    query::{ConferenceQuery, PAGE_ROWS_MAX, TextMatch},
    record::{App, ConferenceDetail},
};
use sidetone_wire::portable;

use sidetone_server::{
    calendar,
    export::{self, Names},
};

use crate::{
    data_folder::{self, DataArgs},
    import::choose_app,
    output,
};
use row::Rows;
use table::{Table, TableWriter};

const CONFERENCE_HELP: &str = "\
The file holds every report and event; `sidetone import` reads it back into any data folder and `sidetone score` judges it.
Exported, imported and exported again it is the same to the byte. Keys are not in it: each data folder gives its own.
Aliases stand in the place of real names unless --names is given, which `sidetone audit` tells. Ids and (where the app keeps them) addresses
are in it: treat it as you treat the data folder.

Examples:
  sidetone export conference weekly-42                      # the latest of that id, into weekly-42.sidetone.gz
  sidetone export conference 01JD3V9Q4Z3X5Y7A8B9C0D1E2F -o call.gz";

const TABLES_HELP: &str = "\
One file for each table. Times are microseconds since 1970 (Parquet: timestamps in UTC); the unit of a series stands in its name; absent is empty (CSV) or null.

Examples:
  sidetone export tables --into out/
  sidetone export tables --into out/ --format csv --from 2026-11-01 --until 2026-12-01 --table conferences --table issues
  duckdb -c \"select rule, count(*) from 'out/issues.parquet' group by 1\"";

#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Key or name of the app; may be left out when there is only one
    #[arg(long, value_name = "APP", global = true)]
    app: Option<String>,
    /// With the real names of people; `sidetone audit` tells who did this
    #[arg(long, global = true)]
    names: bool,
    #[command(subcommand)]
    command: ExportCommand,
}

#[derive(Subcommand)]
enum ExportCommand {
    /// Writes one conference as a file that `sidetone import` reads back
    #[command(after_help = CONFERENCE_HELP)]
    Conference {
        /// Key of the conference, or its id (then its latest occurrence)
        conference: String,
        /// File to write; `-` is standard output. Unset: <conference>.sidetone.gz
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Writes tables as Parquet or CSV
    #[command(after_help = TABLES_HELP)]
    Tables {
        /// Folder to write into; made when it is not there
        #[arg(long, value_name = "FOLDER")]
        into: PathBuf,
        /// File format
        #[arg(long, default_value = "parquet")]
        format: TableFormat,
        /// Only this table; may be repeated
        #[arg(long, value_name = "TABLE")]
        table: Vec<Table>,
        /// Conferences that ended at or after this day or instant (UTC): 2026-11-21 or 2026-11-21T14:30:00
        #[arg(long, value_name = "TIME", value_parser = calendar::parse)]
        from: Option<Timestamp>,
        /// Conferences that started before
        #[arg(long, value_name = "TIME", value_parser = calendar::parse)]
        until: Option<Timestamp>,
        /// Conferences of this id
        #[arg(long, value_name = "ID")]
        conference: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum TableFormat {
    Parquet,
    Csv,
}

pub(crate) async fn run(args: ExportArgs) -> Result<()> {
    let store = data_folder::open(&args.data.folder()).await?;
    let app = choose_app(&*store, args.app.as_deref()).await?;
    let names = if args.names { Names::Shown } else { Names::Hidden };
    match args.command {
        ExportCommand::Conference { conference, output } => export_conference(&*store, &app, &conference, names, output.as_deref()).await,
        ExportCommand::Tables { into, format, table, from, until, conference } => {
            let query = ConferenceQuery {
                from,
                until,
                conference_id: conference.map(TextMatch::Exact),
                limit: PAGE_ROWS_MAX,
                ..ConferenceQuery::default()
            };
            let tables = if table.is_empty() { Table::value_variants() } else { &table };
            export_tables(&*store, &app, query, names, tables, &into, format).await
        }
    }
}

async fn export_conference(store: &dyn Store, app: &App, wanted: &str, names: Names, output: Option<&Path>) -> Result<()> {
    let key = find(store, app, wanted).await?;
    if names == Names::Shown
        && let Some(detail) = store.conference(app.key, key).await?
    {
        note_names(store, app.key, &detail).await?;
    }
    let conference =
        export::conference(store, app.key, key, names).await?.ok_or_else(|| anyhow!("the conference {key} was removed meanwhile"))?;
    let text = portable::write(&conference);
    // No name and no time in the frame: the same conference gives the same bytes.
    let frame = |into: &mut dyn Write| -> std::io::Result<()> {
        let mut gzip = GzBuilder::new().write(into, Compression::default());
        gzip.write_all(&text)?;
        gzip.finish().map(|_| ())
    };
    if output == Some(Path::new("-")) {
        return frame(&mut std::io::stdout().lock()).context("standard output");
    }
    let path = output.map_or_else(|| PathBuf::from(file_name(wanted)), Path::to_owned);
    let named = || format!("{}: cannot be written", path.display());
    let mut file = BufWriter::new(std::fs::File::create(&path).with_context(named)?);
    frame(&mut file).with_context(named)?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| file.sync_all()).with_context(named)?;
    let reports: usize = conference.batches.iter().map(|batch| batch.reports.len()).sum();
    output::print(&format!("{}: {} of conference {}\n", path.display(), output::count(reports as u64, "report"), conference.conference_id))
}

/// A file name for a conference whatever its id holds.
fn file_name(wanted: &str) -> String {
    let safe: String = wanted.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' }).take(80).collect();
    format!("{}.sidetone.gz", safe.trim_start_matches('.'))
}

/// By key, else the latest of that id.
async fn find(store: &dyn Store, app: &App, wanted: &str) -> Result<ConferenceKey> {
    if let Ok(key) = wanted.parse::<ConferenceKey>()
        && store.conference(app.key, key).await?.is_some()
    {
        return Ok(key);
    }
    let query = ConferenceQuery { conference_id: Some(TextMatch::Exact(wanted.to_owned())), limit: 1, ..ConferenceQuery::default() };
    let page = store.search(app.key, &query).await?;
    page.rows.first().map(|row| row.key).ok_or_else(|| anyhow!("the app {:?} has no conference with key or id {wanted:?}", app.name))
}

async fn export_tables(
    store: &dyn Store,
    app: &App,
    mut query: ConferenceQuery,
    names: Names,
    tables: &[Table],
    into: &Path,
    format: TableFormat,
) -> Result<()> {
    std::fs::create_dir_all(into).with_context(|| format!("{}: the folder cannot be made", into.display()))?;
    let mut writers = Vec::new();
    for table in tables {
        let (path, writer): (PathBuf, Box<dyn TableWriter>) = match format {
            TableFormat::Parquet => {
                let path = into.join(format!("{}.parquet", table.name()));
                let writer = parquet::ParquetTable::create(&path, *table)?;
                (path, Box::new(writer))
            }
            TableFormat::Csv => {
                let path = into.join(format!("{}.csv", table.name()));
                let writer = csv::CsvTable::create(&path, *table)?;
                (path, Box::new(writer))
            }
        };
        writers.push((*table, path, writer, 0_u64));
    }
    loop {
        let page = store.search(app.key, &query).await?;
        for row in &page.rows {
            let Some(rows) = Rows::read(store, app.key, row.key, names, tables).await? else { continue };
            for (table, path, writer, count) in &mut writers {
                let mut sink = |cells| {
                    *count += 1;
                    writer.row(cells).with_context(|| path.display().to_string())
                };
                rows.of(store, app.key, *table, &mut sink).await?;
            }
        }
        if page.next.is_none() {
            break;
        }
        query.after = page.next;
    }
    let mut text = String::new();
    for (_, path, writer, count) in writers {
        writer.finish().with_context(|| path.display().to_string())?;
        text += &format!("{}: {count} rows\n", path.display());
    }
    output::print(&text)
}

/// Notes durably that the names of a conference are exported, before they are.
async fn note_names(store: &dyn Store, app: AppKey, detail: &ConferenceDetail) -> Result<()> {
    let named = detail.participants.iter().filter(|participant| !participant.facts.user_name.is_empty()).count();
    if named == 0 {
        return Ok(());
    }
    let noted = NameView {
        at: SystemClock.now(),
        app,
        viewer: "command line".to_owned(),
        role: Role::Admin,
        conference: detail.conference.key,
        conference_id: detail.conference.conference_id.clone(),
        way: "export".to_owned(),
        name_count: u32::try_from(named).unwrap_or(u32::MAX),
    };
    Ok(store.add_name_views(vec![noted]).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_leads_nowhere_else() {
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd.sidetone.gz");
        assert_eq!(file_name("インターネット"), "インターネット.sidetone.gz");
    }
}
