//! Periodic reports: who has reported, one report with its pictures, what is done to it, its files, and the tickets behind
//! a figure.

use crate::desk::report_acts::ReportCommand;
use crate::desk::report_pictures::pictures;
use crate::desk::report_views::{FullReport, ReportFilter};
use crate::desk::report_words::Words;
use crate::domain::people::Actor;
use crate::domain::report::content::{Filled, Line, Part, Table, Unit};
use crate::domain::report::figure::Figure;
use crate::domain::report::life::{Report, ReportAct, ReportState, may};
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::{download, see_other};
use crate::web::report_steps;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::NaiveDate;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Reports read for the list: a year of a region with many agencies.
const LISTED: i64 = 2000;
/// Periods side by side.
const PERIODS: usize = 6;
/// Tickets behind a figure on one page.
const ROWS: usize = 50;
/// What can be done, in the order of the forms.
const ACTS: [(&str, ReportAct); 4] = [
    ("catatan", ReportAct::Remark),
    ("kirim", ReportAct::Submit),
    ("terima", ReportAct::Receive),
    ("terbit-ulang", ReportAct::Reissue),
];
/// What the page may tell.
const NEWS: [&str; 6] = ["catatan", "kirim", "terima", "terbit-ulang", "langkah-kirim", "langkah-terima"];
/// Files a report can be fetched as.
const FORMATS: [&str; 4] = ["pdf", "xlsx", "csv", "json"];

/// Who has reported: agencies by periods.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    let reports = visit.desk().reports(actor, &ReportFilter::default(), None, LISTED).await?;
    let periods: BTreeSet<NaiveDate> = reports.iter().map(|report| report.period_from).collect();
    let periods: Vec<NaiveDate> = periods.into_iter().rev().take(PERIODS).collect();
    let names = names(visit).await?;
    let mut rows: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for report in &reports {
        let Some(place) = periods.iter().position(|from| *from == report.period_from) else { continue };
        let row = rows.entry(report.agency.as_str()).or_insert_with(|| vec![Value::Null; periods.len()]);
        row[place] = json!({"code": report.code, "chip": chip(visit, report)});
    }
    let name = |code: &str| names.get(code).cloned().unwrap_or_else(|| code.to_owned());
    let seen: Vec<Value> =
        rows.iter().map(|(code, cells)| json!({"code": code, "name": name(code), "cells": cells})).collect();
    let waiting: Vec<Value> = (reports.iter())
        .filter(|report| ACTS.iter().any(|(_, act)| is_waiting(actor, *act, report)))
        .map(|report| {
            json!({"code": report.code, "name": name(&report.agency), "chip": chip(visit, report),
                "month": text::month(visit.language, report.period_from),
                "due": text::long_date(visit.language, report.due_on), "due_on": report.due_on})
        })
        .collect();
    let months: Vec<String> = periods.iter().map(|from| text::month(visit.language, *from)).collect();
    let chain = visit.desk().pack().report_chain.clone();
    let own: Vec<&str> = rows.keys().copied().collect();
    Ok(visit.page(
        "reports.html",
        json!({"rows": seen, "months": months, "waiting": waiting, "chain": chain, "agencies": own
            .iter().map(|code| json!({"code": code, "name": name(code)})).collect::<Vec<_>>()}),
    )?)
}

/// Does it wait for this person?
fn is_waiting(actor: &Actor, act: ReportAct, report: &Report) -> bool {
    let asks = match act {
        ReportAct::Submit => report.state == ReportState::Draft || report.is_by_clock(),
        ReportAct::Receive => true,
        ReportAct::Remark | ReportAct::Reissue => false,
    };
    asks && report.allows(act) && may(actor, act, &report.agency)
}

/// One report with all its parts.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut asked = query(request);
    let edition = asked.get("edisi").and_then(|text| text.parse().ok());
    let full = visit.desk().report(actor, &code, edition).await?;
    let mut context = shape(visit, actor, &full)?;
    context["done"] = asked.remove("kabar").filter(|word| NEWS.contains(&word.as_str())).into();
    Ok(visit.form("report.html", context)?)
}

/// The running period of an agency, as it stands now; nothing of it is kept.
#[handler]
pub async fn running(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let agency = asked.get("pd").map(String::as_str).unwrap_or_default();
    let today = visit.desk().now().with_timezone(&visit.zone()).date_naive();
    let full = visit.desk().report_about(actor, agency, today).await?;
    Ok(visit.form("report.html", shape(visit, actor, &full)?)?)
}

/// Does what the form asks; when it is refused, what was written stays.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((code, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let known = ACTS.iter().find(|(word, _)| *word == act).ok_or(Error::NotFound("act"))?;
    let field = |name: &str| sent.get(name).to_owned();
    let command = match known.1 {
        ReportAct::Remark => {
            ReportCommand::Remark { obstacles: field("obstacles"), recommendations: field("recommendations") }
        }
        ReportAct::Submit => ReportCommand::Submit,
        ReportAct::Receive => ReportCommand::Receive,
        ReportAct::Reissue => ReportCommand::Reissue { reason: field("reason"), remarks: None },
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().act_on_report(actor, &code, sent.get("versi").parse().ok(), command, key).await {
        Ok(_) => Ok(see_other(&format!("/kerja/laporan/{}?kabar={act}", text::in_address(&code)))),
        Err(error) => again(visit, actor, &code, &act, &sent, error).await,
    }
}

