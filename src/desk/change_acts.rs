//! How a change goes on: put before those who approve, answered, from phase to phase, ended.

use crate::desk::Desk;
use crate::desk::changes::ChangeView;
use crate::desk::maintenance::Planned;
use crate::desk::record_turn::{RecordTurn, may_work};
use crate::desk::verbs::Change;
use crate::desk::written::{LONGEST_REASON, LONGEST_TEXT, required, required_all};
use crate::domain::change::{
    Approval, Ballot, ChangeOutcome, ChangeRecord, ChangeStep, Vote, can_approve, has_outsider, verdict,
};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Account, Action, Actor, Scope, may};
use crate::domain::ticket::{Channel, Classification, Kind, Language, Ticket};
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::store::{self, Tx};
use crate::text;
use serde_json::json;

/// Longest line of the status page, in characters.
const LONGEST_TITLE: usize = 120;

impl Desk {
    /// Who can be asked to approve changes of an agency, by name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn approvers(&self, agency: &str) -> Result<Vec<Account>> {
        let mut found: Vec<Account> = Vec::new();
        for (account, grant) in store::people::held(&mut self.db.glance().await?).await? {
            if account.active && can_approve(&[grant], agency) && !found.iter().any(|it| it.id == account.id) {
                found.push(account);
            }
        }
        found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(found)
    }

    /// Puts a change before named persons, by their addresses. Those who want it are never the only ones.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Conflict` as for the plan; `Invalid` when the plan is not complete or somebody cannot approve.
    pub async fn ask_approval(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        approvers: &[String],
    ) -> Result<()> {
        let rules = self.change_rules()?;
        let mut turn = self.record_turn(actor, number, Kind::Change, version, may_work).await?;
        let mut record = self.record_of(&mut turn, &rules).await?;
        if record.approval == Approval::Approved || record.approval == Approval::Standard {
            return Err(conflict(&turn, "error-change-approved"));
        }
        required_all(&[
            ("plan", &record.plan, LONGEST_TEXT),
            ("impact", &record.impact, LONGEST_REASON),
            ("rollback", &record.rollback, LONGEST_TEXT),
        ])?;
        let asked = named(&mut turn.tx, &turn.working.ticket, approvers).await?;
        let requester = store::people::by_email(&mut turn.tx, &turn.working.ticket.requester_email).await?;
        let wants: Vec<i64> = requester.iter().map(|account| account.id).chain([actor.account.id]).collect();
        let keys: Vec<i64> = asked.iter().map(|account| account.id).collect();
        if !has_outsider(&keys, &wants) {
            return Err(Error::field("approvers", Say::new("field-approvers-own")));
        }
        if record.starts_at.is_some() {
            self.speaks_for(&mut turn.tx, actor, &record.services).await?;
        }
        (record.round, record.approval) = (record.round + 1, Approval::Asked);
        (record.asked_by, record.updated_at) = (Some(actor.account.id), turn.now);
        for account in &asked {
            store::changes::ask(&mut turn.tx, record.ticket_id, record.round, account.id).await?;
            self.mail_approver(&mut turn, &record, account).await?;
        }
        store::changes::save(&mut turn.tx, &record).await?;
        let facts = json!({"round": record.round, "asked": keys});
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "change_submitted", facts);
        turn.finish(self).await?;
        Ok(())
    }

    /// The word of one who was asked. The last approval approves, and the window becomes maintenance.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for others; `Conflict` when nothing waits for it, or the window has begun meanwhile; `Invalid`
    /// for a refusal without a reason.
    pub async fn vote_on_change(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        vote: Vote,
        reason: &str,
    ) -> Result<()> {
        let reason = match vote {
            Vote::Refused => required("reason", reason, LONGEST_REASON)?,
            Vote::Approved => crate::desk::written::optional("reason", reason, LONGEST_REASON)?,
        };
        let rules = self.change_rules()?;
        let mut turn = self.record_turn(actor, number, Kind::Change, version, writes).await?;
        let mut record = self.record_of(&mut turn, &rules).await?;
        let mut ballots = store::changes::ballots(&mut turn.tx, record.ticket_id, record.round).await?;
        let Some(mine) = ballots.iter_mut().find(|ballot| ballot.account_id == actor.account.id) else {
            return Err(Error::Denied(Say::new("error-denied")));
        };
        if record.approval != Approval::Asked || mine.decision.is_some() {
            return Err(conflict(&turn, "error-change-not-asked"));
        }
        *mine = Ballot { decision: Some(vote), reason: reason.clone(), decided_at: Some(turn.now), ..mine.clone() };
        store::changes::answer(&mut turn.tx, record.ticket_id, record.round, mine).await?;
        record.approval = verdict(&ballots);
        record.updated_at = turn.now;
        self.settle_window(&mut turn, actor, &mut record).await?;
        store::changes::save(&mut turn.tx, &record).await?;
        let facts = json!({"vote": vote, "reason": reason, "round": record.round, "approval": record.approval,
            "maintenance": record.maintenance});
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "change_voted", facts);
        turn.finish(self).await?;
        Ok(())
    }

    /// Goes on to another phase: the next one, or back to an earlier one. `note` says what was done.
    ///
    /// # Errors
    /// As for the plan; `Conflict` for a phase that is not the next, or needs an approval that is not there.
    pub async fn advance_change(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        to: &str,
        note: &str,
    ) -> Result<()> {
        let note = required("note", note, LONGEST_REASON)?;
        let rules = self.change_rules()?;
        if !rules.phases.iter().any(|phase| phase.code == to) {
            return Err(Error::field("phase", Say::new("field-choose")));
        }
        let mut turn = self.record_turn(actor, number, Kind::Change, version, may_work).await?;
        let mut record = self.record_of(&mut turn, &rules).await?;
        let (from, place) = (rules.place(&record.phase), rules.place(to));
        if place == from || place > from + 1 {
            return Err(conflict(&turn, "error-change-phase"));
        }
        if place >= rules.gate() && place > from && !record.is_cleared() {
            return Err(conflict(&turn, "error-change-not-approved"));
        }
        let facts = json!({"from_phase": record.phase, "to_phase": to, "reason": note});
        to.clone_into(&mut record.phase);
        record.updated_at = turn.now;
        let step = ChangeStep { at: turn.now, phase: to.to_owned(), note, account_id: actor.account.id };
        store::changes::add_step(&mut turn.tx, record.ticket_id, &step).await?;
        store::changes::save(&mut turn.tx, &record).await?;
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "change_phase", facts);
        turn.finish(self).await?;
        Ok(())
    }

    /// Ends a change, and its ticket with it. What was carried out ends in the last phase; what failed or was taken back,
    /// from the approved phase on; what is called off, at any time.
    ///
    /// # Errors
    /// As for the plan; `Conflict` before the phase in which it may end like this.
    pub async fn end_change(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        outcome: ChangeOutcome,
        note: &str,
    ) -> Result<()> {
        let note = required("note", note, LONGEST_TEXT)?;
        let rules = self.change_rules()?;
        let mut turn = self.record_turn(actor, number, Kind::Change, version, may_work).await?;
        let mut record = self.record_of(&mut turn, &rules).await?;
        let place = rules.place(&record.phase);
        let is_time = match outcome {
            ChangeOutcome::Successful => place + 1 == rules.phases.len(),
            ChangeOutcome::RolledBack | ChangeOutcome::Failed => place >= rules.gate(),
            ChangeOutcome::Cancelled => true,
        };
        if !is_time {
            return Err(conflict(&turn, "error-change-not-evaluated"));
        }
        (record.outcome, record.ended_at, record.updated_at) = (Some(outcome), Some(turn.now), turn.now);
        store::changes::save(&mut turn.tx, &record).await?;
        if outcome == ChangeOutcome::Cancelled
            && let Some(code) = &record.maintenance
        {
            self.drop_maintenance(&mut turn.tx, actor, code, &note, turn.now).await?;
        }
        let facts = json!({"outcome": outcome, "reason": note});
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "change_ended", facts);
        let now = turn.now;
        let mut change =
            Change { desk: self, tx: &mut turn.tx, actor, now, working: &mut turn.working, on_page: false };
        change.resolve(&note, None).await?;
        turn.finish(self).await?;
        Ok(())
    }

    /// Announces the window of an approved change as maintenance of its services, once. What is not for everybody's ears
    /// is not announced.
    pub(super) async fn settle_window(
        &self,
        turn: &mut RecordTurn,
        actor: &Actor,
        record: &mut ChangeRecord,
    ) -> Result<()> {
        let ticket = &turn.working.ticket;
        let is_secret = matches!(ticket.classification, Classification::Restricted | Classification::Secret);
        let is_due = record.is_cleared() && record.maintenance.is_none() && !record.services.is_empty();
        let (Some(starts_at), Some(ends_at), true) = (record.starts_at, record.ends_at, is_due && !is_secret) else {
            return Ok(());
        };
        let planned = Planned {
            services: record.services.clone(),
            title: ticket.subject.chars().take(LONGEST_TITLE).collect(),
            message: if record.impact.is_empty() { ticket.subject.clone() } else { record.impact.clone() },
            starts_at: Some(starts_at),
            ends_at: Some(ends_at),
        };
        let version = ticket.version;
        let announced = self.plan_maintenance(&mut turn.tx, actor, &planned, turn.now).await;
        let announced = announced.map_err(|error| match error {
            Error::Invalid(_) => Error::Conflict { say: Say::new("error-change-window"), version: Some(version) },
            other => other,
        })?;
        record.maintenance = Some(announced.code);
        Ok(())
    }

    async fn mail_approver(&self, turn: &mut RecordTurn, record: &ChangeRecord, account: &Account) -> Result<()> {
        let language = Language::Indonesian;
        let number = turn.working.ticket.number.clone();
        let window = record.starts_at.zip(record.ends_at);
        let window = window.map(|(from, to)| format!("{} – {}", self.words(language, from), self.words(language, to)));
        let context = json!({
            "name": account.name,
            "number": number,
            "title": turn.working.ticket.subject,
            "risk": text::word(language, &format!("change-risk-{}", record.risk)),
            "impact": record.impact,
            "window": window,
            "url": format!("{}/kerja/perubahan/{number}", self.public_url),
        });
        let mail = self.composer.write(&Outgoing {
            key: format!("change-ask:{number}:{}:{}", record.round, account.id),
            template: "change_ask",
            language,
            to: &account.email,
            to_name: &account.name,
            context,
            ..Outgoing::automatic(turn.now)
        })?;
        self.post(&mut turn.tx, &mail).await
    }
}

