//! The duty register: what is late, what is due soon, what was done, and the forms for it.

use crate::desk::duty_acts::{DutyCommand, NewDuty};
use crate::desk::duty_views::DutyPage;
use crate::domain::duty::{Duty, DutyAct, DutyState, ONE_OFF, may, may_enter};
use crate::domain::duty_rule::day_of;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::domain::service::Agency;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::store::duties::Filter;
use crate::text;
use crate::web::addresses::{DUTY_ACTS, read_place, write_place};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{Datelike, NaiveDate};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Entries on one page.
const ROWS: i64 = 60;
/// Closed entries shown at most.
const CLOSED_ROWS: i64 = 200;
/// Fields whose text stays when a form is refused.
const KEPT: [&str; 10] =
    ["evidence", "evidence_url", "planned_on", "reason", "code", "title", "agency", "due_on", "ticket", "note"];

/// The register as far as the person may see it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let given = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let mut context = shape(visit, actor, given("pd"), given("sesudah")).await?;
    let done = given("kabar");
    if done == "baru" || DUTY_ACTS.iter().any(|(word, _)| *word == done) {
        context["done"] = done.into();
    }
    Ok(visit.form("duties.html", context)?)
}

/// Does what the form asks; when it is refused, what was written stays in its form.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((id, act)): Path<(i64, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let known = DUTY_ACTS.iter().find(|(word, _)| *word == act).ok_or(Error::NotFound("act"))?;
    let command = match command(known.1, &sent) {
        Ok(command) => command,
        Err(error) => return again(visit, actor, &format!("{act}-{id}"), &sent, error).await,
    };
    let version = sent.get("versi").parse().ok();
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().act_on_duty(actor, id, version, command, key).await {
        Ok(_) => Ok(see_other(&address(&sent, &act))),
        Err(error) => again(visit, actor, &format!("{act}-{id}"), &sent, error).await,
    }
}

/// Enters a change, or something to be done once.
#[handler]
pub async fn enter(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let text = |field: &str| sent.get(field).to_owned();
    let due_on = match date(&sent, "due_on") {
        Ok(due_on) => due_on,
        Err(error) => return again(visit, actor, "baru", &sent, error).await,
    };
    let new = NewDuty {
        code: Some(text("code")).filter(|code| !code.is_empty()),
        title: text("title"),
        agency: text("agency"),
        due_on,
        ticket: text("ticket"),
        note: text("note"),
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().enter_duty(actor, new, key).await {
        Ok(_) => Ok(see_other(&address(&sent, "baru"))),
        Err(error) => again(visit, actor, "baru", &sent, error).await,
    }
}

fn address(sent: &Sent, told: &str) -> String {
    let pd: String = sent.get("pd").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("/kerja/kewajiban?pd={pd}&kabar={told}")
}

fn command(act: DutyAct, sent: &Sent) -> Result<DutyCommand> {
    let reason = || sent.get("reason").to_owned();
    Ok(match act {
        DutyAct::Done => {
            DutyCommand::Done { evidence: sent.get("evidence").to_owned(), link: sent.get("evidence_url").to_owned() }
        }
        DutyAct::Plan => DutyCommand::Plan { on: date(sent, "planned_on")? },
        DutyAct::Waive => DutyCommand::Waive { reason: reason() },
        DutyAct::Reopen => DutyCommand::Reopen { reason: reason() },
    })
}

fn date(sent: &Sent, field: &'static str) -> Result<Option<NaiveDate>> {
    match sent.get(field) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(field, Say::new("field-date"))),
    }
}

