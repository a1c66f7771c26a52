//! What people and machines read of the warning procedure; nothing here changes anything.

use crate::desk::Desk;
use crate::desk::case_acts::seen;
use crate::desk::case_rules::Rung;
use crate::desk::cases::STREAM;
use crate::domain::event::Event;
use crate::domain::letter::{Letter, LetterAct};
use crate::domain::people::{Actor, visibility};
use crate::domain::ticket::Ticket;
use crate::domain::warning::{Case, CaseVerb, OrderState, Suspension, is_seen, may};
use crate::error::{Error, Result};
use crate::store::cases::{Before, CaseFilter, Evidence};
use crate::store::letters::LetterFilter;
use crate::store::{self, Tx};
use std::collections::BTreeMap;

/// Most facts of one case that are shown at once.
const EVENTS: i64 = 500;
/// Most letters of one case that are shown.
const LETTERS: i64 = 50;

/// A page of cases and where it goes on.
#[derive(Debug, Clone)]
pub struct CaseList {
    /// The cases.
    pub items: Vec<Case>,
    /// Place after the last, when there are more.
    pub next: Option<Before>,
}

/// A ticket of a case: what it was when it joined, and how it went on.
#[derive(Debug, Clone)]
pub struct Proof {
    /// As it joined.
    pub evidence: Evidence,
    /// Its row now.
    pub ticket: Ticket,
    /// By how many counted seconds its target was missed, until it was solved or until now.
    pub over_seconds: i64,
}

/// Everything on the page of a case.
#[derive(Debug, Clone)]
pub struct CasePage {
    /// The case.
    pub case: Case,
    /// Its tickets.
    pub proofs: Vec<Proof>,
    /// Letters that can be written, in order.
    pub ladder: Vec<Rung>,
    /// Its letters as far as the reader may see them, the newest first.
    pub letters: Vec<Letter>,
    /// Orders to close.
    pub orders: Vec<Suspension>,
    /// What the reader may do now.
    pub verbs: Vec<CaseVerb>,
    /// Its history.
    pub events: Vec<Event>,
    /// Names of the people in it, by the keys of their accounts.
    pub people: BTreeMap<i64, String>,
}

/// What the public learns of a closed service.
#[derive(Debug, Clone)]
pub struct PublicClosure {
    /// The order.
    pub suspension: Suspension,
    /// Name of the service.
    pub service: String,
    /// Name of the agency that repairs.
    pub agency: String,
    /// Addresses that are closed.
    pub endpoints: Vec<String>,
}

