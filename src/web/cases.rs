//! The warning procedure for the staff: cases, one case with its evidence and steps, and its verbs as forms.

use crate::desk::case_acts::CaseCommand;
use crate::desk::case_rules::Rung;
use crate::desk::case_views::{CasePage, Proof};
use crate::domain::letter::may_write;
use crate::domain::people::Actor;
use crate::domain::warning::{Case, CaseState, CaseVerb, OrderState, Outcome};
use crate::error::{Error, FieldError, Result, Say};
use crate::policy::measures::Effect;
use crate::secret::new_token;
use crate::store::cases::CaseFilter;
use crate::text;
use crate::web::addresses::{read_place, write_place};
use crate::web::closures;
use crate::web::failure::Answer;
use crate::web::history;
use crate::web::letters;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};

/// Cases on one page.
const ROWS: i64 = 50;
/// Fields whose text stays when a form is refused.
const KEPT: [&str; 11] = [
    "note",
    "reason",
    "elsewhere",
    "number",
    "received_at",
    "receipt",
    "report",
    "repaired",
    "findings",
    "executed_at",
    "minutes",
];
/// Acts as their addresses call them.
const ACTS: [(&str, CaseVerb); 9] = [
    ("kirim-berkas", CaseVerb::SendDossier),
    ("susun-surat", CaseVerb::IssueLetter),
    ("catat-terima", CaseVerb::RecordReceipt),
    ("lapor-perbaikan", CaseVerb::ReportRepair),
    ("verifikasi", CaseVerb::VerifyRepair),
    ("laksanakan", CaseVerb::ExecuteClosure),
    ("buka-kembali", CaseVerb::Reopen),
    ("catat-putusan", CaseVerb::RecordDecision),
    ("tidak-ditutup", CaseVerb::DecideNotToClose),
];

/// Cases the person may see.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let is_over = asked.get("tampil").is_some_and(|word| word == "berakhir");
    let before = asked.get("sebelum").and_then(|place| read_place(place));
    let filter = CaseFilter { open: Some(!is_over), ..CaseFilter::default() };
    let page = visit.desk().warning_cases(actor, &filter, before, ROWS).await?;
    let agencies = visit.desk().agencies().await?;
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|case| {
            let mut row = head(visit, case);
            let agency = agencies.iter().find(|agency| agency.code == case.agency);
            row["agency"] = agency.map_or(case.agency.as_str(), |agency| agency.name.as_str()).into();
            row
        })
        .collect();
    let context = json!({
        "rows": rows, "over": is_over, "next": page.next.map(write_place), "is_first": before.is_none(),
    });
    Ok(visit.page("cases.html", context)?)
}

/// One case with everything in it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(number): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut context = shape(visit, actor, &number).await?;
    context["done"] = query(request).remove("kabar").filter(|word| ACTS.iter().any(|(act, _)| act == word)).into();
    Ok(visit.form("case.html", context)?)
}

/// Does what the form asks; when it is refused, what was written stays in its form.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((number, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let verb = ACTS.iter().find(|(word, _)| *word == act).ok_or(Error::NotFound("act"))?.1;
    let command = match command(visit, verb, &sent) {
        Ok(command) => command,
        Err(error) => return again(visit, actor, &number, &act, &sent, error).await,
    };
    let version = sent.get("versi").parse().ok();
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().act_on_case(actor, &number, version, command, key).await {
        Ok(case) => Ok(see_other(&format!("/kerja/perkara/{}?kabar={act}", case.number))),
        Err(error) => again(visit, actor, &number, &act, &sent, error).await,
    }
}

fn command(visit: &Visit, verb: CaseVerb, sent: &Sent) -> Result<CaseCommand> {
    let text = |field: &str| sent.get(field).to_owned();
    Ok(match verb {
        CaseVerb::SendDossier => CaseCommand::SendDossier { note: text("note") },
        CaseVerb::IssueLetter => {
            CaseCommand::IssueLetter { reason: text("reason"), elsewhere: sent.get("elsewhere") == "ya" }
        }
        CaseVerb::RecordReceipt => CaseCommand::RecordReceipt {
            number: text("number"),
            received_at: local(visit, sent, "received_at")?,
            receipt: text("receipt"),
        },
        CaseVerb::ReportRepair => CaseCommand::ReportRepair { report: text("report") },
        CaseVerb::VerifyRepair => CaseCommand::VerifyRepair {
            repaired: match sent.get("repaired") {
                "ya" => Some(true),
                "belum" => Some(false),
                _ => None,
            },
            findings: text("findings"),
        },
        CaseVerb::DecideNotToClose => CaseCommand::DecideNotToClose { reason: text("reason") },
        CaseVerb::ExecuteClosure => {
            CaseCommand::ExecuteClosure { executed_at: local(visit, sent, "executed_at")?, minutes: text("minutes") }
        }
        CaseVerb::Reopen => CaseCommand::Reopen { note: text("note") },
        CaseVerb::RecordDecision => CaseCommand::RecordDecision { decision: text("reason") },
    })
}

