//! Running disruptions: staff tell the public, those who are hit say so with one tap, and hear more by mail.
//!
//! An incident stands on a ticket. It ends by hand, or with its ticket: the worker looks for those that have outlived
//! theirs, so that no way of ending a ticket has to think of it.

use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, required_all};
use crate::desk::{Desk, once};
use crate::domain::event::ActorLabel;
use crate::domain::incident::{Incident, Phase, can_be_announced, may_announce};
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Language, Status, Ticket};
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::compose::Outgoing;
use crate::store::incidents::Update;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Datelike, Duration, Utc};
use serde_json::{Value, json};

/// Longest title, in characters.
const LONGEST_TITLE: usize = 120;
/// The next word may be promised for at most so far ahead.
const FARTHEST: Duration = Duration::days(14);

/// What staff want to tell the public.
#[derive(Debug, Clone, Hash)]
pub struct News {
    /// What users notice, in one line; only the first time.
    pub title: String,
    /// What is being done.
    pub message: String,
    /// How far the desk is.
    pub phase: Option<Phase>,
    /// When the public hears more.
    pub next_update_at: Option<DateTime<Utc>>,
}

/// An incident on the page of its ticket.
#[derive(Debug, Clone)]
pub struct Announced {
    /// The incident.
    pub incident: Incident,
    /// What was said, the last first.
    pub updates: Vec<Update>,
    /// How many said that they are hit, too.
    pub affected: i64,
}

impl Desk {
    /// The incident that runs on a ticket, for staff who may see the ticket's inside.
    ///
    /// # Errors
    /// `NotFound` for tickets the actor may not see.
    pub async fn announced(&self, actor: &Actor, number: &str) -> Result<Option<Announced>> {
        let mut tx = self.db.read().await?;
        let ticket = seen(&mut tx, actor, number).await?;
        match store::incidents::of_ticket(&mut tx, ticket.id).await? {
            Some(incident) => Ok(Some(whole(&mut tx, incident).await?)),
            None => Ok(None),
        }
    }

