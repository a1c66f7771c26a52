//! A report that somebody writes over several pages, before it is sent.

use crate::desk::Desk;
use crate::desk::intake::{Along, LONGEST_SUBJECT, Report};
use crate::desk::public_reply::Proof;
use crate::desk::uploads::Owner;
use crate::desk::written::{LONGEST_TEXT, required_all};
use crate::domain::phone;
use crate::domain::reporter::Wish;
use crate::domain::ticket::{Channel, Impact, Kind, Language, Ticket};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::{new_token, sha256};
use crate::store;
use crate::text;
use serde::{Deserialize, Serialize};

/// Most sent reports a draft remembers.
const REMEMBERED: usize = 20;

/// What has been written so far, and what was sent from the same browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Kind of user service.
    pub kind: Option<Kind>,
    /// Code of the service concerned; `None`: not known.
    pub service: Option<String>,
    /// Code of the chosen type of request.
    #[serde(default)]
    pub request_type: Option<String>,
    /// One line.
    pub subject: String,
    /// In full.
    pub description: String,
    /// How many are hit; `None`: not known.
    pub impact: Option<Impact>,
    /// Name of the reporter.
    pub name: String,
    /// Address of the reporter.
    pub email: String,
    /// Telephone of the reporter, as typed.
    pub phone: String,
    /// How the reporter wants to be known.
    pub wish: Wish,
    /// Number of the ticket that is over and goes on with this report; set when the reporter has shown it is his.
    pub follows: Option<String>,
    /// Names this report, so that sending it twice opens one ticket.
    pub nonce: String,
    /// Reports sent before: their names and the numbers they got.
    pub sent: Vec<(String, String)>,
}

/// A page of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// What it is about.
    Kind,
    /// What happened.
    Description,
    /// Who reports.
    Contact,
}

impl Step {
    /// The pages in their order.
    pub const ALL: [Self; 3] = [Self::Kind, Self::Description, Self::Contact];
}

impl Draft {
    /// Was ticket `number` sent from here?
    pub fn has_sent(&self, number: &str) -> bool {
        self.sent.iter().any(|(_, sent)| sent == number)
    }
}

