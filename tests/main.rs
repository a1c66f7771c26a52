//! The one integration binary (one link step).

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod accounts;
mod api;
mod architecture;
mod catalogue;
mod catalogue_pages;
mod clock_rules;
mod duties;
mod duty_pages;
mod duty_stories;
mod mail;
mod migrations;
mod policy;
mod postfix;
mod process;
mod queue_pages;
mod replay;
mod settings;
mod settings_mail;
mod settings_pages;
mod store;
mod stories;
mod support;
mod templates;
mod web;
