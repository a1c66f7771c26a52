//! The trail of events, and whether somebody altered it.

use crate::desk::trail::LastCheck;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::domain::report::life::may_see;
use crate::error::{Error, Result};
use crate::store::trail::{Before, TrailFilter};
use crate::text;
use crate::web::addresses::{read_place, write_place};
use crate::web::failure::Answer;
use crate::web::history;
use crate::web::render::{download, see_other};
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the page may tell of a check: that it is done, or goes on.
const NEWS: [&str; 2] = ["diperiksa", "berjalan"];
/// How long somebody waits for a check.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most events of a table.
const MOST: i64 = 20_000;
/// Events on one page.
const ROWS: i64 = 50;
/// Kinds of records one may narrow by, as their chains are named.
const RECORDS: [&str; 25] = [
    "ticket",
    "account",
    "agency",
    "service",
    "duty",
    "case",
    "letter",
    "document",
    "report",
    "outage",
    "maintenance",
    "monitor",
    "availability",
    "canned_reply",
    "announcement",
    "webhook",
    "article",
    "mail_text",
    "mail",
    "sender",
    "retention",
    "policy",
    "calendar",
    "audit",
    "backup",
];
/// Who is no person.
const MACHINES: [&str; 5] = ["system:clock", "system:policy", "system:mail", "system:console", "requester"];

/// Events by who did them, to what, and when.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut context = shape(visit, actor, &query(request)).await?;
    context["told"] = query(request).remove("kabar").filter(|word| NEWS.contains(&word.as_str())).into();
    Ok(visit.form("audit.html", context)?)
}

/// Recomputes every chain now; nobody waits long for it.
#[handler]
pub async fn check(Data(visit): Data<&Visit>, _sent: Sent) -> Answer {
    let done = visit.desk().check_trail(visit.staff()?, PATIENCE).await?;
    Ok(see_other(&format!("/kerja/audit?kabar={}", NEWS[usize::from(done.is_none())])))
}

/// The events of a filter as a table for other programs.
#[handler]
pub async fn table(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let (filter, is_known) = narrowed(visit, actor, &query(request)).await?;
    let found = if is_known { desk.trail(actor, &filter, None, MOST).await? } else { Vec::new() };
    let events: Vec<_> = found.into_iter().map(|traced| traced.event).collect();
    let names = desk.names_in(&events).await?;
    let mut table = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| Error::Internal(error.into());
    let heads =
        ["column-time", "column-actor", "audit-object", "column-place", "column-event", "column-why", "column-hash"];
    table.write_record(heads.map(|key| text::word(visit.language, key))).map_err(broken)?;
    for event in &events {
        let row = history::row(visit, event, &names);
        let cell = |name: &str| plain(row[name].as_str().unwrap_or_default());
        let at = event.at.with_timezone(&visit.zone()).to_rfc3339();
        let place = event.seq.to_string();
        let why =
            [cell("reason"), cell("basis")].into_iter().filter(|why| !why.is_empty()).collect::<Vec<_>>().join("; ");
        let row = [at, cell("actor"), plain(&event.stream), place, cell("kind"), why, event.hash.clone()];
        table.write_record(&row).map_err(broken)?;
    }
    let bytes = table.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    Ok(download("jejak-audit.csv", bytes))
}

/// A text that no table program takes for a formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

async fn shape(visit: &Visit, actor: &Actor, asked: &BTreeMap<String, String>) -> Result<Value> {
    let desk = visit.desk();
    let last = desk.last_check(actor).await?;
    let given = |name: &str| asked.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let (filter, is_known) = narrowed(visit, actor, asked).await?;
    let before: Option<Before> = given("sebelum").and_then(read_place);
    let mut events = if is_known { desk.trail(actor, &filter, before, ROWS + 1).await? } else { Vec::new() };
    let more = i64::try_from(events.len()).unwrap_or(i64::MAX) > ROWS;
    events.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let next = events.last().filter(|_| more).map(|last| write_place((last.event.at, last.id)));
    let plain: Vec<_> = events.into_iter().map(|traced| traced.event).collect();
    let names = desk.names_in(&plain).await?;
    let mut addresses: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let streams: BTreeSet<&str> = plain.iter().map(|event| event.stream.as_str()).collect();
    for stream in streams {
        addresses.insert(stream, leads_to(visit, actor, stream).await);
    }
    let rows: Vec<Value> = plain
        .iter()
        .map(|event| {
            let mut row = history::row(visit, event, &names);
            row["stream"] = event.stream.as_str().into();
            row["address"] = addresses.get(event.stream.as_str()).cloned().flatten().into();
            row
        })
        .collect();
    let fields = ["orang", "pelaku", "objek", "jenis", "dari", "sampai"];
    let chosen: BTreeMap<&str, &str> = fields.iter().map(|name| (*name, given(name).unwrap_or_default())).collect();
    let is_narrowed = chosen.values().any(|value| !value.is_empty());
    Ok(json!({
        "rows": rows,
        "next": next,
        "is_first": before.is_none(),
        "chosen": chosen,
        "is_narrowed": is_narrowed,
        "records": RECORDS.map(|word| json!({"word": word, "text": visit.word("record", word)})),
        "machines": MACHINES.map(|word| json!({"word": word, "text": visit.word("actor", &word.replace(':', "-"))})),
        "check": check_row(visit, last.as_ref()),
    }))
}

