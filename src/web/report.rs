//! The report in three pages, its check and its confirmation. The draft lives on the server.

use crate::desk::drafts::{Draft, Step};
use crate::desk::uploads::Owner;
use crate::domain::number;
use crate::domain::phone;
use crate::domain::ticket::{Impact, Kind};
use crate::error::{Error, Result};
use crate::web::articles;
use crate::web::failure::Answer;
use crate::web::incidents;
use crate::web::parcel::Parcel;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::uploads;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// Most services offered to choose from (UX F8).
const OFFERED: usize = 8;

/// 1/3: what it is about.
#[handler]
pub async fn show_kind(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let mut draft = visit.desk().draft(&visit.browser).await?;
    let mut asked = query(request);
    // Whoever comes from the page of a service has chosen it.
    let chosen = asked.remove("layanan").filter(|code| !code.is_empty());
    let all = asked.contains_key("semua") || chosen.is_some();
    draft.service = chosen.or(draft.service);
    let mut context = choices(visit, &draft, all).await?;
    context["subject"] = asked.remove("judul").into();
    Ok(visit.form("report_kind.html", context)?)
}

/// Keeps page 1/3.
#[handler]
pub async fn keep_kind(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let mut draft = visit.desk().draft(&visit.browser).await?;
    draft.kind = sent.get("kind").parse::<Kind>().ok();
    draft.service = Some(sent.get("service").to_owned()).filter(|code| !code.is_empty());
    let asks = draft.kind == Some(Kind::ServiceRequest);
    draft.request_type = Some(sent.get("request_type").to_owned()).filter(|code| asks && !code.is_empty());
    // Who has looked for an article in vain need not write it again.
    let subject = sent.get("judul");
    if draft.subject.is_empty() && !subject.is_empty() {
        draft.subject = subject.chars().take(crate::desk::intake::LONGEST_SUBJECT).collect();
    }
    // A report goes on from an older ticket only as long as its writer says so.
    draft.follows = draft.follows.filter(|number| sent.get("follows") == number);
    let context = choices(visit, &draft, false).await?;
    keep(visit, Step::Kind, &draft, "report_kind.html", context, "/lapor/uraian").await
}

/// 2/3: what happened.
#[handler]
pub async fn show_words(Data(visit): Data<&Visit>) -> Answer {
    let draft = visit.desk().draft(&visit.browser).await?;
    Ok(visit.form("report_words.html", written(visit, &draft).await?)?)
}

/// Keeps page 2/3, with a file that was chosen but not yet sent.
#[handler]
pub async fn keep_words(Data(visit): Data<&Visit>, parcel: Parcel) -> Answer {
    let draft = take_words(visit, &parcel).await?;
    if let Some(problems) = uploads::keep(visit, &Owner::draft(&visit.browser), &parcel).await? {
        return Ok(visit.mend("report_words.html", written(visit, &draft).await?, &problems, "")?);
    }
    let context = written(visit, &draft).await?;
    keep(visit, Step::Description, &draft, "report_words.html", context, "/lapor/kontak").await
}

/// Keeps a file, and the words so far.
#[handler]
pub async fn add_file(Data(visit): Data<&Visit>, parcel: Parcel) -> Answer {
    let draft = take_words(visit, &parcel).await?;
    match uploads::add(visit, &Owner::draft(&visit.browser), &parcel).await? {
        None => Ok(see_other("/lapor/uraian#lampiran")),
        Some(problems) => Ok(visit.mend("report_words.html", written(visit, &draft).await?, &problems, "")?),
    }
}

/// Takes a file away again, and keeps the words so far.
#[handler]
pub async fn drop_file(Data(visit): Data<&Visit>, parcel: Parcel) -> Answer {
    take_words(visit, &parcel).await?;
    visit.desk().drop_upload(&Owner::draft(&visit.browser), parcel.sent.get("drop")).await?;
    Ok(see_other("/lapor/uraian#lampiran"))
}