    /// Tells the public of the disruption a ticket is about. `key` makes a repeated request harmless.
    ///
    /// # Errors
    /// `NotFound`, `Denied` as the rights say; `Conflict` when the ticket is no open disruption or is announced already;
    /// `Invalid` with every field to be mended.
    pub async fn announce(&self, actor: &Actor, number: &str, news: &News, key: Option<&str>) -> Result<Incident> {
        let now = self.now();
        let (title, message, phase) = self.checked_news(news, true, now)?;
        let mut tx = self.db.write().await?;
        let mut working = self.to_announce(&mut tx, actor, number).await?;
        let request = once::fingerprint(&("announce", number, news));
        if let once::Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            return store::incidents::by_code(&mut tx, &code).await?.ok_or(Error::NotFound("incident"));
        }
        self.catch_up(&mut tx, &mut working, now).await?;
        if !can_be_announced(&working.ticket) {
            return Err(Error::conflict(Say::new("incident-not-announceable")));
        }
        if store::incidents::of_ticket(&mut tx, working.ticket.id).await?.is_some() {
            return Err(Error::conflict(Say::new("incident-announced-before")));
        }
        let year = now.with_timezone(&self.pack().zone).year();
        let place = store::incidents::next_place(&mut tx, &format!("GGN-{year}")).await?;
        let mut incident = Incident {
            id: 0,
            code: format!("GGN-{year}-{place:04}"),
            ticket_id: working.ticket.id,
            service: working.ticket.service.clone(),
            title,
            phase,
            message,
            next_update_at: news.next_update_at,
            announced_at: now,
            updated_at: now,
            ended_at: None,
            version: 1,
        };
        incident.id = store::incidents::insert(&mut tx, &incident).await?;
        said(&mut tx, &incident).await?;
        working.event(now, ActorLabel::user(actor.account.id), "incident_announced", told(&incident));
        working.save(&mut tx, &self.rules, now).await?;
        once::answer(&mut tx, actor, key, &incident.code).await?;
        tx.commit().await?;
        self.wake();
        Ok(incident)
    }

    /// Disruptions of which more was promised and not told, where the actor may tell it: number of the ticket, headline, and
    /// when it was promised. The longest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn overdue_updates(&self, actor: &Actor) -> Result<Vec<(String, String, DateTime<Utc>)>> {
        let now = self.now();
        let mut tx = self.db.read().await?;
        let mut late = Vec::new();
        for incident in store::incidents::running(&mut tx).await? {
            let Some(promised) = incident.next_update_at.filter(|at| *at <= now) else { continue };
            let ticket = store::tickets::by_id(&mut tx, incident.ticket_id).await?;
            if let Some(ticket) = ticket.filter(|ticket| may_announce(actor, ticket)) {
                late.push((ticket.number, incident.title, promised));
            }
        }
        late.sort_by_key(|it| it.2);
        Ok(late)
    }

    /// Tells the public more. `version` is the incident's as the caller has seen it.
    ///
    /// # Errors
    /// As [`Desk::announce`]; `Conflict` when somebody has told more meanwhile.
    pub async fn update_incident(&self, actor: &Actor, number: &str, version: i64, news: &News) -> Result<Incident> {
        let now = self.now();
        let (_, message, phase) = self.checked_news(news, false, now)?;
        self.change_incident(actor, number, version, "incident_updated", |incident| {
            (incident.phase, incident.message, incident.next_update_at) = (phase, message, news.next_update_at);
        })
        .await
    }

    /// Tells the public that it is over.
    ///
    /// # Errors
    /// As [`Desk::update_incident`].
    pub async fn end_incident(&self, actor: &Actor, number: &str, version: i64, message: &str) -> Result<Incident> {
        let now = self.now();
        let message = required_all(&[("ending", message, LONGEST_REASON)])?.remove(0);
        self.change_incident(actor, number, version, "incident_ended", |incident| end(incident, message, now)).await
    }

    async fn change_incident(
        &self,
        actor: &Actor,
        number: &str,
        version: i64,
        kind: &'static str,
        change: impl FnOnce(&mut Incident),
    ) -> Result<Incident> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let mut working = self.to_announce(&mut tx, actor, number).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        let found = store::incidents::of_ticket(&mut tx, working.ticket.id).await?;
        let mut incident = found.ok_or_else(|| Error::conflict(Say::new("incident-over")))?;
        if incident.version != version {
            return Err(Error::conflict(Say::new("incident-stale")));
        }
        change(&mut incident);
        let actor = ActorLabel::user(actor.account.id);
        self.tell_incident(&mut tx, &mut working, &mut incident, actor, kind, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(incident)
    }

    /// Keeps a changed incident and what was said, notes it in the ticket's chain, and writes to those who follow.
    async fn tell_incident(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        incident: &mut Incident,
        actor: ActorLabel,
        kind: &'static str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        incident.updated_at = now;
        incident.version += 1;
        store::incidents::save(tx, incident).await?;
        said(tx, incident).await?;
        working.event(now, actor, kind, told(incident));
        working.save(tx, &self.rules, now).await?;
        self.mail_followers(tx, incident).await
    }

    /// Ends what runs on tickets that are over; one that was merged goes on with the other ticket.
    ///
    /// # Errors
    /// The database does not answer; the next round goes on.
    pub async fn end_outlived_incidents(&self) -> Result<usize> {
        let outlived = store::incidents::outlived(&mut self.db.glance().await?).await?;
        for incident in &outlived {
            self.outlive(&incident.code).await?;
        }
        Ok(outlived.len())
    }

    async fn outlive(&self, code: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let Some(found) = store::incidents::by_code(&mut tx, code).await? else { return Ok(()) };
        store::dialect::lock_ticket(&mut tx, found.ticket_id).await?;
        // Read again: another node may have ended it before the ticket was ours.
        let found = store::incidents::by_code(&mut tx, code).await?.filter(|incident| incident.ended_at.is_none());
        let Some(mut incident) = found else { return Ok(()) };
        let ticket = store::tickets::by_id(&mut tx, incident.ticket_id).await?.ok_or(Error::NotFound("ticket"))?;
        if !ticket.status.is_finished() {
            return Ok(());
        }
        let heir = heir(&mut tx, &ticket).await?;
        let (ticket, kind) = match heir {
            Some(heir) => (heir, "incident_moved"),
            None => (ticket, "incident_ended"),
        };
        let mut working = Working::load(&mut tx, ticket).await?;
        if kind == "incident_moved" {
            incident.ticket_id = working.ticket.id;
            incident.version += 1;
            store::incidents::save(&mut tx, &incident).await?;
            working.event(now, ActorLabel::clock(), kind, told(&incident));
            working.save(&mut tx, &self.rules, now).await?;
        } else {
            let message = text::word(Language::Indonesian, "incident-over-with-ticket");
            end(&mut incident, message, now);
            self.tell_incident(&mut tx, &mut working, &mut incident, ActorLabel::clock(), kind, now).await?;
        }
        tx.commit().await
    }

    /// The ticket, ours to change, when the actor may tell the public about it.
    async fn to_announce(&self, tx: &mut Tx, actor: &Actor, number: &str) -> Result<Working> {
        let ticket = seen(tx, actor, number).await?;
        if !may_announce(actor, &ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        store::dialect::lock_ticket(tx, ticket.id).await?;
        let ticket = store::tickets::by_id(tx, ticket.id).await?.ok_or(Error::NotFound("ticket"))?;
        Working::load(tx, ticket).await
    }

    /// The texts and the phase of what is to be told, when all of it may be.
    fn checked_news(&self, news: &News, first: bool, now: DateTime<Utc>) -> Result<(String, String, Phase)> {
        let mut problems = Vec::new();
        let mut wanted = vec![("message", news.message.as_str(), LONGEST_REASON)];
        if first {
            wanted.insert(0, ("headline", news.title.as_str(), LONGEST_TITLE));
        }
        let texts = required_all(&wanted);
        if let Err(Error::Invalid(more)) = &texts {
            problems.extend(more.iter().cloned());
        }
        let phase = news.phase.filter(|phase| Phase::RUNNING.contains(phase));
        if phase.is_none() {
            problems.push(FieldError { field: "phase", say: Say::new("incident-choose-phase") });
        }
        match news.next_update_at {
            None => problems.push(FieldError { field: "next_date", say: Say::new("incident-next-missing") }),
            Some(next) if next <= now || next > now + FARTHEST => {
                problems.push(FieldError { field: "next_date", say: Say::new("incident-next-wrong") });
            }
            Some(_) => {}
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut texts = texts?;
        let message = texts.pop().unwrap_or_default();
        let title = texts.pop().unwrap_or_default().replace(['\n', '\t'], " ");
        Ok((title, message, phase.unwrap_or(Phase::Investigating)))
    }

    async fn mail_followers(&self, tx: &mut Tx, incident: &Incident) -> Result<()> {
        if !self.follow_tied(tx, incident).await? {
            return Ok(());
        }
        for (email, language) in store::incidents::followers(tx, incident.id).await? {
            let next = incident.next_update_at.map(|at| self.words(language, at));
            let context = json!({
                "name": "",
                "title": incident.title,
                "phase": text::word(language, &format!("phase-{}", incident.phase)),
                "message": incident.message,
                "next_update": next,
                "over": incident.ended_at.is_some(),
                "url": self.incident_url(incident),
                "stop_url": self.follow_url(&incident.code, &email),
            });
            let key = format!("incident:{}:{}:{email}", incident.code, incident.version);
            self.mail_about(tx, "incident_update", key, &email, language, context).await?;
        }
        Ok(())
    }

    /// Puts a mail about an incident in the outbox.
    pub(super) async fn mail_about(
        &self,
        tx: &mut Tx,
        template: &'static str,
        key: String,
        to: &str,
        language: Language,
        context: Value,
    ) -> Result<()> {
        let mail = self.composer.write(&Outgoing {
            key,
            template,
            language,
            to,
            to_name: "",
            context,
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }

    /// The public page of an incident.
    pub fn incident_url(&self, incident: &Incident) -> String {
        format!("{}/gangguan/{}", self.public_url, incident.code)
    }

    /// The page on which an address begins or ends to hear more.
    pub(super) fn follow_url(&self, code: &str, email: &str) -> String {
        format!("{}/gangguan/{code}/kabar/{}", self.public_url, self.follow_mark(code, email))
    }

    /// The mark in the link that was mailed to an address.
    pub(super) fn follow_mark(&self, code: &str, email: &str) -> String {
        self.secret.mark("incident", &format!("{code}:{email}"))
    }
}

/// Everything about an incident.
pub(super) async fn whole(tx: &mut Tx, incident: Incident) -> Result<Announced> {
    let updates = store::incidents::updates(tx, incident.id).await?;
    let affected = store::incidents::count_affected(tx, incident.id).await?;
    Ok(Announced { incident, updates, affected })
}

async fn seen(tx: &mut Tx, actor: &Actor, number: &str) -> Result<Ticket> {
    let ticket = store::tickets::by_number(tx, number).await?;
    ticket.filter(|ticket| may(actor, Action::ViewInternal, ticket)).ok_or(Error::NotFound("ticket"))
}

/// The open ticket into which a merged one went, when nothing runs on it yet.
async fn heir(tx: &mut Tx, ticket: &Ticket) -> Result<Option<Ticket>> {
    let mut heir = ticket.clone();
    for _ in 0..16 {
        let Some(target) = heir.merged_into.as_ref().filter(|_| heir.status == Status::Merged) else { break };
        let Some(next) = store::tickets::by_number(tx, target).await? else { break };
        heir = next;
    }
    let is_free =
        heir.id != ticket.id && !heir.status.is_finished() && store::incidents::of_ticket(tx, heir.id).await?.is_none();
    if is_free {
        store::dialect::lock_ticket(tx, heir.id).await?;
    }
    Ok(Some(heir).filter(|_| is_free))
}

fn end(incident: &mut Incident, message: String, now: DateTime<Utc>) {
    (incident.phase, incident.message) = (Phase::Resolved, message);
    (incident.next_update_at, incident.ended_at) = (None, Some(now));
}

/// Keeps what an incident says now among what was said.
async fn said(tx: &mut Tx, incident: &Incident) -> Result<()> {
    let update = Update {
        at: incident.updated_at,
        phase: incident.phase,
        message: incident.message.clone(),
        next_update_at: incident.next_update_at,
    };
    store::incidents::add_update(tx, incident.id, &update).await
}

fn told(incident: &Incident) -> Value {
    json!({
        "incident": incident.code, "phase": incident.phase, "title": incident.title, "message": incident.message,
        "next_update_at": incident.next_update_at,
    })
}
