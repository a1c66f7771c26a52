//! meja: the service desk of Indonesian regional governments.
#[macro_use]
pub mod domain;
pub mod clock;
pub mod config;
pub mod error;
pub mod secret;
pub mod store;
