//! Received mail as people look at it, and what they decide about mail that became no ticket.

use crate::desk::catalogue::denied;
use crate::desk::mail_in::Verdict;
use crate::desk::once::{self, Repeat};
use crate::desk::{Desk, chain, written};
use crate::domain::event::ActorLabel;
use crate::domain::message::{InboxItem, InboxRow, InboxState};
use crate::domain::people::{Action, Actor, may, visibility};
use crate::domain::quarantine::{may_decide, may_read};
use crate::domain::reporter::{knows, knows_reporter};
use crate::domain::ticket::{Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::mail::parse::{self, File, Letter, Room};
use crate::store::senders::SenderRule;
use crate::store::{self, Tx};
use serde_json::{Value, json};

/// Longest text that is shown of a mail, in characters.
const SHOWN: usize = 20_000;
/// Bytes and lines of its head that are shown.
const HEAD: (usize, usize) = (64 * 1024, 200);

/// A received mail in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As it came; without its writer where he is not for whoever looks.
    pub row: InboxRow,
    /// The mail itself may be opened.
    pub is_open: bool,
}

/// A received mail to look at. Nothing in it is to be believed or run.
#[derive(Debug, Clone)]
pub struct Received {
    /// As lists show it.
    pub row: InboxRow,
    /// Its head, line by line as it came.
    pub head: Vec<(String, String)>,
    /// Its words as plain text.
    pub text: String,
    /// There is more text than is shown.
    pub is_cut: bool,
    /// Names and sizes of its files.
    pub files: Vec<(String, usize)>,
    /// What was decided about its sender once and for all.
    pub rule: Option<SenderRule>,
}

impl Desk {
    /// Received mails in a state, or in any; the newest first, from below `before` on.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn received_mails(
        &self,
        actor: &Actor,
        state: Option<InboxState>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Listed>> {
        readable(actor)?;
        let mut tx = self.db.read().await?;
        let mut listed = Vec::new();
        for mut row in store::inbox::list(&mut tx, state, before, limit).await? {
            let is_open = !self.hides_writer(&mut tx, actor, &row).await?;
            if !is_open {
                (row.author, row.sender) = Default::default();
            }
            listed.push(Listed { row, is_open });
        }
        Ok(listed)
    }

