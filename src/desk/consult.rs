//! Asking somebody outside: the province, then the ministry, or whomever the pack names, and what they answer.
//!
//! The clocks run on: the deadline is owed to the reporter, whoever is asked.

use crate::desk::command::Question;
use crate::desk::verbs::Change;
use crate::desk::working::Working;
use crate::desk::written::{self, LONGEST_REASON, Words, required_all};
use crate::desk::{Desk, letters};
use crate::domain::event::ActorLabel;
use crate::domain::message::MessageVisibility;
use crate::domain::people::{Actor, visibility};
use crate::domain::ticket::{Channel, Ticket};
use crate::error::{Error, Result, Say};
use crate::mail::parse::Letter;
use crate::policy::sections::Outside;
use crate::store::relations::Consultation;
use crate::store::{self, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

/// A consultation in the list of all.
#[derive(Debug, Clone)]
pub struct Consulted {
    /// The ticket it is about.
    pub ticket: Ticket,
    /// Its place among the consultations of the ticket, from 1.
    pub place: usize,
    /// The consultation.
    pub held: Consultation,
}

impl Desk {
    /// What people call a partner outside.
    pub fn partner_label(&self, code: &str) -> String {
        let pack = self.pack();
        pack.escalation.level3.iter().find(|it| it.code == code).map_or(code, |it| &it.label).to_owned()
    }

    /// Consultations about tickets the actor may see, newest first, before key `before`: all, answered ones, or
    /// those that wait.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff.
    pub async fn consultations(
        &self,
        actor: &Actor,
        answered: Option<bool>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Consulted>> {
        if !actor.is_staff() {
            return Err(Error::Denied(Say::new("error-staff-only")));
        }
        let mut tx = self.db.read().await?;
        let keys =
            store::relations::consulted(&mut tx, &visibility(actor), answered, before.unwrap_or(i64::MAX), limit)
                .await?;
        let mut found = Vec::new();
        for (ticket, id) in keys {
            let all = store::relations::consultations(&mut tx, ticket).await?;
            let place = all.iter().position(|held| held.id == id);
            let (Some(place), Some(ticket)) = (place, store::tickets::by_id(&mut tx, ticket).await?) else { continue };
            found.push(Consulted { ticket, place: place + 1, held: all[place].clone() });
        }
        Ok(found)
    }

    /// A mail of somebody who was asked about `ticket` and has not answered yet: it is the answer. `false` when the
    /// writer was not asked.
    pub(super) async fn answer_by_mail(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        letter: &Letter,
        body: &str,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let all = store::relations::consultations(tx, ticket.id).await?;
        let asked = all.iter().rposition(|held| held.mailed_to.as_ref() == Some(&letter.from) && held.reply.is_none());
        let Some(place) = asked else { return Ok(false) };
        store::dialect::lock_ticket(tx, ticket.id).await?;
        let Some(ticket) = store::tickets::by_id(tx, ticket.id).await? else { return Ok(false) };
        let mut working = Working::load(tx, ticket).await?;
        let read_at = at.max(working.ticket.updated_at);
        self.catch_up(tx, &mut working, read_at).await?;
        let on = at.with_timezone(&self.pack().zone).date_naive().to_string();
        let held = &all[place];
        if !store::relations::answer_consultation(tx, held.id, body, &on, at, ActorLabel::mail().as_str()).await? {
            return Ok(false);
        }
        let name = if letter.from_name.is_empty() { &held.contact } else { &letter.from_name };
        let words = Words { body, channel: Channel::Email.as_str(), name: Some(name), files: &letter.files };
        let internal = MessageVisibility::Internal;
        let stored = written::store(self, tx, &working, ActorLabel::mail(), internal, &words, at).await?;
        let facts = json!({
            "consultation": place + 1, "with": held.partner, "label": self.partner_label(&held.partner), "date": on,
            "message": stored.payload, "files": stored.files, "channel": "email",
        });
        working.event(at, ActorLabel::mail(), "consult_answered", facts);
        working.save(tx, &self.rules, at).await?;
        Ok(true)
    }
}

impl Change<'_> {
    pub(super) async fn consult(&mut self, asked: &Question) -> Result<()> {
        let pack = self.desk.pack();
        let partner = known(&pack.escalation.level3, &asked.with)?;
        let fields = required_all(&[
            ("contact", &asked.contact, 500),
            ("date", &asked.date, 10),
            ("question", &asked.question, LONGEST_REASON),
        ])?;
        let date = fields[1].parse::<NaiveDate>().map_err(|_| Error::field("date", Say::new("field-date")))?;
        let own = asked.email.as_deref().map(str::trim).filter(|email| !email.is_empty());
        let email = own.or(partner.email.as_deref()).map(str::to_lowercase);
        if email.as_ref().is_some_and(|email| email.parse::<lettre::Address>().is_err()) {
            return Err(Error::field("email", Say::new("field-email")));
        }
        if let Some(first) = &partner.after {
            let held = store::relations::consultations(self.tx, self.working.ticket.id).await?;
            if !held.iter().any(|held| held.partner == *first) {
                let first = self.desk.partner_label(first);
                return Err(Error::field("with", Say::new("field-consult-first").with("first", first)));
            }
        }
        let held = Consultation {
            id: 0,
            partner: partner.code.clone(),
            contact: fields[0].clone(),
            held_on: date.to_string(),
            question: fields[2].clone(),
            at: self.now,
            actor: self.label().as_str().to_owned(),
            mailed_to: email.clone(),
            reply: None,
            replied_on: None,
            replied_at: None,
            replied_by: None,
        };
        let id = store::relations::add_consultation(self.tx, self.working.ticket.id, &held).await?;
        self.event("consulted", json!({"with": partner.code, "label": partner.label, "contact": held.contact, "date": held.held_on, "question": held.question, "email": email}));
        match &email {
            Some(email) => {
                letters::consultation(self.desk, self.tx, self.working, id, email, &held, &self.actor.account.name)
                    .await
            }
            None => Ok(()),
        }
    }

    pub(super) async fn consult_reply(&mut self, place: usize, reply: &str, date: &str) -> Result<()> {
        let all = store::relations::consultations(self.tx, self.working.ticket.id).await?;
        let held = place.checked_sub(1).and_then(|place| all.get(place)).ok_or(Error::NotFound("consultation"))?;
        let fields = required_all(&[("reply", reply, LONGEST_REASON), ("date", date, 10)])?;
        let on = fields[1].parse::<NaiveDate>().map_err(|_| Error::field("date", Say::new("field-date")))?;
        let asked = held.held_on.parse::<NaiveDate>().unwrap_or(on);
        if on < asked || on > self.now.with_timezone(&self.desk.pack().zone).date_naive() {
            return Err(Error::field("date", Say::new("field-reply-date")));
        }
        let (by, day) = (self.label(), on.to_string());
        let (reply, now) = (&fields[0], self.now);
        if !store::relations::answer_consultation(self.tx, held.id, reply, &day, now, by.as_str()).await? {
            return Err(Error::conflict(Say::new("error-consultation-answered")));
        }
        let label = self.desk.partner_label(&held.partner);
        self.event(
            "consult_answered",
            json!({"consultation": place, "with": held.partner, "label": label, "date": on.to_string(), "reply": fields[0]}),
        );
        Ok(())
    }
}

/// The partner of this code or name.
fn known<'a>(partners: &'a [Outside], with: &str) -> Result<&'a Outside> {
    let wanted = with.trim().to_lowercase();
    let partner = partners.iter().find(|partner| partner.code == wanted || partner.label.to_lowercase() == wanted);
    partner.ok_or_else(|| {
        let known = partners.iter().map(|partner| partner.code.as_str()).collect::<Vec<_>>().join(", ");
        Error::field("with", Say::new("field-unknown-partner").with("known", known))
    })
}
