//! The outgoing mail of a demo.

use crate::domain::message::OutboxItem;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// Mails on the page.
const ROWS: i64 = 100;

/// The newest mails.
#[handler]
pub async fn newest(Data(visit): Data<&Visit>) -> Answer {
    let items = visit.desk().newest_mail(visit.staff()?, ROWS).await?;
    let rows: Vec<Value> = items.iter().map(|item| shape(visit, item)).collect();
    Ok(visit.page("mails.html", json!({"rows": rows}))?)
}

/// One mail as plain text.
#[handler]
pub async fn one(Data(visit): Data<&Visit>, Path(id): Path<i64>) -> Answer {
    let (item, text) = visit.desk().mail(visit.staff()?, id).await?;
    let mut context = shape(visit, &item);
    context["body"] = text.into();
    Ok(visit.page("mail.html", context)?)
}

fn shape(visit: &Visit, item: &OutboxItem) -> Value {
    json!({
        "id": item.id,
        "recipient": item.recipient,
        "subject": item.subject,
        "at": visit.instant(item.created_at),
        "state": visit.word("mail-state", item.state.as_str()),
    })
}
