//! A new ticket, whichever way it comes in.

use crate::desk::uploads::{self, Owner};
use crate::desk::working::Working;
use crate::desk::written::{self, LONGEST_TEXT, Words, required_all};
use crate::desk::{Desk, letters, notices, once};
use crate::domain::clock_plan::StepKind;
use crate::domain::event::ActorLabel;
use crate::domain::number;
use crate::domain::people::{Actor, Role, may_report_for_others};
use crate::domain::phone;
use crate::domain::reporter::Wish;
use crate::domain::service::{self, Service};
use crate::domain::ticket::{Channel, Classification, Impact, Kind, Language, Status, Ticket, Urgency};
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::parse::File;
use crate::policy::request::RequestType;
use crate::policy::{self, Guess};
use crate::store::mail_origins::MailOrigin;
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, Duration, Utc};
use serde_json::json;

/// Longest subject, in characters.
pub const LONGEST_SUBJECT: usize = 200;

/// Confirmations to one address within a span, beyond which the public form mails none: anybody types any address.
const CONFIRMATIONS: [(Duration, i64); 2] = [(Duration::hours(1), 1), (Duration::days(1), 3)];
/// Reports that one source may send with the public form within the window of tries; a whole office may be one source.
const FROM_HERE: i64 = 60;

/// What somebody reports. `None` is left to the desk's judgement.
#[derive(Debug, Clone, Hash)]
pub struct Report {
    /// One line.
    pub subject: String,
    /// In full.
    pub description: String,
    /// Kind of user service.
    pub kind: Option<Kind>,
    /// Code of the agency that should answer.
    pub agency: Option<String>,
    /// Code of the service concerned.
    pub service: Option<String>,
    /// How many are hit.
    pub impact: Option<Impact>,
    /// How badly work is stopped.
    pub urgency: Option<Urgency>,
    /// The service is down for everybody.
    pub outage: Option<bool>,
    /// Work can go on another way.
    pub workaround: bool,
    /// Code of a type of request in the pack, with a promise of its own.
    pub request_type: Option<String>,
    /// Name of the requester.
    pub name: String,
    /// Address of the requester; may be empty where the way in does not need one.
    pub email: String,
    /// Civil-servant number of the requester.
    pub nip: Option<String>,
    /// Telephone of the requester, as it was typed.
    pub phone: Option<String>,
    /// The way in.
    pub channel: Channel,
    /// The requester is written to in this language.
    pub language: Language,
}

/// What came with a mail beside its words.
#[derive(Debug, Clone, Default)]
pub struct MailTrace {
    /// Its Message-ID.
    pub message_id: String,
    /// Files in it.
    pub files: Vec<File>,
    /// The ticket it has to do with.
    pub before: Option<Before>,
    /// Who sent it.
    pub origin: MailOrigin,
    /// Names of files that were too many or too large together.
    pub left_out: Vec<String>,
}

/// What an earlier ticket is to one that a mail opens.
#[derive(Debug, Clone)]
pub enum Before {
    /// It is over and goes on here.
    Over(Ticket),
    /// The same mail, delivered to another mailbox, opened it.
    Twin(Ticket),
}

/// What goes with a report from the public form.
#[derive(Debug, Clone, Default)]
pub struct Along {
    /// Whose waiting files belong to it.
    pub uploads: Option<Owner>,
    /// Number of the ticket that is over and goes on here. Whoever asks has shown that it is his.
    pub follows: Option<String>,
    /// How the reporter wants to be known.
    pub wish: Wish,
    /// The address the request came from.
    pub source: String,
}

/// A report with everything filled in that it left open; it has no number yet.
#[derive(Debug)]
pub(super) struct Judged {
    ticket: Ticket,
    service: Option<Service>,
    guess: Guess,
    routing: &'static str,
    files: Vec<File>,
    follows: Option<Ticket>,
    wish: Wish,
    /// No confirmation is mailed.
    quiet: bool,
    /// Why not.
    hushed: Option<&'static str>,
}

impl Judged {
    /// Takes back that the requester's address proves itself, unless `proven`.
    pub(super) fn unverified_unless(&mut self, proven: bool) {
        self.ticket.requester_verified &= proven;
    }

