//! The one integration binary (one link step).

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod accounts;
mod answering;
mod api;
mod architecture;
mod availability;
mod canned;
mod catalogue;
mod catalogue_pages;
mod clock_rules;
mod crawl;
mod duties;
mod duty_pages;
mod duty_stories;
mod live;
mod mail;
mod migrations;
mod monitors;
mod policy;
mod postfix;
mod process;
mod queue_pages;
mod relation_pages;
mod relations;
mod replay;
mod reporting;
mod settings;
mod settings_mail;
mod settings_pages;
mod staff_pages;
mod status;
mod store;
mod stories;
mod supervision_pages;
mod support;
mod templates;
mod web;
