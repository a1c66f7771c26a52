//! The ways mail takes into and out of this installation, as the settings say.

use crate::config::Config;
use crate::config::limits::MailLimits;
use crate::config::mail::{First, Listen, Mailbox};
use crate::error::{Error, Result};
use crate::mail::files::Room;
use std::path::PathBuf;

/// The ways in, and what is looked through on them.
#[derive(Debug, Clone)]
pub struct Ways {
    /// Further addresses of the desk, lower case.
    pub aliases: Vec<String>,
    /// Largest message that is taken, in bytes.
    pub largest: usize,
    /// Where LMTP is listened for.
    pub lmtp: Option<Listen>,
    /// Mailboxes that are read.
    pub mailboxes: Vec<Mailbox>,
    /// What is read of them at the first contact.
    pub first: First,
    /// Certificates that are trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Where a virus scanner listens.
    pub scanner: Option<String>,
    /// How much is too much.
    pub limits: MailLimits,
}

impl Ways {
    /// Reads the settings.
    ///
    /// # Errors
    /// An address is malformed.
    pub fn of(config: &Config, is_demo: bool) -> Result<Self> {
        let mut aliases: Vec<String> = config.mail.aliases.iter().map(|alias| alias.to_lowercase()).collect();
        if is_demo {
            aliases.push("meja@demo.test".to_owned());
        }
        let lmtp = config.lmtp_listen.as_deref().map(Listen::read).transpose();
        Ok(Self {
            aliases,
            largest: config.mail.largest(),
            lmtp: lmtp.map_err(|why| Error::internal(format!("lmtp_listen: {why}")))?,
            mailboxes: config.mail.read_mailboxes(config.imap_url.as_deref()).map_err(Error::internal)?,
            first: config.mail.imap_first,
            ca_file: config.mail.ca_file.clone(),
            scanner: config.mail.clamd.clone(),
            limits: config.mail.limits.clone(),
        })
    }

    /// How many files of one mail are kept, and how many bytes of them together.
    pub const fn room(&self) -> Room {
        Room { files: self.limits.files as usize, bytes: (self.limits.files_mb as usize) << 20 }
    }

    /// Is this another name of the desk, with or without an extension?
    pub fn is_alias(&self, address: &str) -> bool {
        let Some((local, host)) = address.rsplit_once('@') else { return false };
        let base = format!("{}@{host}", local.split('+').next().unwrap_or(local)).to_lowercase();
        self.aliases.contains(&base)
    }
}
