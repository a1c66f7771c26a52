//! From facts to the parts of a report. Pure: the same facts give the same report.

use crate::domain::report::content::{Cell, Filled, Line, Part, Table, Unit};
use crate::domain::report::facts::{DayFact, Facts, Place, Ruled, Span, TicketFact};
use crate::domain::report::figure::Figure;
use crate::domain::report::sums::{mean, mean_hundredths, percentile, share};
use crate::domain::report::volume::{hours, months, moved, named};
use crate::domain::ticket::{Channel, Kind, Priority};
use std::collections::BTreeMap;

/// Broken promises that are listed one by one; the others are counted.
pub const LISTED: usize = 1000;
/// Ends of the age classes of open tickets, in working days; the last has no end.
pub const AGE_CLASSES: [&str; 4] = ["under-1", "1-3", "4-7", "over-7"];

/// The parts with figures, in their order.
pub fn parts(facts: &Facts<'_>) -> Vec<Filled> {
    let counted = Counted::of(facts);
    let filled = |part: Part| match part {
        Part::Volume => volume(facts, &counted),
        Part::Sla => sla(facts, &counted),
        Part::Escalation => escalation(facts, &counted),
        Part::Times => times(facts, &counted),
        Part::Availability => availability(facts),
        Part::Problems => (lines(&counted, &[Figure::Problems, Figure::ProblemsOpen, Figure::Changes]), Vec::new()),
        Part::Security => (vec![known("security-incidents", facts.security_incidents)], Vec::new()),
        Part::Satisfaction => satisfaction(facts, &counted),
        Part::Knowledge => knowledge(facts),
        Part::Warnings => warnings(facts),
        Part::Duties => duties(facts),
        Part::Cover | Part::Remarks | Part::Signature => (Vec::new(), Vec::new()),
    };
    let with_figures = |part: Part| {
        let (lines, tables) = filled(part);
        Filled { part, lines, tables }
    };
    Part::ALL.iter().copied().map(with_figures).collect()
}

type Both = (Vec<Line>, Vec<Table>);

/// How many tickets each figure counts.
struct Counted(BTreeMap<Figure, i64>);

impl Counted {
    fn of(facts: &Facts<'_>) -> Self {
        let count = |figure: Figure| {
            let counted = facts.tickets.iter().filter(|it| figure.counts(it, &facts.span)).count();
            (figure, i64::try_from(counted).unwrap_or(i64::MAX))
        };
        Self(Figure::ALL.iter().copied().map(count).collect())
    }

    fn get(&self, figure: Figure) -> i64 {
        self.0.get(&figure).copied().unwrap_or(0)
    }
}

/// Figures that count tickets, as lines.
fn lines(counted: &Counted, figures: &[Figure]) -> Vec<Line> {
    let line = |figure: &Figure| Line {
        tickets: Some(figure.as_str().to_owned()),
        ..number(figure.as_str(), Some(counted.get(*figure)), Unit::Count)
    };
    figures.iter().map(line).collect()
}

fn number(figure: &str, value: Option<i64>, unit: Unit) -> Line {
    Line {
        figure: figure.to_owned(),
        value,
        unit,
        part: None,
        of: None,
        target: None,
        tickets: None,
        basis: None,
        unknown: false,
    }
}

/// A value of the pack, with where it is written.
fn rule(figure: &str, ruled: &Ruled, unit: Unit) -> Line {
    Line { basis: Some(ruled.basis.clone()), ..number(figure, Some(ruled.value), unit) }
}

/// A figure that nothing knows says so.
fn known(figure: &str, value: Option<i64>) -> Line {
    Line { unknown: value.is_none(), ..number(figure, value, Unit::Count) }
}

/// What `part` is of `of`, with both beside it.
fn ratio(counted: &Counted, figure: &str, part: Figure, of: &[Figure]) -> Line {
    let (many, all) = (counted.get(part), of.iter().map(|figure| counted.get(*figure)).sum());
    Line {
        part: Some(many),
        of: Some(all),
        tickets: Some(part.as_str().to_owned()),
        ..number(figure, share(many, all), Unit::Percent)
    }
}

