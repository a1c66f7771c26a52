//! Changes: the list with what waits for the reader's word, the page of one, and what is done on it.

use crate::desk::changes::{ChangeView, WantedChange};
use crate::domain::change::{Approval, ChangeOutcome, ChangeRecord, ChangeRisk, Vote};
use crate::domain::number;
use crate::domain::people::{Actor, may_report_for_others};
use crate::domain::ticket::{Status, Ticket};
use crate::error::{Error, Result, Say};
use crate::policy::changes::Changes;
use crate::secret::new_token;
use crate::store::tickets::Filter;
use crate::text;
use crate::web::addresses::{read_place, write_place};
use crate::web::availability::{fields, instant, renamed};
use crate::web::failure::Answer;
use crate::web::problems::{choices, new_record};
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// Rows on one page.
const ROWS: i64 = 50;
/// Before the code of a service, and the address of a person, in the name of a box.
const SERVICE: &str = "service-";
const PERSON: &str = "orang-";
/// What can be done on the page of a change.
const ACTS: [&str; 4] = ["ajukan", "putuskan", "tahap", "akhiri"];
/// Fields of the plan beside the boxes.
const PLAN: [&str; 12] = [
    "subject",
    "description",
    "agency",
    "service",
    "risk",
    "impact",
    "plan",
    "rollback",
    "starts_date",
    "starts_time",
    "ends_date",
    "ends_time",
];
/// Fields of the other forms.
const OTHERS: [&str; 5] = ["decision", "reason", "phase", "note", "outcome"];

/// Changes, those that are open or all.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, asked) = (visit.staff()?, query(request));
    let is_all = asked.get("tampil").is_some_and(|word| word == "semua");
    let before = asked.get("sebelum").and_then(|place| read_place(place));
    let states = Status::ALL.iter().filter(|status| is_all || !status.is_finished());
    let filter = Filter { statuses: states.map(|status| status.to_string()).collect(), ..Filter::default() };
    let rules = visit.desk().change_rules()?;
    let (lines, next) = visit.desk().changes(actor, filter, before, ROWS).await?;
    let waiting = visit.desk().changes_to_approve(actor).await?;
    let context = json!({
        "rows": lines.iter().map(|(view, record)| row(visit, &view.ticket, record, &rules)).collect::<Vec<_>>(),
        "waiting": waiting.iter().map(|(number, subject)| json!({"number": number, "subject": subject})).collect::<Vec<_>>(),
        "all": is_all,
        "next": next.map(write_place),
        "is_first": before.is_none(),
        "may_open": may_report_for_others(actor),
        "standard": standard(visit, &rules),
    });
    Ok(visit.page("changes.html", context)?)
}

/// The form of a new one; `baku` is a standard change of the pack.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let rules = visit.desk().change_rules()?;
    let code = query(request).remove("baku").unwrap_or_default();
    let mut sent = Sent::default();
    let mut put = |field: &str, value: String| sent.0.insert(field.to_owned(), value);
    put("risk", ChangeRisk::Medium.to_string());
    if let Some(pattern) = rules.standard.get(&code) {
        put("template", code);
        put("subject", pattern.name(visit.language));
        put("risk", pattern.risk.to_string());
        put("impact", pattern.impact.clone());
        put("plan", pattern.plan.clone());
        put("rollback", pattern.rollback.clone());
    }
    Ok(visit.form("change_new.html", new_shape(visit, &sent, &rules).await?)?)
}

