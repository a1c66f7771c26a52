//! A report in words: figures and tables as people read them, and as spreadsheets do.

use crate::desk::report_views::FullReport;
use crate::domain::report::content::{Cell, Content, Line, Table, Unit};
use crate::domain::report::steps::Step;
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::render::sheet::{self, About, Sheet, Value};
use crate::text;
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use serde_json::json;

/// Writes reports in one language, on the clocks of one zone.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The language.
    pub language: Language,
    /// The zone.
    pub zone: Tz,
}

impl Words {
    /// A sentence of the catalogue.
    pub fn word(&self, area: &str, name: &str) -> String {
        text::word(self.language, &format!("{area}-{name}"))
    }

    /// What a report is called: `Laporan bulanan Oktober 2026, Dinas Kesehatan`.
    pub fn title(&self, content: &Content) -> String {
        let values = [("month", self.period(content)), ("name", content.head.name.clone())];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        text::phrase(self.language, "report-title-of", &values)
    }

    /// `Oktober 2026`, or the first and the last day of a longer period.
    pub fn period(&self, content: &Content) -> String {
        let head = &content.head;
        let last = head.period_to.checked_sub_days(Days::new(1)).unwrap_or(head.period_to);
        if (head.period_to - head.period_from).num_days() <= 31 {
            return text::month(self.language, head.period_from);
        }
        format!("{} – {}", text::short_date(self.language, head.period_from), text::short_date(self.language, last))
    }

    /// A number in a unit, as people read it.
    pub fn number(&self, value: i64, unit: Unit) -> String {
        match unit {
            Unit::Percent => format!("{} %", self.hundredths(value)),
            Unit::Score => self.hundredths(value),
            Unit::Seconds => text::span(self.language, Duration::seconds(value)),
            _ => self.grouped(value),
        }
    }

    /// The value of a figure; a dash where there is nothing it could be said of.
    pub fn value(&self, line: &Line) -> String {
        line.value.map_or_else(|| "–".to_owned(), |value| self.number(value, line.unit))
    }

    /// What stands behind a share or a mean: `36 dari 41`, `n = 25`.
    pub fn counts(&self, line: &Line) -> String {
        let counted = self.counted(line);
        match (line.target, line.basis.as_deref()) {
            _ if line.unknown => self.word("report", "no-source"),
            (Some(target), Some(basis)) => {
                let target = self.number(target, line.unit);
                let values = [("counted", counted.as_str()), ("target", &target), ("basis", &self.basis(basis))];
                text::phrase(self.language, "report-of-target", &values)
            }
            (None, Some(basis)) => self.basis(basis),
            _ => counted,
        }
    }

    /// Where a value is written, or that nobody has decreed it.
    fn basis(&self, basis: &str) -> String {
        if basis.is_empty() { self.word("report", "default-value") } else { basis.to_owned() }
    }

    /// The count behind a figure alone, without target or law.
    pub fn counted(&self, line: &Line) -> String {
        let unit = if line.figure == "paused-time" { Unit::Seconds } else { Unit::Count };
        let shown = |value: i64| self.number(value, unit);
        match (line.part, line.of) {
            (Some(part), Some(of)) => {
                text::phrase(self.language, "report-of", &[("part", &shown(part)), ("whole", &shown(of))])
            }
            (None, Some(of)) => format!("n = {}", shown(of)),
            _ => String::new(),
        }
    }

    /// A cell of a table as people read it.
    pub fn cell(&self, cell: &Cell, column: &str, unit: Unit) -> String {
        match (cell, unit) {
            (Cell::Nothing, _) if is_name(column) => self.word("report", "unnamed"),
            (Cell::Nothing, _) => "–".to_owned(),
            (Cell::Number(number), unit) => self.number(*number, unit),
            (Cell::Text(word), Unit::Word) => self.word(area(column), word),
            (Cell::Text(at), Unit::Instant) => {
                instant(at).map_or_else(|| at.clone(), |at| text::short_instant(self.language, at, self.zone))
            }
            (Cell::Text(day), Unit::Day) if column == "month" => {
                day.parse().map_or_else(|_| day.clone(), |day| text::month(self.language, day))
            }
            (Cell::Text(day), Unit::Day) => {
                day.parse().map_or_else(|_| day.clone(), |day: NaiveDate| text::short_date(self.language, day))
            }
            (Cell::Text(text), _) => text.clone(),
        }
    }

    /// Name of a column, with what it is counted in.
    pub fn column(&self, name: &str) -> String {
        self.word("report-column", name)
    }

