//! What an installation calls for help about: work that waits too long. Pure.

use chrono::{DateTime, TimeDelta, Utc};

words! {
    /// What waits.
    pub enum AlarmKind {
        /// Received mails that nobody has read into tickets.
        Inbox = "inbox",
        /// Written mails that have not left.
        Outbox = "outbox",
        /// Steps of clocks that were due and have not happened.
        Clocks = "clocks",
        /// The chains of events: their daily sealing has not run.
        Seal = "seal",
    }
}

/// Since when the oldest of each kind waits; `None`: nothing does. UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// When the oldest unread mail came.
    pub inbox: Option<DateTime<Utc>>,
    /// When the oldest unsent mail was written.
    pub outbox: Option<DateTime<Utc>>,
    /// When the oldest missed step was due.
    pub clocks: Option<DateTime<Utc>>,
    /// When the chains were looked through for sealing last.
    pub seal: Option<DateTime<Utc>>,
}

impl Waiting {
    /// Since when the oldest of a kind waits.
    pub const fn since(&self, kind: AlarmKind) -> Option<DateTime<Utc>> {
        match kind {
            AlarmKind::Inbox => self.inbox,
            AlarmKind::Outbox => self.outbox,
            AlarmKind::Clocks => self.clocks,
            AlarmKind::Seal => self.seal,
        }
    }

    /// What waits too long at `now`, with since when.
    pub fn too_long(&self, now: DateTime<Utc>) -> Vec<(AlarmKind, DateTime<Utc>)> {
        let late = |kind: &AlarmKind| Some((*kind, self.since(*kind).filter(|since| *since + patience(*kind) <= now)?));
        AlarmKind::ALL.iter().filter_map(late).collect()
    }
}

/// How long something may wait before people are called: a mail is read and sent, and a step happens, within seconds; a
/// seal is made each day.
pub const fn patience(kind: AlarmKind) -> TimeDelta {
    match kind {
        AlarmKind::Inbox => TimeDelta::minutes(15),
        AlarmKind::Outbox => TimeDelta::minutes(30),
        AlarmKind::Clocks => TimeDelta::minutes(5),
        AlarmKind::Seal => TimeDelta::hours(26),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_patience_of_its_own_and_its_end_counts() {
        let at = |minutes: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let waiting = Waiting { inbox: Some(at(0)), outbox: Some(at(0)), clocks: Some(at(0)), seal: Some(at(0)) };
        let kinds = |minutes: i64| -> Vec<&str> {
            waiting.too_long(at(minutes)).iter().map(|(kind, _)| kind.as_str()).collect()
        };
        assert_eq!(kinds(4), [""; 0]);
        assert_eq!(kinds(5), ["clocks"]);
        assert_eq!(kinds(15), ["inbox", "clocks"]);
        assert_eq!(kinds(30), ["inbox", "outbox", "clocks"]);
        assert_eq!(kinds(26 * 60), ["inbox", "outbox", "clocks", "seal"]);
        assert_eq!(Waiting::default().too_long(at(9_999)), []);
    }
}
