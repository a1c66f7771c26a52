//! Forms beside a ticket that have to do with articles.

use crate::domain::number;
use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::ticket;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};

/// Notes that an article helped with a ticket.
#[handler]
pub async fn tie(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    visit.desk().solved_with(actor, &number, sent.get("artikel")).await?;
    Ok(see_other(&format!("/kerja/tiket/{number}#artikel")))
}

/// Makes a draft of what solved a ticket.
#[handler]
pub async fn draft(Data(visit): Data<&Visit>, Path(typed): Path<String>, _sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    match visit.desk().article_from_ticket(actor, &number).await {
        Ok(found) => Ok(see_other(&format!("/kerja/pengetahuan/{}?kabar=tiket", found.article.slug))),
        Err(error @ (Error::Conflict { .. } | Error::Denied(_))) => {
            ticket::refused(visit, actor, &number, None, &error).await
        }
        Err(error) => Err(error.into()),
    }
}
