//! What people do to reports: remark, hand in, confirm, and draw up again with a reason.

use crate::desk::reports::edition;
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, chain, once};
use crate::domain::event::ActorLabel;
use crate::domain::people::Actor;
use crate::domain::report::life::{Report, ReportAct, ReportState, may, may_see};
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::parse::clean;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Longest text of remarks, in characters.
pub const LONGEST_REMARKS: usize = 4000;

/// What somebody does to a report.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReportCommand {
    /// Writes what stood in the way and what is recommended.
    Remark {
        /// What stood in the way, may be empty.
        obstacles: String,
        /// What is recommended, may be empty.
        recommendations: String,
    },
    /// Hands it in.
    Submit,
    /// Confirms that it has come.
    Receive,
    /// Draws it up again from what is known now; the edition before stays.
    Reissue {
        /// Why.
        reason: String,
        /// Obstacles and recommendations that replace those before.
        remarks: Option<(String, String)>,
    },
}

impl ReportCommand {
    /// The act in the tables of rights and of allowed changes.
    pub const fn act(&self) -> ReportAct {
        match self {
            Self::Remark { .. } => ReportAct::Remark,
            Self::Submit => ReportAct::Submit,
            Self::Receive => ReportAct::Receive,
            Self::Reissue { .. } => ReportAct::Reissue,
        }
    }
}

impl Desk {
    /// Does `command` to the report with this number. `version` is the one the caller has seen; `key` makes a repeated
    /// request harmless.
    ///
    /// # Errors
    /// `NotFound` also for reports the actor may not see; `Denied`, `Conflict`, `Invalid` as the rules say. Nothing is
    /// changed then.
    pub async fn act_on_report(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        command: ReportCommand,
        key: Option<&str>,
    ) -> Result<Report> {
        // What has come due is on record before anybody changes it.
        self.run_reports().await?;
        let seen = self.report_row(actor, code).await?;
        // The facts of a new edition are gathered before anything waits for this change.
        let drawn = match command.act() {
            ReportAct::Reissue if may(actor, ReportAct::Reissue, &seen.agency) => Some(self.draw_again(&seen).await?),
            _ => None,
        };
        let now = self.now();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "report", code).await?;
        let mut report = store::reports::by_code(&mut tx, code).await?.ok_or(Error::NotFound("report"))?;
        let request = once::fingerprint(&("report", code, &command));
        if let once::Repeat::Answered(_) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(report);
        }
        if !may(actor, command.act(), &report.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if version.is_some_and(|seen| seen != report.version) {
            return Err(Error::Conflict { say: Say::new("error-report-stale"), version: Some(report.version) });
        }
        if !report.allows(command.act()) {
            return Err(Error::Conflict { say: Say::new("error-report-state"), version: Some(report.version) });
        }
        report.version += 1;
        let (kind, facts) = match command {
            ReportCommand::Remark { obstacles, recommendations } => remark(&mut report, &obstacles, &recommendations)?,
            ReportCommand::Submit => self.submit(&mut tx, &mut report, actor, now).await?,
            ReportCommand::Receive => {
                report.state = ReportState::Received;
                (report.received_at, report.received_by) = (Some(now), Some(actor.account.id));
                ("received", json!({"edition": report.edition}))
            }
            ReportCommand::Reissue { reason, remarks } => {
                let reason = required("reason", &reason, LONGEST_REASON)?;
                let drawn = drawn.ok_or_else(|| Error::internal("a new edition was not drawn up"))?;
                if let Some((obstacles, recommendations)) = remarks {
                    remark(&mut report, &obstacles, &recommendations)?;
                }
                report.edition += 1;
                let edition = edition(report.edition, &drawn.content, &reason, now, Some(actor.account.id))?;
                store::reports::add_edition(&mut tx, report.id, &edition).await?;
                store::reports::keep_month(&mut tx, report.id, drawn.month).await?;
                // Whoever draws it up again hands it in; it has to be confirmed anew.
                self.submit(&mut tx, &mut report, actor, now).await?;
                (report.received_at, report.received_by) = (None, None);
                (
                    "reissued",
                    json!({"edition": edition.edition, "digest": edition.digest, "reason": reason,
                    "obstacles": report.obstacles, "recommendations": report.recommendations}),
                )
            }
        };
        store::reports::update(&mut tx, &report).await?;
        chain::note(&mut tx, "report", code, now, ActorLabel::user(actor.account.id), kind, facts).await?;
        once::answer(&mut tx, actor, key, code).await?;
        tx.commit().await?;
        self.wake();
        Ok(report)
    }

    /// The row of a report somebody may see.
    pub(super) async fn report_row(&self, actor: &Actor, code: &str) -> Result<Report> {
        let found = store::reports::by_code(&mut self.db.glance().await?, code).await?;
        found.filter(|report| may_see(actor, &report.agency)).ok_or(Error::NotFound("report"))
    }

    async fn draw_again(&self, report: &Report) -> Result<crate::desk::reports::Drawn> {
        let bounds = self.bounds_of(report);
        let mut tx = self.db.read().await?;
        let mut drawn = self.draw(&mut tx, bounds, std::slice::from_ref(&report.agency)).await?;
        drawn.pop().ok_or_else(|| Error::internal("a report was not drawn up"))
    }

    async fn submit(
        &self,
        tx: &mut Tx,
        report: &mut Report,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(&'static str, Value)> {
        report.state = ReportState::Submitted;
        (report.submitted_at, report.submitted_by) = (Some(now), Some(actor.account.id));
        let evidence = format!("{} {}", report.code, self.report_url(&report.code));
        for duty in [self.missed(report), self.fulfilled(report)].into_iter().flatten() {
            self.duty_caught_up(tx, &duty, &evidence, Some(actor.account.id)).await?;
        }
        self.issue(tx, report, &ActorLabel::user(actor.account.id)).await?;
        Ok(("submitted", json!({"edition": report.edition, "late": report.late})))
    }
}

fn remark(report: &mut Report, obstacles: &str, recommendations: &str) -> Result<(&'static str, Value)> {
    let (obstacles, recommendations) = (clean(obstacles), clean(recommendations));
    let texts = [("obstacles", &obstacles), ("recommendations", &recommendations)];
    let too_long = texts.iter().filter(|(_, text)| text.chars().count() > LONGEST_REMARKS);
    let say = || Say::new("field-too-long").with("longest", LONGEST_REMARKS);
    let problems: Vec<FieldError> = too_long.map(|(field, _)| FieldError { field, say: say() }).collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let facts = json!({"obstacles": obstacles, "recommendations": recommendations});
    (report.obstacles, report.recommendations) = (obstacles, recommendations);
    Ok(("remarked", facts))
}
