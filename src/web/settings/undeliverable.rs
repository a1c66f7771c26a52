//! Addresses that get no mail any more, and sending to them again.

use crate::error::{Error, Result};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// The addresses, the latest first.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let mut context = context(visit).await?;
    context["news"] = query(request).remove("kabar").filter(|word| word == "kirim").into();
    Ok(visit.form("undeliverable.html", context)?)
}

/// Sends to one of them again.
#[handler]
pub async fn lift(Data(visit): Data<&Visit>, Path(id): Path<i64>, _sent: Sent) -> Answer {
    match visit.desk().lift_undeliverable(visit.staff()?, id).await {
        // Somebody else has just done the same: what was wanted holds.
        Ok(()) | Err(Error::NotFound(_)) => Ok(see_other("/kerja/pengaturan/surel/alamat?kabar=kirim")),
        Err(error) => Err(error.into()),
    }
}

async fn context(visit: &Visit) -> Result<Value> {
    let addresses = visit.desk().undeliverable(visit.staff()?).await?;
    let rows: Vec<Value> = addresses
        .iter()
        .map(|it| {
            json!({
                "id": it.id,
                "email": it.email,
                "status": it.status,
                "said": it.said,
                "at": visit.instant(it.at),
            })
        })
        .collect();
    Ok(json!({"rows": rows, "news": Value::Null}))
}
