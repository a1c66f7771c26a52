//! The ways mail comes in.
//!
//! For: taking raw bytes from outside and handing them to the inbox before saying "taken".
//! May use: `desk` and below. To add a way in: a file named after it; it must not answer "taken" before
//! `desk::mail_in::put` has returned.

pub mod pipe;
