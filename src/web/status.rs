//! The status page and its feeds: the same bytes for everybody, made once for each snapshot and language, and served
//! from memory without asking who somebody is. They work while the database is away.

use crate::desk::status_board::{Component, Snapshot, Told};
use crate::domain::outage::{Maintenance, MaintenanceState};
use crate::domain::status::ServiceState;
use crate::domain::ticket::Language;
use crate::error::Result;
use crate::render::days::bar;
use crate::text;
use crate::web::availability_shapes::{levels, minutes, percent, sentence, work};
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::incidents::{head, updates};
use crate::web::packing;
use crate::web::visit::{LANGUAGE_COOKIE, Site, Visit, cookie, query};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{Request, Response, handler};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// A snapshot older than this is said to be old.
const OLD: Duration = Duration::minutes(10);

/// What was made of a snapshot: by form and language.
#[derive(Debug, Default)]
pub struct Made(Mutex<OfSnapshot>);

/// Which snapshot the bodies belong to, and the bodies.
type OfSnapshot = (Option<DateTime<Utc>>, HashMap<Key, Bytes>);

/// Form, language, coding, and whether the snapshot was old.
type Key = (Form, Language, &'static str, bool);
/// A body with the way it is packed.
type Bytes = Arc<(Vec<u8>, Option<HeaderValue>)>;

/// What the state of services is told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Page,
    Atom,
    Json,
}

/// The page.
#[handler]
pub async fn show(Data(site): Data<&Arc<Site>>, Data(made): Data<&Arc<Made>>, request: &Request) -> Answer {
    answer(site, made, request, Form::Page).await
}

/// What happened, for feed readers.
#[handler]
pub async fn atom(Data(site): Data<&Arc<Site>>, Data(made): Data<&Arc<Made>>, request: &Request) -> Answer {
    answer(site, made, request, Form::Atom).await
}

/// The same for programs (JSON Feed 1.1).
#[handler]
pub async fn json_feed(Data(site): Data<&Arc<Site>>, Data(made): Data<&Arc<Made>>, request: &Request) -> Answer {
    answer(site, made, request, Form::Json).await
}

async fn answer(site: &Arc<Site>, made: &Made, request: &Request, form: Form) -> Answer {
    let chosen = query(request).get("bahasa").and_then(|word| word.parse::<Language>().ok());
    let kept = || cookie(request, LANGUAGE_COOKIE).and_then(|word| word.parse().ok());
    let language = chosen.or_else(kept).unwrap_or(Language::Indonesian);
    let snapshot = site.desk.status().await?;
    let is_old = (site.desk.clock.machine() - snapshot.machine).abs() > OLD;
    let accepted = request.header(header::ACCEPT_ENCODING).unwrap_or_default();
    let coding = packing::wanted(accepted).map_or("", |coding| match coding {
        packing::Coding::Brotli => "br",
        packing::Coding::Gzip => "gzip",
    });
    let key = (form, language, coding, is_old);
    let known = made.get(snapshot.machine, &key);
    let bytes = match known {
        Some(bytes) => bytes,
        None => {
            let visit = Visit::stranger(Arc::clone(site), "/status", language);
            let bytes = pack(&visit, &snapshot, form, is_old, coding).await?;
            made.keep(snapshot.machine, key, Arc::clone(&bytes));
            bytes
        }
    };
    let mut response = Response::builder().content_type(media_type(form)).body(bytes.0.clone());
    guard::seal(&mut response);
    let headers = response.headers_mut();
    let cache = HeaderValue::from_static("public, max-age=30, stale-if-error=86400");
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Cookie"));
    if let Some(coding) = &bytes.1 {
        headers.insert(header::CONTENT_ENCODING, coding.clone());
    }
    Ok(response)
}

impl Made {
    fn get(&self, of: DateTime<Utc>, key: &Key) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.get(key).filter(|_| kept.0 == Some(of)).cloned()
    }

    fn keep(&self, of: DateTime<Utc>, key: Key, bytes: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != Some(of) {
            *kept = (Some(of), HashMap::new());
        }
        kept.1.insert(key, bytes);
    }
}

const fn media_type(form: Form) -> &'static str {
    match form {
        Form::Page => "text/html; charset=utf-8",
        Form::Atom => "application/atom+xml; charset=utf-8",
        Form::Json => "application/feed+json; charset=utf-8",
    }
}

