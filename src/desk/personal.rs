//! What people ask about their personal data (UU 27/2022): entering it, giving it out, mending it, erasing it, and the
//! clock of 3 x 24 hours of a failure to protect it.
//!
//! Erasing leaves every chain verifiable: an event tells the digests of what went and of what stands in its place.

use crate::desk::catalogue::denied;
use crate::desk::once::{self, Repeat};
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, message_digest, required_all};
use crate::desk::{Desk, chain, files};
use crate::domain::event::ActorLabel;
use crate::domain::people::Actor;
use crate::domain::personal::{DataRequestKind, DataRequestState, ERASED, due, may_handle};
use crate::domain::phone;
use crate::domain::ticket::{Status, Ticket};
use crate::error::{Error, Result, Say};
use crate::store::personal::{DataBreach, DataRequest};
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Value, json};

/// Requests and failures on the page.
const ROWS: i64 = 200;
/// Longest name, title or address, in characters.
const LINE: usize = 200;

/// What waits and what was answered.
#[derive(Debug, Clone)]
pub struct PersonalData {
    /// The open requests by the end of their time, then the others.
    pub requests: Vec<DataRequest>,
    /// Failures, newest first.
    pub breaches: Vec<DataBreach>,
}

/// One request with what is held of the person.
#[derive(Debug, Clone)]
pub struct DataCase {
    /// The request.
    pub request: DataRequest,
    /// Tickets of the person.
    pub tickets: Vec<Ticket>,
}

/// What erasing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Tickets that say nothing of the person any more.
    pub tickets: usize,
    /// Numbers of tickets that are held or still open, and stay as they are.
    pub kept: Vec<String>,
}

impl Desk {
    /// What waits and what was answered.
    ///
    /// # Errors
    /// `Denied` for others than the ICT office.
    pub async fn personal_data(&self, actor: &Actor) -> Result<PersonalData> {
        refuse(actor)?;
        let mut tx = self.db.read().await?;
        let requests = store::personal::requests(&mut tx, ROWS).await?;
        Ok(PersonalData { requests, breaches: store::personal::breaches(&mut tx, ROWS).await? })
    }

    /// One request with what is held of the person.
    ///
    /// # Errors
    /// `Denied`; `NotFound`.
    pub async fn data_case(&self, actor: &Actor, code: &str) -> Result<DataCase> {
        refuse(actor)?;
        let mut tx = self.db.read().await?;
        let request = store::personal::request(&mut tx, code).await?.ok_or(Error::NotFound("data_request"))?;
        let tickets = tickets_of(&mut tx, &request.email).await?;
        Ok(DataCase { request, tickets })
    }

