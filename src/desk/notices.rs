//! What heads and units are told of steps, and how it leaves: one mail per person and catch-up.

use crate::desk::Desk;
use crate::desk::working::Working;
use crate::domain::clock_plan::StepKind;
use crate::domain::message::NewMail;
use crate::domain::notice::{NoticeChoice, leaves_at};
use crate::domain::people::{Account, Action, Actor, Role, Scope, may};
use crate::domain::ticket::{Channel, Language, Ticket};
use crate::error::Result;
use crate::mail::compose::Outgoing;
use crate::store::notices::{NewNotice, Notice};
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Notes that the holders of a role must be told of a step on a ticket.
///
/// # Errors
/// The database does not answer.
pub async fn note(
    tx: &mut Tx,
    role: Role,
    working: &Working,
    kind: StepKind,
    cycle: i64,
    due_at: DateTime<Utc>,
    detected_at: DateTime<Utc>,
) -> Result<()> {
    let notice = NewNotice { ticket: working.ticket.id, kind, cycle, due_at, detected_at };
    store::notices::tell(tx, role, &working.ticket.agency, &notice).await?;
    Ok(())
}

impl Desk {
    /// Puts the noted notices in the outbox. Those that wait together for one person go as one mail, so a catch-up after
    /// downtime does not bury anybody. What somebody wants to hear once a day waits for that hour, unless the pack makes
    /// it compulsory.
    ///
    /// # Errors
    /// The database does not answer; nothing is marked as mailed that was not written.
    pub async fn mail_notices(&self) -> Result<()> {
        let mut tx = self.db.read().await?;
        let waiting = store::notices::waiting(&mut tx).await?;
        let choices = if waiting.is_empty() { Vec::new() } else { store::notices::choices_of_waiting(&mut tx).await? };
        drop(tx);
        let choices: HashMap<(i64, StepKind), NoticeChoice> =
            choices.into_iter().map(|(account, kind, choice)| ((account, kind), choice)).collect();
        let now = self.now();
        for notices in waiting.chunk_by(|left, right| left.account_id == right.account_id) {
            let of = |notice: &Notice| {
                let own = choices.get(&(notice.account_id, notice.kind));
                self.leaves_at(notice, own.copied().unwrap_or(NoticeChoice::AtOnce))
            };
            let (mut told, mut unwanted) = (Vec::new(), Vec::new());
            for notice in notices {
                match of(notice) {
                    Some(at) if at <= now => told.push(notice),
                    Some(_) => {}
                    None => unwanted.push(notice),
                }
            }
            if !(told.is_empty() && unwanted.is_empty()) {
                self.mail_person(&told, &unwanted).await?;
            }
        }
        Ok(())
    }

    /// When a notice may leave as mail; `None`: never.
    fn leaves_at(&self, notice: &Notice, choice: NoticeChoice) -> Option<DateTime<Utc>> {
        let pack = self.pack();
        let choice = if pack.notices.compulsory.contains(&notice.kind) { NoticeChoice::AtOnce } else { choice };
        leaves_at(choice, notice.detected_at, pack.zone, pack.notices.digest)
    }

    async fn mail_person(&self, notices: &[&Notice], unwanted: &[&Notice]) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        // They stand on the page of notices; as mail they are settled.
        for notice in unwanted {
            store::notices::mark_mailed(&mut tx, notice.id, now).await?;
        }
        let Some(first) = notices.first() else { return tx.commit().await };
        let Some(account) = store::people::by_id(&mut tx, first.account_id).await? else { return Ok(()) };
        // Rights as they are now: since it was noted the person may have left, or the ticket another agency.
        let grants = store::people::grants(&mut tx, account.id).await?;
        let person = Actor { account, grants, scope: Scope::Read, only_agency: None, via: Channel::Email };
        let mut told = Vec::new();
        for notice in notices {
            if store::notices::mark_mailed(&mut tx, notice.id, now).await?
                && let Some(ticket) = store::tickets::by_id(&mut tx, notice.ticket_id).await?
                && may(&person, Action::View, &ticket)
            {
                told.push((*notice, ticket));
            }
        }
        if let Some((first, ticket)) = told.first() {
            let mail = self.notice_mail(&person.account, &told, first.id, ticket.id)?;
            self.post(&mut tx, &mail).await?;
        }
        tx.commit().await
    }

    fn notice_mail(&self, person: &Account, told: &[(&Notice, Ticket)], key: i64, ticket: i64) -> Result<NewMail> {
        let items: Vec<Value> = told.iter().map(|(notice, ticket)| self.notice_line(notice, ticket)).collect();
        let context = json!({"name": person.name, "items": items, "count": items.len(), "queue_url": format!("{}/kerja/antrean", self.public_url)});
        self.composer.write(&Outgoing {
            key: format!("notice:{key}"),
            template: if told.len() == 1 { "notice" } else { "notices" },
            language: Language::Indonesian,
            to: &person.email,
            to_name: &person.name,
            ticket: (told.len() == 1).then_some(ticket),
            reply_to: None,
            references: &[],
            automatic: true,
            unsubscribe: None,
            context,
            at: self.now(),
        })
    }

    fn notice_line(&self, notice: &Notice, ticket: &Ticket) -> Value {
        let id = Language::Indonesian;
        json!({
            "kind": notice.kind.as_str(),
            "what": text::word(id, &format!("step-{}", notice.kind.as_str())),
            "number": ticket.number,
            "subject": ticket.subject,
            "agency": ticket.agency,
            "priority": ticket.priority.as_str(),
            "tier": self.line_label(ticket),
            "due": self.words(id, notice.due_at),
            "detected": self.words(id, notice.detected_at),
            "late": notice.detected_at - notice.due_at >= chrono::Duration::minutes(1),
            "url": self.work_url(&ticket.number),
        })
    }
}
