//! From the history of an outage or a monitor to the page of its service.

use crate::error::Error;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};

/// Leads to the page on which the record stands.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path((what, id)): Path<(String, i64)>) -> Answer {
    let actor = visit.staff()?;
    let service = match what.as_str() {
        "gangguan" => visit.desk().outage(actor, id).await?.service,
        "pemantau" => visit.desk().monitor(actor, id, 0).await?.0.service,
        _ => return Err(Error::NotFound("record").into()),
    };
    Ok(see_other(&format!("/kerja/ketersediaan/{}", text::in_address(&service))))
}
