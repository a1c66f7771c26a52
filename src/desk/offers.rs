//! What makes sense on a ticket now, for whom, and what would follow: what the pages ask before they offer a form.

use crate::desk::Desk;
use crate::desk::views::TicketView;
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::{Account, Action, Actor, Role, Scope, may, visibility};
use crate::domain::service::Service;
use crate::domain::ticket::{Channel, Kind, Priority, Ticket, Verb};
use crate::error::{Error, Result};
use crate::store;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Somebody who could work on a ticket, and how much he has to do.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Who.
    pub account: Account,
    /// Open tickets in his name.
    pub open: i64,
    /// Stands on the first line of the ticket's agency.
    pub of_agency: bool,
}

impl Desk {
    /// May `actor` do this to the ticket now, and is it of use?
    pub fn offers(&self, actor: &Actor, ticket: &Ticket, service: Option<&Service>, verb: Verb) -> bool {
        let pack = self.pack();
        let useful = match verb {
            Verb::Return => ticket.tier == 2 && !ticket.returned && !pack.escalation.compulsory,
            Verb::Escalate => ticket.tier == 1,
            Verb::RequestInfo => !self.never_pauses(ticket, service),
            Verb::WaitVendor => pack.lifecycle.pause_vendor && !self.never_pauses(ticket, service),
            Verb::Consult => !pack.escalation.level3.is_empty(),
            _ => true,
        };
        useful && ticket.status.allows(verb) && may(actor, Action::Do(verb), ticket)
    }

    /// The clock of this ticket may never stand still: the highest priority of a critical service, unless the pack
    /// says otherwise.
    pub fn never_pauses(&self, ticket: &Ticket, service: Option<&Service>) -> bool {
        let critical = service.is_some_and(|service| service.critical && service.profile == ticket.profile);
        critical && ticket.priority == Priority::P1 && !self.pack().lifecycle.pause_p1_critical
    }

    /// When silence would close the ticket, if the reporter were asked now. UTC.
    pub fn silence_closes(&self, ticket: &Ticket) -> Option<DateTime<Utc>> {
        let pack = self.rules.of(ticket);
        let days = pack.lifecycle.pending_close_days;
        pack.lifecycle_calendar().and_then(|calendar| calendar.end_of_working_day(self.now(), days).ok())
    }

    /// When the ticket would close by itself, if it were solved now. UTC.
    pub fn solution_closes(&self, ticket: &Ticket) -> Option<DateTime<Utc>> {
        let pack = self.rules.of(ticket);
        let rules = &pack.lifecycle;
        let days = if ticket.kind == Kind::Complaint { rules.complaint_auto_close_days } else { rules.auto_close_days };
        pack.lifecycle_calendar().and_then(|calendar| calendar.end_of_working_day(self.now(), days).ok())
    }

    /// Active people who may work on a ticket as it is held now, those with least to do first.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for those who may not read what is internal.
    pub async fn workers_for(&self, actor: &Actor, number: &str) -> Result<Vec<Worker>> {
        let mut tx = self.db.read().await?;
        let ticket = self.internal(&mut tx, actor, number).await?;
        let burdens = store::queues::burdens(&mut tx).await?;
        let mut workers: Vec<Worker> = Vec::new();
        for (role, place) in
            [Role::Tier1Agent, Role::Tier2Unit].iter().flat_map(|role| [(role, ""), (role, &ticket.agency)])
        {
            for account in store::people::holders(&mut tx, *role, place).await? {
                if workers.iter().any(|worker| worker.account.id == account.id) {
                    continue;
                }
                let grants = store::people::grants(&mut tx, account.id).await?;
                let candidate = Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web };
                if may(&candidate, Action::Do(Verb::Resolve), &ticket) {
                    let open = burdens.iter().find(|(id, _)| *id == candidate.account.id).map_or(0, |burden| burden.1);
                    let of_agency = candidate.grants.iter().any(|grant| {
                        grant.role == Role::Tier1Agent && grant.agency.as_deref() == Some(ticket.agency.as_str())
                    });
                    workers.push(Worker { account: candidate.account, open, of_agency });
                }
            }
        }
        workers.sort_by_key(|worker| (worker.open, worker.account.name.clone()));
        Ok(workers)
    }

    /// Who asked for the last hand-over of a ticket, when and why; `None` when it was never handed over.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for those who may not read what is internal.
    pub async fn last_hand_over(&self, actor: &Actor, number: &str) -> Result<Option<Event>> {
        let mut tx = self.db.read().await?;
        let ticket = self.internal(&mut tx, actor, number).await?;
        let events = store::events::of_stream(&mut tx, &ticket.number, 0, i64::MAX).await?;
        Ok(events.into_iter().rfind(|event| event.kind == "escalated"))
    }

    /// Who holds a ticket that was the actor's agency's before it went to another one; `None` for every other ticket.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn moved_on(&self, actor: &Actor, number: &str) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let Some(ticket) = store::tickets::by_number(&mut tx, number).await? else { return Ok(None) };
        let own = visibility(actor).agencies;
        let events = store::events::of_stream(&mut tx, &ticket.number, 0, i64::MAX).await?;
        let moves = events.iter().filter(|event| event.kind == "reclassified");
        let was_ours = moves.filter_map(|event| serde_json::from_str::<Value>(&event.payload).ok()).any(|facts| {
            let from = facts["from"]["agency"].as_str().unwrap_or_default();
            facts["to"]["agency"] != from && own.iter().any(|code| code == from)
        });
        if !was_ours {
            return Ok(None);
        }
        let agencies = store::services::agencies(&mut tx).await?;
        Ok(agencies.into_iter().find(|agency| agency.code == ticket.agency).map(|agency| agency.name))
    }

    /// The code with which the reporter follows a ticket, for whoever has just entered it in the reporter's place.
    ///
    /// # Errors
    /// `NotFound`, also for tickets somebody else has entered.
    pub async fn code_for_caller(&self, actor: &Actor, number: &str) -> Result<(TicketView, String)> {
        let mut tx = self.db.read().await?;
        // It may have gone to an agency whose tickets the actor does not see.
        let ticket = store::tickets::by_number(&mut tx, number).await?.ok_or(Error::NotFound("ticket"))?;
        let first = store::events::of_stream(&mut tx, &ticket.number, 0, 1).await?;
        let label = ActorLabel::user(actor.account.id);
        let is_own = first.first().is_some_and(|event| event.actor == label);
        let fresh = self.now() - ticket.opened_at <= chrono::Duration::hours(12);
        let code = self.secret.tracking_code(&ticket.number);
        if !(is_own && fresh) {
            return Err(Error::NotFound("ticket"));
        }
        Ok((self.view(&mut tx, ticket).await?, code))
    }
}