    fn hundredths(&self, value: i64) -> String {
        let point = if self.language == Language::Indonesian { ',' } else { '.' };
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{}{point}{:02}", self.grouped(value.abs() / 100), value.abs() % 100)
    }

    fn grouped(&self, value: i64) -> String {
        let (digits, mark) = (value.abs().to_string(), if self.language == Language::Indonesian { '.' } else { ',' });
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(mark);
            }
            text.push(digit);
        }
        if value < 0 { format!("-{text}") } else { text }
    }

    /// What the figures say, in one sentence.
    pub fn summary(&self, content: &Content) -> String {
        let of = |figure: &str| content.line(figure);
        let shown = |figure: &str| of(figure).map_or_else(String::new, |line| self.value(line));
        let values = [
            ("received", shown("received")),
            ("resolved", shown("resolved")),
            ("closing", shown("closing")),
            ("share", shown("sla-resolution")),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let key = match of("sla-resolution").and_then(|line| line.value) {
            None => "report-summary-none",
            // Editions from before the target was kept are not judged.
            Some(share) => match of("sla-resolution").and_then(|line| line.target) {
                Some(target) if share < target => "report-summary-missed",
                Some(_) => "report-summary-met",
                None => "report-summary-unjudged",
            },
        };
        text::phrase(self.language, key, &values)
    }

    /// Who handed the report in, when, and who confirmed it.
    pub fn submitter(&self, full: &FullReport) -> String {
        let Some(report) = &full.report else { return self.word("report", "not-kept") };
        let name = |id: Option<i64>| id.and_then(|id| full.people.get(&id)).cloned().unwrap_or_default();
        let at = |at: Option<DateTime<Utc>>| {
            at.map(|at| text::long_instant(self.language, at, self.zone)).unwrap_or_default()
        };
        let said = |key: &str, name: &str, at: &str| text::phrase(self.language, key, &[("name", name), ("at", at)]);
        let first = match (report.submitted_at, report.submitted_by) {
            (None, _) => self.word("report", "not-submitted"),
            (Some(_), None) => said("report-submitted-by-clock", "", &at(report.submitted_at)),
            (Some(_), by) => said("report-submitted-by", &name(by), &at(report.submitted_at)),
        };
        match report.received_at {
            None => first,
            Some(_) => {
                format!("{first} {}", said("report-received-by", &name(report.received_by), &at(report.received_at)))
            }
        }
    }

    /// What became of a step upwards, in one line: until when, sent, received.
    pub fn step(&self, full: &FullReport, step: &Step) -> String {
        let name = |id: Option<i64>| id.and_then(|id| full.people.get(&id)).cloned().unwrap_or_default();
        let said = |key: &str, by: Option<i64>, at: DateTime<Utc>| {
            let (name, at) = (name(by), text::long_instant(self.language, at, self.zone));
            text::phrase(self.language, key, &[("name", name.as_str()), ("at", at.as_str())])
        };
        let due = text::long_date(self.language, step.due_on);
        let mut lines = vec![text::phrase(self.language, "report-step-due", &[("due", due.as_str())])];
        if step.late {
            lines.push(self.word("report", "step-was-late"));
        }
        lines.extend(step.sent_at.map(|at| said("report-step-sent-by", step.sent_by, at)));
        lines.extend(Some(step.sent_note.clone()).filter(|note| !note.is_empty()));
        lines.extend(step.received_at.map(|at| said("report-step-received-by", step.received_by, at)));
        lines.extend(Some(step.received_note.clone()).filter(|note| !note.is_empty()));
        lines.join(" ")
    }

    /// The tables of a report for spreadsheets: all figures first, then a sheet for each table, then the remarks.
    pub fn sheets(&self, full: &FullReport) -> Vec<Sheet> {
        let content = &full.content;
        let tables = content.parts.iter().flat_map(|filled| &filled.tables).filter(|table| !table.rows.is_empty());
        let mut sheets = vec![self.figures(content)];
        sheets.extend(tables.map(|table| self.table(table)));
        sheets.push(self.about(full));
        sheets
    }

    fn figures(&self, content: &Content) -> Sheet {
        let heads = ["part", "figure", "value", "unit", "counted", "whole", "target", "basis", "how"];
        let row = |part: &str, line: &Line| {
            let many = |value: Option<i64>| match value {
                Some(value) if line.figure == "paused-time" => Value::Seconds(value),
                Some(value) => Value::Whole(value),
                None => Value::Nothing,
            };
            vec![
                Value::Text(self.word("report-part", part)),
                Value::Text(self.word("report", &line.figure)),
                line.value.map_or(Value::Nothing, |value| measure(value, line.unit)),
                Value::Text(self.word("report-unit", line.unit.as_str())),
                many(line.part),
                many(line.of),
                line.target.map_or(Value::Nothing, |value| measure(value, line.unit)),
                match &line.basis {
                    Some(basis) => Value::Text(self.basis(basis)),
                    None if line.unknown => Value::Text(self.word("report", "no-source")),
                    None => Value::Nothing,
                },
                Value::Text(self.word("report-how", &line.figure)),
            ]
        };
        let rows = content
            .parts
            .iter()
            .flat_map(|filled| filled.lines.iter().map(move |line| row(filled.part.as_str(), line)));
        Sheet {
            name: self.word("report", "figures"),
            title: self.title(content),
            heads: heads.iter().map(|head| self.column(head)).collect(),
            rows: rows.collect(),
        }
    }

    fn table(&self, table: &Table) -> Sheet {
        let cell = |(place, cell): (usize, &Cell)| {
            let Some(column) = table.columns.get(place) else { return Value::Nothing };
            match (cell, column.unit) {
                (Cell::Number(number), unit) => measure(*number, unit),
                (Cell::Text(at), Unit::Instant) => {
                    instant(at).map_or_else(|| Value::Text(at.clone()), |at| self.local(at))
                }
                (Cell::Text(day), Unit::Day) => day.parse().map_or_else(|_| Value::Text(day.clone()), Value::Day),
                (Cell::Nothing, _) if !is_name(&column.name) => Value::Nothing,
                (cell, unit) => Value::Text(self.cell(cell, &column.name, unit)),
            }
        };
        Sheet {
            name: self.word("report-table", &table.name),
            title: self.word("report-table", &table.name),
            heads: table.columns.iter().map(|column| self.column(&column.name)).collect(),
            rows: table.rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect(),
        }
    }

    fn about(&self, full: &FullReport) -> Sheet {
        let (head, report) = (&full.content.head, full.report.as_ref());
        let text = |text: &str| Value::Text(text.to_owned());
        let local = |at: Option<DateTime<Utc>>| at.map_or(Value::Nothing, |at| self.local(at));
        let of =
            |read: fn(&crate::domain::report::life::Report) -> &str| report.map_or(Value::Nothing, |it| text(read(it)));
        let rows = [
            ("code", text(&head.code)),
            ("region", text(&head.region)),
            ("name", text(&head.name)),
            ("from", self.local(head.from)),
            ("to", self.local(head.to)),
            ("drawn-at", self.local(head.drawn_at)),
            ("submitted-at", local(report.and_then(|it| it.submitted_at))),
            ("received-at", local(report.and_then(|it| it.received_at))),
            ("edition", full.edition.as_ref().map_or(Value::Nothing, |edition| Value::Whole(edition.edition))),
            ("obstacles", of(|it| it.obstacles.as_str())),
            ("recommendations", of(|it| it.recommendations.as_str())),
            ("pack", text(&head.pack)),
            ("digest", full.edition.as_ref().map_or(Value::Nothing, |edition| text(&edition.digest))),
            ("seal", head.seal.as_deref().map_or(Value::Nothing, text)),
            ("authenticity", full.authenticity().map_or(Value::Nothing, text)),
        ];
        Sheet {
            name: self.word("report", "about"),
            title: self.word("report", "about"),
            heads: ["figure", "value"].iter().map(|head| self.column(head)).collect(),
            rows: rows
                .into_iter()
                .map(|(name, value)| vec![Value::Text(self.word("report-about", name)), value])
                .collect(),
        }
    }

    fn local(&self, at: DateTime<Utc>) -> Value {
        let local: NaiveDateTime = at.with_timezone(&self.zone).naive_local();
        Value::Instant(local)
    }

    /// The report as a workbook.
    ///
    /// # Errors
    /// A table does not fit into a sheet.
    pub fn xlsx(&self, full: &FullReport) -> Result<Vec<u8>> {
        let head = &full.content.head;
        let about = About {
            title: self.title(&full.content),
            author: head.region.clone(),
            made_at: head.drawn_at.with_timezone(&self.zone).naive_local(),
        };
        sheet::xlsx(&about, &self.sheets(full)).map_err(|error| Error::Internal(error.into()))
    }

    /// The report as text with `;` between cells.
    ///
    /// # Errors
    /// Never in practice.
    pub fn csv(&self, full: &FullReport) -> Result<Vec<u8>> {
        sheet::csv(&self.sheets(full)).map_err(|error| Error::Internal(error.into()))
    }

    /// The report as JSON: values in their units, with names and explanations in this language.
    ///
    /// # Errors
    /// Never in practice.
    pub fn json(&self, full: &FullReport) -> Result<serde_json::Value> {
        let (content, report) = (&full.content, full.report.as_ref());
        let parts = content.parts.iter().map(|filled| {
            let lines = filled.lines.iter().map(|line| {
                json!({
                    "figure": line.figure,
                    "name": self.word("report", &line.figure),
                    "value": line.value.map(|value| plain(value, line.unit)),
                    "unit": line.unit,
                    "part": line.part,
                    "of": line.of,
                    "target": line.target.map(|value| plain(value, line.unit)),
                    "basis": line.basis,
                    "unknown": line.unknown,
                    "how": self.word("report-how", &line.figure),
                })
            });
            json!({
                "part": filled.part,
                "name": self.word("report-part", filled.part.as_str()),
                "figures": lines.collect::<Vec<_>>(),
                "tables": filled.tables.iter().map(|table| self.table_json(table)).collect::<Vec<_>>(),
            })
        });
        Ok(json!({
            "code": content.head.code,
            "title": self.title(content),
            "head": content.head,
            "state": report.map(|it| it.state),
            "version": report.map(|it| it.version),
            "edition": full.edition.as_ref().map(|edition| edition.edition),
            "digest": full.edition.as_ref().map(|edition| edition.digest.clone()),
            "authenticity": full.authenticity(),
            "due_on": report.map(|it| it.due_on),
            "late": report.map(|it| it.late),
            "submitted_at": report.and_then(|it| it.submitted_at),
            "submitted_by_clock": report.is_some_and(crate::domain::report::life::Report::is_by_clock),
            "received_at": report.and_then(|it| it.received_at),
            "obstacles": report.map(|it| it.obstacles.clone()),
            "recommendations": report.map(|it| it.recommendations.clone()),
            "editions": full.editions.iter().map(|it| json!({
                "edition": it.edition, "digest": it.digest, "reason": it.reason, "at": it.at,
            })).collect::<Vec<_>>(),
            "steps": full.steps.iter().map(|it| json!({
                "place": it.place, "recipient": it.recipient, "basis": it.basis, "due_on": it.due_on, "late": it.late,
                "edition": (it.edition > 0).then_some(it.edition),
                "sent_at": it.sent_at, "sent_note": it.sent_note,
                "received_at": it.received_at, "received_note": it.received_note,
            })).collect::<Vec<_>>(),
            "parts": parts.collect::<Vec<_>>(),
        }))
    }

    fn table_json(&self, table: &Table) -> serde_json::Value {
        let row = |row: &Vec<Cell>| {
            let cells = table.columns.iter().zip(row).map(|(column, cell)| {
                let value = match cell {
                    Cell::Number(number) => plain(*number, column.unit),
                    Cell::Text(text) => json!(text),
                    Cell::Nothing => json!(null),
                };
                (column.name.clone(), value)
            });
            serde_json::Value::Object(cells.collect())
        };
        json!({
            "table": table.name,
            "name": self.word("report-table", &table.name),
            "units": table.columns.iter().map(|column| (column.name.clone(), json!(column.unit))).collect::<serde_json::Map<_, _>>(),
            "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
            "left_out": table.left_out,
        })
    }
}

/// Whole percents with two decimals instead of hundredths.
fn plain(value: i64, unit: Unit) -> serde_json::Value {
    match unit {
        Unit::Percent | Unit::Score => json!(value as f64 / 100.0),
        _ => json!(value),
    }
}

fn measure(value: i64, unit: Unit) -> Value {
    match unit {
        Unit::Percent => Value::Percent(value),
        Unit::Score => Value::Hundredths(value),
        Unit::Seconds => Value::Seconds(value),
        _ => Value::Whole(value),
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// A column whose empty cell means that nobody said which.
fn is_name(column: &str) -> bool {
    matches!(column, "by-service" | "by-agency")
}

/// Where the words of a column stand in the catalogue.
fn area(column: &str) -> &'static str {
    match column {
        "by-kind" => "kind",
        "by-channel" => "channel",
        "by-priority" | "priority" => "priority",
        "score" => "score",
        "case-state" => "case-state",
        "case-outcome" => "case-outcome",
        "order-state" => "closure-state",
        "day-level" => "day-level",
        "duty-state" => "duty-state",
        _ => "report-word",
    }
}