impl Desk {
    /// The draft of whoever holds `token`; an empty one when there is none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn draft(&self, token: &str) -> Result<Draft> {
        let stored = store::settings::draft(&mut self.db.read().await?, &sha256(token)).await?;
        // A draft of an older version that cannot be read any more begins anew.
        match stored.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(draft) => Ok(draft),
            None => Ok(Draft { nonce: new_token()?, ..Draft::default() }),
        }
    }

    /// Keeps the draft of whoever holds `token`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn save_draft(&self, token: &str, draft: &Draft) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::settings::save_draft(&mut tx, &sha256(token), &serde_json::to_string(draft)?, self.now()).await?;
        tx.commit().await
    }

    /// Is what this page asks for complete?
    ///
    /// # Errors
    /// `Invalid` with every field to be mended.
    pub async fn check_draft(&self, step: Step, draft: &Draft) -> Result<()> {
        let mut problems = Vec::new();
        let mut refuse = |field, key| problems.push(FieldError { field, say: Say::new(key) });
        match step {
            Step::Kind => {
                match draft.kind {
                    None => refuse("kind", "field-choose-kind"),
                    Some(kind) if !self.pack().kinds.contains(&kind) => refuse("kind", "field-kind-not-offered"),
                    Some(_) => {}
                }
                if let Some(code) = &draft.service
                    && !self.services().await?.iter().any(|service| service.code == *code && service.active)
                {
                    refuse("service", "field-unknown-service");
                }
                if draft.request_type.as_ref().is_some_and(|code| self.pack().request(code).is_none()) {
                    refuse("request_type", "field-unknown-request");
                }
            }
            Step::Description => {
                required_all(&[
                    ("subject", &draft.subject, LONGEST_SUBJECT),
                    ("description", &draft.description, LONGEST_TEXT),
                ])?;
            }
            Step::Contact if self.granted(draft.wish).anonymous => {}
            Step::Contact => {
                if draft.name.trim().is_empty() || draft.name.chars().count() > LONGEST_SUBJECT {
                    refuse("name", "field-name");
                }
                // Whoever has no address may be called.
                let is_reachable = !draft.phone.trim().is_empty() && draft.email.trim().is_empty();
                if phone::is_broken(&draft.phone) {
                    refuse("phone", "field-phone");
                }
                if !is_reachable && draft.email.trim().parse::<lettre::Address>().is_err() {
                    refuse("email", "field-email");
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    /// Sends the report named `nonce` from the draft of whoever holds `token` at the address `source`. A second time
    /// gives the same ticket.
    ///
    /// # Errors
    /// `Invalid` with the fields to be mended; `Conflict` when the draft is another one by now.
    pub async fn send_draft(&self, token: &str, nonce: &str, language: Language, source: &str) -> Result<Ticket> {
        let mut draft = self.draft(token).await?;
        if let Some((_, number)) = draft.sent.iter().find(|(sent, _)| sent == nonce) {
            let found = store::tickets::by_number(&mut self.db.read().await?, number).await?;
            return found.ok_or(Error::NotFound("ticket"));
        }
        if draft.nonce != nonce {
            return Err(Error::conflict(Say::new("error-draft-changed")));
        }
        for step in Step::ALL {
            self.check_draft(step, &draft).await?;
        }
        let report = Report {
            subject: draft.subject.clone(),
            description: draft.description.clone(),
            kind: draft.kind,
            agency: None,
            service: draft.service.clone(),
            impact: draft.impact,
            urgency: None,
            outage: None,
            workaround: false,
            request_type: draft.request_type.clone(),
            name: draft.name.clone(),
            email: draft.email.clone(),
            nip: None,
            phone: Some(draft.phone.clone()),
            channel: Channel::Web,
            language,
        };
        let (uploads, follows) = (Some(Owner::draft(token)), draft.follows.clone());
        let along = Along { uploads, follows, wish: draft.wish, source: source.to_owned() };
        let ticket = self.open_public(report, &format!("{token}\n{nonce}"), &along).await?;
        draft.sent.push((nonce.to_owned(), ticket.number.clone()));
        let forgotten = draft.sent.len().saturating_sub(REMEMBERED);
        draft.sent.drain(..forgotten);
        // Phones are shared: nothing of the person stays.
        let next = Draft { nonce: new_token()?, sent: draft.sent, ..Draft::default() };
        self.save_draft(token, &next).await?;
        Ok(ticket)
    }

    /// Number of the ticket that a draft will be tied to when it is sent: none where the tie would tell a name that is
    /// kept back now and was not then.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tied_to(&self, draft: &Draft) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let Some(number) = &draft.follows else { return Ok(None) };
        let Some(before) = store::tickets::by_number(&mut tx, number).await? else { return Ok(None) };
        let earlier = store::wishes::of_ticket(&mut tx, before.id).await?;
        Ok(Some(before.number).filter(|_| self.granted(draft.wish).may_follow(earlier)))
    }

    /// Begins a report that goes on from a ticket that is over, with what is known of it, for whoever has shown that
    /// the ticket is his.
    ///
    /// # Errors
    /// As [`Desk::follow_ticket`].
    pub async fn begin_follow_up(&self, token: &str, number: &str, proof: &Proof, language: Language) -> Result<()> {
        let page = self.follow_ticket(number, proof).await?;
        let (before, wish) = (page.view.ticket, page.wish);
        let kept = self.draft(token).await?;
        // Whoever holds the code need not be the reporter: his address is filled in only for himself.
        let (name, email) = match proof {
            Proof::Address(_) => (before.requester_name, before.requester_email),
            Proof::Code { .. } => (String::new(), String::new()),
        };
        let subject = text::phrase(language, "follow-up-subject", &[("subject", &before.subject)]);
        let draft = Draft {
            kind: Some(before.kind).filter(|kind| self.pack().kinds.contains(kind)),
            service: before.service,
            subject: subject.chars().take(LONGEST_SUBJECT).collect(),
            name,
            email,
            // Whoever was silent then has to say so if he is not now.
            wish: self.granted(wish),
            follows: Some(before.number),
            nonce: kept.nonce,
            sent: kept.sent,
            ..Draft::default()
        };
        self.save_draft(token, &draft).await
    }
}
