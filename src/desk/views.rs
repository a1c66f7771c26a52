//! What people and machines read; nothing here changes anything.

use crate::desk::tries::TRIES;
use crate::desk::{Desk, clocks};
use crate::domain::clock_plan::{Line, SlaClock, TicketPause};
use crate::domain::event::Event;
use crate::domain::message::{Attachment, Message, ScanVerdict};
use crate::domain::people::{Account, Action, Actor, may, visibility};
use crate::domain::reporter::{Wish, knows_reporter};
use crate::domain::service::{Agency, Service};
use crate::domain::ticket::Ticket;
use crate::error::{Error, Result, Say};
use crate::policy::{Deadlines, Explanation, explain};
use crate::store::holds::Held;
use crate::store::mail_origins::MailOrigin;
use crate::store::ratings::Rating;
use crate::store::relations::Consultation;
use crate::store::tickets::{After, Filter, Listed, Sort};
use crate::store::undeliverable::Undeliverable;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Reports of so many days say which services are reported most.
const LATELY: i64 = 30;

/// A ticket with the figures of its clocks.
#[derive(Debug, Clone)]
pub struct TicketView {
    /// The row.
    pub ticket: Ticket,
    /// The deadlines as they stand.
    pub due: Deadlines,
    /// The clock stands still.
    pub paused: bool,
    /// Counted seconds left until the resolution is due; negative when it has passed.
    pub remaining_seconds: i64,
    /// Counted seconds each line has held the ticket.
    pub lines: Vec<(Line, i64)>,
    /// Name of the person working on it.
    pub assignee_name: Option<String>,
    /// Address of the person working on it.
    pub assignee_email: Option<String>,
}

/// Everything on the page of a ticket.
#[derive(Debug, Clone)]
pub struct TicketPage {
    /// The ticket.
    pub view: TicketView,
    /// Its clocks.
    pub clocks: Vec<SlaClock>,
    /// Its pauses.
    pub pauses: Vec<TicketPause>,
    /// What was written.
    pub messages: Vec<Message>,
    /// What came with it.
    pub files: Vec<Attachment>,
    /// Files that a virus scanner keeps closed, by the digests of their bytes.
    pub closed: BTreeMap<String, ScanVerdict>,
    /// Consultations with somebody outside.
    pub consultations: Vec<Consultation>,
    /// Answers that wait before they leave, or did; for those who may read notes.
    pub holds: Vec<Held>,
    /// How the reporter wants to be known.
    pub wish: Wish,
    /// What the reporter thought of its solutions.
    pub ratings: Vec<Rating>,
    /// Who sent the mails among the messages; for those who may read notes.
    pub origins: Vec<MailOrigin>,
    /// Participants who get no mail any more; for those who may read notes.
    pub undeliverable: Vec<Undeliverable>,
    /// The reader does not learn who reported.
    pub veiled: bool,
}

/// A page of a list and where it goes on.
#[derive(Debug, Clone)]
pub struct Page {
    /// The tickets.
    pub items: Vec<TicketView>,
    /// Place after the last, when there are more.
    pub next: Option<After>,
}

/// A page of a pile and how to turn it.
#[derive(Debug, Clone, Default)]
pub struct PilePage {
    /// The tickets in order.
    pub items: Vec<TicketView>,
    /// Place after the last, when there are more.
    pub next: Option<After>,
    /// Place before the first, when there are some before it.
    pub previous: Option<After>,
}

impl Desk {
    /// The ticket with a number, if the actor may see it.
    ///
    /// # Errors
    /// `NotFound` for unknown tickets and for those of others alike.
    pub async fn ticket(&self, actor: &Actor, number: &str) -> Result<TicketView> {
        let mut tx = self.db.read().await?;
        let ticket = self.seen(&mut tx, actor, number).await?;
        self.view_for(&mut tx, actor, ticket).await
    }

