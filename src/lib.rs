//! meja: the service desk of Indonesian regional governments.
#[macro_use]
pub mod domain;
pub mod clock;
pub mod config;
pub mod error;
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
