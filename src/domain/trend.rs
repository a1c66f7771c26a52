//! What came in, what went out and what stayed, week by week.

use chrono::{DateTime, NaiveDate, Utc};

/// When a ticket came in, and when it went out.
pub type Flow = (DateTime<Utc>, Option<DateTime<Utc>>);

/// A week of an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// Its first local day.
    pub from: NaiveDate,
    /// Tickets that came in.
    pub opened: i64,
    /// Tickets that were solved, closed or merged.
    pub ended: i64,
    /// Tickets open at its end.
    pub open: i64,
}

/// Counts the flow into weeks, each half open from its own beginning to that of the next; the last one ends at `until`.
/// `open` is how many are open at `until`.
pub fn weeks(starts: &[(NaiveDate, DateTime<Utc>)], until: DateTime<Utc>, flows: &[Flow], open: i64) -> Vec<Week> {
    let ends = starts.iter().skip(1).map(|start| start.1).chain([until]);
    let mut weeks: Vec<Week> = starts
        .iter()
        .zip(ends)
        .map(|((from, start), end)| {
            let within = |at: DateTime<Utc>| at >= *start && at < end;
            let count =
                |is: &dyn Fn(&&Flow) -> bool| i64::try_from(flows.iter().filter(is).count()).unwrap_or(i64::MAX);
            let opened = count(&|flow| within(flow.0));
            let ended = count(&|flow| flow.1.is_some_and(within));
            Week { from: *from, opened, ended, open: 0 }
        })
        .collect();
    let mut left = open;
    for week in weeks.iter_mut().rev() {
        week.open = left;
        left += week.ended - week.opened;
    }
    weeks
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn what_is_open_at_the_end_of_a_week_follows_from_today() {
        let monday: DateTime<Utc> = "2026-11-01T17:00:00Z".parse().expect("an instant");
        let day = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a day");
        let starts = [(day, monday), (day + Duration::days(7), monday + Duration::days(7))];
        let at = |days: i64| monday + Duration::days(days);
        let flows = [(at(0), Some(at(7))), (at(3), None), (at(8), Some(at(8))), (at(-9), Some(at(1)))];
        let weeks = weeks(&starts, at(9), &flows, 1);
        let figures: Vec<(i64, i64, i64)> = weeks.iter().map(|week| (week.opened, week.ended, week.open)).collect();
        assert_eq!(figures, [(2, 1, 2), (1, 2, 1)], "the edge belongs to the later week");
    }
}
