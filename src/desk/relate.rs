//! Tickets that belong together: one ends in another, two are tied, and what may be the same matter is found.

use crate::desk::verbs::Change;
use crate::desk::views::veil;
use crate::desk::working::Working;
use crate::desk::written::{self, Words};
use crate::desk::{Desk, letters};
use crate::domain::message::{Attachment, MessageVisibility};
use crate::domain::number;
use crate::domain::people::{Action, Actor, may, may_report_for_others, visibility};
use crate::domain::relation::Relation;
use crate::domain::reporter::knows;
use crate::domain::ticket::{Language, Status, Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::store::alike::Alike;
use crate::store::{self, Tx};
use crate::text;
use serde_json::{Value, json};

/// Tickets offered as perhaps the same matter, at most.
const OFFERED: usize = 8;
/// Letters of a word that says something.
const TELLING: usize = 4;

/// What a ticket is to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// As it is read on the page of the ticket that was asked for.
    pub relation: Relation,
    /// Number of the other one.
    pub number: String,
    /// Subject and state of the other one, if the reader may see it.
    pub seen: Option<(String, Status)>,
}

/// A ticket that may be about the same matter, and what speaks for it.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// The ticket.
    pub ticket: Ticket,
    /// The same service.
    pub same_service: bool,
    /// The same reporter.
    pub same_reporter: bool,
    /// Words both subjects have.
    pub words: Vec<String>,
}

impl Desk {
    /// The ties of a ticket, by number. Of a ticket the actor may not see only its number is told.
    ///
    /// # Errors
    /// `NotFound`; none are told to those who may not read what is internal.
    pub async fn ties(&self, actor: &Actor, number: &str) -> Result<Vec<Tie>> {
        let mut tx = self.db.read().await?;
        let ticket = self.seen(&mut tx, actor, number).await?;
        if !may(actor, Action::ViewInternal, &ticket) {
            return Ok(Vec::new());
        }
        let mut ties = Vec::new();
        for (other, relation, outgoing) in store::relations::links(&mut tx, ticket.id).await? {
            let kept: Relation = relation.parse().unwrap_or(Relation::Related);
            let Some(other) = store::tickets::by_id(&mut tx, other).await? else { continue };
            let relation = if outgoing { kept } else { kept.reverse() };
            let seen = may(actor, Action::View, &other).then(|| (other.subject.clone(), other.status));
            ties.push(Tie { relation, number: other.number, seen });
        }
        ties.sort_by(|left, right| (left.relation, &left.number).cmp(&(right.relation, &right.number)));
        ties.dedup();
        Ok(ties)
    }

    /// Open tickets that may be about the same matter as this one, likeliest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn suspects(&self, actor: &Actor, number: &str) -> Result<Vec<Suspect>> {
        let mut tx = self.db.read().await?;
        let mut ticket = self.seen(&mut tx, actor, number).await?;
        veil(&mut tx, actor, &mut ticket).await?;
        let like = Alike {
            except: ticket.id,
            service: ticket.service.clone(),
            email: ticket.requester_email.clone(),
            words: telling(&ticket.subject),
        };
        self.compare(&mut tx, actor, &like).await
    }

    /// Open tickets that may be about the matter somebody is about to report.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn suspects_of_report(
        &self,
        actor: &Actor,
        service: Option<&str>,
        email: &str,
        subject: &str,
    ) -> Result<Vec<Suspect>> {
        let like = Alike {
            except: 0,
            service: service.map(str::to_owned),
            email: email.trim().to_lowercase(),
            words: telling(subject),
        };
        self.compare(&mut self.db.read().await?, actor, &like).await
    }

    /// People who have reported before, by part of their name, address or civil-servant number: the youngest ticket
    /// of each. Nobody is found whose name is a secret to the actor.
    ///
    /// # Errors
    /// `Denied` for those who report in their own name only.
    pub async fn reporters(&self, actor: &Actor, words: &str) -> Result<Vec<Ticket>> {
        if !may_report_for_others(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let words = words.trim().replace('\0', "");
        if words.chars().count() < 2 {
            return Ok(Vec::new());
        }
        store::alike::reporters(&mut self.db.glance().await?, &visibility(actor), &knows(actor), &words, 10).await
    }

    async fn compare(&self, tx: &mut Tx, actor: &Actor, like: &Alike) -> Result<Vec<Suspect>> {
        let mut suspects = Vec::new();
        for mut ticket in store::alike::tickets(tx, &visibility(actor), &knows(actor), like, 50).await? {
            // What is veiled has no address that could be the same.
            veil(tx, actor, &mut ticket).await?;
            suspects.push(suspect(like, ticket));
        }
        // A service alone says little: every ticket of it would be one.
        suspects.retain(|it| it.weight() > 1);
        suspects.sort_by_key(|it| std::cmp::Reverse((it.weight(), it.ticket.opened_at)));
        suspects.truncate(OFFERED);
        Ok(suspects)
    }
}

