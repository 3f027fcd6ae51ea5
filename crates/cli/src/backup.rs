//! `sidetone backup`: a copy of a data folder, while a server works on it or not.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use sidetone_store_sqlite::{FILE_NAME, back_up};

use crate::{
    data_folder::{self, DataArgs},
    output,
};

const AFTER_HELP: &str = "\
Everything that was acknowledged before the command began is in the copy. It is a data folder by itself: to restore, stop the server and
put the copy in the place of the data folder. A copy that was interrupted is named sidetone.db.partial and is of no use.

Examples:
  sidetone backup /backups/$(date +%F)
  sidetone doctor --data /backups/2026-11-21        # is the copy sound?
  sidetone serve --data /backups/2026-11-21         # look into it";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The folder to write the copy into; made where there is none. It must not hold a copy already
    #[arg(value_name = "FOLDER")]
    into: PathBuf,
}

pub(crate) async fn run(args: BackupArgs) -> Result<()> {
    let folder = args.data.folder();
    back_up(data_folder::existing(&folder)?, &args.into).await?;
    let copy = args.into.join(FILE_NAME);
    let bytes = std::fs::metadata(&copy)?.len();
    output::print(&format!("{}: {:.1} MB\n", copy.display(), bytes as f64 / 1e6))
}
