//! Mail: the way out, what waits and why, and which address reaches which agency.

use crate::config::Origin;
use crate::domain::agency::heir;
use crate::domain::message::OutboxItem;
use crate::domain::settings::{may_change, may_read};
use crate::error::{Error, Say};
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// How mail comes in and goes out.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let mut context = context(visit).await?;
    let news = query(request).remove("kabar").filter(|word| ["coba", "uji"].contains(&word.as_str()));
    context["news"] = news.into();
    Ok(visit.form("mail_state.html", context)?)
}

async fn context(visit: &Visit) -> crate::error::Result<Value> {
    let (actor, desk) = (visit.staff()?, visit.desk());
    if !may_read(actor) {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    let state = desk.mail_state(actor).await?;
    let counted = |family: &str, counts: &[(String, i64)]| -> Vec<Value> {
        counts.iter().map(|(word, count)| json!({"text": visit.word(family, word), "count": count})).collect()
    };
    let entries: Vec<_> = desk.agency_book().await?.into_iter().map(|(entry, _)| entry).collect();
    let addresses: Vec<Value> = entries
        .iter()
        .filter_map(|entry| {
            let email = entry.agency.email.as_ref()?;
            let to = heir(&entries, &entry.agency.code);
            Some(json!({"email": email, "code": entry.agency.code, "to": to}))
        })
        .collect();
    let settings: Vec<Value> = desk
        .settings
        .iter()
        .map(|shown| {
            let origin = match shown.origin {
                Origin::Default => "default",
                Origin::File => "file",
                Origin::Environment => "environment",
            };
            json!({"key": shown.key, "value": shown.value, "origin": visit.word("origin", origin),
                "text": visit.word("mail-setting", shown.key)})
        })
        .collect();
    Ok(json!({
        "has_way_out": desk.has_way_out(),
        "outbox": counted("mail-state", &state.outbox),
        "inbox": counted("inbox-state", &state.inbox),
        "lmtp": desk.ways.lmtp.as_ref().map(ToString::to_string),
        "mailboxes": crate::web::health::mailboxes(visit, &state.mailboxes),
        "may_read_mail": crate::domain::quarantine::may_read(actor),
        "troubled": state.troubled.iter().map(|mail| trouble(visit, mail)).collect::<Vec<_>>(),
        "sent_at": visit.instant_if(state.sent_at),
        "desk_address": desk.composer.address,
        "addresses": addresses,
        "settings": settings,
        "own_address": actor.account.email,
        "may_change": may_change(actor),
        "news": null,
        "told": "",
    }))
}

fn trouble(visit: &Visit, mail: &OutboxItem) -> Value {
    json!({
        "id": mail.id,
        "to": mail.recipient,
        "subject": mail.subject,
        "state": visit.word("mail-state", mail.state.as_str()),
        "is_dead": mail.state == crate::domain::message::OutboxState::Dead,
        "attempts": mail.attempts,
        "error": mail.last_error,
        "at": visit.instant(mail.created_at),
    })
}

/// Tries a mail again.
#[handler]
pub async fn retry(Data(visit): Data<&Visit>, Path(id): Path<i64>, _sent: Sent) -> Answer {
    let done = visit.desk().retry_mail(visit.staff()?, id).await;
    answer(visit, done, "coba").await
}

/// Sends a mail to oneself.
#[handler]
pub async fn test(Data(visit): Data<&Visit>, _sent: Sent) -> Answer {
    let done = visit.desk().send_test_mail(visit.staff()?, visit.language).await;
    answer(visit, done, "uji").await
}

async fn answer(visit: &Visit, done: crate::error::Result<()>, news: &str) -> Answer {
    let error = match done {
        Ok(()) => return Ok(see_other(&format!("/kerja/pengaturan/surel?kabar={news}"))),
        Err(error @ (Error::Conflict { .. } | Error::TooMany { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    let mut context = context(visit).await?;
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("mail_state.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}
