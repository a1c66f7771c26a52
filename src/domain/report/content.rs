//! What stands in a report: parts with figures and tables. Words for people are added by whoever shows it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// The fourteen parts in their order (DOMAIN.md 2.9). The first is the head; the last two are filled from the life
    /// of the report.
    pub enum Part {
        Cover = "cover",
        Volume = "volume",
        Sla = "sla",
        Escalation = "escalation",
        Times = "times",
        Availability = "availability",
        Problems = "problems",
        Security = "security",
        Satisfaction = "satisfaction",
        Knowledge = "knowledge",
        Warnings = "warnings",
        Duties = "duties",
        Remarks = "remarks",
        Signature = "signature",
    }
}

words! {
    /// In what a value is counted.
    pub enum Unit {
        /// Pieces.
        Count = "count",
        /// Hundredths of a percent.
        Percent = "percent",
        /// Counted seconds.
        Seconds = "seconds",
        /// Hundredths of a point from one to five.
        Score = "score",
        /// Words as they are.
        Text = "text",
        /// A word of the house, to be named in the reader's language.
        Word = "word",
        /// Number of a ticket.
        Ticket = "ticket",
        /// UTC.
        Instant = "instant",
        /// A local day.
        Day = "day",
    }
}

/// A report's content, as it was drawn up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// What it is about.
    pub head: Head,
    /// Its parts in order; the first and the last two carry no figures.
    pub parts: Vec<Filled>,
}

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the report, e.g. `LAP-2026-10-DINKES`.
    pub code: String,
    /// Name of the region.
    pub region: String,
    /// Code of the agency; empty for the whole region.
    pub agency: String,
    /// Name of the agency, or of the region.
    pub name: String,
    /// First local day.
    pub period_from: NaiveDate,
    /// First local day after it.
    pub period_to: NaiveDate,
    /// First instant. UTC.
    pub from: DateTime<Utc>,
    /// First instant after it. UTC.
    pub to: DateTime<Utc>,
    /// Zone whose midnights divide the days.
    pub zone: String,
    /// When it was drawn up. UTC.
    pub drawn_at: DateTime<Utc>,
    /// The period was not over yet.
    pub provisional: bool,
    /// Pack and version it was drawn up under.
    pub pack: String,
    /// Root of the last seal of the event chains at that time, if there was one.
    pub seal: Option<String>,
}

/// A part with what stands in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filled {
    /// Which one.
    pub part: Part,
    /// Its figures.
    pub lines: Vec<Line>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Which one, as in the catalogue.
    pub figure: String,
    /// Its value; `None`: there is nothing it could be said of.
    pub value: Option<i64>,
    /// In what.
    pub unit: Unit,
    /// For a share: how many.
    pub part: Option<i64>,
    /// For a share or a mean: of how many.
    pub of: Option<i64>,
    /// What should be reached, in the same unit.
    pub target: Option<i64>,
    /// The figure whose tickets stand behind it, if any do.
    pub tickets: Option<String>,
    /// Where the value, or the target, is written; empty: a default nobody has decreed. `None`: it is no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Nothing in the system knows this figure.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Which one, as in the catalogue.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// Rows that were left out because there are too many.
    pub left_out: i64,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Which one, as in the catalogue.
    pub name: String,
    /// In what its cells are counted.
    pub unit: Unit,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number in the unit of its column.
    Number(i64),
    /// A text, a word, a day or an instant.
    Text(String),
    /// There is nothing to say.
    Nothing,
}

impl Content {
    /// The figure of this name.
    pub fn line(&self, figure: &str) -> Option<&Line> {
        self.parts.iter().flat_map(|filled| &filled.lines).find(|line| line.figure == figure)
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.parts.iter().flat_map(|filled| &filled.tables).find(|table| table.name == name)
    }
}

impl Table {
    /// An empty table.
    pub fn new(name: &str, columns: &[(&str, Unit)]) -> Self {
        let columns = columns.iter().map(|(name, unit)| Column { name: (*name).to_owned(), unit: *unit }).collect();
        Self { name: name.to_owned(), columns, rows: Vec::new(), left_out: 0 }
    }

    /// The cells of a column, by its name.
    pub fn cells(&self, column: &str) -> Vec<&Cell> {
        let place = self.columns.iter().position(|it| it.name == column);
        place.map(|place| self.rows.iter().filter_map(|row| row.get(place)).collect()).unwrap_or_default()
    }
}

impl Cell {
    /// The number in it.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text in it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Text(day.to_string())
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Text(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}
