//! The ways in and out for mail, with real peers and with hostile ones.

mod dkim;
mod dns;
mod imap;
mod imap_spoken;
mod lmtp;
mod lmtp_hostile;
mod lmtp_process;
mod quarantine;
mod scans;
mod smtp;
mod talk;
