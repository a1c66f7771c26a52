//! `/services/{code}/sla` and `/services/{code}/critical-proposals`: the records that change what tickets are promised.

use crate::api::Token;
use crate::api::answers;
use crate::api::catalogue::{ProposalJson, ProposalPage, SlaPage, SlaRecordJson, paper};
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::tickets::{full, page_size, read_cursor, refuse};
use crate::desk::Desk;
use crate::desk::critical::Determination;
use crate::desk::reprofile::{Applied, Basis};
use crate::domain::catalogue::{ProposalKind, ProposalState};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of the records.
pub struct Decisions(pub Desk);

/// Another SLA profile. From the process owner it is set at once and needs its document; from an Administrator it is
/// a proposal.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewSla {
    #[oai(default)]
    profile: String,
    #[oai(default)]
    reason: String,
    document_number: Option<String>,
    /// Local date, `YYYY-MM-DD`.
    date: Option<String>,
}

/// The document on which the process owner agrees; left out, the one of the proposal.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Approval {
    document_number: Option<String>,
    /// Local date, `YYYY-MM-DD`.
    date: Option<String>,
}

/// A proposal about the critical status.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewProposal {
    /// `determine` (the default) or `revoke`.
    kind: Option<Choice<ProposalKind>>,
    #[oai(default)]
    reason: String,
    /// What it rests on: figures, minutes, documents.
    #[oai(default)]
    evidence: String,
}

/// How the ICT office determines.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct DetermineBody {
    document_number: Option<String>,
    /// Local date, `YYYY-MM-DD`.
    date: Option<String>,
    /// What kind of paper it is, in free words.
    instrument: Option<String>,
    /// Profile of new tickets; left out, the usual one of critical services.
    profile: Option<String>,
}

/// Why.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Why {
    #[oai(default)]
    reason: String,
}

/// Open tickets that follow the profile now.
#[derive(Debug, Object)]
struct AppliedJson {
    profile: String,
    /// How many were changed.
    changed: usize,
    /// Their numbers.
    tickets: Vec<String>,
}

/// An SLA profile was set or proposed.
#[derive(ApiResponse)]
enum SlaAdded {
    /// The record.
    #[oai(status = 201)]
    Created(Json<SlaRecordJson>),
}

/// A proposal was made.
#[derive(ApiResponse)]
enum Proposed {
    /// The proposal.
    #[oai(status = 201)]
    Created(Json<ProposalJson>),
}

type Sla = Result<Json<SlaRecordJson>, Failure>;
type Proposal = Result<Json<ProposalJson>, Failure>;
type Apply = Result<Json<AppliedJson>, Failure>;
type Key = Header<Option<String>>;

