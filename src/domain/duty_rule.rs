//! When a duty is owed: its terms, due days and reminders. Local dates of the pack's zone throughout.
//!
//! "Once a year" is once in a calendar year, due on 31 December unless the rule names another day (DOMAIN.md 1.9, A26);
//! months and quarters end on their last day. "Once in two years" is due on 31 December of the second year, the first
//! being the one in which the duty was first seen or last done: so no more than two years lie between two times.

use crate::domain::duty::Office;
use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// How far back a working day is looked for.
const LOOK_BACK: usize = 400;

/// A duty as the pack describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique in the pack.
    pub code: String,
    /// What is owed.
    pub what: String,
    /// When.
    pub rhythm: Rhythm,
    /// By whom.
    pub office: Office,
    /// Month and day that replace 31 December.
    pub due: Option<(u32, u32)>,
    /// Where it is written; `None`: a default.
    pub source: Option<String>,
    /// The law attaches a sanction to it.
    pub sanctionable: bool,
    /// Working days from the first reminder to the due day.
    pub remind_days: u32,
}

/// When a duty is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rhythm {
    /// In every calendar month.
    Month,
    /// In every quarter of the calendar year.
    Quarter,
    /// In every calendar year.
    Year,
    /// Once in two years.
    TwoYears,
    /// Whenever something was changed.
    OnChange,
    /// Some months before another duty is done.
    Before {
        /// Code of that duty.
        code: String,
        /// Months between.
        lead_months: u32,
    },
}

/// One term of a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub to: NaiveDate,
    /// Last day on which the duty is in time.
    pub due_on: NaiveDate,
}

/// When an office is reminded. UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminders {
    /// Some working days before; `None` when that is no earlier than `last`.
    pub first: Option<DateTime<Utc>>,
    /// On the last working day that is in time.
    pub last: Option<DateTime<Utc>>,
}

impl Rule {
    /// The term that `today` lies in, for rhythms that follow the calendar alone.
    pub fn term_at(&self, today: NaiveDate) -> Option<Term> {
        match self.rhythm {
            Rhythm::Month => months(today.with_day(1)?, 1),
            Rhythm::Quarter => months(NaiveDate::from_ymd_opt(today.year(), today.month0() / 3 * 3 + 1, 1)?, 3),
            Rhythm::Year => {
                let term = months(NaiveDate::from_ymd_opt(today.year(), 1, 1)?, 12)?;
                Some(Term { due_on: self.due_in(today.year(), term.due_on), ..term })
            }
            Rhythm::TwoYears | Rhythm::OnChange | Rhythm::Before { .. } => None,
        }
    }

    /// The first term of a duty owed once in two years, first seen on `seen`.
    pub fn two_years_from(&self, seen: NaiveDate) -> Option<Term> {
        let to = NaiveDate::from_ymd_opt(seen.year() + 2, 1, 1)?;
        Some(Term { from: seen, to, due_on: self.due_in(seen.year() + 1, to.pred_opt()?) })
    }

    /// The term after the one that was fulfilled in `year`: it is owed again by the end of the year after.
    pub fn two_years_after(&self, year: i32) -> Option<Term> {
        let term = months(NaiveDate::from_ymd_opt(year + 1, 1, 1)?, 12)?;
        Some(Term { due_on: self.due_in(year + 1, term.due_on), ..term })
    }

    /// The first day on which another term may begin after `today`.
    pub fn next_beginning(&self, today: NaiveDate) -> Option<NaiveDate> {
        match self.rhythm {
            Rhythm::TwoYears => NaiveDate::from_ymd_opt(today.year() + 1, 1, 1),
            _ => self.term_at(today).map(|term| term.to),
        }
    }

    fn due_in(&self, year: i32, otherwise: NaiveDate) -> NaiveDate {
        let Some((month, day)) = self.due else { return otherwise };
        // 29 February in a common year is its 28th.
        (0..4).find_map(|back| NaiveDate::from_ymd_opt(year, month, day.saturating_sub(back))).unwrap_or(otherwise)
    }
}

/// The term of a report on a change that was entered `today`: until the end of the following month.
pub fn change_term(today: NaiveDate) -> Option<Term> {
    let to = today.with_day(1)?.checked_add_months(Months::new(2))?;
    Some(Term { from: today, to, due_on: to.pred_opt()? })
}

/// The term of what must come `lead_months` before the `day` of another duty whose own term is `of`.
pub fn term_before(of: Term, day: NaiveDate, lead_months: u32) -> Option<Term> {
    Some(Term { due_on: day.checked_sub_months(Months::new(lead_months))?, ..of })
}

/// When an office is reminded of what is due on `due_on`. `opening` gives the instant at which a working day opens
/// and nothing for other days: so a reminder never falls on a day off, it moves back.
pub fn reminders(
    due_on: NaiveDate,
    remind_days: u32,
    opening: impl Fn(NaiveDate) -> Option<DateTime<Utc>>,
) -> Reminders {
    let back = |from: NaiveDate| std::iter::successors(Some(from), NaiveDate::pred_opt).take(LOOK_BACK);
    let last = back(due_on).find_map(&opening);
    let first = match (due_on.pred_opt(), remind_days.checked_sub(1)) {
        (Some(day_before), Some(nth)) => back(day_before).filter_map(&opening).nth(nth as usize),
        _ => None,
    };
    Reminders { first: first.filter(|first| last.is_none_or(|last| *first < last)), last }
}

/// The instant at which a local day begins.
pub fn beginning_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    let local = match zone.from_local_datetime(&midnight) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at),
        // Some zones skip midnight once a year: the day begins behind the gap.
        LocalResult::None => GapInfo::new(&midnight, &zone).and_then(|gap| gap.end),
    };
    local.map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// The instant from which something due on a local day is late.
pub fn late_from(due_on: NaiveDate, zone: Tz) -> DateTime<Utc> {
    beginning_of(due_on.checked_add_days(Days::new(1)).unwrap_or(due_on), zone)
}

/// The local day of an instant.
pub fn day_of(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

fn months(from: NaiveDate, count: u32) -> Option<Term> {
    let to = from.checked_add_months(Months::new(count))?;
    Some(Term { from, to, due_on: to - TimeDelta::days(1) })
}
