//! Work that belongs to one node as long as it says so.
//!
//! A node takes work for [`LEASE`] and says every [`BEAT`] that it still does it. One that dies or is cut off from the
//! database says nothing more, and within ten seconds another node takes its work over. What the first one does to it
//! later is refused by the number of its lease, which has grown meanwhile.

use crate::error::Result;
use chrono::Duration;
use std::convert::Infallible;

/// Who says nothing for so long has died.
pub const LEASE: Duration = Duration::seconds(8);
/// How often somebody who works says so.
pub const BEAT: std::time::Duration = std::time::Duration::from_secs(2);

/// Does work, and meanwhile says again and again that it is still being done.
pub async fn keeping<T, F>(work: impl Future<Output = T>, say: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<()>>,
{
    // Both at the same time: work that waits for the database must not wait for what is said of it.
    tokio::select! {
        done = work => done,
        never = say_again(say) => match never {},
    }
}

async fn say_again<F>(mut say: impl FnMut() -> F) -> Infallible
where
    F: Future<Output = Result<()>>,
{
    loop {
        tokio::time::sleep(BEAT).await;
        if let Err(error) = say().await {
            tracing::warn!(%error, "work could not be kept as ours");
        }
    }
}
