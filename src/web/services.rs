//! The catalogue for the staff: the list, the page of a service, its history.

use crate::desk::critical::may_decide;
use crate::domain::catalogue::{Category, Entry, ProposalState, SlaState};
use crate::domain::people::Actor;
use crate::error::{FieldError, Result};
use crate::secret::new_token;
use crate::store::catalogue::Filter;
use crate::web::catalogue::{ACTS, rights};
use crate::web::failure::Answer;
use crate::web::history::row;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows on one page.
const ROWS: i64 = 100;
/// Records of each kind on the page of a service.
const RECORDS: i64 = 50;

/// The services of the region, narrowed by owner, kind, status and what is to be mended.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let asked = query(request);
    let given = |name: &str| asked.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let is = |name: &str, value: &str| asked.get(name).is_some_and(|found| found == value);
    let after = given("sesudah").unwrap_or_default();
    let filter = Filter {
        agency: given("pd"),
        category: given("kategori").and_then(|word| word.parse().ok()),
        words: given("cari"),
        critical: is("perlu", "kritis").then_some(true),
        stale: is("perlu", "usang").then(|| (true, desk.catalogue_stale_before())),
        incomplete: is("perlu", "kurang").then_some(true),
        active: Some(!is("perlu", "keluar")),
    };
    let (entries, more) = desk.catalogue(actor, filter, &after, ROWS).await?;
    let kept = ["pd", "kategori", "cari", "perlu"];
    let chosen: BTreeMap<&str, &str> =
        kept.iter().map(|name| (*name, asked.get(*name).map_or("", String::as_str))).collect();
    let agencies = desk.agencies().await?;
    let context = json!({
        "rows": entries.iter().map(|entry| visit.service_row(entry)).collect::<Vec<_>>(),
        "next": entries.last().filter(|_| more).map(|last| &last.service.code),
        "is_first": after.is_empty(),
        "is_narrowed": chosen.values().any(|value| !value.is_empty()),
        "chosen": chosen,
        "agencies": agencies.iter().map(|agency| json!({"code": agency.code, "name": agency.name})).collect::<Vec<_>>(),
        "categories": Category::ALL.iter().map(|word| json!({"word": word, "text": visit.word("category", word.as_str())})).collect::<Vec<_>>(),
        "needs": ["kritis", "usang", "kurang", "keluar"],
        "may_add": agencies.iter().any(|agency| rights(actor, &agency.code)["describe"] == true),
    });
    Ok(visit.page("services.html", context)?)
}

/// A service with everything the catalogue says of it and what the person may do.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let done =
        query(request).remove("kabar").filter(|word| word == "usul" || word == "ubah" || ACTS.contains(&word.as_str()));
    let mut context = shape(visit, actor, &code).await?;
    context["done"] = done.into();
    Ok(visit.form("service.html", context)?)
}

/// The page again after a refused form, with what was written; `told` is why, where no field is to blame.
///
/// # Errors
/// As [`shape`].
pub async fn again(
    visit: &Visit,
    code: &str,
    act: &str,
    sent: &Sent,
    told: &str,
    problems: &[FieldError],
) -> Result<Response> {
    let mut context = shape(visit, visit.staff()?, code).await?;
    context["act"] = act.into();
    context["told"] = told.into();
    context["kept"] = json!(sent.0);
    if problems.is_empty() {
        visit.form("service.html", context)
    } else {
        visit.mend("service.html", context, problems, &format!("{act}-"))
    }
}

/// Everything the template shows, with no form filled in.
async fn shape(visit: &Visit, actor: &Actor, code: &str) -> Result<Value> {
    let desk = visit.desk();
    let entry = desk.entry(actor, code).await?;
    let records = desk.sla_records(actor, code).await?;
    let proposals = desk.proposals(actor, Some(code), None, i64::MAX, RECORDS).await?;
    let agency = desk.agencies().await?.into_iter().find(|agency| agency.code == entry.service.agency);
    let waiting = proposals.iter().find(|proposal| proposal.state == ProposalState::Proposed);
    let sla = records.iter().find(|record| record.state == SlaState::Approved);
    Ok(json!({
        "it": visit.service_facts(&entry),
        "agency_name": agency.map(|agency| agency.name),
        "may": rights(actor, &entry.service.agency),
        "records": records.iter().map(|record| visit.sla_row(record)).collect::<Vec<_>>(),
        "sla": sla.map(|record| visit.sla_row(record)),
        "sla_waiting": records.iter().find(|record| record.state == SlaState::Proposed).map(|record| visit.sla_row(record)),
        "proposals": proposals.iter().map(|proposal| visit.proposal_row(proposal)).collect::<Vec<_>>(),
        "waiting": waiting.map(|proposal| visit.proposal_row(proposal)),
        "may_decide": waiting.is_some_and(|proposal| may_decide(actor, &entry.service.agency, proposal)),
        "held": desk.held_to_another(&entry).await?,
        "in_force": in_force(&entry, &proposals, sla.map(|record| record.id)),
        "profiles": desk.profile_names(),
        "act": "",
        "told": "",
        "kept": {},
        "done": Value::Null,
        "key": new_token()?,
    }))
}

/// The act and the record by which the profile in force may be applied to open tickets.
fn in_force(entry: &Entry, proposals: &[crate::domain::catalogue::Proposal], sla: Option<i64>) -> Value {
    let determined = proposals.iter().find(|proposal| proposal.state == ProposalState::Determined);
    match (entry.service.critical, determined, sla) {
        (false, _, Some(id)) => json!({"act": "sla-terapkan", "id": id}),
        (_, Some(proposal), _) => json!({"act": "terapkan", "id": proposal.id}),
        _ => Value::Null,
    }
}

/// The chained events of a service.
#[handler]
pub async fn history(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let after = query(request).get("sesudah").and_then(|seq| seq.parse().ok()).unwrap_or(0);
    let events = desk.service_events(actor, &code, after, ROWS).await?;
    let names = desk.names_in(&events).await?;
    let is_full = i64::try_from(events.len()).is_ok_and(|count| count == ROWS);
    let next = events.last().filter(|_| is_full).map(|event| event.seq);
    let rows: Vec<Value> = events.iter().map(|event| row(visit, event, &names)).collect();
    let entry = desk.entry(actor, &code).await?;
    let context = json!({"code": code, "name": entry.service.name, "rows": rows, "next": next});
    Ok(visit.page("service_history.html", context)?)
}
