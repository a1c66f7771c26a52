//! The rules in force: the installed pack as it is known today, and the editions that open tickets are pinned to.
//!
//! A ticket keeps the promises (targets, shares, days) of the edition it was opened under. Calendars are never
//! pinned: a day off decreed tomorrow counts for every open ticket from tomorrow on.

use crate::clock::Clock;
use crate::domain::ticket::Ticket;
use crate::policy::week::Holiday;
use crate::policy::{NoWorkingTime, Pack};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The rules in force. Cheap to clone; all clones change together.
#[derive(Debug, Clone)]
pub struct Rules {
    clock: Clock,
    state: Arc<RwLock<State>>,
    /// Held by whoever reads the rules anew: the slower of two must not put back what it began with.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct State {
    /// The pack as its file says, with everything that will ever be known.
    installed: Arc<Pack>,
    /// Editions by version, as they were adopted.
    editions: BTreeMap<String, Arc<Pack>>,
    /// Days off decreed after the pack was written.
    amended: Vec<Holiday>,
    /// Number of the last change that was read from the database.
    revision: i64,
    today: Today,
    /// Code of the ICT office's own agency.
    ict_agency: Option<String>,
    /// Mark of the calendar that open deadlines were computed with.
    applied: Option<String>,
}

/// What follows from the state while no other decree becomes known.
#[derive(Debug)]
struct Today {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    pack: Arc<Pack>,
    /// Mark of its calendars.
    mark: String,
    /// Editions with the calendars of today.
    editions: BTreeMap<String, Arc<Pack>>,
}

/// What the rules are made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The installed pack under the version of its edition.
    pub installed: Arc<Pack>,
    /// Older editions by version.
    pub editions: BTreeMap<String, Arc<Pack>>,
    /// Days off decreed after the pack was written.
    pub amended: Vec<Holiday>,
    /// Number of the last change in the database.
    pub revision: i64,
    /// Code of the ICT office's own agency, once the installation is prepared.
    pub ict_agency: Option<String>,
}

impl Rules {
    /// The rules of an installed pack alone.
    pub fn new(clock: Clock, installed: Arc<Pack>) -> Self {
        let from = clock.now();
        let mark = installed.calendar_mark();
        let today = Today { from, until: Some(from), pack: Arc::clone(&installed), mark, editions: BTreeMap::new() };
        let state = State {
            installed,
            editions: BTreeMap::new(),
            amended: Vec::new(),
            revision: -1,
            today,
            applied: None,
            ict_agency: None,
        };
        Self { clock, state: Arc::new(RwLock::new(state)), reading: Arc::default() }
    }

    /// The installed pack as it is known now.
    pub fn pack(&self) -> Arc<Pack> {
        self.today(|today| Arc::clone(&today.pack))
    }

    /// The edition a ticket is pinned to, on the calendars as they are known now. A ticket whose profile its
    /// edition does not have (its service was given a newer one) follows the installed pack.
    pub fn of(&self, ticket: &Ticket) -> Arc<Pack> {
        self.of_edition(&ticket.pack, &ticket.profile)
    }

    /// The edition with this version, or the installed pack where that edition does not have the profile.
    pub fn of_edition(&self, version: &str, profile: &str) -> Arc<Pack> {
        self.today(|today| {
            let pinned = today.editions.get(version).filter(|pack| pack.profile(profile).is_ok());
            Arc::clone(pinned.unwrap_or(&today.pack))
        })
    }

    /// The installed pack with everything that will ever be known.
    pub fn installed(&self) -> Arc<Pack> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).installed)
    }

    /// Days off decreed after the pack was written.
    pub fn amended(&self) -> Vec<Holiday> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).amended.clone()
    }

    /// Number of the last change that was read from the database.
    pub fn revision(&self) -> i64 {
        self.state.read().unwrap_or_else(PoisonError::into_inner).revision
    }

    /// Is this the ICT office's own agency?
    pub fn is_ict_office(&self, agency: &str) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).ict_agency.as_deref() == Some(agency)
    }

    /// When the next decree becomes known. UTC.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.today(|today| today.until)
    }

    /// Lets one at a time read the rules anew.
    pub async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.reading.lock().await
    }

    /// Puts other rules in force, unless a calendar would be left without working time.
    ///
    /// # Errors
    /// Such a calendar; the rules stay as they were.
    pub fn adopt(&self, parts: Parts) -> Result<(), NoWorkingTime> {
        let now = self.clock.now();
        let today = today(&parts.installed, &parts.editions, &parts.amended, now)?;
        let Parts { installed, editions, amended, revision, ict_agency } = parts;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let applied = state.applied.take();
        *state = State { installed, editions, amended, revision, today, applied, ict_agency };
        Ok(())
    }

    /// Mark of the calendars as they are known now.
    pub fn mark(&self) -> String {
        self.today(|today| today.mark.clone())
    }

    /// Were open deadlines computed with the calendar of this mark?
    pub fn is_applied(&self, mark: &str) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).applied.as_deref() == Some(mark)
    }

    /// Open deadlines were computed with the calendar of this mark.
    pub fn set_applied(&self, mark: String) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).applied = Some(mark);
    }

    fn today<T>(&self, ask: impl Fn(&Today) -> T) -> T {
        let now = self.clock.now();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.today.covers(now) {
            return ask(&state.today);
        }
        drop(state);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match today(&state.installed, &state.editions, &state.amended, now) {
            Ok(today) => state.today = today,
            Err(error) => tracing::error!(%error, "the days off known today leave a calendar without working time"),
        }
        ask(&state.today)
    }
}

fn today(
    installed: &Pack,
    editions: &BTreeMap<String, Arc<Pack>>,
    amended: &[Holiday],
    now: DateTime<Utc>,
) -> Result<Today, NoWorkingTime> {
    let pack = installed.known_at(now, amended)?;
    let pinned = editions.iter().map(|(version, edition)| (version.clone(), edition.with_calendars_of(&pack)));
    let (until, mark) = (installed.next_change_after(now, amended), pack.calendar_mark());
    Ok(Today { from: now, until, editions: pinned.collect(), mark, pack })
}

impl Today {
    /// Time that goes back (a demo's clock) may make a decree unknown again.
    fn covers(&self, now: DateTime<Utc>) -> bool {
        now >= self.from && self.until.is_none_or(|until| now < until)
    }
}
