//! How much of its agreed time a service could be used (DOMAIN.md 2.10). Pure.
//!
//! `availability = (AST − downtime) / AST`, where AST (agreed service time) is the service's hours in the period without
//! what was closed under an order and without maintenance that was announced early enough. Everything is counted in
//! whole seconds, half open; percentages are rounded once, at the end, half up.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Serialize;

/// A hundred percent in hundredths of a percent.
const WHOLE: i64 = 10_000;

/// A stretch of time, half open, of whole seconds and never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Span {
    /// The stretch between two instants, fractions of seconds cut off; `None` when nothing lies between them.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Self> {
        let (from, to) = (from.trunc_subsecs(0), to.trunc_subsecs(0));
        (from < to).then_some(Self { from, to })
    }

    /// Its first instant. UTC.
    pub const fn from(self) -> DateTime<Utc> {
        self.from
    }

    /// The first instant after it. UTC.
    pub const fn to(self) -> DateTime<Utc> {
        self.to
    }

    /// Its length.
    pub fn seconds(self) -> i64 {
        (self.to - self.from).num_seconds()
    }

    /// What it has in common with another.
    pub fn meet(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }
}

/// Time in which a service could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Down {
    /// When.
    pub span: Span,
    /// The network of a third party failed, not the service.
    pub third_party: bool,
}

/// What a figure is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The service's hours in the period; they bound everything else.
    pub hours: &'a [Span],
    /// Maintenance that was announced early enough.
    pub maintenance: &'a [Span],
    /// Closed under an order.
    pub closed: &'a [Span],
    /// Outages; they may overlap.
    pub outages: &'a [Down],
    /// In hundredths of a percent.
    pub target: u32,
    /// Does downtime by the network of a third party count?
    pub counts_third_party: bool,
}

/// How much of its agreed time a service could be used. All lengths in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Availability {
    /// The service's hours in the period.
    pub hours: i64,
    /// Of these, planned maintenance that was announced early enough and not closed under an order anyway.
    pub maintenance: i64,
    /// Of these, closed under an order.
    pub closed: i64,
    /// Downtime inside the agreed service time, each second once.
    pub downtime: i64,
    /// Time in which nothing but the network of a third party failed; part of the downtime if that counts.
    pub third_party: i64,
    /// The time of third parties is in the downtime.
    pub counts_third_party: bool,
    /// Outages with downtime; those that overlap or touch are one.
    pub outages: i64,
    /// In hundredths of a percent.
    pub target: u32,
}

impl Availability {
    /// The agreed service time: hours without maintenance and closings.
    pub const fn agreed(&self) -> i64 {
        self.hours - self.maintenance - self.closed
    }

    /// Time in which users could not use the service: disrupted, or closed under an order (DOMAIN.md 4.3).
    pub const fn unavailable(&self) -> i64 {
        self.downtime + self.closed
    }

    /// The share in hundredths of a percent, rounded half up; `None` without agreed time.
    pub fn share(&self) -> Option<u32> {
        let agreed = self.agreed();
        let up = agreed - self.downtime;
        (agreed > 0).then(|| u32::try_from(half_up(up * WHOLE, agreed)).unwrap_or(0))
    }

    /// Mean length of an outage, rounded half up; `None` without one.
    pub fn mttr(&self) -> Option<i64> {
        (self.outages > 0).then(|| half_up(self.downtime, self.outages))
    }

    /// The downtime the target allows, in thousandths of a second.
    pub fn allowance_ms(&self) -> i64 {
        self.agreed() * (WHOLE - i64::from(self.target)) / 10
    }

    /// Has the target been met? Judged by the exact downtime, not by the rounded share; `None` without agreed time.
    pub fn is_met(&self) -> Option<bool> {
        (self.agreed() > 0).then(|| self.downtime * 1000 <= self.allowance_ms())
    }
}

fn half_up(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor).div_euclid(2 * divisor)
}

/// Counts.
pub fn measure(facts: Facts<'_>) -> Availability {
    let hours = union(facts.hours.iter().copied());
    let closed = common(&hours, &union(facts.closed.iter().copied()));
    let open = without(&hours, &closed);
    let maintenance = common(&open, &union(facts.maintenance.iter().copied()));
    let agreed = without(&open, &maintenance);
    let own = union(facts.outages.iter().filter(|down| !down.third_party).map(|down| down.span));
    let all = union(facts.outages.iter().map(|down| down.span));
    let counted = if facts.counts_third_party { &all } else { &own };
    let down = common(&agreed, counted);
    let outages = counted.iter().filter(|run| !common(&agreed, &[**run]).is_empty()).count();
    Availability {
        hours: seconds(&hours),
        maintenance: seconds(&maintenance),
        closed: seconds(&closed),
        downtime: seconds(&down),
        third_party: seconds(&common(&agreed, &without(&all, &own))),
        counts_third_party: facts.counts_third_party,
        outages: i64::try_from(outages).unwrap_or(i64::MAX),
        target: facts.target,
    }
}

/// Their length together; they must not overlap.
pub fn seconds(spans: &[Span]) -> i64 {
    spans.iter().map(|span| span.seconds()).sum()
}

/// The same time in order, each second once; spans that touch become one.
pub fn union(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.into_iter().collect();
    sorted.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

/// What two lists have in common; both in order and without overlap.
pub fn common(one: &[Span], other: &[Span]) -> Vec<Span> {
    let (mut left, mut right, mut found) = (one.iter().peekable(), other.iter().peekable(), Vec::new());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        found.extend(a.meet(**b));
        if a.to <= b.to {
            left.next()
        } else {
            right.next()
        };
    }
    found
}

/// What of `one` is not in `other`; both in order and without overlap.
pub fn without(one: &[Span], other: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for span in one {
        let mut from = span.from;
        for cut in other.iter().filter(|cut| cut.from < span.to && cut.to > span.from) {
            left.extend(Span::new(from, cut.from));
            from = from.max(cut.to);
        }
        left.extend(Span::new(from, span.to));
    }
    left
}

/// The part of a window of maintenance that does not count as downtime, as announced at `at`: all of it when that is
/// `notice` before its beginning or earlier, otherwise nothing.
pub fn excused(window: Span, at: DateTime<Utc>, notice: TimeDelta) -> Option<Span> {
    (window.from - at >= notice).then_some(window)
}

/// The same after the window was moved at `at`: all of the new one when that was early enough, otherwise what was
/// excused before and lies inside the new one.
pub fn excused_after(before: Option<Span>, window: Span, at: DateTime<Utc>, notice: TimeDelta) -> Option<Span> {
    excused(window, at, notice).or_else(|| before?.meet(window))
}
