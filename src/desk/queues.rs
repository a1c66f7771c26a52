//! The piles of the work pages: what waits for whom, the next ticket to take, and views people keep.

use crate::desk::command::Command;
use crate::desk::views::{PilePage, TicketView};
use crate::desk::{Desk, once};
use crate::domain::people::{Action, Actor, Grant, Role, may, visibility};
use crate::domain::ticket::{Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::store::queues::{Counts, Load, Pile, SavedView, Turn};
use crate::store::tickets::{Filter, Listed, Sort};
use crate::store::{self, Tx};

/// Longest name of a view, in characters.
const LONGEST_NAME: usize = 60;
/// Views one person may keep.
const MOST_VIEWS: usize = 30;

impl Desk {
    /// Tickets in all of the piles (in none: of whatever state) that the actor may see.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn pile(
        &self,
        actor: &Actor,
        filter: &Filter,
        piles: &[Pile],
        sort: Sort,
        turn: Option<Turn>,
        limit: i64,
    ) -> Result<PilePage> {
        let mut tx = self.db.read().await?;
        let rows = store::queues::list(&mut tx, &visibility(actor), filter, piles, sort, turn, limit + 1).await?;
        self.page_of(&mut tx, actor, rows, (sort, turn, limit)).await
    }

    /// The page that `rows` make, of which there may be one more than it shows.
    async fn page_of(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        mut rows: Vec<Listed>,
        (sort, turn, limit): (Sort, Option<Turn>, i64),
    ) -> Result<PilePage> {
        let back = turn.is_some_and(|turn| turn.back);
        let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
        if more && back {
            rows.remove(0);
        } else if more {
            rows.pop();
        }
        let place = |row| store::tickets::place(row, sort);
        // Where a page was turned from, there is one to turn back to.
        let next = rows.last().filter(|_| more || back).map(place);
        let previous = rows.first().filter(|_| if back { more } else { turn.is_some() }).map(place);
        let items = self.views_for(tx, actor, rows.into_iter().map(|row| row.ticket).collect()).await?;
        Ok(PilePage { items, next, previous })
    }

    /// How many open tickets the actor may see lie in each pile.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn pile_counts(&self, actor: &Actor) -> Result<Counts> {
        let mut tx = self.db.glance().await?;
        store::queues::counts(&mut tx, &visibility(actor), actor.account.id).await
    }

    /// What each agency has to work on, and whether somebody active is on its first line.
    ///
    /// # Errors
    /// `Denied` for those who supervise no agency.
    pub async fn supervision(&self, actor: &Actor) -> Result<Vec<(Load, bool)>> {
        if !supervises(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let mut tx = self.db.read().await?;
        let unheld = store::queues::unheld(&mut tx, Role::Tier1Agent).await?;
        let loads = store::queues::loads(&mut tx, &visibility(actor)).await?;
        Ok(loads
            .into_iter()
            .map(|load| (!unheld.contains(&load.agency), load))
            .map(|(held, load)| (load, held))
            .collect())
    }

    /// Codes of the agencies without anybody active on their first line, for the ICT office; for others none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies_without_first_line(&self, actor: &Actor) -> Result<Vec<String>> {
        if !actor.grants.iter().any(Grant::is_of_ict_office) {
            return Ok(Vec::new());
        }
        store::queues::unheld(&mut self.db.glance().await?, Role::Tier1Agent).await
    }

    /// Gives the actor the next ticket that nobody works on; `None` when none is waiting that the actor may take.
    ///
    /// # Errors
    /// `Conflict` while the same request is at work; the database does not answer.
    pub async fn take_next(&self, actor: &Actor, key: Option<&str>) -> Result<Option<String>> {
        let mut tx = self.db.write().await?;
        let repeat = once::take(&mut tx, actor, key, "take-next", self.clock.machine()).await?;
        tx.commit().await?;
        if let once::Repeat::Answered(number) = repeat {
            return Ok(Some(number).filter(|number| !number.is_empty()));
        }
        let taken = self.take_first(actor).await;
        let number = taken.as_ref().ok().and_then(|ticket| ticket.as_ref()).map(|ticket| ticket.number.clone());
        let mut tx = self.db.write().await?;
        once::answer(&mut tx, actor, key, number.as_deref().unwrap_or_default()).await?;
        tx.commit().await?;
        taken.map(|_| number)
    }

    /// Tries the waiting tickets in order until one is the actor's.
    async fn take_first(&self, actor: &Actor) -> Result<Option<Ticket>> {
        let mut turn = None;
        loop {
            let rows = {
                let mut tx = self.db.read().await?;
                let seen = visibility(actor);
                store::queues::list(&mut tx, &seen, &Filter::default(), &[Pile::Unassigned], Sort::Due, turn, 50)
                    .await?
            };
            let Some(last) = rows.last() else { return Ok(None) };
            turn = Some(Turn { place: store::tickets::place(last, Sort::Due), back: false });
            for ticket in rows.iter().map(|row| &row.ticket).filter(|it| may(actor, Action::Do(Verb::Assign), it)) {
                let command = Command::Assign { user: Some(actor.account.email.clone()) };
                match self.act(actor, &ticket.number, Some(ticket.version), command, None).await {
                    Ok(ticket) => return Ok(Some(ticket)),
                    // Somebody else was faster, or it has just changed hands: the next one.
                    Err(Error::Conflict { .. } | Error::Denied(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Address and name of those to whom the actor could give tickets.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn workers(&self, actor: &Actor) -> Result<Vec<(String, String)>> {
        store::queues::workers(&mut self.db.glance().await?, &visibility(actor)).await
    }

    /// Whether it was the clock that handed over each of these tickets (the others were asked for by a person).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handed_over_by_clock(&self, tickets: &[TicketView]) -> Result<Vec<bool>> {
        let mut tx = self.db.read().await?;
        let mut answers = Vec::with_capacity(tickets.len());
        for view in tickets {
            let last = store::queues::last_hand_over(&mut tx, &view.ticket.number).await?;
            answers.push(last.is_some_and(|actor| actor.starts_with("system:")));
        }
        Ok(answers)
    }

    /// The views the actor keeps, by name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn saved_views(&self, actor: &Actor) -> Result<Vec<SavedView>> {
        store::queues::saved(&mut self.db.glance().await?, actor.account.id).await
    }

    /// Keeps a list under a name; the actor's view of that name is replaced.
    ///
    /// # Errors
    /// `Invalid` without a name or with too many views.
    pub async fn save_view(&self, actor: &Actor, name: &str, query: &str) -> Result<()> {
        let name = named(name)?;
        let mut tx = self.db.write().await?;
        let saved = store::queues::saved(&mut tx, actor.account.id).await?;
        if saved.len() >= MOST_VIEWS && saved.iter().all(|view| view.name != name) {
            return Err(Error::field("view", Say::new("field-view-many").with("most", MOST_VIEWS)));
        }
        let query: String = query.chars().take(1000).collect();
        store::queues::keep(&mut tx, actor.account.id, name, &query, self.now()).await?;
        tx.commit().await
    }

    /// Gives a view of the actor's another name.
    ///
    /// # Errors
    /// `Invalid` without a name, or when another of the actor's views bears it.
    pub async fn rename_view(&self, actor: &Actor, id: i64, name: &str) -> Result<()> {
        let name = named(name)?;
        let mut tx = self.db.write().await?;
        if !store::queues::rename(&mut tx, actor.account.id, id, name).await? {
            return Err(Error::field("view", Say::new("field-view-taken")));
        }
        tx.commit().await
    }

    /// Forgets a view of the actor's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_view(&self, actor: &Actor, id: i64) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::queues::forget(&mut tx, actor.account.id, id).await?;
        tx.commit().await
    }
}

/// Looks after agencies: the ICT office, heads, auditor, coordination team.
pub fn supervises(actor: &Actor) -> bool {
    let roles = [Role::IctHead, Role::AgencyHead, Role::Auditor, Role::CoordinationTeam];
    actor.grants.iter().any(|grant| grant.is_of_ict_office() || roles.contains(&grant.role))
}

fn named(name: &str) -> Result<&str> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Error::field("view", Say::new("field-view-name"))),
        count if count > LONGEST_NAME => {
            Err(Error::field("view", Say::new("field-view-long").with("most", LONGEST_NAME)))
        }
        _ => Ok(name),
    }
}
