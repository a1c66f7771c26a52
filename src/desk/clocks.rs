//! What the clocks of a ticket show and which steps follow: recomputed from the start at every change.
//!
//! Nothing here adds to an old deadline. From the ticket's row, its pauses and the pack comes every
//! figure; the stored due instants are a cache of it.

use crate::domain::clock_plan::{ClockKind, Line, Planned, SlaClock, StepKind, TicketPause};
use crate::domain::ticket::{Kind, Status, Ticket};
use crate::error::{Error, Result};
use crate::policy::deadline::deadlines;
use crate::policy::{Calendar, Deadlines, Goals, NoWorkingTime, Pack, Pause, Profile};
use chrono::{DateTime, Utc};

/// The pauses as the calendar reads them.
pub fn as_pauses(pauses: &[TicketPause]) -> Vec<Pause> {
    pauses.iter().map(|pause| Pause { from: pause.from, to: pause.to }).collect()
}

/// The targets of a ticket that starts, or started, at `start`.
///
/// # Errors
/// The pack does not know the profile any more, or its calendar gives no working time.
pub fn goals(pack: &Pack, ticket: &Ticket, start: DateTime<Utc>) -> Result<Goals> {
    pack.goals(&ticket.profile, ticket.priority, start).map_err(|error| Error::internal(error.to_string()))
}

/// The calendar of a ticket's profile.
///
/// # Errors
/// The pack does not know the profile any more.
pub fn calendar<'a>(pack: &'a Pack, ticket: &Ticket) -> Result<&'a Calendar> {
    Ok(&profile(pack, ticket)?.calendar)
}

fn profile<'a>(pack: &'a Pack, ticket: &Ticket) -> Result<&'a Profile> {
    pack.profile(&ticket.profile).map_err(|error| Error::internal(error.to_string()))
}

/// The deadlines of a ticket as they stand now.
///
/// # Errors
/// As [`goals`].
pub fn due(pack: &Pack, ticket: &Ticket, pauses: &[TicketPause]) -> Result<Deadlines> {
    let defect = |error: NoWorkingTime| Error::internal(error.to_string());
    let (profile, goals) = (profile(pack, ticket)?, goals(pack, ticket, ticket.opened_at)?);
    let fractions = pack.escalation.fractions();
    let mut due = deadlines(profile, ticket.opened_at, goals, fractions, &as_pauses(pauses)).map_err(defect)?;
    // A reopened ticket owes a new answer from its reopening on.
    let gaps = pauses.iter().filter(|pause| pause.reason == Status::Resolved.as_str());
    if let Some(reopened) = gaps.filter_map(|gap| gap.to).max() {
        let seconds = self::goals(pack, ticket, reopened)?.response_seconds;
        due.response_due = profile.response_calendar.add(reopened, seconds, &[]).map_err(defect)?;
    }
    Ok(due)
}

/// Counted seconds each line has held a ticket until `now`, lines that never held it left out. Together they are the
/// time used of the whole.
///
/// # Errors
/// The pack does not know the profile any more.
pub fn used_by_line(
    pack: &Pack,
    ticket: &Ticket,
    pauses: &[TicketPause],
    clocks: &[SlaClock],
    now: DateTime<Utc>,
) -> Result<Vec<(Line, i64)>> {
    let (calendar, pauses) = (calendar(pack, ticket)?, as_pauses(pauses));
    let held = |line: Line| {
        let spans = clocks.iter().filter(|clock| clock.line == line);
        spans.map(|span| calendar.between(span.started_at, span.stopped_at.unwrap_or(now), &pauses)).sum()
    };
    let lines = [Line::Tier1, Line::Tier2].into_iter();
    Ok(lines.filter(|line| clocks.iter().any(|clock| clock.line == *line)).map(|line| (line, held(line))).collect())
}

/// Puts the instants on the clocks in the place of computed ones.
pub fn as_promised(due: &mut Deadlines, clocks: &[SlaClock]) {
    let last = |kind: ClockKind| {
        let totals = clocks.iter().filter(|clock| clock.kind == kind && clock.line == Line::Total);
        totals.max_by_key(|clock| clock.cycle).and_then(|clock| clock.due_at)
    };
    due.response_due = last(ClockKind::Response).or(due.response_due);
    due.resolution_due = last(ClockKind::Resolution).or(due.resolution_due);
}

/// Brings the clocks of a ticket in line with its row and its pauses.
///
/// # Errors
/// As [`goals`].
pub fn settle(
    pack: &Pack,
    ticket: &Ticket,
    pauses: &[TicketPause],
    clocks: &mut Vec<SlaClock>,
    now: DateTime<Utc>,
) -> Result<()> {
    let due = due(pack, ticket, pauses)?;
    let ended = if ticket.status.is_finished() { ticket.resolved_at.or(ticket.closed_at).or(Some(now)) } else { None };
    settle_response(pack, ticket, clocks, now)?;
    let total = find(clocks, ClockKind::Resolution, Line::Total, 1, ticket.opened_at);
    // What was promised until the end stays as it was, whatever is decreed afterwards.
    if ended.is_none() || total.stopped_at.is_none() {
        total.target_seconds = Some(goals(pack, ticket, ticket.opened_at)?.resolution_seconds);
        total.due_at = due.resolution_due;
    }
    total.stopped_at = if ended.is_some() { total.stopped_at.or(ended) } else { None };
    settle_lines(ticket, clocks, ended, now);
    Ok(())
}

