//! A region's days at full speed: reports come, people work or do not, the clocks do what they must.
//!
//! The same days every time: chance is counted from the place of a report, not taken from the machine. What is
//! measured is the machine's time; everything else happens on the desk's own clock.

use crate::desk::command::Command;
use crate::desk::demo::Region;
use crate::desk::{Desk, audit};
use crate::domain::people::{Actor, Role, Visibility};
use crate::domain::relation::EscalationCause;
use crate::error::{Error, Result};
use crate::store;
use chrono::{DateTime, Duration, TimeZone, Utc};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How long and how much.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Days.
    pub days: u32,
    /// Reports a day.
    pub per_day: u32,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Days that passed on the desk's clock.
    pub days: u32,
    /// Tickets opened.
    pub opened: u64,
    /// Of those, solved by the end.
    pub resolved: u64,
    /// Of those, still open.
    pub open: i64,
    /// Open tickets past their end.
    pub overdue: i64,
    /// Open tickets with the second line.
    pub escalated: i64,
    /// Steps the clocks took: notices, hand-overs, warnings, breaches, closings.
    pub steps: usize,
    /// Events in the chains.
    pub events: usize,
    /// Every chain is whole.
    pub chains_intact: bool,
    /// Tickets whose stored deadline differs from its recomputation.
    pub clocks_wrong: usize,
    /// Seconds it took on this machine, the checks at the end left out.
    pub seconds: f64,
    /// Tickets a second on this machine, from opening to the end of their lives.
    pub tickets_per_second: f64,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Open(u64),
    Work(String, Vec<(i64, Work)>),
}

/// What somebody does with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Acknowledge,
    Reply,
    Ask,
    Resume,
    HandOver,
    Resolve,
}

impl Desk {
    /// Lets `plan` happen from now on, in a desk that [`Desk::fill_demo`] has filled.
    ///
    /// # Errors
    /// The database does not answer; `NotFound` when this is no demo.
    pub async fn simulate(&self, plan: Plan) -> Result<Figures> {
        if !self.is_demo {
            return Err(Error::NotFound("demo"));
        }
        let region = Region::built_in()?;
        let unit = self.demo_person(|grant| grant.role == Role::Tier2Unit && grant.agency.is_none()).await?;
        let (began, start) = (std::time::Instant::now(), self.now());
        let mut next: BinaryHeap<Reverse<(DateTime<Utc>, Act)>> = BinaryHeap::new();
        let all = u64::from(plan.days) * u64::from(plan.per_day);
        next.extend((0..all).map(|place| Reverse((self.arrival(start, plan, place), Act::Open(place)))));
        let (mut opened, mut resolved, mut steps) = (0, 0, 0);
        let end = start + Duration::days(i64::from(plan.days));
        while let Some(Reverse((at, act))) = next.pop().filter(|Reverse((at, _))| *at < end) {
            steps += self.pass_until(at).await?;
            let (number, mut left) = match act {
                Act::Open(place) => {
                    opened += 1;
                    let report = region.report(usize::try_from(place).unwrap_or_default());
                    (self.open(&unit, report, None).await?.number, fate(place))
                }
                Act::Work(number, mut left) => {
                    let (_, work) = left.remove(0);
                    resolved += u64::from(self.work(&region, &unit, &number, work).await? && work == Work::Resolve);
                    (number, left)
                }
            };
            if let Some((minutes, _)) = left.first_mut() {
                let at = at + Duration::minutes(std::mem::take(minutes));
                next.push(Reverse((at, Act::Work(number, left))));
            }
        }
        steps += self.pass_until(end).await?;
        let seconds = began.elapsed().as_secs_f64();
        self.figures(plan, (opened, resolved, steps), seconds).await
    }

    /// Everything that comes due until `at` happens at its own instant.
    async fn pass_until(&self, at: DateTime<Utc>) -> Result<usize> {
        let (mut happened, mut stuck) = (0, None);
        while let Some(due) = self.next_due().await?.filter(|due| *due <= at) {
            self.clock.set(due.max(self.now()), 0.0);
            let moved = self.do_what_is_due().await?;
            happened += moved;
            if moved == 0 && stuck.replace(due) == Some(due) {
                break;
            }
        }
        self.clock.set(at.max(self.now()), 0.0);
        Ok(happened)
    }

