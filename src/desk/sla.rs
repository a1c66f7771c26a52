//! The SLA profile of a service: set by its process owner on paper, and by nobody else (SUMUT 51(3)).

use crate::desk::catalogue::{Turn, internal, refuse_retired};
use crate::desk::once::Repeat;
use crate::desk::paper::{Paper, decision, person};
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, once};
use crate::domain::catalogue::{Act, Entry, SlaRecord, SlaState, may};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use serde_json::json;

impl Desk {
    /// Records about the SLA profile of a service, newest first.
    ///
    /// # Errors
    /// `NotFound`, `Denied` for those who may not read them.
    pub async fn sla_records(&self, actor: &Actor, code: &str) -> Result<Vec<SlaRecord>> {
        let mut tx = self.db.read().await?;
        internal(&mut tx, actor, code).await?;
        store::decisions::sla_records(&mut tx, code).await
    }

    /// Sets the SLA profile, or brings it up when the actor is not the process owner. Open tickets keep theirs.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid`; `Conflict` when another one is waiting.
    pub async fn propose_sla(
        &self,
        actor: &Actor,
        code: &str,
        profile: &str,
        reason: &str,
        paper: &Paper,
        key: Option<&str>,
    ) -> Result<SlaRecord> {
        let request = ("sla", profile, reason, paper);
        let Turn { mut tx, mut entry, repeat } = self.turn(actor, Act::ProposeSla, code, key, &request).await?;
        if let Repeat::Answered(id) = repeat {
            return again(tx, code, &id).await;
        }
        refuse_retired(&entry)?;
        let mut record = SlaRecord {
            id: 0,
            service: code.to_owned(),
            profile: self.known_profile(profile)?,
            state: SlaState::Proposed,
            reason: required("reason", reason, LONGEST_REASON)?,
            proposed_by: person(actor),
            proposed_at: self.now(),
            decision: None,
            document: None,
        };
        let is_owner = may(actor, Act::SetSla, &entry.service.agency);
        if is_owner || !paper.is_empty() {
            record.document = Some(paper.read()?);
        }
        let all = store::decisions::sla_records(&mut tx, code).await?;
        if all.iter().any(|record| record.state == SlaState::Proposed) {
            return Err(Error::conflict(Say::new("error-sla-waits")));
        }
        if is_owner {
            record.state = SlaState::Approved;
            record.decision = decision(actor, self.now(), None);
        }
        record.id = store::decisions::add_sla(&mut tx, &record).await?;
        if is_owner {
            self.sla_into_force(&mut tx, actor, &mut entry, &record).await?;
        } else {
            let facts = json!({
                "record": record.id, "profile": record.profile, "reason": record.reason, "document": record.document,
            });
            self.note_service(&mut tx, actor, code, "sla_proposed", facts).await?;
        }
        once::answer(&mut tx, actor, key, &record.id.to_string()).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// The process owner agrees to a profile that was brought up, on the paper it came with or another.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid`, `Conflict` when it is decided already.
    pub async fn approve_sla(
        &self,
        actor: &Actor,
        code: &str,
        id: i64,
        paper: &Paper,
        key: Option<&str>,
    ) -> Result<SlaRecord> {
        let Turn { mut tx, mut entry, repeat } =
            self.turn(actor, Act::SetSla, code, key, &("approve sla", id, paper)).await?;
        if repeat != Repeat::First {
            return again(tx, code, &id.to_string()).await;
        }
        refuse_retired(&entry)?;
        let mut record = waiting(&mut tx, code, id).await?;
        if record.document.is_none() || !paper.is_empty() {
            record.document = Some(paper.read()?);
        }
        // The pack may have lost it since.
        record.profile = self.known_profile(&record.profile)?;
        record.state = SlaState::Approved;
        record.decision = decision(actor, self.now(), None);
        store::decisions::decide_sla(&mut tx, &record).await?;
        self.sla_into_force(&mut tx, actor, &mut entry, &record).await?;
        once::answer(&mut tx, actor, key, &id.to_string()).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// The process owner refuses a profile that was brought up.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid` without a reason, `Conflict` when it is decided already.
    pub async fn reject_sla(
        &self,
        actor: &Actor,
        code: &str,
        id: i64,
        reason: &str,
        key: Option<&str>,
    ) -> Result<SlaRecord> {
        let Turn { mut tx, repeat, .. } = self.turn(actor, Act::SetSla, code, key, &("reject sla", id, reason)).await?;
        if repeat != Repeat::First {
            return again(tx, code, &id.to_string()).await;
        }
        let mut record = waiting(&mut tx, code, id).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        record.state = SlaState::Rejected;
        let facts = json!({"record": id, "profile": record.profile, "reason": reason});
        record.decision = decision(actor, self.now(), Some(reason));
        store::decisions::decide_sla(&mut tx, &record).await?;
        self.note_service(&mut tx, actor, code, "sla_rejected", facts).await?;
        once::answer(&mut tx, actor, key, &id.to_string()).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// From now on new tickets follow the approved profile, unless the service is critical.
    async fn sla_into_force(&self, tx: &mut Tx, actor: &Actor, entry: &mut Entry, record: &SlaRecord) -> Result<()> {
        let facts = json!({
            "record": record.id, "from": entry.sla_profile, "to": record.profile, "reason": record.reason,
            "document": record.document,
        });
        entry.sla_profile.clone_from(&record.profile);
        if !entry.service.critical {
            entry.service.profile.clone_from(&record.profile);
        }
        self.save_service(tx, actor, entry, "sla_set", facts).await
    }
}

async fn waiting(tx: &mut Tx, code: &str, id: i64) -> Result<SlaRecord> {
    let record = store::decisions::sla_record(tx, code, id).await?.ok_or(Error::NotFound("sla"))?;
    if record.state == SlaState::Proposed { Ok(record) } else { Err(Error::conflict(Say::new("error-sla-decided"))) }
}

/// The answer to a request that was answered before.
async fn again(mut tx: Tx, code: &str, id: &str) -> Result<SlaRecord> {
    let id = id.parse().unwrap_or_default();
    let record = store::decisions::sla_record(&mut tx, code, id).await?.ok_or(Error::NotFound("sla"))?;
    tx.commit().await?;
    Ok(record)
}
