//! Changes: planned, approved by named persons, carried out phase by phase, looked at afterwards.
//!
//! A change is a ticket of that kind: one number, one life, one chain. This file keeps the part of its own that it has;
//! `change_acts` lets it go on.

use crate::desk::problems::of_fields;
use crate::desk::record_turn::{NewRecord, Opened, RecordTurn, may_work};
use crate::desk::views::TicketView;
use crate::desk::written::{LONGEST_REASON, LONGEST_TEXT, optional};
use crate::desk::{Desk, once};
use crate::domain::change::{Approval, Ballot, ChangeRecord, ChangeRisk, ChangeStep, sees_records};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Account, Action, Actor, may};
use crate::domain::ticket::Kind;
use crate::error::{Error, FieldError, Result, Say};
use crate::policy::changes::Changes;
use crate::store::tickets::{After, Filter, Sort};
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

/// Longest window.
const LONGEST: Duration = Duration::days(14);
/// Changes shown that wait for somebody.
const WAITING: i64 = 50;

/// What the record of a change shall say.
#[derive(Debug, Clone, Hash)]
pub struct WantedChange {
    /// What may go wrong.
    pub risk: ChangeRisk,
    /// Who notices what; the public reads it when the window becomes maintenance.
    pub impact: String,
    /// What is done.
    pub plan: String,
    /// How it is taken back.
    pub rollback: String,
    /// Codes of the services it touches.
    pub services: Vec<String>,
    /// The planned window. UTC.
    pub starts_at: Option<DateTime<Utc>>,
    /// Its end. UTC.
    pub ends_at: Option<DateTime<Utc>>,
}

/// A change with its record.
#[derive(Debug, Clone)]
pub struct ChangeView {
    /// The ticket.
    pub view: TicketView,
    /// Its record.
    pub record: ChangeRecord,
    /// Who was asked in the last round, and what they said.
    pub ballots: Vec<Ballot>,
    /// What was done, in order.
    pub steps: Vec<ChangeStep>,
    /// Everybody named in the record.
    pub people: Vec<Account>,
    /// The reader may write the record and let it go on.
    pub may_change: bool,
    /// The reader was asked and has not answered.
    pub may_vote: bool,
}

impl Desk {
    /// How changes are managed here.
    ///
    /// # Errors
    /// `Conflict` where the pack says nothing of it.
    pub fn change_rules(&self) -> Result<Changes> {
        self.pack().changes.clone().ok_or_else(|| Error::conflict(Say::new("error-change-rules")))
    }

    /// A change with everything known of it.
    ///
    /// # Errors
    /// `NotFound` also for tickets of another kind, and those whose inside the actor may not see.
    pub async fn change(&self, actor: &Actor, number: &str) -> Result<ChangeView> {
        let rules = self.change_rules()?;
        let mut tx = self.db.read().await?;
        let ticket = self.seen_record(&mut tx, actor, number, Kind::Change).await?;
        let record = store::changes::of_ticket(&mut tx, ticket.id).await?;
        let record = record.unwrap_or_else(|| ChangeRecord::blank(ticket.id, rules.code(0), ticket.updated_at));
        let ballots = store::changes::ballots(&mut tx, ticket.id, record.round).await?;
        let steps = store::changes::steps(&mut tx, ticket.id).await?;
        let named = ballots.iter().map(|it| it.account_id).chain(steps.iter().map(|it| it.account_id));
        let named: Vec<i64> = named.chain(record.asked_by).collect();
        let people = store::people::by_ids(&mut tx, &named).await?;
        let is_open = !ticket.status.is_finished();
        let waits = |it: &Ballot| it.account_id == actor.account.id && it.decision.is_none();
        Ok(ChangeView {
            may_change: is_open && may_work(actor, &ticket),
            may_vote: is_open && record.approval == Approval::Asked && ballots.iter().any(waits),
            view: self.view_for(&mut tx, actor, ticket).await?,
            record,
            ballots,
            steps,
            people,
        })
    }