async fn pack(visit: &Visit, snapshot: &Snapshot, form: Form, is_old: bool, coding: &str) -> Result<Bytes> {
    let response = match form {
        Form::Page => visit.page("status.html", context(visit, snapshot, is_old))?,
        // Feed readers unpack by themselves or not at all; feeds are small.
        Form::Atom => return Ok(Arc::new((feed(visit, snapshot).into_bytes(), None))),
        Form::Json => return Ok(Arc::new((json_feed_of(visit, snapshot).to_string().into_bytes(), None))),
    };
    let mut response = packing::packed(response, coding).await;
    let packed = response.headers().get(header::CONTENT_ENCODING).cloned();
    let bytes = response.take_body().into_vec().await.unwrap_or_default();
    Ok(Arc::new((bytes, packed)))
}

/// Everything the page shows.
fn context(visit: &Visit, snapshot: &Snapshot, is_old: bool) -> Value {
    let mut groups: Vec<(&str, Vec<Value>)> = Vec::new();
    for component in &snapshot.components {
        let shown = shape(visit, component);
        match groups.last_mut().filter(|(name, _)| *name == component.group) {
            Some((_, rows)) => rows.push(shown),
            None => groups.push((&component.group, vec![shown])),
        }
    }
    let is_closed = |it: &&Component| it.state == ServiceState::Closed;
    let told = |it: &Told| {
        json!({"head": head(visit, &it.incident), "updates": updates(visit, &it.updates),
        "ended": visit.instant_if(it.incident.ended_at)})
    };
    json!({
        "overall": overall(visit, snapshot),
        "updated": visit.instant(snapshot.at),
        "is_old": is_old,
        "groups": groups.into_iter().map(|(name, rows)| json!({"name": name, "rows": rows})).collect::<Vec<_>>(),
        "closed": snapshot.components.iter().filter(is_closed).map(|it| json!({"name": it.name, "since": visit.instant_if(it.since)})).collect::<Vec<_>>(),
        "running": snapshot.running.iter().map(told).collect::<Vec<_>>(),
        "over": snapshot.over.iter().map(told).collect::<Vec<_>>(),
        "works": snapshot.works.iter().map(|it| named(visit, snapshot, it)).collect::<Vec<_>>(),
    })
}

/// A maintenance with the names of its services.
fn named(visit: &Visit, snapshot: &Snapshot, it: &Maintenance) -> Value {
    let name = |code: &String| {
        let found = snapshot.components.iter().find(|component| component.code == *code);
        found.map_or_else(|| code.clone(), |component| component.name.clone())
    };
    let mut shown = work(visit, it);
    shown["names"] = it.services.iter().map(name).collect::<Vec<_>>().into();
    shown
}

/// One sentence over all services: the gravest state, and how many are in it.
fn overall(visit: &Visit, snapshot: &Snapshot) -> Value {
    let failing = [ServiceState::Total, ServiceState::Partial, ServiceState::Degraded, ServiceState::Maintenance];
    let count = |state: ServiceState| snapshot.components.iter().filter(|it| it.state == state).count();
    let gravest = failing.into_iter().find(|state| count(*state) > 0);
    let Some(state) = gravest else {
        return json!({"family": "ok", "icon": "check", "text": visit.word("board-all", "normal")});
    };
    let (family, icon) = look(state);
    let count = count(state).to_string();
    let sentence = text::phrase(visit.language, &format!("board-all-{state}"), &[("count", &count)]);
    json!({"family": family, "icon": icon, "text": sentence})
}

/// How a service is now, as the status page says it; nothing for one it does not know.
pub fn state_chip(visit: &Visit, board: &Snapshot, code: &str) -> Value {
    let Some(it) = board.components.iter().find(|component| component.code == code) else { return Value::Null };
    let (family, icon) = look(it.state);
    json!({"family": family, "icon": icon, "text": visit.word("service-state", it.state.as_str()), "title": Value::Null})
}

const fn look(state: ServiceState) -> (&'static str, &'static str) {
    match state {
        ServiceState::Normal => ("ok", "check"),
        ServiceState::Degraded => ("info", "clock"),
        ServiceState::Partial => ("warn", "half"),
        ServiceState::Total => ("danger", "alert"),
        ServiceState::Maintenance => ("info", "bars"),
        ServiceState::Closed => ("accent", "square"),
    }
}