/// The last check as pages show it.
pub fn check_row(visit: &Visit, last: Option<&LastCheck>) -> Value {
    let Some(last) = last else { return Value::Null };
    let first = &last.verdict["first"];
    json!({
        "at": visit.instant(last.at),
        "ok": last.is_intact(),
        "streams": last.verdict["streams"],
        "events": last.verdict["events"],
        "seals": last.verdict["seals"],
        "place": first["stream"],
        "seq": first["seq"],
    })
}

/// The filter; `false` when it asks for a person nobody knows.
async fn narrowed(visit: &Visit, actor: &Actor, asked: &BTreeMap<String, String>) -> Result<(TrailFilter, bool)> {
    let given = |name: &str| asked.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let mut who = given("pelaku").filter(|word| MACHINES.contains(word)).map(str::to_owned);
    let mut is_known = true;
    if let Some(email) = given("orang") {
        who = visit.desk().trail_actor(actor, email).await?;
        is_known = who.is_some();
    }
    let object = given("objek");
    let filter = TrailFilter {
        actor: who,
        stream: object.map(|object| number::parse(object).unwrap_or_else(|| object.to_owned())),
        record: given("jenis").filter(|word| RECORDS.contains(word)).map(str::to_owned),
        from: given("dari").and_then(|day| midnight(visit, day, 0)),
        to: given("sampai").and_then(|day| midnight(visit, day, 1)),
    };
    Ok((filter, is_known))
}

/// The beginning of a local day, or of the one some days later.
fn midnight(visit: &Visit, day: &str, later: u64) -> Option<DateTime<Utc>> {
    let day = day.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(later))?;
    let at = visit.zone().from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest()?;
    Some(at.with_timezone(&Utc))
}

/// Where the record of a chain stands, as far as it has a page that this person may see. Outages and monitors stand on the
/// page of their service.
async fn leads_to(visit: &Visit, actor: &Actor, stream: &str) -> Option<String> {
    let of_service = |code: &str| format!("/kerja/ketersediaan/{}", text::in_address(code));
    match stream.split_once(':') {
        Some(("report", code)) if !may_see(actor, code.splitn(4, '-').nth(3).unwrap_or_default()) => None,
        Some(("letter", key)) => visit.desk().letter(actor, key).await.ok().and_then(|_| address(stream)),
        Some(("outage", key)) => {
            let outage = visit.desk().outage(actor, key.parse().ok()?).await.ok()?;
            Some(of_service(&outage.service))
        }
        Some(("monitor", key)) => {
            let (monitor, _) = visit.desk().monitor(actor, key.parse().ok()?, 0).await.ok()?;
            Some(of_service(&monitor.service))
        }
        _ => address(stream),
    }
}

/// Where the record of a chain stands, as far as it has a page.
fn address(stream: &str) -> Option<String> {
    match stream.split_once(':') {
        None => Some(format!("/kerja/tiket/{stream}")),
        Some(("agency", code)) => Some(format!("/kerja/pengaturan/pd/{}", text::in_address(code))),
        Some(("letter", key)) => Some(format!("/kerja/surat/{}", text::in_address(key))),
        Some(("report", code)) => Some(format!("/kerja/laporan/{}", text::in_address(code))),
        Some(("announcement", code)) => Some(format!("/kerja/pengumuman/{}", text::in_address(code))),
        Some(("maintenance", code)) => Some(format!("/kerja/pemeliharaan/{}", text::in_address(code))),
        Some(("case", number)) => Some(format!("/kerja/perkara/{number}")),
        Some(("service", code)) => Some(format!("/kerja/layanan/{}", text::in_address(code))),
        Some(("availability", code)) => Some(format!("/kerja/ketersediaan/{}", text::in_address(code))),
        _ => None,
    }
}
