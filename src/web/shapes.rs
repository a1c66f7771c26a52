//! Values of the house in the shape templates show them: chips, instants, messages.

use crate::desk::views::{TicketPage, TicketView};
use crate::domain::message::{Attachment, Message, MessageVisibility};
use crate::domain::ticket::{Status, Ticket};
use crate::text;
use crate::web::composer;
use crate::web::mails;
use crate::web::visit::Visit;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

impl Visit {
    /// A word of the catalogue by a family and a value, e.g. `status` and `new`.
    pub fn word(&self, family: &str, value: &str) -> String {
        text::word(self.language, &format!("{family}-{value}"))
    }

    /// The zone of the region.
    pub fn zone(&self) -> Tz {
        self.desk().pack().zone
    }

    /// An instant: short for tables, long for sentences, UTC for machines.
    pub fn instant(&self, at: DateTime<Utc>) -> Value {
        let zone = self.zone();
        json!({
            "short": text::short_instant(self.language, at, zone),
            "long": text::long_instant(self.language, at, zone),
            "iso": at.to_rfc3339_opts(SecondsFormat::Secs, true),
        })
    }

    /// An instant that may not be known.
    pub fn instant_if(&self, at: Option<DateTime<Utc>>) -> Value {
        at.map_or(Value::Null, |at| self.instant(at))
    }

    /// The state of a ticket for staff.
    pub fn status_chip(&self, status: Status) -> Value {
        let (colour, icon) = look(status);
        json!({"family": colour, "icon": icon, "text": self.word("status", status.as_str()), "title": Value::Null})
    }

    /// The state of a ticket for its reporter.
    pub fn citizen_chip(&self, status: Status) -> Value {
        let (colour, icon) = look(status);
        json!({"family": colour, "icon": icon, "text": self.word("citizen-status", status.as_str()), "title": Value::Null})
    }

    /// Where the clock of the solution stands.
    pub fn sla_chip(&self, view: &TicketView) -> Value {
        let (ticket, due, now) = (&view.ticket, &view.due, self.desk().now());
        let left = Duration::seconds(view.remaining_seconds);
        let counted_always =
            self.desk().pack().profile(&ticket.profile).is_ok_and(|profile| profile.calendar.is_always());
        let kind = if counted_always { "plain" } else { "working" };
        let said = |key: &str| {
            let span = text::span(self.language, left);
            let span = text::phrase(self.language, &format!("span-{kind}"), &[("span", &span)]);
            text::phrase(self.language, key, &[("span", &span)])
        };
        let passed = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= now);
        let (colour, icon, words) = if ticket.status == Status::Merged {
            ("neutral", "dash", said("sla-none"))
        } else if ticket.status.is_finished() {
            if view.remaining_seconds < 0 {
                ("danger", "check", said("sla-late"))
            } else {
                ("ok", "check", said("sla-met"))
            }
        } else if view.remaining_seconds < 0 {
            ("danger edge", "alert", said("sla-over"))
        } else if view.paused {
            ("neutral", "bars", said("sla-paused"))
        } else if passed(due.warn_due) {
            ("danger", "clock", said("sla-left"))
        } else if passed(due.transfer_due) {
            ("warn", "clock", said("sla-left"))
        } else {
            ("neutral", "clock", said("sla-left"))
        };
        let title = due.resolution_due.map(|at| text::long_instant(self.language, at, self.desk().pack().zone));
        let runs = !ticket.status.is_finished() && ticket.status != Status::Merged && !view.paused;
        let batas = if runs { self.runs_on(ticket, view.remaining_seconds) } else { Value::Null };
        json!({"family": colour, "icon": icon, "text": words, "title": title, "batas": batas})
    }

    /// For scripts that label a chip anew: seconds left, for how many of them the clock runs on before it rests,
    /// and whether they are said to be working time.
    fn runs_on(&self, ticket: &Ticket, left: i64) -> Value {
        let (pack, now) = (self.desk().pack(), self.desk().now());
        let Ok(profile) = pack.profile(&ticket.profile) else { return Value::Null };
        let calendar = &profile.calendar;
        let ahead = calendar.intervals(now, now + Duration::hours(12), &[]);
        let runs = ahead.first().filter(|first| first.from <= now).map_or(0, |first| (first.to - now).num_seconds());
        format!("{left} {runs} {}", u8::from(!calendar.is_always())).into()
    }

    /// What people of the house call the line that owns a ticket.
    pub fn tier(&self, ticket: &Ticket) -> String {
        self.desk().line_label(ticket)
    }

    /// The conversation of a ticket, oldest first.
    /// `address` is that of the page; its files stand below.
    pub fn conversation(&self, page: &TicketPage, address: &str) -> Vec<Value> {
        page.messages.iter().map(|message| self.message(message, page, address)).collect()
    }

    fn message(&self, message: &Message, page: &TicketPage, address: &str) -> Value {
        let own = page.files.iter().filter(|file| file.message_id == message.id);
        let shape = |file: &Attachment| {
            let address = format!("{address}/lampiran/{}", file.id);
            let closed = page.closed.get(&file.sha256).map(|verdict| self.word("file-scan", verdict.as_str()));
            json!({"name": file.name, "kilobytes": (file.size + 1023) / 1024, "address": address, "closed": closed})
        };
        let files: Vec<Value> = own.map(shape).collect();
        json!({
            "id": message.id,
            "at": self.instant(message.at),
            "author": if message.author_name.is_empty() { self.word("author", "requester") } else { message.author_name.clone() },
            "by_requester": message.author == "requester",
            "internal": message.visibility == MessageVisibility::Internal,
            "channel": self.word("channel", &message.channel),
            "body": message.body,
            "pieces": mails::pieces(&message.channel, &message.body),
            "mail": mails::beside(self, page, message.id, address),
            "files": files,
            "delivery": composer::delivery(page, message.id),
        })
    }
}

/// Colour family and icon of a state; no two states that mean different things share both.
const fn look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::New => ("info", "ring"),
        Status::Acknowledged | Status::InProgress => ("accent", "half"),
        Status::PendingRequester | Status::PendingVendor => ("warn", "bars"),
        Status::Resolved => ("ok", "check"),
        Status::Closed => ("neutral", "square"),
        Status::Merged => ("neutral", "arrows"),
    }
}
