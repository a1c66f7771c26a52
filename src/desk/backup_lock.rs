//! Backups that only those can open who should: encrypted with age, by a passphrase or for public keys.
//!
//! A backup for public keys is rehearsed, too: it is written for one more key that is made for this one backup and
//! forgotten afterwards.

use crate::config::backup::BackupConfig;
use crate::error::{Error, Result, Say};
use age::secrecy::SecretString;
use age::{DecryptError, scrypt, x25519};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// How files of age begin.
const MARK: &[u8] = b"age-encryption.org/";
/// Work that a guess at a passphrase costs: 2^18 rounds of scrypt, as age itself does. Tests have no time for that.
const WORK: u8 = if cfg!(debug_assertions) { 10 } else { 18 };
/// A file that asks for more than this is refused.
const MOST_WORK: u8 = 22;
/// A passphrase shorter than this is no protection.
const SHORTEST: usize = 12;

/// What closes backups and opens them. Cheap to clone; tells nothing of itself.
#[derive(Clone, Default)]
pub struct Lock {
    passphrase: Option<SecretString>,
    recipients: Vec<x25519::Recipient>,
    identities: Vec<x25519::Identity>,
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lock(***)")
    }
}

impl Lock {
    /// The lock of the settings.
    ///
    /// # Errors
    /// The file cannot be read or holds too short a passphrase; a recipient is no public key.
    pub fn of(config: &BackupConfig) -> Result<Self> {
        let mut lock = Self::default();
        if let Some(file) = &config.passphrase_file {
            lock = lock.with_passphrase_file(file)?;
        }
        for text in &config.recipients {
            let key = text
                .parse::<x25519::Recipient>()
                .map_err(|why| Error::internal(format!("backup.recipients: {text:?}: {why}")))?;
            lock.recipients.push(key);
        }
        Ok(lock)
    }

    /// As it is, with the passphrase that stands on the first line of a file.
    ///
    /// # Errors
    /// The file cannot be read or holds too short a passphrase.
    pub fn with_passphrase_file(mut self, file: &Path) -> Result<Self> {
        let text = read(file)?;
        let line = text.lines().next().unwrap_or_default();
        if line.chars().count() < SHORTEST {
            let why = format!("{}: a passphrase has at least {SHORTEST} characters", file.display());
            return Err(Error::internal(why));
        }
        self.passphrase = Some(SecretString::from(line.to_owned()));
        Ok(self)
    }

    /// As it is, with the private keys (`AGE-SECRET-KEY-1…`) of a file.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub fn with_identity_file(mut self, file: &Path) -> Result<Self> {
        let text = read(file)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let key = line
                .parse::<x25519::Identity>()
                .map_err(|why| Error::internal(format!("{}: {why}", file.display())))?;
            self.identities.push(key);
        }
        if self.identities.is_empty() {
            return Err(Error::internal(format!("{}: no private key stands in it", file.display())));
        }
        Ok(self)
    }

    /// Backups are encrypted with it.
    pub fn closes(&self) -> bool {
        self.passphrase.is_some() || !self.recipients.is_empty()
    }

    /// As it is, with one more key that opens what it closes.
    pub(super) fn with_witness(&self) -> Self {
        let mut lock = self.clone();
        if !lock.recipients.is_empty() {
            let witness = x25519::Identity::generate();
            lock.recipients.push(witness.to_public());
            lock.identities.push(witness);
        }
        lock
    }

    /// Where a backup is written to, closed if this lock closes.
    pub(super) fn close(&self, file: File) -> Result<Out> {
        let broken = |error: &dyn std::fmt::Display| Error::internal(format!("a backup cannot be encrypted: {error}"));
        let file = BufWriter::new(file);
        let mut word = self.passphrase.clone().map(scrypt::Recipient::new);
        if let Some(word) = &mut word {
            word.set_work_factor(WORK);
        }
        let words = word.iter().map(|word| word as &dyn age::Recipient);
        let keys = self.recipients.iter().map(|key| key as &dyn age::Recipient);
        let encryptor = match (self.passphrase.is_some(), self.recipients.is_empty()) {
            (true, _) => age::Encryptor::with_recipients(words),
            (false, false) => age::Encryptor::with_recipients(keys),
            (false, true) => return Ok(Out::Open(file)),
        };
        let encryptor = encryptor.map_err(|error| broken(&error))?;
        Ok(Out::Closed(Box::new(encryptor.wrap_output(file)?)))
    }

    /// What stands in a backup, closed or not.
    ///
    /// # Errors
    /// `Invalid` (field `file`) when this lock does not open it.
    pub(super) fn open(&self, file: File) -> Result<Box<dyn Read + Send>> {
        let bad = |key: &'static str| Error::field("file", Say::new(key));
        let mut file = BufReader::new(file);
        if !file.fill_buf()?.starts_with(MARK) {
            return Ok(Box::new(file));
        }
        if self.passphrase.is_none() && self.identities.is_empty() {
            return Err(bad("backup-locked"));
        }
        let mut word = self.passphrase.clone().map(scrypt::Identity::new);
        if let Some(word) = &mut word {
            word.set_max_work_factor(MOST_WORK);
        }
        let words = word.iter().map(|word| word as &dyn age::Identity);
        let keys = self.identities.iter().map(|key| key as &dyn age::Identity);
        let damaged = || Error::field("file", Say::new("backup-damaged").with("entry", "age"));
        let decryptor = age::Decryptor::new_buffered(file).map_err(|_| damaged())?;
        match decryptor.decrypt(words.chain(keys)) {
            Ok(plain) => Ok(Box::new(plain)),
            Err(DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed) => {
                Err(bad("backup-wrong-key"))
            }
            Err(_) => Err(damaged()),
        }
    }
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| Error::internal(format!("{}: {error}", file.display())))
}

/// Where the bytes of a backup go.
pub(super) enum Out {
    Open(BufWriter<File>),
    Closed(Box<age::stream::StreamWriter<BufWriter<File>>>),
}

impl Out {
    /// Everything is on the disk when this returns.
    pub(super) fn finish(self) -> std::io::Result<()> {
        let mut file = match self {
            Self::Open(file) => file,
            Self::Closed(stream) => stream.finish()?,
        };
        file.flush()?;
        file.get_ref().sync_all()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Open(file) => file.write(bytes),
            Self::Closed(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Open(file) => file.flush(),
            Self::Closed(stream) => stream.flush(),
        }
    }
}