/// Opens it.
#[handler]
pub async fn open(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let template = Some(sent.get("template")).filter(|code| !code.is_empty());
    let opened = match wanted(visit, &sent) {
        Ok(wanted) => visit.desk().open_change(actor, &new_record(&sent), template, &wanted, key).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(number) => Ok(see_other(&format!("/kerja/perubahan/{number}?kabar=buka"))),
        Err(Error::Invalid(problems)) => {
            let context = new_shape(visit, &sent, &visit.desk().change_rules()?).await?;
            Ok(visit.mend("change_new.html", context, &renamed(&problems), "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// One change.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("change"))?;
    let mut context = shape(visit, &number, None).await?;
    let said = |word: &String| ACTS.contains(&word.as_str()) || ["buka", "simpan"].contains(&word.as_str());
    context["done"] = query(request).remove("kabar").filter(said).into();
    Ok(visit.form("change.html", context)?)
}

/// Writes its plan.
#[handler]
pub async fn save(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("change"))?;
    let saved = match wanted(visit, &sent) {
        Ok(wanted) => visit.desk().save_change(actor, &number, sent.get("versi").parse().ok(), &wanted).await,
        Err(error) => Err(error),
    };
    settle(visit, &number, "simpan", &sent, saved).await
}

/// Puts it before those who approve, answers, goes on to a phase, or ends it.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((typed, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let number = number::parse(&typed).ok_or(Error::NotFound("change"))?;
    let version = sent.get("versi").parse().ok();
    let choose = |field: &'static str| Error::field(field, Say::new("field-choose"));
    let outcome = match act.as_str() {
        "ajukan" => {
            let people = sent.0.keys().filter_map(|field| field.strip_prefix(PERSON));
            let people: Vec<String> = people.map(str::to_owned).collect();
            desk.ask_approval(actor, &number, version, &people).await
        }
        "putuskan" => match sent.get("decision").parse::<Vote>() {
            Ok(vote) => desk.vote_on_change(actor, &number, version, vote, sent.get("reason")).await,
            Err(_) => Err(choose("decision")),
        },
        "tahap" => desk.advance_change(actor, &number, version, sent.get("phase"), sent.get("note")).await,
        "akhiri" => match sent.get("outcome").parse::<ChangeOutcome>() {
            Ok(outcome) => {
                let ended = desk.end_change(actor, &number, version, outcome, sent.get("ending")).await;
                ended.map_err(|error| renamed_note(error, "ending"))
            }
            Err(_) => Err(choose("outcome")),
        },
        _ => return Err(Error::NotFound("act").into()),
    };
    settle(visit, &number, &act, &sent, outcome).await
}

/// The text of the ending stands in a field of its own.
fn renamed_note(error: Error, name: &'static str) -> Error {
    match error {
        Error::Invalid(mut problems) => {
            problems.iter_mut().for_each(|problem| problem.field = name);
            Error::Invalid(problems)
        }
        other => other,
    }
}

async fn settle(visit: &Visit, number: &str, act: &str, sent: &Sent, outcome: Result<()>) -> Answer {
    let Err(error) = outcome else {
        return Ok(see_other(&format!("/kerja/perubahan/{number}?kabar={act}")));
    };
    let kept = if act == "simpan" { Some(sent) } else { None };
    let mut context = shape(visit, number, kept).await?;
    let mut others = fields(&OTHERS, sent);
    others["ending"] = sent.get("ending").into();
    context["other"] = others;
    // A form that is not on the page any more has no field to mend.
    let error = match error {
        Error::Invalid(_) if act == "putuskan" && context["may_vote"] == false => {
            Error::conflict(Say::new("error-change-not-asked"))
        }
        Error::Invalid(_) if act != "putuskan" && context["may_change"] == false => {
            Error::Denied(Say::new("error-denied"))
        }
        other => other,
    };
    match &error {
        Error::Invalid(problems) => Ok(visit.mend("change.html", context, &renamed(problems), "")?),
        Error::Conflict { .. } | Error::Denied(_) => {
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response: Response = visit.form("change.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        _ => Err(error.into()),
    }
}

fn wanted(visit: &Visit, sent: &Sent) -> Result<WantedChange> {
    let mut problems = Vec::new();
    let starts_at = instant(visit, sent, "starts", &mut problems);
    let ends_at = instant(visit, sent, "ends", &mut problems);
    let Ok(risk) = sent.get("risk").parse() else {
        return Err(Error::field("risk", Say::new("field-choose")));
    };
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(WantedChange {
        risk,
        impact: sent.get("impact").to_owned(),
        plan: sent.get("plan").to_owned(),
        rollback: sent.get("rollback").to_owned(),
        services: sent.0.keys().filter_map(|field| field.strip_prefix(SERVICE)).map(str::to_owned).collect(),
        starts_at,
        ends_at,
    })
}

fn standard(visit: &Visit, rules: &Changes) -> Vec<Value> {
    rules.standard.iter().map(|(code, it)| json!({"code": code, "name": it.name(visit.language)})).collect()
}

fn risks(visit: &Visit) -> Vec<Value> {
    let word = |risk: &ChangeRisk| json!({"word": risk, "text": visit.word("change-risk", risk.as_str())});
    ChangeRisk::ALL.iter().map(word).collect()
}

/// The services as boxes.
fn boxes(choices: &Value, is_checked: impl Fn(&str) -> bool) -> Vec<Value> {
    let all = choices["services"].as_array().cloned().unwrap_or_default();
    let shape = |it: Value| {
        let code = it["word"].as_str().unwrap_or_default();
        json!({"code": code, "name": it["text"], "checked": is_checked(code)})
    };
    all.into_iter().map(shape).collect()
}

async fn new_shape(visit: &Visit, sent: &Sent, rules: &Changes) -> Result<Value> {
    if !may_report_for_others(visit.staff()?) {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    let choices = choices(visit).await?;
    let template = sent.get("template");
    Ok(json!({
        "form": fields(&PLAN, sent),
        "template": template,
        "template_name": rules.standard.get(template).map(|it| it.name(visit.language)),
        "boxes": boxes(&choices, |code| !sent.get(&format!("{SERVICE}{code}")).is_empty()),
        "choices": choices,
        "risks": risks(visit),
        "key": new_token()?,
    }))
}

/// What stands in the form of a plan as it is.
fn written(visit: &Visit, it: &ChangeRecord) -> Sent {
    let local = |at: Option<DateTime<Utc>>, form: &str| {
        at.map(|at| at.with_timezone(&visit.zone()).format(form).to_string()).unwrap_or_default()
    };
    let mut sent = Sent::default();
    let mut put = |field: &str, value: String| sent.0.insert(field.to_owned(), value);
    put("risk", it.risk.to_string());
    put("impact", it.impact.clone());
    put("plan", it.plan.clone());
    put("rollback", it.rollback.clone());
    put("starts_date", local(it.starts_at, "%Y-%m-%d"));
    put("starts_time", local(it.starts_at, "%H.%M"));
    put("ends_date", local(it.ends_at, "%Y-%m-%d"));
    put("ends_time", local(it.ends_at, "%H.%M"));
    for code in &it.services {
        put(&format!("{SERVICE}{code}"), "ya".to_owned());
    }
    sent
}

async fn shape(visit: &Visit, number: &str, sent: Option<&Sent>) -> Result<Value> {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let rules = desk.change_rules()?;
    let it = desk.change(actor, number).await?;
    let (ticket, record) = (&it.view.ticket, &it.record);
    let own = written(visit, record);
    let form = sent.unwrap_or(&own);
    let choices = choices(visit).await?;
    let named = |code: &String| {
        let found = choices["services"].as_array().and_then(|all| all.iter().find(|it| it["word"] == code.as_str()));
        found.map_or_else(|| Value::from(code.as_str()), |it| it["text"].clone())
    };
    let place = rules.place(&record.phase);
    let may_ask = it.may_change && !record.is_cleared();
    let people = if may_ask { approvers(visit, actor, ticket).await? } else { Vec::new() };
    let template = record
        .template
        .as_ref()
        .map(|code| rules.standard.get(code).map_or_else(|| code.clone(), |pattern| pattern.name(visit.language)));
    Ok(json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "description": ticket.description,
        "status_chip": visit.status_chip(ticket.status),
        "agency": ticket.agency,
        "template": template,
        "phases": phases(visit, &rules, place),
        "onward": onward(visit, &rules, place),
        "approval": approval_chip(visit, record.approval),
        "is_asked": record.approval == Approval::Asked,
        "risk": visit.word("change-risk", record.risk.as_str()),
        "starts": visit.instant_if(record.starts_at),
        "ends": visit.instant_if(record.ends_at),
        "services": record.services.iter().map(named).collect::<Vec<_>>(),
        "record": record,
        "outcome": record.outcome.map(|outcome| visit.word("change-outcome", outcome.as_str())),
        "ended": visit.instant_if(record.ended_at),
        "votes": votes(visit, &it),
        "steps": steps(visit, &it, &rules),
        "form": fields(&PLAN, form),
        "boxes": boxes(&choices, |code| !form.get(&format!("{SERVICE}{code}")).is_empty()),
        "risks": risks(visit),
        "outcomes": ChangeOutcome::ALL.iter().map(|outcome| json!({"word": outcome, "text": visit.word("change-outcome", outcome.as_str())})).collect::<Vec<_>>(),
        "people": people,
        "may_change": it.may_change,
        "may_ask": may_ask,
        "may_vote": it.may_vote,
        "other": {"decision": "", "reason": "", "phase": "", "note": "", "outcome": "", "ending": ""},
        "version": ticket.version,
        "told": "",
        "done": Value::Null,
    }))
}

/// Who can be asked, with the mark of those who want the change.
async fn approvers(visit: &Visit, actor: &Actor, ticket: &Ticket) -> Result<Vec<Value>> {
    let all = visit.desk().approvers(&ticket.agency).await?;
    let wants = |email: &str| email == actor.account.email || email == ticket.requester_email;
    Ok(all.iter().map(|it| json!({"email": it.email, "name": it.name, "own": wants(&it.email)})).collect())
}

fn phases(visit: &Visit, rules: &Changes, place: usize) -> Vec<Value> {
    let shape = |(at, phase): (usize, &crate::policy::changes::ChangePhase)| {
        json!({
            "name": rules.label(&phase.code, visit.language),
            "state": if at < place { "done" } else if at == place { "now" } else { "ahead" },
            "gate": at == rules.gate(),
        })
    };
    rules.phases.iter().enumerate().map(shape).collect()
}

/// The phases one may go to from here: the next, and those before.
fn onward(visit: &Visit, rules: &Changes, place: usize) -> Vec<Value> {
    let ahead = (place + 1 < rules.phases.len()).then_some(place + 1);
    let back = (0..place).rev();
    let shape = |at: usize| json!({"word": rules.code(at), "text": rules.label(rules.code(at), visit.language)});
    ahead.into_iter().chain(back).map(shape).collect()
}

fn approval_chip(visit: &Visit, approval: Approval) -> Value {
    let (family, icon) = match approval {
        Approval::None => ("neutral", "ring"),
        Approval::Asked => ("warn", "clock"),
        Approval::Approved | Approval::Standard => ("ok", "check"),
        Approval::Refused => ("danger", "alert"),
    };
    json!({"family": family, "icon": icon, "text": visit.word("change-approval", approval.as_str()), "title": Value::Null})
}

fn votes(visit: &Visit, it: &ChangeView) -> Vec<Value> {
    let shape = |ballot: &crate::domain::change::Ballot| {
        json!({
            "name": it.name(ballot.account_id),
            "decision": ballot.decision.map(|vote| visit.word("change-vote", vote.as_str())),
            "refused": ballot.decision == Some(Vote::Refused),
            "reason": ballot.reason,
            "at": visit.instant_if(ballot.decided_at),
        })
    };
    it.ballots.iter().map(shape).collect()
}

fn steps(visit: &Visit, it: &ChangeView, rules: &Changes) -> Vec<Value> {
    let shape = |step: &crate::domain::change::ChangeStep| {
        json!({
            "at": visit.instant(step.at),
            "phase": rules.label(&step.phase, visit.language),
            "note": step.note,
            "name": it.name(step.account_id),
        })
    };
    it.steps.iter().map(shape).collect()
}

fn row(visit: &Visit, ticket: &Ticket, record: &ChangeRecord, rules: &Changes) -> Value {
    json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "agency": ticket.agency,
        "chip": visit.status_chip(ticket.status),
        "phase": rules.label(&record.phase, visit.language),
        "risk": visit.word("change-risk", record.risk.as_str()),
        "approval": approval_chip(visit, record.approval),
        "starts": visit.instant_if(record.starts_at),
    })
}
