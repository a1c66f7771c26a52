//! Files that came with messages: kept once under the digest of their bytes.

use crate::desk::Desk;
use crate::domain::message::Attachment;
use crate::error::Result;
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
        store::messages::attach(tx, ticket, &attachment).await?;
        kept.push(json!({"name": attachment.name, "size": attachment.size, "sha256": attachment.sha256}));
    }
    Ok(kept)
}

/// Writes bytes under their digest. The name is ours alone, so nothing a sender says reaches a path.
fn keep(folder: &Path, bytes: &[u8]) -> Result<String> {
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
    std::fs::rename(&draft, &path)?;
    std::fs::File::open(parent)?.sync_all()?;
    Ok(digest)
}

/// Where the bytes with a digest are.
pub fn path(folder: &Path, digest: &str) -> PathBuf {
    folder.join(&digest[..2.min(digest.len())]).join(digest)
}
