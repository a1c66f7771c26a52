//! The file of a backup: entries one after the other, each with its length and digest, and an end that says what came.
//!
//! ```text
//! meja-backup 1
//! head 212 9f86…           name, packed length, SHA-256 of the packed bytes
//! <212 bytes, zlib>
//! rows/ticket/000001 …
//! file/<SHA-256 of the bytes> …
//! end 190 60ff…            SHA-256 over all the lines before
//! ```
//!
//! The whole may be encrypted ([`crate::desk::backup_lock`]). Names are flat words of this list, never paths; whatever is cut, turned over, doubled or added is found before
//! anything is done with the file.

use crate::desk::backup_lock::{Lock, Out};
use crate::error::{Error, Result, Say};
use crate::secret::{Digest, sha256};
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

/// First line of every backup; the number is the form of the file.
const MAGIC: &str = "meja-backup 1";
/// Longest line between entries.
const LINE: u64 = 300;
/// Largest entry, packed and unpacked: a mail or an attachment at most.
const ENTRY: u64 = 512 << 20;

/// What the first entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The program that wrote it.
    pub program: String,
    /// Number of the newest step of its schema.
    pub schema: i64,
    /// When it was begun, UTC, RFC 3339.
    pub at: String,
    /// Pack of the installation, when it has one.
    pub pack: Option<String>,
}

/// What the last entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    entries: u64,
    lines: String,
}

/// Writes a backup.
pub struct Writer {
    out: Out,
    entries: u64,
    lines: Digest,
}

impl Writer {
    /// Begins a file that only its owner may read.
    ///
    /// # Errors
    /// There is such a file already, or the disk refuses.
    pub fn create(path: &Path, head: &Head) -> Result<Self> {
        Self::create_with(path, head, &Lock::default())
    }

    /// As [`Writer::create`], closed by a lock.
    ///
    /// # Errors
    /// As [`Writer::create`].
    pub fn create_with(path: &Path, head: &Head, lock: &Lock) -> Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut writer = Self { out: lock.close(file)?, entries: 0, lines: Digest::default() };
        writeln!(writer.out, "{MAGIC}")?;
        writer.entry("head", &serde_json::to_vec(head)?)?;
        Ok(writer)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn entry(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut packed = Vec::new();
        ZlibEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed)?;
        let line = format!("{name} {} {}\n", packed.len(), sha256(&packed));
        self.lines.add(line.as_bytes());
        self.entries += 1;
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(&packed)?;
        Ok(())
    }

    /// Writes the end; everything is on the disk when this returns.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(mut self) -> Result<()> {
        let end = End { entries: self.entries, lines: self.lines.clone().hex() };
        self.entry("end", &serde_json::to_vec(&end)?)?;
        self.out.finish()?;
        Ok(())
    }
}

/// Reads a backup entry by entry.
pub struct Reader {
    from: BufReader<Box<dyn Read + Send>>,
    entries: u64,
    lines: Digest,
}

impl Reader {
    /// Opens a backup and reads its head.
    ///
    /// # Errors
    /// `Invalid` (field `file`) when this is no backup of this desk, or the lock does not open it.
    pub fn open(path: &Path, lock: &Lock) -> Result<(Self, Head)> {
        let file = File::open(path).map_err(|error| bad("backup-unreadable").with("why", error)).map_err(invalid)?;
        let mut reader = Self { from: BufReader::new(lock.open(file)?), entries: 0, lines: Digest::default() };
        if reader.line()?.as_deref() != Some(MAGIC) {
            return Err(invalid(bad("backup-not-ours")));
        }
        match reader.entry()? {
            Some((name, bytes)) if name == "head" => {
                let head = serde_json::from_slice(&bytes).map_err(|_| invalid(damaged("head")))?;
                Ok((reader, head))
            }
            _ => Err(invalid(damaged("head"))),
        }
    }

    /// The next entry; `None` after the last, when everything that was written has come.
    ///
    /// # Errors
    /// `Invalid` (field `file`) naming the first bad entry.
    pub fn entry(&mut self) -> Result<Option<(String, Vec<u8>)>> {
        let Some(line) = self.line()? else { return Err(invalid(bad("backup-cut"))) };
        let parts: Vec<&str> = line.split(' ').collect();
        let [name, length, digest] = parts[..] else { return Err(invalid(damaged(&line))) };
        let length: u64 =
            length.parse().ok().filter(|length| *length <= ENTRY).ok_or_else(|| invalid(damaged(name)))?;
        if !is_name(name) {
            return Err(invalid(damaged(name)));
        }
        let mut packed = Vec::new();
        (&mut self.from).take(length).read_to_end(&mut packed).map_err(cut)?;
        if packed.len() as u64 != length {
            return Err(invalid(bad("backup-cut")));
        }
        if sha256(&packed) != digest {
            return Err(invalid(damaged(name)));
        }
        let mut bytes = Vec::new();
        let whole = ZlibDecoder::new(&packed[..]).take(ENTRY).read_to_end(&mut bytes);
        if whole.is_err() || bytes.len() as u64 == ENTRY {
            return Err(invalid(damaged(name)));
        }
        if name == "end" {
            return self.ended(&bytes).map(|()| None);
        }
        if name.strip_prefix("file/").is_some_and(|digest| sha256(&bytes) != digest) {
            return Err(invalid(damaged(name)));
        }
        self.lines.add(line.as_bytes());
        self.lines.add(b"\n");
        self.entries += 1;
        Ok(Some((name.to_owned(), bytes)))
    }

    fn ended(&mut self, bytes: &[u8]) -> Result<()> {
        let end: End = serde_json::from_slice(bytes).map_err(|_| invalid(damaged("end")))?;
        let told = End { entries: self.entries, lines: self.lines.clone().hex() };
        if end != told || !self.from.fill_buf().map_err(cut)?.is_empty() {
            return Err(invalid(damaged("end")));
        }
        Ok(())
    }

    /// The next line; `None` where the file ends.
    fn line(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.from).take(LINE).read_until(b'\n', &mut line).map_err(cut)?;
        match line.pop() {
            Some(b'\n') => Ok(Some(String::from_utf8(line).map_err(|_| invalid(damaged("?")))?)),
            Some(_) if line.len() as u64 + 1 == LINE => Err(invalid(damaged("?"))),
            _ => Ok(None),
        }
    }
}

/// Reads a backup to its end; gives its head.
///
/// # Errors
/// `Invalid` (field `file`) naming the first bad entry.
pub fn check(path: &Path, lock: &Lock) -> Result<Head> {
    let (mut reader, head) = Reader::open(path, lock)?;
    while reader.entry()?.is_some() {}
    Ok(head)
}

/// One of the words of the list above.
fn is_name(name: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
    };
    match name.split('/').collect::<Vec<_>>()[..] {
        ["head" | "end" | "secret"] => true,
        ["file", digest] => digest.len() == 64 && word(digest),
        ["rows", table, part] => word(table) && part.len() == 6 && word(part),
        _ => false,
    }
}

/// What cannot be read any further; an encrypted file says so of a byte that was turned over, too.
fn cut(_: std::io::Error) -> Error {
    invalid(bad("backup-cut"))
}

fn bad(key: &'static str) -> Say {
    Say::new(key)
}

fn damaged(name: &str) -> Say {
    Say::new("backup-damaged").with("entry", name.chars().filter(|c| !c.is_control()).take(80).collect::<String>())
}

fn invalid(say: Say) -> Error {
    Error::field("file", say)
}
