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
pub struct Clock(Arc<RwLock<Option<DemoTime>>>);

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
        Self(Arc::new(RwLock::new(None)))
    }

    /// A clock that shows `now` until it is told otherwise.
    pub fn frozen(now: DateTime<Utc>) -> Self {
        let clock = Self::system();
        clock.set(now, 0.0);
        clock
    }

    /// The instant, cut to microseconds: both databases keep those.
    pub fn now(&self) -> DateTime<Utc> {
        let demo = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        match demo {
            None => machine_now(),
            Some(demo) => demo.at(machine_now()),
        }
    }

    /// Makes this a demo clock that shows `now` and runs at `speed`; returns its state to keep.
    pub fn set(&self, now: DateTime<Utc>, speed: f64) -> DemoTime {
        let demo = DemoTime { now: now.trunc_subsecs(6), speed, real: machine_now() };
        self.adopt(Some(demo));
        demo
    }

    /// Goes on from a kept state; `None` is the machine's time.
    pub fn adopt(&self, demo: Option<DemoTime>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = demo;
    }

    /// How fast it runs against the machine's clock; 0 is frozen.
    pub fn speed(&self) -> f64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).map_or(1.0, |demo| demo.speed)
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
