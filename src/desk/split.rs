//! A message that is a matter of its own becomes a ticket.

use crate::desk::intake::Report;
use crate::desk::relate::copy_files;
use crate::desk::verbs::Change;
use crate::desk::working::Working;
use crate::desk::{Desk, merged_in};
use crate::domain::message::{Message, MessageVisibility};
use crate::domain::people::Actor;
use crate::domain::relation::Relation;
use crate::domain::ticket::{Channel, Kind, Ticket};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use serde_json::{Value, json};

impl Change<'_> {
    /// The clock of the new ticket starts when the desk had the message: parting never wins time.
    pub(super) async fn split(&mut self, message: i64, subject: &str, kind: Option<Kind>) -> Result<()> {
        let all = store::messages::of_ticket(self.tx, self.working.ticket.id, true, 0, i64::MAX).await?;
        let first = all.first().map(|message| message.id);
        let chosen = all.into_iter().find(|it| it.id == message && it.visibility == MessageVisibility::Public);
        let chosen = chosen.filter(|it| it.author == "requester" && Some(it.id) != first);
        let chosen = chosen.ok_or_else(|| Error::field("message", Say::new("field-split-message")))?;
        if let Some(before) = parted(self.tx, &self.working.ticket.number, message).await? {
            return Err(Error::field("message", Say::new("field-split-twice").with("number", before)));
        }
        // What somebody wrote whose ticket was merged in is his, not that of this ticket's reporter.
        let owner = merged_in::owner(self.tx, &self.working.ticket, &chosen.author_name).await?;
        let owner = owner.ok_or_else(|| Error::field("message", Say::new("field-split-whose")))?;
        let report = self.report(&owner, &chosen, subject, kind);
        let mut judged = self.desk.judge(self.tx, report, chosen.at).await?;
        judged.unverified_unless(owner.requester_verified);
        judged.wishing(store::wishes::of_ticket(self.tx, owner.id).await?);
        let new = self.desk.open_in(self.tx, judged, self.label(), chosen.at, None).await?;
        let mut new = Working::load(self.tx, new).await?;
        let files = store::messages::attachments(self.tx, self.working.ticket.id).await?;
        let files: Vec<_> = files.into_iter().filter(|file| file.message_id == message).collect();
        let own = store::messages::of_ticket(self.tx, new.ticket.id, true, 0, 1).await?;
        let own = own.first().map_or(0, |message| message.id);
        let copied = copy_files(self.tx, new.ticket.id, own, &files).await?;
        let kept_as = Relation::SplitFrom.as_str();
        store::relations::add_link(self.tx, new.ticket.id, self.working.ticket.id, kept_as).await?;
        let number = new.ticket.number.clone();
        let facts = json!({"from": self.working.ticket.number, "from_message": message, "files": copied});
        new.event(self.now, self.label(), "split_from", facts);
        new.save(self.tx, &self.desk.rules, self.now).await?;
        self.event("split", json!({"to": number, "from_message": message}));
        Ok(())
    }

    fn report(&self, owner: &Ticket, message: &Message, subject: &str, kind: Option<Kind>) -> Report {
        let ticket = &self.working.ticket;
        Report {
            subject: subject.to_owned(),
            description: message.body.clone(),
            kind: kind.or(Some(ticket.kind)),
            agency: Some(ticket.agency.clone()),
            service: ticket.service.clone(),
            impact: None,
            urgency: None,
            outage: Some(false),
            workaround: false,
            request_type: None,
            name: owner.requester_name.clone(),
            email: owner.requester_email.clone(),
            nip: owner.requester_nip.clone(),
            phone: owner.requester_phone.clone(),
            channel: message.channel.parse::<Channel>().unwrap_or(ticket.channel),
            language: owner.language,
        }
    }
}

impl Desk {
    /// Number of the ticket that a message has become.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn split_off(&self, actor: &Actor, number: &str, message: i64) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let ticket = self.seen(&mut tx, actor, number).await?;
        parted(&mut tx, &ticket.number, message).await
    }
}

/// Number of the ticket that a message has become before.
async fn parted(tx: &mut Tx, number: &str, message: i64) -> Result<Option<String>> {
    let events = store::events::of_stream(tx, number, 0, i64::MAX).await?;
    let splits = events.iter().filter(|event| event.kind == "split");
    let mut facts = splits.filter_map(|event| serde_json::from_str::<Value>(&event.payload).ok());
    let found = facts.find(|facts| facts["from_message"] == message);
    Ok(found.and_then(|facts| facts["to"].as_str().map(str::to_owned)))
}
