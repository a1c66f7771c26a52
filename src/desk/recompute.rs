//! Open deadlines when the calendar changes: computed again from their start, the old value kept in the history.

use crate::desk::working::Working;
use crate::desk::{Desk, chain, clocks};
use crate::domain::clock_plan::{ClockKind, Line};
use crate::domain::event::ActorLabel;
use crate::error::{Error, Result};
use crate::store;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Tickets looked at in one read.
const PAGE: i64 = 500;

/// The calendar that the stored deadlines were computed with.
const APPLIED: &str = "calendar_mark";

impl Desk {
    /// Computes open deadlines again when the calendar known now is not the one they were computed with. Gives how
    /// many tickets have moved.
    ///
    /// # Errors
    /// The database does not answer; what was moved before stays moved, and the next round goes on.
    pub async fn apply_calendar(&self) -> Result<usize> {
        let mark = self.rules.mark();
        if self.rules.is_applied(&mark) {
            return Ok(0);
        }
        let applied = store::settings::get(&mut self.db.glance().await?, APPLIED).await?;
        let mut moved = 0;
        if applied.as_ref() != Some(&mark) {
            if applied.is_some() {
                moved = self.recompute(&mark).await?;
            }
            let mut tx = self.db.write().await?;
            store::settings::set(&mut tx, APPLIED, &mark).await?;
            tx.commit().await?;
        }
        self.rules.set_applied(mark);
        Ok(moved)
    }

    async fn recompute(&self, mark: &str) -> Result<usize> {
        let (mut moved, mut seen, mut after) = (0, 0, 0);
        loop {
            let tickets = store::clocks::planned_tickets(&mut self.db.glance().await?, after, PAGE).await?;
            let Some(last) = tickets.last() else { break };
            after = *last;
            for id in tickets {
                seen += 1;
                moved += usize::from(self.recompute_ticket(id).await?);
            }
        }
        let mut tx = self.db.write().await?;
        let payload = json!({"mark": mark, "tickets": seen, "moved": moved});
        chain::note(&mut tx, "calendar", "days", self.now(), ActorLabel::policy(), "applied", payload).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// What came due by the old calendar before now has happened by the old calendar.
    async fn recompute_ticket(&self, id: i64) -> Result<bool> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        store::dialect::lock_ticket(&mut tx, id).await?;
        let ticket = store::tickets::by_id(&mut tx, id).await?.ok_or(Error::NotFound("ticket"))?;
        let mut working = Working::load(&mut tx, ticket).await?;
        let before = dues(&working);
        let pack = self.rules.of(&working.ticket);
        let mut clocks = working.clocks.clone();
        clocks::settle(&pack, &working.ticket, &working.pauses, &mut clocks, now)?;
        let moves = clocks != working.clocks;
        if moves {
            working.clocks = clocks;
            let payload = json!({"cause": "calendar", "from": before, "to": dues(&working)});
            working.event(now, ActorLabel::policy(), "recomputed", payload);
            working.save(&mut tx, &self.rules, now).await?;
        } else {
            // Reminders and closings are counted in working days too.
            let plan = clocks::plan(&pack, &working.ticket, &working.pauses, &working.clocks)?;
            store::clocks::plan_steps(&mut tx, id, &plan).await?;
        }
        tx.commit().await?;
        Ok(moves)
    }
}

/// The promised instants of a ticket as they stand on its clocks.
fn dues(working: &Working) -> Value {
    let due = |kind: ClockKind| -> Option<DateTime<Utc>> {
        let clocks = working.clocks.iter().filter(|clock| clock.kind == kind && clock.line == Line::Total);
        clocks.max_by_key(|clock| clock.cycle).and_then(|clock| clock.due_at)
    };
    json!({"response_due": due(ClockKind::Response), "resolution_due": due(ClockKind::Resolution)})
}
