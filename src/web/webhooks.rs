//! Webhooks: the list with the form for a new one, and the page of one with what it was told last.

use crate::desk::webhooks::WantedWebhook;
use crate::domain::webhook::{Delivery, DeliveryState, KINDS, Webhook, may_have};
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::availability::fields;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Before the name of an event in the name of its box.
const BOX: &str = "peristiwa-";
const FIELDS: [&str; 3] = ["name", "url", "agency"];

/// The webhooks and a form for a new one.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.form("webhooks.html", list_shape(visit, &Sent::default(), "").await?)?)
}

/// Adds one and shows its secret once.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().add_webhook(actor, &wanted(&sent, true), key).await {
        Ok((it, secret)) => {
            let mut context = shape(visit, &it, None).await?;
            context["secret"] = secret.into();
            Ok(visit.form("webhook.html", context)?)
        }
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("webhooks.html", list_shape(visit, &sent, "").await?, &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let told = text::say(visit.language, &error.public());
            let mut response = visit.form("webhooks.html", list_shape(visit, &sent, &told).await?)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// One webhook.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(id): Path<i64>, request: &Request) -> Answer {
    let it = visit.desk().webhook(visit.staff()?, id).await?;
    let mut context = shape(visit, &it, None).await?;
    context["done"] = query(request).remove("kabar").filter(|word| word == "simpan").into();
    Ok(visit.form("webhook.html", context)?)
}

/// Changes it.
#[handler]
pub async fn save(Data(visit): Data<&Visit>, Path(id): Path<i64>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let it = visit.desk().webhook(actor, id).await?;
    let wanted = wanted(&sent, !sent.get("active").is_empty());
    match visit.desk().change_webhook(actor, id, sent.get("versi").parse().ok(), &wanted).await {
        Ok(_) => Ok(see_other(&format!("/kerja/pengaturan/webhook/{id}?kabar=simpan"))),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("webhook.html", shape(visit, &it, Some(&sent)).await?, &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = shape(visit, &it, Some(&sent)).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("webhook.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a new secret and shows it once.
#[handler]
pub async fn renew(Data(visit): Data<&Visit>, Path(id): Path<i64>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let (it, secret) = visit.desk().renew_webhook_secret(actor, id, sent.get("versi").parse().ok()).await?;
    let mut context = shape(visit, &it, None).await?;
    context["secret"] = secret.into();
    Ok(visit.form("webhook.html", context)?)
}

fn wanted(sent: &Sent, active: bool) -> WantedWebhook {
    WantedWebhook {
        name: sent.get("name").to_owned(),
        url: sent.get("url").to_owned(),
        events: sent.0.keys().filter_map(|field| field.strip_prefix(BOX)).map(str::to_owned).collect(),
        agency: Some(sent.get("agency")).filter(|code| !code.is_empty()).map(str::to_owned),
        active,
    }
}

fn boxes(visit: &Visit, is_checked: impl Fn(&str) -> bool) -> Vec<Value> {
    let shape = |kind: &&str| json!({"word": kind, "text": visit.word("event", kind), "checked": is_checked(kind)});
    KINDS.iter().map(shape).collect()
}

async fn agencies(visit: &Visit) -> Result<Vec<Value>> {
    let all = visit.desk().agencies().await?;
    Ok(all.iter().filter(|it| it.active).map(|it| json!({"word": it.code, "text": it.name})).collect())
}

async fn list_shape(visit: &Visit, sent: &Sent, told: &str) -> Result<Value> {
    let actor = visit.staff()?;
    let all = visit.desk().webhooks(actor).await?;
    let row = |it: &Webhook| json!({"id": it.id, "name": it.name, "url": it.url, "active": it.active});
    Ok(json!({
        "rows": all.iter().map(row).collect::<Vec<_>>(),
        "may_add": may_have(actor),
        "form": fields(&FIELDS, sent),
        "boxes": boxes(visit, |kind| !sent.get(&format!("{BOX}{kind}")).is_empty()),
        "agencies": agencies(visit).await?,
        "told": told,
        "key": new_token()?,
    }))
}

async fn shape(visit: &Visit, it: &Webhook, sent: Option<&Sent>) -> Result<Value> {
    let own = {
        let mut own = Sent::default();
        own.0.insert("name".to_owned(), it.name.clone());
        own.0.insert("url".to_owned(), it.url.clone());
        own.0.insert("agency".to_owned(), it.agency.clone().unwrap_or_default());
        own
    };
    let deliveries = visit.desk().webhook_deliveries(visit.staff()?, it.id).await?;
    let is_checked = |kind: &str| match sent {
        Some(sent) => !sent.get(&format!("{BOX}{kind}")).is_empty(),
        None => it.events.iter().any(|event| event == kind),
    };
    Ok(json!({
        "it": {"id": it.id, "name": it.name, "url": it.url, "active": it.active, "version": it.version},
        "form": fields(&FIELDS, sent.unwrap_or(&own)),
        "active": sent.map_or(it.active, |sent| !sent.get("active").is_empty()),
        "boxes": boxes(visit, is_checked),
        "agencies": agencies(visit).await?,
        "deliveries": deliveries.iter().map(|delivery| row(visit, delivery)).collect::<Vec<_>>(),
        "secret": Value::Null,
        "done": Value::Null,
        "told": "",
    }))
}

fn row(visit: &Visit, it: &Delivery) -> Value {
    let family = match it.state {
        DeliveryState::Sent => "ok",
        DeliveryState::Queued | DeliveryState::Sending => "info",
        DeliveryState::Dead => "danger",
        DeliveryState::Skipped => "neutral",
    };
    json!({
        "event": visit.word("event", &it.kind),
        "ticket": it.stream,
        "at": visit.instant(it.at),
        "family": family,
        "state": visit.word("webhook-state", it.state.as_str()),
        "attempts": it.attempts,
        "status": it.status,
        "error": it.last_error.as_ref().map(|word| visit.word("finding", word)),
    })
}
