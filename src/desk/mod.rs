//! Use-cases: the only code that changes anything.
//!
//! For: everything somebody can do with the desk, one file per family of verbs. Each change runs the
//! same way: load → decide (pure) → in one transaction append events, save the row, plan or stop
//! clock steps, put mail in the outbox → after the commit wake whoever waits.
//! May use: `policy`, `store`, `mail`, `domain` and the ground. Doors (`web api receive jobs cli`) call
//! it and never each other.
//! To add a verb: a variant of [`command::Command`] with its rule there, its place in the table of
//! `domain::ticket::Status::allows` and in `domain::people::may`, a test from outside.

use crate::clock::Clock;
use crate::config::Shown;
use crate::desk::access::Access;
use crate::desk::backup_settings::Backups;
use crate::desk::closures::Closures;
use crate::desk::outward::Outward;
use crate::desk::report_running::Running;
use crate::desk::rules::Rules;
use crate::desk::seal_settings::SealCopies;
use crate::desk::status_board::StatusBoard;
use crate::domain::ticket::{Language, Ticket};
use crate::mail::compose::Composer;
use crate::mail::sender::SenderCheck;
use crate::mail::transport::Transport;
use crate::policy::Pack;
use crate::render::certificate::Identity;
use crate::secret::Secret;
use crate::store::Db;
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Notify;

pub mod access;
pub mod affected;
pub mod agencies;
pub mod agency_end;
pub mod alarms;
pub mod answer_drafts;
pub mod audit;
pub mod availability;
pub mod backup;
pub mod backup_file;
pub mod backup_lock;
pub mod backup_settings;
pub mod backups;
pub mod canned;
pub mod case_acts;
mod case_heirs;
pub mod case_letters;
mod case_papers;
pub mod case_rules;
pub mod case_terms;
pub mod case_views;
pub mod cases;
pub mod catalogue;
pub mod chain;
pub mod classify;
pub mod clocks;
pub mod closures;
pub mod command;
pub mod confirm;
pub mod consult;
pub mod critical;
pub mod day_preview;
pub mod days_off;
pub mod demo;
mod demo_availability;
mod demo_case;
pub mod demo_catalogue;
mod demo_information;
mod demo_mails;
mod demo_replies;
pub mod description;
pub mod documents;
pub mod drafts;
pub mod duties;
pub mod duty_acts;
mod duty_book;
mod duty_mail;
pub mod duty_views;
pub mod editions;
pub mod evidence;
pub mod federated;
pub mod files;
pub mod free_letters;
pub mod gateway;
pub mod handover;
pub mod health;
pub mod holds;
pub mod incidents;
pub mod intake;
pub mod lease;
pub mod letter_acts;
pub mod letter_sending;
pub mod letter_signing;
pub mod letter_turn;
pub mod letters;
pub mod lines;
pub mod mail_in;
pub mod mail_state;
pub mod mailbox;
pub mod maintenance;
mod merged_in;
pub mod monitors;
pub mod news;
pub mod notice_views;
pub mod notices;
pub mod offers;
pub mod official_letters;
pub mod once;
pub mod outages;
pub mod outbox;
pub mod outward;
pub mod own;
pub mod paper;
pub mod passwords;
pub mod people;
pub mod presence;
mod probe;
pub mod prove_again;
pub mod provider;
pub mod public_reply;
pub mod queues;
pub mod rating;
pub mod recompute;
pub mod recurring;
pub mod relate;
pub mod report_acts;
mod report_facts;
pub mod report_paper;
pub mod report_pictures;
pub mod report_running;
pub mod report_steps;
pub mod report_views;
pub mod report_words;
pub mod reports;
pub mod reprofile;
pub mod retention;
pub mod roles;
pub mod rounds;
pub mod rules;
pub mod seal_copy;
pub mod seal_settings;
pub mod search;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod simulate;
pub mod sla;
pub mod split;
pub mod standing;
pub mod status;
pub mod status_board;
pub mod steps;
pub mod subscribe;
pub mod texts;
pub mod tokens;
pub mod totp;
pub mod trail;
pub mod tries;
pub mod undo;
pub mod unseen;
pub mod upkeep;
pub mod uploads;
pub mod verbs;
pub mod views;
pub mod watch;
pub mod working;
pub mod written;

