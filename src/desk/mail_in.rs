//! What a received mail becomes: a ticket, an addition to one, or nothing with a cause.

use crate::clock::Clock;
use crate::desk::intake::{Before, LONGEST_SUBJECT, MailTrace, Report};
use crate::desk::mail_read::origin_of;
use crate::desk::mail_storms::Storm;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_TEXT, Words};
use crate::desk::{Desk, merged_in};
use crate::domain::event::ActorLabel;
use crate::domain::message::{InboxItem, InboxState};
use crate::domain::reporter::Wish;
use crate::domain::ticket::{Channel, Language, Status, Ticket};
use crate::error::{Result, Say};
use crate::mail::parse::{self, Letter};
use crate::mail::sender::Belief;
use crate::mail::thread;
use crate::store::{self, Db, Tx};
use crate::text;

/// What was found out about a mail.
pub(super) struct Verdict {
    /// Where it stands now.
    pub state: InboxState,
    /// Why.
    pub cause: Option<&'static str>,
    /// The ticket it opened, was added to, or speaks of.
    pub ticket: Option<i64>,
}

/// Stores a mail as it came; `false` when it was delivered to this mailbox before. It is durable when this
/// returns. Neither rules nor templates are needed for that, so that nothing wrong with them turns mail away.
///
/// # Errors
/// It could not be stored; the sender must try again.
pub async fn put(db: &Db, clock: &Clock, raw: &[u8], mailbox: &str, sender: &str) -> Result<bool> {
    // Extensions behind a `+` name the same mailbox, but say where an answer belongs: both are kept.
    let mailbox = mailbox.trim().trim_matches(['<', '>']).to_lowercase();
    let mut tx = db.write().await?;
    let stored = store::inbox::store(&mut tx, &mailbox, sender.trim(), &parse::digest(raw), raw, clock.now()).await?;
    tx.commit().await?;
    Ok(stored.is_some())
}

impl Desk {
    /// As [`put`], and wakes whoever reads the inbox.
    ///
    /// # Errors
    /// It could not be stored; the sender must try again.
    pub async fn receive(&self, raw: &[u8], mailbox: &str, sender: &str) -> Result<bool> {
        let is_new = put(&self.db, &self.clock, raw, mailbox, sender).await?;
        self.wake();
        Ok(is_new)
    }

    pub(super) async fn judge_mail(&self, tx: &mut Tx, item: &InboxItem, letter: Option<Letter>) -> Result<Verdict> {
        let quarantined = |cause| Verdict { state: InboxState::Quarantined, cause: Some(cause), ticket: None };
        let Some(letter) = letter else { return Ok(quarantined("unreadable")) };
        if self.is_own_mail(&letter.message_id) {
            return Ok(Verdict { state: InboxState::Ignored, cause: Some("own_mail"), ticket: None });
        }
        let ticket = self.ticket_of(tx, item, &letter).await?;
        if let Some(robot) = letter.robot {
            let reported = match &letter.report {
                Some(report) => self.note_bounce(tx, report, item.received_at).await?,
                None => None,
            };
            let ticket = reported.or(ticket.map(|found| found.0.id));
            return Ok(Verdict { state: InboxState::Ignored, cause: Some(robot.as_str()), ticket });
        }
        if letter.from.is_empty() {
            return Ok(quarantined("no_sender"));
        }
        if self.composer.is_desk(&letter.from) {
            return Ok(Verdict { state: InboxState::Ignored, cause: Some("own_address"), ticket: None });
        }
        if let Some(verdict) = self.judge_twin(tx, item, &letter).await? {
            return Ok(verdict);
        }
        let is_forged = letter.origin.belief() == Belief::Forged;
        match ticket {
            Some((ticket, true)) => self.add_to(tx, item, &letter, ticket).await,
            // The address or the thread is right but the writer is nobody this ticket knows.
            Some((ticket, false)) => {
                let answered = !is_forged
                    && self.answer_by_mail(tx, &ticket, &letter, &reply_of(&letter), item.received_at).await?;
                let (state, cause) = match answered {
                    true => (InboxState::Done, None),
                    false if is_forged => (InboxState::Quarantined, Some("sender_not_proven")),
                    false => (InboxState::Quarantined, Some("not_a_participant")),
                };
                Ok(Verdict { state, cause, ticket: Some(ticket.id) })
            }
            None => self.open_from(tx, item, &letter, None).await,
        }
    }