    /// The reporter wants to be known like this.
    pub(super) const fn wishing(&mut self, wish: Wish) {
        self.wish = wish;
    }

    /// Mails no confirmation; `why` is told on the ticket when it is not the sender's own wish.
    pub(super) const fn hush(&mut self, why: Option<&'static str>) {
        (self.quiet, self.hushed) = (true, why);
    }
}

/// A report whose fields are sound.
struct Checked {
    subject: String,
    description: String,
    email: String,
    service: Option<Service>,
    guess: Guess,
}

impl Desk {
    /// Opens a ticket for `actor`, who reports for somebody else only if that is his work.
    ///
    /// # Errors
    /// `Invalid` with every bad field; nothing is changed then.
    pub async fn open(&self, actor: &Actor, mut report: Report, key: Option<&str>) -> Result<Ticket> {
        if actor.scope == crate::domain::people::Scope::Read {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        // Whoever calls or comes by may have no address; the ticket is still his, not that of the person who notes it.
        let for_others = may_report_for_others(actor);
        let in_person = matches!(report.channel, Channel::Phone | Channel::WalkIn | Channel::Whatsapp);
        let is_named = for_others && in_person && !report.name.trim().is_empty();
        if !for_others || (report.email.trim().is_empty() && !is_named) {
            // A requester reports in his own name.
            report.email.clone_from(&actor.account.email);
            if !for_others {
                report.nip.clone_from(&actor.account.nip);
            }
            if report.name.trim().is_empty() || !for_others {
                report.name.clone_from(&actor.account.name);
            }
        }
        let now = self.now();
        // Judged before the writer's turn: what is refused never keeps others waiting.
        let judged = self.judge(&mut self.db.glance().await?, report.clone(), now).await?;
        if actor.only_agency.as_ref().is_some_and(|only| *only != judged.ticket.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let mut tx = self.db.write().await?;
        if let once::Repeat::Answered(number) =
            once::take(&mut tx, actor, key, &once::fingerprint(&report), self.clock.machine()).await?
        {
            let ticket = store::tickets::by_number(&mut tx, &number).await?.ok_or(Error::NotFound("ticket"))?;
            // The first request may still wait for its commit in the same group.
            tx.commit().await?;
            return Ok(ticket);
        }
        let ticket = self.open_in(&mut tx, judged, ActorLabel::user(actor.account.id), now, None).await?;
        once::answer(&mut tx, actor, key, &ticket.number).await?;
        tx.commit().await?;
        self.wake();
        Ok(ticket)
    }

    /// Opens a ticket for somebody who has not signed in, from the public form. `key` is the form's own,
    /// so that a double tap opens one ticket.
    ///
    /// # Errors
    /// As [`Desk::open`]; `TooMany` after many reports from one source.
    pub async fn open_public(&self, mut report: Report, key: &str, along: &Along) -> Result<Ticket> {
        let wish = self.granted(along.wish);
        if wish.anonymous {
            // What is not kept cannot be told.
            (report.name, report.email) = (String::new(), String::new());
            (report.nip, report.phone) = (None, None);
        } else {
            named(&report)?;
        }
        let now = self.now();
        let key = crate::secret::sha256(format!("form\n{key}"));
        let mut judged = self.judge(&mut self.db.glance().await?, report, now).await?;
        // Anybody can type any address into a form.
        judged.unverified_unless(self.pack().email.domain.is_none());
        let _kept = self.count_try(&[(&format!("report from {}", along.source), FROM_HERE)]).await?;
        let mut tx = self.db.write().await?;
        if !store::settings::take_key(&mut tx, &key, "form", self.clock.machine()).await? {
            let answer = store::settings::answered(&mut tx, &key).await?.and_then(|(_, answer)| answer);
            let number = answer.ok_or_else(|| Error::conflict(Say::new("error-still-working")))?;
            let ticket = store::tickets::by_number(&mut tx, &number).await?.ok_or(Error::NotFound("ticket"))?;
            tx.commit().await?;
            return Ok(ticket);
        }
        if let Some(owner) = &along.uploads {
            judged.files = uploads::take(&mut tx, owner).await?;
        }
        if let Some(before) = &along.follows
            && let Some(before) = store::tickets::by_number(&mut tx, before).await?
            && wish.may_follow(store::wishes::of_ticket(&mut tx, before.id).await?)
        {
            judged.follows = Some(before);
        }
        judged.wish = wish;
        judged.quiet = self.confirmed_enough(&mut tx, &judged.ticket.requester_email).await?;
        let ticket = self.open_in(&mut tx, judged, ActorLabel::requester(), now, None).await?;
        store::settings::answer_key(&mut tx, &key, &ticket.number).await?;
        tx.commit().await?;
        self.wake();
        Ok(ticket)
    }

    /// Opens a ticket inside a transaction; its clocks start at `received`.
    pub(super) async fn open_in(
        &self,
        tx: &mut Tx,
        judged: Judged,
        actor: ActorLabel,
        received: DateTime<Utc>,
        mail: Option<MailTrace>,
    ) -> Result<Ticket> {
        let Judged { ticket, service, guess, routing, files, follows, wish, quiet, hushed } = judged;
        let mut working = Working::new(ticket, service);
        self.number(tx, &mut working, received).await?;
        let mut payload = json!({
            "kind": working.ticket.kind, "priority": working.ticket.priority, "agency": working.ticket.agency,
            "service": working.ticket.service, "profile": working.ticket.profile, "channel": working.ticket.channel,
            "tier": working.ticket.tier, "pack": working.ticket.pack, "outage": guess.outage, "routing": routing,
            "description_sha256": crate::secret::sha256(&working.ticket.description),
        });
        if wish != Wish::default() {
            payload["wish"] = json!(wish);
        }
        working.event(received, actor.clone(), "opened", payload);
        working.insert(tx).await?;
        if wish != Wish::default() {
            store::wishes::keep(tx, working.ticket.id, wish).await?;
        }
        let message_id = mail.as_ref().map(|mail| mail.message_id.clone());
        let left_out = mail.as_ref().map(|mail| mail.left_out.clone()).unwrap_or_default();
        self.first_message(tx, &mut working, &actor, received, mail, &files).await?;
        if let Some(before) = follows {
            self.follow_on(tx, &mut working, &actor, received, &before).await?;
        }
        if let Some(why) = hushed {
            working.event(received, ActorLabel::mail(), "confirmation_withheld", json!({"cause": why}));
        }
        if quiet {
            store::relations::add_participant(tx, working.ticket.id, &working.ticket.requester_email).await?;
        } else if !working.ticket.requester_email.is_empty() {
            letters::received(self, tx, &working, message_id).await?;
        }
        letters::left_out(self, tx, &mut working, &left_out, quiet, received).await?;
        let role = if working.ticket.tier == 1 { Role::Tier1Agent } else { Role::Tier2Unit };
        notices::note(tx, role, &working, StepKind::Start, 1, received, received).await?;
        working.save(tx, &self.rules, received).await?;
        Ok(working.ticket)
    }

    async fn first_message(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        actor: &ActorLabel,
        at: DateTime<Utc>,
        mail: Option<MailTrace>,
        sent: &[File],
    ) -> Result<()> {
        let (body, channel) = (working.ticket.description.clone(), working.ticket.channel);
        let files = mail.as_ref().map_or(sent, |mail| &mail.files);
        let words = Words { body: &body, channel: channel.as_str(), name: None, files };
        let payload = written::store_report(self, tx, working, &words, at).await?;
        if let Some(mail) = mail {
            store::relations::add_mail_reference(tx, working.ticket.id, &mail.message_id).await?;
            store::mail_origins::keep_origin(tx, working.ticket.id, &mail.origin).await?;
            match mail.before {
                Some(Before::Over(before)) => self.follow_on(tx, working, actor, at, &before).await?,
                Some(Before::Twin(twin)) => {
                    store::relations::add_link(tx, working.ticket.id, twin.id, "related").await?;
                    let facts = json!({"to": twin.number, "relation": "related", "twin": true});
                    working.event(at, actor.clone(), "linked", facts);
                }
                None => {}
            }
        }
        working.event(at, ActorLabel::requester(), "requester_wrote", payload);
        Ok(())
    }

    /// Ties a new ticket to the one that it goes on from.
    async fn follow_on(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        actor: &ActorLabel,
        at: DateTime<Utc>,
        before: &Ticket,
    ) -> Result<()> {
        store::relations::add_link(tx, working.ticket.id, before.id, "follows").await?;
        working.event(at, actor.clone(), "linked", json!({"to": before.number, "relation": "follows"}));
        Ok(())
    }

    /// Checks every field of a report, and finds the service it speaks of.
    async fn check(&self, tx: &mut Tx, report: &Report) -> Result<Checked> {
        let texts = required_all(&[
            ("subject", &report.subject, LONGEST_SUBJECT),
            ("description", &report.description, LONGEST_TEXT),
        ]);
        let mut problems = match &texts {
            Err(Error::Invalid(problems)) => problems.clone(),
            _ => Vec::new(),
        };
        let words = format!("{}\n{}", report.subject, report.description);
        let service = match &report.service {
            Some(code) => store::services::service(tx, code).await?.filter(|service| service.active),
            None => service::mentioned(&store::services::services(tx).await?, &words).cloned(),
        };
        let knows_agency = match &report.agency {
            Some(code) => {
                store::services::agencies(tx).await?.iter().any(|agency| agency.code == *code && agency.active)
            }
            None => true,
        };
        let email = report.email.trim().to_lowercase();
        let pack = self.pack();
        let unknown_request = report.request_type.as_ref().is_some_and(|code| pack.request(code).is_none());
        for (field, key, is_bad) in [
            ("service", "field-unknown-service", report.service.is_some() && service.is_none()),
            ("agency", "field-unknown-agency", !knows_agency),
            ("request_type", "field-unknown-request", unknown_request),
            ("kind", "field-kind-not-offered", report.kind.is_some_and(|kind| !pack.kinds.contains(&kind))),
            ("email", "field-email", !email.is_empty() && email.parse::<lettre::Address>().is_err()),
            ("name", "field-name", report.name.chars().count() > 200),
            ("phone", "field-phone", report.phone.as_deref().is_some_and(phone::is_broken)),
            ("nip", "field-name", report.nip.as_ref().is_some_and(|nip| nip.chars().count() > 30)),
        ] {
            if is_bad {
                problems.push(FieldError { field, say: Say::new(key) });
            }
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut texts = texts?;
        let description = texts.pop().unwrap_or_default();
        let subject = texts.pop().unwrap_or_default().replace(['\n', '\t'], " ");
        Ok(Checked { subject, description, email, service, guess: policy::guess(&pack, &words) })
    }

    /// Fills in what a report leaves open.
    pub(super) async fn judge(&self, tx: &mut Tx, report: Report, now: DateTime<Utc>) -> Result<Judged> {
        let Checked { subject, description, email, service, guess } = self.check(tx, &report).await?;
        let agency = match (&report.agency, &service) {
            (Some(code), _) => code.clone(),
            (None, Some(service)) => service.agency.clone(),
            // Nobody is named: the ICT office sorts it (A21).
            (None, None) => {
                store::settings::get(tx, "ict_agency").await?.ok_or_else(|| Error::internal("no ict_agency is set"))?
            }
        };
        let pack = self.pack();
        let request = report.request_type.as_ref().and_then(|code| pack.request(code));
        let guessed = if pack.kinds.contains(&guess.kind) { guess.kind } else { Kind::Incident };
        let kind = report.kind.or(request.map(|request| request.kind)).unwrap_or(guessed);
        let (impact, urgency) = (report.impact.unwrap_or(guess.impact), report.urgency.unwrap_or(guess.urgency));
        // Somebody who has judged impact and urgency himself is not overruled by a guess from his words.
        let judged = report.impact.is_some() && report.urgency.is_some();
        let critical = service.as_ref().is_some_and(|service| service.critical);
        let outage = report.outage.unwrap_or(guess.outage && kind == Kind::Incident && !judged);
        let own_profile =
            request.map(RequestType::profile).or_else(|| service.as_ref().map(|service| service.profile.clone()));
        // An agency without an active first line has its tickets answered by the second.
        let has_first_line = store::people::is_held(tx, Role::Tier1Agent, &agency).await?;
        let (tier, routing) = if has_first_line { (1, "agency") } else { (2, "no_active_first_line") };
        let ticket = Ticket {
            id: 0,
            number: String::new(),
            version: 0,
            kind,
            subject,
            description,
            status: Status::New,
            impact,
            urgency,
            priority: policy::priority(&pack, impact, urgency, critical, outage, report.workaround),
            tier,
            agency,
            service: service.as_ref().map(|service| service.code.clone()),
            assignee: None,
            requester_name: crate::mail::parse::clean(&report.name).replace('\n', " "),
            requester_verified: self.is_official(&email),
            requester_email: email,
            requester_nip: report.nip.filter(|nip| !nip.trim().is_empty()),
            requester_phone: report.phone.as_deref().and_then(phone::parse),
            classification: Classification::Internal,
            channel: report.channel,
            language: report.language,
            opened_at: now,
            responded_at: None,
            resolved_at: None,
            closed_at: None,
            breached_at: None,
            breached_tier: None,
            escalated_at: None,
            returned: false,
            merged_into: None,
            pack: pack.version.clone(),
            profile: own_profile.unwrap_or_else(|| pack.profile_for(kind).to_owned()),
            updated_at: now,
        };
        Ok(Judged {
            ticket,
            service,
            guess: Guess { outage, ..guess },
            routing,
            files: Vec::new(),
            follows: None,
            wish: Wish::default(),
            quiet: false,
            hushed: None,
        })
    }

    /// Has the public form mailed as many confirmations to this address as it may? Counts one more when not.
    async fn confirmed_enough(&self, tx: &mut Tx, email: &str) -> Result<bool> {
        if email.is_empty() {
            return Ok(false);
        }
        let (subject, now) = (crate::secret::sha256(format!("received {email}")), self.clock.machine());
        for (span, most) in CONFIRMATIONS {
            if store::settings::attempts(tx, &subject, now - span).await?.0 >= most {
                return Ok(true);
            }
        }
        store::settings::note_attempt(tx, &subject, now).await?;
        Ok(false)
    }

    /// What of a wish this region's pack grants: a switch it does not have cannot be thrown.
    pub(super) fn granted(&self, wish: Wish) -> Wish {
        let offered = self.pack().reporters;
        Wish { anonymous: wish.anonymous && offered.anonymous, secret: wish.secret && offered.secret }
    }

    /// Gives the next number of the local month.
    async fn number(&self, tx: &mut Tx, working: &mut Working, now: DateTime<Utc>) -> Result<()> {
        let local = now.with_timezone(&self.pack().zone);
        let period = format!("{:02}{:02}", local.year().rem_euclid(100), local.month());
        let (sequence, key) = store::tickets::next_number(tx, &period).await?;
        working.ticket.id = key;
        working.ticket.number = number::format(&self.pack().region.code, local.year(), local.month(), sequence);
        Ok(())
    }

    /// Is this an address of the region's official domain?
    pub(super) fn is_official(&self, email: &str) -> bool {
        let pack = self.pack();
        let Some(domain) = &pack.email.domain else { return true };
        email.rsplit_once('@').is_some_and(|(_, host)| host == domain || host.ends_with(&format!(".{domain}")))
    }
}

/// Somebody who gives a name says how to reach him, too.
fn named(report: &Report) -> Result<()> {
    let is_callable = report.phone.as_deref().and_then(phone::parse).is_some();
    let asked = [
        ("name", Say::new("field-required").with("label", "name"), !report.name.trim().is_empty()),
        ("email", Say::new("field-email"), is_callable || !report.email.trim().is_empty()),
    ];
    let missing = asked.into_iter().filter(|(.., is_there)| !is_there);
    let problems: Vec<_> = missing.map(|(field, say, _)| FieldError { field, say }).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
