//! Drafts on tickets: kept on the server, seen by everybody who works on the ticket, taken over rather than overwritten.

use crate::desk::Desk;
use crate::desk::uploads::Owner;
use crate::desk::working::Working;
use crate::desk::written::LONGEST_TEXT;
use crate::domain::event::ActorLabel;
use crate::domain::people::{Account, Action, Actor, Scope, may};
use crate::domain::ticket::{Channel, Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store::drafts::{Draft, NewDraft};
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

/// A draft for the reporter.
pub const ANSWER: &str = "answer";
/// A draft for colleagues.
pub const NOTE: &str = "note";
/// A draft that nobody has touched for so long is forgotten.
pub(super) const LASTS: Duration = Duration::days(30);

/// What has been begun on a ticket.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    /// The actor's own.
    pub own: Vec<Draft>,
    /// Those of colleagues.
    pub others: Vec<Draft>,
    /// How many people work on tickets of this agency, and so see them.
    pub team: i64,
}

impl Drafts {
    /// The actor's own draft of a kind.
    pub fn own(&self, kind: &str) -> Option<&Draft> {
        self.own.iter().find(|draft| draft.kind == kind)
    }
}

impl Desk {
    /// What has been begun on a ticket, for those who work on it; for others nothing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn drafts(&self, actor: &Actor, ticket: &Ticket) -> Result<Drafts> {
        if !works_on(actor, ticket) {
            return Ok(Drafts::default());
        }
        let mut tx = self.db.read().await?;
        let all = store::drafts::on_ticket(&mut tx, ticket.id).await?;
        let (own, others) = all.into_iter().partition(|draft| draft.account_id == actor.account.id);
        Ok(Drafts { own, others, team: store::drafts::team_size(&mut tx, &ticket.agency).await? })
    }

    /// Keeps what the actor has written so far; an empty text takes the draft away. `reply` is the ready-made answer it
    /// began with.
    ///
    /// # Errors
    /// `NotFound` for tickets the actor does not work on; `Invalid` for an unknown kind or a text that is too long.
    pub async fn keep_answer_draft(
        &self,
        actor: &Actor,
        number: &str,
        kind: &str,
        body: &str,
        reply: Option<i64>,
    ) -> Result<()> {
        if ![ANSWER, NOTE].contains(&kind) {
            return Err(Error::NotFound("draft"));
        }
        if body.chars().count() > LONGEST_TEXT {
            return Err(Error::field("body", Say::new("field-too-long").with("longest", LONGEST_TEXT)));
        }
        let mut tx = self.db.write().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.filter(|ticket| works_on(actor, ticket)).ok_or(Error::NotFound("ticket"))?;
        let account = actor.account.id;
        if body.trim().is_empty() {
            store::drafts::drop_draft(&mut tx, ticket.id, account, kind).await?;
        } else {
            let draft = NewDraft { ticket: ticket.id, account, kind, body, reply };
            store::drafts::keep_draft(&mut tx, &draft, self.now()).await?;
            store::presence::note_presence(&mut tx, ticket.id, account, true, self.clock.machine()).await?;
        }
        tx.commit().await
    }

    /// Copies a colleague's draft into the actor's own, behind what stands there; the colleague's stays his.
    ///
    /// # Errors
    /// `NotFound` when there is no such draft (any more) on a ticket the actor works on.
    pub async fn take_over_draft(&self, actor: &Actor, number: &str, draft: i64) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.filter(|ticket| works_on(actor, ticket)).ok_or(Error::NotFound("ticket"))?;
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let all = store::drafts::on_ticket(&mut tx, ticket.id).await?;
        let (account, id) = (actor.account.id, ticket.id);
        let taken = all.iter().find(|one| one.id == draft && one.account_id != account);
        let taken = taken.ok_or(Error::NotFound("draft"))?;
        let own = all.iter().find(|one| one.account_id == account && one.kind == taken.kind);
        let body = joined(own.map_or("", |own| &own.body), &taken.body);
        let kept = NewDraft { ticket: id, account, kind: &taken.kind, body: &body, reply: taken.reply_id };
        store::drafts::keep_draft(&mut tx, &kept, now).await?;
        let mut working = Working::load(&mut tx, ticket).await?;
        let payload = json!({"from": taken.account_id, "kind": taken.kind});
        working.event(now, ActorLabel::user(account), "draft_taken", payload);
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await
    }

    /// Keeps the text of a form whose session has just ended as a draft of the session's owner. `token` is the
    /// session's; that the form was made for it has been checked. A session that was ended by somebody is unknown and
    /// keeps nothing.
    ///
    /// # Errors
    /// As [`Desk::keep_answer_draft`].
    pub async fn keep_parting_words(&self, token: &str, number: &str, kind: &str, body: &str) -> Result<()> {
        match self.parted(token).await? {
            Some(actor) => self.add_to_draft(&actor, number, kind, body).await,
            None => Ok(()),
        }
    }

    /// As [`Desk::keep_parting_words`], for the form in which the ticket of a caller is entered: `words` are its fields as
    /// the page reads them back.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_parting_form(&self, token: &str, words: &str) -> Result<()> {
        match self.parted(token).await? {
            Some(actor) => self.keep_words(&Owner::new_ticket(actor.account.id), words).await,
            None => Ok(()),
        }
    }

    /// Puts a text behind the actor's draft of a kind; one that goes on with the draft takes its place.
    ///
    /// # Errors
    /// As [`Desk::keep_answer_draft`].
    pub async fn add_to_draft(&self, actor: &Actor, number: &str, kind: &str, body: &str) -> Result<()> {
        let mut tx = self.db.read().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?.ok_or(Error::NotFound("ticket"))?;
        let drafts = store::drafts::on_ticket(&mut tx, ticket.id).await?;
        drop(tx);
        let begun = drafts.iter().find(|draft| draft.account_id == actor.account.id && draft.kind == kind);
        let (reply, begun) = begun.map_or((None, ""), |draft| (draft.reply_id, draft.body.trim_end()));
        // Also of an empty text, which there is nothing to keep of.
        if begun.ends_with(body.trim()) {
            return Ok(());
        }
        let body = if body.starts_with(begun) { body.to_owned() } else { joined(begun, body) };
        self.keep_answer_draft(actor, number, kind, &body, reply).await
    }

    /// Whose session this was; nobody's once somebody has ended it.
    async fn parted(&self, token: &str) -> Result<Option<Actor>> {
        let mut tx = self.db.read().await?;
        let found = store::sessions::find(&mut tx, &sha256(token)).await?.filter(|found| !found.owes_code);
        let Some(session) = found else { return Ok(None) };
        let account = Account::from(session.account);
        let grants = store::people::grants(&mut tx, account.id).await?;
        Ok(Some(Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }))
    }
}

/// Takes away the draft of what was just sent; its writer writes no longer at `machine`, the machine's instant.
pub(super) async fn sent(
    tx: &mut Tx,
    actor: &Actor,
    ticket: &Ticket,
    verb: Verb,
    machine: DateTime<Utc>,
) -> Result<()> {
    let kind = match verb {
        Verb::Reply | Verb::RequestInfo | Verb::Resolve => ANSWER,
        Verb::Note => NOTE,
        _ => return Ok(()),
    };
    store::presence::note_presence(tx, ticket.id, actor.account.id, false, machine).await?;
    store::drafts::drop_draft(tx, ticket.id, actor.account.id, kind).await
}

/// Two texts one below the other; equal ones stand once.
pub(super) fn joined(first: &str, second: &str) -> String {
    let (first, second) = (first.trim_end(), second.trim_end());
    match (first.is_empty(), second.is_empty()) {
        (true, _) => second.to_owned(),
        (_, true) => first.to_owned(),
        _ if first == second => first.to_owned(),
        _ => format!("{first}\n\n{second}"),
    }
}

fn works_on(actor: &Actor, ticket: &Ticket) -> bool {
    may(actor, Action::ViewInternal, ticket) && may(actor, Action::Do(Verb::Note), ticket)
}
