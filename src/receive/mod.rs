//! The ways mail comes in.
//!
//! For: taking raw bytes from outside and handing them to the inbox before saying "taken".
//! May use: `desk` and below. To add a way in: a file named after it; it must not answer "taken" before
//! `desk::mail_in::put` has returned.

pub mod imap;
mod imap_line;
pub mod lmtp;
mod lmtp_session;
pub mod pipe;

use crate::desk::Desk;
use crate::error::Result;
use crate::secret::new_token;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The ways in that are open; whoever closes the house waits for them.
#[derive(Debug)]
pub struct WaysIn(JoinSet<()>);

/// Opens every way in that the settings name: LMTP and mailboxes. They close when `stop` says so.
///
/// # Errors
/// LMTP cannot be listened for where the settings say.
pub async fn open(desk: &Desk, stop: &watch::Receiver<bool>) -> Result<WaysIn> {
    let mut ways = JoinSet::new();
    if let Some(listen) = &desk.ways.lmtp {
        let door = lmtp::Door::open(listen).await?;
        tracing::info!(?listen, port = door.port(), "LMTP is listened for");
        ways.spawn(door.serve(
            desk.clone(),
            lmtp::Limits {
                connections: desk.ways.limits.lmtp_connections as usize,
                recipients: desk.ways.limits.lmtp_recipients as usize,
                ..lmtp::Limits::usual(desk.ways.largest)
            },
            stop.clone(),
        ));
    }
    for mailbox in &desk.ways.mailboxes {
        let pace = imap::Pace::usual(new_token()?);
        ways.spawn(imap::run(desk.clone(), mailbox.clone(), pace, stop.clone()));
    }
    Ok(WaysIn(ways))
}

impl WaysIn {
    /// Waits until each has ended what it began, for some seconds.
    pub async fn close(mut self) {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            while self.0.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            tracing::warn!("a way in did not close in time and is cut");
        }
    }
}
