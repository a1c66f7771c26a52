//! Following a ticket with its number and code, or among one's own after a mailed link.

use crate::desk::public_reply::{Answer as Written, Proof};
use crate::desk::rating;
use crate::desk::uploads::Owner;
use crate::desk::views::TicketPage;
use crate::domain::clock_plan::StepKind;
use crate::domain::number;
use crate::domain::ticket::Status;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::{Answer, Failure};
use crate::web::guard;
use crate::web::own;
use crate::web::parcel::Parcel;
use crate::web::render::{download, see_other};
use crate::web::sent::Sent;
use crate::web::uploads;
use crate::web::visit::{Visit, cookie, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{FromRequest, Request, RequestBody, Response, handler};
use serde_json::{Value, json};

/// Name of the cookie with the code; it is sent to the pages of its ticket only.
const COOKIE: &str = "meja_lacak";

/// A ticket whose reader has shown, or is about to show, that it is his.
#[derive(Debug, Clone)]
pub struct Way {
    /// The ticket's number.
    pub number: String,
    /// What he shows.
    pub proof: Proof,
    /// Address of the ticket's page for him.
    pub base: String,
    /// Whose the files are that wait for his answer.
    pub uploads: Owner,
}

/// How the reader of a page came; whoever has shown nothing yet is sent where he can. The code that a link in a mail brings
/// is kept, and the same page opened under its clean address.
impl<'a> FromRequest<'a> for Way {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let visit = request.data::<Visit>().ok_or_else(|| Failure(Error::internal("a way without a visit")))?;
        let typed = request.raw_path_param("number").unwrap_or_default();
        match way(visit, typed, request).await {
            Ok(Ok(way)) => Ok(way),
            Ok(Err(elsewhere)) => Err(poem::Error::from_response(elsewhere)),
            Err(error) => Err(Failure(error).into()),
        }
    }
}

/// `Err` is where the reader has to go first.
async fn way(visit: &Visit, typed: &str, request: &Request) -> Result<Result<Way, Response>> {
    let number = number::parse(typed).ok_or(Error::NotFound("ticket"))?;
    let uploads = Owner::answer(&number, &visit.browser);
    if visit.path.starts_with("/tiket-saya/") {
        let Some(email) = own::address(visit, request).await? else { return Ok(Err(see_other("/tiket-saya"))) };
        let base = format!("/tiket-saya/{number}");
        return Ok(Ok(Way { number, proof: Proof::Address(email), base, uploads }));
    }
    if let Some(code) = query(request).remove("kode") {
        return match visit.desk().track(&number, &code, &visit.source).await {
            Ok(_) => Ok(Err(enter(visit, &number, &code, &visit.path))),
            Err(Error::Denied(say)) => Ok(Err(refuse(visit, &number, "", say, "number")?)),
            Err(error) => Err(error),
        };
    }
    let Some(code) = cookie(request, COOKIE) else {
        return Ok(Err(see_other(&format!("/lacak?nomor={number}"))));
    };
    let proof = Proof::Code { code, source: visit.source.clone() };
    let base = format!("/lacak/{number}");
    Ok(Ok(Way { number, proof, base, uploads }))
}

/// Asks for number and code.
#[handler]
pub fn form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let number = query(request).remove("nomor").unwrap_or_default();
    Ok(visit.form("track.html", json!({"number": number, "code": ""}))?)
}

/// Opens the ticket when number and code fit; a slip of the finger is told before any look-up.
#[handler]
pub async fn find(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let (typed, code) = (sent.get("number"), sent.get("code"));
    let Some(number) = number::parse(typed) else {
        return Ok(refuse(visit, typed, code, Say::new("field-number"), "number")?);
    };
    match visit.desk().track(&number, code, &visit.source).await {
        Ok(_) => Ok(enter(visit, &number, code, &format!("/lacak/{number}"))),
        Err(Error::Denied(say)) => Ok(refuse(visit, typed, code, say, "number")?),
        Err(error) => Err(error.into()),
    }
}

/// The public part of a ticket.
#[handler]
pub async fn follow(Data(visit): Data<&Visit>, way: Way, request: &Request) -> Answer {
    let page = match visit.desk().follow_ticket(&way.number, &way.proof).await {
        Err(Error::Denied(say)) => return Ok(refuse(visit, &way.number, "", say, "number")?),
        other => other?,
    };
    let kept = visit.desk().kept_words(&way.uploads).await?;
    let mut context = shape(visit, &way, &page, &kept, "").await?;
    context["done"] = query(request).remove("kabar").filter(|word| NEWS.contains(&word.as_str())).into();
    Ok(visit.form("tracked.html", context)?)
}

/// What the page may say has just happened.
const NEWS: [&str; 3] = ["nilai", "buka-lagi", "balas"];

/// A file of the public part.
#[handler]
pub async fn file(Data(visit): Data<&Visit>, Path((_, id)): Path<(String, i64)>, way: Way) -> Answer {
    let page = visit.desk().follow_ticket(&way.number, &way.proof).await?;
    let (file, bytes) = visit.desk().file_of(&page, id).await?;
    Ok(download(&file.name, bytes))
}