    /// How many received mails stand in each state.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn received_counts(&self, actor: &Actor) -> Result<Vec<(String, i64)>> {
        readable(actor)?;
        store::inbox::counts(&mut self.db.read().await?).await
    }

    /// May the actor not learn who wrote this mail? It is tied to a ticket whose reporter wants to stay secret.
    async fn hides_writer(&self, tx: &mut Tx, actor: &Actor, row: &InboxRow) -> Result<bool> {
        let Some(number) = row.ticket.as_deref().filter(|_| !knows(actor).all) else { return Ok(false) };
        let Some(ticket) = store::tickets::by_number(tx, number).await? else { return Ok(false) };
        Ok(!knows_reporter(actor, &ticket) && store::wishes::of_ticket(tx, ticket.id).await?.secret)
    }

    /// One received mail.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn received_mail(&self, actor: &Actor, id: i64) -> Result<Received> {
        readable(actor)?;
        let mut tx = self.db.read().await?;
        let row = store::inbox::row(&mut tx, id).await?.ok_or(Error::NotFound("mail"))?;
        if self.hides_writer(&mut tx, actor, &row).await? {
            return Err(Error::NotFound("mail"));
        }
        let item = store::inbox::by_id(&mut tx, id).await?.ok_or(Error::NotFound("mail"))?;
        let rule = match row.author.is_empty() {
            true => None,
            false => store::senders::rule_for(&mut tx, &row.author).await?,
        };
        drop(tx);
        let room = self.ways.room();
        let (head, letter) =
            tokio::task::spawn_blocking(move || (head(&item.raw), parse::read_within(&item.raw, &item.sender, room)))
                .await
                .unwrap_or_default();
        let letter = letter.unwrap_or_default();
        Ok(Received {
            row,
            head,
            is_cut: letter.text.chars().nth(SHOWN).is_some(),
            text: letter.text.chars().take(SHOWN).collect(),
            files: letter.files.iter().map(|file| (file.name.clone(), file.bytes.len())).collect(),
            rule,
        })
    }

    /// Makes a ticket of a mail. `email` says who reported when the mail itself does not, or says it wrongly. Its clocks
    /// start when the mail came.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `Conflict` when somebody has decided before; `Invalid` when `email` is no address.
    pub async fn open_from_mail(&self, actor: &Actor, id: i64, email: &str, key: Option<&str>) -> Result<Ticket> {
        let email = email.trim().to_lowercase();
        if !email.is_empty() && email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("requester_email", Say::new("field-email")));
        }
        let (item, mut letter) = self.letter_in_question(actor, id).await?;
        let request = once::fingerprint(&("open mail", id, &email));
        if !email.is_empty() && email != letter.from {
            (letter.from, letter.from_name) = (email, String::new());
        }
        if self.is_own_address(&letter.from) {
            return Err(Error::field("requester_email", Say::new("field-email")));
        }
        let mut tx = match self.to_decide_once(actor, id, key, &request).await? {
            Turn::Mine(tx) => tx,
            Turn::Done(ticket) => return Ok(*ticket),
        };
        let verdict = self.open_from(&mut tx, &item, &letter, None).await?;
        taken_up(&verdict)?;
        let facts = json!({"from": letter.from});
        self.landed(tx, actor, item.id, &verdict, "opened_ticket", facts, key).await
    }

    /// Adds a mail to a ticket as its requester's words. Who wrote it becomes no participant by that.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `Conflict` when somebody has decided before; `Invalid` when there is no such ticket.
    pub async fn add_mail_to(&self, actor: &Actor, id: i64, number: &str, key: Option<&str>) -> Result<Ticket> {
        let (item, mut letter) = self.letter_in_question(actor, id).await?;
        let request = once::fingerprint(&("merge mail", id, number.trim()));
        let mut tx = match self.to_decide_once(actor, id, key, &request).await? {
            Turn::Mine(tx) => tx,
            Turn::Done(ticket) => return Ok(*ticket),
        };
        let unknown = || Error::field("ticket", Say::new("field-unknown-ticket"));
        let number = crate::domain::number::parse(number.trim()).ok_or_else(unknown)?;
        let mut ticket = store::tickets::by_number(&mut tx, &number).await?.ok_or_else(unknown)?;
        if !visibility(actor).shows(&ticket) {
            return Err(unknown());
        }
        for _ in 0..16 {
            let Some(target) = &ticket.merged_into else { break };
            let Some(next) = store::tickets::by_number(&mut tx, target).await? else { break };
            ticket = next;
        }
        if !may(actor, Action::Do(Verb::Note), &ticket) {
            return Err(denied());
        }
        // An answer of an absent person's mailbox makes nobody a machine.
        letter.machine = false;
        // Nobody must take it for the words of whoever reported.
        letter.from_name = format!("{} <{}>", letter.from_name, letter.from).trim().to_owned();
        let verdict = self.add_to(&mut tx, &item, &letter, ticket).await?;
        taken_up(&verdict)?;
        let facts = json!({"from": letter.from});
        self.landed(tx, actor, item.id, &verdict, "added_to_ticket", facts, key).await
    }

    /// Decides that a mail is nothing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `Conflict` when somebody has decided before; `Invalid` without a reason.
    pub async fn discard_mail(&self, actor: &Actor, id: i64, reason: &str) -> Result<()> {
        let reason = written::required("reason", reason, written::LONGEST_REASON)?;
        decisive(actor)?;
        let mut tx = self.db.write().await?;
        to_decide(&mut tx, id).await?;
        self.decided(&mut tx, actor, id, InboxState::Discarded, None, "discarded", json!({"reason": reason})).await?;
        tx.commit().await
    }

    /// A mail and what is in it. Read before the writer's turn: whatever a stranger sent costs nobody else time.
    async fn letter_in_question(&self, actor: &Actor, id: i64) -> Result<(InboxItem, Letter)> {
        decisive(actor)?;
        let item = store::inbox::by_id(&mut self.db.glance().await?, id).await?.ok_or(Error::NotFound("mail"))?;
        let letter = letter_of(&item, self.ways.room()).await;
        Ok((item, letter))
    }

    /// The transaction in which it is decided about a mail that still waits for it, unless the same request has been
    /// answered before.
    async fn to_decide_once(&self, actor: &Actor, id: i64, key: Option<&str>, request: &str) -> Result<Turn> {
        let mut tx = self.db.write().await?;
        if let Repeat::Answered(number) = once::take(&mut tx, actor, key, request, self.clock.machine()).await? {
            let ticket = store::tickets::by_number(&mut tx, &number).await?.ok_or(Error::NotFound("ticket"))?;
            return Ok(Turn::Done(Box::new(ticket)));
        }
        to_decide(&mut tx, id).await?;
        Ok(Turn::Mine(tx))
    }

    /// Ends what [`Desk::to_decide_once`] began; gives the ticket as it stands then.
    #[expect(clippy::too_many_arguments, reason = "each is one part of what was decided")]
    async fn landed(
        &self,
        mut tx: Tx,
        actor: &Actor,
        id: i64,
        verdict: &Verdict,
        kind: &'static str,
        facts: Value,
        key: Option<&str>,
    ) -> Result<Ticket> {
        let found = self.decided(&mut tx, actor, id, InboxState::Done, verdict.ticket, kind, facts).await?;
        let ticket = found.ok_or(Error::NotFound("ticket"))?;
        once::answer(&mut tx, actor, key, &ticket.number).await?;
        tx.commit().await?;
        self.wake();
        Ok(ticket)
    }

    /// Notes what was decided; gives the ticket it led to as it stands then.
    #[expect(clippy::too_many_arguments, reason = "each is one part of what was decided")]
    async fn decided(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: i64,
        state: InboxState,
        ticket: Option<i64>,
        kind: &'static str,
        mut payload: Value,
    ) -> Result<Option<Ticket>> {
        if !store::inbox::decide(tx, id, state, None, ticket).await? {
            return Err(Error::conflict(Say::new("error-mail-decided")));
        }
        let found = match ticket {
            Some(key) => store::tickets::by_id(tx, key).await?,
            None => None,
        };
        if let Some(ticket) = &found {
            payload["ticket"] = ticket.number.clone().into();
        }
        let label = ActorLabel::user(actor.account.id);
        chain::note(tx, "mail", &id.to_string(), self.now(), label, kind, payload).await?;
        Ok(found)
    }
}