impl ChangeView {
    /// Name of somebody in the record.
    pub fn name(&self, account: i64) -> &str {
        self.people.iter().find(|it| it.id == account).map_or("", |it| &it.name)
    }
}

/// Whoever was named decides, whichever line he is of; a token that only reads does not.
fn writes(actor: &Actor, _: &Ticket) -> bool {
    actor.scope == Scope::Write
}

/// The accounts behind addresses, all of whom can approve.
async fn named(tx: &mut Tx, ticket: &Ticket, approvers: &[String]) -> Result<Vec<Account>> {
    let mut asked: Vec<Account> = Vec::new();
    for email in approvers.iter().map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty()) {
        let unfit = || Error::field("approvers", Say::new("field-approvers-unfit").with("who", &email));
        let account = store::people::by_email(tx, &email).await?.filter(|it| it.active).ok_or_else(unfit)?;
        let grants = store::people::grants(tx, account.id).await?;
        let can = can_approve(&grants, &ticket.agency);
        let candidate =
            Actor { account: account.clone(), grants, scope: Scope::Write, only_agency: None, via: Channel::Web };
        if !can || !may(&candidate, Action::ViewInternal, ticket) {
            return Err(unfit());
        }
        if !asked.iter().any(|it| it.id == account.id) {
            asked.push(account);
        }
    }
    if asked.is_empty() { Err(Error::field("approvers", Say::new("field-approvers-none"))) } else { Ok(asked) }
}

fn conflict(turn: &RecordTurn, key: &'static str) -> Error {
    Error::Conflict { say: Say::new(key), version: Some(turn.working.ticket.version) }
}
