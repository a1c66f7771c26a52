//! What is decided about senders once and for all: machines that are let in, and mail that is thrown away unread.

use crate::desk::quarantine::{decisive, readable};
use crate::desk::{Desk, chain, written};
use crate::domain::event::ActorLabel;
use crate::domain::message::SenderVerdict;
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use crate::store::senders::SenderRule;
use crate::store::{self, Tx};
use serde_json::json;

impl Desk {
    /// Remembers what is to happen with all mail of the sender of a mail, or of everybody in his domain.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `Conflict` when the mail has no sender; `Invalid` without a reason.
    pub async fn teach_sender(
        &self,
        actor: &Actor,
        id: i64,
        verdict: SenderVerdict,
        whole_domain: bool,
        reason: &str,
    ) -> Result<String> {
        decisive(actor)?;
        let reason = written::required("reason", reason, written::LONGEST_REASON)?;
        let mut tx = self.db.write().await?;
        let row = store::inbox::row(&mut tx, id).await?.ok_or(Error::NotFound("mail"))?;
        let Some((_, host)) = row.author.rsplit_once('@').filter(|_| !self.is_own_address(&row.author)) else {
            return Err(Error::conflict(Say::new("error-mail-no-sender")));
        };
        let address = if whole_domain { format!("@{host}") } else { row.author.clone() };
        self.teach_in(tx, actor, &address, verdict, &reason, Some(id)).await?;
        Ok(address)
    }

    /// Remembers what is to happen with all mail of an address, or of a domain (`@kantor.go.id`), before any has come:
    /// the machines a region knows are let in beforehand.
    ///
    /// # Errors
    /// `Denied`; `Invalid` when it is no address, the desk's own, or without a reason.
    pub async fn teach_address(
        &self,
        actor: &Actor,
        typed: &str,
        verdict: SenderVerdict,
        reason: &str,
    ) -> Result<String> {
        decisive(actor)?;
        let address = typed.trim().to_lowercase();
        // A domain is an address without a name before it; nobody rules over a whole top-level domain.
        let whole = address.strip_prefix('@').map_or_else(|| address.clone(), |host| format!("x@{host}"));
        let is_good = whole.parse::<lettre::Address>().is_ok()
            && whole.rsplit_once('@').is_some_and(|(_, host)| host.contains('.'))
            && !self.is_own_address(&address);
        let mut problems = Vec::new();
        if !is_good {
            problems.push(FieldError { field: "address", say: Say::new("field-sender-address") });
        }
        let reason = match written::required("reason", reason, written::LONGEST_REASON) {
            Ok(reason) => reason,
            Err(Error::Invalid(mut wrong)) => {
                problems.append(&mut wrong);
                String::new()
            }
            Err(error) => return Err(error),
        };
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        self.teach_in(self.db.write().await?, actor, &address, verdict, &reason, None).await?;
        Ok(address)
    }

    async fn teach_in(
        &self,
        mut tx: Tx,
        actor: &Actor,
        address: &str,
        verdict: SenderVerdict,
        reason: &str,
        mail: Option<i64>,
    ) -> Result<()> {
        let (now, label) = (self.now(), ActorLabel::user(actor.account.id));
        store::senders::teach(&mut tx, address, verdict, reason, actor.account.id, now).await?;
        let payload = json!({"verdict": verdict, "reason": reason, "mail": mail});
        chain::note(&mut tx, "sender", address, now, label, "taught", payload).await?;
        tx.commit().await
    }

    /// Forgets what was decided about a sender.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn forget_sender(&self, actor: &Actor, id: i64) -> Result<()> {
        decisive(actor)?;
        let mut tx = self.db.write().await?;
        let address = store::senders::forget(&mut tx, id).await?.ok_or(Error::NotFound("sender"))?;
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "sender", &address, self.now(), label, "forgotten", json!({})).await?;
        tx.commit().await
    }

    /// What was decided about senders, by address.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn sender_rules(&self, actor: &Actor) -> Result<Vec<SenderRule>> {
        readable(actor)?;
        store::senders::all(&mut self.db.read().await?).await
    }
}
