//! `meja backup` and `meja restore`.

use crate::app;
use crate::cli::Outcome;
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::backup::{Load, Place, back_up, restore};
use crate::domain::ticket::Language;
use crate::error::{Result, Say};
use crate::store::Db;
use crate::text;
use std::path::PathBuf;

/// Where a backup goes.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// File to write; there must be none yet
    file: PathBuf,
}

/// Where an installation comes from.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// File that `meja backup` wrote
    file: PathBuf,
    /// Put it in the place of the installation that is there (an embedded database is set aside)
    #[arg(long)]
    force: bool,
}

/// Backs up the installation of the settings, while a server works on it or not.
pub async fn back(args: BackupArgs, config: &Config) -> Outcome {
    let db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    let outcome = back_up(&db, &place(config)?, &args.file, Clock::system().machine()).await;
    db.close().await;
    tell("backup-made", &outcome?);
    Ok(())
}

/// Restores an installation; no server may work on the same folder.
pub async fn bring_back(args: RestoreArgs, config: &Config) -> Outcome {
    let _lock = app::lock_folder(config)?;
    let load = restore(&args.file, &place(config)?, args.force, Clock::system().machine()).await?;
    tell("backup-restored", &load);
    let waiting = Say::new("backup-mail-parked").with("count", load.waiting_mails);
    tell!("{}", text::say(Language::Indonesian, &waiting));
    Ok(())
}

fn tell(key: &'static str, load: &Load) {
    let Load { rows, tickets, files, .. } = load;
    let say = Say::new(key).with("rows", rows).with("tickets", tickets).with("files", files);
    tell!("{}", text::say(Language::Indonesian, &say));
    for digest in &load.missing {
        eprintln!("{}", text::say(Language::Indonesian, &Say::new("backup-file-missing").with("digest", digest)));
    }
    if let Some(place) = &load.altered {
        eprintln!("{}", text::say(Language::Indonesian, &Say::new("backup-altered").with("place", place)));
    }
}

fn place(config: &Config) -> Result<Place> {
    let database_url = config.database_url();
    let path = database_url.strip_prefix("sqlite:").map(|path| PathBuf::from(path.trim_start_matches("//")));
    let beside = path.and_then(|path| path.parent().map(std::path::Path::to_owned));
    let scratch = beside.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| config.data_dir.clone());
    std::fs::create_dir_all(&scratch)?;
    Ok(Place { database_url, files: config.data_dir.join("files"), secret: config.secret_file(), scratch })
}
