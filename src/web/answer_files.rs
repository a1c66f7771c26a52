//! The files of an answer that staff write: each is sent by itself, and waits until the answer goes.

use crate::desk::uploads::Owner;
use crate::domain::number;
use crate::error::Error;
use crate::web::acts;
use crate::web::answering::{Written, keep_words};
use crate::web::conflict;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::uploads;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};

/// Keeps a file for the answer that is being written, and the words so far.
#[handler]
pub async fn add_file(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, file): Written) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    if let Err(error) = keep_words(visit, &number, &sent).await {
        return Ok(conflict::gone(visit, &sent, error)?);
    }
    match uploads::keep_for_work(visit, &number, &file.unwrap_or_default()).await? {
        None => Ok(see_other(&rounds::back(&sent, &number, "", "lampiran"))),
        Some(problems) => acts::again(visit, actor, &number, "balas", &sent, &problems).await,
    }
}

/// Takes a file away again.
#[handler]
pub async fn drop_file(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    if let Err(error) = keep_words(visit, &number, &sent).await {
        return Ok(conflict::gone(visit, &sent, error)?);
    }
    visit.desk().drop_upload(&Owner::work(&number, actor.account.id), sent.get("drop")).await?;
    Ok(see_other(&rounds::back(&sent, &number, "", "lampiran")))
}
