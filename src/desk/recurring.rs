//! Recurring work: the one table of it, taking it up on one node only, and how it went last.

use crate::desk::Desk;
use crate::domain::managing::may_administer;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store;
use crate::store::recurring::LastRun;
use chrono::{DateTime, Duration, Utc};
use croner::Cron;
use std::str::FromStr as _;

words! {
    /// What recurs.
    pub enum Recurring {
        /// Seals the chains of events that moved.
        Seal = "seal",
        /// Forgets drafts, tries and request keys that nobody needs any more.
        Forget = "forget",
        /// Adds up what came and went on the lists of work.
        AddUp = "add_up",
        /// Recomputes the stored deadlines and reports those that differ.
        CheckClocks = "check_clocks",
        /// Recomputes every chain of events and notes whether somebody altered it.
        CheckTrail = "check_trail",
        /// Enters the duties of agencies that came since, and strikes out those of agencies that went.
        Duties = "duties",
        /// Reads articles anew when the program has learnt other words.
        Words = "words",
        /// Calls the system administrators when work waits too long.
        Alarms = "alarms",
    }
}

/// Other nodes' clocks may be so far off: whoever comes so soon after another has come for the same turn.
const SAME_TURN: Duration = Duration::minutes(2);

impl Recurring {
    /// When: second minute hour day month weekday, UTC. A run that was missed is caught up by the next one; all of them
    /// may run twice.
    pub const fn when(self) -> &'static str {
        match self {
            Self::Seal => "0 5 17 * * *",
            Self::Forget => "0 20 * * * *",
            Self::AddUp => "30 */5 * * * *",
            Self::CheckClocks => "0 40 18 * * *",
            Self::CheckTrail => "0 30 19 * * *",
            Self::Duties => "0 10 * * * *",
            Self::Words => "15 */10 * * * *",
            Self::Alarms => "15 */5 * * * *",
        }
    }

    /// The first turn after `now`.
    pub fn next(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Cron::from_str(self.when()).ok()?.find_next_occurrence(&now, false).ok()
    }
}

/// A piece of recurring work as people see it.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Which.
    pub work: Recurring,
    /// How it went last; `None` before the first time.
    pub last: Option<LastRun>,
    /// When it is due next. UTC.
    pub next_at: Option<DateTime<Utc>>,
}

impl Desk {
    /// Does a piece of recurring work whose turn has come, unless another node has taken it up; `false` then.
    ///
    /// # Errors
    /// What the work itself fails with; that is noted, too.
    pub async fn run_recurring(&self, work: Recurring) -> Result<bool> {
        let started = self.clock.machine();
        let mut tx = self.db.write().await?;
        let since = started - SAME_TURN;
        let mine = store::recurring::take_up(&mut tx, work.as_str(), &self.node, since, started).await?;
        tx.commit().await?;
        if !mine {
            return Ok(false);
        }
        let outcome = self.do_recurring(work).await;
        let problem = outcome.as_ref().err().map(ToString::to_string);
        let mut tx = self.db.write().await?;
        let now = self.clock.machine();
        store::recurring::ended(&mut tx, work.as_str(), started, problem.as_deref(), now).await?;
        tx.commit().await?;
        outcome.map(|()| true)
    }

    async fn do_recurring(&self, work: Recurring) -> Result<()> {
        match work {
            Recurring::Seal => self.seal().await.map(|_| ()),
            Recurring::Forget => self.forget_what_is_over().await,
            Recurring::AddUp => self.add_up_open_tickets().await,
            Recurring::CheckClocks => self.check_clocks().await.map(|_| ()),
            Recurring::CheckTrail => self.check_trail_daily().await.map(|_| ()),
            Recurring::Duties => self.open_duties().await.map(|_| ()),
            Recurring::Words => self.learn_words_anew().await.map(|_| ()),
            // The clock of a demo is moved: ages say nothing there.
            Recurring::Alarms if self.is_demo => Ok(()),
            Recurring::Alarms => self.look_for_alarms().await.map(|_| ()),
        }
    }

    /// Every piece of recurring work with its last and next turn.
    ///
    /// # Errors
    /// `Denied` for those who do not run the installation.
    pub async fn turns(&self, actor: &Actor) -> Result<Vec<Turn>> {
        if !may_administer(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let mut last = store::recurring::all(&mut self.db.glance().await?).await?;
        let now = self.clock.machine();
        let turns = Recurring::ALL.iter().map(|work| {
            let place = last.iter().position(|run| run.name == work.as_str());
            Turn { work: *work, last: place.map(|place| last.swap_remove(place)), next_at: work.next(now) }
        });
        Ok(turns.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Recurring;

    #[test]
    fn every_turn_comes_again() {
        let now = "2026-11-22T17:05:00Z".parse().expect("an instant");
        for work in Recurring::ALL {
            assert!(work.next(now).is_some_and(|next| next > now), "{work}");
        }
        let next = Recurring::Seal.next(now).expect("a turn");
        assert_eq!(next.to_rfc3339(), "2026-11-23T17:05:00+00:00");
    }
}
