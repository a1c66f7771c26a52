//! `meja backup` and `meja restore`.

use crate::app;
use crate::cli::Outcome;
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::backup::{Load, back_up, restore, try_out};
use crate::desk::backup_lock::Lock;
use crate::desk::backup_settings::Place;
use crate::domain::ticket::Language;
use crate::error::{Result, Say};
use crate::store::Db;
use crate::text;
use std::path::PathBuf;

/// Where a backup goes.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// File to write; there must be none yet. A folder: a file named by the instant in it
    file: PathBuf,
    /// File with a passphrase that encrypts it; goes before the settings
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Do not encrypt it, whatever the settings say
    #[arg(long, conflicts_with = "passphrase_file")]
    plain: bool,
}

/// Where an installation comes from.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// File that `meja backup` wrote
    file: PathBuf,
    /// Put it in the place of the installation that is there (an embedded database is set aside)
    #[arg(long)]
    force: bool,
    /// File with the passphrase it was encrypted with
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File with a private key it was encrypted for (`AGE-SECRET-KEY-1…`)
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
    /// Only look whether it could be restored; nothing is changed
    #[arg(long, conflicts_with = "force")]
    check: bool,
}

/// Backs up the installation of the settings, while a server works on it or not.
pub async fn back(args: BackupArgs, config: &Config) -> Outcome {
    let db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    let at = Clock::system().machine();
    let mut place = place(config)?;
    if args.plain {
        place.lock = Lock::default();
    } else if let Some(file) = &args.passphrase_file {
        place.lock = Lock::default().with_passphrase_file(file)?;
    }
    let file = if args.file.is_dir() {
        let age = if place.lock.closes() { ".age" } else { "" };
        args.file.join(format!("cadangan-{}.meja{age}", at.format("%Y%m%d-%H%M%SZ")))
    } else {
        args.file
    };
    let outcome = back_up(&db, &place, &file, at).await;
    db.close().await;
    tell("backup-made", &outcome?);
    Ok(())
}

/// Restores an installation; no server may work on the same folder.
pub async fn bring_back(args: RestoreArgs, config: &Config) -> Outcome {
    let mut place = place(config)?;
    if let Some(file) = &args.passphrase_file {
        place.lock = place.lock.with_passphrase_file(file)?;
    }
    if let Some(file) = &args.identity_file {
        place.lock = place.lock.with_identity_file(file)?;
    }
    if args.check {
        let (load, altered) = try_out(&args.file, &place).await?;
        tell("backup-sound", &Load { altered, ..load });
        return Ok(());
    }
    let _lock = app::lock_folder(config)?;
    let load = restore(&args.file, &place, args.force, Clock::system().machine()).await?;
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
    let place = app::place(config)?;
    std::fs::create_dir_all(&place.scratch)?;
    Ok(place)
}
