//! Proposals about the critical status: the list for the ICT office, the form for the agency.

use crate::desk::critical::may_decide;
use crate::domain::catalogue::{Proposal, ProposalKind, ProposalState};
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::catalogue::rights;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Decided proposals on one page; of those that wait, all that can be read in one go.
const ROWS: i64 = 50;

/// Proposals that wait for a decision, with the forms to decide, and the decided ones below.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let before = query(request).get("sebelum").and_then(|id| id.parse().ok()).unwrap_or(i64::MAX);
    let waiting = desk.proposals(actor, None, Some(ProposalState::Proposed), i64::MAX, ROWS).await?;
    let all = desk.proposals(actor, None, None, before, ROWS).await?;
    let next = all.last().filter(|_| i64::try_from(all.len()).unwrap_or(0) >= ROWS).map(|last| last.id);
    let mut open = Vec::new();
    for proposal in &waiting {
        open.push(with_service(visit, actor, proposal).await?);
    }
    let decided = all.iter().filter(|proposal| proposal.state != ProposalState::Proposed);
    let context = json!({
        "open": open,
        "decided": decided.map(|proposal| visit.proposal_row(proposal)).collect::<Vec<_>>(),
        "next": next,
        "is_first": before == i64::MAX,
        "profiles": desk.profile_names(),
    });
    Ok(visit.form("proposals.html", context)?)
}

async fn with_service(visit: &Visit, actor: &Actor, proposal: &Proposal) -> Result<Value> {
    let entry = visit.desk().entry(actor, &proposal.service).await?;
    let mut row = visit.proposal_row(proposal);
    row["it"] = visit.service_facts(&entry);
    row["may_decide"] = may_decide(actor, &entry.service.agency, proposal).into();
    row["key"] = new_token()?.into();
    Ok(row)
}

/// The form in which an agency proposes.
#[handler]
pub async fn show_form(Data(visit): Data<&Visit>, Path(code): Path<String>) -> Answer {
    let context = context(visit, visit.staff()?, &code, "", "").await?;
    Ok(visit.form("propose_critical.html", context)?)
}

/// Proposes.
#[handler]
pub async fn propose(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let (reason, evidence) = (sent.get("reason"), sent.get("evidence"));
    let kind = sent.get("kind").parse().unwrap_or(ProposalKind::Determine);
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let error = match desk.propose_critical(actor, &code, kind, reason, evidence, key).await {
        Ok(_) => return Ok(see_other(&format!("/kerja/layanan/{code}?kabar=usul"))),
        Err(error) => error,
    };
    let mut context = context(visit, actor, &code, reason, evidence).await?;
    match error {
        Error::Invalid(problems) => Ok(visit.mend("propose_critical.html", context, &problems, "")?),
        error @ (Error::Conflict { .. } | Error::Denied(_)) => {
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("propose_critical.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        error => Err(error.into()),
    }
}

async fn context(visit: &Visit, actor: &Actor, code: &str, reason: &str, evidence: &str) -> Result<Value> {
    let entry = visit.desk().entry(actor, code).await?;
    if rights(actor, &entry.service.agency)["propose"] != true {
        return Err(Error::Denied(crate::error::Say::new("error-denied")));
    }
    let kind = if entry.service.critical { ProposalKind::Revoke } else { ProposalKind::Determine };
    Ok(json!({
        "it": visit.service_facts(&entry),
        "kind": kind,
        "reason": reason,
        "evidence": evidence,
        "told": "",
        "key": new_token()?,
    }))
}
