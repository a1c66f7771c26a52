//! Counted time: which instants of the world belong to working time, and arithmetic on them.
//!
//! One walk ([`Openings`]) yields the counted stretches in order; `add`, `between` and `intervals` are folds over it.
//! That is why they cannot disagree, and why a step at half the time is found exactly like the deadline itself.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use super::pause::{self, Pause, whole};
use super::week::{DAY_SECONDS, Holiday, HolidayKind, Ramadan, Week, Window, in_force};

/// How far ahead a search for working time may go before it says "never".
const HORIZON_DAYS: u64 = 20 * 366;

/// No end was found within the search horizon of 20 years: the calendar is closed, or the target absurd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no working time within twenty years")]
pub struct NoWorkingTime;

/// A counted stretch, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Counted seconds, `to - from`.
    pub seconds: i64,
}

/// A local date that has no working time, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Excluded {
    pub date: NaiveDate,
    /// Name of the holiday, or the calendar's word for a weekly day off.
    pub reason: String,
}

/// The opening hours of a supporting unit.
///
/// Everything is counted in whole seconds: a fraction of a second in an argument is cut off before counting.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: Tz,
    hours: Hours,
}

#[derive(Debug, Clone)]
enum Hours {
    /// Every elapsed second counts, also the one a zone repeats.
    Always,
    Weekly(Box<Dated>),
}

/// A written calendar and the dates on which it is closed as far as they are known.
#[derive(Debug, Clone)]
struct Dated {
    weekly: Weekly,
    /// Sorted by date, one entry per date.
    closed: Vec<Holiday>,
}

/// What a calendar with opening hours is made of; see [`Calendar::weekly`].
#[derive(Debug, Clone)]
pub struct Weekly {
    /// The usual week. Invariant: per day sorted, disjoint, non-empty windows, and one window at least.
    pub week: Week,
    /// The week of the fasting month, with the same invariant; `None`: the usual week holds.
    pub ramadan_week: Option<Week>,
    /// The week of the fasting month of single years, where the year has one of its own.
    pub ramadan_weeks: BTreeMap<i32, Week>,
    /// Fasting months, sorted and disjoint.
    pub ramadan: Vec<Ramadan>,
    /// Everything decreed about dated days, also what was decreed later; `None`: this calendar has no holidays.
    pub decreed: Option<Vec<Holiday>>,
    /// Open on joint leave.
    pub joint_leave_is_working_day: bool,
    /// What to call a weekday without windows ("akhir pekan").
    pub day_off: String,
}

impl Calendar {
    /// A calendar that never closes; the zone only decides where a local day ends.
    pub fn always(zone: Tz) -> Self {
        Self { zone, hours: Hours::Always }
    }

    /// A calendar of weekly windows. The caller keeps the invariants written on [`Weekly`]; the pack reader checks.
    pub fn weekly(zone: Tz, weekly: Weekly) -> Self {
        Self { zone, hours: Hours::Weekly(Box::new(Dated { weekly, closed: Vec::new() })) }
            .known_at(DateTime::<Utc>::MAX_UTC, &[])
    }

    /// The windows of the usual week; `None` for a calendar that never closes.
    pub fn week(&self) -> Option<&Week> {
        match &self.hours {
            Hours::Always => None,
            Hours::Weekly(dated) => Some(&dated.weekly.week),
        }
    }

    /// The same calendar, closed only on the days off known at an instant. `more` are decrees beside its own.
    #[must_use]
    pub fn known_at(&self, at: DateTime<Utc>, more: &[Holiday]) -> Self {
        let mut same = self.clone();
        if let Hours::Weekly(dated) = &mut same.hours
            && let Some(decreed) = &dated.weekly.decreed
        {
            let mut closed = in_force(decreed.iter().chain(more), self.zone, at);
            let worked = |day: &Holiday| dated.weekly.joint_leave_is_working_day && day.kind == HolidayKind::JointLeave;
            closed.retain(|day| !worked(day));
            dated.closed = closed;
        }
        same
    }

    /// What it was written as; `None` when it never closes.
    pub fn written(&self) -> Option<&Weekly> {
        match &self.hours {
            Hours::Always => None,
            Hours::Weekly(dated) => Some(&dated.weekly),
        }
    }

