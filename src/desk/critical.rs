//! Critical status in two steps: the agency proposes, the ICT office determines (SUMUT 51(2)).

use crate::desk::catalogue::{Turn, denied, internal, refuse_retired};
use crate::desk::once::Repeat;
use crate::desk::paper::{Paper, decision, person};
use crate::desk::written::{LONGEST_REASON, required, required_all};
use crate::desk::{Desk, once};
use crate::domain::catalogue::{Act, Entry, Proposal, ProposalKind, ProposalState, is_other_person, may};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use serde_json::json;

/// How a proposal is agreed to.
#[derive(Debug, Clone, Default, Hash)]
pub struct Determination {
    /// The paper.
    pub paper: Paper,
    /// What kind of paper it is, in free words (A5).
    pub instrument: Option<String>,
    /// The profile of new tickets; left out, the usual one of critical services.
    pub profile: Option<String>,
}

impl Desk {
    /// Proposals about the critical status, newest first, before the key `before`: of one service or of all.
    ///
    /// # Errors
    /// `NotFound` for an unknown service, `Denied` for those who may not read them.
    pub async fn proposals(
        &self,
        actor: &Actor,
        service: Option<&str>,
        state: Option<ProposalState>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Proposal>> {
        let mut tx = self.db.read().await?;
        match service {
            Some(code) => _ = internal(&mut tx, actor, code).await?,
            None if actor.is_staff() => {}
            None => return Err(denied()),
        }
        store::decisions::proposals(&mut tx, service, state, before, limit).await
    }

    /// Brings up that a service is critical, or no longer.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid`; `Conflict` when it is so already or a proposal is waiting.
    pub async fn propose_critical(
        &self,
        actor: &Actor,
        code: &str,
        kind: ProposalKind,
        reason: &str,
        evidence: &str,
        key: Option<&str>,
    ) -> Result<Proposal> {
        let request = ("propose", kind, reason, evidence);
        let Turn { mut tx, entry, repeat } = self.turn(actor, Act::ProposeCritical, code, key, &request).await?;
        if let Repeat::Answered(id) = repeat {
            return again(tx, code, &id).await;
        }
        refuse_retired(&entry)?;
        let texts = required_all(&[("reason", reason, LONGEST_REASON), ("evidence", evidence, LONGEST_REASON)])?;
        if entry.service.critical == (kind == ProposalKind::Determine) {
            let key = if entry.service.critical { "error-critical-already" } else { "error-not-critical" };
            return Err(Error::conflict(Say::new(key)));
        }
        let open = store::decisions::proposals(&mut tx, Some(code), Some(ProposalState::Proposed), i64::MAX, 1).await?;
        if !open.is_empty() {
            return Err(Error::conflict(Say::new("error-proposal-waits")));
        }
        let mut texts = texts.into_iter();
        let mut proposal = Proposal {
            id: 0,
            service: code.to_owned(),
            kind,
            state: ProposalState::Proposed,
            reason: texts.next().unwrap_or_default(),
            evidence: texts.next().unwrap_or_default(),
            proposed_by: person(actor),
            proposed_at: self.now(),
            decision: None,
            document: None,
            instrument: None,
            profile: None,
        };
        proposal.id = store::decisions::add_proposal(&mut tx, &proposal).await?;
        let facts =
            json!({"proposal": proposal.id, "kind": kind, "reason": proposal.reason, "evidence": proposal.evidence});
        self.note_service(&mut tx, actor, code, "critical_proposed", facts).await?;
        once::answer(&mut tx, actor, key, &proposal.id.to_string()).await?;
        tx.commit().await?;
        Ok(proposal)
    }

    /// Agrees to a proposal: from now on new tickets of the service follow its profile. Open ones keep theirs.
    ///
    /// # Errors
    /// `NotFound`, `Denied` also for one's own proposal, `Invalid`, `Conflict` when it is decided already.
    pub async fn determine(
        &self,
        actor: &Actor,
        code: &str,
        id: i64,
        how: &Determination,
        key: Option<&str>,
    ) -> Result<Proposal> {
        let request = ("determine", id, how);
        let Turn { mut tx, mut entry, repeat } = self.turn(actor, Act::DecideCritical, code, key, &request).await?;
        if repeat != Repeat::First {
            return again(tx, code, &id.to_string()).await;
        }
        let mut proposal = self.waiting(&mut tx, actor, code, id).await?;
        refuse_retired(&entry)?;
        proposal.document = Some(how.paper.read()?);
        proposal.instrument =
            how.instrument.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        if proposal.instrument.as_ref().is_some_and(|text| text.chars().count() > 200) {
            return Err(Error::field("instrument", Say::new("field-too-long").with("longest", 200)));
        }
        let before = entry.service.profile.clone();
        self.put_in_force(&mut entry, &mut proposal, how.profile.as_deref())?;
        proposal.state = ProposalState::Determined;
        proposal.decision = decision(actor, self.now(), None);
        store::decisions::decide_proposal(&mut tx, &proposal).await?;
        let kind = match proposal.kind {
            ProposalKind::Determine => "critical_determined",
            ProposalKind::Revoke => "critical_revoked",
        };
        let facts = json!({
            "proposal": id, "document": proposal.document, "instrument": proposal.instrument,
            "from": before, "to": entry.service.profile,
        });
        self.save_service(&mut tx, actor, &mut entry, kind, facts).await?;
        once::answer(&mut tx, actor, key, &id.to_string()).await?;
        tx.commit().await?;
        Ok(proposal)
    }

    /// What a determination changes of the service.
    fn put_in_force(&self, entry: &mut Entry, proposal: &mut Proposal, profile: Option<&str>) -> Result<()> {
        let named = profile.map(str::trim).filter(|name| !name.is_empty());
        let profile = match proposal.kind {
            ProposalKind::Determine => self.known_profile(named.unwrap_or(&self.pack().catalogue.critical_profile))?,
            // The way back leads to the profile the process owner has set.
            ProposalKind::Revoke if named.is_some_and(|name| name != entry.sla_profile) => {
                return Err(Error::field(
                    "profile",
                    Say::new("field-profile-of-sla").with("profile", &entry.sla_profile),
                ));
            }
            ProposalKind::Revoke => entry.sla_profile.clone(),
        };
        entry.service.critical = proposal.kind == ProposalKind::Determine;
        entry.service.profile.clone_from(&profile);
        proposal.profile = Some(profile);
        Ok(())
    }

    /// Refuses a proposal.
    ///
    /// # Errors
    /// `NotFound`, `Denied` also for one's own proposal, `Invalid` without a reason, `Conflict` when it is decided.
    pub async fn reject_proposal(
        &self,
        actor: &Actor,
        code: &str,
        id: i64,
        reason: &str,
        key: Option<&str>,
    ) -> Result<Proposal> {
        let Turn { mut tx, repeat, .. } =
            self.turn(actor, Act::DecideCritical, code, key, &("reject", id, reason)).await?;
        if repeat != Repeat::First {
            return again(tx, code, &id.to_string()).await;
        }
        let proposal = self.waiting(&mut tx, actor, code, id).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        self.end_proposal(tx, actor, proposal, ProposalState::Rejected, Some(reason), key).await
    }

    /// Takes a proposal back.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Conflict` when it is decided already.
    pub async fn withdraw_proposal(
        &self,
        actor: &Actor,
        code: &str,
        id: i64,
        reason: &str,
        key: Option<&str>,
    ) -> Result<Proposal> {
        let Turn { mut tx, repeat, .. } =
            self.turn(actor, Act::ProposeCritical, code, key, &("withdraw", id, reason)).await?;
        if repeat != Repeat::First {
            return again(tx, code, &id.to_string()).await;
        }
        let proposal = proposed(&mut tx, code, id).await?;
        let reason = Some(reason).filter(|reason| !reason.trim().is_empty());
        let reason = reason.map(|reason| required("reason", reason, LONGEST_REASON)).transpose()?;
        self.end_proposal(tx, actor, proposal, ProposalState::Withdrawn, reason, key).await
    }

    async fn end_proposal(
        &self,
        mut tx: Tx,
        actor: &Actor,
        mut proposal: Proposal,
        state: ProposalState,
        reason: Option<String>,
        key: Option<&str>,
    ) -> Result<Proposal> {
        let kind = if state == ProposalState::Rejected { "critical_rejected" } else { "critical_withdrawn" };
        let facts = json!({"proposal": proposal.id, "reason": reason});
        proposal.state = state;
        proposal.decision = decision(actor, self.now(), reason);
        store::decisions::decide_proposal(&mut tx, &proposal).await?;
        self.note_service(&mut tx, actor, &proposal.service, kind, facts).await?;
        once::answer(&mut tx, actor, key, &proposal.id.to_string()).await?;
        tx.commit().await?;
        Ok(proposal)
    }

    /// A proposal that waits for somebody else's decision.
    async fn waiting(&self, tx: &mut Tx, actor: &Actor, code: &str, id: i64) -> Result<Proposal> {
        let proposal = proposed(tx, code, id).await?;
        if is_other_person(actor, &proposal.proposed_by) {
            Ok(proposal)
        } else {
            Err(Error::Denied(Say::new("error-own-proposal")))
        }
    }
}

async fn proposed(tx: &mut Tx, code: &str, id: i64) -> Result<Proposal> {
    let proposal = store::decisions::proposal(tx, code, id).await?.ok_or(Error::NotFound("proposal"))?;
    if proposal.state == ProposalState::Proposed {
        Ok(proposal)
    } else {
        Err(Error::conflict(Say::new("error-proposal-decided")))
    }
}

/// The answer to a request that was answered before.
async fn again(mut tx: Tx, code: &str, id: &str) -> Result<Proposal> {
    let id = id.parse().unwrap_or_default();
    let proposal = store::decisions::proposal(&mut tx, code, id).await?.ok_or(Error::NotFound("proposal"))?;
    tx.commit().await?;
    Ok(proposal)
}

/// May the actor decide on this proposal of a service of `agency`?
pub fn may_decide(actor: &Actor, agency: &str, proposal: &Proposal) -> bool {
    proposal.state == ProposalState::Proposed
        && may(actor, Act::DecideCritical, agency)
        && is_other_person(actor, &proposal.proposed_by)
}
