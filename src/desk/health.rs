//! How the installation is, for who runs it. No ticket is read: that right does not come with it.

use crate::desk::closures::GatewayHealth;
use crate::desk::{Desk, alarms};
use crate::domain::alarm::AlarmKind;
use crate::domain::managing::may_administer;
use crate::domain::message::{masked, without_address};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store;
use crate::store::health::{PutAside, StuckMail};
use crate::store::mailboxes::Cursor;
use chrono::{DateTime, Utc};

/// Mails of each list.
const ROWS: i64 = 50;

/// How the installation is.
#[derive(Debug, Clone)]
pub struct Health {
    /// Mails on their way out that nobody has refused.
    pub waiting: i64,
    /// Mails that were refused and have not left.
    pub stuck: i64,
    /// The newest of them.
    pub stuck_mail: Vec<StuckMail>,
    /// Mails that were put aside.
    pub put_aside: i64,
    /// The newest of them.
    pub aside: Vec<PutAside>,
    /// How many received mails stand in each state, by its word.
    pub inbox: Vec<(String, i64)>,
    /// When the oldest mail came that still waits to be read. UTC.
    pub unread_since: Option<DateTime<Utc>>,
    /// The mailboxes that are read, as far as they were.
    pub mailboxes: Vec<Cursor>,
    /// How many files stand in each verdict of the virus scanner, by its word.
    pub scans: Vec<(String, i64)>,
    /// Codes of agencies whose first line nobody active holds.
    pub without_first_line: Vec<String>,
    /// When the chains of events were sealed last. UTC.
    pub sealed_at: Option<DateTime<Utc>>,
    /// What waits too long, with since when. UTC.
    pub alarms: Vec<(AlarmKind, DateTime<Utc>)>,
    /// What reverse proxies are told about closed services.
    pub gateway: GatewayHealth,
}

impl Desk {
    /// How the installation is.
    ///
    /// # Errors
    /// `Denied` for those who do not run it.
    pub async fn health(&self, actor: &Actor) -> Result<Health> {
        if !may_administer(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let mut tx = self.db.read().await?;
        let (stuck, stuck_mail) = store::health::stuck_mail(&mut tx, ROWS).await?;
        let (put_aside, aside) = store::health::put_aside(&mut tx, ROWS).await?;
        Ok(Health {
            alarms: alarms::waiting(&mut tx, self.now()).await?.too_long(self.now()),
            waiting: store::health::waiting_mail(&mut tx).await?,
            stuck,
            stuck_mail: stuck_mail.into_iter().map(hidden).collect(),
            put_aside,
            aside: aside.into_iter().map(unnamed).collect(),
            inbox: store::inbox::counts(&mut tx).await?,
            unread_since: store::inbox::oldest_waiting(&mut tx).await?,
            mailboxes: store::mailboxes::all(&mut tx).await?,
            scans: store::scans::counts(&mut tx).await?,
            without_first_line: store::people::without_first_line(&mut tx).await?,
            gateway: self.closures.health(self.clock.machine()),
            sealed_at: store::events::last_seal(&mut tx).await?.map(|seal| seal.at),
        })
    }
}

/// A mail as those see it who look after mail: to a masked address.
fn hidden(mail: StuckMail) -> StuckMail {
    StuckMail {
        last_error: mail.last_error.map(|error| without_address(&error, &mail.recipient)),
        recipient: masked(&mail.recipient),
        ..mail
    }
}

/// A mail that was put aside as those see it who look after mail: who wrote it is nobody's business there.
fn unnamed(mail: PutAside) -> PutAside {
    let sender = if mail.sender.is_empty() { String::new() } else { masked(&mail.sender) };
    PutAside { sender, ..mail }
}