    /// Everything that counts, in one line: two calendars with the same line give the same deadlines.
    pub fn summary(&self) -> String {
        let Hours::Weekly(dated) = &self.hours else { return format!("{} always", self.zone) };
        let Dated { weekly, closed } = dated.as_ref();
        let mut line = format!("{} {:?} {:?} {:?}", self.zone, weekly.week, weekly.ramadan_week, weekly.ramadan_weeks);
        for month in &weekly.ramadan {
            // Writing into a text does not fail.
            let _ = write!(line, " {}/{}", month.from, month.to);
        }
        for day in closed {
            let _ = write!(line, " {}", day.date);
        }
        line
    }

    /// The zone its local times are in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Whether every elapsed second counts (24 hours, 7 days).
    pub fn is_always(&self) -> bool {
        matches!(self.hours, Hours::Always)
    }

    /// The instant at which the time counted from `start` reaches `seconds`.
    ///
    /// Falls exactly on a closing time → stays there. Zero or less → `start`. `None` while an open pause that began
    /// before the end is still open. A pause beginning at or after the end does not move it.
    ///
    /// # Errors
    /// [`NoWorkingTime`] when the end lies beyond twenty years.
    pub fn add(
        &self,
        start: DateTime<Utc>,
        seconds: i64,
        pauses: &[Pause],
    ) -> Result<Option<DateTime<Utc>>, NoWorkingTime> {
        if seconds <= 0 {
            return Ok(Some(whole(start)));
        }
        let mut left = seconds;
        let mut walk = self.openings(start, pauses);
        for (from, to) in walk.by_ref() {
            let length = (to - from).num_seconds();
            if left <= length {
                return Ok(Some(from + TimeDelta::seconds(left)));
            }
            left -= length;
        }
        if walk.waits { Ok(None) } else { Err(NoWorkingTime) }
    }

    /// Counted seconds from `from` to `to`, zero when `to` is not after `from`; the inverse of [`Self::add`].
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> i64 {
        self.clipped(from, to, pauses).map(|(from, to)| (to - from).num_seconds()).sum()
    }

    /// The counted stretches from `from` to `to`, in order.
    pub fn intervals(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> Vec<Interval> {
        self.clipped(from, to, pauses)
            .map(|(from, to)| Interval { from, to, seconds: (to - from).num_seconds() })
            .collect()
    }

    /// The local dates from `from` to `to`, both inclusive, without any working time. Empty for a calendar that never
    /// closes.
    pub fn excluded(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Excluded> {
        let Hours::Weekly(dated) = &self.hours else { return Vec::new() };
        let (Some(first), Some(last)) = (self.local_date(from), self.local_date(to)) else { return Vec::new() };
        first
            .iter_days()
            .take_while(|date| *date <= last)
            .filter(|date| dated.windows(*date).is_empty())
            .map(|date| Excluded {
                date,
                reason: dated
                    .holiday(date)
                    .map_or_else(|| dated.weekly.day_off.clone(), |holiday| holiday.name.clone()),
            })
            .collect()
    }

    /// Whether the second beginning at this instant counts.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.next_opening(at) == Ok(whole(at))
    }

    /// The first counted instant at or after `at`.
    ///
    /// # Errors
    /// [`NoWorkingTime`] when there is none within twenty years.
    pub fn next_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, NoWorkingTime> {
        self.openings(at, &[]).next().map(|(from, _)| from).ok_or(NoWorkingTime)
    }

    /// The closing time of a local date; `None` when it is no working day. A calendar that never closes ends its day
    /// at midnight.
    pub fn closing_of(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let close = match &self.hours {
            Hours::Always => DAY_SECONDS,
            Hours::Weekly(dated) => dated.windows(date).last()?.close,
        };
        self.instant(date, close, Edge::End)
    }

    /// The closing time of the n-th working day after the local day of `start`, which is day 0 however late or idle
    /// it is. `n` = 0: `start` itself.
    ///
    /// # Errors
    /// [`NoWorkingTime`] when that day lies beyond twenty years.
    pub fn end_of_working_day(&self, start: DateTime<Utc>, n: u32) -> Result<DateTime<Utc>, NoWorkingTime> {
        let Some(before_last) = n.checked_sub(1) else { return Ok(start) };
        let day_zero = self.local_date(start).ok_or(NoWorkingTime)?;
        day_zero
            .iter_days()
            .skip(1)
            .take(HORIZON_DAYS as usize)
            .filter_map(|date| self.closing_of(date))
            .nth(before_last as usize)
            .ok_or(NoWorkingTime)
    }

    fn clipped<'a>(
        &'a self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        pauses: &[Pause],
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> + 'a {
        let to = whole(to);
        let mut openings = self.openings(from, pauses);
        // A question about the past may span more than a deadline ever does: look as far as it asks.
        openings.last_date = self.local_date(to).map_or(NaiveDate::MAX, |date| date.max(openings.date));
        openings.take_while(move |(from, _)| *from < to).map(move |(from, end)| (from, end.min(to)))
    }

