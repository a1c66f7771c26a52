//! Announcements: where people read them, the feed, and the pages on which staff write them.

use crate::desk::announcements::WantedAnnouncement;
use crate::domain::announcement::{Announcement, AnnouncementState, Audience, Weight, may_tell};
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::availability::{fields, instant, renamed};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, SecondsFormat, Utc};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Rows on one page.
const ROWS: i64 = 50;
/// Fields of the form.
const FIELDS: [&str; 10] = [
    "agency",
    "audience",
    "severity",
    "title",
    "message",
    "starts_date",
    "starts_time",
    "ends_date",
    "ends_time",
    "reason",
];

/// What the public is told, in the shape of `announcement_macros.html`; on pages of one agency's services, what concerns it.
///
/// # Errors
/// The database does not answer.
pub async fn told(visit: &Visit, agency: Option<&str>) -> Result<Vec<Value>> {
    let found = visit.desk().told_to_public(agency).await?;
    shapes(visit, &found).await
}

/// What somebody of the staff is told on his home.
///
/// # Errors
/// The database does not answer.
pub async fn told_to_staff(visit: &Visit, actor: &Actor) -> Result<Vec<Value>> {
    let found = visit.desk().told_to_staff(actor).await?;
    shapes(visit, &found).await
}

/// Everything the public is told now.
#[handler]
pub async fn public(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.page("announcements_public.html", json!({"announcements": told(visit, None).await?}))?)
}

/// The same for feed readers.
#[handler]
pub async fn feed(Data(visit): Data<&Visit>) -> Answer {
    let found = visit.desk().told_to_public(None).await?;
    let base = escape(&visit.desk().public_url);
    let title = text::phrase(visit.language, "announcements-feed", &[("region", &visit.desk().pack().region.name)]);
    let title = escape(&title);
    let latest = found.iter().map(|it| it.updated_at).max().unwrap_or_else(|| visit.desk().now());
    let language = visit.language.as_str();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\
         <title>{title}</title><id>{base}/pengumuman</id><updated>{}</updated>\
         <link rel=\"self\" href=\"{base}/pengumuman.atom\"/>\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}/pengumuman\"/><author><name>{title}</name></author>\n",
        rfc(latest)
    );
    for it in &found {
        let address = format!("{base}/pengumuman#{}", it.code);
        // Writing to a string cannot fail.
        _ = writeln!(
            xml,
            "<entry><id>{address}</id><title>{}</title><link rel=\"alternate\" type=\"text/html\" href=\"{address}\"/>\
             <published>{}</published><updated>{}</updated><content type=\"text\">{}</content></entry>",
            escape(&it.title),
            rfc(it.starts_at),
            rfc(it.updated_at),
            escape(&it.message),
        );
    }
    xml.push_str("</feed>\n");
    let mut response = Response::builder().content_type("application/atom+xml; charset=utf-8").body(xml);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}

/// Every announcement the visitor may read.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let before = query(request).get("sebelum").and_then(|place| place.parse().ok());
    let (found, next) = visit.desk().announcements(actor, before.unwrap_or(i64::MAX), ROWS).await?;
    let rows = shapes(visit, &found).await?;
    let context = json!({"rows": rows, "next": next, "is_first": before.is_none(), "may_write": !owners(visit, actor).await?.is_empty()});
    Ok(visit.page("announcements.html", context)?)
}

/// The form of a new one.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>) -> Answer {
    let mut sent = Sent::default();
    sent.0.insert("audience".to_owned(), "public".to_owned());
    sent.0.insert("severity".to_owned(), "info".to_owned());
    Ok(visit.form("announcement_edit.html", shape(visit, None, &sent).await?)?)
}

/// Announces it.
#[handler]
pub async fn make(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let made = match read(visit, &sent) {
        Ok(wanted) => visit.desk().tell_people(actor, &wanted, key).await,
        Err(error) => Err(error),
    };
    settle(visit, None, "simpan", &sent, made.map(|it| it.code)).await
}

/// One with the form to change it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let it = visit.desk().announcement(visit.staff()?, &code).await?;
    let mut context = shape(visit, Some(&it), &written(visit, &it)).await?;
    context["done"] = query(request).remove("kabar").filter(|word| ["simpan", "tarik"].contains(&word.as_str())).into();
    Ok(visit.form("announcement_edit.html", context)?)
}

/// Changes it.
#[handler]
pub async fn change(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let it = visit.desk().announcement(actor, &code).await?;
    let changed = match read(visit, &sent) {
        Ok(wanted) => visit.desk().change_announcement(actor, &code, sent.get("versi").parse().ok(), &wanted).await,
        Err(error) => Err(error),
    };
    settle(visit, Some(&it), "simpan", &sent, changed.map(|it| it.code)).await
}

/// Takes it back.
#[handler]
pub async fn withdraw(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let it = visit.desk().announcement(actor, &code).await?;
    let version = sent.get("versi").parse().ok();
    let done = visit.desk().withdraw_announcement(actor, &code, version, sent.get("reason")).await;
    let mut whole = written(visit, &it);
    whole.0.insert("reason".to_owned(), sent.get("reason").to_owned());
    settle(visit, Some(&it), "tarik", &whole, done.map(|it| it.code)).await
}