/// Whose turn it is to decide about a mail.
enum Turn {
    /// This request's.
    Mine(Tx),
    /// The same request has led to this ticket before.
    Done(Box<Ticket>),
}

/// Waits for whoever decides about the mail, and refuses when that has happened.
async fn to_decide(tx: &mut Tx, id: i64) -> Result<()> {
    chain::turn(tx, "mail", &id.to_string()).await?;
    let row = store::inbox::row(tx, id).await?.ok_or(Error::NotFound("mail"))?;
    if matches!(row.state, InboxState::New | InboxState::Done) {
        return Err(Error::conflict(Say::new("error-mail-decided")));
    }
    Ok(())
}

/// What stopped the mail before may stop it again; then nothing was decided.
fn taken_up(verdict: &Verdict) -> Result<()> {
    match verdict.state {
        InboxState::Done => Ok(()),
        _ => Err(Error::conflict(Say::new("error-mail-still-stopped"))),
    }
}

pub(super) fn readable(actor: &Actor) -> Result<()> {
    if may_read(actor) { Ok(()) } else { Err(denied()) }
}

pub(super) fn decisive(actor: &Actor) -> Result<()> {
    if may_decide(actor) { Ok(()) } else { Err(denied()) }
}

/// A mail as a person lets it in: what cannot be read goes along as a file.
async fn letter_of(item: &InboxItem, room: Room) -> Letter {
    let (raw, sender) = (item.raw.clone(), item.sender.clone());
    let read = tokio::task::spawn_blocking(move || parse::read_within(&raw, &sender, room)).await.ok().flatten();
    let letter = read.unwrap_or_else(|| Letter {
        message_id: format!("{}@tanpa-id.invalid", &parse::digest(&item.raw)[..32]),
        files: vec![File {
            name: "surel.eml".to_owned(),
            media_type: "application/octet-stream".to_owned(),
            bytes: item.raw.clone(),
        }],
        ..Letter::default()
    });
    let machine = letter.robot.is_some();
    Letter { wanted: true, machine, quiet: letter.quiet || machine, ..letter }
}

/// The head of a mail, line by line, as it stands there: decoding it might hide something.
fn head(raw: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(HEAD.0)]);
    let mut lines: Vec<(String, String)> = Vec::new();
    for line in text.lines().take_while(|line| !line.trim().is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = lines.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            lines.push((parse::clean(name), parse::clean(value)));
        }
        if lines.len() > HEAD.1 {
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn a_head_is_shown_as_it_stands_and_ends_where_the_text_begins() {
        let raw =
            b"From: a@b.test\r\nSubject: =?utf-8?q?a?=\r\n lanjut\r\ntanpa titik dua\r\nX: \x07\xff\r\n\r\nBody: x\r\n";
        let shown = head(raw);
        let texts: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(texts, [("From", "a@b.test"), ("Subject", "=?utf-8?q?a?= lanjut"), ("X", "\u{fffd}")]);
        assert_eq!(head(&[0xff; 10]), []);
    }
}
