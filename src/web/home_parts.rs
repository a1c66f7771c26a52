//! What the home holds for those who look after others: heads, the coordination team, auditors, who runs the house.

use crate::domain::catalogue::SlaState;
use crate::domain::knowledge::article::{ArticleAct, ArticleState, may_act};
use crate::domain::letter::{LetterAct, LetterState};
use crate::domain::people::{Actor, Role};
use crate::error::Result;
use crate::store::articles::ArticleFilter;
use crate::store::letters::LetterFilter;
use crate::store::queues::Counts;
use crate::web::audit::check_row;
use crate::web::health::figures;
use crate::web::menu::{audits, runs_the_house, signs};
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// Agencies in trouble shown at most; the rest stands on the board.
const TROUBLED: usize = 6;
/// Letters that are counted at most; more never wait.
const LETTERS: i64 = 100;

/// Articles of each kind that are listed.
const ARTICLES: i64 = 5;

/// Answers for an agency or for the region, and reads figures before tickets.
pub fn leads(actor: &Actor) -> bool {
    [Role::AgencyHead, Role::ProcessOwner, Role::IctHead, Role::CoordinationTeam, Role::Auditor]
        .iter()
        .any(|role| actor.holds(*role))
}

/// Answers for the region.
fn leads_region(actor: &Actor) -> bool {
    actor.holds(Role::IctHead) || actor.holds(Role::CoordinationTeam)
}

/// The sentence and the figures behind it; each figure counts the list it links to.
pub fn figures_of(actor: &Actor, counts: &Counts) -> Value {
    if !leads(actor) {
        return Value::Null;
    }
    json!({
        "open": counts.open,
        "overdue": counts.overdue,
        "near": counts.near,
        "list": [
            {"word": "", "count": counts.open},
            {"word": "lewat-batas", "count": counts.overdue},
            {"word": "hampir-lewat", "count": counts.near},
            {"word": "dieskalasi", "count": counts.escalated},
        ],
    })
}

/// How many letters wait for the signature of the actor.
///
/// # Errors
/// The database does not answer.
pub async fn letters_waiting(visit: &Visit, actor: &Actor) -> Result<usize> {
    if !signs(actor) {
        return Ok(0);
    }
    let filter = LetterFilter { state: Some(LetterState::AwaitingSignature), ..LetterFilter::default() };
    let letters = visit.desk().letters(actor, &filter, i64::MAX, LETTERS).await?;
    Ok(letters.iter().filter(|letter| visit.desk().may_letter(actor, LetterAct::Sign, letter)).count())
}

/// Agencies past an end or without a first line, worst first, for those who answer for the region.
///
/// # Errors
/// The database does not answer.
pub async fn trouble(visit: &Visit, actor: &Actor) -> Result<Vec<Value>> {
    if !leads_region(actor) {
        return Ok(Vec::new());
    }
    let mut loads = visit.desk().supervision(actor).await?;
    loads.retain(|(load, held)| load.overdue > 0 || !held);
    loads.sort_by_key(|(load, held)| (*held, -load.overdue, -load.open));
    let row = |(load, held): &(crate::store::queues::Load, bool)| json!({"code": load.agency, "name": load.name, "overdue": load.overdue, "open": load.open, "held": held});
    Ok(loads.iter().take(TROUBLED).map(row).collect())
}

/// Services of the own agencies whose proposed SLA waits for the process owner.
///
/// # Errors
/// The database does not answer.
pub async fn sla_waiting(visit: &Visit, actor: &Actor) -> Result<Vec<Value>> {
    let owned = actor.grants.iter().filter(|grant| grant.role == Role::ProcessOwner);
    let owned: Vec<&str> = owned.filter_map(|grant| grant.agency.as_deref()).collect();
    let mut waiting = Vec::new();
    if owned.is_empty() {
        return Ok(waiting);
    }
    for service in visit.desk().services().await? {
        if owned.contains(&service.agency.as_str())
            && let Some(record) = visit.desk().sla_records(actor, &service.code).await?.first()
            && record.state == SlaState::Proposed
        {
            waiting.push(json!({"code": service.code, "name": service.name, "profile": record.profile}));
        }
    }
    Ok(waiting)
}

/// The outcome of the last check of the trail, for those who look after it.
///
/// # Errors
/// The database does not answer.
pub async fn trail(visit: &Visit, actor: &Actor) -> Result<Value> {
    if !audits(actor) {
        return Ok(json!({"shown": false, "check": Value::Null}));
    }
    let last = visit.desk().last_check(actor).await?;
    Ok(json!({"shown": true, "check": check_row(visit, last.as_ref())}))
}

/// How the installation is, for who runs it.
///
/// # Errors
/// The database does not answer.
pub async fn house(visit: &Visit, actor: &Actor) -> Result<Value> {
    if !runs_the_house(actor) {
        return Ok(Value::Null);
    }
    Ok(figures(visit, &visit.desk().health(actor).await?))
}

/// Articles that wait for the actor: to be published, and to be checked again.
///
/// # Errors
/// The database does not answer.
pub async fn articles(visit: &Visit, actor: &Actor) -> Result<Vec<Value>> {
    let (desk, mut rows) = (visit.desk(), Vec::new());
    let waiting = ArticleFilter { state: Some(ArticleState::InReview), ..ArticleFilter::default() };
    let stale = ArticleFilter { due: Some(desk.now()), ..ArticleFilter::default() };
    for (word, act, filter) in [("publish", ArticleAct::Publish, waiting), ("check", ArticleAct::Check, stale)] {
        let found = desk.kept_articles(actor, &filter, i64::MAX, ARTICLES).await?;
        let own = found.iter().filter(|it| may_act(actor, act, it.held()));
        rows.extend(own.map(
            |it| json!({"slug": it.article.slug, "title": it.text.title, "why": visit.word("home-article", word)}),
        ));
    }
    Ok(rows)
}