/// Keeps what page 2/3 says, be it wrong or unfinished.
async fn take_words(visit: &Visit, parcel: &Parcel) -> Result<Draft> {
    let sent = &parcel.sent;
    let mut draft = visit.desk().draft(&visit.browser).await?;
    sent.get("subject").clone_into(&mut draft.subject);
    sent.get("description").clone_into(&mut draft.description);
    draft.impact = sent.get("impact").parse::<Impact>().ok();
    visit.desk().save_draft(&visit.browser, &draft).await?;
    Ok(draft)
}

/// 3/3: who reports. Whoever has signed in is not asked what is known.
#[handler]
pub async fn show_contact(Data(visit): Data<&Visit>) -> Answer {
    let mut draft = visit.desk().draft(&visit.browser).await?;
    if let Some(actor) = &visit.actor
        && draft.email.is_empty()
    {
        draft.name.clone_from(&actor.account.name);
        draft.email.clone_from(&actor.account.email);
    }
    Ok(visit.form("report_contact.html", contact(visit, &draft).await?)?)
}

/// Keeps page 3/3.
#[handler]
pub async fn keep_contact(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let mut draft = visit.desk().draft(&visit.browser).await?;
    sent.get("name").clone_into(&mut draft.name);
    sent.get("email").clone_into(&mut draft.email);
    sent.get("phone").clone_into(&mut draft.phone);
    // A switch that this region's pack lacks is on no page; a forged one does nothing.
    let offered = visit.desk().pack().reporters;
    draft.wish.anonymous = offered.anonymous && sent.get("anonymous") == "1";
    draft.wish.secret = offered.secret && sent.get("secret") == "1";
    let context = contact(visit, &draft).await?;
    keep(visit, Step::Contact, &draft, "report_contact.html", context, "/lapor/periksa").await
}

/// Everything once more before it is sent; an incomplete draft goes back to its first gap.
#[handler]
pub async fn show_check(Data(visit): Data<&Visit>) -> Answer {
    let draft = visit.desk().draft(&visit.browser).await?;
    for step in Step::ALL {
        match visit.desk().check_draft(step, &draft).await {
            Err(Error::Invalid(_)) => return Ok(see_other(address(step))),
            other => other?,
        }
    }
    Ok(visit.form("report_check.html", summary(visit, &draft).await?)?)
}

