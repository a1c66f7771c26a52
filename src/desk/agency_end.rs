//! How an agency ends: what it owns goes to its successor in the same transaction, or it stays.

use crate::desk::Desk;
use crate::desk::agencies::{changes, find};
use crate::desk::case_heirs::open_cases;
use crate::desk::classify::classification;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, required};
use crate::domain::agency::{AgencyEntry, heir};
use crate::domain::event::ActorLabel;
use crate::domain::people::Actor;
use crate::domain::service::Service;
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use serde_json::json;

/// Most open tickets that change hands in one transaction.
const MOST_MOVED: usize = 2_000;

/// What stands in the way of an agency's end without a successor.
#[derive(Debug, Clone, Default)]
pub struct Belongings {
    /// Services it offers.
    pub services: Vec<Service>,
    /// Numbers of its open tickets, oldest first, the first few.
    pub tickets: Vec<String>,
    /// How many open tickets it has.
    pub open: usize,
    /// Agencies that are a part of it.
    pub parts: Vec<String>,
    /// Open cases of the warning procedure against it.
    pub cases: usize,
    /// It is the ICT office, which never ends.
    pub is_ict_office: bool,
}

impl Belongings {
    /// Nothing stands in the way.
    pub const fn is_empty(&self) -> bool {
        self.services.is_empty() && self.open == 0 && self.parts.is_empty() && self.cases == 0 && !self.is_ict_office
    }
}

