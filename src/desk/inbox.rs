//! The inbox: what comes in is durable first and read afterwards, one mail never in the way of another.

use crate::clock::Clock;
use crate::desk::Desk;
use crate::desk::mail_in::Verdict;
use crate::domain::message::{InboxItem, InboxState, SenderVerdict};
use crate::error::{Error, Result};
use crate::mail::parse::{self, Letter};
use crate::mail::robots::Robot;
use crate::store::dialect::Claimed;
use crate::store::{self, Db, Tx};
use chrono::Duration;
use futures_util::future::join_all;
use tokio::task::spawn_blocking;

/// Mails a worker claims at once.
const BATCH: i64 = 50;

/// Mails that are read between two looks at everything else that is due.
const ROUND: usize = 500;

/// A worker that says nothing for so long has died; its mails are read by another.
const LEASE: Duration = Duration::minutes(2);

/// What could not be read for want of something else is tried again after so long.
const AGAIN: Duration = Duration::seconds(30);

/// Reading that was begun so often and never ended is given up.
const MOST_TRIES: i64 = 3;

/// Mails that are parsed at the same time: so many, and not more bytes than this together.
const AT_ONCE: (usize, i64) = (16, 16 * 1024 * 1024);

/// Stores a mail for each of its mailboxes, all or none; gives for how many it is new. Durable when this returns.
///
/// # Errors
/// It could not be stored; the sender must try again.
pub async fn put_for(db: &Db, clock: &Clock, raw: &[u8], mailboxes: &[String], sender: &str) -> Result<usize> {
    let digest = parse::digest(raw);
    let mut new = 0;
    let mut tx = db.write().await?;
    for mailbox in mailboxes {
        let stored = store::inbox::store(&mut tx, mailbox, sender, &digest, raw, clock.now()).await?;
        new += usize::from(stored.is_some());
    }
    tx.commit().await?;
    Ok(new)
}

/// A claimed mail, as far as it could be parsed; with the reason why it is not judged at all, if there is one.
struct Opened {
    item: InboxItem,
    letter: Option<Letter>,
    cause: Option<&'static str>,
}

impl Desk {
    /// Is this an address the desk takes mail for: its own with or without an extension, a further name of it, or an
    /// agency's?
    ///
    /// # Errors
    /// The database does not answer: nobody can say yet.
    pub async fn takes_mail_for(&self, address: &str) -> Result<bool> {
        let address = address.to_lowercase();
        if self.is_own_address(&address) {
            return Ok(true);
        }
        let agencies = store::services::agencies(&mut self.db.read().await?).await?;
        Ok(agencies.iter().any(|agency| agency.email.as_deref() == Some(address.as_str())))
    }

    /// Is this an address of the desk itself, under whichever of its names, with or without an extension? Nobody who
    /// writes from there is a requester: the desk would talk to itself.
    pub(super) fn is_own_address(&self, address: &str) -> bool {
        self.composer.is_desk(address) || self.ways.is_alias(address)
    }

    /// As [`put_for`], and wakes whoever reads the inbox.
    ///
    /// # Errors
    /// It could not be stored; the sender must try again.
    pub async fn receive_for(&self, raw: &[u8], mailboxes: &[String], sender: &str) -> Result<usize> {
        let new = put_for(&self.db, &self.clock, raw, mailboxes, sender).await?;
        self.wake();
        Ok(new)
    }