/// Sends the report. Sending it twice gives the same ticket.
#[handler]
pub async fn send_report(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    match visit.desk().send_draft(&visit.browser, sent.get("nonce"), visit.language, &visit.source).await {
        Ok(ticket) => Ok(see_other(&format!("/lapor/terkirim/{}", ticket.number))),
        Err(Error::Invalid(problems)) => {
            let draft = visit.desk().draft(&visit.browser).await?;
            Ok(visit.mend("report_check.html", summary(visit, &draft).await?, &problems, "row-")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The confirmation, for the browser that has sent the report; others are asked for the code.
#[handler]
pub async fn show_sent(Data(visit): Data<&Visit>, Path(typed): Path<String>) -> Answer {
    let desk = visit.desk();
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    if !desk.draft(&visit.browser).await?.has_sent(&number) {
        return Ok(see_other(&format!("/lacak?nomor={number}")));
    }
    let code = desk.secret.tracking_code(&number);
    let page = desk.track(&number, &code, &visit.source).await?;
    let ticket = &page.view.ticket;
    let context = json!({
        "number": number,
        "code": code,
        "link": format!("/lacak/{number}?kode={code}"),
        "whole_link": desk.tracking_url(ticket),
        "email": ticket.requester_email,
        "phone": ticket.requester_phone.as_deref().map(phone::show),
        "opened": visit.instant(ticket.opened_at),
        "response_due": visit.instant_if(page.view.due.response_due),
        "resolution_due": visit.instant_if(page.view.due.resolution_due),
    });
    Ok(visit.page("report_sent.html", context)?)
}

/// Keeps what was written, also when something is to be mended, and goes on when nothing is.
async fn keep(
    visit: &Visit,
    step: Step,
    draft: &Draft,
    template: &str,
    context: Value,
    next: &str,
) -> Answer<Response> {
    visit.desk().save_draft(&visit.browser, draft).await?;
    match visit.desk().check_draft(step, draft).await {
        Ok(()) => Ok(see_other(next)),
        Err(Error::Invalid(problems)) => Ok(visit.mend(template, context, &problems, "")?),
        Err(error) => Err(error.into()),
    }
}

const fn address(step: Step) -> &'static str {
    match step {
        Step::Kind => "/lapor",
        Step::Description => "/lapor/uraian",
        Step::Contact => "/lapor/kontak",
    }
}

/// `all`: every service, not only those reported most (UX F8).
async fn choices(visit: &Visit, draft: &Draft, all: bool) -> Result<Value> {
    let pack = visit.desk().pack();
    let kinds: Vec<&str> = pack.kinds.iter().map(|kind| kind.as_str()).collect();
    let offered = pack.requests.iter().filter(|request| request.kind == Kind::ServiceRequest);
    let requests: Vec<Value> =
        offered.map(|request| json!({"code": request.code, "label": request.label(visit.language)})).collect();
    let services = visit.desk().reportable_services().await?;
    let chosen = draft.service.as_deref();
    let offered = services.iter().enumerate();
    let offered = offered.filter(|(place, service)| all || *place < OFFERED || Some(service.code.as_str()) == chosen);
    let offered: Vec<Value> = offered.map(|(_, service)| json!({"code": service.code, "name": service.name})).collect();
    Ok(json!({
        "follows": draft.follows,
        "kinds": kinds,
        "kind": draft.kind,
        "services": offered,
        "all": all,
        "more": services.len() > OFFERED,
        "service": draft.service,
        "requests": requests,
        "request_type": draft.request_type,
        "subject": Value::Null,
    }))
}

async fn contact(visit: &Visit, draft: &Draft) -> Result<Value> {
    let offered = visit.desk().pack().reporters;
    Ok(json!({
        "name": draft.name,
        "email": draft.email,
        "phone": draft.phone,
        "offered": {"anonymous": offered.anonymous, "secret": offered.secret},
        "articles": self::offered(visit, draft).await?,
        "wish": draft.wish,
        "follows": draft.follows,
    }))
}

async fn written(visit: &Visit, draft: &Draft) -> Result<Value> {
    let uploads = uploads::shape(visit, &Owner::draft(&visit.browser), "/lapor/uraian/lampiran").await?;
    let impacts: Vec<&str> = Impact::ALL.iter().rev().map(|impact| impact.as_str()).collect();
    Ok(json!({
        "subject": draft.subject,
        "description": draft.description,
        "impact": draft.impact,
        "impacts": impacts,
        "longest_subject": crate::desk::intake::LONGEST_SUBJECT,
        "uploads": uploads,
        "incidents": incidents::boxes(visit, draft.service.as_deref()).await?,
        "offered": offered(visit, draft).await?,
    }))
}

/// Articles that may spare somebody the report.
async fn offered(visit: &Visit, draft: &Draft) -> Result<Vec<Value>> {
    articles::offered(visit, &format!("{} {}", draft.subject, draft.description), draft.service.as_deref()).await
}

async fn summary(visit: &Visit, draft: &Draft) -> Result<Value> {
    let services = visit.desk().services().await?;
    let service = services.iter().find(|service| Some(&service.code) == draft.service.as_ref());
    let pack = visit.desk().pack();
    Ok(json!({
        "kind": draft.kind,
        "service": service.map(|service| &service.name),
        "request": draft.request_type.as_ref().and_then(|code| pack.request(code)).map(|request| request.label(visit.language)),
        "subject": draft.subject,
        "description": draft.description,
        "impact": draft.impact,
        "name": draft.name,
        "email": draft.email,
        "phone": phone::parse(&draft.phone).map(|kept| phone::show(&kept)),
        "files": visit.desk().uploads(&Owner::draft(&visit.browser)).await?.into_iter().map(|file| file.name).collect::<Vec<_>>(),
        "wish": draft.wish,
        "follows": visit.desk().tied_to(draft).await?,
        "nonce": draft.nonce,
    }))
}
