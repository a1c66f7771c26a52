//! Recurring duties of agencies and of the office for information technology: what is owed, when, and by what law.

use serde::{Deserialize, Deserializer, de};

/// A duty. Exactly one of `every`, `on` and `before` says when it falls due.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Unique in the list; lower-case letters, digits and hyphens.
    pub code: String,
    pub what: String,
    #[serde(default)]
    pub every: Option<Every>,
    #[serde(default)]
    pub on: Option<Occasion>,
    /// Code of the duty that this one prepares; due `lead` before it.
    #[serde(default)]
    pub before: Option<String>,
    /// How long before; only with `before`.
    #[serde(default)]
    pub lead: Option<Lead>,
    /// Who owes it.
    pub office: DutyOffice,
    /// Day of the year it is due; absent: the last day of the period.
    #[serde(default)]
    pub due: Option<MonthDay>,
    /// Where the duty is written.
    pub source: String,
    /// The law provides a sanction for neglect.
    #[serde(default)]
    pub sanctionable: bool,
    /// Working days before the due day on which a reminder goes out; 0: none.
    #[serde(default)]
    pub remind_days: u32,
}

/// The rhythm of a duty, in calendar periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Every {
    #[serde(rename = "month")]
    Month,
    #[serde(rename = "quarter")]
    Quarter,
    #[serde(rename = "calendar_year")]
    CalendarYear,
    #[serde(rename = "2_years")]
    TwoYears,
}

/// The event that calls for a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    Change,
}

/// Who owes a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyOffice {
    /// Every agency.
    Agency,
    /// The office for information technology.
    Ict,
    /// The coordination board.
    Board,
}

/// A span of whole months, written `1_month`, `3_month`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// 1 to 24.
    pub months: u32,
}

impl<'de> Deserialize<'de> for Lead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let months = text.strip_suffix("_month").and_then(|number| number.parse().ok());
        months.filter(|months| (1..=24).contains(months)).map(|months| Self { months }).ok_or_else(|| {
            de::Error::custom(format!("jangka tidak dikenal \"{text}\" | tulis misalnya \"1_month\", paling lama 24"))
        })
    }
}

/// A day of any year, written `12-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: u32,
    /// A day the month has in every year.
    pub day: u32,
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A year without 29 February, so that the day exists in every year.
        let date = chrono::NaiveDate::parse_from_str(&format!("2025-{text}"), "%Y-%m-%d").ok();
        date.map(|date| Self { month: chrono::Datelike::month(&date), day: chrono::Datelike::day(&date) }).ok_or_else(
            || de::Error::custom(format!("hari tidak dikenal \"{text}\" | tulis BB-HH, misalnya \"12-31\"")),
        )
    }
}
