//! The settings of backups.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Backups the server makes by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupConfig {
    /// Folder for the files; by default `cadangan` in the data folder.
    pub folder: Option<PathBuf>,
    /// A second folder, on another disk or machine, into which every backup is copied.
    pub copy_to: Option<PathBuf>,
    /// When a backup is made each day, `HH:MM` in the region's zone; empty: only when somebody asks.
    pub at: String,
    /// So many of the newest backups are kept.
    pub keep: u32,
    /// Besides them the newest one of each of so many months.
    pub keep_months: u32,
    /// File with the passphrase that encrypts backups (age).
    pub passphrase_file: Option<PathBuf>,
    /// Instead of a passphrase: public keys of those who can open backups, `age1…`.
    pub recipients: Vec<String>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            folder: None,
            copy_to: None,
            at: "01:30".to_owned(),
            keep: 14,
            keep_months: 12,
            passphrase_file: None,
            recipients: Vec::new(),
        }
    }
}

impl BackupConfig {
    /// The time of day of the daily backup; `None` when there is none.
    ///
    /// # Errors
    /// It is no time of day.
    pub fn time(&self) -> Result<Option<NaiveTime>, String> {
        let text = self.at.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let read = NaiveTime::parse_from_str(&text.replace('.', ":"), "%H:%M");
        read.map(Some).map_err(|_| format!("backup.at: {text:?} is no time of day; write 01:30, or leave it empty"))
    }

    /// What is wrong with them.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        problems.extend(self.time().err());
        for (key, value, least, most) in [("keep", self.keep, 1, 1000), ("keep_months", self.keep_months, 0, 1200)] {
            if !(least..=most).contains(&value) {
                problems.push(format!("backup.{key}: must be from {least} to {most}"));
            }
        }
        if self.passphrase_file.is_some() && !self.recipients.is_empty() {
            problems.push("backup: set passphrase_file or recipients, not both".to_owned());
        }
        if self.copy_to.is_some() && self.copy_to == self.folder {
            problems.push("backup.copy_to: is the folder of the backups itself".to_owned());
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::BackupConfig;

    #[test]
    fn what_is_no_time_is_named() {
        let at = |text: &str| BackupConfig { at: text.to_owned(), ..BackupConfig::default() };
        assert!(BackupConfig::default().problems().is_empty());
        assert_eq!(at("").time(), Ok(None));
        assert_eq!(at("01.30").time().map(|time| time.map(|time| time.to_string())), Ok(Some("01:30:00".to_owned())));
        assert!(at("25:00").problems()[0].contains("backup.at"));
        let both = BackupConfig {
            passphrase_file: Some("x".into()),
            recipients: vec!["age1x".to_owned()],
            keep: 0,
            ..BackupConfig::default()
        };
        assert_eq!(both.problems().len(), 2);
    }
}
