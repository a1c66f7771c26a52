//! A ticket with its clocks and pauses while it is being changed, and the one way to save it.

use crate::desk::rules::Rules;
use crate::desk::{chain, clocks};
use crate::domain::clock_plan::{SlaClock, StepKind, TicketPause};
use crate::domain::event::{ActorLabel, NewEvent};
use crate::domain::service::Service;
use crate::domain::ticket::{Status, Ticket};
use crate::error::Result;
use crate::policy::Pack;
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// A ticket while a use-case changes it. Nothing is kept before [`Working::save`].
#[derive(Debug, Clone)]
pub struct Working {
    /// Its row.
    pub ticket: Ticket,
    /// Its clocks.
    pub clocks: Vec<SlaClock>,
    /// Its pauses in order.
    pub pauses: Vec<TicketPause>,
    /// The service concerned, if known.
    pub service: Option<Service>,
    /// What happened in this change.
    events: Vec<NewEvent>,
    /// The clocks as they stand in the database.
    stored_clocks: Vec<SlaClock>,
    /// The row was added in this change.
    is_new: bool,
}

impl Working {
    /// A ticket that is about to be opened.
    pub fn new(ticket: Ticket, service: Option<Service>) -> Self {
        Self {
            ticket,
            clocks: Vec::new(),
            pauses: Vec::new(),
            service,
            events: Vec::new(),
            stored_clocks: Vec::new(),
            is_new: false,
        }
    }

    /// Adds the row, so that messages can be tied to it; the change still has to be saved.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert(&mut self, tx: &mut Tx) -> Result<()> {
        self.ticket.version = 1;
        store::tickets::insert(tx, &self.ticket).await?;
        self.is_new = true;
        Ok(())
    }

    /// Loads what belongs to the row of a ticket.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn load(tx: &mut Tx, ticket: Ticket) -> Result<Self> {
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        let pauses = store::clocks::pauses(tx, ticket.id).await?;
        let service = match &ticket.service {
            Some(code) => store::services::service(tx, code).await?,
            None => None,
        };
        Ok(Self { ticket, stored_clocks: clocks.clone(), clocks, pauses, service, events: Vec::new(), is_new: false })
    }

    /// Notes what happened.
    pub fn event(&mut self, at: DateTime<Utc>, actor: ActorLabel, kind: &'static str, payload: Value) {
        self.events.push(NewEvent { at, actor, kind, payload });
    }

    /// Adds a fact to the last thing noted in this change.
    pub fn add_fact(&mut self, name: &str, fact: Value) {
        if let Some(payload) = self.events.last_mut().and_then(|event| event.payload.as_object_mut()) {
            payload.insert(name.to_owned(), fact);
        }
    }

    /// Has anything happened in this change?
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The service is determined critical, and this ticket is held to the profile that came with it: one that was
    /// open before the determination is not, until somebody lets it apply.
    pub fn is_critical(&self) -> bool {
        self.service.as_ref().is_some_and(|service| service.critical && service.profile == self.ticket.profile)
    }

    /// The clock stands still now.
    pub fn is_paused(&self) -> bool {
        self.pauses.iter().any(|pause| pause.to.is_none())
    }

    /// Begins a pause.
    pub fn pause(&mut self, reason: &str, from: DateTime<Utc>) {
        self.pauses.push(TicketPause { id: 0, reason: reason.to_owned(), from, to: None });
    }

    /// Ends the pause that lasts, if there is one.
    pub fn end_pause(&mut self, to: DateTime<Utc>) {
        for pause in self.pauses.iter_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(to);
        }
    }

    /// Opens a solved ticket again: the same clock goes on, the solved gap left out, and a new answer is owed.
    pub fn reopen(&mut self, actor: ActorLabel, reason: &str, now: DateTime<Utc>) {
        if let Some(resolved) = self.ticket.resolved_at {
            self.pause(Status::Resolved.as_str(), resolved);
            self.end_pause(now);
        }
        self.ticket.resolved_at = None;
        self.ticket.responded_at = None;
        self.ticket.status = Status::InProgress;
        clocks::restart_response(&mut self.clocks, now);
        self.event(now, actor, "reopened", json!({ "reason": reason }));
    }

    /// Saves the change: row, clocks, pauses, planned steps, and the events at the end of the chain.
    ///
    /// # Errors
    /// Somebody else has changed the ticket meanwhile, or the database does not answer.
    pub async fn save(&mut self, tx: &mut Tx, rules: &Rules, now: DateTime<Utc>) -> Result<()> {
        let pack = &rules.of(&self.ticket);
        clocks::settle(pack, &self.ticket, &self.pauses, &mut self.clocks, now)?;
        self.ticket.updated_at = now;
        if self.is_new {
            // Its row was added with this version by `Working::insert`.
            self.is_new = false;
        } else {
            self.ticket.version += 1;
            store::tickets::update(tx, &self.ticket).await?;
        }
        self.save_clocks(tx, pack, now).await?;
        self.append_events(tx).await
    }

    async fn save_clocks(&mut self, tx: &mut Tx, pack: &Pack, now: DateTime<Utc>) -> Result<()> {
        let id = self.ticket.id;
        let changed = self.clocks.iter().filter(|clock| !self.stored_clocks.contains(clock));
        store::clocks::save(tx, id, &changed.cloned().collect::<Vec<_>>()).await?;
        self.stored_clocks.clone_from(&self.clocks);
        if !self.pauses.is_empty() && !self.is_paused() {
            store::clocks::end_pauses(tx, id, self.pauses.iter().filter_map(|pause| pause.to).max().unwrap_or(now))
                .await?;
        }
        for pause in self.pauses.iter_mut().filter(|pause| pause.id == 0) {
            store::clocks::begin_pause(tx, id, &pause.reason, pause.from).await?;
            if let Some(to) = pause.to {
                store::clocks::end_pauses(tx, id, to).await?;
            }
            pause.id = -1;
        }
        let plan = clocks::plan(pack, &self.ticket, &self.pauses, &self.clocks)?;
        if self.ticket.version > 1 {
            let kinds: Vec<StepKind> = plan.iter().map(|step| step.kind).collect();
            store::clocks::skip_steps(tx, id, &kinds).await?;
        }
        store::clocks::plan_steps(tx, id, &plan).await
    }

    async fn append_events(&mut self, tx: &mut Tx) -> Result<()> {
        let head = match self.ticket.version {
            1 => None,
            _ => store::events::head(tx, &self.ticket.number).await?,
        };
        let state = state_digest(&self.ticket, &self.clocks, &self.pauses)?;
        chain::append(tx, &self.ticket.number, head, std::mem::take(&mut self.events), Some(state)).await
    }
}

/// Digest of a ticket's row, clocks and pauses: what the last event of its chain must carry.
///
/// # Errors
/// Never in practice; the parts are plain data.
pub fn state_digest(ticket: &Ticket, clocks: &[SlaClock], pauses: &[TicketPause]) -> Result<String> {
    let mut clocks: Vec<&SlaClock> = clocks.iter().collect();
    clocks.sort_by_key(|clock| (clock.kind, clock.line, clock.cycle));
    let mut pauses: Vec<&TicketPause> = pauses.iter().collect();
    pauses.sort_by_key(|pause| (pause.from, pause.to, pause.reason.clone()));
    Ok(sha256(serde_json::to_string(&(ticket, clocks, pauses))?))
}
