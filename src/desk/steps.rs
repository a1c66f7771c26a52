//! What the clocks make happen: E1–E4, reminders and closings, each once and in order.

use crate::desk::working::Working;
use crate::desk::{Desk, letters, notices};
use crate::domain::clock_plan::{Line, Step, StepKind, StepState};
use crate::domain::event::ActorLabel;
use crate::domain::people::Role;
use crate::domain::ticket::{Language, Status};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Most steps that one look at the plan takes up.
const BATCH: i64 = 200;

impl Desk {
    /// Lets everything happen that is due now, first due first; gives how many steps happened.
    ///
    /// # Errors
    /// The database does not answer; what happened before stays.
    pub async fn run_due_steps(&self) -> Result<usize> {
        self.apply_calendar().await?;
        let mut happened = 0;
        loop {
            let now = self.now();
            let mut tx = self.db.read().await?;
            let due = store::clocks::due_steps(&mut tx, now, BATCH).await?;
            drop(tx);
            if due.is_empty() {
                break;
            }
            let mut moved = 0;
            for step in &due {
                match self.run_step(step, now).await {
                    Ok(true) => moved += 1,
                    Ok(false) => {}
                    // One broken ticket must not hold up the others; the step stays planned.
                    Err(error) => {
                        tracing::error!(%error, ticket = step.ticket_id, step = %step.kind, "a step could not happen")
                    }
                }
            }
            happened += moved;
            if moved == 0 {
                break;
            }
        }
        self.mail_notices().await?;
        Ok(happened)
    }

    async fn run_step(&self, step: &Step, now: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.db.write().await?;
        store::dialect::lock_ticket(&mut tx, step.ticket_id).await?;
        let ticket = store::tickets::by_id(&mut tx, step.ticket_id).await?.ok_or(Error::NotFound("ticket"))?;
        let mut working = Working::load(&mut tx, ticket).await?;
        let happened = self.fire(&mut tx, &mut working, step, now).await?;
        tx.commit().await?;
        if let Some(due_at) = step.due_at.filter(|_| happened) {
            metrics::histogram!("meja_step_lag_seconds").record((now - due_at).as_seconds_f64());
            metrics::counter!("meja_steps_total", "kind" => step.kind.as_str()).increment(1);
        }
        Ok(happened)
    }

    /// Lets the due steps of one ticket happen before somebody changes it, so that an act after a
    /// deadline never hides that the deadline had passed.
    pub(crate) async fn catch_up(&self, tx: &mut Tx, working: &mut Working, now: DateTime<Utc>) -> Result<()> {
        let steps = store::clocks::steps(tx, working.ticket.id).await?;
        let due = |step: &&Step| step.state == StepState::Planned && step.due_at.is_some_and(|at| at <= now);
        for step in steps.iter().filter(due) {
            self.fire(tx, working, step, now).await?;
        }
        Ok(())
    }

    async fn fire(&self, tx: &mut Tx, working: &mut Working, step: &Step, now: DateTime<Utc>) -> Result<bool> {
        let Some(due_at) = step.due_at else { return Ok(false) };
        if !store::clocks::claim_step(tx, step, StepState::Done, now).await? {
            return Ok(false);
        }
        match step.kind {
            // Told when the ticket is opened; nothing plans it.
            StepKind::Start => {}
            StepKind::ResponseNotice => response_missed(working, due_at, now),
            StepKind::Transfer => self.transfer(working, due_at, now),
            StepKind::Warn => {
                let payload = facts(StepKind::Warn, due_at, now, json!({"tier": working.ticket.tier}));
                working.event(now, ActorLabel::clock(), "warned", payload);
            }
            StepKind::Breach => breach(working, due_at, now),
            StepKind::PendingReminder => {
                working.event(now, ActorLabel::clock(), "reminded", facts(step.kind, due_at, now, json!({})));
                letters::pending_reminder(self, tx, working, step.cycle).await?;
            }
            StepKind::PauseEnd => pause_over(working, due_at, now),
            StepKind::PendingClose | StepKind::AutoClose => {
                self.close(tx, working, step.kind, due_at, now).await?;
            }
        }
        self.tell(tx, working, step, due_at, now).await?;
        working.save(tx, &self.rules, now).await?;
        if step.kind == StepKind::Breach {
            self.breach_in_case(tx, working, due_at, now).await?;
        }
        Ok(true)
    }

