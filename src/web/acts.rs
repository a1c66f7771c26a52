//! What staff do to a ticket, one form each.

use crate::domain::number;
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Say};
use crate::text;
use crate::web::addresses::{ACTS, command};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::ticket;
use crate::web::visit::Visit;
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde_json::Value;

/// Does what the form asks and shows the ticket; when it is refused, what was written stays in its form.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((typed, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let known = ACTS.iter().any(|(word, _)| *word == act);
    if !known {
        return Err(Error::NotFound("act").into());
    }
    let Some(command) = command(&act, &sent, &actor.account.email) else {
        let problems = vec![FieldError { field: "priority", say: Say::new("field-choose-priority") }];
        return again(visit, actor, &number, &act, &sent, Error::Invalid(problems)).await;
    };
    let version = sent.get("versi").parse().ok();
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().act(actor, &number, version, command, key).await {
        Ok(ticket) => Ok(see_other(&rounds::after(visit, actor, &sent, &ticket, &act).await?)),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_))) => {
            again(visit, actor, &number, &act, &sent, error).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The ticket as it stands now, with the text of the refused form kept.
async fn again(visit: &Visit, actor: &Actor, number: &str, act: &str, sent: &Sent, error: Error) -> Answer {
    let page = visit.desk().ticket_page(actor, number).await?;
    let mut context = ticket::shape(visit, actor, &page).await?;
    let kept = ["body", "reason", "tried", "solution", "priority"];
    context["act"] = act.into();
    context["round"] = rounds::bar(visit, actor, rounds::of_form(sent), number).await?;
    context["kept"] = kept.iter().map(|field| ((*field).to_owned(), Value::from(sent.get(field)))).collect();
    if let Error::Invalid(problems) = &error {
        return Ok(visit.mend("ticket.html", context, problems, &format!("{act}-"))?);
    }
    context["told"] = match &error {
        // The state by its name, not by its key.
        Error::Conflict { say, .. } if say.key == "error-state" => text::phrase(
            visit.language,
            "error-state",
            &[("status", &visit.word("status", page.view.ticket.status.as_str()))],
        ),
        other => text::say(visit.language, &other.public()),
    }
    .into();
    let mut response = visit.form("ticket.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}
