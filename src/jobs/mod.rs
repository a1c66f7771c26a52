//! The clock's door: one worker, recurring work and backups.
//!
//! For: letting happen what is due. Jobs are shallow: each calls one use-case and can run twice without
//! harm. May use: `desk` and below.
//! To add recurring work: a line in the table of `desk/recurring.rs` and its use-case in `desk`.

pub mod backups;
pub mod closures;
pub mod schedule;
pub mod watch;
pub mod worker;
