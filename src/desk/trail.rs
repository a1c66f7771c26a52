//! The trail of events for those who look after it: reading it, checking that nobody altered it, and remembering when
//! that was checked last.

use crate::desk::audit::Verdict;
use crate::desk::views::veil;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Actor, Role, visibility};
use crate::error::{Error, Result, Say};
use crate::store;
use crate::store::trail::{Before, Traced, TrailFilter};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Chain in which the checks of all chains are noted.
const STREAM: (&str, &str) = ("audit", "chain");

/// When the chains were checked last, and with what outcome.
#[derive(Debug, Clone)]
pub struct LastCheck {
    /// When. UTC.
    pub at: DateTime<Utc>,
    /// What was found, as [`Verdict`] says it.
    pub verdict: Value,
}

impl LastCheck {
    /// Nothing had been altered.
    pub fn is_intact(&self) -> bool {
        self.verdict["ok"] == true
    }
}

/// May `actor` read the trail? Auditors, and who runs the installation: these without the tickets they may not see.
pub fn may_read_trail(actor: &Actor) -> bool {
    actor.account.active
        && actor.only_agency.is_none()
        && (actor.holds(Role::Auditor) || actor.holds(Role::SystemAdmin))
}

impl Desk {
    /// Events, newest first, before a place; without digests where the actor may not learn a reporter's name.
    ///
    /// # Errors
    /// `Denied` for those who may not read the trail.
    pub async fn trail(
        &self,
        actor: &Actor,
        filter: &TrailFilter,
        before: Option<Before>,
        limit: i64,
    ) -> Result<Vec<Traced>> {
        refuse_others(actor)?;
        let mut tx = self.db.read().await?;
        let mut events = store::trail::list(&mut tx, &visibility(actor), filter, before, limit).await?;
        let mut veiled: BTreeMap<String, bool> = BTreeMap::new();
        for event in events.iter_mut().map(|traced| &mut traced.event) {
            if !chain::is_of_a_ticket(&event.stream) {
                continue;
            }
            if !veiled.contains_key(&event.stream) {
                let hides = match store::tickets::by_number(&mut tx, &event.stream).await? {
                    Some(mut ticket) => veil(&mut tx, actor, &mut ticket).await?,
                    None => false,
                };
                veiled.insert(event.stream.clone(), hides);
            }
            if veiled[&event.stream] {
                event.hide_reporter();
            }
        }
        Ok(events)
    }

    /// Checks every chain and notes the outcome, in the name of somebody who may read the trail. A check that takes longer than
    /// `patience` goes on by itself: `None`.
    ///
    /// # Errors
    /// `Denied`; the database does not answer.
    pub async fn check_trail(&self, actor: &Actor, patience: Duration) -> Result<Option<Verdict>> {
        refuse_others(actor)?;
        let (desk, label) = (self.clone(), ActorLabel::user(actor.account.id));
        let check = tokio::spawn(async move {
            let outcome = desk.check_and_note(label).await;
            if let Err(error) = &outcome {
                tracing::error!(%error, "the trail could not be checked");
            }
            outcome
        });
        match tokio::time::timeout(patience, check).await {
            Ok(done) => done.map_err(|error| Error::Internal(error.into()))?.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Checks every chain and notes the outcome, by itself.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn check_trail_daily(&self) -> Result<Verdict> {
        let verdict = self.check_and_note(ActorLabel::clock()).await?;
        if let Some(first) = &verdict.first {
            tracing::error!(what = first.what, stream = first.stream, problem = first.problem, "a chain was altered");
        }
        Ok(verdict)
    }

    async fn check_and_note(&self, label: ActorLabel) -> Result<Verdict> {
        let verdict = self.verify_audit().await?;
        let mut tx = self.db.write().await?;
        let (what, key) = STREAM;
        chain::note(&mut tx, what, key, self.now(), label, "chains_checked", serde_json::to_value(&verdict)?).await?;
        tx.commit().await?;
        Ok(verdict)
    }

    /// The last check; `None` before the first.
    ///
    /// # Errors
    /// `Denied`; the database does not answer.
    pub async fn last_check(&self, actor: &Actor) -> Result<Option<LastCheck>> {
        refuse_others(actor)?;
        let stream = format!("{}:{}", STREAM.0, STREAM.1);
        let mut tx = self.db.read().await?;
        let Some((seq, _)) = store::events::head(&mut tx, &stream).await? else { return Ok(None) };
        let last = store::events::of_stream(&mut tx, &stream, seq - 1, 1).await?.pop();
        last.map(|event| Ok(LastCheck { at: event.at, verdict: serde_json::from_str(&event.payload)? })).transpose()
    }

    /// Key under which the trail knows the person with an address.
    ///
    /// # Errors
    /// `Denied`; the database does not answer.
    pub async fn trail_actor(&self, actor: &Actor, email: &str) -> Result<Option<String>> {
        refuse_others(actor)?;
        let email = email.trim().to_lowercase();
        let account = store::people::by_email(&mut self.db.glance().await?, &email).await?;
        Ok(account.map(|account| ActorLabel::user(account.id).as_str().to_owned()))
    }
}

fn refuse_others(actor: &Actor) -> Result<()> {
    if may_read_trail(actor) { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}
