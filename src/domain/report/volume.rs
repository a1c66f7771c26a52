//! Tables of what came in and what went out, by one thing or another.

use crate::domain::report::content::{Cell, Table, Unit};
use crate::domain::report::facts::{Facts, TicketFact};
use crate::domain::report::figure::Figure;
use crate::domain::report::sums::share;
use std::collections::BTreeMap;

/// Opening, received, resolved, in time, closing by something; `rows` are there even when all of it is nought.
pub(super) fn moved(
    facts: &Facts<'_>,
    name: &str,
    unit: Unit,
    rows: impl Iterator<Item = String>,
    key: impl Fn(&TicketFact) -> String,
) -> Table {
    let figures = [
        Figure::Opening,
        Figure::Received,
        Figure::Resolved,
        Figure::ResolvedInTime,
        Figure::BreachedOpen,
        Figure::Closing,
    ];
    let mut groups: BTreeMap<String, [i64; 6]> = BTreeMap::new();
    let order: Vec<String> = rows.collect();
    order.iter().for_each(|row| _ = groups.insert(row.clone(), [0; 6]));
    for it in &facts.tickets {
        let group = groups.entry(key(it)).or_default();
        for (count, figure) in group.iter_mut().zip(figures) {
            *count += i64::from(figure.counts(it, &facts.span));
        }
    }
    let mut table = Table::new(
        name,
        &[
            (name, unit),
            ("opening", Unit::Count),
            ("received", Unit::Count),
            ("resolved", Unit::Count),
            ("resolved-in-time", Unit::Count),
            ("sla", Unit::Percent),
            ("breached-open", Unit::Count),
            ("closing", Unit::Count),
        ],
    );
    let of = |key: &String, [opening, received, resolved, in_time, breached, closing]: &[i64; 6]| -> Vec<Cell> {
        let head = if key.is_empty() { Cell::Nothing } else { key.as_str().into() };
        let sla = share(*in_time, *resolved).into();
        vec![
            head,
            (*opening).into(),
            (*received).into(),
            (*resolved).into(),
            (*in_time).into(),
            sla,
            (*breached).into(),
            (*closing).into(),
        ]
    };
    for key in &order {
        table.rows.extend(groups.remove(key).map(|counts| of(key, &counts)));
    }
    let quiet = |counts: &[i64; 6]| counts.iter().all(|count| *count == 0);
    table.rows.extend(groups.iter().filter(|(_, counts)| !quiet(counts)).map(|(key, counts)| of(key, counts)));
    table
}

/// Puts names in the place of the codes in the first column.
pub(super) fn named(mut table: Table, names: &BTreeMap<String, String>) -> Table {
    for cell in table.rows.iter_mut().filter_map(|row| row.first_mut()) {
        let name = cell.text().and_then(|code| names.get(code)).cloned();
        if let Some(name) = name {
            *cell = name.into();
        }
    }
    table
}

pub(super) fn months(facts: &Facts<'_>) -> Table {
    let columns = [
        ("month", Unit::Day),
        ("received", Unit::Count),
        ("resolved", Unit::Count),
        ("resolved-in-time", Unit::Count),
        ("sla", Unit::Percent),
    ];
    let mut table = Table::new("months", &columns);
    for (day, month) in &facts.months {
        let sla = share(month.in_time, month.resolved);
        table.rows.push(vec![
            (*day).into(),
            month.received.into(),
            month.resolved.into(),
            month.in_time.into(),
            sla.into(),
        ]);
    }
    table
}

/// A row for each hour in which anything came in, a column for each weekday.
pub(super) fn hours(facts: &Facts<'_>) -> Table {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let columns: Vec<(&str, Unit)> =
        std::iter::once(("hour", Unit::Text)).chain(days.into_iter().map(|day| (day, Unit::Count))).collect();
    let mut table = Table::new("hours", &columns);
    for hour in 0..24 {
        let counts: Vec<i64> = facts.hours.iter().map(|day| day[hour]).collect();
        if counts.iter().any(|count| *count > 0) {
            let head = Cell::from(format!("{hour:02}.00"));
            table.rows.push(std::iter::once(head).chain(counts.into_iter().map(Cell::from)).collect());
        }
    }
    table
}
