//! One message on standard input, as a mail server pipes it.

use crate::clock::Clock;
use crate::desk::mail_in;
use crate::error::{Error, Result, Say};
use crate::store::Db;
use tokio::io::AsyncReadExt;

/// Takes one message of at most `largest` bytes from `input`; durable when this returns.
///
/// # Errors
/// `Invalid` for what is empty or too large, `Unavailable` when it cannot be stored now.
pub async fn take(
    db: &Db,
    clock: &Clock,
    input: impl tokio::io::AsyncRead + Unpin,
    largest: usize,
    recipient: &str,
    sender: &str,
) -> Result<bool> {
    let mut raw = Vec::new();
    input.take((largest as u64).saturating_add(1)).read_to_end(&mut raw).await?;
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::field("stdin", Say::new("field-mail-empty")));
    }
    if raw.len() > largest {
        return Err(Error::field("stdin", Say::new("field-mail-large")));
    }
    mail_in::put(db, clock, &raw, recipient, sender).await
}
