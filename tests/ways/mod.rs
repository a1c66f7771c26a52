//! The ways in and out for mail, with real peers and with hostile ones.

mod dns;
mod imap;
mod lmtp;
mod lmtp_hostile;
mod lmtp_process;
mod quarantine;
mod scans;
mod smtp;
mod talk;
