//! A decided profile for tickets that were open before: an act of its own, by a person, with a reason.

use crate::desk::catalogue::Turn;
use crate::desk::once::Repeat;
use crate::desk::verbs::Change;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, once};
use crate::domain::catalogue::{Act, Entry, ProposalState, SlaState};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What stands behind a profile that is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// A determined proposal about the critical status, by its key.
    Proposal(i64),
    /// An approved record about the SLA profile, by its key.
    Sla(i64),
}

/// What came of applying a profile to open tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The profile they follow now.
    pub profile: String,
    /// Numbers of the tickets that were changed.
    pub tickets: Vec<String>,
}

impl Desk {
    /// Lets the profile a decision has put in force apply to the service's open tickets, too: all or none. Each is
    /// computed anew from its start; used time, pauses and breaches stay.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid` without a reason, `Conflict` when the decision is not the one in force.
    pub async fn apply_to_open(
        &self,
        actor: &Actor,
        code: &str,
        basis: Basis,
        reason: &str,
        key: Option<&str>,
    ) -> Result<Applied> {
        let now = self.now();
        let Turn { mut tx, entry, repeat } =
            self.turn(actor, Act::ApplyToOpen, code, key, &("apply", basis, reason)).await?;
        if let Repeat::Answered(answer) = repeat {
            tx.commit().await?;
            return Ok(serde_json::from_str(&answer)?);
        }
        refuse_not_in_force(&mut tx, &entry, basis).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        let profile = entry.service.profile.clone();
        let mut tickets = Vec::new();
        for id in store::catalogue::held_to_another(&mut tx, code, &profile).await? {
            tickets.extend(self.reprofile(&mut tx, actor, id, &entry, &facts(basis, &reason), now).await?);
        }
        let told = json!({"profile": profile, "reason": reason, "tickets": tickets, "basis": facts(basis, &reason)});
        self.note_service(&mut tx, actor, code, "profile_applied", told).await?;
        let applied = Applied { profile, tickets };
        once::answer(&mut tx, actor, key, &serde_json::to_string(&applied)?).await?;
        tx.commit().await?;
        self.wake();
        Ok(applied)
    }

    /// How many open tickets of a service are held to another profile than new ones would be.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn held_to_another(&self, entry: &Entry) -> Result<usize> {
        let mut tx = self.db.glance().await?;
        Ok(store::catalogue::held_to_another(&mut tx, &entry.service.code, &entry.service.profile).await?.len())
    }

    async fn reprofile(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: i64,
        entry: &Entry,
        facts: &Value,
        now: DateTime<Utc>,
    ) -> Result<Option<String>> {
        store::dialect::lock_ticket(tx, id).await?;
        let ticket = store::tickets::by_id(tx, id).await?.ok_or(Error::NotFound("ticket"))?;
        let mut working = Working::load(tx, ticket).await?;
        // What had come due under the old profile has come due.
        self.catch_up(tx, &mut working, now).await?;
        if working.ticket.status.is_finished() || working.ticket.service.as_ref() != Some(&entry.service.code) {
            return Ok(None);
        }
        let mut payload = facts.clone();
        payload["from"] = working.ticket.profile.clone().into();
        payload["to"] = entry.service.profile.clone().into();
        working.ticket.profile.clone_from(&entry.service.profile);
        let mut change = Change { desk: self, tx, actor, now, working: &mut working, on_page: false };
        change.event("reprofiled", payload);
        change.end_forbidden_pause();
        working.save(tx, &self.rules, now).await?;
        Ok(Some(working.ticket.number))
    }
}

fn facts(basis: Basis, reason: &str) -> Value {
    match basis {
        Basis::Proposal(id) => json!({"reason": reason, "proposal": id}),
        Basis::Sla(id) => json!({"reason": reason, "sla": id}),
    }
}

/// Only the last decision holds, and an SLA profile only while the service is not critical.
async fn refuse_not_in_force(tx: &mut Tx, entry: &Entry, basis: Basis) -> Result<()> {
    let code = entry.service.code.as_str();
    let in_force = match basis {
        Basis::Proposal(id) => {
            store::decisions::proposal(tx, code, id).await?.ok_or(Error::NotFound("proposal"))?;
            let last =
                store::decisions::proposals(tx, Some(code), Some(ProposalState::Determined), i64::MAX, 1).await?;
            last.first().is_some_and(|last| last.id == id)
        }
        Basis::Sla(id) => {
            store::decisions::sla_record(tx, code, id).await?.ok_or(Error::NotFound("sla"))?;
            let all = store::decisions::sla_records(tx, code).await?;
            let last = all.iter().find(|record| record.state == SlaState::Approved);
            !entry.service.critical && last.is_some_and(|last| last.id == id)
        }
    };
    if in_force { Ok(()) } else { Err(Error::conflict(Say::new("error-not-in-force"))) }
}
