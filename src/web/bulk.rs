//! One act on several tickets. Each is changed by itself, and the answer says what became of each.

use crate::desk::command::Command;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::domain::ticket::Priority;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Answer;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// Before the number of a ticket in the name of its box; the box carries the version that was seen.
const BOX: &str = "tiket-";
/// Tickets changed at once, at most: one page.
const MOST: usize = 50;

/// Does the act to each ticket that was ticked, one by one, and says what worked and what was refused.
#[handler]
pub async fn do_acts(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let act = ["ambil", "tugaskan", "prioritas", "tutup"].into_iter().find(|act| *act == sent.get("act"));
    let act = act.ok_or(Error::NotFound("act"))?;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    let ticked = sent.0.iter().filter_map(|(name, version)| Some((name.strip_prefix(BOX)?, version)));
    for (number, version) in ticked.take(MOST) {
        let number = number::parse(number).ok_or(Error::NotFound("ticket"))?;
        match one(visit, actor, act, &number, version, &sent).await {
            Ok(()) => done.push(told(visit, actor, &number, "").await?),
            Err(error @ (Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_) | Error::NotFound(_))) => {
                refused.push(told(visit, actor, &number, &why(visit, &error)).await?);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let kept = ["kepada", "priority", "reason"];
    let kept: serde_json::Map<String, Value> =
        kept.iter().map(|field| ((*field).to_owned(), Value::from(sent.get(field)))).collect();
    let workers = visit.desk().workers(actor).await?;
    let context = json!({
        "act": act,
        "done": done,
        "refused": refused,
        "kept": kept,
        "workers": workers.iter().map(|(email, name)| json!({"email": email, "name": name})).collect::<Vec<_>>(),
        "priorities": Priority::ALL,
        "key": new_token()?,
    });
    Ok(visit.form("bulk.html", context)?)
}

async fn one(visit: &Visit, actor: &Actor, act: &str, number: &str, version: &str, sent: &Sent) -> Result<()> {
    let text = |field: &str| sent.get(field).to_owned();
    let command = match act {
        "ambil" => Command::Assign { user: Some(actor.account.email.clone()) },
        "tugaskan" if sent.get("kepada").is_empty() => {
            return Err(Error::field("kepada", Say::new("field-choose-worker")));
        }
        "tugaskan" => Command::Assign { user: Some(text("kepada")) },
        "prioritas" => {
            let priority = sent.get("priority").parse().ok();
            let priority = priority.ok_or_else(|| Error::field("priority", Say::new("field-choose-priority")))?;
            Command::Prioritize { priority, reason: text("reason") }
        }
        _ => Command::Close { reason: text("reason") },
    };
    // A box without a version proves nothing about what was seen.
    let version = version.parse().map_err(|_| Error::conflict(Say::new("error-stale")))?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty()).map(|key| format!("{key}:{act}:{number}"));
    visit.desk().act(actor, number, Some(version), command, key.as_deref()).await.map(|_| ())
}

/// The ticket as it stands now; one that has left the actor's sight keeps its number only.
async fn told(visit: &Visit, actor: &Actor, number: &str, why: &str) -> Result<Value> {
    match visit.desk().ticket(actor, number).await {
        Ok(view) => {
            Ok(json!({"number": number, "subject": view.ticket.subject, "version": view.ticket.version, "why": why}))
        }
        Err(Error::NotFound(_)) => Ok(json!({"number": number, "subject": "", "version": 0, "why": why})),
        Err(error) => Err(error),
    }
}

fn why(visit: &Visit, error: &Error) -> String {
    match error {
        Error::Invalid(problems) => {
            let words = problems.iter().map(|problem: &FieldError| text::say(visit.language, &problem.say));
            words.collect::<Vec<_>>().join(" ")
        }
        other => text::say(visit.language, &other.public()),
    }
}