    /// Changes the actor may see, the newest first, and where the list goes on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changes(
        &self,
        actor: &Actor,
        mut filter: Filter,
        after: Option<After>,
        limit: i64,
    ) -> Result<(Vec<(TicketView, ChangeRecord)>, Option<After>)> {
        let rules = self.change_rules()?;
        filter.kind = Some(Kind::Change.to_string());
        let page = self.tickets(actor, &filter, Sort::Newest, after, limit).await?;
        let mut tx = self.db.read().await?;
        let mut lines = Vec::new();
        for view in page.items.into_iter().filter(|it| may(actor, Action::ViewInternal, &it.ticket)) {
            let record = store::changes::of_ticket(&mut tx, view.ticket.id).await?;
            let blank = || ChangeRecord::blank(view.ticket.id, rules.code(0), view.ticket.updated_at);
            let record = record.unwrap_or_else(blank);
            lines.push((view, record));
        }
        Ok((lines, page.next))
    }

    /// Changes that wait for the actor's word: number and subject, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changes_to_approve(&self, actor: &Actor) -> Result<Vec<(String, String)>> {
        if !sees_records(actor) {
            return Ok(Vec::new());
        }
        let found = store::changes::waiting_for(&mut self.db.glance().await?, actor.account.id, WAITING).await?;
        let seen = found.into_iter().filter(|ticket| may(actor, Action::ViewInternal, ticket));
        Ok(seen.map(|ticket| (ticket.number, ticket.subject)).collect())
    }

    /// Opens a change with its plan, or as a standard change of the pack. `key` makes a repeated request harmless.
    ///
    /// # Errors
    /// `Denied` for those who do not work on tickets of the agency; `Invalid` with every bad field. Nothing is changed then.
    pub async fn open_change(
        &self,
        actor: &Actor,
        new: &NewRecord,
        template: Option<&str>,
        wanted: &WantedChange,
        key: Option<&str>,
    ) -> Result<String> {
        let rules = self.change_rules()?;
        if template.is_some_and(|code| !rules.standard.contains_key(code)) {
            return Err(Error::field("template", Say::new("field-choose")));
        }
        let request = once::fingerprint(&("change", new, template, wanted));
        let mut turn = match self.open_record(actor, Kind::Change, new, key, &request).await? {
            Opened::Before(number) => return Ok(number),
            Opened::New(turn) => turn,
        };
        let mut record = ChangeRecord::blank(turn.working.ticket.id, rules.code(0), turn.now);
        record.template = template.map(str::to_owned);
        self.write_plan(&mut turn, actor, &mut record, wanted, &rules).await?;
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "change_planned", json!(record));
        once::answer(&mut turn.tx, actor, key, &turn.working.ticket.number).await?;
        Ok(turn.finish(self).await?.number)
    }

    /// Writes the plan of a change. One that was approved must be approved again, and its maintenance is called off.
    /// `version` is that of its ticket, as the caller has seen it.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when the ticket changed meanwhile or is over; `Invalid` with every bad field.
    pub async fn save_change(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        wanted: &WantedChange,
    ) -> Result<()> {
        let rules = self.change_rules()?;
        let mut turn = self.record_turn(actor, number, Kind::Change, version, may_work).await?;
        let mut record = self.record_of(&mut turn, &rules).await?;
        self.write_plan(&mut turn, actor, &mut record, wanted, &rules).await?;
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "change_planned", json!(record));
        turn.finish(self).await?;
        Ok(())
    }

    /// The record as it stands, or a blank one.
    pub(super) async fn record_of(&self, turn: &mut RecordTurn, rules: &Changes) -> Result<ChangeRecord> {
        let id = turn.working.ticket.id;
        let found = store::changes::of_ticket(&mut turn.tx, id).await?;
        Ok(found.unwrap_or_else(|| ChangeRecord::blank(id, rules.code(0), turn.now)))
    }

    async fn write_plan(
        &self,
        turn: &mut RecordTurn,
        actor: &Actor,
        record: &mut ChangeRecord,
        wanted: &WantedChange,
        rules: &Changes,
    ) -> Result<()> {
        let before = record.clone();
        fill(&mut turn.tx, record, wanted).await?;
        let standard = record.template.as_ref().and_then(|code| rules.standard.get(code));
        let is_as_before =
            (&before.plan, &before.rollback, &before.services, before.risk, before.starts_at, before.ends_at)
                == (&record.plan, &record.rollback, &record.services, record.risk, record.starts_at, record.ends_at);
        // A standard change that has grown more dangerous than its pattern is none any more.
        if standard.is_some_and(|standard| record.risk <= standard.risk) {
            record.approval = Approval::Standard;
        } else if !is_as_before || record.approval == Approval::Standard {
            record.approval = Approval::None;
        }
        if !is_as_before && let Some(code) = record.maintenance.take() {
            let reason = crate::text::word(crate::domain::ticket::Language::Indonesian, "change-moved");
            self.drop_maintenance(&mut turn.tx, actor, &code, &reason, turn.now).await?;
        }
        if record.approval == Approval::Standard && !record.services.is_empty() && record.starts_at.is_some() {
            self.speaks_for(&mut turn.tx, actor, &record.services).await?;
        }
        self.settle_window(turn, actor, record).await?;
        record.updated_at = turn.now;
        store::changes::save(&mut turn.tx, record).await
    }
}

/// Writes what is wanted into the record, when all of it is sound.
async fn fill(tx: &mut Tx, record: &mut ChangeRecord, wanted: &WantedChange) -> Result<()> {
    let mut problems = Vec::new();
    let mut text = |field: &'static str, text: &str, longest| match optional(field, text, longest) {
        Ok(text) => text,
        Err(error) => {
            problems.extend(of_fields(error));
            String::new()
        }
    };
    record.impact = text("impact", &wanted.impact, LONGEST_REASON);
    record.plan = text("plan", &wanted.plan, LONGEST_TEXT);
    record.rollback = text("rollback", &wanted.rollback, LONGEST_TEXT);
    let mut bad = |field: &'static str, key: &'static str| problems.push(FieldError { field, say: Say::new(key) });
    match (wanted.starts_at, wanted.ends_at) {
        (None, None) => {}
        (Some(from), Some(to)) if from < to && to - from <= LONGEST => {}
        (None, Some(_)) => bad("starts_at", "field-maintenance-start"),
        _ => bad("ends_at", "field-maintenance-end"),
    }
    for code in &wanted.services {
        if store::services::service(tx, code).await?.is_none() {
            bad("services", "field-unknown-service");
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    record.risk = wanted.risk;
    record.services.clone_from(&wanted.services);
    (record.starts_at, record.ends_at) = (wanted.starts_at, wanted.ends_at);
    Ok(())
}
