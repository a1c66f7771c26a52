//! Backups: what there is, how the last one is, making one, testing one, taking one away.

use crate::domain::backup::BackupState;
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::store::backups::Backup;
use crate::text;
use crate::web::addresses::{read_numbers, write_numbers};
use crate::web::failure::Answer;
use crate::web::health::backup_shape;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Backups on one page.
const ROWS: i64 = 30;
/// What the page may tell: that one was asked for, or a test of one.
const NEWS: [&str; 2] = ["buat", "uji"];

/// Every backup, how the last good one is, and what the settings say.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let asked = query(request);
    let context = shape(visit, &asked).await?;
    let goes_on = context["goes_on"] == true;
    let mut response = visit.form("backups.html", context)?;
    if goes_on {
        // The page shows by itself when it is done, without a script.
        response.headers_mut().insert("refresh", HeaderValue::from_static("5; url=/kerja/cadangan"));
    }
    Ok(response)
}

/// Asks for one now.
#[handler]
pub async fn make(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    visit.desk().ask_backup(visit.staff()?, key).await?;
    Ok(see_other("/kerja/cadangan?kabar=buat"))
}

/// Asks that one be tested again.
#[handler]
pub async fn test(Data(visit): Data<&Visit>, Path(name): Path<String>, _sent: Sent) -> Answer {
    match visit.desk().ask_backup_test(visit.staff()?, &name).await {
        Ok(()) => Ok(see_other("/kerja/cadangan?kabar=uji")),
        Err(error) => refused(visit, error).await,
    }
}

/// Sends one to be kept elsewhere. It is a form because taking it is noted.
#[handler]
pub async fn fetch(Data(visit): Data<&Visit>, Path(name): Path<String>, _sent: Sent) -> Answer {
    let path = match visit.desk().fetch_backup(visit.staff()?, &name).await {
        Ok(path) => path,
        Err(error) => return refused(visit, error).await,
    };
    let file = tokio::fs::File::open(path).await.map_err(Error::from)?;
    let length = file.metadata().await.map_err(Error::from)?.len();
    Ok(Response::builder()
        .content_type("application/octet-stream")
        .header(header::CONTENT_LENGTH, length)
        .header(header::CONTENT_DISPOSITION, text::as_attachment(&name))
        .header(header::CACHE_CONTROL, "private, no-store")
        .body(Body::from_async_read(file)))
}

async fn refused(visit: &Visit, error: Error) -> Answer {
    if !matches!(error, Error::Conflict { .. }) {
        return Err(error.into());
    }
    let mut context = shape(visit, &BTreeMap::new()).await?;
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("backups.html", context)?;
    response.set_status(StatusCode::CONFLICT);
    Ok(response)
}

async fn shape(visit: &Visit, asked: &BTreeMap<String, String>) -> Result<Value> {
    let before = asked.get("sebelum").and_then(|text| read_numbers::<1>(text)).map_or(i64::MAX, |[id]| id);
    let desk = visit.desk();
    let found = desk.backups(visit.staff()?, before, ROWS).await?;
    let next = found.rows.last().filter(|_| found.more).map(|last| write_numbers([last.id]));
    let settings = &desk.backups;
    let shown = |path: &std::path::Path| path.display().to_string();
    Ok(json!({
        "rows": found.rows.iter().map(|it| row(visit, it)).collect::<Vec<_>>(),
        "goes_on": found.rows.iter().any(is_open),
        "next": next,
        "is_first": before == i64::MAX,
        "last": backup_shape(visit, &found.last),
        "next_at": visit.instant_if(found.next_at),
        "folder": shown(&settings.folder),
        "copy_to": settings.copy_to.as_deref().map(shown),
        "keep": settings.keep,
        "keep_months": settings.keep_months,
        "closes": settings.place.lock.closes(),
        "news": asked.get("kabar").filter(|word| NEWS.contains(&word.as_str())),
        "told": "",
        "key": new_token()?,
    }))
}

fn is_open(it: &Backup) -> bool {
    it.test_asked || [BackupState::Queued, BackupState::Running].iter().any(|state| state.as_str() == it.state)
}

fn row(visit: &Visit, it: &Backup) -> Value {
    let (family, icon) = match it.state.as_str() {
        "good" if it.test_problem.is_some() => ("danger", "alert"),
        "good" => ("ok", "check"),
        "failed" => ("danger", "alert"),
        _ => ("info", "clock"),
    };
    let outcome = match (&it.test_problem, it.tested_at) {
        _ if it.test_asked => "going",
        (Some(_), _) => "bad",
        (None, Some(_)) => "good",
        (None, None) => "none",
    };
    json!({
        "name": it.name,
        "path": text::in_address(&it.name),
        "at": visit.instant(it.finished_at.unwrap_or(it.asked_at)),
        "chip": {"family": family, "icon": icon, "text": visit.word("backup-state", &it.state), "title": Value::Null},
        "cause": visit.word("backup-cause", &it.cause),
        "by": it.asked_by,
        "node": it.node,
        "size": it.bytes.map(|bytes| size(visit, bytes)),
        "load": it.row_count.map(|rows| text::phrase(visit.language, "backup-load", &[
            ("tickets", &it.tickets.unwrap_or_default().to_string()), ("rows", &rows.to_string()),
            ("files", &it.file_count.unwrap_or_default().to_string())])),
        "missing": it.missing.filter(|count| *count > 0),
        "locked": it.locked,
        "digest": it.digest,
        "problem": it.problem,
        "test": visit.word("backup-test", outcome),
        "tested": visit.instant_if(it.tested_at),
        "test_problem": it.test_problem,
        "copied": visit.instant_if(it.copied_at),
        "copy_problem": it.copy_problem,
        "removed": visit.instant_if(it.removed_at),
        "is_good": it.state == BackupState::Good.as_str(),
        "is_here": visit.desk().backups.folder.join(&it.name).is_file(),
    })
}

/// A size as people read it: thousands, with the sign of the language before the fraction.
fn size(visit: &Visit, bytes: i64) -> String {
    let (unit, in_tenths) = match bytes {
        ..1_000_000 => ("kB", bytes / 100),
        1_000_000..1_000_000_000 => ("MB", bytes / 100_000),
        _ => ("GB", bytes / 100_000_000),
    };
    let sign = text::word(visit.language, "backup-decimal");
    format!("{}{sign}{} {unit}", in_tenths / 10, in_tenths % 10)
}
