//! Drafts, presence and calling back: what the composer of a ticket sends beside the answers themselves.

use crate::desk::answer_drafts::{ANSWER, NOTE};
use crate::desk::uploads::Arrived;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::error::Error;
use crate::web::composer::kind_of;
use crate::web::conflict;
use crate::web::failure::{Answer, Failure};
use crate::web::parcel::Parcel;
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{FromRequest, Request, RequestBody, Response, handler};
use std::collections::BTreeMap;

/// Where tickets of callers are entered.
pub const NEW_TICKET: &str = "/kerja/tiket/baru";
/// Says to a script when its draft was kept.
const KEPT_AT: &str = "x-kept-at";

/// A form of the composer, or of a page beside the ticket. When the session has ended meanwhile, its text is kept as a draft of the session's owner before the
/// visitor is sent to sign in: he lands on the ticket and finds it there.
#[derive(Debug)]
pub struct Written(pub Sent, pub Option<Arrived>);

impl<'a> FromRequest<'a> for Written {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = request.data::<Visit>().ok_or_else(|| Failure(Error::internal("a form without a visit")))?;
        let Parcel { sent, file } = Parcel::read(request, body).await?;
        match sent.check(visit) {
            Err(Error::Unauthenticated) => {
                keep_parting_words(visit, &sent).await.map_err(Failure)?;
                Err(Failure(Error::Unauthenticated).into())
            }
            Err(error) => Err(Failure(error).into()),
            Ok(()) => Ok(Self(sent, file)),
        }
    }
}

/// Only a form that was made for this very session keeps its text.
async fn keep_parting_words(visit: &Visit, sent: &Sent) -> Result<(), Error> {
    let Some(session) = &visit.session else { return Ok(()) };
    if !visit.desk().secret.recognises("csrf", session, sent.get("_csrf")) {
        return Ok(());
    }
    if visit.path == NEW_TICKET {
        return visit.desk().keep_parting_form(session, &written_down(sent)?).await;
    }
    let Some((number, act)) = address(&visit.path) else { return Ok(()) };
    for (kind, body) in parting(act, sent) {
        match visit.desk().keep_parting_words(session, &number, kind, &body).await {
            // Nothing of the ticket is told to somebody whose session has ended.
            Err(Error::NotFound(_) | Error::Invalid(_)) | Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The drafts that the texts of a form become.
fn parting(act: &str, sent: &Sent) -> Vec<(&'static str, String)> {
    let kind = match act {
        "draf" => Some(draft_kind(sent)),
        "berkas" | "berkas/hapus" | "makro" => Some(ANSWER),
        act => kind_of(act),
    };
    let mut drafts = match kind {
        // The cause of a solution is for colleagues, as everything but an answer is.
        Some(kind) => vec![(kind, text(sent).to_owned()), (NOTE, sent.get("cause").to_owned())],
        None => vec![(NOTE, conflict::texts(act, sent).map(|(_, text)| text).collect::<Vec<_>>().join("\n\n"))],
    };
    drafts.retain(|(_, body)| !body.trim().is_empty());
    drafts
}

/// The fields of a form, to be filled in again.
fn written_down(sent: &Sent) -> Result<String, Error> {
    let fields = sent.0.iter().filter(|(name, value)| !["_csrf", "key"].contains(&name.as_str()) && !value.is_empty());
    Ok(serde_json::to_string(&fields.collect::<BTreeMap<_, _>>())?)
}

/// Number and act in the address of a form on the page of a ticket.
fn address(path: &str) -> Option<(String, &str)> {
    let (typed, act) = path.strip_prefix("/kerja/tiket/")?.split_once('/')?;
    Some((number::parse(typed)?, act))
}

/// What was written, blanks and all: under either name of the field.
fn text(sent: &Sent) -> &str {
    let field = |name: &str| sent.0.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
    field("body").or_else(|| field("solution")).unwrap_or_default()
}

fn draft_kind(sent: &Sent) -> &'static str {
    if sent.get("jenis") == "catatan" { NOTE } else { ANSWER }
}

/// Keeps what has been written so far. Fields: `_csrf`, `jenis` (`balas` or `catatan`), `body`, and `makro` when a
/// ready-made answer stands in it; an empty `body` takes the draft away. A script (`X-Requested-With`, or `Accept:
/// application/json`) is answered 204, a form goes back to the page.
#[handler]
pub async fn keep_draft(
    Data(visit): Data<&Visit>,
    Path(typed): Path<String>,
    request: &Request,
    Written(sent, _): Written,
) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let kind = draft_kind(&sent);
    let reply = sent.get("makro").parse().ok();
    let kept = visit.desk().keep_answer_draft(actor, &number, kind, text(&sent), reply).await;
    if let Err(error) = match kept {
        Ok(()) => keep_cause(visit, actor, &number, &sent).await,
        error => error,
    } {
        return Ok(conflict::gone(visit, &sent, error)?);
    }
    if is_script(request) {
        // The time as the server tells it: the clocks of devices are wrong, and stand in other zones.
        let at = crate::text::time(visit.desk().now(), visit.zone());
        return Ok(Response::builder().status(StatusCode::NO_CONTENT).header(KEPT_AT, at).finish());
    }
    let place = if kind == NOTE { "catatan" } else { "balas" };
    Ok(see_other(&rounds::back(&sent, &number, "draf", place)))
}

/// Keeps the words of the answer, while its writer adds files.
///
/// # Errors
/// `NotFound` for a ticket out of sight.
pub async fn keep_words(visit: &Visit, number: &str, sent: &Sent) -> Result<(), Error> {
    let (actor, reply) = (visit.staff()?, sent.get("makro").parse().ok());
    visit.desk().keep_answer_draft(actor, number, ANSWER, text(sent), reply).await?;
    keep_cause(visit, actor, number, sent).await
}

/// The cause that was written beside a solution has no place in the answer: it is kept for a note.
async fn keep_cause(visit: &Visit, actor: &Actor, number: &str, sent: &Sent) -> Result<(), Error> {
    visit.desk().add_to_draft(actor, number, NOTE, sent.get("cause")).await
}

/// Copies a colleague's draft (`draf`) into the own one.
#[handler]
pub async fn take_over(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let draft = sent.get("draf").parse().map_err(|_| Error::NotFound("draft"))?;
    visit.desk().take_over_draft(actor, &number, draft).await?;
    Ok(see_other(&rounds::back(&sent, &number, "ambil-draf", "balas")))
}

/// Notes that the visitor is still there; `menulis=1` while he writes. For scripts, every ten to twenty seconds: 204.
#[handler]
pub async fn attend(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    visit.desk().attend(visit.staff()?, &number, sent.get("menulis") == "1").await?;
    Ok(Response::builder().status(StatusCode::NO_CONTENT).finish())
}

/// Calls back the answer `pesan`.
#[handler]
pub async fn withdraw(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let message = sent.get("pesan").parse().map_err(|_| Error::NotFound("answer"))?;
    match visit.desk().withdraw_answer(actor, &number, message).await {
        Ok(_) => Ok(see_other(&rounds::back(&sent, &number, "batal", "balas"))),
        Err(Error::Conflict { say, .. }) if say.key == "error-answer-left" => {
            Ok(see_other(&rounds::back(&sent, &number, "terlambat", "")))
        }
        Err(Error::Conflict { .. }) => Ok(see_other(&rounds::back(&sent, &number, "tidak-batal", ""))),
        Err(error) => Err(error.into()),
    }
}

fn is_script(request: &Request) -> bool {
    request.header("x-requested-with").is_some()
        || request.header(header::ACCEPT).is_some_and(|accepted| accepted.contains("application/json"))
}