impl Desk {
    /// What an agency owns.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn belongings(&self, code: &str) -> Result<Belongings> {
        self.owned(&mut self.db.read().await?, code).await
    }

    /// Ends an agency. With a successor its services, open tickets and parts go there; without one it must own nothing.
    /// Gives how many tickets have moved. `version` is the one the caller has seen.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid` for a bad successor or no reason; `Conflict` when the version is old, when it has
    /// ended already, is the ICT office, owns something, or too much for one transaction.
    pub async fn end_agency(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        successor: &str,
        reason: &str,
    ) -> Result<usize> {
        let (mut tx, before) = self.agency_turn(actor, code, version).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        if !before.agency.active {
            return Err(Error::conflict(Say::new("error-agency-ended")));
        }
        let owned = self.owned(&mut tx, code).await?;
        let mut entry = before.clone();
        let mut moved = 0;
        match successor.trim() {
            "" => refuse(&owned)?,
            to => {
                let all = store::agencies::entries(&mut tx).await?;
                if to == code || heir(&all, to) != Some(to) {
                    return Err(Error::field("successor", Say::new("field-agency-successor")));
                }
                if owned.is_ict_office || owned.open > MOST_MOVED {
                    refuse(&owned)?;
                }
                moved = self.hand_on(&mut tx, actor, &before, to, &reason, &owned).await?;
                entry.successor = Some(to.to_owned());
            }
        }
        entry.agency.active = false;
        entry.retired_at = Some(self.now());
        entry.version += 1;
        let services: Vec<&str> = owned.services.iter().map(|service| service.code.as_str()).collect();
        let facts = json!({"reason": reason, "successor": entry.successor, "services": services, "tickets": moved,
            "parts": owned.parts});
        self.keep_agency(&mut tx, actor, &entry, "agency_ended", facts).await?;
        tx.commit().await?;
        self.wake();
        Ok(moved)
    }

    /// Lets an agency that has ended exist again. What has gone to its successor stays there.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Conflict` when the version is old.
    pub async fn restore_agency(&self, actor: &Actor, code: &str, version: Option<i64>) -> Result<()> {
        let (mut tx, before) = self.agency_turn(actor, code, version).await?;
        if before.agency.active {
            return Ok(());
        }
        let mut entry = before.clone();
        entry.agency.active = true;
        (entry.retired_at, entry.successor) = (None, None);
        entry.version += 1;
        self.keep_agency(&mut tx, actor, &entry, "agency_restored", changes(&before, &entry)).await?;
        tx.commit().await
    }

    /// Whoever answers today for an agency that has ended; `None` when nobody took over.
    pub(super) async fn heir_of(&self, tx: &mut Tx, code: &str) -> Result<Option<String>> {
        let all = store::agencies::entries(tx).await?;
        Ok(heir(&all, code).map(str::to_owned))
    }

    /// Refuses an end that would leave something without an owner.
    pub(super) async fn refuse_needed(&self, tx: &mut Tx, code: &str) -> Result<()> {
        refuse(&self.owned(tx, code).await?)
    }

    async fn owned(&self, tx: &mut Tx, code: &str) -> Result<Belongings> {
        let most = i64::try_from(MOST_MOVED + 1).unwrap_or(i64::MAX);
        let open = store::agencies::open_tickets(tx, code, most).await?;
        let mut tickets = Vec::new();
        for id in open.iter().take(20) {
            tickets.extend(store::tickets::by_id(tx, *id).await?.map(|ticket| ticket.number));
        }
        let services = store::services::services(tx).await?.into_iter();
        let parts = store::agencies::entries(tx).await?.into_iter();
        let ict = store::settings::get(tx, "ict_agency").await?;
        Ok(Belongings {
            services: services.filter(|service| service.active && service.agency == code).collect(),
            tickets,
            open: open.len(),
            parts: parts
                .filter(|entry| entry.agency.active && entry.parent.as_deref() == Some(code))
                .map(|entry| entry.agency.code)
                .collect(),
            cases: open_cases(tx, code).await?.len(),
            is_ict_office: ict.as_deref() == Some(code),
        })
    }

    /// Gives everything an agency owns to `to`.
    async fn hand_on(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        from: &AgencyEntry,
        to: &str,
        reason: &str,
        owned: &Belongings,
    ) -> Result<usize> {
        let code = &from.agency.code;
        for service in &owned.services {
            let Some(mut entry) = store::catalogue::entry(tx, &service.code).await? else { continue };
            to.clone_into(&mut entry.service.agency);
            let facts = json!({"changes": {"agency": {"from": code, "to": to}}, "reason": reason});
            self.save_service(tx, actor, &mut entry, "service_described", facts).await?;
        }
        for part in &owned.parts {
            let before = find(tx, part).await?;
            let after = AgencyEntry { parent: Some(to.to_owned()), version: before.version + 1, ..before.clone() };
            self.keep_agency(tx, actor, &after, "agency_changed", changes(&before, &after)).await?;
        }
        let open = store::agencies::open_tickets(tx, code, i64::MAX).await?;
        for id in &open {
            self.hand_ticket_on(tx, actor, *id, to, reason).await?;
        }
        self.hand_cases_on(tx, actor, code, to, reason).await?;
        Ok(open.len())
    }

    async fn hand_ticket_on(&self, tx: &mut Tx, actor: &Actor, id: i64, to: &str, reason: &str) -> Result<()> {
        store::dialect::lock_ticket(tx, id).await?;
        let ticket = store::tickets::by_id(tx, id).await?.ok_or(Error::NotFound("ticket"))?;
        let mut working = Working::load(tx, ticket).await?;
        let before = classification(&working.ticket);
        to.clone_into(&mut working.ticket.agency);
        // Whoever worked on it for the old agency has no right on the new one's tickets.
        working.ticket.assignee = None;
        let facts = json!({"from": before, "to": classification(&working.ticket), "reason": reason});
        working.event(self.now(), ActorLabel::user(actor.account.id), "reclassified", facts);
        working.save(tx, &self.rules, self.now()).await
    }
}

fn refuse(owned: &Belongings) -> Result<()> {
    if owned.is_ict_office {
        return Err(Error::conflict(Say::new("error-agency-ict")));
    }
    if owned.open > MOST_MOVED {
        return Err(Error::conflict(Say::new("error-agency-too-much").with("most", MOST_MOVED)));
    }
    if owned.is_empty() {
        return Ok(());
    }
    let say = Say::new("error-agency-owns")
        .with("services", owned.services.len())
        .with("tickets", owned.open)
        .with("parts", owned.parts.len())
        .with("cases", owned.cases);
    Err(Error::conflict(say))
}