fn volume(facts: &Facts<'_>, counted: &Counted) -> Both {
    let figures = [
        Figure::Opening,
        Figure::Received,
        Figure::OpenedAgain,
        Figure::Resolved,
        Figure::ClosedSilent,
        Figure::MergedEarlier,
        Figure::Closing,
        Figure::MergedReceived,
    ];
    let service = |it: &TicketFact| it.service.clone().unwrap_or_default();
    let mut tables = vec![
        moved(facts, "by-kind", Unit::Word, Kind::ALL.iter().map(|it| it.as_str().into()), |it| {
            it.kind.as_str().into()
        }),
        moved(facts, "by-channel", Unit::Word, std::iter::empty(), |it: &TicketFact| {
            let channel: Channel = it.channel;
            channel.as_str().into()
        }),
        named(moved(facts, "by-service", Unit::Text, std::iter::empty(), service), facts.services),
    ];
    if !facts.agencies.is_empty() {
        let all = facts.agencies.keys().cloned();
        tables.push(named(moved(facts, "by-agency", Unit::Text, all, |it| it.agency.clone()), facts.agencies));
    }
    let priorities = Priority::ALL.iter().map(|it| it.as_str().into());
    tables.push(moved(facts, "by-priority", Unit::Word, priorities, |it| it.priority.as_str().into()));
    tables.push(months(facts));
    tables.push(hours(facts));
    (lines(counted, &figures), tables)
}

fn sla(facts: &Facts<'_>, counted: &Counted) -> Both {
    let answered = [Figure::AnsweredInTime, Figure::AnsweredLate];
    let goal = &facts.rules.sla_target;
    let judged = |line: Line| Line { target: Some(goal.value), basis: Some(goal.basis.clone()), ..line };
    let mut all = vec![
        judged(ratio(counted, "sla-response", Figure::AnsweredInTime, &answered)),
        judged(ratio(counted, "sla-resolution", Figure::ResolvedInTime, &[Figure::Resolved])),
    ];
    let figures = [
        Figure::AnsweredLate,
        Figure::AnswerOpen,
        Figure::EarlierInTime,
        Figure::EarlierLate,
        Figure::ResolvedLate,
        Figure::LateFirstLine,
        Figure::LateSecondLine,
        Figure::BreachedOpen,
    ];
    all.extend(lines(counted, &figures));
    all.push(ratio(counted, "paused-share", Figure::Paused, &[Figure::Resolved]));
    all.push(paused_time(facts));
    (all, vec![breaches(facts)])
}

/// Of the time from receipt to solution, how much the clock stood still: a promise kept by pausing is seen here.
fn paused_time(facts: &Facts<'_>) -> Line {
    let solved = facts.tickets.iter().filter(|it| it.solved_in(&facts.span).is_some());
    let (paused, counted) =
        solved.fold((0, 0), |sum, it| (sum.0 + it.measured.paused, sum.1 + it.measured.resolution.unwrap_or(0)));
    let line = number("paused-time", share(paused, paused + counted), Unit::Percent);
    Line { part: Some(paused), of: Some(paused + counted), ..line }
}

fn breaches(facts: &Facts<'_>) -> Table {
    let columns = [
        ("ticket", Unit::Ticket),
        ("service", Unit::Text),
        ("priority", Unit::Word),
        ("line", Unit::Word),
        ("due", Unit::Instant),
        ("over", Unit::Seconds),
        ("cause", Unit::Text),
        ("outcome", Unit::Word),
    ];
    let mut table = Table::new("breaches", &columns);
    let mut late: Vec<&&TicketFact> = facts.tickets.iter().filter(|it| is_late(it, &facts.span)).collect();
    late.sort_by_key(|it| (it.breached_at, it.id));
    table.left_out = i64::try_from(late.len().saturating_sub(LISTED)).unwrap_or(i64::MAX);
    for it in late.into_iter().take(LISTED) {
        let known = facts.breaches.get(&it.id);
        let service = it.service.as_ref().map(|code| facts.services.get(code).unwrap_or(code).clone());
        let line = if it.breached_tier.is_some_and(|tier| tier >= 2) { "tier2" } else { "tier1" };
        let outcome = if it.place(facts.span.to) == Place::Open { "open" } else { "late" };
        table.rows.push(vec![
            known.map(|known| known.number.clone()).into(),
            service.into(),
            it.priority.as_str().into(),
            line.into(),
            it.breached_at.into(),
            it.measured.over.into(),
            known.and_then(|known| known.cause.clone()).into(),
            outcome.into(),
        ]);
    }
    table
}