    /// Does something with a ticket if it still lets it be done; `true` when it did.
    async fn work(&self, region: &Region, unit: &Actor, number: &str, work: Work) -> Result<bool> {
        let command = match work {
            Work::Acknowledge => Command::Acknowledge,
            Work::Reply => Command::Reply { body: region.reply.clone(), files: Vec::new() },
            Work::Ask => Command::RequestInfo { body: region.question.clone() },
            Work::Resume => Command::Resume { reason: region.reason.clone() },
            Work::HandOver => Command::Escalate {
                cause: Some(EscalationCause::Unable),
                reason: region.reason.clone(),
                tried: region.tried.clone(),
            },
            Work::Resolve => Command::Resolve { solution: region.solution.clone(), cause: None },
        };
        match self.act(unit, number, None, command, None).await {
            Ok(_) => Ok(true),
            // The clock was faster: it is with somebody else, or closed.
            Err(Error::Conflict { .. } | Error::Denied(_) | Error::Invalid(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Four of five come while offices are open, the others at any hour.
    fn arrival(&self, start: DateTime<Utc>, plan: Plan, place: u64) -> DateTime<Utc> {
        let per_day = u64::from(plan.per_day.max(1));
        let (day, chance) = (place / per_day, chance(place));
        let minute = if chance % 5 == 0 { chance / 5 % 1440 } else { 450 + chance / 5 % 510 };
        let zone = self.pack().zone;
        let date = start.with_timezone(&zone).date_naive() + chrono::Days::new(day);
        let midnight = zone.from_local_datetime(&date.and_time(chrono::NaiveTime::MIN)).earliest();
        let minutes = Duration::minutes(i64::try_from(minute).unwrap_or_default());
        let seconds = Duration::seconds(i64::try_from(chance / 7 % 60).unwrap_or_default());
        (midnight.map_or(start, |at| at.with_timezone(&Utc)) + minutes + seconds).max(start)
    }

    async fn figures(&self, plan: Plan, (opened, resolved, steps): (u64, u64, usize), seconds: f64) -> Result<Figures> {
        let everything = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
        let counts = store::queues::counts(&mut self.db.glance().await?, &everything, 0).await?;
        self.seal().await?;
        let verdict = audit::verify(&self.db).await?;
        Ok(Figures {
            days: plan.days,
            opened,
            resolved,
            open: counts.open,
            overdue: counts.overdue,
            escalated: counts.escalated,
            steps,
            events: verdict.events,
            chains_intact: verdict.ok,
            clocks_wrong: self.check_clocks().await?.len(),
            seconds,
            tickets_per_second: opened as f64 / seconds.max(0.001),
        })
    }
}

/// What will be done with the report at `place`, each so many minutes after the one before.
fn fate(place: u64) -> Vec<(i64, Work)> {
    let chance = chance(place ^ 0x5eed);
    let some = |least: u64, most: u64, turn: u32| {
        i64::try_from(least + chance.rotate_left(turn) % (most - least)).unwrap_or_default()
    };
    match chance % 100 {
        0..70 => vec![
            (some(3, 40, 8), Work::Acknowledge),
            (some(5, 60, 16), Work::Reply),
            (some(10, 180, 24), Work::Resolve),
        ],
        70..82 => vec![(some(60, 600, 8), Work::Acknowledge), (some(600, 4000, 16), Work::Resolve)],
        82..90 => vec![
            (some(10, 60, 8), Work::Acknowledge),
            (some(20, 200, 16), Work::HandOver),
            (some(60, 900, 24), Work::Resolve),
        ],
        90..97 => vec![
            (some(5, 60, 8), Work::Acknowledge),
            (some(5, 60, 16), Work::Ask),
            (some(60, 3000, 24), Work::Resume),
            (some(30, 300, 32), Work::Resolve),
        ],
        // Nobody ever looks at it.
        _ => Vec::new(),
    }
}

/// A number that looks like chance and is always the same for the same place (splitmix64).
fn chance(place: u64) -> u64 {
    let mut mixed = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