    /// Enters what somebody asked; gives its code. Its time runs from now.
    ///
    /// # Errors
    /// `Denied`; `Invalid` without a name, or for what is no address.
    pub async fn enter_data_request(
        &self,
        actor: &Actor,
        kind: DataRequestKind,
        (name, email, note): (&str, &str, &str),
        key: Option<&str>,
    ) -> Result<String> {
        refuse(actor)?;
        let mut texts = required_all(&[("name", name, LINE), ("email", email, LINE)])?;
        let email = texts.pop().unwrap_or_default().to_lowercase();
        let name = texts.pop().unwrap_or_default();
        if email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("email", Say::new("field-email")));
        }
        let note = crate::desk::written::optional("note", note, LONGEST_REASON)?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("data_request", kind.as_str(), &email, &note));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(code);
        }
        let code = self.next_code(&mut tx, "DP", now).await?;
        let it = DataRequest {
            id: 0,
            code: code.clone(),
            kind: kind.as_str().to_owned(),
            email,
            name,
            note,
            received_at: now,
            due_at: due(now),
            state: DataRequestState::Open.as_str().to_owned(),
            answer: String::new(),
            account_id: actor.account.id,
            settled_at: None,
            version: 1,
        };
        store::personal::add_request(&mut tx, &it).await?;
        // Who it is stands in the row alone, which can be erased; the chain cannot.
        let facts = json!({"kind": it.kind, "due_at": it.due_at});
        chain::note(&mut tx, "personal", &code, now, label(actor), "data_asked", facts).await?;
        once::answer(&mut tx, actor, key, &code).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Everything that is held of the person, as JSON for people and programs; that it was given out is noted.
    ///
    /// # Errors
    /// `Denied`; `NotFound`.
    pub async fn export_personal_data(&self, actor: &Actor, code: &str) -> Result<Vec<u8>> {
        let case = self.data_case(actor, code).await?;
        let mut tx = self.db.read().await?;
        let mut tickets = Vec::new();
        for ticket in &case.tickets {
            tickets.push(told(&mut tx, ticket).await?);
        }
        let account = store::people::by_email(&mut tx, &case.request.email).await?;
        drop(tx);
        let whole = json!({
            "request": case.request.code,
            "made_at": self.now(),
            "legal_basis": "UU 27/2022 Pasal 32",
            "account": account.map(|it| json!({"name": it.name, "email": it.email, "nip": it.nip, "active": it.active})),
            "tickets": tickets,
        });
        let mut tx = self.db.write().await?;
        let facts = json!({"tickets": case.tickets.len()});
        chain::note(&mut tx, "personal", code, self.now(), label(actor), "data_given", facts).await?;
        tx.commit().await?;
        Ok(serde_json::to_vec_pretty(&whole)?)
    }

    /// Mends name and telephone of the person on all tickets, and settles the request.
    ///
    /// # Errors
    /// `Denied`; `NotFound`; `Invalid`; `Conflict` when it was settled or the version is old.
    pub async fn correct_personal_data(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        (name, number): (&str, &str),
    ) -> Result<usize> {
        let name = required_all(&[("name", name, LINE)])?.remove(0);
        let number = match number.trim() {
            "" => None,
            text => Some(phone::parse(text).ok_or_else(|| Error::field("phone", Say::new("field-phone")))?),
        };
        let (mut tx, mut request) = self.open_request(actor, code, version).await?;
        let now = self.now();
        let tickets = tickets_of(&mut tx, &request.email).await?;
        for ticket in &tickets {
            let mut working = self.locked(&mut tx, ticket.id).await?;
            let it = &mut working.ticket;
            it.requester_name.clone_from(&name);
            it.requester_phone = number.clone().or(it.requester_phone.take());
            write_requester(&mut tx, it).await?;
            working.event(now, label(actor), "personal_corrected", json!({"request": code}));
            working.save(&mut tx, &self.rules, now).await?;
        }
        request.name.clone_from(&name);
        self.settle(&mut tx, actor, request, DataRequestState::Done, String::new(), json!({"tickets": tickets.len()}))
            .await?;
        tx.commit().await?;
        Ok(tickets.len())
    }

    /// Takes the person out of every closed ticket that nobody holds, with his words, files and mails, and out of an
    /// account without a role; settles the request when nothing is left.
    ///
    /// # Errors
    /// `Denied`; `NotFound`; `Conflict` when it was settled or the version is old.
    pub async fn erase_personal_data(&self, actor: &Actor, code: &str, version: Option<i64>) -> Result<Erased> {
        let (mut tx, mut request) = self.open_request(actor, code, version).await?;
        let (now, mut done, mut gone) = (self.now(), Erased::default(), Vec::new());
        for ticket in tickets_of(&mut tx, &request.email).await? {
            let is_over = matches!(ticket.status, Status::Closed | Status::Merged);
            if !is_over || store::retention::is_held(&mut tx, ticket.id).await? {
                done.kept.push(ticket.number);
                continue;
            }
            let mut working = self.locked(&mut tx, ticket.id).await?;
            gone.extend(self.erase_ticket(&mut tx, actor, code, &mut working, now).await?);
            done.tickets += 1;
        }
        let facts = json!({"tickets": done.tickets, "kept": done.kept});
        if done.kept.is_empty() {
            store::personal::erase_account(&mut tx, &request.email, ERASED).await?;
            (request.email, request.name, request.note) = (String::new(), ERASED.to_owned(), String::new());
            self.settle(&mut tx, actor, request, DataRequestState::Done, String::new(), facts).await?;
        } else {
            chain::note(&mut tx, "personal", code, now, label(actor), "data_erased_partly", facts).await?;
        }
        let mut unused = Vec::new();
        for digest in gone {
            if !store::personal::is_file_used(&mut tx, &digest).await? {
                unused.push(digest);
            }
        }
        tx.commit().await?;
        // After the commit: a file without a row is found by nobody, a row without its file by everybody.
        for digest in unused {
            if let Err(error) = std::fs::remove_file(files::path(&self.files, &digest)) {
                tracing::warn!(%error, digest, "an erased file could not be removed");
            }
        }
        Ok(done)
    }

    /// Takes the requester out of one ticket; gives the digests of his files.
    async fn erase_ticket(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        code: &str,
        working: &mut Working,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>> {
        let id = working.ticket.id;
        let email = std::mem::take(&mut working.ticket.requester_email);
        let all = store::messages::attachments(tx, id).await?;
        let (mut replaced, mut gone) = (Vec::new(), Vec::new());
        for message in store::messages::of_ticket(tx, id, true, 0, i64::MAX).await? {
            if message.author != ActorLabel::requester().as_str() {
                continue;
            }
            let before = message_digest(&message)?;
            store::personal::erase_message(tx, message.id, ERASED).await?;
            store::personal::erase_files(tx, message.id).await?;
            gone.extend(all.iter().filter(|file| file.message_id == message.id).map(|file| file.sha256.clone()));
            let after =
                crate::domain::message::Message { body: ERASED.to_owned(), author_name: ERASED.to_owned(), ..message };
            replaced.push((before, message_digest(&after)?));
        }
        // A file that somebody else brought, too, is still there.
        let left = store::messages::attachments(tx, id).await?;
        let lost: Vec<&String> = gone.iter().filter(|digest| left.iter().all(|file| file.sha256 != **digest)).collect();
        store::personal::erase_mails(tx, id, &email, b"").await?;
        let it = &mut working.ticket;
        ERASED.clone_into(&mut it.requester_name);
        ERASED.clone_into(&mut it.subject);
        ERASED.clone_into(&mut it.description);
        (it.requester_nip, it.requester_phone) = (None, None);
        write_requester(tx, it).await?;
        store::personal::erase_description(tx, id, ERASED).await?;
        let facts = json!({"request": code, "messages": replaced, "gone": lost});
        working.event(now, label(actor), "personal_erased", facts);
        working.save(tx, &self.rules, now).await?;
        Ok(gone)
    }

    /// Settles a request with an answer in words: what was given, or why it is refused (article 33).
    ///
    /// # Errors
    /// `Denied`; `NotFound`; `Invalid` without words; `Conflict` when it was settled or the version is old.
    pub async fn answer_data_request(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        refused: bool,
        answer: &str,
    ) -> Result<()> {
        let answer = required_all(&[("answer", answer, LONGEST_REASON)])?.remove(0);
        let (mut tx, request) = self.open_request(actor, code, version).await?;
        let state = if refused { DataRequestState::Refused } else { DataRequestState::Done };
        self.settle(&mut tx, actor, request, state, answer, json!({})).await?;
        tx.commit().await
    }

    /// Enters a failure to protect personal data; gives its code. Its time runs from when it became known.
    ///
    /// # Errors
    /// `Denied`; `Invalid` without words, or for an instant that has not come.
    pub async fn enter_breach(
        &self,
        actor: &Actor,
        (title, description): (&str, &str),
        known_at: Option<DateTime<Utc>>,
        key: Option<&str>,
    ) -> Result<String> {
        refuse(actor)?;
        let mut texts = required_all(&[("title", title, LINE), ("description", description, 4 * LONGEST_REASON)])?;
        let description = texts.pop().unwrap_or_default();
        let title = texts.pop().unwrap_or_default();
        let now = self.now();
        let known_at =
            known_at.filter(|at| *at <= now).ok_or_else(|| Error::field("known_date", Say::new("field-known")))?;
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("breach", &title, &description));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(code);
        }
        let code = self.next_code(&mut tx, "KP", now).await?;
        let it = DataBreach {
            id: 0,
            code: code.clone(),
            title,
            description,
            known_at,
            due_at: due(known_at),
            subjects_at: None,
            agency_at: None,
            account_id: actor.account.id,
            version: 1,
        };
        store::personal::add_breach(&mut tx, &it).await?;
        let facts =
            json!({"known_at": it.known_at, "due_at": it.due_at, "sha256": crate::secret::sha256(&it.description)});
        chain::note(&mut tx, "personal", &code, now, label(actor), "breach_known", facts).await?;
        once::answer(&mut tx, actor, key, &code).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Notes that the persons concerned, or the agency, were told of a failure in writing.
    ///
    /// # Errors
    /// `Denied`; `NotFound`.
    pub async fn tell_breach(&self, actor: &Actor, code: &str, to_agency: bool) -> Result<()> {
        refuse(actor)?;
        let mut tx = self.db.write().await?;
        if !store::personal::tell_breach(&mut tx, code, to_agency, self.now()).await? {
            return Err(Error::NotFound("data_breach"));
        }
        let facts = json!({"to": if to_agency { "agency" } else { "subjects" }});
        chain::note(&mut tx, "personal", code, self.now(), label(actor), "breach_told", facts).await?;
        tx.commit().await
    }

    async fn open_request(&self, actor: &Actor, code: &str, version: Option<i64>) -> Result<(Tx, DataRequest)> {
        refuse(actor)?;
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "personal", code).await?;
        let it = store::personal::request(&mut tx, code).await?.ok_or(Error::NotFound("data_request"))?;
        if it.state != DataRequestState::Open.as_str() || version.is_some_and(|seen| seen != it.version) {
            return Err(Error::Conflict { say: Say::new("error-data-settled"), version: Some(it.version) });
        }
        Ok((tx, it))
    }

    async fn settle(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        mut request: DataRequest,
        state: DataRequestState,
        answer: String,
        mut facts: Value,
    ) -> Result<()> {
        let now = self.now();
        request.state = state.as_str().to_owned();
        request.answer = answer;
        request.settled_at = Some(now);
        request.version += 1;
        if !store::personal::settle_request(tx, &request).await? {
            return Err(Error::conflict(Say::new("error-data-settled")));
        }
        facts["kind"] = request.kind.as_str().into();
        facts["in_time"] = (now <= request.due_at).into();
        let kind = if state == DataRequestState::Refused { "data_refused" } else { "data_answered" };
        chain::note(tx, "personal", &request.code, now, label(actor), kind, facts).await
    }

    async fn locked(&self, tx: &mut Tx, id: i64) -> Result<Working> {
        store::dialect::lock_ticket(tx, id).await?;
        let ticket = store::tickets::by_id(tx, id).await?.ok_or(Error::NotFound("ticket"))?;
        Working::load(tx, ticket).await
    }

    async fn next_code(&self, tx: &mut Tx, start: &str, now: DateTime<Utc>) -> Result<String> {
        chain::turn(tx, "personal", "codes").await?;
        let start = format!("{start}-{}-", now.with_timezone(&self.pack().zone).year());
        let count = store::personal::count_codes(tx, &start).await?;
        Ok(format!("{start}{:04}", count + 1))
    }
}

