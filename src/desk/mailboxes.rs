//! Mailboxes that are read: who reads them, how far, and what is taken in.

use crate::desk::Desk;
use crate::desk::lease::LEASE;
use crate::domain::message::InboxState;
use crate::error::Result;
use crate::mail::parse;
use crate::store;
use chrono::{DateTime, Utc};

/// A mailbox this node may read, and how far it was read.
#[derive(Debug, Clone)]
pub struct Takes {
    /// What tells it from others.
    pub name: String,
    /// The server's word for its numbering; 0 before the first contact.
    pub uid_validity: i64,
    /// The last message that was taken in.
    pub last_uid: i64,
    /// Messages taken in.
    pub taken: i64,
    /// When the server last answered, to whichever node. UTC.
    pub seen_at: Option<DateTime<Utc>>,
    lease_no: i64,
}

/// Which mailbox somebody holds, and by which lease.
#[derive(Debug, Clone)]
pub struct Holds(String, i64);

impl Takes {
    /// What is held.
    pub fn holds(&self) -> Holds {
        Holds(self.name.clone(), self.lease_no)
    }
}

/// A message as it came out of a mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// Its number there.
    pub uid: i64,
    /// The bytes.
    pub raw: &'a [u8],
    /// The address whose mail the mailbox holds.
    pub mailbox: &'a str,
    /// Envelope sender, `<>`, or empty when nobody knows it.
    pub sender: &'a str,
    /// Why it goes to people at once instead of being read.
    pub cause: Option<&'static str>,
}

impl Desk {
    /// Takes a mailbox to read; `None` while another node reads it. Whoever has it says so again and again with
    /// [`Desk::hold_mailbox`].
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn take_mailbox(&self, name: &str) -> Result<Option<Takes>> {
        let now = self.clock.machine();
        let mut tx = self.db.write().await?;
        let cursor = store::mailboxes::claim(&mut tx, name, now, now + LEASE).await?;
        tx.commit().await?;
        Ok(cursor.map(|cursor| Takes {
            name: cursor.name,
            uid_validity: cursor.uid_validity,
            last_uid: cursor.last_uid,
            taken: cursor.taken,
            seen_at: cursor.seen_at,
            lease_no: cursor.lease_no,
        }))
    }

    /// Keeps it: all is well with it; `false` when another node has taken it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_mailbox(&self, takes: &Takes) -> Result<bool> {
        let now = self.clock.machine();
        let mut tx = self.db.write().await?;
        let kept = store::mailboxes::keep(&mut tx, &takes.name, takes.lease_no, now, now + LEASE).await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// Says that it is still being read by whoever has it, whatever its server does.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn hold_mailbox(&self, holds: &Holds) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::mailboxes::renew(&mut tx, &holds.0, holds.1, self.clock.machine() + LEASE).await?;
        tx.commit().await
    }

    /// Lets go of it, with what is wrong with it if anything is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn leave_mailbox(&self, takes: &Takes, problem: Option<&str>) -> Result<()> {
        let mut tx = self.db.write().await?;
        let now = self.clock.machine();
        store::mailboxes::release(&mut tx, &takes.name, takes.lease_no, now, problem).await?;
        tx.commit().await
    }

    /// Goes on behind `last_uid` in another numbering; `false` when another node has taken the mailbox.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn renumber_mailbox(&self, takes: &mut Takes, uid_validity: i64, last_uid: i64) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let ours = store::mailboxes::renumber(&mut tx, &takes.name, takes.lease_no, uid_validity, last_uid).await?;
        tx.commit().await?;
        (takes.uid_validity, takes.last_uid) = (uid_validity, last_uid);
        Ok(ours)
    }

    /// Makes a message durable and moves the cursor behind it, both or neither; `false` when another node has taken the
    /// mailbox.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn receive_from_mailbox(&self, takes: &mut Takes, mail: &Taken<'_>) -> Result<bool> {
        let mailbox = if mail.mailbox.is_empty() { self.composer.address.as_str() } else { mail.mailbox };
        let digest = parse::digest(mail.raw);
        let mut tx = self.db.write().await?;
        if !store::mailboxes::advance(&mut tx, &takes.name, takes.lease_no, mail.uid).await? {
            return Ok(false);
        }
        let id = store::inbox::store(&mut tx, mailbox, mail.sender, &digest, mail.raw, self.now()).await?;
        if let (Some(id), Some(cause)) = (id, mail.cause) {
            store::inbox::settle(&mut tx, id, InboxState::Quarantined, Some(cause), None).await?;
            if let Some(letter) = parse::read(mail.raw, mail.sender) {
                store::inbox::describe(&mut tx, id, &letter.from, &letter.subject).await?;
            }
        }
        tx.commit().await?;
        takes.last_uid = mail.uid;
        takes.taken += 1;
        self.wake();
        Ok(true)
    }
}
