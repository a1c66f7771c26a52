//! Letting people in the copies of a ticket's mails take part in it.

use crate::domain::number;
use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::ticket;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};

/// Lets somebody take part, or takes him out again.
#[handler]
pub async fn change(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let (actor, desk, email) = (visit.staff()?, visit.desk(), sent.get("email"));
    let done = match sent.get("tindakan") {
        "tambah" => desk.let_take_part(actor, &number, email).await,
        "lepas" => desk.end_part(actor, &number, email).await,
        _ => Err(Error::NotFound("act")),
    };
    match done {
        Ok(()) => Ok(see_other(&format!("/kerja/tiket/{number}#peserta"))),
        Err(error @ Error::Conflict { .. }) => ticket::refused(visit, actor, &number, None, &error).await,
        Err(error) => Err(error.into()),
    }
}
