//! Files that came with messages: kept once under the digest of their bytes.

use crate::desk::Desk;
use crate::desk::views::TicketPage;
use crate::domain::message::Attachment;
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::fault;
use crate::mail::parse::File;
use crate::secret::{new_token, sha256};
use crate::store::{self, Tx};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Keeps the files of a message: bytes first, durably, then their rows. Gives what the event says.
///
/// # Errors
/// The disk or the database refuses.
pub async fn attach(desk: &Desk, tx: &mut Tx, ticket: i64, message: i64, files: &[File]) -> Result<Vec<Value>> {
    let mut kept = Vec::new();
    for file in files {
        let sha256 = keep(&desk.files, &file.bytes)?;
        let attachment = Attachment {
            id: 0,
            message_id: message,
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            sha256,
        };
        if desk.ways.scanner.is_some() {
            store::scans::ask(tx, &attachment.sha256, desk.clock.machine()).await?;
        }
        store::messages::attach(tx, ticket, &attachment).await?;
        kept.push(json!({"name": attachment.name, "size": attachment.size, "sha256": attachment.sha256}));
    }
    Ok(kept)
}

impl Desk {
    /// A file of a ticket that `actor` may see, with its bytes.
    ///
    /// # Errors
    /// `NotFound` for a file that is not there, or came with a note the actor may not read.
    pub async fn attachment(&self, actor: &Actor, number: &str, id: i64) -> Result<(Attachment, Vec<u8>)> {
        let page = self.ticket_page(actor, number).await?;
        self.file_of(&page, id).await
    }

    /// A file among the messages of `page`, with its bytes.
    ///
    /// # Errors
    /// `NotFound` when none of them brought it; `Conflict` while a virus scanner has not found it clean; `Internal` when its bytes are gone or no longer what came.
    pub async fn file_of(&self, page: &TicketPage, id: i64) -> Result<(Attachment, Vec<u8>)> {
        let is_shown = |file: &&Attachment| page.messages.iter().any(|message| message.id == file.message_id);
        let file =
            page.files.iter().filter(is_shown).find(|file| file.id == id).ok_or(Error::NotFound("attachment"))?;
        self.refuse_unless_clean(file).await?;
        let bytes = tokio::fs::read(path(&self.files, &file.sha256)).await?;
        if sha256(&bytes) != file.sha256 {
            return Err(Error::internal(format!("attachment {id}: its bytes are not those that came")));
        }
        Ok((file.clone(), bytes))
    }
}

/// Writes bytes under their digest. The name is ours alone, so nothing a sender says reaches a path.
pub(super) fn keep(folder: &Path, bytes: &[u8]) -> Result<String> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let digest = sha256(bytes);
    let path = path(folder, &digest);
    if path.exists() {
        return Ok(digest);
    }
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)?;
    let draft = parent.join(new_token()?);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fault::pass("file.written");
    std::fs::rename(&draft, &path)?;
    fault::pass("file.named");
    std::fs::File::open(parent)?.sync_all()?;
    Ok(digest)
}

/// Where the bytes with a digest are.
pub fn path(folder: &Path, digest: &str) -> PathBuf {
    folder.join(&digest[..2.min(digest.len())]).join(digest)
}
