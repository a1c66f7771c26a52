//! Files are looked through by a virus scanner, where one is set up, before anybody may open them.
//!
//! A scanner that does not answer never turns mail away: the files are kept and held until it does.

use crate::desk::{Desk, files};
use crate::domain::message::{Attachment, ScanVerdict};
use crate::error::{Error, Result, Say};
use crate::mail::scanner;
use crate::store::{self, Tx};
use chrono::Duration;
use std::collections::BTreeMap;

/// Files looked through in one round.
const BATCH: i64 = 10;

/// A scanner that does not answer is asked again after so long.
const AGAIN: Duration = Duration::minutes(1);

impl Desk {
    /// Looks through the files that wait for it; gives how many were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn scan_files(&self) -> Result<usize> {
        let Some(address) = &self.ways.scanner else { return Ok(0) };
        let now = self.clock.machine();
        let due = store::scans::due(&mut self.db.glance().await?, now, BATCH).await?;
        let mut said = 0;
        for digest in due {
            let (verdict, finding) = match tokio::fs::read(files::path(&self.files, &digest)).await {
                Ok(bytes) => match scanner::ask(address, &bytes).await {
                    Ok((verdict, finding)) => (verdict, finding),
                    Err(error) => (ScanVerdict::Waiting, Some(error.to_string())),
                },
                Err(error) => (ScanVerdict::Unscannable, Some(error.to_string())),
            };
            let mut tx = self.db.write().await?;
            let (at, again) = (self.now(), self.clock.machine() + AGAIN);
            store::scans::settle(&mut tx, &digest, verdict, finding.as_deref(), at, again).await?;
            tx.commit().await?;
            if verdict == ScanVerdict::Waiting {
                tracing::warn!(finding, "the virus scanner does not answer; files are held until it does");
                // The others would hear the same.
                return Ok(said);
            }
            if verdict == ScanVerdict::Infected {
                tracing::warn!(digest, finding, "a file is harmful and stays closed");
            }
            said += 1;
        }
        Ok(said)
    }

    /// The files among `files` that are kept closed, and why, by the digests of their bytes.
    pub(super) async fn closed_files(
        &self,
        tx: &mut Tx,
        files: &[Attachment],
    ) -> Result<BTreeMap<String, ScanVerdict>> {
        let mut closed = BTreeMap::new();
        for file in files {
            if let Some(verdict) = self.keeps_closed(tx, &file.sha256).await? {
                closed.insert(file.sha256.clone(), verdict);
            }
        }
        Ok(closed)
    }

    /// What keeps a file closed, if anything does.
    async fn keeps_closed(&self, tx: &mut Tx, sha256: &str) -> Result<Option<ScanVerdict>> {
        let said = store::scans::of(tx, sha256).await?;
        Ok(match said.map(|scan| scan.verdict) {
            Some(ScanVerdict::Clean) => None,
            // Nobody is asked any more: what waits for an answer would wait for ever.
            Some(ScanVerdict::Waiting | ScanVerdict::Unscannable) | None if self.ways.scanner.is_none() => None,
            Some(verdict) => Some(verdict),
            None => Some(ScanVerdict::Waiting),
        })
    }

    /// Refuses a file that was not found clean. One that came before there was a scanner is looked through now.
    pub(super) async fn refuse_unless_clean(&self, file: &Attachment) -> Result<()> {
        let closed = self.keeps_closed(&mut self.db.glance().await?, &file.sha256).await?;
        let key = match closed {
            None => return Ok(()),
            Some(ScanVerdict::Infected) => "error-file-infected",
            Some(ScanVerdict::Unscannable) => "error-file-unscannable",
            Some(ScanVerdict::Waiting | ScanVerdict::Clean) => {
                let mut tx = self.db.write().await?;
                store::scans::ask(&mut tx, &file.sha256, self.clock.machine()).await?;
                tx.commit().await?;
                self.wake();
                "error-file-waiting"
            }
        };
        Err(Error::conflict(Say::new(key)))
    }
}
