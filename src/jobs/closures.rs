//! Keeps the orders in force fresh in memory for the gateway, whatever holds up the worker.

use crate::desk::Desk;
use std::time::Duration;
use tokio::sync::watch;

/// How long between two readings; an order another node has recorded is known after this.
const BEAT: Duration = Duration::from_millis(500);

/// Reads them again and again until `stop` says so.
pub async fn run(desk: Desk, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        desk.refresh_closures().await;
        tokio::select! {
            () = tokio::time::sleep(BEAT) => {}
            _ = stop.changed() => {}
        }
    }
}
