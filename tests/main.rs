//! The one integration binary (one link step).

mod api;
mod mail;
mod policy;
mod postfix;
mod process;
mod stories;
mod support;
mod web;
