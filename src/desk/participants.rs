//! Who else takes part in a ticket: people in the copies of its mails, let in by hand and never by themselves.
//!
//! An address in `Cc` proves nothing and asks for nothing; whoever takes part reads every answer. So the page offers
//! it, and somebody who may answer decides.

use crate::desk::catalogue::denied;
use crate::desk::views::TicketPage;
use crate::desk::working::Working;
use crate::desk::{Desk, merged_in};
use crate::domain::event::ActorLabel;
use crate::domain::message::masked;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::store::mail_origins::MailOrigin;
use crate::store::{self, Tx};
use serde_json::json;

/// Most addresses that are offered.
const MOST: usize = 20;

/// Who else takes part in a ticket, and who might.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Others {
    /// Addresses that were let in; neither the reporter's nor those of reporters whose tickets went on in this one.
    pub partaking: Vec<Person>,
    /// Addresses in the copies of its mails that take no part and may be let in.
    pub offered: Vec<Person>,
}

/// Somebody beside the reporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Lower case.
    pub email: String,
    /// It is of the region's own domain.
    pub official: bool,
}

impl Desk {
    /// Who else takes part in a ticket, for those who read its notes and may learn who reported.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for those who do not.
    pub async fn others(&self, actor: &Actor, number: &str) -> Result<Others> {
        let page = self.ticket_page(actor, number).await?;
        if !may(actor, Action::ViewInternal, &page.view.ticket) {
            return Err(denied());
        }
        self.others_on(&page).await
    }

    /// As [`Desk::others`], for a page that was read for whoever looks; nobody when he may not know.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn others_on(&self, page: &TicketPage) -> Result<Others> {
        if page.veiled {
            return Ok(Others::default());
        }
        self.others_in(&mut self.db.read().await?, &page.view.ticket, &page.origins).await
    }

    async fn others_in(&self, tx: &mut Tx, ticket: &Ticket, origins: &[MailOrigin]) -> Result<Others> {
        let all = store::relations::participants(tx, ticket.id).await?;
        // A region without a domain of its own calls everybody official; here that would say too much.
        let has_domain = self.pack().email.domain.is_some();
        let person = |email: &str| Person { email: email.to_owned(), official: has_domain && self.is_official(email) };
        let mut partaking = Vec::new();
        for email in &all {
            if merged_in::own(tx, ticket, email).await?.is_none() {
                partaking.push(person(email));
            }
        }
        let desks = store::services::agencies(tx).await?;
        // What a stranger's mail names is not offered: only those who take part bring others.
        let known = origins.iter().filter(|origin| all.contains(&origin.from_email));
        let mut offered: Vec<Person> = Vec::new();
        for email in known.flat_map(|origin| origin.copies.split_whitespace()) {
            let is_ours =
                self.is_own_address(email) || desks.iter().any(|agency| agency.email.as_deref() == Some(email));
            let is_there = all.iter().any(|known| known == email) || offered.iter().any(|known| known.email == email);
            if !is_ours && !is_there && email.parse::<lettre::Address>().is_ok() && offered.len() < MOST {
                offered.push(person(email));
            }
        }
        Ok(Others { partaking, offered })
    }

    /// Lets somebody in the copies of a ticket's mails take part, once and for this ticket.
    ///
    /// # Errors
    /// `NotFound` for an address that is not offered; `Denied` for those who may not answer; `Conflict` when the ticket
    /// is over.
    pub async fn let_take_part(&self, actor: &Actor, number: &str, email: &str) -> Result<()> {
        self.change_part(actor, number, email, true).await
    }

    /// Takes somebody out again who was let in.
    ///
    /// # Errors
    /// As [`Desk::let_take_part`]; `NotFound` for an address that was not let in.
    pub async fn end_part(&self, actor: &Actor, number: &str, email: &str) -> Result<()> {
        self.change_part(actor, number, email, false).await
    }

    async fn change_part(&self, actor: &Actor, number: &str, email: &str, lets_in: bool) -> Result<()> {
        let (email, now) = (email.trim().to_lowercase(), self.now());
        let mut tx = self.db.write().await?;
        let ticket = self.internal(&mut tx, actor, number).await?;
        if !may(actor, Action::Do(Verb::Reply), &ticket) {
            return Err(denied());
        }
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let ticket = store::tickets::by_id(&mut tx, ticket.id).await?.ok_or(Error::NotFound("ticket"))?;
        if !ticket.status.allows(Verb::Reply) {
            let say = Say::new("error-state").with("status", ticket.status.as_str());
            return Err(Error::Conflict { say, version: Some(ticket.version) });
        }
        let origins = store::mail_origins::origins_of(&mut tx, ticket.id).await?;
        let others = self.others_in(&mut tx, &ticket, &origins).await?;
        if lets_in && others.partaking.iter().any(|person| person.email == email) {
            // Asked for twice: it is so.
            return Ok(());
        }
        let kind = if lets_in {
            others.offered.iter().find(|person| person.email == email).ok_or(Error::NotFound("address"))?;
            store::relations::add_participant(&mut tx, ticket.id, &email).await?;
            "participant_added"
        } else {
            let is_there = others.partaking.iter().any(|person| person.email == email);
            if !is_there || !store::relations::remove_participant(&mut tx, ticket.id, &email).await? {
                return Err(Error::NotFound("address"));
            }
            "participant_removed"
        };
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        // Whoever reads along need not learn the address of somebody who only takes part.
        working.event(now, ActorLabel::user(actor.account.id), kind, json!({"to": masked(&email)}));
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await
    }
}