    /// A ticket right after the caller has changed it, though it may have left his sight by that.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changed(&self, ticket: Ticket) -> Result<TicketView> {
        self.view(&mut self.db.read().await?, ticket).await
    }

    /// A ticket that was opened just now: it has no pause and nobody works on it yet.
    ///
    /// # Errors
    /// The pack does not know its profile.
    pub fn opened(&self, ticket: Ticket) -> Result<TicketView> {
        Ok(TicketView {
            due: clocks::due(&self.rules.of(&ticket), &ticket, &[])?,
            paused: false,
            remaining_seconds: self.remaining(&ticket, &[])?,
            lines: vec![(Line::of_tier(ticket.tier), 0)],
            assignee_name: None,
            assignee_email: None,
            ticket,
        })
    }

    /// Everything on the page of a ticket; internal notes only for those who may read them.
    ///
    /// # Errors
    /// As [`Desk::ticket`].
    pub async fn ticket_page(&self, actor: &Actor, number: &str) -> Result<TicketPage> {
        let mut tx = self.db.read().await?;
        let mut ticket = self.seen(&mut tx, actor, number).await?;
        let internal = may(actor, Action::ViewInternal, &ticket);
        let veiled = veil(&mut tx, actor, &mut ticket).await?;
        let mut page = self.page(&mut tx, ticket, internal).await?;
        if veiled {
            veil_messages(&mut page.messages);
            page.origins.clear();
            page.undeliverable.clear();
        }
        page.veiled = veiled;
        Ok(page)
    }

    /// The public part of a ticket for whoever holds its tracking code.
    ///
    /// # Errors
    /// One neutral `Denied` for an unknown number and a wrong code; `TooMany` after repeated tries from
    /// one `source`: nobody locks out anybody else.
    pub async fn track(&self, number: &str, code: &str, source: &str) -> Result<TicketPage> {
        self.check_code(number, code, source).await?;
        let mut tx = self.db.read().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.ok_or_else(|| Error::Denied(Say::new("error-tracking")))?;
        self.page(&mut tx, ticket, false).await
    }

    /// Refuses a tracking code that is not the ticket's.
    ///
    /// # Errors
    /// As [`Desk::track`].
    pub(super) async fn check_code(&self, number: &str, code: &str, source: &str) -> Result<()> {
        let attempt = format!("track {number} {source}");
        self.refuse_repeated(&attempt, TRIES).await?;
        if self.secret.is_tracking_code(number, code) {
            return Ok(());
        }
        self.note_attempt(&attempt).await?;
        Err(Error::Denied(Say::new("error-tracking")))
    }

    /// Tickets the actor may see.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tickets(
        &self,
        actor: &Actor,
        filter: &Filter,
        sort: Sort,
        after: Option<After>,
        limit: i64,
    ) -> Result<Page> {
        let mut tx = self.db.read().await?;
        let mut rows = store::tickets::list(&mut tx, &visibility(actor), filter, sort, after, limit + 1).await?;
        let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|last: &Listed| store::tickets::place(last, sort));
        let items = self.views_for(&mut tx, actor, rows.into_iter().map(|row| row.ticket).collect()).await?;
        Ok(Page { items, next })
    }

    /// Messages of a ticket after key `after`.
    ///
    /// # Errors
    /// As [`Desk::ticket`].
    pub async fn messages(
        &self,
        actor: &Actor,
        number: &str,
        after: i64,
        limit: i64,
    ) -> Result<(Vec<Message>, Vec<Attachment>)> {
        let mut tx = self.db.read().await?;
        let mut ticket = self.seen(&mut tx, actor, number).await?;
        let internal = may(actor, Action::ViewInternal, &ticket);
        let mut messages = store::messages::of_ticket(&mut tx, ticket.id, internal, after, limit).await?;
        if !internal {
            hide_other_reporters(&ticket, &mut messages);
        }
        if veil(&mut tx, actor, &mut ticket).await? {
            veil_messages(&mut messages);
        }
        Ok((messages, store::messages::attachments(&mut tx, ticket.id).await?))
    }

    /// The chained history of a ticket after place `after`; without digests for those who may not learn the reporter's
    /// name.
    ///
    /// # Errors
    /// As [`Desk::ticket`]; `Denied` for those who may not read it.
    pub async fn events(&self, actor: &Actor, number: &str, after: i64, limit: i64) -> Result<Vec<Event>> {
        let mut tx = self.db.read().await?;
        let mut ticket = self.internal(&mut tx, actor, number).await?;
        let mut events = store::events::of_stream(&mut tx, &ticket.number, after, limit).await?;
        if veil(&mut tx, actor, &mut ticket).await? {
            events.iter_mut().for_each(Event::hide_reporter);
        }
        Ok(events)
    }

    /// The working of a ticket's deadlines.
    ///
    /// # Errors
    /// As [`Desk::ticket`]; `Denied` for those who may not read it.
    pub async fn explain(&self, actor: &Actor, number: &str) -> Result<Explanation> {
        let mut tx = self.db.read().await?;
        let ticket = self.internal(&mut tx, actor, number).await?;
        let pauses = store::clocks::pauses(&mut tx, ticket.id).await?;
        explain(
            &self.rules.of(&ticket),
            &ticket.profile,
            ticket.priority,
            ticket.opened_at,
            &clocks::as_pauses(&pauses),
        )
        .map_err(|error| Error::internal(error.to_string()))
    }

    /// Agencies in the order of their codes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies(&self) -> Result<Vec<Agency>> {
        store::services::agencies(&mut self.db.read().await?).await
    }

    /// Services in the order of their codes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn services(&self) -> Result<Vec<Service>> {
        store::services::services(&mut self.db.read().await?).await
    }

    /// Services that can be reported, those reported most of late first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn reportable_services(&self) -> Result<Vec<Service>> {
        let since = self.now() - chrono::Duration::days(LATELY);
        let mut tx = self.db.read().await?;
        let mut services = store::services::services(&mut tx).await?;
        let popular = store::services::most_reported(&mut tx, since).await?;
        services.retain(|service| service.active);
        let place = |service: &Service| popular.iter().position(|code| *code == service.code).unwrap_or(usize::MAX);
        services.sort_by_key(place);
        Ok(services)
    }

    pub(super) async fn seen(&self, tx: &mut Tx, actor: &Actor, number: &str) -> Result<Ticket> {
        let ticket = store::tickets::by_number(tx, number).await?;
        ticket.filter(|ticket| may(actor, Action::View, ticket)).ok_or(Error::NotFound("ticket"))
    }

    pub(super) async fn internal(&self, tx: &mut Tx, actor: &Actor, number: &str) -> Result<Ticket> {
        let ticket = self.seen(tx, actor, number).await?;
        if may(actor, Action::ViewInternal, &ticket) {
            Ok(ticket)
        } else {
            Err(Error::Denied(Say::new("error-denied")))
        }
    }

    /// As [`Desk::view`], with the reporter's name only for those who may learn it.
    pub(super) async fn view_for(&self, tx: &mut Tx, actor: &Actor, mut ticket: Ticket) -> Result<TicketView> {
        veil(tx, actor, &mut ticket).await?;
        self.view(tx, ticket).await
    }

    /// The view of each ticket in their order, with the reporters' names only for those who may learn them; asks the
    /// database as often for fifty tickets as for one.
    pub(super) async fn views_for(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        mut tickets: Vec<Ticket>,
    ) -> Result<Vec<TicketView>> {
        let veiled: Vec<i64> = tickets.iter().filter(|it| !knows_reporter(actor, it)).map(|it| it.id).collect();
        let secret = store::wishes::secret_among(tx, &veiled).await?;
        tickets.iter_mut().filter(|it| secret.contains(&it.id)).for_each(hide_reporter);
        let ids: Vec<i64> = tickets.iter().map(|it| it.id).collect();
        let mut pauses: BTreeMap<i64, Vec<TicketPause>> = BTreeMap::new();
        for of in store::clocks::pauses_of(tx, &ids).await? {
            pauses.entry(of.ticket_id).or_default().push(of.row);
        }
        let mut clocks: BTreeMap<i64, Vec<SlaClock>> = BTreeMap::new();
        for of in store::clocks::of_tickets(tx, &ids).await? {
            clocks.entry(of.ticket_id).or_default().push(of.row);
        }
        let busy: BTreeSet<i64> = tickets.iter().filter_map(|it| it.assignee).collect();
        let people = store::people::by_ids(tx, &busy.into_iter().collect::<Vec<_>>()).await?;
        let view = |ticket: Ticket| {
            let assignee = people.iter().find(|person| ticket.assignee == Some(person.id));
            let of =
                |id| (pauses.get(id).map_or(&[][..], Vec::as_slice), clocks.get(id).map_or(&[][..], Vec::as_slice));
            let (pauses, clocks) = of(&ticket.id);
            self.viewed(ticket, pauses, clocks, assignee)
        };
        tickets.into_iter().map(view).collect()
    }

    pub(super) async fn view(&self, tx: &mut Tx, ticket: Ticket) -> Result<TicketView> {
        let pauses = store::clocks::pauses(tx, ticket.id).await?;
        let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
        let assignee = match ticket.assignee {
            Some(id) => store::people::by_id(tx, id).await?,
            None => None,
        };
        self.viewed(ticket, &pauses, &clocks, assignee.as_ref())
    }

    /// A ticket with the figures that follow from what belongs to it.
    fn viewed(
        &self,
        ticket: Ticket,
        pauses: &[TicketPause],
        clocks: &[SlaClock],
        assignee: Option<&Account>,
    ) -> Result<TicketView> {
        let mut due = clocks::due(&self.rules.of(&ticket), &ticket, pauses)?;
        if ticket.status.is_finished() {
            // What was promised until the end, whatever was decreed afterwards.
            clocks::as_promised(&mut due, clocks);
        }
        Ok(TicketView {
            paused: pauses.iter().any(|pause| pause.to.is_none()),
            remaining_seconds: self.remaining(&ticket, pauses)?,
            lines: clocks::used_by_line(&self.rules.of(&ticket), &ticket, pauses, clocks, self.now())?,
            assignee_name: assignee.map(|person| person.name.clone()),
            assignee_email: assignee.map(|person| person.email.clone()),
            ticket,
            due,
        })
    }

    /// Counted seconds left: target less what was used until now, or until it was solved.
    fn remaining(&self, ticket: &Ticket, pauses: &[TicketPause]) -> Result<i64> {
        let until: DateTime<Utc> = ticket.resolved_at.or(ticket.closed_at).unwrap_or_else(|| self.now());
        let pack = self.rules.of(ticket);
        let used = clocks::calendar(&pack, ticket)?.between(ticket.opened_at, until, &clocks::as_pauses(pauses));
        Ok(clocks::goals(&pack, ticket, ticket.opened_at)?.resolution_seconds - used)
    }

    pub(super) async fn page(&self, tx: &mut Tx, ticket: Ticket, internal: bool) -> Result<TicketPage> {
        let id = ticket.id;
        let mut messages = store::messages::of_ticket(tx, id, internal, 0, 1000).await?;
        if !internal {
            hide_other_reporters(&ticket, &mut messages);
        }
        let files = store::messages::attachments(tx, id).await?;
        Ok(TicketPage {
            closed: self.closed_files(tx, &files).await?,
            files,
            clocks: store::clocks::of_ticket(tx, id).await?,
            pauses: store::clocks::pauses(tx, id).await?,
            messages,
            consultations: if internal { store::relations::consultations(tx, id).await? } else { Vec::new() },
            holds: if internal { store::holds::holds_of(tx, id).await? } else { Vec::new() },
            wish: store::wishes::of_ticket(tx, id).await?,
            ratings: store::ratings::of_ticket(tx, id).await?,
            origins: if internal { store::mail_origins::origins_of(tx, id).await? } else { Vec::new() },
            undeliverable: if internal { store::undeliverable::given_up_of(tx, id).await? } else { Vec::new() },
            veiled: false,
            view: self.view(tx, ticket).await?,
        })
    }
}

/// Takes the reporter's name and address out of a ticket for those who may not learn them; `true` when it did.
pub(super) async fn veil(tx: &mut Tx, actor: &Actor, ticket: &mut Ticket) -> Result<bool> {
    if knows_reporter(actor, ticket) || !store::wishes::of_ticket(tx, ticket.id).await?.secret {
        return Ok(false);
    }
    hide_reporter(ticket);
    Ok(true)
}

fn hide_reporter(ticket: &mut Ticket) {
    (ticket.requester_name, ticket.requester_email) = (String::new(), String::new());
    (ticket.requester_nip, ticket.requester_phone) = (None, None);
}

/// Reporters whose tickets went on in this one are no names for its own reporter.
fn hide_other_reporters(ticket: &Ticket, messages: &mut [Message]) {
    let others = messages.iter_mut().filter(|it| it.author == "requester" && it.author_name != ticket.requester_name);
    others.for_each(|message| message.author_name.clear());
}

fn veil_messages(messages: &mut [Message]) {
    for message in messages.iter_mut().filter(|message| message.author == "requester") {
        message.author_name.clear();
    }
}
