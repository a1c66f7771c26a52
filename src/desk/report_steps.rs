//! The region's report on its way upwards: who sends it on, who confirms, and steps that are late.

use crate::desk::duty_acts::MissedDuty;
use crate::desk::written::{LONGEST_REASON, optional};
use crate::desk::{Desk, chain, once};
use crate::domain::duty_rule::late_from;
use crate::domain::event::ActorLabel;
use crate::domain::people::Actor;
use crate::domain::report::life::Report;
use crate::domain::report::steps::{Step, StepAct, may};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Days, Utc};
use serde_json::json;

/// What the register of duties calls a step that was not taken.
const DUTY: &str = "report-step";
/// Late steps taken up in one transaction.
const BATCH: i64 = 100;

impl Desk {
    /// Plans the way upwards of a report that was just drawn up, as the pack says. Only the region's goes further than
    /// the office for information technology.
    pub(super) async fn plan_steps(&self, tx: &mut Tx, report: &Report) -> Result<()> {
        if !report.is_regional() {
            return Ok(());
        }
        let pack = self.pack();
        for (place, step) in (0_usize..).zip(&pack.report.steps) {
            let day = Days::new(u64::from(step.due_day.saturating_sub(1)));
            let due_on = report.period_to.checked_add_days(day).unwrap_or(report.period_to);
            // The law of the chain is that of the step.
            let written = pack.report_chain.iter().position(|office| *office == step.to);
            let basis = written.and_then(|index| pack.basis(&format!("report_chain.{index}")));
            let planned = Step {
                id: 0,
                report_id: report.id,
                place: i64::try_from(place + 1).unwrap_or(i64::MAX),
                recipient: step.to.clone(),
                basis: basis.or_else(|| pack.basis("report_chain")).map(str::to_owned),
                due_on,
                due_at: late_from(due_on, pack.zone),
                edition: 0,
                sent_at: None,
                sent_by: None,
                sent_note: String::new(),
                received_at: None,
                received_by: None,
                received_note: String::new(),
                late: false,
            };
            store::report_steps::insert(tx, &planned).await?;
        }
        Ok(())
    }

    /// Notes which steps are late: seen by everybody, and the register of duties knows it. Gives how many.
    pub(super) async fn late_steps(&self) -> Result<usize> {
        let now = self.now();
        let next = store::report_steps::next_due(&mut self.db.glance().await?).await?;
        if next.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        let late = store::report_steps::overdue(&mut tx, now, BATCH).await?;
        for step in &late {
            let Some(report) = store::reports::by_key(&mut tx, step.report_id).await? else { continue };
            chain::turn(&mut tx, "report", &report.code).await?;
            let again = store::report_steps::of_report(&mut tx, report.id).await?;
            // Somebody may have sent it while this waited for its turn.
            let Some(mut step) = again.into_iter().find(|it| it.id == step.id && it.sent_at.is_none() && !it.late)
            else {
                continue;
            };
            step.late = true;
            store::report_steps::update(&mut tx, &step).await?;
            let facts = json!({"place": step.place, "recipient": step.recipient, "due_on": step.due_on});
            chain::note(&mut tx, "report", &report.code, now, ActorLabel::clock(), "report_step_late", facts).await?;
            if let Some(missed) = self.missed_step(&mut tx, &report, &step).await? {
                self.duty_missed(&mut tx, missed).await?;
            }
        }
        tx.commit().await?;
        Ok(late.len())
    }

    /// The entry of the duty register for a step that was not taken in time; none while the region has no office for
    /// information technology.
    async fn missed_step(&self, tx: &mut Tx, report: &Report, step: &Step) -> Result<Option<MissedDuty>> {
        let Some(agency) = store::settings::get(tx, "ict_agency").await? else { return Ok(None) };
        let month = text::month(Language::Indonesian, report.period_from);
        let values = [("month", month.as_str()), ("to", &step.recipient), ("code", &report.code)];
        Ok(Some(MissedDuty {
            code: DUTY.to_owned(),
            what: text::phrase(Language::Indonesian, "report-step-duty", &values),
            agency,
            period_from: report.period_from,
            period_to: report.period_to,
            due_on: step.due_on,
            cause: format!("{} {}", report.code, step.place),
            sanctionable: false,
            source: step.basis.clone(),
        }))
    }

    /// Says that the report was sent on to the office of a step, or that it has come there. `version` is that of the
    /// report as the caller has seen it; `key` makes a repeated request harmless. Gives the step.
    ///
    /// # Errors
    /// `NotFound` also for reports the actor may not see; `Denied`, `Conflict`, `Invalid` as the rules say. Nothing is
    /// changed then.
    #[expect(clippy::too_many_arguments, reason = "what one request says")]
    pub async fn act_on_step(
        &self,
        actor: &Actor,
        code: &str,
        place: i64,
        version: Option<i64>,
        act: StepAct,
        words: &str,
        key: Option<&str>,
    ) -> Result<Step> {
        // What has come due is on record before anybody changes it.
        self.run_reports().await?;
        self.report_row(actor, code).await?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "report", code).await?;
        let mut report = store::reports::by_code(&mut tx, code).await?.ok_or(Error::NotFound("report"))?;
        let steps = store::report_steps::of_report(&mut tx, report.id).await?;
        let mut step = steps.iter().find(|step| step.place == place).cloned().ok_or(Error::NotFound("step"))?;
        let request = once::fingerprint(&("report step", code, place, act.as_str(), words));
        if let once::Repeat::Answered(_) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(step);
        }
        if !may(actor, act) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if version.is_some_and(|seen| seen != report.version) {
            return Err(Error::Conflict { say: Say::new("error-report-stale"), version: Some(report.version) });
        }
        if !step.allows(act, &report, &steps) {
            return Err(Error::Conflict { say: Say::new("error-report-step"), version: Some(report.version) });
        }
        let words = optional("note", words, LONGEST_REASON)?;
        let kind = take(&mut step, &report, act, &words, actor.account.id, now);
        report.version += 1;
        store::reports::update(&mut tx, &report).await?;
        store::report_steps::update(&mut tx, &step).await?;
        let who = ActorLabel::user(actor.account.id);
        let facts = json!({"place": place, "recipient": step.recipient, "edition": step.edition, "note": words,
            "late": step.late});
        chain::note(&mut tx, "report", code, now, who, kind, facts).await?;
        if act == StepAct::Send
            && let Some(missed) = self.missed_step(&mut tx, &report, &step).await?
        {
            let evidence = format!("{code} → {} {words}", step.recipient);
            self.duty_caught_up(&mut tx, &missed, evidence.trim(), Some(actor.account.id)).await?;
        }
        once::answer(&mut tx, actor, key, &place.to_string()).await?;
        tx.commit().await?;
        self.wake();
        Ok(step)
    }
}

/// Lets it happen; gives the kind of the event.
fn take(step: &mut Step, report: &Report, act: StepAct, words: &str, by: i64, now: DateTime<Utc>) -> &'static str {
    match act {
        StepAct::Send => {
            step.edition = report.edition;
            (step.sent_at, step.sent_by, step.sent_note) = (Some(now), Some(by), words.to_owned());
            (step.received_at, step.received_by, step.received_note) = (None, None, String::new());
            "report_step_sent"
        }
        StepAct::Receive => {
            (step.received_at, step.received_by, step.received_note) = (Some(now), Some(by), words.to_owned());
            "report_step_received"
        }
    }
}