/// Its promise is broken as far as the span goes: solved late in it, or open behind its time at its end.
pub fn is_late(it: &TicketFact, span: &Span) -> bool {
    Figure::ResolvedLate.counts(it, span) || Figure::BreachedOpen.counts(it, span)
}

fn escalation(facts: &Facts<'_>, counted: &Counted) -> Both {
    let times = measured(facts, Figure::Escalated, |it| it.measured.hand_over);
    let mut all = vec![ratio(counted, "escalated-share", Figure::Escalated, &[Figure::Received])];
    all.extend(lines(counted, &[Figure::HandedOver]));
    all.push(Line { of: count_of(&times), ..number("hand-over-mean", mean(&times), Unit::Seconds) });
    all.push(number("consultations", Some(facts.consultations), Unit::Count));
    (all, vec![path(counted)])
}

/// Where tickets went: received, handed over, solved at each line.
fn path(counted: &Counted) -> Table {
    let mut table = Table::new("path", &[("step", Unit::Word), ("count", Unit::Count), ("share", Unit::Percent)]);
    let received = counted.get(Figure::Received);
    for figure in [Figure::Received, Figure::Escalated] {
        let count = counted.get(figure);
        table.rows.push(vec![figure.as_str().into(), count.into(), share(count, received).into()]);
    }
    let stayed = received - counted.get(Figure::Escalated);
    table.rows.insert(1, vec!["first-line".into(), stayed.into(), share(stayed, received).into()]);
    table
}

/// Sorted seconds measured on the tickets a figure counts.
fn measured(facts: &Facts<'_>, figure: Figure, of: impl Fn(&TicketFact) -> Option<i64>) -> Vec<i64> {
    let counted = facts.tickets.iter().filter(|it| figure.counts(it, &facts.span));
    let mut seconds: Vec<i64> = counted.filter_map(|it| of(it)).collect();
    seconds.sort_unstable();
    seconds
}

fn count_of(values: &[i64]) -> Option<i64> {
    i64::try_from(values.len()).ok()
}

fn times(facts: &Facts<'_>, counted: &Counted) -> Both {
    let response = measured(facts, Figure::Received, |it| it.measured.response);
    let resolution = measured(facts, Figure::Resolved, |it| it.measured.resolution);
    let seconds = |figure: &str, value: Option<i64>, of: &[i64]| Line {
        of: count_of(of),
        ..number(figure, value, Unit::Seconds)
    };
    let mut all = vec![
        seconds("response-mean", mean(&response), &response),
        seconds("response-median", percentile(&response, 50), &response),
        seconds("resolution-mean", mean(&resolution), &resolution),
        seconds("resolution-median", percentile(&resolution, 50), &resolution),
        ratio(counted, "first-contact-share", Figure::FirstContact, &[Figure::Resolved]),
        ratio(counted, "reopened-share", Figure::Reopened, &[Figure::Resolved]),
    ];
    let times = facts.tickets.iter().map(|it| it.gaps.iter().filter(|gap| facts.span.has(gap.to)).count());
    let times = i64::try_from(times.sum::<usize>()).unwrap_or(i64::MAX);
    all.push(Line { tickets: Some("reopened".to_owned()), ..number("reopenings", Some(times), Unit::Count) });
    (all, vec![spread(facts), ages(facts)])
}