impl Desk {
    /// Cases the actor may see, the newest first.
    ///
    /// # Errors
    /// `NotFound` in a region without a procedure.
    pub async fn warning_cases(
        &self,
        actor: &Actor,
        filter: &CaseFilter,
        before: Option<Before>,
        limit: i64,
    ) -> Result<CaseList> {
        self.procedure()?;
        let mut tx = self.db.read().await?;
        let mut items = store::cases::list(&mut tx, &visibility(actor), filter, before, limit + 1).await?;
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|case| (case.opened_at, case.id));
        Ok(CaseList { items, next })
    }

    /// Everything about a case.
    ///
    /// # Errors
    /// `NotFound` also for cases the actor may not see, and in a region without a procedure.
    pub async fn warning_case(&self, actor: &Actor, number: &str) -> Result<CasePage> {
        let rules = self.procedure()?;
        let mut tx = self.db.read().await?;
        let case = seen(&mut tx, actor, number).await?;
        let mut proofs = Vec::new();
        for evidence in store::cases::evidence(&mut tx, case.id).await? {
            proofs.extend(self.proof(&mut tx, evidence).await?);
        }
        let ladder = self.ladder(&mut tx, &rules, &case).await?;
        let last = ladder.iter().map(|rung| rung.place).max().unwrap_or_default();
        let of_ict = self.rules.is_ict_office(&case.agency);
        let is_open = |verb: &&CaseVerb| verb.fits(case.course, last) && may(actor, **verb, &case, of_ict).is_ok();
        let verbs = CaseVerb::ALL.iter().filter(is_open).copied();
        // A letter of the desk tells of its receipt by itself.
        let verbs = verbs.filter(|verb| *verb != CaseVerb::RecordReceipt || case.letter.is_none()).collect();
        let events = store::events::of_stream(&mut tx, &format!("{STREAM}:{number}"), 0, EVENTS).await?;
        let orders = store::suspensions::of_case(&mut tx, case.id).await?;
        let people = names(&mut tx, &events).await?;
        let filter = LetterFilter { case_key: Some(case.number.clone()), ..LetterFilter::default() };
        let mut letters = store::letters::letters(&mut tx, &filter, i64::MAX, LETTERS).await?;
        letters.retain(|letter| self.may_letter(actor, LetterAct::Read, letter));
        Ok(CasePage { case, proofs, ladder, letters, orders, verbs, events, people })
    }

    async fn proof(&self, tx: &mut Tx, evidence: Evidence) -> Result<Option<Proof>> {
        let Some(ticket) = store::tickets::by_id(tx, evidence.ticket_id).await? else { return Ok(None) };
        let view = self.view(tx, ticket).await?;
        Ok(Some(Proof { evidence, over_seconds: -view.remaining_seconds, ticket: view.ticket }))
    }

    /// The chained history of a case after place `after`.
    ///
    /// # Errors
    /// As [`Desk::warning_case`].
    pub async fn warning_case_events(&self, actor: &Actor, number: &str, after: i64, limit: i64) -> Result<Vec<Event>> {
        self.procedure()?;
        let mut tx = self.db.read().await?;
        seen(&mut tx, actor, number).await?;
        store::events::of_stream(&mut tx, &format!("{STREAM}:{number}"), after, limit).await
    }

    /// Numbers of the cases a ticket stands in, as far as the actor may see them; none in a region without a procedure.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn cases_of_ticket(&self, actor: &Actor, ticket: i64) -> Result<Vec<String>> {
        if !self.has_procedure() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.read().await?;
        let mut numbers = Vec::new();
        for number in store::cases::of_ticket(&mut tx, ticket).await? {
            if seen(&mut tx, actor, &number).await.is_ok() {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }

    /// Orders to close a service the actor may see, the newest first.
    ///
    /// # Errors
    /// `NotFound` in a region without a procedure.
    pub async fn suspensions(
        &self,
        actor: &Actor,
        state: Option<OrderState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<(Suspension, String)>, Option<i64>)> {
        self.procedure()?;
        let mut tx = self.db.read().await?;
        let mut items = store::suspensions::list(&mut tx, &visibility(actor), state, before, limit + 1).await?;
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|order| order.id);
        let mut with_cases = Vec::new();
        for order in items {
            let case = store::cases::by_id(&mut tx, order.case_id).await?.ok_or(Error::NotFound("warning-case"))?;
            with_cases.push((order, case.number));
        }
        Ok((with_cases, next))
    }

    /// An order to close a service, with its case.
    ///
    /// # Errors
    /// `NotFound` also for orders the actor may not see.
    pub async fn suspension(&self, actor: &Actor, code: &str) -> Result<(Suspension, Case)> {
        self.procedure()?;
        let mut tx = self.db.read().await?;
        let order = store::suspensions::by_code(&mut tx, code).await?.ok_or(Error::NotFound("suspension"))?;
        let case = store::cases::by_id(&mut tx, order.case_id).await?;
        let case = case.filter(|case| is_seen(&visibility(actor), case)).ok_or(Error::NotFound("suspension"))?;
        Ok((order, case))
    }

    /// Names of those who carried an order out and who opened the service again.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn suspension_people(&self, order: &Suspension) -> Result<(Option<String>, Option<String>)> {
        let mut tx = self.db.read().await?;
        let mut names = Vec::new();
        for id in [order.executed_by, order.lifted_by] {
            names.push(match id {
                Some(id) => store::people::by_id(&mut tx, id).await?.map(|person| person.name),
                None => None,
            });
        }
        let lifted = names.pop().flatten();
        Ok((names.pop().flatten(), lifted))
    }

    /// What the public learns of an order that was carried out; nothing else of it is public.
    ///
    /// # Errors
    /// `NotFound` for orders that were never carried out.
    pub async fn public_closure(&self, code: &str) -> Result<PublicClosure> {
        let mut tx = self.db.read().await?;
        let order = store::suspensions::by_code(&mut tx, code).await?.filter(|order| order.executed_at.is_some());
        let suspension = order.ok_or(Error::NotFound("suspension"))?;
        let service = store::services::service(&mut tx, &suspension.service).await?;
        let service = service.ok_or(Error::NotFound("service"))?;
        let agencies = store::services::agencies(&mut tx).await?;
        let agency = agencies.into_iter().find(|agency| agency.code == service.agency).map(|agency| agency.name);
        Ok(PublicClosure {
            endpoints: serde_json::from_str(&suspension.endpoints)?,
            agency: agency.unwrap_or(service.agency),
            service: service.name,
            suspension,
        })
    }
}

async fn names(tx: &mut Tx, events: &[Event]) -> Result<BTreeMap<i64, String>> {
    let mut names = BTreeMap::new();
    for event in events {
        let Some(id) = event.actor.as_str().strip_prefix("user:").and_then(|id| id.parse().ok()) else { continue };
        if !names.contains_key(&id)
            && let Some(person) = store::people::by_id(tx, id).await?
        {
            names.insert(id, person.name);
        }
    }
    Ok(names)
}