    fn openings(&self, from: DateTime<Utc>, pauses: &[Pause]) -> Openings<'_> {
        let today = self.local_date(from).unwrap_or(NaiveDate::MAX);
        Openings {
            calendar: self,
            // A zone that falls back over midnight can carry yesterday's last window into today.
            date: today.pred_opt().unwrap_or(today),
            last_date: today.checked_add_days(Days::new(HORIZON_DAYS)).unwrap_or(NaiveDate::MAX),
            window: 0,
            cursor: whole(from),
            pending: None,
            pauses: pause::merged(pauses),
            next_pause: 0,
            waits: false,
        }
    }

    fn local_date(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let offset = self.zone.offset_from_utc_datetime(&at.naive_utc());
        at.naive_utc().checked_add_offset(offset.fix()).map(|local| local.date())
    }

    /// The instant of a local wall-clock time. A time the zone skips becomes the first instant after the gap; a time
    /// it repeats becomes the earlier for an opening and the later for a closing.
    fn instant(&self, date: NaiveDate, second_of_day: u32, edge: Edge) -> Option<DateTime<Utc>> {
        let local = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::seconds(second_of_day.into()))?;
        let resolved = self.zone.from_local_datetime(&local);
        let zoned = match edge {
            Edge::Start => resolved.earliest(),
            Edge::End => resolved.latest(),
        };
        zoned.or_else(|| self.after_gap(local)).map(|zoned| zoned.to_utc())
    }

    fn after_gap(&self, local: NaiveDateTime) -> Option<DateTime<Tz>> {
        GapInfo::new(&local, &self.zone)?.end
    }
}

#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

impl Dated {
    /// The windows of a local date; none on a holiday.
    fn windows(&self, date: NaiveDate) -> &[Window] {
        if self.holiday(date).is_some() {
            return &[];
        }
        self.weekly.week_of(date).day(date.weekday())
    }

    fn holiday(&self, date: NaiveDate) -> Option<&Holiday> {
        let place = self.closed.binary_search_by_key(&date, |holiday| holiday.date).ok()?;
        self.closed.get(place)
    }
}

impl Weekly {
    /// The week that holds on a date: in a fasting month that of its year, then that of any fasting month.
    fn week_of(&self, date: NaiveDate) -> &Week {
        let Some(month) = self.ramadan.iter().find(|month| month.contains(date)) else { return &self.week };
        self.ramadan_weeks.get(&month.year).or(self.ramadan_week.as_ref()).unwrap_or(&self.week)
    }
}

/// A walk over counted stretches: non-empty, in order, disjoint, from the start instant on, pauses cut out.
struct Openings<'a> {
    calendar: &'a Calendar,
    /// The local date being walked.
    date: NaiveDate,
    /// The last local date to walk.
    last_date: NaiveDate,
    /// Index of the next window of `date`.
    window: usize,
    /// Everything before is done. Windows of two days can overlap where a zone repeats midnight; a second counts once.
    cursor: DateTime<Utc>,
    /// The rest of a window that a pause has cut.
    pending: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pauses: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    next_pause: usize,
    /// The walk has run into a pause that has no end yet, and stops there.
    waits: bool,
}

impl Iterator for Openings<'_> {
    type Item = (DateTime<Utc>, DateTime<Utc>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (from, to) = match self.pending.take() {
                Some(rest) => rest,
                None => self.next_window()?,
            };
            let Some(&(pause_from, pause_to)) = self.pauses.get(self.next_pause) else { return Some((from, to)) };
            if pause_to <= from {
                self.next_pause += 1;
                self.pending = Some((from, to));
            } else if to <= pause_from {
                return Some((from, to));
            } else {
                if pause_to < to {
                    self.pending = Some((pause_to, to));
                } else if pause_to == DateTime::<Utc>::MAX_UTC {
                    self.waits = true;
                }
                if from < pause_from {
                    return Some((from, pause_from));
                }
            }
        }
    }
}

