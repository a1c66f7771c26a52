//! The worker: reads the inbox, fires due steps, sends the outbox, again and again.

use crate::desk::Desk;
use crate::error::Result;
use std::time::Duration;
use tokio::sync::watch;

/// How long the worker waits when nothing wakes it. Other processes (`meja mail ingest`, other nodes) leave
/// work without waking it, so this bounds how late that is noticed.
const BEAT: Duration = Duration::from_millis(500);

/// Works until `stop` says so.
pub async fn run(desk: Desk, mut stop: watch::Receiver<bool>) {
    let mut failures: u32 = 0;
    while !*stop.borrow() {
        // Registered before looking for work: a change during the round is not slept through.
        let woken = desk.wake.notified();
        match round(&desk).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::error!(%error, failures, "a round of the worker failed");
            }
        }
        let pause = BEAT * 2_u32.saturating_pow(failures.min(6));
        tokio::select! {
            () = woken, if failures == 0 => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One round: what other nodes changed in the rules, what came in, what is due, what goes out.
///
/// # Errors
/// The database does not answer; the next round goes on.
pub async fn round(desk: &Desk) -> Result<()> {
    desk.refresh_rules().await?;
    desk.read_inbox().await?;
    desk.run_due_steps().await?;
    desk.run_case_terms().await?;
    desk.end_outlived_incidents().await?;
    desk.mail_links().await?;
    desk.mail_own_links().await?;
    // Reports and duties wait for days: whatever is wrong with them must not hold up the mail.
    let reports = desk.run_reports().await;
    let duties = desk.run_duties().await;
    desk.send_outbox().await?;
    desk.scan_files().await?;
    reports.and(duties).map(|_| ())
}
