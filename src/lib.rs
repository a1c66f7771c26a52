//! meja: the service desk of Indonesian regional governments.
//!
//! One installation = one region = one policy pack. This page is the map; parts stand in reading order,
//! each may use only what stands above it.
//!
//! * [`domain`] words: tickets, people and their rights, clocks, events. Pure.
//! * [`error`], [`clock`], [`config`], [`secret`], [`fault`], [`text`]: the ground. One error, one source of time, one
//!   set of settings, everything unguessable, where tests let the process die, everything a person reads.
//! * [`policy`]: packs (TOML with legal basis), calendars, deadlines and their working. Pure.
//! * [`store`]: memory. All SQL, each statement once for SQLite and PostgreSQL.
//! * [`render`]: pictures of figures as text. Pure.
//! * [`mail`]: reading, threading, writing and handing over messages.
//! * [`desk`]: use-cases, the only code that changes anything.
//! * [`api`], [`web`], [`receive`], [`jobs`]: doors. They translate and never decide.
//! * [`app`], [`cli`]: everything wired once; the command line.
//!
//! # A mail arrives
//! 1. The mail server pipes it into `meja mail ingest` ([`receive::pipe`]), which stores the raw bytes in the
//!    inbox and exits 0 only when they are on disk.
//! 2. The worker ([`jobs::worker`]) reads it ([`desk::mail_in`]): robots are put aside, replies find their
//!    ticket by reply address, Message-ID or number ([`mail::thread`]), the rest opens a ticket
//!    ([`desk::intake`]).
//! 3. One transaction holds the ticket's row, its clocks and planned steps, its chained events, the settled
//!    inbox row and the confirmation in the outbox ([`desk::working`], [`desk::letters`]).
//! 4. The worker sends what the outbox holds ([`desk::outbox`], [`mail::transport`]).
//!
//! # A deadline passes
//! 1. The plan holds a row per step (response notice, hand-over, warning, breach), computed from the start
//!    by [`desk::clocks`] with the calendar of [`policy`].
//! 2. The worker asks for rows that are due ([`desk::steps`]), first due first, claims each and lets it happen
//!    in one transaction. A person's act on the ticket lets them happen first, too.
//! 3. Who must be told is noted in the same transaction ([`desk::notices`]); notices that wait together leave
//!    as one mail per person.

#[macro_use]
pub mod domain;
pub mod clock;
pub mod config;
pub mod error;
pub mod fault;
pub mod secret;
pub mod text;
#[macro_use]
pub mod store;
pub mod api;
pub mod app;
pub mod cli;
pub mod desk;
pub mod jobs;
pub mod mail;
pub mod policy;
pub mod receive;
pub mod render;
pub mod web;