#[OpenApi]
impl Decisions {
    /// Records about the SLA profile of a service, newest first.
    #[oai(path = "/services/:code/sla", method = "get")]
    async fn sla_records(&self, token: Token, code: Path<String>) -> Result<Json<SlaPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let records = self.0.sla_records(&actor, &code.0).await?;
        Ok(Json(SlaPage { items: records.into_iter().map(SlaRecordJson::new).collect(), next_cursor: None }))
    }

    /// Sets the SLA profile, or proposes it.
    #[oai(path = "/services/:code/sla", method = "post")]
    async fn propose_sla(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<NewSla>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Result<SlaAdded, Failure> {
        let actor = token.actor(&self.0).await?;
        let NewSla { profile, reason, document_number, date } = body.0;
        let paper = paper(document_number, date);
        let record = self.0.propose_sla(&actor, &code.0, &profile, &reason, &paper, key.0.as_deref()).await?;
        Ok(SlaAdded::Created(Json(SlaRecordJson::new(record))))
    }

    /// The process owner agrees to a proposed SLA profile.
    #[oai(path = "/services/:code/sla/:id/approve", method = "post")]
    async fn approve_sla(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<Approval>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Sla {
        let actor = token.actor(&self.0).await?;
        let (code, id, paper) = (code.0, id.0, paper(body.0.document_number, body.0.date));
        let record = self.0.approve_sla(&actor, &code, id, &paper, key.0.as_deref()).await?;
        Ok(Json(SlaRecordJson::new(record)))
    }

    /// The process owner refuses a proposed SLA profile.
    #[oai(path = "/services/:code/sla/:id/reject", method = "post")]
    async fn reject_sla(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<Why>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Sla {
        let actor = token.actor(&self.0).await?;
        let (code, id) = (code.0, id.0);
        let record = self.0.reject_sla(&actor, &code, id, &body.0.reason, key.0.as_deref()).await?;
        Ok(Json(SlaRecordJson::new(record)))
    }

    /// Lets the SLA profile in force apply to open tickets, too.
    #[oai(path = "/services/:code/sla/:id/apply", method = "post")]
    async fn apply_sla(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<Why>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Apply {
        let (code, id) = (code.0, id.0);
        self.apply(token, &code, Basis::Sla(id), &body.0.reason, key.0.as_deref()).await
    }

    /// Proposals about the critical status of all services, newest first.
    #[oai(path = "/critical-proposals", method = "get")]
    async fn all_proposals(
        &self,
        token: Token,
        state: Query<Option<Choice<ProposalState>>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ProposalPage>, Failure> {
        self.listed(token, None, state.0, limit.0, cursor.0.as_deref()).await
    }

    /// Proposals about the critical status of a service, newest first.
    #[oai(path = "/services/:code/critical-proposals", method = "get")]
    async fn proposals(
        &self,
        token: Token,
        code: Path<String>,
        state: Query<Option<Choice<ProposalState>>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ProposalPage>, Failure> {
        self.listed(token, Some(&code.0), state.0, limit.0, cursor.0.as_deref()).await
    }

    /// Proposes that a service is critical, or no longer.
    #[oai(path = "/services/:code/critical-proposals", method = "post")]
    async fn propose(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<NewProposal>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Result<Proposed, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let NewProposal { kind, reason, evidence } = body.0;
        let kind = choice::read(kind, "kind", &mut problems).unwrap_or(ProposalKind::Determine);
        refuse(problems)?;
        let proposal = self.0.propose_critical(&actor, &code.0, kind, &reason, &evidence, key.0.as_deref()).await?;
        Ok(Proposed::Created(Json(ProposalJson::new(proposal))))
    }

    /// The ICT office agrees: new tickets follow the profile of the determination.
    #[oai(path = "/services/:code/critical-proposals/:id/determine", method = "post")]
    async fn determine(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<DetermineBody>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Proposal {
        let actor = token.actor(&self.0).await?;
        let DetermineBody { document_number, date, instrument, profile } = body.0;
        let how = Determination { paper: paper(document_number, date), instrument, profile };
        let (code, id) = (code.0, id.0);
        let proposal = self.0.determine(&actor, &code, id, &how, key.0.as_deref()).await?;
        Ok(Json(ProposalJson::new(proposal)))
    }

    /// The ICT office refuses.
    #[oai(path = "/services/:code/critical-proposals/:id/reject", method = "post")]
    async fn reject(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<Why>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Proposal {
        let actor = token.actor(&self.0).await?;
        let (code, id) = (code.0, id.0);
        let proposal = self.0.reject_proposal(&actor, &code, id, &body.0.reason, key.0.as_deref()).await?;
        Ok(Json(ProposalJson::new(proposal)))
    }

    /// The agency takes its proposal back.
    #[oai(path = "/services/:code/critical-proposals/:id/withdraw", method = "post")]
    async fn withdraw(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<Why>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Proposal {
        let actor = token.actor(&self.0).await?;
        let (code, id) = (code.0, id.0);
        let proposal = self.0.withdraw_proposal(&actor, &code, id, &body.0.reason, key.0.as_deref()).await?;
        Ok(Json(ProposalJson::new(proposal)))
    }

    /// Lets the profile of the determination in force apply to open tickets, too.
    #[oai(path = "/services/:code/critical-proposals/:id/apply", method = "post")]
    async fn apply_determination(
        &self,
        token: Token,
        code: Path<String>,
        id: Path<i64>,
        body: Json<Why>,
        #[oai(name = "Idempotency-Key")] key: Key,
    ) -> Apply {
        let (code, id) = (code.0, id.0);
        self.apply(token, &code, Basis::Proposal(id), &body.0.reason, key.0.as_deref()).await
    }
}

impl Decisions {
    async fn apply(&self, token: Token, code: &str, basis: Basis, reason: &str, key: Option<&str>) -> Apply {
        let actor = token.actor(&self.0).await?;
        let Applied { profile, tickets } = self.0.apply_to_open(&actor, code, basis, reason, key).await?;
        Ok(Json(AppliedJson { profile, changed: tickets.len(), tickets }))
    }

    async fn listed(
        &self,
        token: Token,
        code: Option<&str>,
        state: Option<Choice<ProposalState>>,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Json<ProposalPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let state = choice::read(state, "state", &mut problems);
        let limit = page_size(limit, &mut problems);
        let list = format!("proposals {}", code.unwrap_or_default());
        let place = read_cursor(desk, &list, cursor, &mut problems);
        refuse(problems)?;
        let before = place.and_then(|place| place.parse().ok()).unwrap_or(i64::MAX);
        let proposals = desk.proposals(&actor, code, state, before, limit).await?;
        let next_cursor = full(&proposals, limit).map(|last| answers::cursor(desk, &list, &last.id.to_string()));
        Ok(Json(ProposalPage { items: proposals.into_iter().map(ProposalJson::new).collect(), next_cursor }))
    }
}
