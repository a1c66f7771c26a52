//! What signing in asks for in this installation: data of the settings.

use crate::config::Proxies;
use crate::desk::provider::Provider;
use chrono::Duration;
use std::sync::Arc;

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasts {
    /// It ends after so long without use.
    pub idle: Duration,
    /// It ends after so long in any case.
    pub absolute: Duration,
}

/// How people sign in here.
#[derive(Debug, Clone)]
pub struct Access {
    /// Staff can do nothing before they have set up a second factor.
    pub require_totp: bool,
    /// Sessions of people who hold a role.
    pub staff: Lasts,
    /// Sessions of everybody else.
    pub requester: Lasts,
    /// Where else people may sign in.
    pub provider: Option<Arc<Provider>>,
    /// Whose word on where a request came from is believed; limits on tries count by that.
    pub proxies: Proxies,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            require_totp: false,
            staff: Lasts { idle: Duration::hours(8), absolute: Duration::hours(12) },
            requester: Lasts { idle: Duration::days(30), absolute: Duration::days(90) },
            provider: None,
            proxies: Proxies::default(),
        }
    }
}
