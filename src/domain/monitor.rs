//! Monitors: what looks whether a service answers, and when its failures become an outage. Pure.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// How a monitor looks.
    pub enum MonitorKind {
        /// Asks for a page.
        Http = "http",
        /// Opens a connection.
        Tcp = "tcp",
        /// Looks at the certificate.
        Tls = "tls",
        /// Looks up a name.
        Dns = "dns",
        /// Waits for a sign of life.
        Heartbeat = "heartbeat",
    }
}

words! {
    /// What a monitor knows of its service.
    pub enum MonitorState { Unknown = "unknown", Up = "up", Down = "down" }
}

words! {
    /// What one look found: a word, never what a server said.
    pub enum Finding {
        Ok = "ok",
        /// The certificate is good, but not for long.
        ExpiresSoon = "expires_soon",
        /// The address is not among those that monitors may reach; says nothing of the service.
        NotAllowed = "not_allowed",
        UnknownName = "unknown_name",
        OtherAddress = "other_address",
        Refused = "refused",
        Timeout = "timeout",
        OtherStatus = "other_status",
        TextMissing = "text_missing",
        NoAnswer = "no_answer",
        CertificateExpired = "certificate_expired",
        CertificateName = "certificate_name",
        CertificateUntrusted = "certificate_untrusted",
        CertificateBad = "certificate_bad",
        /// No sign of life came in time.
        Missed = "missed",
        /// Nobody has looked yet.
        None = "none",
    }
}

impl Finding {
    /// The service does what it should.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::ExpiresSoon)
    }
}

/// What is expected beyond an answer; what is not said is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    /// Status of a page; any from 200 to 399 when left out. No redirect is followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Stands in the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A certificate that ends within so many days is shown as ending soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Among the addresses of a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Something that looks whether a service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Monitor {
    /// Its key.
    pub id: i64,
    /// Code of the service.
    pub service: String,
    /// What people call it.
    pub name: String,
    /// How it looks.
    pub kind: MonitorKind,
    /// Address of a page, `host:port`, or a name; empty for a heartbeat.
    pub target: String,
    /// What is expected beyond an answer.
    pub expected: Expected,
    /// From one look to the next, in seconds.
    pub interval_seconds: i64,
    /// An answer takes at most so long, in thousandths of a second; for a heartbeat, so much later than the interval
    /// may it come.
    pub timeout_ms: i64,
    /// Failures in a row before an outage begins.
    pub failures_needed: i64,
    /// It looks.
    pub active: bool,
    /// Digest of the secret of a heartbeat.
    #[serde(skip)]
    pub secret_hash: Option<String>,
    /// What it knows.
    pub state: MonitorState,
    /// Failures in a row.
    pub failures: i64,
    /// When the first of them was found. UTC.
    pub failing_since: Option<DateTime<Utc>>,
    /// What the last look found.
    pub result: Finding,
    /// When that was. UTC.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it looks next. UTC.
    pub next_at: DateTime<Utc>,
    /// Number of the lease of whoever looks.
    #[serde(skip)]
    pub lease_no: i64,
    /// The outage it has begun and not ended.
    pub outage_id: Option<i64>,
    /// Counts the changes people make.
    pub version: i64,
}

/// What follows from a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing new.
    Nothing,
    /// An outage that began then. UTC.
    Begins(DateTime<Utc>),
    /// The service answers again.
    Ends,
}

impl Monitor {
    /// Takes in what a look at `at` has found.
    pub fn take(&mut self, found: Finding, at: DateTime<Utc>) -> Turn {
        (self.result, self.checked_at) = (found, Some(at));
        if found == Finding::NotAllowed {
            return Turn::Nothing;
        }
        if found.is_good() {
            let was_down = self.state == MonitorState::Down;
            (self.state, self.failures, self.failing_since) = (MonitorState::Up, 0, None);
            return if was_down { Turn::Ends } else { Turn::Nothing };
        }
        self.failures += 1;
        let since = *self.failing_since.get_or_insert(at);
        if self.failures < self.failures_needed || self.state == MonitorState::Down {
            return Turn::Nothing;
        }
        self.state = MonitorState::Down;
        Turn::Begins(since)
    }

    /// When it looks again after `now`: while it fails and no outage has begun, twice as often.
    pub fn next_after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let waits = self.kind == MonitorKind::Heartbeat;
        let is_doubtful = self.failures > 0 && self.state != MonitorState::Down && !waits;
        let seconds = if is_doubtful { (self.interval_seconds / 2).max(5) } else { self.interval_seconds };
        let grace = if waits { self.timeout_ms } else { 0 };
        now + Duration::seconds(seconds) + Duration::milliseconds(grace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(second)
    }

    fn monitor() -> Monitor {
        Monitor {
            id: 1,
            service: "simpus".to_owned(),
            name: "Beranda".to_owned(),
            kind: MonitorKind::Http,
            target: "http://127.0.0.1/".to_owned(),
            expected: Expected::default(),
            interval_seconds: 60,
            timeout_ms: 5000,
            failures_needed: 3,
            active: true,
            secret_hash: None,
            state: MonitorState::Unknown,
            failures: 0,
            failing_since: None,
            result: Finding::None,
            checked_at: None,
            next_at: at(0),
            lease_no: 0,
            outage_id: None,
            version: 1,
        }
    }

    #[test]
    fn an_outage_begins_with_the_first_of_enough_failures_and_ends_with_the_first_answer() {
        let mut it = monitor();
        assert_eq!(it.take(Finding::Timeout, at(0)), Turn::Nothing);
        assert_eq!(it.next_after(at(0)), at(30), "twice as often while in doubt");
        assert_eq!(it.take(Finding::Refused, at(30)), Turn::Nothing);
        assert_eq!(it.take(Finding::Refused, at(60)), Turn::Begins(at(0)));
        assert_eq!(it.take(Finding::Refused, at(120)), Turn::Nothing, "one outage, not four");
        assert_eq!(it.take(Finding::NotAllowed, at(150)), Turn::Nothing, "a setting is no recovery");
        assert_eq!(it.state, MonitorState::Down);
        assert_eq!(it.take(Finding::ExpiresSoon, at(180)), Turn::Ends);
        assert_eq!(it.take(Finding::Ok, at(240)), Turn::Nothing);
        assert_eq!(it.take(Finding::Timeout, at(300)), Turn::Nothing);
        assert_eq!(it.take(Finding::Ok, at(360)), Turn::Nothing, "a hiccup is no outage");
        assert_eq!((it.failures, it.failing_since), (0, None));
    }
}