/// Sends the report on, or says that it has come; when it is refused, what was written stays.
#[handler]
pub async fn do_step(
    Data(visit): Data<&Visit>,
    Path((code, place, act)): Path<(String, i64, String)>,
    sent: Sent,
) -> Answer {
    let actor = visit.staff()?;
    let known = report_steps::ACTS.iter().find(|(word, _)| *word == act).ok_or(Error::NotFound("act"))?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let (version, note) = (sent.get("versi").parse().ok(), sent.get("note"));
    match visit.desk().act_on_step(actor, &code, place, version, known.1, note, key).await {
        Ok(_) => Ok(see_other(&format!("/kerja/laporan/{}?kabar=langkah-{act}#langkah", text::in_address(&code)))),
        Err(error) => again(visit, actor, &code, &format!("langkah-{place}"), &sent, error).await,
    }
}

async fn again(visit: &Visit, actor: &Actor, code: &str, act: &str, sent: &Sent, error: Error) -> Answer {
    if !matches!(error, Error::Invalid(_) | Error::Conflict { .. }) {
        return Err(error.into());
    }
    let full = visit.desk().report(actor, code, None).await?;
    let mut context = shape(visit, actor, &full)?;
    context["mine"] = act.into();
    // Only what this form holds: the others stand beside it, and what is kept in them stays.
    let fields: &[&str] = match act {
        "catatan" => &["obstacles", "recommendations"],
        "terbit-ulang" => &["reason"],
        _ => &["note"],
    };
    for field in fields {
        context["kept"][*field] = sent.get(field).into();
    }
    if let Error::Invalid(problems) = &error {
        let prefix = if act.starts_with("langkah-") { format!("{act}-") } else { String::new() };
        return Ok(visit.mend("report.html", context, problems, &prefix)?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("report.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

/// A report as a file.
#[handler]
pub async fn file(
    Data(visit): Data<&Visit>,
    Path((code, format)): Path<(String, String)>,
    request: &Request,
) -> Answer {
    let actor = visit.staff()?;
    if !FORMATS.contains(&format.as_str()) {
        return Err(Error::NotFound("format").into());
    }
    let edition = query(request).get("edisi").and_then(|text| text.parse().ok());
    let full = visit.desk().report(actor, &code, edition).await?;
    let (bytes, media_type) = visit.desk().report_file(&full, &format, words(visit)).await?;
    let mut response = download(&format!("{}.{format}", full.content.head.code), bytes);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Ok(response)
}

/// The tickets that a figure counts today.
#[handler]
pub async fn behind(
    Data(visit): Data<&Visit>,
    Path((code, figure)): Path<(String, String)>,
    request: &Request,
) -> Answer {
    let actor = visit.staff()?;
    let figure: Figure = figure.parse().map_err(|_| Error::NotFound("figure"))?;
    let page: usize = query(request).get("halaman").and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, 10_000);
    let full = visit.desk().report(actor, &code, None).await?;
    let behind = visit.desk().behind(actor, &code, figure, (page - 1) * ROWS, ROWS).await?;
    let rows: Vec<Value> = (behind.tickets.iter())
        .map(|ticket| {
            json!({"number": ticket.number, "subject": ticket.subject, "agency": ticket.agency,
                "priority": ticket.priority, "status": visit.word("status", ticket.status.as_str()),
                "opened": visit.instant(ticket.opened_at)})
        })
        .collect();
    let reported = full.content.line(figure.as_str()).and_then(|line| line.value);
    let today = i64::try_from(behind.count).unwrap_or(i64::MAX);
    Ok(visit.page(
        "report_tickets.html",
        json!({"code": code, "title": words(visit).title(&full.content), "figure": visit.word("report", figure.as_str()),
            "how": visit.word("report-how", figure.as_str()), "rows": rows, "count": today,
            "differs": reported.is_some_and(|reported| reported != today), "reported": reported,
            "page": page, "more": behind.more}),
    )?)
}

fn words(visit: &Visit) -> Words {
    Words { language: visit.language, zone: visit.zone() }
}

async fn names(visit: &Visit) -> Result<BTreeMap<String, String>> {
    let agencies = visit.desk().agencies().await?.into_iter().map(|agency| (agency.code, agency.name));
    let region = visit.desk().pack().region.name.clone();
    Ok(agencies.chain([(String::new(), region)]).collect())
}

fn shape(visit: &Visit, actor: &Actor, full: &FullReport) -> Result<Value> {
    let (words, content) = (words(visit), &full.content);
    let shown = pictures(content, words);
    let report = full.report.as_ref();
    let is_last = report.zip(full.edition.as_ref()).is_none_or(|(report, edition)| report.edition == edition.edition);
    let acts = report.map(|report| {
        let offered = ACTS.iter().filter(|(_, act)| is_last && report.allows(*act) && may(actor, *act, &report.agency));
        offered.map(|(word, _)| *word).collect::<Vec<_>>()
    });
    let number = |part: Part| Part::ALL.iter().position(|it| *it == part).map_or(0, |place| place + 1);
    let parts = content.parts.iter().filter(|it| !matches!(it.part, Part::Cover | Part::Remarks | Part::Signature));
    let parts: Vec<Value> = parts
        .map(|filled| {
            let mut part = part(words, filled, report);
            part["number"] = number(filled.part).into();
            part["pictures"] = shown
                .iter()
                .filter(|it| it.part == filled.part)
                .map(|it| json!({"id": it.id, "title": it.title, "svg": it.svg}))
                .collect();
            part
        })
        .collect();
    let head = &content.head;
    let editions: Vec<Value> = (full.editions.iter())
        .map(|it| {
            json!({"edition": it.edition, "at": visit.instant(it.at), "reason": it.reason, "digest": it.digest,
                "by": it.account_id.and_then(|id| full.people.get(&id))})
        })
        .collect();
    Ok(json!({
        "code": head.code,
        "title": words.title(content),
        "in_short": words.summary(content),
        "provisional": head.provisional,
        "from": visit.instant(head.from),
        "to": visit.instant(head.to),
        "drawn": visit.instant(head.drawn_at),
        "pack": head.pack,
        "seal": head.seal,
        "kept_row": report.map(|report| json!({
            "version": report.version, "chip": chip(visit, report), "late": report.late, "by_clock": report.is_by_clock(),
            "due": text::long_date(visit.language, report.due_on), "due_on": report.due_on,
            "obstacles": report.obstacles, "recommendations": report.recommendations,
        })),
        "submitter": words.submitter(full),
        "edition": full.edition.as_ref().map(|it| json!({"number": it.edition, "digest": it.digest})),
        "is_last": is_last,
        "authenticity": full.authenticity(),
        "check_url": full.authenticity().map(|code| format!("/cek-surat/{code}")),
        "editions": editions,
        "parts": parts,
        "acts": acts.unwrap_or_default(),
        "steps": report_steps::shapes(visit, actor, full, words),
        "formats": FORMATS,
        "mine": "",
        "told": "",
        "done": Value::Null,
        "kept": {"obstacles": report.map(|it| &it.obstacles), "recommendations": report.map(|it| &it.recommendations), "reason": "", "note": ""},
        "key": new_token()?,
    }))
}

fn part(words: Words, filled: &Filled, report: Option<&Report>) -> Value {
    let line = |line: &Line| {
        let address = report.zip(line.tickets.as_ref());
        json!({
            "figure": line.figure,
            "name": words.word("report", &line.figure),
            "value": words.value(line),
            "counts": words.counts(line),
            "how": words.word("report-how", &line.figure),
            "tickets": address.map(|(report, figure)| format!("/kerja/laporan/{}/tiket/{figure}", report.code)),
        })
    };
    json!({
        "name": filled.part,
        "title": words.word("report-part", filled.part.as_str()),
        "lines": filled.lines.iter().map(line).collect::<Vec<_>>(),
        "tables": filled.tables.iter().map(|it| table(words, it)).collect::<Vec<_>>(),
    })
}

/// A table as templates show it.
pub(super) fn table(words: Words, table: &Table) -> Value {
    let most =
        table.rows.iter().flatten().filter_map(crate::domain::report::content::Cell::number).max().unwrap_or(1).max(1);
    let rows: Vec<Value> = (table.rows.iter())
        .map(|row| {
            let cells = table.columns.iter().zip(row).map(|(column, cell)| {
                let shown = words.cell(cell, &column.name, column.unit);
                // Tones of the heat table, from none to four.
                let tone = if table.name == "hours" {
                    cell.number().map(|number| (number * 4 + most - 1) / most)
                } else {
                    None
                };
                let ticket = cell.text().filter(|_| column.unit == Unit::Ticket);
                json!({"text": shown, "number": cell.number().is_some(), "tone": tone, "ticket": ticket})
            });
            cells.collect()
        })
        .collect();
    json!({
        "id": table.name,
        "name": words.word("report-table", &table.name),
        "columns": table.columns.iter().map(|column| words.column(&column.name)).collect::<Vec<_>>(),
        "rows": rows,
        "left_out": table.left_out,
    })
}

/// The state in a word, a shape and a colour.
fn chip(visit: &Visit, report: &Report) -> Value {
    let (word, colour, icon) = match report.state {
        ReportState::Draft => ("draft", "info", "ring"),
        ReportState::Submitted if report.is_by_clock() => ("by-clock", "danger", "alert"),
        ReportState::Submitted if report.late => ("late", "warn", "check"),
        ReportState::Submitted => ("submitted", "ok", "check"),
        ReportState::Received => ("received", "ok", "check"),
    };
    json!({"family": colour, "icon": icon, "text": visit.word("report-state", word), "title": Value::Null})
}