/// The response clock in its last round: a reopened ticket owes a new answer.
fn settle_response(pack: &Pack, ticket: &Ticket, clocks: &mut Vec<SlaClock>, now: DateTime<Utc>) -> Result<()> {
    let last = clocks.iter().filter(|clock| clock.kind == ClockKind::Response).max_by_key(|clock| clock.cycle);
    let (cycle, start) = last.map_or((1, ticket.opened_at), |clock| (clock.cycle, clock.started_at));
    let seconds = goals(pack, ticket, start)?.response_seconds;
    let calendar = &profile(pack, ticket)?.response_calendar;
    let clock = find(clocks, ClockKind::Response, Line::Total, cycle, start);
    if !ticket.status.is_finished() || clock.stopped_at.is_none() {
        clock.target_seconds = Some(seconds);
        clock.due_at = calendar.add(start, seconds, &[]).map_err(|error| Error::internal(error.to_string()))?;
    }
    if clock.stopped_at.is_none() {
        let answered = if ticket.status.is_finished() { Some(now) } else { None };
        clock.stopped_at = ticket.responded_at.filter(|at| *at >= start).or(answered);
    }
    Ok(())
}

/// Each line's own clock: whoever holds the ticket has the running one.
fn settle_lines(ticket: &Ticket, clocks: &mut Vec<SlaClock>, ended: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    let holder = Line::of_tier(ticket.tier);
    for clock in clocks.iter_mut().filter(|clock| clock.line != Line::Total && clock.stopped_at.is_none()) {
        if clock.line != holder || ended.is_some() {
            clock.stopped_at = Some(ended.unwrap_or(now));
        }
    }
    let running = clocks.iter().any(|clock| clock.line == holder && clock.stopped_at.is_none());
    if !running && ended.is_none() {
        let rounds = clocks.iter().filter(|clock| clock.line == holder).count();
        let cycle = i64::try_from(rounds).unwrap_or(i64::MAX).saturating_add(1);
        let start = if clocks.iter().any(|clock| clock.line != Line::Total) { now } else { ticket.opened_at };
        find(clocks, ClockKind::Resolution, holder, cycle, start);
    }
}

/// Begins a new round of the response clock.
pub fn restart_response(clocks: &mut Vec<SlaClock>, now: DateTime<Utc>) {
    let rounds = clocks.iter().filter(|clock| clock.kind == ClockKind::Response).count();
    find(clocks, ClockKind::Response, Line::Total, i64::try_from(rounds).unwrap_or(i64::MAX).saturating_add(1), now);
}

fn find(clocks: &mut Vec<SlaClock>, kind: ClockKind, line: Line, cycle: i64, start: DateTime<Utc>) -> &mut SlaClock {
    let at = clocks.iter().position(|clock| (clock.kind, clock.line, clock.cycle) == (kind, line, cycle));
    let at = at.unwrap_or_else(|| {
        clocks.push(SlaClock {
            id: 0,
            kind,
            line,
            cycle,
            target_seconds: None,
            started_at: start,
            stopped_at: None,
            due_at: None,
        });
        clocks.len() - 1
    });
    &mut clocks[at]
}

/// The steps that follow from the clocks. Rounds of reminders and closings are numbered by their pauses
/// and solutions, so the same cause never plans twice.
///
/// # Errors
/// As [`goals`].
pub fn plan(pack: &Pack, ticket: &Ticket, pauses: &[TicketPause], clocks: &[SlaClock]) -> Result<Vec<Planned>> {
    let mut steps = Vec::new();
    let mut step = |kind, cycle, due_at| steps.push(Planned { kind, cycle, due_at });
    if !ticket.status.is_finished() {
        let due = due(pack, ticket, pauses)?;
        if let Some(clock) =
            clocks.iter().filter(|clock| clock.kind == ClockKind::Response).max_by_key(|clock| clock.cycle)
            && clock.stopped_at.is_none()
        {
            step(StepKind::ResponseNotice, clock.cycle, clock.due_at);
        }
        // A ticket that the second line gave back once stays with the first.
        if ticket.tier == 1 && !ticket.returned {
            step(StepKind::Transfer, 1, due.transfer_due);
        }
        step(StepKind::Warn, 1, due.warn_due);
        step(StepKind::Breach, 1, due.resolution_due);
    }
    let Some(days) = pack.lifecycle_calendar() else { return Ok(steps) };
    let end_of = |from, count| {
        days.end_of_working_day(from, count).map(Some).map_err(|error| Error::internal(error.to_string()))
    };
    if ticket.status == Status::PendingRequester
        && let Some(pause) = pauses.iter().rfind(|pause| pause.to.is_none())
    {
        let round = i64::try_from(pauses.len()).unwrap_or(i64::MAX);
        step(StepKind::PendingReminder, round, end_of(pause.from, pack.lifecycle.pending_reminder_days)?);
        step(StepKind::PendingClose, round, end_of(pause.from, pack.lifecycle.pending_close_days)?);
    }
    if ticket.status == Status::PendingVendor
        && let Some(pause) = pauses.iter().rfind(|pause| pause.to.is_none())
    {
        let round = i64::try_from(pauses.len()).unwrap_or(i64::MAX);
        step(StepKind::PauseEnd, round, end_of(pause.from, pack.lifecycle.pause_vendor_max_days)?);
    }
    if ticket.status == Status::Resolved
        && let Some(resolved) = ticket.resolved_at
    {
        let gaps = pauses.iter().filter(|pause| pause.reason == Status::Resolved.as_str()).count();
        let wait = if ticket.kind == Kind::Complaint {
            pack.lifecycle.complaint_auto_close_days
        } else {
            pack.lifecycle.auto_close_days
        };
        step(StepKind::AutoClose, i64::try_from(gaps).unwrap_or(i64::MAX).saturating_add(1), end_of(resolved, wait)?);
    }
    Ok(steps)
}