fn refuse(actor: &Actor) -> Result<()> {
    if may_handle(actor) { Ok(()) } else { Err(denied()) }
}

fn label(actor: &Actor) -> ActorLabel {
    ActorLabel::user(actor.account.id)
}

async fn tickets_of(tx: &mut Tx, email: &str) -> Result<Vec<Ticket>> {
    let mut tickets = Vec::new();
    if email.is_empty() {
        return Ok(tickets);
    }
    for id in store::personal::tickets_of(tx, email).await? {
        tickets.extend(store::tickets::by_id(tx, id).await?);
    }
    Ok(tickets)
}

async fn write_requester(tx: &mut Tx, it: &Ticket) -> Result<()> {
    let (nip, phone) = (it.requester_nip.as_deref(), it.requester_phone.as_deref());
    store::personal::name_requester(tx, it.id, &it.requester_name, &it.requester_email, nip, phone).await
}

/// What is held of the person in one ticket, and what was done with it.
async fn told(tx: &mut Tx, ticket: &Ticket) -> Result<Value> {
    let messages = store::messages::of_ticket(tx, ticket.id, false, 0, i64::MAX).await?;
    let files = store::messages::attachments(tx, ticket.id).await?;
    let events = store::events::of_stream(tx, &ticket.number, 0, i64::MAX).await?;
    let shown = |id: i64| messages.iter().any(|message| message.id == id);
    Ok(json!({
        "number": ticket.number,
        "kind": ticket.kind,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "agency": ticket.agency,
        "service": ticket.service,
        "opened_at": ticket.opened_at,
        "closed_at": ticket.closed_at,
        "name": ticket.requester_name,
        "email": ticket.requester_email,
        "nip": ticket.requester_nip,
        "phone": ticket.requester_phone,
        "messages": messages.iter().map(|it| json!({"at": it.at, "by": it.author_name, "text": it.body})).collect::<Vec<_>>(),
        "files": files.iter().filter(|it| shown(it.message_id)).map(|it| json!({"name": it.name, "size": it.size, "sha256": it.sha256})).collect::<Vec<_>>(),
        "processing": events.iter().map(|it| json!({"at": it.at, "what": it.kind})).collect::<Vec<_>>(),
    }))
}