impl Openings<'_> {
    /// The next stretch in which the calendar is open, pauses not yet regarded.
    fn next_window(&mut self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if self.waits {
            return None;
        }
        let calendar = self.calendar;
        let Hours::Weekly(dated) = &calendar.hours else { return self.whole_horizon() };
        while self.date <= self.last_date {
            let Some(window) = dated.windows(self.date).get(self.window) else {
                self.date = self.date.succ_opt()?;
                self.window = 0;
                continue;
            };
            self.window += 1;
            let to = calendar.instant(self.date, window.close, Edge::End)?;
            if to <= self.cursor {
                continue;
            }
            let from = calendar.instant(self.date, window.open, Edge::Start)?.max(self.cursor);
            if from < to {
                self.cursor = to;
                return Some((from, to));
            }
        }
        None
    }

    fn whole_horizon(&mut self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let end = self.calendar.instant(self.last_date, DAY_SECONDS, Edge::End).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let from = std::mem::replace(&mut self.cursor, end);
        (from < end).then_some((from, end))
    }
}

/// Zones that change their clocks. Everything else is tested from outside, in `tests/policy.rs`.
#[cfg(test)]
mod tests {
    use super::*;

    fn every_day(zone: Tz, windows: &[[&str; 2]]) -> Calendar {
        let days =
            ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| (day.to_owned(), serde_json::json!(windows)));
        let week: Week = serde_json::from_value(days.into_iter().collect()).expect("a week in the test");
        let weekly = Weekly {
            week,
            ramadan_week: None,
            ramadan_weeks: BTreeMap::new(),
            ramadan: Vec::new(),
            decreed: None,
            joint_leave_is_working_day: false,
            day_off: String::new(),
        };
        Calendar::weekly(zone, weekly)
    }

    /// Minutes of one local day on a calendar of equal days.
    fn minutes_of_day(zone: Tz, windows: &[[&str; 2]], noon: &str) -> i64 {
        let noon: DateTime<Utc> = noon.parse().expect("an instant in the test");
        let calendar = every_day(zone, windows);
        let date = noon.with_timezone(&zone).date_naive();
        let day = calendar.intervals(noon - TimeDelta::hours(40), noon + TimeDelta::hours(40), &[]);
        let on_date = day.iter().filter(|part| part.from.with_timezone(&zone).date_naive() == date);
        on_date.map(|part| part.seconds / 60).sum()
    }

    #[test]
    fn windows_survive_the_change_of_clocks() {
        let (berlin, howe) = (chrono_tz::Europe::Berlin, chrono_tz::Australia::Lord_Howe);
        let (spring, autumn) = ("2026-03-29T10:00:00Z", "2026-10-25T11:00:00Z");
        let night = [["00:00", "06:00"]];
        assert_eq!(minutes_of_day(berlin, &night, spring), 5 * 60);
        assert_eq!(minutes_of_day(berlin, &night, autumn), 7 * 60);
        assert_eq!(minutes_of_day(berlin, &[["02:15", "02:45"]], spring), 0);
        assert_eq!(minutes_of_day(berlin, &[["01:30", "02:30"]], spring), 30);
        assert_eq!(minutes_of_day(berlin, &[["02:15", "02:45"]], autumn), 90);
        assert_eq!(minutes_of_day(berlin, &[["01:00", "02:30"], ["02:30", "04:00"]], autumn), 4 * 60);
        assert_eq!(minutes_of_day(howe, &night, "2026-04-05T01:00:00Z"), 390);
        assert_eq!(minutes_of_day(howe, &night, "2026-10-04T01:00:00Z"), 330);
    }

    #[test]
    fn a_day_round_calendar_counts_every_second_once_in_any_zone() {
        let start: DateTime<Utc> = "2026-01-15T03:04:05Z".parse().expect("instant");
        let end = start + TimeDelta::days(365);
        for zone in [chrono_tz::America::Havana, chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Beirut] {
            let round = every_day(zone, &[["00:00", "12:00"], ["12:00", "24:00"]]);
            assert_eq!(round.between(start, end, &[]), 365 * 86_400, "{zone}");
            assert_eq!(round.add(start, 365 * 86_400, &[]), Ok(Some(end)), "{zone}");
            assert_eq!(Calendar::always(zone).between(start, end, &[]), 365 * 86_400);
        }
    }
}