/// Adds what the reporter writes, with the files that wait for it.
#[handler]
pub async fn reply(Data(visit): Data<&Visit>, parcel: Parcel, way: Way) -> Answer {
    let desk = visit.desk();
    // Only whoever may write here may leave a file here.
    desk.follow_ticket(&way.number, &way.proof).await?;
    if let Some(problems) = uploads::keep(visit, &way.uploads, &parcel).await? {
        return again(visit, &way, &parcel.sent, &problems).await;
    }
    let answer = Written { body: parcel.sent.get("body"), key: parcel.sent.get("key"), uploads: Some(&way.uploads) };
    match desk.requester_reply(&way.number, &way.proof, &answer).await {
        Ok(_) => Ok(see_other(&format!("{}?kabar=balas#percakapan", way.base))),
        Err(Error::Invalid(problems)) => again(visit, &way, &parcel.sent, &problems).await,
        Err(error @ (Error::Conflict { .. } | Error::TooMany { .. })) => {
            let page = desk.follow_ticket(&way.number, &way.proof).await?;
            let told = match &error {
                Error::Conflict { .. } => text::word(visit.language, "tracked-closed-meanwhile"),
                other => text::say(visit.language, &other.public()),
            };
            let context = shape(visit, &way, &page, parcel.sent.get("body"), &told).await?;
            let mut response = visit.form("tracked.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}

/// Keeps a file for the answer that is being written, and the words so far.
#[handler]
pub async fn add_file(Data(visit): Data<&Visit>, parcel: Parcel, way: Way) -> Answer {
    keep_words(visit, &way, &parcel.sent).await?;
    match uploads::add(visit, &way.uploads, &parcel).await? {
        None => Ok(see_other(&format!("{}#lampiran", way.base))),
        Some(problems) => again(visit, &way, &parcel.sent, &problems).await,
    }
}

/// Takes a file away again.
#[handler]
pub async fn drop_file(Data(visit): Data<&Visit>, parcel: Parcel, way: Way) -> Answer {
    keep_words(visit, &way, &parcel.sent).await?;
    visit.desk().drop_upload(&way.uploads, parcel.sent.get("drop")).await?;
    Ok(see_other(&format!("{}#lampiran", way.base)))
}

/// Keeps the words so far, of whoever may write here.
async fn keep_words(visit: &Visit, way: &Way, sent: &Sent) -> Result<()> {
    visit.desk().follow_ticket(&way.number, &way.proof).await?;
    visit.desk().keep_words(&way.uploads, sent.get("body")).await
}

/// The page with what is to be mended in the answer.
async fn again(visit: &Visit, way: &Way, sent: &Sent, problems: &[FieldError]) -> Answer {
    let page = visit.desk().follow_ticket(&way.number, &way.proof).await?;
    Ok(visit.mend("tracked.html", shape(visit, way, &page, sent.get("body"), "").await?, problems, "")?)
}

/// Keeps the code and shows a page of the ticket under its clean address.
fn enter(visit: &Visit, number: &str, code: &str, page: &str) -> Response {
    let mut response = see_other(page);
    // Only signs of a code get into the header.
    let code: String = code.chars().filter(|sign| sign.is_ascii_alphanumeric()).collect();
    guard::set_cookie(&mut response, &visit.site, COOKIE, Some(&code), &format!("/lacak/{number}"));
    response
}

fn refuse(visit: &Visit, number: &str, code: &str, say: Say, field: &'static str) -> Result<Response> {
    let context = json!({"number": number, "code": code});
    visit.mend("track.html", context, &[FieldError { field, say }], "")
}

async fn shape(visit: &Visit, way: &Way, page: &TicketPage, kept: &str, told: &str) -> Result<Value> {
    let ticket = &page.view.ticket;
    let rated = page.ratings.iter().find(|rating| rating.round == rating::round(&page.pauses));
    Ok(json!({
        "number": ticket.number,
        "base": way.base,
        "list": if matches!(way.proof, Proof::Address(_)) { "/tiket-saya" } else { "/lacak" },
        "subject": ticket.subject,
        "state": visit.citizen_chip(ticket.status),
        "opened": visit.instant(ticket.opened_at),
        "next": next_step(visit, page)?,
        "messages": visit.conversation(page, &way.base),
        "open": !matches!(ticket.status, Status::Closed | Status::Merged),
        "closed": ticket.status == Status::Closed,
        "waits_for_reporter": ticket.status == Status::PendingRequester,
        "solved": ticket.status == Status::Resolved,
        "can_rate": rated.is_none() && rating::is_rateable(ticket),
        "rated": rated.map(|rating| visit.word("score", &rating.score.to_string())),
        "uploads": uploads::shape(visit, &way.uploads, &format!("{}/berkas", way.base)).await?,
        "body": kept,
        "told": told,
        "done": Value::Null,
        "key": new_token()?,
    }))
}

/// What happens next, and by when.
fn next_step(visit: &Visit, page: &TicketPage) -> Result<String> {
    let (view, desk) = (&page.view, visit.desk());
    let is_late = view.due.resolution_due.is_some_and(|due| due <= desk.now());
    let (key, at) = match view.ticket.status {
        Status::New if view.due.response_due.is_some_and(|due| due > desk.now()) => ("next-new", view.due.response_due),
        Status::New | Status::Acknowledged | Status::InProgress if is_late => ("next-late", view.due.resolution_due),
        Status::New | Status::Acknowledged | Status::InProgress => ("next-working", view.due.resolution_due),
        Status::PendingRequester => ("next-your-turn", desk.planned_step(page, StepKind::PendingClose)?),
        Status::PendingVendor => ("next-vendor", None),
        Status::Resolved => ("next-solved", desk.planned_step(page, StepKind::AutoClose)?),
        Status::Closed => ("next-closed", None),
        Status::Merged => ("next-merged", None),
    };
    let at = at.map(|at| desk.words(visit.language, at)).unwrap_or_default();
    let target = view.ticket.merged_into.clone().unwrap_or_default();
    Ok(text::phrase(visit.language, key, &[("at", &at), ("number", &target)]))
}
