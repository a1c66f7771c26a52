//! Taking back what was just done.

use crate::domain::number;
use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::ticket;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};

/// Restores what stood before the act at this place of the history.
#[handler]
pub async fn undo(Data(visit): Data<&Visit>, Path((typed, seq)): Path<(String, i64)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().undo(actor, &number, seq, key).await {
        Ok(_) => Ok(see_other(&rounds::back(&sent, &number, "urungkan", ""))),
        Err(error @ Error::Conflict { .. }) => {
            ticket::refused(visit, actor, &number, rounds::of_form(&sent), &error).await
        }
        Err(error) => Err(error.into()),
    }
}