    /// A mail that became a ticket when it was delivered to another of our mailboxes: the same agency needs no second
    /// one; another agency gets its own, tied to the first.
    async fn judge_twin(&self, tx: &mut Tx, item: &InboxItem, letter: &Letter) -> Result<Option<Verdict>> {
        let Some(key) = store::mail_origins::twin_ticket(tx, item.id).await? else { return Ok(None) };
        let Some(twin) = store::tickets::by_id(tx, key).await? else { return Ok(None) };
        let agencies = store::services::agencies(tx).await?;
        let own = agencies.iter().find(|agency| agency.email.as_ref() == Some(&item.mailbox));
        if own.is_some_and(|own| own.active && own.code != twin.agency) {
            return self.open_from(tx, item, letter, Some(Before::Twin(twin))).await.map(Some);
        }
        Ok(Some(Verdict { state: InboxState::Done, cause: Some("twin"), ticket: Some(key) }))
    }

    /// The ticket a mail belongs to, and whether its writer is a participant. By reply address, then by
    /// the Message-IDs it answers, then by a number in brackets, which counts for a participant only.
    async fn ticket_of(&self, tx: &mut Tx, item: &InboxItem, letter: &Letter) -> Result<Option<(Ticket, bool)>> {
        let mut addresses: Vec<&str> = vec![&item.mailbox];
        addresses.extend(letter.recipients.iter().map(String::as_str));
        for address in addresses {
            if let Some((number, _)) = thread::read_reply_address(&self.secret, &self.composer.address, address)
                && let Some(ticket) = store::tickets::by_number(tx, &number).await?
            {
                return self.with_participant(tx, ticket, &letter.from).await.map(Some);
            }
        }
        // Without a mark of ours only `From` says who writes: it must not be forged.
        let is_believed = letter.origin.belief() != Belief::Forged;
        for id in &letter.references {
            if let Some(key) = store::relations::by_mail_reference(tx, id).await?
                && let Some(ticket) = store::tickets::by_id(tx, key).await?
            {
                let (ticket, known) = self.with_participant(tx, ticket, &letter.from).await?;
                return Ok(Some((ticket, known && is_believed)));
            }
        }
        for number in thread::numbers_in(&letter.subject) {
            if let Some(ticket) = store::tickets::by_number(tx, &number).await? {
                let found = self.with_participant(tx, ticket, &letter.from).await?;
                return Ok(Some(found).filter(|(_, known)| *known && is_believed));
            }
        }
        Ok(None)
    }

    /// Follows the pointer of a merged ticket and looks whether the writer is known there.
    async fn with_participant(&self, tx: &mut Tx, mut ticket: Ticket, from: &str) -> Result<(Ticket, bool)> {
        let known = store::relations::participants(tx, ticket.id).await?.iter().any(|email| email == from);
        for _ in 0..16 {
            let Some(target) = &ticket.merged_into else { break };
            let Some(next) = store::tickets::by_number(tx, target).await? else { break };
            ticket = next;
        }
        Ok((ticket, known))
    }

    pub(super) async fn add_to(
        &self,
        tx: &mut Tx,
        item: &InboxItem,
        letter: &Letter,
        ticket: Ticket,
    ) -> Result<Verdict> {
        store::dialect::lock_ticket(tx, ticket.id).await?;
        let mut working = Working::load(tx, ticket).await?;
        let read_at = item.received_at.max(working.ticket.updated_at);
        self.catch_up(tx, &mut working, read_at).await?;
        if matches!(working.ticket.status, Status::Closed | Status::Merged) {
            return self.open_from(tx, item, letter, Some(Before::Over(working.ticket))).await;
        }
        if self.is_crowding(tx, working.ticket.id, letter).await? {
            let ticket = Some(working.ticket.id);
            return Ok(Verdict { state: InboxState::Quarantined, cause: Some("too_many"), ticket });
        }
        let reused = store::relations::by_mail_reference(tx, &letter.message_id).await?.is_some();
        let name = merged_in::name_of(tx, &working.ticket, &letter.from, &letter.from_name).await?;
        let (body, channel) = (reply_of(letter), Channel::Email.as_str());
        let words = Words { body: &body, channel, name: Some(&name), files: &letter.files };
        if letter.absent {
            self.requester_is_away(tx, &mut working, &words, item.received_at).await?;
        } else {
            self.requester_wrote(tx, &mut working, &words, item.received_at).await?;
        }
        store::mail_origins::keep_origin(tx, working.ticket.id, &origin_of(item, letter, reused)).await?;
        self.tell_left_out(tx, &mut working, letter, item.received_at).await?;
        store::relations::add_mail_reference(tx, working.ticket.id, &letter.message_id).await?;
        working.save(tx, &self.rules, item.received_at).await?;
        Ok(Verdict { state: InboxState::Done, cause: None, ticket: Some(working.ticket.id) })
    }

