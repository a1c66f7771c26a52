//! The clock's door: one worker, and one readable table of recurring work.
//!
//! For: letting happen what is due. Jobs are shallow: each calls one use-case and can run twice without
//! harm. May use: `desk` and below.
//! To add recurring work: a line in the table of `schedule.rs` and its use-case in `desk`.

pub mod closures;
pub mod schedule;
pub mod watch;
pub mod worker;
