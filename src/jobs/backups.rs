//! Lets backups happen that are due or asked for, apart from the worker: a large one takes long and holds up no mail.

use crate::desk::Desk;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked whether one waits.
const BEAT: Duration = Duration::from_secs(3);
/// After a failure of the database, so many times as long at most.
const SLOWEST: u32 = 20;

/// Makes backups until `stop` says so; one that is being made then breaks off and is begun anew later.
pub async fn run(desk: Desk, mut stop: watch::Receiver<bool>) {
    let stopping = desk.backups.place.stopping.clone();
    let mut told = stop.clone();
    let telling = tokio::spawn(async move {
        let _ = told.wait_for(|stop| *stop).await;
        stopping.store(true, Ordering::Relaxed);
    });
    let mut slower: u32 = 1;
    while !*stop.borrow() {
        slower = match desk.run_backups().await {
            Ok(_) => 1,
            Err(error) => {
                tracing::error!(%error, "a round of the backups failed");
                (slower * 2).min(SLOWEST)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(BEAT * slower) => {}
            _ = stop.changed() => {}
        }
    }
    telling.abort();
}
