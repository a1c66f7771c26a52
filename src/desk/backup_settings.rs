//! What is backed up, when, to where, and for whom.

use crate::desk::backup_lock::Lock;
use crate::error::{Error, Result};
use chrono::NaiveTime;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What belongs to an installation.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Address of its database.
    pub database_url: String,
    /// Folder of its attachments.
    pub files: PathBuf,
    /// File with its key.
    pub secret: PathBuf,
    /// Folder for what is needed for a while only; for the embedded database on the same disk as its file.
    pub scratch: PathBuf,
    /// What closes its backups and opens them.
    pub lock: Lock,
    /// Set when the server is about to stop: a backup breaks off.
    pub stopping: Arc<AtomicBool>,
}

impl Place {
    /// Refuses to go on when the server is about to stop.
    pub(super) fn go_on(&self) -> Result<()> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Error::Unavailable("the server stops".into()));
        }
        Ok(())
    }

    /// The file of the embedded database.
    pub(super) fn database_file(&self) -> Option<&Path> {
        let path = self.database_url.strip_prefix("sqlite:")?.trim_start_matches("//");
        Some(Path::new(path.split('?').next().unwrap_or(path)))
    }
}

/// What the settings say of backups.
#[derive(Debug, Clone, Default)]
pub struct Backups {
    /// What is backed up; its database address is not used, the desk has its own connection.
    pub place: Place,
    /// Folder of the files.
    pub folder: PathBuf,
    /// Second folder.
    pub copy_to: Option<PathBuf>,
    /// Time of day of the daily backup in the region's zone.
    pub at: Option<NaiveTime>,
    /// So many of the newest are kept.
    pub keep: usize,
    /// And one of each of so many months.
    pub keep_months: usize,
}
