//! Files sent ahead of the words they belong to: each by itself, so that a slow line loses one file at most and a
//! mistake in the form loses none. They wait in the database until they are sent, or until they are given up.

use crate::desk::Desk;
use crate::domain::upload::{LARGEST, MOST, clean_name, media_type};
use crate::error::{Error, Result, Say};
use crate::mail::parse::File;
use crate::secret::sha256;
use crate::store::uploads::Upload;
use crate::store::{self, Tx};

/// Most bytes that wait at once, of all owners: whoever fills the desk with files stops himself, not the desk.
const ROOM: i64 = 2 << 30;
/// Files one source may send within the window of tries; many browsers stand behind one office's address.
const FROM_ONE_SOURCE: i64 = 300;

/// Whose the waiting files are, as a digest: nobody can name another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// The report that whoever holds `token` writes. The digest is that of the draft, so both go together.
    pub fn draft(token: &str) -> Self {
        Self(sha256(token))
    }

    /// The answer to a ticket that a reporter writes in the browser with this token.
    pub fn answer(number: &str, browser: &str) -> Self {
        Self(sha256(format!("answer\n{number}\n{browser}")))
    }

    /// What a person of the staff writes into a ticket.
    pub fn work(number: &str, account: i64) -> Self {
        Self(sha256(format!("work\n{number}\n{account}")))
    }

    /// A ticket that a person of the staff enters for a caller.
    pub fn new_ticket(account: i64) -> Self {
        Self(sha256(format!("new ticket\n{account}")))
    }

    /// The digest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A file as it arrived. Of one that is too large only the size is kept.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// The name its sender gave it.
    pub name: String,
    /// The bytes, none when there are too many.
    pub bytes: Vec<u8>,
    /// How many bytes were sent.
    pub size: u64,
}

impl Desk {
    /// Files of `owner` that wait, in the order they came.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn uploads(&self, owner: &Owner) -> Result<Vec<Upload>> {
        store::uploads::of_owner(&mut self.db.read().await?, owner.as_str()).await
    }

    /// Keeps a file until `owner` sends it. The same file twice stays one.
    ///
    /// # Errors
    /// `Invalid` on the field `file` when it is too large, empty, of no kind we take, or one too many; `TooMany` when
    /// one source sends too many files; `Unavailable` while there is no room.
    pub async fn add_upload(&self, owner: &Owner, file: &Arrived, source: &str) -> Result<()> {
        let (upload, bytes) = checked(file)?;
        let _kept = self.count_try(&[(&format!("upload {source}"), FROM_ONE_SOURCE)]).await?;
        let mut tx = self.db.write().await?;
        let turn = i64::from_str_radix(&owner.as_str()[..15], 16).unwrap_or_default();
        store::dialect::one_at_a_time(&mut tx, turn).await?;
        let there = store::uploads::of_owner(&mut tx, owner.as_str()).await?;
        if there.iter().any(|known| known.sha256 == upload.sha256) {
            return Ok(());
        }
        if there.len() >= MOST {
            return Err(Error::field("file", Say::new("upload-too-many").with("most", MOST)));
        }
        if store::uploads::waiting_bytes(&mut tx).await? + upload.size > ROOM {
            return Err(Error::Unavailable("too many files wait to be sent".into()));
        }
        store::uploads::add(&mut tx, owner.as_str(), &upload, bytes, self.clock.machine()).await?;
        tx.commit().await
    }

    /// Takes a file of `owner` away; the digest of somebody else's file takes nothing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn drop_upload(&self, owner: &Owner, digest: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::uploads::drop(&mut tx, owner.as_str(), digest).await?;
        tx.commit().await
    }

    /// What `owner` has begun to write beside the files.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn kept_words(&self, owner: &Owner) -> Result<String> {
        Ok(store::settings::draft(&mut self.db.read().await?, owner.as_str()).await?.unwrap_or_default())
    }

    /// Keeps what `owner` has begun to write, while he adds files.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_words(&self, owner: &Owner, words: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::settings::save_draft(&mut tx, owner.as_str(), words, self.clock.machine()).await?;
        tx.commit().await
    }
}

/// The files of `owner` go into the message that is being written in `tx`; they wait no longer.
pub(super) async fn take(tx: &mut Tx, owner: &Owner) -> Result<Vec<File>> {
    let files = files(tx, owner).await?;
    if !files.is_empty() {
        store::uploads::drop_all(tx, owner.as_str()).await?;
    }
    Ok(files)
}

async fn files(tx: &mut Tx, owner: &Owner) -> Result<Vec<File>> {
    let rows = store::uploads::bytes(tx, owner.as_str()).await?;
    Ok(rows.into_iter().map(|(name, media_type, bytes)| File { name, media_type, bytes }).collect())
}

/// What is kept of a file that may be kept.
pub(super) fn checked(file: &Arrived) -> Result<(Upload, &[u8])> {
    let refuse = |say| Err(Error::field("file", say));
    if file.size > LARGEST as u64 {
        return refuse(Say::new("upload-too-large").with("limit", megabytes(LARGEST)).with("bytes", file.size));
    }
    if file.bytes.is_empty() {
        return refuse(Say::new(if file.name.is_empty() { "upload-none" } else { "upload-empty" }));
    }
    let name = clean_name(&file.name);
    let Some(media_type) = media_type(&name, &file.bytes) else {
        return refuse(Say::new("upload-kind").with("name", &name));
    };
    let size = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
    let upload = Upload { name, media_type: media_type.to_owned(), size, sha256: sha256(&file.bytes) };
    Ok((upload, &file.bytes))
}

/// Whole megabytes, for sentences.
pub const fn megabytes(bytes: usize) -> usize {
    bytes / (1024 * 1024)
}