/// How long solutions took, by priority: not the mean alone.
fn spread(facts: &Facts<'_>) -> Table {
    let columns = [
        ("priority", Unit::Word),
        ("resolved", Unit::Count),
        ("p10", Unit::Seconds),
        ("median", Unit::Seconds),
        ("p90", Unit::Seconds),
        ("target", Unit::Seconds),
    ];
    let mut table = Table::new("spread", &columns);
    for priority in Priority::ALL {
        let of = |it: &TicketFact| it.measured.resolution.filter(|_| it.priority == *priority);
        let sorted = measured(facts, Figure::Resolved, of);
        let mut targets =
            measured(facts, Figure::Resolved, |it| it.measured.target.filter(|_| it.priority == *priority));
        // Services promise different things: one target is shown only where all have the same.
        targets.dedup();
        let target = if targets.len() == 1 { targets.first().copied() } else { None };
        let at = |percent: i64| Cell::from(percentile(&sorted, percent));
        table.rows.push(vec![
            priority.as_str().into(),
            count_of(&sorted).into(),
            at(10),
            at(50),
            at(90),
            target.into(),
        ]);
    }
    table
}

fn ages(facts: &Facts<'_>) -> Table {
    let mut counts = [0_i64; AGE_CLASSES.len()];
    for it in facts.tickets.iter().filter(|it| Figure::Closing.counts(it, &facts.span)) {
        let class = match it.measured.age_days.unwrap_or(0) {
            ..1 => 0,
            1..=3 => 1,
            4..=7 => 2,
            _ => 3,
        };
        counts[class] += 1;
    }
    let mut table = Table::new("ages", &[("age", Unit::Word), ("closing", Unit::Count)]);
    table.rows.extend(AGE_CLASSES.iter().zip(counts).map(|(class, count)| vec![(*class).into(), count.into()]));
    table
}

fn availability(facts: &Facts<'_>) -> Both {
    let columns = [
        ("service", Unit::Text),
        ("critical", Unit::Word),
        ("availability", Unit::Percent),
        ("target", Unit::Percent),
        ("agreed", Unit::Seconds),
        ("downtime", Unit::Seconds),
        ("outages", Unit::Count),
        ("mttr", Unit::Seconds),
        ("planned", Unit::Seconds),
        ("by-order", Unit::Seconds),
        ("unavailable", Unit::Seconds),
    ];
    let mut table = Table::new("availability", &columns);
    for it in &facts.availability {
        let reached = share(it.agreed - it.downtime, it.agreed);
        table.rows.push(vec![
            it.name.as_str().into(),
            if it.critical { "critical" } else { "ordinary" }.into(),
            reached.into(),
            it.target.into(),
            it.agreed.into(),
            it.downtime.into(),
            it.outages.into(),
            it.mttr.into(),
            it.planned.into(),
            it.by_order.into(),
            // Closed under an order is no disruption, but not there for its users either (DOMAIN.md 4.3).
            (it.downtime + it.by_order).into(),
        ]);
    }
    let columns = [("service", Unit::Text), ("day", Unit::Day), ("day-level", Unit::Word), ("downtime", Unit::Seconds)];
    let mut days = Table::new("availability-days", &columns);
    for it in &facts.availability {
        let row = |day: &DayFact| vec![it.name.as_str().into(), day.date.into(), day.level.into(), day.downtime.into()];
        days.rows.extend(it.days.iter().map(row));
    }
    let judged = facts.availability.iter().filter_map(|it| it.is_met).collect::<Vec<_>>();
    let (met, all) = (count(&judged.iter().filter(|met| **met).collect::<Vec<_>>()), count(&judged));
    let line = number("services-available", share(met, all), Unit::Percent);
    let rules = &facts.rules;
    let lines = vec![
        Line { part: Some(met), of: Some(all), ..line },
        rule("availability-target", &rules.availability_target, Unit::Percent),
        rule("maintenance-notice", &rules.notice, Unit::Seconds),
    ];
    (lines, vec![table, days])
}

fn count<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

