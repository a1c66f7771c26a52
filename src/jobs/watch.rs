//! The watch: lets monitors look and keeps the status page up to date. Apart from the worker, so that a server that does not answer holds up no mail.

use crate::desk::Desk;
use crate::error::Result;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
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
        slower = if round(&desk).await { 1 } else { (slower * 2).min(SLOWEST) };
        tokio::select! {
            () = tokio::time::sleep(BEAT * slower) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One round: who is due looks, the status page is brought up to date, and who wants to hear of it is told. `false` when
/// any of it failed; the next round goes on, and one failure holds up nothing else.
pub async fn round(desk: &Desk) -> bool {
    let looked = survives("monitors", async { desk.run_monitors().await.map(drop) }).await;
    let shown = survives("the status page", async { desk.status().await.map(drop) }).await;
    let told = survives("news of the status page", async { desk.mail_status().await.map(drop) }).await;
    let pushed = survives("webhooks", async { desk.send_webhooks().await.map(drop) }).await;
    looked && shown && told && pushed
}

/// Does a piece of work, and says so when it fails or breaks off: whoever watches must not fall silent himself.
async fn survives(what: &str, work: impl Future<Output = Result<()>>) -> bool {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, what, "a round of the watch failed");
            false
        }
        Err(_) => {
            tracing::error!(what, "a round of the watch broke off");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[tokio::test]
    async fn what_breaks_off_is_survived() {
        assert!(survives("uji", async { Ok(()) }).await);
        assert!(!survives("uji", async { Err(Error::NotFound("uji")) }).await);
        assert!(!survives("uji", async { panic!("beyond the calendar") }).await);
    }
}
