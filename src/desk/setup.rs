//! Preparing an installation: its pack, its agencies, its first people.

use crate::clock::DemoTime;
use crate::desk::{Desk, editions};
use crate::domain::service::{Agency, is_agency_code};
use crate::error::{Error, Result, Say};
use crate::store::{self, Db};
use chrono::{DateTime, Datelike, Utc};

/// Setting that names the installation's pack.
pub const PACK: &str = "pack";
/// Setting of a restored copy that must not send mail yet.
pub const MAIL_PARKED: &str = "mail_parked";

/// What the database says of the installation it belongs to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Installation {
    /// The pack it was made with; `None` in an empty database.
    pub pack: Option<String>,
    /// The clock of a demo.
    pub demo_clock: Option<DemoTime>,
    /// Made by `meja demo`.
    pub is_demo: bool,
    /// A demo whose filling was broken off.
    pub is_half_filled: bool,
}

/// Reads what the database says of its installation.
///
/// # Errors
/// The database does not answer.
pub async fn installation(db: &Db) -> Result<Installation> {
    let mut tx = db.read().await?;
    let clock = store::settings::get(&mut tx, "demo_clock").await?;
    let demo = store::settings::get(&mut tx, "demo").await?;
    Ok(Installation {
        pack: store::settings::get(&mut tx, PACK).await?,
        demo_clock: clock.map(|text| serde_json::from_str(&text)).transpose()?,
        is_demo: demo.is_some(),
        is_half_filled: demo.as_deref() == Some("filling"),
    })
}

impl Desk {
    /// Remembers which pack this installation follows and who the ICT office is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn prepare(&self, ict_agency: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        editions::bump(&mut tx).await?;
        store::settings::set(&mut tx, PACK, &self.pack().id).await?;
        store::settings::set(&mut tx, "ict_agency", ict_agency).await?;
        tx.commit().await?;
        self.refresh_rules().await
    }

    /// Adds or saves agencies, all or none.
    ///
    /// # Errors
    /// `Invalid` when a code is no code; nothing is saved then.
    pub async fn save_agencies(&self, agencies: &[Agency]) -> Result<()> {
        let mut tx = self.db.write().await?;
        for agency in agencies {
            if !is_agency_code(&agency.code) || agency.name.trim().is_empty() {
                return Err(Error::field("agency", Say::new("field-unknown-agency")));
            }
            store::services::save_agency(&mut tx, agency).await?;
        }
        tx.commit().await
    }

    /// Moves the demo's clock. Going forward, everything that comes due on the way happens at its own
    /// instant, in order, before the clock shows `to`.
    ///
    /// # Errors
    /// `Denied` when this is no demo.
    pub async fn move_clock(&self, to: DateTime<Utc>, speed: f64) -> Result<()> {
        if !self.is_demo {
            return Err(Error::NotFound("demo"));
        }
        if !(0.0..=1_000_000.0).contains(&speed) {
            return Err(Error::field("speed", Say::new("field-speed")));
        }
        if !(2000..=2100).contains(&to.year()) {
            return Err(Error::field("now", Say::new("field-clock")));
        }
        self.read_inbox().await?;
        self.keep_clock(self.now(), 0.0).await?;
        let mut stuck = None;
        while let Some(due) = self.next_due().await?.filter(|due| *due <= to) {
            if due > self.now() {
                self.keep_clock(due, 0.0).await?;
            }
            // A step that cannot happen is reported where it fails; it must not hold up the others for ever.
            let happened = self.do_what_is_due().await?;
            if happened == 0 && stuck.replace(due) == Some(due) {
                break;
            }
        }
        self.keep_clock(to, speed).await?;
        self.do_what_is_due().await?;
        self.send_outbox().await?;
        self.refresh_closures().await;
        Ok(())
    }

    /// Everything that has come due on the desk's clock, the steps of tickets first; gives how much happened.
    pub(super) async fn do_what_is_due(&self) -> Result<usize> {
        let steps = self.run_due_steps().await?;
        let (reports, duties) = (self.run_reports().await?, self.run_duties().await?);
        Ok(steps + reports + duties + self.run_case_terms().await?)
    }

    /// The next instant at which something happens by itself: a step, or a decree that becomes known.
    pub(super) async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        let step = store::clocks::next_due(&mut self.db.read().await?).await?;
        let (duty, report, term) = (self.next_duty().await?, self.next_report().await?, self.next_case_term().await?);
        Ok([step, self.rules.next_change(), duty, report, term].into_iter().flatten().min())
    }

    /// Sets the demo's clock and keeps it for other processes and later runs.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_clock(&self, now: DateTime<Utc>, speed: f64) -> Result<()> {
        let state = self.clock.set(now, speed);
        let mut tx = self.db.write().await?;
        store::settings::set(&mut tx, "demo_clock", &serde_json::to_string(&state)?).await?;
        tx.commit().await
    }

    /// Lets the demo show the machine's time from now on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn follow_machine_clock(&self) -> Result<()> {
        self.clock.adopt(None);
        let mut tx = self.db.write().await?;
        store::settings::forget(&mut tx, "demo_clock").await?;
        tx.commit().await
    }
}
