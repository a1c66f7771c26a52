//! The watch: lets monitors look and keeps the status page up to date. Apart from the worker, so that a server that does not answer holds up no mail.

use crate::desk::Desk;
use crate::error::Result;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked which monitors should look.
const BEAT: Duration = Duration::from_secs(1);
/// After a failure of the database, so many times as long at most.
const SLOWEST: u32 = 60;

/// Watches until `stop` says so.
pub async fn run(desk: Desk, mut stop: watch::Receiver<bool>) {
    let mut slower: u32 = 1;
    while !*stop.borrow() {
        match round(&desk).await {
            Ok(()) => slower = 1,
            Err(error) => {
                slower = (slower * 2).min(SLOWEST);
                tracing::error!(%error, "a round of the watch failed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(BEAT * slower) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One round: who is due looks, the status page is brought up to date, and who wants to hear of it is told.
///
/// # Errors
/// The database does not answer; the next round goes on.
pub async fn round(desk: &Desk) -> Result<()> {
    desk.run_monitors().await?;
    desk.status().await?;
    desk.mail_status().await?;
    Ok(())
}