fn shape(visit: &Visit, it: &Component) -> Value {
    let (family, icon) = look(it.state);
    let figure = |figures: &crate::domain::availability::Availability| {
        json!({
            "share": figures.share().map(|share| percent(visit, share)),
            "down": minutes(visit, figures.downtime * 1000),
            "outages": figures.outages,
            "maintenance": minutes(visit, figures.maintenance * 1000),
            "has_maintenance": figures.maintenance > 0,
        })
    };
    json!({
        "code": it.code,
        "name": it.name,
        "chip": {"family": family, "icon": icon, "text": visit.word("service-state", it.state.as_str()), "title": Value::Null},
        "since": visit.instant_if(it.since),
        "picture": bar(&levels(&it.days), &sentence(visit, &it.days)),
        "month": figure(&it.month),
        "quarter": figure(&it.quarter),
    })
}

/// What the feeds tell: each disruption with its updates, and each maintenance.
struct Entry {
    id: String,
    url: String,
    title: String,
    text: String,
    published: DateTime<Utc>,
    updated: DateTime<Utc>,
}

fn entries(visit: &Visit, snapshot: &Snapshot) -> Vec<Entry> {
    let base = &visit.desk().public_url;
    let told = snapshot.running.iter().chain(&snapshot.over).map(|it| {
        let lines = it.updates.iter().map(|update| {
            let phase = visit.word("phase", update.phase.as_str());
            format!("{} ({}): {}", phase, visit.desk().words(visit.language, update.at), update.message)
        });
        Entry {
            id: format!("{base}/gangguan/{}", it.incident.code),
            url: format!("{base}/gangguan/{}", it.incident.code),
            title: it.incident.title.clone(),
            text: lines.collect::<Vec<_>>().join("\n\n"),
            published: it.incident.announced_at,
            updated: it.incident.updated_at,
        }
    });
    let works = snapshot.works.iter().map(|it| {
        let (from, to) =
            (visit.desk().words(visit.language, it.starts_at), visit.desk().words(visit.language, it.ends_at));
        let state = if it.state(snapshot.at) == MaintenanceState::Running { "running" } else { "planned" };
        let state = visit.word("maintenance-state", state);
        Entry {
            id: format!("{base}/status#{}", it.code),
            url: format!("{base}/status#{}", it.code),
            title: format!("{}: {}", visit.word("maintenance", "word"), it.title),
            text: format!("{state}. {from} – {to}\n\n{}", it.message),
            published: it.announced_at,
            updated: it.announced_at,
        }
    });
    let mut all: Vec<Entry> = told.chain(works).collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.updated));
    all
}

fn rfc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn feed(visit: &Visit, snapshot: &Snapshot) -> String {
    let base = escape(&visit.desk().public_url);
    let title = escape(&text::phrase(visit.language, "board-feed", &[("region", &visit.desk().pack().region.name)]));
    let all = entries(visit, snapshot);
    let updated = rfc(all.first().map_or(snapshot.at, |entry| entry.updated));
    let language = visit.language.as_str();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\
         <title>{title}</title><id>{base}/status</id><updated>{updated}</updated>\
         <link rel=\"self\" href=\"{base}/status.atom\"/><link rel=\"alternate\" type=\"text/html\" href=\"{base}/status\"/>\
         <author><name>{title}</name></author>\n"
    );
    for entry in &all {
        // Writing to a string cannot fail.
        _ = writeln!(
            xml,
            "<entry><id>{}</id><title>{}</title><link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\
             <published>{}</published><updated>{}</updated><content type=\"text\">{}</content></entry>",
            escape(&entry.id),
            escape(&entry.title),
            escape(&entry.url),
            rfc(entry.published),
            rfc(entry.updated),
            escape(&entry.text)
        );
    }
    xml.push_str("</feed>\n");
    xml
}

/// For XML: also without the signs that must not stand in it at all.
fn escape(text: &str) -> String {
    let allowed = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let text: String = allowed.collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn json_feed_of(visit: &Visit, snapshot: &Snapshot) -> Value {
    let base = &visit.desk().public_url;
    let items: Vec<Value> = entries(visit, snapshot)
        .into_iter()
        .map(|entry| {
            json!({"id": entry.id, "url": entry.url, "title": entry.title, "content_text": entry.text,
                "date_published": rfc(entry.published), "date_modified": rfc(entry.updated)})
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": text::phrase(visit.language, "board-feed", &[("region", &visit.desk().pack().region.name)]),
        "home_page_url": format!("{base}/status"),
        "feed_url": format!("{base}/status.json"),
        "language": visit.language.as_str(),
        "items": items,
    })
}
