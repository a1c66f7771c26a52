//! How much mail is too much: the section `[mail.limits]`.

use serde::{Deserialize, Serialize};

/// The numbers of mail. Every one has a usual value, written here and in `docs/surel.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailLimits {
    /// Confirmations to one sender about the same subject within an hour.
    pub confirmations_same_subject: u32,
    /// Tickets one sender opens within an hour before confirmations cease.
    pub confirmations_hour: u32,
    /// The same within a day.
    pub confirmations_day: u32,
    /// Tickets one sender opens within an hour; more wait for a person.
    pub tickets_hour: u32,
    /// Mails one sender adds to one ticket within an hour; more wait for a person.
    pub messages_hour: u32,
    /// Mails all senders together add to one ticket within an hour; more wait for a person.
    pub ticket_messages_hour: u32,
    /// Files of one mail that are kept.
    pub files: u32,
    /// Megabytes of the files of one mail that are kept, together.
    pub files_mb: u32,
    /// LMTP: connections at once.
    pub lmtp_connections: u32,
    /// LMTP: recipients of one message.
    pub lmtp_recipients: u32,
    /// Pause after the n-th failed try of an outgoing mail, in minutes; after the last the mail is given up, visibly.
    pub retry_minutes: Vec<u32>,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self {
            confirmations_same_subject: 2,
            confirmations_hour: 10,
            confirmations_day: 40,
            tickets_hour: 600,
            messages_hour: 60,
            ticket_messages_hour: 200,
            files: 50,
            files_mb: 30,
            lmtp_connections: 100,
            lmtp_recipients: 100,
            // Together about five days.
            retry_minutes: vec![1, 2, 5, 10, 20, 40, 60, 120, 240, 480, 960, 1440, 1440, 2160],
        }
    }
}

impl MailLimits {
    /// What is wrong with them, each with its key; empty when all is well.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, value, most) in [
            ("confirmations_same_subject", self.confirmations_same_subject, 1_000),
            ("confirmations_hour", self.confirmations_hour, 10_000),
            ("confirmations_day", self.confirmations_day, 100_000),
            ("tickets_hour", self.tickets_hour, 100_000),
            ("messages_hour", self.messages_hour, 10_000),
            ("ticket_messages_hour", self.ticket_messages_hour, 100_000),
            ("files", self.files, 200),
            ("files_mb", self.files_mb, 200),
            ("lmtp_connections", self.lmtp_connections, 1_000),
            ("lmtp_recipients", self.lmtp_recipients, 1_000),
        ] {
            if !(1..=most).contains(&value) {
                problems.push(format!("mail.limits.{key}: must be from 1 to {most}"));
            }
        }
        let is_pause = |minutes: &u32| (1..=10_080).contains(minutes);
        if !(1..=50).contains(&self.retry_minutes.len()) || !self.retry_minutes.iter().all(is_pause) {
            problems.push("mail.limits.retry_minutes: write from 1 to 50 pauses, each from 1 to 10080".to_owned());
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_limits_are_sound_and_senseless_ones_are_named() {
        assert_eq!(MailLimits::default().problems(), [""; 0]);
        let odd = MailLimits { tickets_hour: 0, files: 201, retry_minutes: vec![1, 0], ..MailLimits::default() };
        let problems = odd.problems();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].starts_with("mail.limits.tickets_hour:") && problems[1].starts_with("mail.limits.files:"));
        assert!(problems[2].starts_with("mail.limits.retry_minutes:"), "{problems:?}");
    }
}
