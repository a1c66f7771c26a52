//! What a reverse proxy asks: is this address closed under an order? Answered from memory.
//!
//! The program closes nothing by itself: only an order that a person has carried out counts, and only where a region's
//! proxy has been told to ask. The worker reads the orders in force again and again; when it cannot for too long,
//! everything is open (people need the service more than the order needs the proxy), loudly.

use crate::domain::endpoint::Endpoint;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Mutex, PoisonError};

/// For so long what was read last still counts when the database does not answer.
const GRACE: TimeDelta = TimeDelta::seconds(15);

/// The orders in force as they were read last.
#[derive(Debug, Default)]
pub struct Closures {
    known: Mutex<Known>,
}

#[derive(Debug, Default, Clone)]
struct Known {
    closed: Vec<(Endpoint, String)>,
    /// When they were read, by the machine. UTC.
    read_at: Option<DateTime<Utc>>,
    /// Since when they cannot be read, by the machine. UTC.
    failing_since: Option<DateTime<Utc>>,
    /// It has been said that everything is open.
    is_said: bool,
}

/// The answer to a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// No order in force covers it.
    Open,
    /// Open because nobody knows: the orders could not be read for too long.
    OpenUnknown,
    /// Closed under the order with this code.
    Closed(String),
}

/// How the gateway is, for who runs the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayHealth {
    /// Addresses that are closed now.
    pub closed: usize,
    /// Since when the orders cannot be read. UTC, by the machine.
    pub failing_since: Option<DateTime<Utc>>,
    /// Everything is open because of that.
    pub open_unknown: bool,
}

impl Closures {
    /// Is this address closed at `now` (by the machine)?
    pub fn passage(&self, host: &str, paths: &[&str], now: DateTime<Utc>) -> Passage {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_too_old(now) {
            if !known.closed.is_empty() && !known.is_said {
                tracing::error!("the orders to close cannot be read: closed services are let through");
                known.is_said = true;
            }
            return Passage::OpenUnknown;
        }
        let covers = |endpoint: &Endpoint| paths.iter().any(|path| endpoint.covers(host, path));
        let found = known.closed.iter().find(|(endpoint, _)| covers(endpoint));
        found.map_or(Passage::Open, |(_, code)| Passage::Closed(code.clone()))
    }

    /// How it is at `now` (by the machine).
    pub fn health(&self, now: DateTime<Utc>) -> GatewayHealth {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        GatewayHealth {
            closed: known.closed.len(),
            failing_since: known.failing_since,
            open_unknown: known.is_too_old(now),
        }
    }

    /// Keeps what was read at `now`.
    pub fn keep(&self, closed: Vec<(Endpoint, String)>, now: DateTime<Utc>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.failing_since.is_some() {
            tracing::info!("the orders to close can be read again");
        }
        *known = Known { closed, read_at: Some(now), failing_since: None, is_said: false };
    }

    /// Nothing could be read at `now`.
    pub fn fail(&self, now: DateTime<Utc>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.failing_since.is_none() {
            tracing::error!("the orders to close cannot be read");
            known.failing_since = Some(now);
        }
    }
}

impl Known {
    fn is_too_old(&self, now: DateTime<Utc>) -> bool {
        // A server that has just begun has read nothing and failed at nothing.
        self.read_at.map_or(self.failing_since.is_some(), |read| now - read > GRACE)
    }
}
