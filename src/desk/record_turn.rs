//! Tickets of the kinds problem and change while the part of their own that they have is changed, and how they are opened.

use crate::desk::intake::Report;
use crate::desk::once::Repeat;
use crate::desk::working::Working;
use crate::desk::{Desk, once};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Action, Actor, Scope, may, may_report_for_others};
use crate::domain::ticket::{Channel, Kind, Language, Ticket};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};

/// A ticket while its record is changed.
pub(super) struct RecordTurn {
    pub tx: Tx,
    pub working: Working,
    pub now: DateTime<Utc>,
}

/// A ticket that is opened with a record, or was by the same request.
pub(super) enum Opened {
    Before(String),
    New(Box<RecordTurn>),
}

/// What every record is opened with.
#[derive(Debug, Clone, Hash, Default)]
pub struct NewRecord {
    /// One line.
    pub subject: String,
    /// In full.
    pub description: String,
    /// Code of the agency that should work on it; that of the service when it is left out.
    pub agency: Option<String>,
    /// Code of the service concerned.
    pub service: Option<String>,
}

impl Desk {
    /// A ticket of `kind` whose inside the actor may see.
    pub(super) async fn seen_record(&self, tx: &mut Tx, actor: &Actor, number: &str, kind: Kind) -> Result<Ticket> {
        let ticket = store::tickets::by_number(tx, number).await?;
        let ticket = ticket.filter(|it| it.kind == kind && may(actor, Action::ViewInternal, it));
        ticket.ok_or(Error::NotFound(kind.as_str()))
    }

    /// The ticket, ours to change. `allowed` says who may.
    pub(super) async fn record_turn(
        &self,
        actor: &Actor,
        number: &str,
        kind: Kind,
        version: Option<i64>,
        allowed: fn(&Actor, &Ticket) -> bool,
    ) -> Result<RecordTurn> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = self.seen_record(&mut tx, actor, number, kind).await?;
        if !allowed(actor, &ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let ticket = store::tickets::by_id(&mut tx, ticket.id).await?.ok_or(Error::NotFound("ticket"))?;
        if version.is_some_and(|seen| seen != ticket.version) {
            return Err(Error::Conflict { say: Say::new("error-stale"), version: Some(ticket.version) });
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        if working.ticket.status.is_finished() {
            let say = Say::new("error-state").with("status", working.ticket.status);
            return Err(Error::Conflict { say, version: Some(working.ticket.version) });
        }
        Ok(RecordTurn { tx, working, now })
    }

    /// Opens a ticket of `kind` in the actor's own name; its record is still to be written and all of it to be saved.
    /// `request` is the fingerprint of what was asked for.
    pub(super) async fn open_record(
        &self,
        actor: &Actor,
        kind: Kind,
        new: &NewRecord,
        key: Option<&str>,
        request: &str,
    ) -> Result<Opened> {
        if actor.scope == Scope::Read || !may_report_for_others(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let now = self.now();
        let mut judged = self.judge(&mut self.db.glance().await?, report(actor, kind, new), now).await?;
        judged.hush(None);
        let mut tx = self.db.write().await?;
        if let Repeat::Answered(number) = once::take(&mut tx, actor, key, request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(Opened::Before(number));
        }
        let ticket = self.open_in(&mut tx, judged, ActorLabel::user(actor.account.id), now, None).await?;
        if !may_work(actor, &ticket) {
            return Err(Error::Denied(Say::new("error-record-agency")));
        }
        let working = Working::load(&mut tx, ticket).await?;
        Ok(Opened::New(Box::new(RecordTurn { tx, working, now })))
    }
}

impl RecordTurn {
    /// Saves the ticket with what was noted, and commits. Gives the ticket.
    pub(super) async fn finish(mut self, desk: &Desk) -> Result<Ticket> {
        self.working.save(&mut self.tx, &desk.rules, self.now).await?;
        self.tx.commit().await?;
        desk.wake();
        Ok(self.working.ticket)
    }
}

/// May the actor write the record of this ticket? Whoever may solve it.
pub fn may_work(actor: &Actor, ticket: &Ticket) -> bool {
    may(actor, Action::Do(crate::domain::ticket::Verb::Resolve), ticket)
}

fn report(actor: &Actor, kind: Kind, new: &NewRecord) -> Report {
    Report {
        subject: new.subject.clone(),
        description: new.description.clone(),
        kind: Some(kind),
        agency: new.agency.clone().filter(|code| !code.is_empty()),
        service: new.service.clone().filter(|code| !code.is_empty()),
        impact: None,
        urgency: None,
        outage: None,
        workaround: false,
        request_type: None,
        name: actor.account.name.clone(),
        email: actor.account.email.clone(),
        nip: None,
        phone: None,
        channel: if actor.via == Channel::Api { Channel::Api } else { Channel::Web },
        language: Language::Indonesian,
    }
}