async fn settle(visit: &Visit, it: Option<&Announcement>, word: &str, sent: &Sent, outcome: Result<String>) -> Answer {
    match outcome {
        Ok(code) => Ok(see_other(&format!("/kerja/pengumuman/{code}?kabar={word}"))),
        Err(Error::Invalid(problems)) => {
            let context = shape(visit, it, sent).await?;
            Ok(visit.mend("announcement_edit.html", context, &renamed(&problems), "")?)
        }
        Err(error @ (Error::Conflict { .. } | Error::Denied(_))) => {
            let mut context = shape(visit, it, sent).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("announcement_edit.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// In whose name the person may speak: codes and names of agencies, and an empty code for the whole region.
async fn owners(visit: &Visit, actor: &Actor) -> Result<Vec<Value>> {
    let agencies = visit.desk().agencies().await?;
    let all = may_tell(actor, None).then(|| json!({"word": "", "text": visit.word("announcement", "all")}));
    let own = agencies.iter().filter(|it| it.active && may_tell(actor, Some(&it.code)));
    let own = own.map(|it| json!({"word": it.code, "text": it.name}));
    Ok(all.into_iter().chain(own).collect())
}

fn read(visit: &Visit, sent: &Sent) -> Result<WantedAnnouncement> {
    let mut problems: Vec<FieldError> = Vec::new();
    let (starts_at, ends_at) =
        (instant(visit, sent, "starts", &mut problems), instant(visit, sent, "ends", &mut problems));
    let mut choose = |field: &'static str| problems.push(FieldError { field, say: Say::new("field-choose") });
    let (audience, severity) = (sent.get("audience").parse().ok(), sent.get("severity").parse().ok());
    if audience.is_none() {
        choose("audience");
    }
    if severity.is_none() {
        choose("severity");
    }
    let (Some(audience), Some(severity), true) = (audience, severity, problems.is_empty()) else {
        return Err(Error::Invalid(problems));
    };
    Ok(WantedAnnouncement {
        agency: Some(sent.get("agency")).filter(|code| !code.is_empty()).map(str::to_owned),
        audience,
        severity,
        title: sent.get("title").to_owned(),
        message: sent.get("message").to_owned(),
        starts_at,
        ends_at,
    })
}

/// What stands in the form of an announcement as it is.
fn written(visit: &Visit, it: &Announcement) -> Sent {
    let local = |at: Option<DateTime<Utc>>, form: &str| {
        at.map(|at| at.with_timezone(&visit.zone()).format(form).to_string()).unwrap_or_default()
    };
    let mut sent = Sent::default();
    let mut put = |field: &str, value: String| sent.0.insert(field.to_owned(), value);
    put("agency", it.agency.clone().unwrap_or_default());
    put("audience", it.audience.to_string());
    put("severity", it.severity.to_string());
    put("title", it.title.clone());
    put("message", it.message.clone());
    put("starts_date", local(Some(it.starts_at), "%Y-%m-%d"));
    put("starts_time", local(Some(it.starts_at), "%H.%M"));
    put("ends_date", local(it.ends_at, "%Y-%m-%d"));
    put("ends_time", local(it.ends_at, "%H.%M"));
    sent
}

async fn shape(visit: &Visit, it: Option<&Announcement>, sent: &Sent) -> Result<Value> {
    let actor = visit.staff()?;
    let now = visit.desk().now();
    let owners = owners(visit, actor).await?;
    if owners.is_empty() && it.is_none() {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    let is_over = |it: &Announcement| matches!(it.state(now), AnnouncementState::Over | AnnouncementState::Withdrawn);
    let word = |family: &str, word: &str| json!({"word": word, "text": visit.word(family, word)});
    let shown = match it {
        Some(it) => shapes(visit, std::slice::from_ref(it)).await?.pop(),
        None => None,
    };
    Ok(json!({
        "it": shown,
        "may_change": it.is_none_or(|it| !is_over(it) && may_tell(actor, it.agency.as_deref())),
        "has_begun": it.is_some_and(|it| it.starts_at <= now),
        "owners": owners,
        "audiences": Audience::ALL.iter().map(|it| word("announcement-audience", it.as_str())).collect::<Vec<_>>(),
        "severities": Weight::ALL.iter().map(|it| word("announcement-severity", it.as_str())).collect::<Vec<_>>(),
        "form": fields(&FIELDS, sent),
        "told": "",
        "done": Value::Null,
        "key": new_token()?,
    }))
}

/// Announcements as every page shows them.
async fn shapes(visit: &Visit, found: &[Announcement]) -> Result<Vec<Value>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let agencies = visit.desk().agencies().await?;
    let now = visit.desk().now();
    let shape = |it: &Announcement| {
        let owner = it.agency.as_ref().map(|code| {
            agencies.iter().find(|agency| agency.code == *code).map_or(code.as_str(), |agency| agency.name.as_str())
        });
        let family = match it.severity {
            Weight::Info => "info",
            Weight::Warning => "warn",
            Weight::Critical => "danger",
        };
        json!({
            "code": it.code,
            "title": it.title,
            "message": it.message,
            "owner": owner,
            "family": family,
            "severity": visit.word("announcement-severity", it.severity.as_str()),
            "audience": visit.word("announcement-audience", it.audience.as_str()),
            "state": visit.word("announcement-state", it.state(now).as_str()),
            "from": visit.instant(it.starts_at),
            "to": visit.instant_if(it.ends_at),
            "version": it.version,
        })
    };
    Ok(found.iter().map(shape).collect())
}

fn rfc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// For XML: also without the signs that must not stand in it at all.
fn escape(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
