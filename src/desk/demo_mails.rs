//! Mail of the demo region that became no ticket.

use crate::desk::Desk;
use crate::domain::message::SenderVerdict;
use crate::domain::people::Actor;
use crate::error::Result;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct DemoMails {
    /// Each by its lines.
    mails: Vec<Vec<String>>,
    discarded: Discarded,
}

/// A sender whose mail is discarded from now on.
#[derive(Debug, Deserialize)]
struct Discarded {
    address: String,
    reason: String,
}

impl Desk {
    /// Receives the region's odd mails, and lets `unit` decide about one sender.
    pub(super) async fn demo_mails(&self, unit: &Actor) -> Result<()> {
        let DemoMails { mails, discarded } = serde_json::from_str(include_str!("demo_mails.json"))?;
        for lines in mails {
            let raw = format!("{}\r\n", lines.join("\r\n"));
            self.receive(raw.as_bytes(), &self.composer.address, "").await?;
        }
        self.read_inbox().await?;
        let received = self.received_mails(unit, None, i64::MAX, 50).await?;
        if let Some(mail) = received.iter().find(|mail| mail.row.author == discarded.address) {
            self.teach_sender(unit, mail.row.id, SenderVerdict::Discard, false, &discarded.reason).await?;
        }
        Ok(())
    }
}