impl Suspect {
    fn weight(&self) -> usize {
        usize::from(self.same_service) + 2 * usize::from(self.same_reporter) + 2 * self.words.len()
    }
}

fn suspect(like: &Alike, ticket: Ticket) -> Suspect {
    let theirs = telling(&ticket.subject);
    Suspect {
        same_service: like.service.is_some() && like.service == ticket.service,
        same_reporter: !like.email.is_empty() && like.email == ticket.requester_email,
        words: like.words.iter().filter(|word| theirs.contains(word)).cloned().collect(),
        ticket,
    }
}

/// The words of a line that say something, longest first.
fn telling(line: &str) -> Vec<String> {
    let lower = line.to_lowercase();
    let words = lower.split(|sign: char| !sign.is_alphanumeric()).filter(|word| word.chars().count() >= TELLING);
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.chars().count()), word.clone()));
    words.dedup();
    words
}

impl Change<'_> {
    pub(super) async fn merge(&mut self, into: &str) -> Result<()> {
        let mut kept = self.other("into", into).await?;
        if kept.ticket.status.is_finished() {
            return Err(Error::field("into", Say::new("field-merge-finished")));
        }
        if !may(self.actor, Action::Do(Verb::Merge), &kept.ticket) {
            let holder = self.desk.line_label(&kept.ticket);
            return Err(Error::field("into", Say::new("field-merge-held").with("holder", holder)));
        }
        self.working.end_pause(self.now);
        self.working.ticket.status = Status::Merged;
        self.working.ticket.merged_into = Some(kept.ticket.number.clone());
        self.event("merged", json!({"into": kept.ticket.number}));
        letters::merged(self.desk, self.tx, self.working, &kept.ticket).await?;
        for email in store::relations::participants(self.tx, self.working.ticket.id).await? {
            store::relations::add_participant(self.tx, kept.ticket.id, &email).await?;
        }
        let kept_as = Relation::Merged.as_str();
        store::relations::add_link(self.tx, self.working.ticket.id, kept.ticket.id, kept_as).await?;
        let payload = self.carry_over(&kept).await?;
        kept.event(self.now, self.label(), "merged_from", payload);
        kept.save(self.tx, &self.desk.rules, self.now).await
    }

    /// Writes what was reported, with every file, as a note into the ticket that goes on.
    async fn carry_over(&mut self, kept: &Working) -> Result<Value> {
        let from = &self.working.ticket;
        let is_named = !from.requester_name.is_empty() && !store::wishes::of_ticket(self.tx, from.id).await?.secret;
        let note = Say::new(if is_named { "note-merged" } else { "note-merged-unnamed" })
            .with("number", &from.number)
            .with("name", &from.requester_name)
            .with("subject", &from.subject);
        let body = format!("{}\n\n{}", text::say(Language::Indonesian, &note), from.description);
        let words =
            Words { body: &body, channel: self.actor.via.as_str(), name: Some(&self.actor.account.name), files: &[] };
        let internal = MessageVisibility::Internal;
        let stored = written::store(self.desk, self.tx, kept, self.label(), internal, &words, self.now).await?;
        let files = store::messages::attachments(self.tx, self.working.ticket.id).await?;
        let copied = copy_files(self.tx, kept.ticket.id, stored.id, &files).await?;
        Ok(json!({"from": self.working.ticket.number, "message": stored.payload, "files": copied}))
    }

    pub(super) async fn link(&mut self, to: &str, relation: Relation) -> Result<()> {
        if !relation.is_by_hand() {
            return Err(Error::field("relation", Say::new("field-relation")));
        }
        let mut other = self.other("to", to).await?;
        if self.tie(&other, relation).await? {
            return Err(Error::field("to", Say::new("field-already-linked")));
        }
        let (from, to) = self.ends(&other, relation);
        let kept_as = if relation.is_forward() { relation } else { relation.reverse() };
        store::relations::add_link(self.tx, from, to, kept_as.as_str()).await?;
        self.tell_both(&mut other, relation, "linked").await
    }

    pub(super) async fn unlink(&mut self, to: &str, relation: Relation) -> Result<()> {
        let mut other = self.other("to", to).await?;
        if !relation.is_by_hand() || !self.tie(&other, relation).await? {
            return Err(Error::field("to", Say::new("field-not-linked")));
        }
        let (from, to) = self.ends(&other, relation);
        let kept_as = if relation.is_forward() { relation } else { relation.reverse() };
        let gone = store::relations::remove_link(self.tx, from, to, kept_as.as_str()).await?;
        if !gone {
            // A tie without a direction may be kept in either.
            store::relations::remove_link(self.tx, to, from, kept_as.as_str()).await?;
        }
        self.tell_both(&mut other, relation, "unlinked").await
    }

    /// Is there this tie already?
    async fn tie(&mut self, other: &Working, relation: Relation) -> Result<bool> {
        let links = store::relations::links(self.tx, self.working.ticket.id).await?;
        Ok(links.iter().any(|(id, kept, outgoing)| {
            let kept = kept.parse::<Relation>().ok();
            *id == other.ticket.id && kept.map(|kept| if *outgoing { kept } else { kept.reverse() }) == Some(relation)
        }))
    }

    /// The two ends in the direction in which the tie is kept.
    const fn ends(&self, other: &Working, relation: Relation) -> (i64, i64) {
        if relation.is_forward() {
            (self.working.ticket.id, other.ticket.id)
        } else {
            (other.ticket.id, self.working.ticket.id)
        }
    }

    async fn tell_both(&mut self, other: &mut Working, relation: Relation, kind: &'static str) -> Result<()> {
        let facts = |number: &str, relation: Relation| json!({"to": number, "relation": relation});
        self.event(kind, facts(&other.ticket.number, relation));
        other.event(self.now, self.label(), kind, facts(&self.working.ticket.number, relation.reverse()));
        other.save(self.tx, &self.desk.rules, self.now).await
    }

    /// Another ticket the actor may see, ready to be changed too.
    pub(super) async fn other(&mut self, field: &'static str, number: &str) -> Result<Working> {
        let number = number::parse(number).unwrap_or_default();
        let unknown = || Error::field(field, Say::new("field-unknown-ticket"));
        let found = store::tickets::by_number(self.tx, &number).await?;
        let found = found.filter(|ticket| visibility(self.actor).shows(ticket)).ok_or_else(unknown)?;
        if found.id == self.working.ticket.id {
            return Err(Error::field(field, Say::new("field-same-ticket")));
        }
        store::dialect::lock_ticket(self.tx, found.id).await?;
        let found = store::tickets::by_id(self.tx, found.id).await?.ok_or_else(unknown)?;
        let mut working = Working::load(self.tx, found).await?;
        self.desk.catch_up(self.tx, &mut working, self.now).await?;
        Ok(working)
    }
}

/// Files of one ticket once more with a message of another: the bytes are kept once.
pub(super) async fn copy_files(tx: &mut Tx, ticket: i64, message: i64, files: &[Attachment]) -> Result<Vec<Value>> {
    let mut copied = Vec::new();
    for file in files {
        let copy = Attachment { message_id: message, ..file.clone() };
        store::messages::attach(tx, ticket, &copy).await?;
        copied.push(json!({"name": file.name, "size": file.size, "sha256": file.sha256}));
    }
    Ok(copied)
}