/// A local date and time as the browser's field writes it; none when it is left empty.
fn local(visit: &Visit, sent: &Sent, field: &'static str) -> Result<Option<DateTime<Utc>>> {
    let typed = sent.get(field);
    if typed.is_empty() {
        return Ok(None);
    }
    let wrong = || Error::field(field, Say::new("case-when"));
    let read = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(typed, form).ok());
    let at = visit.zone().from_local_datetime(&read.ok_or_else(wrong)?).earliest().ok_or_else(wrong)?;
    Ok(Some(at.with_timezone(&Utc)))
}

/// The case as it stands now, with the text of the refused form kept.
async fn again(visit: &Visit, actor: &Actor, number: &str, act: &str, sent: &Sent, error: Error) -> Answer {
    if !matches!(error, Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_)) {
        return Err(error.into());
    }
    let mut context = shape(visit, actor, number).await?;
    context["mine"] = act.into();
    context["kept"] = kept(|field| sent.get(field).to_owned());
    if let Error::Invalid(problems) = &error {
        // The decision is written in the same field as a reason.
        let renamed = |problem: &FieldError| FieldError {
            field: if problem.field == "decision" { "reason" } else { problem.field },
            say: problem.say.clone(),
        };
        let problems: Vec<FieldError> = problems.iter().map(renamed).collect();
        return Ok(visit.mend("case.html", context, &problems, &format!("{act}-"))?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("case.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

fn kept(value: impl Fn(&str) -> String) -> Value {
    KEPT.iter().map(|field| ((*field).to_owned(), Value::from(value(field)))).collect::<Map<_, _>>().into()
}

async fn shape(visit: &Visit, actor: &Actor, number: &str) -> Result<Value> {
    let desk = visit.desk();
    let page = desk.warning_case(actor, number).await?;
    let agencies = desk.agencies().await?;
    let names = desk.names_in(&page.events).await?;
    let code = &page.case.agency;
    let agency = agencies.iter().find(|agency| agency.code == *code).map_or(code, |agency| &agency.name);
    let last = page.ladder.iter().map(|rung| rung.place).max().unwrap_or_default();
    let acts: Vec<&str> = ACTS.iter().filter(|(_, verb)| page.verbs.contains(verb)).map(|(word, _)| *word).collect();
    let mut case = head(visit, &page.case);
    case["agency"] = agency.as_str().into();
    case["version"] = page.case.version.into();
    let next = page.ladder.iter().find(|rung| rung.place == page.case.course.rung + 1);
    Ok(json!({
        "case": case,
        "steps": steps(visit, &page),
        "next_letter": next.filter(|_| page.case.course.rung < last).map(|rung| rung.kind.clone()),
        "proofs": page.proofs.iter().map(|proof| proof_row(visit, proof)).collect::<Vec<_>>(),
        "orders": page.orders.iter().map(|order| closures::row(visit, order, number)).collect::<Vec<_>>(),
        "letters": page.letters.iter().map(|letter| letters::row(visit, letter)).collect::<Vec<_>>(),
        "may_write": may_write(actor),
        "acts": acts,
        "events": page.events.iter().rev().map(|event| event_row(visit, event, &names)).collect::<Vec<_>>(),
        "told": "",
        "done": Value::Null,
        "mine": "",
        "kept": kept(|_| String::new()),
        "key": new_token()?,
    }))
}

/// What every place that names a case shows.
fn head(visit: &Visit, case: &Case) -> Value {
    let is_late = case.due_at.is_some_and(|due| due <= visit.desk().now());
    let course = case.course;
    let (family, icon) = match course.state {
        CaseState::Ended if course.outcome == Some(Outcome::NotClosed) => ("neutral", "dash"),
        CaseState::Ended => ("ok", "check"),
        CaseState::Suspended | CaseState::RepairVerified => ("neutral", "square"),
        CaseState::Uncured | CaseState::ClosureDue => ("danger", "alert"),
        CaseState::RepairReported => ("info", "half"),
        _ => ("warn", "bars"),
    };
    let word = course.outcome.map_or_else(
        || visit.word("case-state", course.state.as_str()),
        |outcome| visit.word("case-outcome", outcome.as_str()),
    );
    json!({
        "number": case.number,
        "what": case.what,
        "cause": visit.word("case-cause", case.course.cause.as_str()),
        "is_proposal": course.mode == crate::domain::warning::CaseMode::Proposal,
        "chip": {"family": family, "icon": icon, "text": word, "title": Value::Null},
        "next": visit.word("case-next", course.state.as_str()),
        "service": case.service,
        "source": case.source,
        "opened": visit.instant(case.opened_at),
        "ended": visit.instant_if(case.ended_at),
        "term": case.term.map(|term| visit.word("case-term", term.as_str())),
        "due": visit.instant_if(case.due_at),
        "late": is_late,
        "letter": case.letter,
        "pack": case.pack,
    })
}

/// The ladder as a list of steps: what was done, what is being done, what may come.
fn steps(visit: &Visit, page: &CasePage) -> Vec<Value> {
    let course = page.case.course;
    let at = |kind: &str| page.events.iter().rfind(|event| event.kind == kind).map(|event| visit.instant(event.at));
    let step = |name: String, at: Option<Value>, is_now: bool, hint: Option<String>| {
        let state = match (&at, is_now) {
            (_, true) => "now",
            (Some(_), _) => "done",
            _ => "later",
        };
        json!({"name": name, "at": at, "state": state, "hint": hint})
    };
    let word = |name: &str| visit.word("event", name);
    let is = |states: &[CaseState]| states.contains(&course.state);
    let mut ladder = vec![step(word("case_opened"), at("case_opened"), false, None)];
    if course.needs_dossier() {
        ladder.push(step(word("dossier_sent"), at("dossier_sent"), is(&[CaseState::Open]), None));
    }
    for rung in &page.ladder {
        let is_now = course.rung == rung.place && is(&[CaseState::LetterPending, CaseState::Curing]);
        let is_next = course.rung + 1 == rung.place && is(&[CaseState::DossierSent, CaseState::Uncured]);
        let at = (course.rung >= rung.place).then(|| letter_at(visit, page, rung.place)).flatten();
        ladder.push(step(rung.kind.clone(), at, is_now || is_next, rung_hint(visit, rung)));
    }
    if page.ladder.iter().any(|rung| rung.orders.is_some()) {
        let executed = at("closure_executed");
        ladder.push(step(word("closure_executed"), executed, is(&[CaseState::ClosureDue]), None));
    }
    if page.case.course.mode == crate::domain::warning::CaseMode::Letters {
        let waits = [CaseState::Suspended, CaseState::RepairReported];
        ladder.push(step(word("repair_confirmed"), at("repair_confirmed"), is(&waits), None));
    }
    if matches!(course.order, Some(OrderState::InForce | OrderState::Lifted)) {
        ladder.push(step(word("service_reopened"), at("service_reopened"), is(&[CaseState::RepairVerified]), None));
    }
    ladder
}

/// When the letter on a place was received, or drafted while it has not been.
fn letter_at(visit: &Visit, page: &CasePage, place: i64) -> Option<Value> {
    let of = |kind: &str| {
        let found = page
            .events
            .iter()
            .rfind(|event| event.kind == kind && payload(event).get("rung").and_then(Value::as_i64) == Some(place));
        found.map(|event| visit.instant(event.at))
    };
    of("letter_received").or_else(|| of("letter_drafted"))
}

fn rung_hint(visit: &Visit, rung: &Rung) -> Option<String> {
    let days = match rung.effect {
        Effect::Cure(days) => Some(days),
        Effect::Order(_) | Effect::Wait => None,
    };
    match (&rung.orders, days) {
        (Some(orders), _) => Some(text::phrase(visit.language, "case-rung-orders", &[("orders", orders)])),
        (None, Some(days)) => Some(text::phrase(visit.language, "case-rung-cure", &[("days", &days.to_string())])),
        (None, None) => None,
    }
}

fn proof_row(visit: &Visit, proof: &Proof) -> Value {
    let over = Duration::seconds(proof.over_seconds.max(0));
    json!({
        "number": proof.evidence.number,
        "subject": proof.ticket.subject,
        "priority": proof.ticket.priority,
        "opened": visit.instant(proof.ticket.opened_at),
        "breached": visit.instant(proof.evidence.breached_at),
        "resolved": visit.instant_if(proof.ticket.resolved_at),
        "over": text::span(visit.language, over),
        "seq": proof.evidence.chain_seq,
        "hash": proof.evidence.chain_hash.get(..12),
    })
}

fn payload(event: &crate::domain::event::Event) -> Value {
    serde_json::from_str(&event.payload).unwrap_or_default()
}

/// One fact of the history, with what was written.
fn event_row(
    visit: &Visit,
    event: &crate::domain::event::Event,
    names: &std::collections::BTreeMap<String, String>,
) -> Value {
    let mut row = history::row(visit, event, names);
    let facts = payload(event);
    let said = ["note", "report", "findings", "minutes", "decision", "receipt", "evidence"];
    row["said"] = said.iter().find_map(|name| facts.get(*name)?.as_str().filter(|text| !text.is_empty())).into();
    let is_letter = event.kind.starts_with("letter_");
    row["letter"] = facts.get("kind").and_then(Value::as_str).filter(|_| is_letter).into();
    row["paper"] = facts.get("number").and_then(Value::as_str).into();
    row["ticket"] = facts.get("ticket").and_then(Value::as_str).into();
    let term = facts.get("term").and_then(Value::as_str).map(|term| visit.word("case-term", term));
    row["term"] = term.into();
    let verb = facts.get("verb").and_then(Value::as_str).and_then(|verb| {
        ACTS.iter().find(|(_, known)| known.as_str() == verb).map(|(word, _)| visit.word("case-act", word))
    });
    row["verb"] = verb.into();
    row["why"] = facts.get("why").and_then(Value::as_str).map(|why| text::word(visit.language, why)).into();
    row
}