    pub(super) async fn open_from(
        &self,
        tx: &mut Tx,
        item: &InboxItem,
        letter: &Letter,
        before: Option<Before>,
    ) -> Result<Verdict> {
        let storm = self.storm(tx, letter).await?;
        if storm == Storm::TooMuch && !letter.wanted {
            return Ok(Verdict { state: InboxState::Quarantined, cause: Some("too_many"), ticket: None });
        }
        let description = words_of(letter);
        let says_something = letter.subject.chars().any(char::is_alphanumeric);
        let subject = if says_something { letter.subject.clone() } else { first_line(&description) };
        let agencies = store::services::agencies(tx).await?;
        let mut addresses = std::iter::once(&item.mailbox).chain(&letter.recipients);
        let agency =
            addresses.find_map(|address| agencies.iter().find(|agency| agency.email.as_ref() == Some(address)));
        let report = Report {
            subject: subject.chars().take(LONGEST_SUBJECT).collect(),
            description,
            kind: None,
            agency: match agency {
                Some(agency) if !agency.active => self.heir_of(tx, &agency.code).await?,
                known => known.map(|agency| agency.code.clone()),
            },
            service: None,
            impact: None,
            urgency: None,
            outage: None,
            workaround: false,
            request_type: None,
            name: letter.from_name.chars().take(200).collect(),
            email: letter.from.clone(),
            nip: None,
            phone: None,
            channel: Channel::Email,
            language: Language::Indonesian,
        };
        let wish = match &before {
            Some(Before::Over(old)) => merged_in::wish_of(tx, old, &letter.from).await?,
            _ => Wish::default(),
        };
        let reused = store::relations::by_mail_reference(tx, &letter.message_id).await?.is_some();
        let trace = MailTrace {
            message_id: letter.message_id.clone(),
            files: letter.files.clone(),
            before,
            origin: origin_of(item, letter, reused),
            left_out: letter.left_out.clone(),
        };
        let mut judged = self.judge(tx, report, item.received_at).await?;
        // The header alone proves nothing when the envelope comes from elsewhere, or when nobody stands behind it.
        let is_believed = matches!(letter.origin.belief(), Belief::Unchecked | Belief::Proven);
        judged.unverified_unless(is_believed && (item.sender.is_empty() || self.is_official(&item.sender)));
        judged.wishing(wish);
        if letter.quiet || letter.absent {
            judged.hush(None);
        } else if storm != Storm::Calm {
            judged.hush(Some("too_many"));
        }
        let ticket = self.open_in(tx, judged, ActorLabel::mail(), item.received_at, Some(trace)).await?;
        Ok(Verdict { state: InboxState::Done, cause: None, ticket: Some(ticket.id) })
    }
}

/// The words of a mail, cut where no person writes any more (the raw mail is kept whole).
fn words_of(letter: &Letter) -> String {
    if letter.text.chars().any(char::is_alphanumeric) {
        return letter.text.chars().take(LONGEST_TEXT).collect();
    }
    if letter.subject.chars().any(char::is_alphanumeric) {
        return letter.subject.clone();
    }
    text::say(Language::Indonesian, &Say::new("mail-without-words"))
}

/// What a reply says: its own text, be it a single sign.
fn reply_of(letter: &Letter) -> String {
    if letter.text.trim().is_empty() { words_of(letter) } else { letter.text.chars().take(LONGEST_TEXT).collect() }
}

/// The first line that says something.
fn first_line(text: &str) -> String {
    text.lines().find(|line| line.chars().any(char::is_alphanumeric)).unwrap_or_default().trim().to_owned()
}
