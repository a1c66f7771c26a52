//! The shape of a working week: opening windows per weekday, and the dated days that differ.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Deserializer, de};

/// Seconds in a civil day; the largest closing time.
pub const DAY_SECONDS: u32 = 86_400;

/// One opening of a day in local wall-clock time, half open: the closing second is outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Seconds since local midnight, below `close`.
    pub open: u32,
    /// Seconds since local midnight, at most [`DAY_SECONDS`] (written `24:00`).
    pub close: u32,
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [open, close] = <[String; 2]>::deserialize(deserializer)?;
        let window = Self { open: clock_time(&open)?, close: clock_time(&close)? };
        if window.open >= window.close {
            return Err(de::Error::custom(format!(
                "jendela kerja kosong: buka {open} tidak sebelum tutup {close} | tulis [\"07:30\", \"12:00\"]"
            )));
        }
        Ok(window)
    }
}

fn clock_time<E: de::Error>(text: &str) -> Result<u32, E> {
    parse_clock_time(text).ok_or_else(|| {
        E::custom(format!("jam tidak dikenal \"{text}\" | tulis JJ:MM antara 00:00 dan 24:00, misalnya \"07:30\""))
    })
}

fn parse_clock_time(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    (minutes < 60 && seconds <= DAY_SECONDS).then_some(seconds)
}

/// Opening windows per weekday. A day that is not written is a day off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    // Invariant once a calendar holds it: the windows of a day are sorted and do not overlap (checked in `check`).
    /// Monday; the following six are its siblings.
    pub mon: Vec<Window>,
    pub tue: Vec<Window>,
    pub wed: Vec<Window>,
    pub thu: Vec<Window>,
    pub fri: Vec<Window>,
    pub sat: Vec<Window>,
    pub sun: Vec<Window>,
}

impl Week {
    /// The windows of one weekday.
    pub fn day(&self, weekday: Weekday) -> &[Window] {
        match weekday {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }

    /// Every weekday with the key it is written under.
    pub fn days(&self) -> [(&'static str, &[Window]); 7] {
        [
            ("mon", &self.mon),
            ("tue", &self.tue),
            ("wed", &self.wed),
            ("thu", &self.thu),
            ("fri", &self.fri),
            ("sat", &self.sat),
            ("sun", &self.sun),
        ]
    }

    /// Working seconds of a week without exceptions.
    pub fn seconds(&self) -> u32 {
        self.days().iter().flat_map(|(_, windows)| windows.iter()).map(|window| window.close - window.open).sum()
    }
}

/// What made a dated day special.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayKind {
    /// National holiday.
    Holiday,
    /// Collective leave decreed by the government (*cuti bersama*).
    JointLeave,
    /// A day off of this region only (*libur fakultatif*).
    Local,
    /// Takes back the day off decreed before for this date. A weekly day off stays one.
    WorkingDay,
}

/// A dated day on which a calendar with holidays is closed, or no longer closed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// Date in the pack's zone.
    #[serde(deserialize_with = "date")]
    pub date: NaiveDate,
    /// What people call it; shown in explanations.
    pub name: String,
    pub kind: HolidayKind,
    /// An estimate that a later decree may move.
    #[serde(default)]
    pub provisional: bool,
    /// Date of the decree that made the day known, when that was later than the table it stands in: known from 00:00
    /// local time of this date on. `None`: always known.
    #[serde(default, deserialize_with = "some_date")]
    pub since: Option<NaiveDate>,
    /// The decree, when it is not that of the whole table.
    #[serde(default)]
    pub decree: Option<String>,
}

impl Holiday {
    /// The instant at which the day became known; `None` when it always was.
    pub fn known_from(&self, zone: Tz) -> Option<DateTime<Utc>> {
        let midnight = self.since?.and_time(NaiveTime::MIN);
        let after_gap = || GapInfo::new(&midnight, &zone).and_then(|gap| gap.end);
        Some(zone.from_local_datetime(&midnight).earliest().or_else(after_gap)?.to_utc())
    }
}

/// The days off as they were known at `at`: sorted, one entry per date. Of several decrees for a date the youngest
/// rules, and of equally old ones the last in the list.
pub fn in_force<'h>(decreed: impl Iterator<Item = &'h Holiday>, zone: Tz, at: DateTime<Utc>) -> Vec<Holiday> {
    let mut known: Vec<_> = decreed.filter(|day| day.known_from(zone).is_none_or(|from| from <= at)).collect();
    known.sort_by_key(|day| (day.date, day.since));
    let last_of_date = known.chunk_by(|one, next| one.date == next.date).filter_map(|same_date| same_date.last());
    last_of_date.filter(|day| day.kind != HolidayKind::WorkingDay).map(|day| (*day).clone()).collect()
}

/// The fasting month of one year, in which the Ramadan week replaces the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramadan {
    /// Year of `from`; written so that a reader finds the line, checked against it.
    pub year: i32,
    /// First fasting day, inclusive.
    #[serde(deserialize_with = "date")]
    pub from: NaiveDate,
    /// Last fasting day, inclusive.
    #[serde(deserialize_with = "date")]
    pub to: NaiveDate,
    /// An estimate that the government's session may move.
    #[serde(default)]
    pub provisional: bool,
}

impl Ramadan {
    /// Whether the date lies in this fasting month.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.to
    }

    /// Whether `year` names the year the month begins in.
    pub fn year_is_right(&self) -> bool {
        self.from.year() == self.year
    }
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(deserializer)?;
    let unknown =
        || de::Error::custom(format!("tanggal tidak dikenal \"{text}\" | tulis TTTT-BB-HH, misalnya 2026-08-17"));
    NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| unknown())
}

fn some_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    date(deserializer).map(Some)
}