    /// Lets go of mails that a program before this one was reading when it ended. Only for the one program on an
    /// embedded database; where there are several, their leases run out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn take_up_inbox(&self) -> Result<()> {
        if matches!(self.db, Db::Sqlite { .. }) {
            let mut tx = self.db.write().await?;
            store::inbox::release(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Reads the mails that wait, in the order they came; gives how many. One that cannot be read never holds up the
    /// others.
    ///
    /// # Errors
    /// The database does not answer; what was read before stays.
    pub async fn read_inbox(&self) -> Result<usize> {
        let mut read = 0;
        while read < ROUND {
            let now = self.clock.machine();
            let mut tx = self.db.write().await?;
            let claimed = store::dialect::claim_inbox(&mut tx, now, now + LEASE, BATCH).await?;
            if claimed.is_empty() {
                return Ok(read);
            }
            tx.commit().await?;
            for group in groups(&claimed) {
                self.read_group(group).await?;
            }
            read += claimed.len();
        }
        self.wake();
        Ok(read)
    }

    /// Parses some mails at the same time, whatever it costs only them, and then judges one after the other.
    async fn read_group(&self, group: &[Claimed]) -> Result<()> {
        let letters = join_all(group.iter().map(|claimed| self.open_letter(*claimed))).await;
        let mut commits = Vec::new();
        for opened in letters {
            let Some(Opened { item, letter, cause }) = opened? else { continue };
            match self.settle_item(&item, letter, cause).await {
                // The embedded writer commits many at once, and what follows sees what went before.
                Ok(Some(tx)) if matches!(self.db, Db::Sqlite { .. }) => commits.push(tokio::spawn(tx.commit())),
                Ok(Some(tx)) => tx.commit().await?,
                Ok(None) => {}
                Err(error) => self.put_off(&item, &error).await?,
            }
        }
        for commit in commits {
            commit.await.map_err(|error| Error::Unavailable(error.into()))??;
        }
        self.wake();
        Ok(())
    }

    async fn open_letter(&self, claimed: Claimed) -> Result<Option<Opened>> {
        let (id, tries, _) = claimed;
        let found = store::inbox::by_id(&mut self.db.glance().await?, id).await?;
        let Some(item) = found else { return Ok(None) };
        if tries > MOST_TRIES {
            tracing::error!(inbox = id, tries, "reading a mail never ends; it is put aside");
            return Ok(Some(Opened { item, letter: None, cause: Some("poison") }));
        }
        let room = self.ways.room();
        let read = spawn_blocking(move || {
            let letter = parse::read_within(&item.raw, &item.sender, room);
            (item, letter)
        });
        match read.await {
            Ok((mut item, mut letter)) => {
                if let Some(letter) = letter.as_mut() {
                    self.check_sender(&item, letter).await;
                }
                // What is in it the letter tells; nobody holds a large mail twice while others are judged.
                item.raw = Vec::new();
                Ok(Some(Opened { item, letter, cause: None }))
            }
            Err(error) => {
                tracing::error!(%error, inbox = id, "a mail could not be parsed");
                let found = store::inbox::by_id(&mut self.db.glance().await?, id).await?;
                Ok(found.map(|item| Opened { item, letter: None, cause: Some("unreadable") }))
            }
        }
    }

    /// What becomes of a mail; the transaction is still to be committed. `None` when somebody else was faster.
    async fn settle_item(
        &self,
        item: &InboxItem,
        letter: Option<Letter>,
        cause: Option<&'static str>,
    ) -> Result<Option<Tx>> {
        let about = letter.as_ref().map(|letter| (letter.from.clone(), letter.subject.clone()));
        let mut tx = self.db.write().await?;
        let verdict = match cause {
            Some(cause) => Verdict { state: InboxState::Quarantined, cause: Some(cause), ticket: None },
            None => match self.judge_known(&mut tx, item, letter).await {
                Ok(verdict) => verdict,
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => {
                    // The transaction is spent; a fresh one puts the mail where a person sees it.
                    tracing::error!(%error, inbox = item.id, "a mail could not become a ticket");
                    drop(tx);
                    tx = self.db.write().await?;
                    Verdict { state: InboxState::Quarantined, cause: Some("failed"), ticket: None }
                }
            },
        };
        if !store::inbox::settle(&mut tx, item.id, verdict.state, verdict.cause, verdict.ticket).await? {
            return Ok(None);
        }
        metrics::counter!("meja_mails_in_total", "outcome" => verdict.state.as_str()).increment(1);
        if let Some((author, subject)) = about {
            store::inbox::describe(&mut tx, item.id, &author, &subject).await?;
        }
        Ok(Some(tx))
    }

    /// What was decided about a sender once and for all goes before everything else.
    async fn judge_known(&self, tx: &mut Tx, item: &InboxItem, mut letter: Option<Letter>) -> Result<Verdict> {
        if let Some(letter) = letter.as_mut().filter(|letter| !letter.from.is_empty()) {
            match store::senders::rule_for(tx, &letter.from).await?.map(|rule| rule.verdict) {
                Some(SenderVerdict::Discard) => {
                    return Ok(Verdict { state: InboxState::Discarded, cause: Some("sender_rule"), ticket: None });
                }
                // A machine whose reports are wanted; what answers a mail of ours stays a robot's, or two would talk.
                Some(SenderVerdict::LetIn) if letter.references.is_empty() => {
                    letter.wanted = true;
                    // Nothing of ours answers a machine by itself.
                    letter.machine = letter.robot.is_some();
                    letter.quiet |= letter.machine;
                    letter.robot = letter.robot.filter(|robot| *robot == Robot::Bounce);
                }
                _ => {}
            }
        }
        self.judge_mail(tx, item, letter).await
    }

    /// Whatever was missing may be there later.
    async fn put_off(&self, item: &InboxItem, error: &Error) -> Result<()> {
        tracing::warn!(%error, inbox = item.id, "a mail cannot be read now; it is tried again");
        let mut tx = self.db.write().await?;
        store::inbox::put_off(&mut tx, item.id, self.clock.machine() + AGAIN).await?;
        tx.commit().await
    }
}

/// Cuts claimed mails where they become too many or too large to be parsed together.
fn groups(claimed: &[Claimed]) -> Vec<&[Claimed]> {
    let (mut groups, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, (_, _, size)) in claimed.iter().enumerate() {
        if place > start && (place - start == AT_ONCE.0 || bytes + size > AT_ONCE.1) {
            groups.push(&claimed[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += size;
    }
    groups.push(&claimed[start..]);
    groups
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn large_mails_are_read_alone_and_small_ones_together() {
        let mail = |id: i64, megabytes: i64| (id, 1, megabytes << 20);
        let claimed = [mail(1, 1), mail(2, 1), mail(3, 40), mail(4, 1), mail(5, 15), mail(6, 1)];
        let ids: Vec<Vec<i64>> =
            groups(&claimed).iter().map(|group| group.iter().map(|claimed| claimed.0).collect()).collect();
        assert_eq!(ids, [vec![1, 2], vec![3], vec![4, 5], vec![6]]);
        let many: Vec<_> = (0..40).map(|id| mail(id, 0)).collect();
        assert_eq!(groups(&many).iter().map(|group| group.len()).collect::<Vec<_>>(), [16, 16, 8]);
    }
}