pub mod announcements;
pub mod article_files;
pub mod article_uses;
pub mod article_views;
pub mod articles;
mod demo_articles;
pub mod feedback;

pub mod bounces;
pub mod change_acts;
mod change_gate;
pub mod changes;
pub mod dispatch;
pub mod inbox;
pub mod mail_read;
mod mail_storms;
pub mod mailboxes;
pub mod notice_choices;
pub mod participants;
pub mod problems;
pub mod public_services;
pub mod quarantine;
pub mod record_turn;
pub mod scans;
pub mod sender_rules;
pub mod ways;
pub mod webhook_sending;
pub mod webhooks;

/// The desk of one region, everything wired. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Memory.
    pub db: Db,
    /// The one source of time.
    pub clock: Clock,
    /// The rules of this region.
    pub rules: Rules,
    /// The installation's key.
    pub secret: Secret,
    /// Writes mails from templates.
    pub composer: Arc<Composer>,
    /// Where people reach the server, without a slash at the end.
    pub public_url: String,
    /// Folder of attachments, content-addressed.
    pub files: PathBuf,
    /// Made by `meja demo`: its clock may be moved and its mail can be read on a page.
    pub is_demo: bool,
    /// What the installation signs letters with; `None`: they are signed elsewhere.
    pub signer: Option<Arc<Identity>>,
    /// Certificates (DER) that the chains of signed letters must lead to; none: chains are not followed.
    pub signing_roots: Arc<Vec<Vec<u8>>>,
    /// How people sign in.
    pub access: Access,
    /// The way out for mail.
    pub transport: Transport,
    /// Looks who sent mails.
    pub sender_check: Arc<SenderCheck>,
    /// The ways mail takes.
    pub ways: Arc<ways::Ways>,
    /// What the settings say of mail, for people to look at; no secret among it.
    pub settings: Arc<Vec<Shown>>,
    /// Orders to close that are in force, for the gateway.
    pub closures: Arc<Closures>,
    /// What the status page shows.
    pub status: Arc<StatusBoard>,
    /// What monitors may reach.
    pub outward: Arc<Outward>,
    /// Reports about running periods that took long to draw up.
    pub running: Arc<Running>,
    /// What is backed up, when and to where.
    pub backups: Arc<Backups>,
    /// Where seals go besides the database.
    pub seals: Arc<SealCopies>,
    /// What other nodes and people call this one: its machine and port.
    pub node: Arc<str>,
    /// The server takes leave: balancers are told to send nobody here any more.
    pub leaving: Arc<AtomicBool>,
    /// Woken after every change that leaves work for the worker.
    pub wake: Arc<Notify>,
}

impl Desk {
    /// The instant by the desk's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The pack of this region as it is known now.
    pub fn pack(&self) -> Arc<Pack> {
        self.rules.pack()
    }

    /// Tells the worker that there is something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// An instant as people read it, in the region's zone.
    pub fn words(&self, language: Language, at: DateTime<Utc>) -> String {
        crate::text::long_instant(language, at, self.pack().zone)
    }

    /// The page on which a requester follows a ticket.
    pub fn tracking_url(&self, ticket: &Ticket) -> String {
        let code = self.secret.tracking_code(&ticket.number);
        format!("{}/lacak/{}?kode={code}", self.public_url, ticket.number)
    }

    /// The page on which a requester rates the solution of a ticket.
    pub fn rating_url(&self, ticket: &Ticket) -> String {
        let code = self.secret.tracking_code(&ticket.number);
        format!("{}/lacak/{}/nilai?kode={code}", self.public_url, ticket.number)
    }

    /// The page on which a requester of an unproven address says that it is his; none for a proven one.
    pub fn confirm_url(&self, ticket: &Ticket) -> Option<String> {
        let mark = self.secret.mark("confirm", &format!("{}:{}", ticket.number, ticket.requester_email));
        (!ticket.requester_verified).then(|| format!("{}/konfirmasi/{}/{mark}", self.public_url, ticket.number))
    }

    /// The page on which staff work on a ticket.
    pub fn work_url(&self, number: &str) -> String {
        format!("{}/kerja/tiket/{number}", self.public_url)
    }
}
