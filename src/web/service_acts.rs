//! What staff do with a service, one form each.

use crate::desk::critical::Determination;
use crate::desk::paper::Paper;
use crate::desk::reprofile::Basis;
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::text;
use crate::web::catalogue::ACTS;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::services::again;
use crate::web::visit::Visit;
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};

/// Does what the form asks and shows the service; when it is refused, what was written stays in its form.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((code, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    if !ACTS.contains(&act.as_str()) {
        return Err(Error::NotFound("act").into());
    }
    match carry_out(visit, actor, &code, &act, &sent).await {
        Ok(()) => Ok(see_other(&format!("/kerja/layanan/{code}?kabar={act}"))),
        Err(Error::Invalid(problems)) => Ok(again(visit, &code, &act, &sent, "", &problems).await?),
        Err(error @ (Error::Conflict { .. } | Error::Denied(_))) => {
            let told = text::say(visit.language, &error.public());
            let mut response = again(visit, &code, &act, &sent, &told, &[]).await?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn carry_out(visit: &Visit, actor: &Actor, code: &str, act: &str, sent: &Sent) -> Result<()> {
    let desk = visit.desk();
    let (reason, key) = (sent.get("reason"), Some(sent.get("key")).filter(|key| !key.is_empty()));
    let id = sent.get("record").parse().unwrap_or(0);
    let paper = || Paper { number: sent.get("document_number").to_owned(), date: sent.get("date").to_owned() };
    match act {
        "tinjau" => desk.review_service(actor, code, key).await.map(drop),
        "keluarkan" => desk.offer_service(actor, code, false, reason, key).await.map(drop),
        "kembalikan" => desk.offer_service(actor, code, true, reason, key).await.map(drop),
        "sla" => desk.propose_sla(actor, code, sent.get("profile"), reason, &paper(), key).await.map(drop),
        "sla-setujui" => desk.approve_sla(actor, code, id, &paper(), key).await.map(drop),
        "sla-tolak" => desk.reject_sla(actor, code, id, reason, key).await.map(drop),
        "sla-terapkan" => desk.apply_to_open(actor, code, Basis::Sla(id), reason, key).await.map(drop),
        "tetapkan" => {
            let optional = |field| Some(sent.get(field).to_owned()).filter(|text| !text.is_empty());
            let how =
                Determination { paper: paper(), instrument: optional("instrument"), profile: optional("profile") };
            desk.determine(actor, code, id, &how, key).await.map(drop)
        }
        "tolak" => desk.reject_proposal(actor, code, id, reason, key).await.map(drop),
        "tarik" => desk.withdraw_proposal(actor, code, id, reason, key).await.map(drop),
        _ => desk.apply_to_open(actor, code, Basis::Proposal(id), reason, key).await.map(drop),
    }
}
