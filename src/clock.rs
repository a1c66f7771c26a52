//! The one place that knows what time it is.
//!
//! Everything else is handed a [`Clock`] or an instant. A demo's clock can be set, frozen and sped up;
//! its state is a plain value, so that other processes on the same database and later runs go on
//! from it.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock};

/// Tells the time. Cheap to clone; all clones tell the same.
#[derive(Debug, Clone)]
pub struct Clock(Arc<RwLock<Shown>>);

/// What a clock shows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shown {
    /// The machine's time.
    Machine,
    /// A demo's time; the machinery still runs by the machine's.
    Demo(DemoTime),
    /// One instant until it is told otherwise, for the machinery too.
    Frozen(DateTime<Utc>),
}

/// A clock of its own: it showed `now` at the real instant `real` and runs `speed` times as fast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DemoTime {
    /// What it showed. UTC.
    pub now: DateTime<Utc>,
    /// How fast it runs; 0 is frozen.
    pub speed: f64,
    /// When it showed that, by the machine's clock. UTC.
    pub real: DateTime<Utc>,
}

impl Clock {
    /// The machine's time.
    pub fn system() -> Self {
        Self(Arc::new(RwLock::new(Shown::Machine)))
    }

    /// A clock that shows `now` until it is told otherwise.
    pub fn frozen(now: DateTime<Utc>) -> Self {
        Self(Arc::new(RwLock::new(Shown::Frozen(now.trunc_subsecs(6)))))
    }

    /// The instant of the desk, cut to microseconds: both databases keep those. Whatever a rule of the pack
    /// or a person sees goes by it.
    pub fn now(&self) -> DateTime<Utc> {
        match self.shown() {
            Shown::Machine => machine_now(),
            Shown::Demo(demo) => demo.at(machine_now()),
            Shown::Frozen(now) => now,
        }
    }

    /// The instant by which the machinery goes: leases, retries, sessions, limits. A demo's clock may stand
    /// still or leap; a mail whose worker died must be sent all the same.
    pub fn machine(&self) -> DateTime<Utc> {
        match self.shown() {
            Shown::Machine | Shown::Demo(_) => machine_now(),
            Shown::Frozen(now) => now,
        }
    }

    /// Makes this a demo clock that shows `now` and runs at `speed`; returns its state to keep. A frozen clock
    /// stays frozen, at `now`.
    pub fn set(&self, now: DateTime<Utc>, speed: f64) -> DemoTime {
        let demo = DemoTime { now: now.trunc_subsecs(6), speed, real: machine_now() };
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *shown = if matches!(*shown, Shown::Frozen(_)) { Shown::Frozen(demo.now) } else { Shown::Demo(demo) };
        demo
    }

    /// Goes on from a kept state; `None` is the machine's time.
    pub fn adopt(&self, demo: Option<DemoTime>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = demo.map_or(Shown::Machine, Shown::Demo);
    }

    /// How fast it runs against the machine's clock; 0 is frozen.
    pub fn speed(&self) -> f64 {
        match self.shown() {
            Shown::Machine => 1.0,
            Shown::Demo(demo) => demo.speed,
            Shown::Frozen(_) => 0.0,
        }
    }

    fn shown(&self) -> Shown {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DemoTime {
    fn at(self, machine: DateTime<Utc>) -> DateTime<Utc> {
        let passed = (machine - self.real).num_microseconds().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a demo's time needs no more")]
        let shown = (passed as f64 * self.speed) as i64;
        self.now.checked_add_signed(Duration::microseconds(shown)).unwrap_or(self.now)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one rightful reading of the machine's clock")]
fn machine_now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_clock_runs_at_its_speed_from_its_anchor() {
        let real: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let now: DateTime<Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
        let later = real + Duration::seconds(10);
        assert_eq!(DemoTime { now, speed: 60.0, real }.at(later), now + Duration::seconds(600));
        assert_eq!(DemoTime { now, speed: 0.0, real }.at(later), now);
    }
}