    fn transfer(&self, working: &mut Working, due_at: DateTime<Utc>, now: DateTime<Utc>) {
        let payload = json!({
            "trigger": "timer",
            "reason": self.pack().escalation.reason_timer,
            "from_tier": working.ticket.tier,
            "to_tier": 2,
            "to": self.label_of_tier(2, &working.ticket.agency),
            "compulsory": self.pack().escalation.compulsory,
            "basis": self.escalation_basis(),
        });
        working.ticket.tier = 2;
        working.ticket.assignee = None;
        working.ticket.escalated_at = working.ticket.escalated_at.or(Some(now));
        working.event(now, ActorLabel::clock(), "escalated", facts(StepKind::Transfer, due_at, now, payload));
    }

    /// Where the hand-over is written: the law's place, or the words that say it is a default.
    pub(crate) fn escalation_basis(&self) -> String {
        let pack = self.pack();
        let law = pack
            .values()
            .iter()
            .find(|value| value.path == "escalation.compulsory")
            .and_then(|value| value.basis.clone());
        match law {
            Some(law) if pack.escalation.compulsory => law,
            _ => text::say(Language::Indonesian, &Say::new("basis-default")),
        }
    }

    /// Closes a ticket whose requester stayed silent, or whose solution nobody contradicted.
    async fn close(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        kind: StepKind,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (reason, template) = match kind {
            StepKind::PendingClose => ("reason-no-answer", "closed_silent"),
            _ => ("reason-solved", "closed"),
        };
        let reason = text::say(Language::Indonesian, &Say::new(reason));
        working.end_pause(now);
        working.ticket.status = Status::Closed;
        working.ticket.closed_at = Some(now);
        let payload = facts(kind, due_at, now, json!({"trigger": "timer", "reason": reason}));
        working.event(now, ActorLabel::clock(), "closed", payload);
        letters::closed(self, tx, working, template).await
    }

    /// Notes who must be told of a step (DOMAIN.md 4.1, table of escalation steps).
    async fn tell(
        &self,
        tx: &mut Tx,
        working: &Working,
        step: &Step,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let roles: &[Role] = match step.kind {
            StepKind::ResponseNotice => &[Role::AgencyHead, Role::Tier2Unit],
            StepKind::Transfer => &[Role::Tier2Unit, Role::Tier1Agent],
            StepKind::Warn => &[Role::IctHead, Role::AgencyHead],
            StepKind::Breach => &[Role::IctHead],
            StepKind::PauseEnd if working.ticket.tier > 1 => &[Role::Tier2Unit],
            StepKind::PauseEnd => &[Role::Tier1Agent],
            StepKind::Start | StepKind::PendingReminder | StepKind::PendingClose | StepKind::AutoClose => &[],
        };
        for role in roles {
            notices::note(tx, *role, working, step.kind, step.cycle, due_at, now).await?;
        }
        Ok(())
    }
}

/// Nobody may wait for a vendor for ever: the clock goes on from the instant the pack says.
fn pause_over(working: &mut Working, due_at: DateTime<Utc>, now: DateTime<Utc>) {
    working.end_pause(due_at);
    working.ticket.status = Status::InProgress;
    let payload = facts(StepKind::PauseEnd, due_at, now, json!({"trigger": "timer"}));
    working.event(now, ActorLabel::clock(), "resumed", payload);
}

fn response_missed(working: &mut Working, due_at: DateTime<Utc>, now: DateTime<Utc>) {
    let payload = facts(StepKind::ResponseNotice, due_at, now, json!({"tier": working.ticket.tier}));
    working.event(now, ActorLabel::clock(), "response_overdue", payload);
}

fn breach(working: &mut Working, due_at: DateTime<Utc>, now: DateTime<Utc>) {
    // The due instant, not the moment somebody noticed; the line that held the ticket then.
    let held = working.clocks.iter().filter(|clock| clock.line != Line::Total && clock.started_at <= due_at);
    let holder = held
        .max_by_key(|clock| clock.started_at)
        .map_or(working.ticket.tier, |clock| if clock.line == Line::Tier2 { 2 } else { 1 });
    working.ticket.breached_at = working.ticket.breached_at.or(Some(due_at));
    working.ticket.breached_tier = working.ticket.breached_tier.or(Some(holder));
    let payload = json!({"breached_at": due_at, "held_by_tier": holder});
    working.event(now, ActorLabel::clock(), "breached", facts(StepKind::Breach, due_at, now, payload));
}

/// The particulars every step leaves: which one, when it was due, when it was noticed.
fn facts(kind: StepKind, due_at: DateTime<Utc>, now: DateTime<Utc>, more: Value) -> Value {
    let mut payload =
        json!({"step": kind.letter().unwrap_or(kind.as_str()), "due_at": due_at, "detected_at": now, "fired_at": now});
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    payload
}