fn satisfaction(facts: &Facts<'_>, counted: &Counted) -> Both {
    let given = count(&facts.ratings);
    let resolved = counted.get(Figure::Resolved);
    let score = number("satisfaction-score", mean_hundredths(&facts.ratings), Unit::Score);
    let rate = number("satisfaction-rate", share(given, resolved), Unit::Percent);
    let mut table = Table::new("scores", &[("score", Unit::Word), ("ratings", Unit::Count), ("share", Unit::Percent)]);
    for (score, word) in [(5, "5"), (4, "4"), (3, "3"), (2, "2"), (1, "1")] {
        let many = count(&facts.ratings.iter().filter(|rating| **rating == score).collect::<Vec<_>>());
        table.rows.push(vec![word.into(), many.into(), share(many, given).into()]);
    }
    let lines = vec![Line { of: Some(given), ..score }, Line { part: Some(given), of: Some(resolved), ..rate }];
    (lines, vec![table])
}

fn knowledge(facts: &Facts<'_>) -> Both {
    let (added, used) = facts.articles;
    let figures =
        [("known-errors", facts.known_errors), ("articles-added", Some(added)), ("articles-used", Some(used))];
    (figures.into_iter().map(|(name, value)| known(name, value)).collect(), Vec::new())
}

fn warnings(facts: &Facts<'_>) -> Both {
    let columns = [
        ("case", Unit::Text),
        ("service", Unit::Text),
        ("case-state", Unit::Word),
        ("opened", Unit::Instant),
        ("case-outcome", Unit::Word),
        ("order", Unit::Text),
        ("order-state", Unit::Word),
    ];
    let mut table = Table::new("cases", &columns);
    let row = |it: &crate::domain::report::facts::CaseFact| -> Vec<Cell> {
        let order = it.order.as_ref();
        vec![
            it.code.as_str().into(),
            it.service.as_str().into(),
            it.state.as_str().into(),
            it.opened_at.into(),
            it.outcome.clone().into(),
            order.map(|order| order.0.clone()).into(),
            order.map(|order| order.1.clone()).into(),
        ]
    };
    table.rows.extend(facts.cases.iter().map(row));
    let opened = facts.cases.iter().filter(|it| facts.span.has(it.opened_at)).collect::<Vec<_>>();
    let lines = vec![
        number("cases-opened", Some(count(&opened)), Unit::Count),
        number("cases-running", Some(count(&facts.cases)), Unit::Count),
    ];
    (lines, vec![table])
}

fn duties(facts: &Facts<'_>) -> Both {
    let is_done = |it: &&crate::domain::report::facts::DutyFact| it.done_at.is_some();
    let done = facts.duties.iter().filter(is_done).collect::<Vec<_>>();
    let late = done.iter().filter(|it| it.is_late).collect::<Vec<_>>();
    let overdue = facts.duties.iter().filter(|it| it.state == "overdue").collect::<Vec<_>>();
    let columns = [
        ("duty", Unit::Text),
        ("agency", Unit::Text),
        ("due-on", Unit::Day),
        ("duty-state", Unit::Word),
        ("done-at", Unit::Instant),
    ];
    let mut table = Table::new("duties", &columns);
    for it in facts.duties.iter().take(LISTED) {
        let agency = facts.agencies.get(&it.agency).cloned().unwrap_or_else(|| it.agency.clone());
        let agency = Some(agency).filter(|name| !name.is_empty());
        table.rows.push(vec![
            it.what.as_str().into(),
            agency.into(),
            it.due_on.into(),
            it.state.as_str().into(),
            it.done_at.into(),
        ]);
    }
    table.left_out = count(&facts.duties) - count(&table.rows);
    let lines = vec![
        number("duties-due", Some(count(&facts.duties)), Unit::Count),
        number("duties-done", Some(count(&done)), Unit::Count),
        number("duties-late", Some(count(&late)), Unit::Count),
        number("duties-overdue", Some(count(&overdue)), Unit::Count),
        rule("report-due-day", &facts.rules.due_day, Unit::Count),
    ];
    (lines, vec![table])
}