/// The register as it stands now, with the text of the refused form kept.
async fn again(visit: &Visit, actor: &Actor, mine: &str, sent: &Sent, error: Error) -> Answer {
    if !matches!(error, Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_)) {
        return Err(error.into());
    }
    let mut context = shape(visit, actor, sent.get("pd"), "").await?;
    context["mine"] = mine.into();
    context["mine_closed"] = mine.starts_with("buka-lagi").into();
    context["kept"] = KEPT.iter().map(|field| ((*field).to_owned(), Value::from(sent.get(field)))).collect();
    if let Error::Invalid(problems) = &error {
        let problems: Vec<FieldError> = problems.clone();
        return Ok(visit.mend("duties.html", context, &problems, &format!("{mine}-"))?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("duties.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

async fn shape(visit: &Visit, actor: &Actor, pd: &str, after: &str) -> Result<Value> {
    let desk = visit.desk();
    let agency = Some(pd.to_owned()).filter(|code| !code.is_empty());
    let after = read_place(after);
    let owed =
        Filter { states: vec![DutyState::Open, DutyState::Overdue], agency: agency.clone(), ..Filter::default() };
    let owed = desk.duties(actor, &owed, after, ROWS).await?;
    let closed = closed(visit, actor, agency).await?;
    let agencies = desk.agencies().await?;
    let name =
        |code: &str| agencies.iter().find(|known| known.code == code).map_or(code.to_owned(), |a| a.name.clone());
    let counts: Vec<Value> = (desk.owed_duties(actor).await?.into_iter())
        .map(
            |owed| json!({"code": owed.agency, "name": name(&owed.agency), "open": owed.open, "overdue": owed.overdue}),
        )
        .collect();
    let entry = |page: &DutyPage, kept: &dyn Fn(&Duty) -> bool| -> Vec<Value> {
        page.items
            .iter()
            .filter(|duty| kept(duty))
            .map(|duty| row(visit, actor, duty, page, &name(&duty.agency)))
            .collect()
    };
    let now = desk.now();
    let is_late = |duty: &Duty| duty.state == DutyState::Overdue;
    let is_soon = |duty: &Duty| !is_late(duty) && duty.remind_at.is_some_and(|at| at <= now);
    let parts = json!([
        {"name": "late", "rows": entry(&owed, &is_late)},
        {"name": "soon", "rows": entry(&owed, &is_soon)},
        {"name": "later", "rows": entry(&owed, &|duty| !is_late(duty) && !is_soon(duty))},
    ]);
    let mut context = json!({
        "pd": pd,
        "parts": parts,
        "is_empty": owed.items.is_empty(),
        "is_first": after.is_none(),
        "next": owed.next.map(write_place),
        "closed": entry(&closed, &|_| true),
        "counts": counts,
        "told": "",
        "done": Value::Null,
        "mine": "",
        "mine_closed": false,
        "kept": KEPT.iter().map(|field| ((*field).to_owned(), Value::from(""))).collect::<serde_json::Map<_, _>>(),
        "key": new_token()?,
    });
    let more = choices(visit, actor, &agencies);
    if let (Some(context), Value::Object(more)) = (context.as_object_mut(), more) {
        context.extend(more);
    }
    Ok(context)
}

/// What was done or waived in the running local year.
async fn closed(visit: &Visit, actor: &Actor, agency: Option<String>) -> Result<DutyPage> {
    let today = day_of(visit.desk().now(), visit.zone());
    let filter = Filter {
        states: vec![DutyState::Done, DutyState::Waived],
        agency,
        // Nothing stays owed for longer before somebody asks what became of it.
        due_from: NaiveDate::from_ymd_opt(today.year() - 2, 1, 1),
        ..Filter::default()
    };
    let mut page = visit.desk().duties(actor, &filter, None, CLOSED_ROWS).await?;
    page.items.retain(|duty| match duty.done_at {
        Some(at) => day_of(at, visit.zone()).year() == today.year(),
        None => duty.due_on.year() >= today.year(),
    });
    Ok(page)
}

/// What the form for a new entry offers.
fn choices(visit: &Visit, actor: &Actor, agencies: &[Agency]) -> Value {
    let offered: Vec<&Agency> =
        agencies.iter().filter(|agency| agency.active && may_enter(actor, true, &agency.code)).collect();
    let once = offered.iter().any(|agency| may_enter(actor, false, &agency.code));
    let changes: Vec<Value> =
        visit.desk().change_duties().into_iter().map(|(code, what)| json!({"code": code, "what": what})).collect();
    json!({
        "may_enter": !offered.is_empty() && (once || !changes.is_empty()),
        "may_enter_once": once,
        "changes": changes,
        "agencies": offered.iter().map(|agency| json!({"code": agency.code, "name": agency.name})).collect::<Vec<_>>(),
    })
}

fn row(visit: &Visit, actor: &Actor, duty: &Duty, page: &DutyPage, agency: &str) -> Value {
    let long = |date: NaiveDate| text::long_date(visit.language, date);
    let offered = DUTY_ACTS.iter().filter(|(_, act)| duty.state.allows(*act) && may(actor, *act, duty));
    json!({
        "id": duty.id,
        "version": duty.version,
        "what": duty.what,
        "agency": agency,
        "due": long(duty.due_on),
        "due_on": duty.due_on,
        "chip": chip(visit, duty),
        "sanctionable": duty.sanctionable,
        "source": duty.source.as_deref().filter(|_| duty.code != ONE_OFF),
        "planned": duty.planned_on.map(long),
        "planned_on": duty.planned_on.map(|date| date.to_string()).unwrap_or_default(),
        "ticket": number::parse(&duty.cause),
        "done_at": visit.instant_if(duty.done_at),
        "done_by": duty.done_by.and_then(|id| page.people.get(&id)).map(|person| person.1.clone()),
        "evidence": duty.evidence,
        "evidence_url": duty.evidence_url,
        "note": duty.note,
        "acts": offered.map(|(word, _)| *word).collect::<Vec<_>>(),
    })
}

/// The state in a word, a shape and a colour.
fn chip(visit: &Visit, duty: &Duty) -> Value {
    let is_soon = duty.remind_at.is_some_and(|at| at <= visit.desk().now());
    let (word, colour, icon) = match duty.state {
        DutyState::Open if is_soon => ("soon", "warn", "clock"),
        DutyState::Open => ("open", "info", "ring"),
        DutyState::Overdue => ("overdue", "danger", "alert"),
        DutyState::Done if duty.is_late() => ("late", "warn", "check"),
        DutyState::Done => ("done", "ok", "check"),
        DutyState::Waived => ("waived", "neutral", "square"),
        DutyState::Void => ("void", "neutral", "square"),
    };
    json!({"family": colour, "icon": icon, "text": visit.word("duty-state", word), "title": Value::Null})
}
