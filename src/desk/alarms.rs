//! Calling whoever runs the installation when work waits too long: one mail when it begins, one when it is over.

use crate::desk::Desk;
use crate::domain::alarm::{AlarmKind, Waiting};
use crate::domain::people::Role;
use crate::domain::ticket::Language;
use crate::error::Result;
use crate::mail::compose::Outgoing;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The fact that says when the chains were looked through for sealing last.
pub(super) const SEAL_LOOKED: &str = "seal.looked_at";

/// How many mails stand in each state, by its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Received ones.
    pub inbox: Vec<(String, i64)>,
    /// Written ones.
    pub outbox: Vec<(String, i64)>,
}

impl Desk {
    /// Since when the oldest of each kind of work waits.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn waits(&self) -> Result<Waiting> {
        waiting(&mut self.db.glance().await?, self.now()).await
    }

    /// How many mails stand in each state.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn queue_counts(&self) -> Result<Counts> {
        let mut tx = self.db.glance().await?;
        Ok(Counts { inbox: store::inbox::counts(&mut tx).await?, outbox: store::outbox::counts(&mut tx).await? })
    }

    /// Mails the system administrators what began to wait too long and what does no longer; gives what waits now.
    ///
    /// # Errors
    /// The database does not answer; the next look tells it.
    pub async fn look_for_alarms(&self) -> Result<Vec<(AlarmKind, DateTime<Utc>)>> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let late = waiting(&mut tx, now).await?.too_long(now);
        let (mut raised, mut over) = (Vec::new(), Vec::new());
        for kind in AlarmKind::ALL {
            let fact = format!("alarm.{kind}");
            let known = store::settings::get(&mut tx, &fact).await?;
            let found = late.iter().find(|(one, _)| one == kind).map(|(_, since)| *since);
            match (known, found) {
                (None, Some(since)) => {
                    store::settings::set(&mut tx, &fact, &instant(since)).await?;
                    tracing::error!(kind = %kind, %since, "work waits too long");
                    raised.push((*kind, since));
                }
                (Some(since), None) => {
                    store::settings::forget(&mut tx, &fact).await?;
                    over.extend(since.parse().ok().map(|since| (*kind, since)));
                }
                _ => {}
            }
        }
        if !raised.is_empty() || !over.is_empty() {
            self.mail_alarms(&mut tx, &raised, &over).await?;
            tx.commit().await?;
            self.wake();
        }
        Ok(late)
    }

    async fn mail_alarms(
        &self,
        tx: &mut Tx,
        raised: &[(AlarmKind, DateTime<Utc>)],
        over: &[(AlarmKind, DateTime<Utc>)],
    ) -> Result<()> {
        let now = self.now();
        let told = if raised.is_empty() { over } else { raised };
        let names: Vec<String> =
            told.iter().map(|(kind, _)| text::word(Language::Indonesian, &format!("alarm-{kind}"))).collect();
        for person in store::people::holders(tx, Role::SystemAdmin, "").await? {
            let mail = self.composer.write(&Outgoing {
                key: format!("alarm:{}:{}", instant(now), person.id),
                template: "alarm",
                language: Language::Indonesian,
                to: &person.email,
                to_name: &person.name,
                context: json!({
                    "name": person.name,
                    "names": names,
                    "raised": self.lines(raised),
                    "over": self.lines(over),
                    "url": format!("{}/kerja/kesehatan", self.public_url),
                }),
                ..Outgoing::automatic(now)
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }

    fn lines(&self, alarms: &[(AlarmKind, DateTime<Utc>)]) -> Vec<Value> {
        let line = |(kind, since): &(AlarmKind, DateTime<Utc>)| {
            let what = text::word(Language::Indonesian, &format!("alarm-{kind}"));
            json!({"what": what, "since": self.words(Language::Indonesian, *since)})
        };
        alarms.iter().map(line).collect()
    }
}

/// Since when the oldest of each kind of work waits.
pub(super) async fn waiting(tx: &mut Tx, now: DateTime<Utc>) -> Result<Waiting> {
    Ok(Waiting {
        inbox: store::inbox::oldest_waiting(tx).await?,
        outbox: store::health::oldest_unsent(tx).await?,
        clocks: store::health::oldest_due_step(tx, now).await?,
        seal: store::settings::get(tx, SEAL_LOOKED).await?.and_then(|at| at.parse().ok()),
    })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
