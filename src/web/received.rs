//! Received mail: what waits for a decision, what became of the rest, and what was decided about senders.

use crate::desk::quarantine::{Listed, Received};
use crate::domain::Word;
use crate::domain::message::{InboxRow, InboxState, SenderVerdict};
use crate::domain::quarantine::may_decide;
use crate::error::{Error, FieldError, Say};
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Mails on a page.
const ROWS: i64 = 50;

/// States in the order of the filter, with their words in addresses; the first is the usual one.
const STATES: [(&str, InboxState); 5] = [
    ("karantina", InboxState::Quarantined),
    ("menunggu", InboxState::New),
    ("selesai", InboxState::Done),
    ("mesin", InboxState::Ignored),
    ("dibuang", InboxState::Discarded),
];

/// What can be done; also the words of news.
const ACTS: [&str; 4] = ["tiket", "gabung", "buang", "latih"];

/// The mails of one state.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk, asked) = (visit.staff()?, visit.desk(), query(request));
    let wanted = asked.get("keadaan").map(String::as_str);
    let (word, state) = STATES.iter().find(|(word, _)| Some(*word) == wanted).unwrap_or(&STATES[0]);
    let before = asked.get("sebelum").and_then(|id| id.parse().ok()).unwrap_or(i64::MAX);
    let found = desk.received_mails(actor, Some(*state), before, ROWS).await?;
    let counts = desk.received_counts(actor).await?;
    let count =
        |state: InboxState| counts.iter().find(|(word, _)| word == state.as_str()).map_or(0, |(_, count)| *count);
    let tabs: Vec<Value> = STATES
        .iter()
        .map(|(word, state)| {
            json!({"word": word, "text": visit.word("received-state", state.as_str()), "count": count(*state)})
        })
        .collect();
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == ROWS);
    let context = json!({
        "tabs": tabs,
        "state": word,
        "rows": found.iter().map(|mail| listed(visit, mail)).collect::<Vec<_>>(),
        "next": found.last().filter(|_| is_full).map(|last| last.row.id),
        "news": asked.get("kabar").filter(|news| ACTS.contains(&news.as_str())),
        "ticket": asked.get("tiket").and_then(|number| crate::domain::number::parse(number)),
    });
    Ok(visit.page("received.html", context)?)
}

/// One mail, and what can be done with it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(id): Path<i64>) -> Answer {
    Ok(visit.form("received_one.html", detail(visit, id, &Sent::default()).await?)?)
}

/// Does what somebody decided.
#[handler]
pub async fn decide(Data(visit): Data<&Visit>, Path((id, act)): Path<(i64, String)>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let done = match act.as_str() {
        "tiket" => {
            desk.open_from_mail(actor, id, sent.get("requester_email"), None).await.map(|ticket| Some(ticket.number))
        }
        "gabung" => desk.add_mail_to(actor, id, sent.get("ticket"), None).await.map(|ticket| Some(ticket.number)),
        "buang" => desk.discard_mail(actor, id, sent.get("reason")).await.map(|()| None),
        "latih" => match sent.get("verdict").parse::<SenderVerdict>() {
            Ok(verdict) => {
                let whole = sent.get("scope") == "domain";
                desk.teach_sender(actor, id, verdict, whole, sent.get("teach_reason")).await.map(|_| None)
            }
            Err(_) => {
                let known = Say::new("field-unknown-word").with("known", "let_in, discard");
                Err(Error::field("verdict", known))
            }
        },
        _ => return Err(Error::NotFound("act").into()),
    };
    match done {
        Ok(Some(number)) => Ok(see_other(&format!("/kerja/surel?kabar={act}&tiket={number}"))),
        Ok(None) if act == "latih" => Ok(see_other("/kerja/surel/pengirim")),
        Ok(None) => Ok(see_other(&format!("/kerja/surel?kabar={act}"))),
        Err(Error::Invalid(problems)) => {
            let problems: Vec<FieldError> = problems.into_iter().map(|problem| renamed(&act, problem)).collect();
            let context = detail(visit, id, &sent).await?;
            Ok(visit.mend("received_one.html", context, &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = detail(visit, id, &sent).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("received_one.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Two forms of the page ask for a reason.
fn renamed(act: &str, problem: FieldError) -> FieldError {
    match (act, problem.field) {
        ("latih", "reason") => FieldError { field: "teach_reason", ..problem },
        _ => problem,
    }
}

async fn detail(visit: &Visit, id: i64, sent: &Sent) -> crate::error::Result<Value> {
    let actor = visit.staff()?;
    let Received { row, head, text, is_cut, files, rule } = visit.desk().received_mail(actor, id).await?;
    let mut context = shape(visit, &row);
    let is_open = !matches!(row.state, InboxState::New | InboxState::Done);
    let kept = |field: &str, usual: &str| if sent.get(field).is_empty() { usual } else { sent.get(field) }.to_owned();
    let more = json!({
        "head": head.iter().map(|(name, value)| json!({"name": name, "value": value})).collect::<Vec<_>>(),
        "words": text,
        "is_cut": is_cut,
        "files": files.iter().map(|(name, size)| json!({"name": name, "size": size_words(*size)})).collect::<Vec<_>>(),
        "rule": rule.map(|rule| visit.word("sender-verdict", rule.verdict.as_str())),
        "may_decide": may_decide(actor) && is_open,
        "may_teach": may_decide(actor) && row.author.contains('@'),
        "domain": row.author.rsplit_once('@').map(|(_, host)| host),
        "verdicts": SenderVerdict::all().iter().map(|it| json!({"word": it.as_str(), "text": visit.word("sender-verdict", it.as_str())})).collect::<Vec<_>>(),
        "kept": {
            "requester_email": kept("requester_email", &row.author),
            "ticket": kept("ticket", row.ticket.as_deref().unwrap_or_default()),
            "reason": sent.get("reason"),
            "teach_reason": sent.get("teach_reason"),
            "verdict": kept("verdict", "discard"),
            "scope": kept("scope", "address"),
        },
        "told": "",
    });
    if let (Some(context), Value::Object(more)) = (context.as_object_mut(), more) {
        context.extend(more);
    }
    Ok(context)
}

fn listed(visit: &Visit, mail: &Listed) -> Value {
    let mut shaped = shape(visit, &mail.row);
    shaped["is_open"] = mail.is_open.into();
    shaped
}

fn shape(visit: &Visit, row: &InboxRow) -> Value {
    let cause = row.cause.as_deref().map(|cause| visit.word("received-cause", cause));
    json!({
        "id": row.id,
        "mailbox": row.mailbox,
        "sender": row.sender,
        "author": row.author,
        "subject": row.subject,
        "at": visit.instant(row.received_at),
        "state_text": visit.word("received-state", row.state.as_str()),
        "family": match row.state {
            InboxState::Quarantined => "warn",
            InboxState::New => "info",
            InboxState::Done => "ok",
            InboxState::Ignored | InboxState::Discarded => "neutral",
        },
        "cause": cause,
        "number": row.ticket,
        "size": size_words(usize::try_from(row.size).unwrap_or(0)),
    })
}

fn size_words(bytes: usize) -> String {
    match bytes {
        0..=1023 => format!("{bytes} B"),
        1024..=1_048_575 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}
