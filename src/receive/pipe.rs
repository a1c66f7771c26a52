//! One message on standard input, as a mail server pipes it.

use crate::clock::Clock;
use crate::desk::mail_in;
use crate::error::{Error, Result, Say};
use crate::store::Db;
use tokio::io::AsyncReadExt;

/// Largest message that is taken, in bytes.
pub const LARGEST: u64 = 40 * 1024 * 1024;

/// Takes one message from `input`; durable when this returns.
///
/// # Errors
/// `Invalid` for what is empty or too large, `Unavailable` when it cannot be stored now.
pub async fn take(
    db: &Db,
    clock: &Clock,
    input: impl tokio::io::AsyncRead + Unpin,
    recipient: &str,
    sender: &str,
) -> Result<bool> {
    let mut raw = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut raw).await?;
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::field("stdin", Say::new("field-mail-empty")));
    }
    if u64::try_from(raw.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(Error::field("stdin", Say::new("field-mail-large")));
    }
    mail_in::put(db, clock, &raw, recipient, sender).await
}
