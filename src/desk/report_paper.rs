//! Reports as files: JSON, CSV, XLSX, and on paper as PDF/A with the pictures of the page.

use crate::desk::Desk;
use crate::desk::report_pictures::pictures;
use crate::desk::report_views::FullReport;
use crate::desk::report_words::Words;
use crate::domain::report::content::{Filled, Part, Unit};
use crate::error::{Error, Result, Say};
use crate::render::{letter, picture, typeset};
use crate::text;
use serde_json::{Value, json};

/// The paper.
const TEMPLATE: &str = include_str!("../render/report.typ");
/// Rows of a table that are printed; the files for spreadsheets hold all.
const PRINTED: usize = 40;

impl Desk {
    /// A report as a file, and its media type. `format` is `json`, `csv`, `xlsx` or `pdf`.
    ///
    /// # Errors
    /// `Invalid` for another format.
    pub async fn report_file(&self, full: &FullReport, format: &str, words: Words) -> Result<(Vec<u8>, &'static str)> {
        match format {
            "json" => Ok((serde_json::to_vec_pretty(&words.json(full)?)?, "application/json")),
            "csv" => Ok((words.csv(full)?, "text/csv; charset=utf-8")),
            "xlsx" => Ok((words.xlsx(full)?, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
            "pdf" => Ok((self.report_pdf(full, words).await?, "application/pdf")),
            _ => Err(Error::field("format", Say::new("field-unknown-word").with("known", "pdf, xlsx, csv, json"))),
        }
    }

    async fn report_pdf(&self, full: &FullReport, words: Words) -> Result<Vec<u8>> {
        let url = self.report_url(&full.content.head.code);
        let check = full.authenticity().map_or_else(|| url.clone(), |code| self.check_url(code));
        let values = paper(full, words, &check);
        let mut drawn: Vec<(String, String)> = Vec::new();
        for shown in pictures(&full.content, words) {
            drawn.push((format!("/{}.svg", shown.id), picture::on_paper(&shown.svg)));
        }
        drawn.push(("/qr.svg".to_owned(), letter::qr(&check)?));
        let edition = full.edition.as_ref().map_or(0, |edition| edition.edition);
        let id = format!("{} {edition}", full.content.head.code);
        let at = full.edition.as_ref().map_or(full.content.head.drawn_at, |edition| edition.at);
        let set = move || {
            let pictures: Vec<(&str, &str)> = drawn.iter().map(|(name, svg)| (name.as_str(), svg.as_str())).collect();
            typeset::pdf(&typeset::Sheet { id: &id, template: TEMPLATE, pictures: &pictures, at }, &values)
        };
        tokio::task::spawn_blocking(set).await.map_err(|error| Error::Internal(error.into()))?
    }
}

/// What stands on the paper.
fn paper(full: &FullReport, words: Words, check: &str) -> Value {
    let (head, report) = (&full.content.head, full.report.as_ref());
    let local = |at| text::long_instant(words.language, at, words.zone);
    let shown = pictures(&full.content, words);
    let parts = full
        .content
        .parts
        .iter()
        .filter(|filled| !matches!(filled.part, Part::Cover | Part::Remarks | Part::Signature));
    let number = |part: Part| Part::ALL.iter().position(|it| *it == part).map_or(0, |place| place + 1);
    let state = report.map_or_else(|| "provisional".to_owned(), |report| report.state.to_string());
    let facts = [
        ("code", head.code.clone()),
        ("region", head.region.clone()),
        ("name", head.name.clone()),
        ("from", local(head.from)),
        ("to", local(head.to)),
        ("state", words.word("report-state", &state)),
        ("drawn-at", local(head.drawn_at)),
        ("submitted-at", report.and_then(|it| it.submitted_at).map_or_else(|| "–".to_owned(), local)),
        ("received-at", report.and_then(|it| it.received_at).map_or_else(|| "–".to_owned(), local)),
        ("edition", full.edition.as_ref().map_or_else(|| "–".to_owned(), |edition| edition.edition.to_string())),
        ("pack", head.pack.clone()),
    ];
    let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("–").to_owned();
    json!({
        "title": words.title(&full.content),
        "issuer": head.region,
        "summary": words.summary(&full.content),
        "facts": facts.iter().map(|(name, value)| json!([words.word("report-about", name), value])).collect::<Vec<_>>(),
        "parts": parts.map(|filled| part(filled, number(filled.part), words, &shown)).collect::<Vec<_>>(),
        "words": {
            "figure": words.column("figure"), "value": words.column("value"), "counted": words.column("counted"),
            "left_out": words.word("report", "left-out"), "none": words.word("report", "none"),
            "how": words.word("report", "how"), "page": words.word("report", "page"),
        },
        "remarks": {
            "title": format!("13. {}", words.word("report-part", "remarks")),
            "obstacles": [words.word("report-about", "obstacles"), or_none(report.map(|it| it.obstacles.as_str()))],
            "recommendations":
                [words.word("report-about", "recommendations"), or_none(report.map(|it| it.recommendations.as_str()))],
        },
        "signature": {
            "title": format!("14. {}", words.word("report-part", "signature")),
            "by": words.submitter(full),
            "rows": signature(full, words),
        },
        "check_hint": words.word("report", "check"),
        "check_url": check,
    })
}

/// What shows that the report is what it was, and which way it went.
fn signature(full: &FullReport, words: Words) -> Vec<[String; 2]> {
    let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("–").to_owned();
    let digest = full.edition.as_ref().map(|it| it.digest.as_str());
    let mut rows = vec![
        [words.word("report-about", "digest"), or_none(digest)],
        [words.word("report-about", "seal"), or_none(full.content.head.seal.as_deref())],
        [words.word("report-about", "authenticity"), or_none(full.authenticity())],
    ];
    rows.extend(full.steps.iter().map(|step| [step.recipient.clone(), words.step(full, step)]));
    rows
}

fn part(filled: &Filled, number: usize, words: Words, shown: &[crate::desk::report_pictures::Picture]) -> Value {
    let lines = filled.lines.iter().map(|line| {
        json!({
            "name": words.word("report", &line.figure), "value": words.value(line), "counts": words.counts(line),
            "how": words.word("report-how", &line.figure),
        })
    });
    let tables = filled.tables.iter().map(|table| {
        let cell = |(place, cell): (usize, &crate::domain::report::content::Cell)| {
            let column: &crate::domain::report::content::Column = &table.columns[place];
            json!({"text": words.cell(cell, &column.name, column.unit), "number": is_number(column.unit)})
        };
        json!({
            "name": words.word("report-table", &table.name),
            "columns": table.columns.iter().map(|column| words.column(&column.name)).collect::<Vec<_>>(),
            "rows": table.rows.iter().take(PRINTED)
                .map(|row| row.iter().enumerate().map(cell).collect::<Vec<_>>()).collect::<Vec<_>>(),
            "left_out": table.left_out + i64::try_from(table.rows.len().saturating_sub(PRINTED)).unwrap_or(0),
        })
    });
    let pictures = shown
        .iter()
        .filter(|it| it.part == filled.part)
        .map(|it| json!({"path": format!("/{}.svg", it.id), "title": it.title, "sentence": it.sentence}));
    json!({
        "title": format!("{number}. {}", words.word("report-part", filled.part.as_str())),
        "lines": lines.collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
        "pictures": pictures.collect::<Vec<_>>(),
    })
}

fn is_number(unit: Unit) -> bool {
    matches!(unit, Unit::Count | Unit::Percent | Unit::Seconds | Unit::Score)
}
