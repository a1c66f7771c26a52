//! What the public is told of a service: one of six states. Pure.

use crate::domain::outage::Severity;

words! {
    /// The state of a service (UX.md S1), from calm to grave.
    pub enum ServiceState {
        Normal = "normal",
        Degraded = "degraded",
        Partial = "partial",
        Total = "total",
        /// Planned maintenance runs.
        Maintenance = "maintenance",
        /// Closed under an order; no failure, and shown apart.
        Closed = "closed",
    }
}

/// What goes on with a service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Now {
    /// Closed under an order.
    pub closed: bool,
    /// Planned maintenance runs.
    pub maintenance: bool,
    /// The worst outage that lasts.
    pub outage: Option<Severity>,
    /// A disruption the public was told of runs.
    pub announced: bool,
}

/// The one state to show: an order before work, work before failures. What was announced and not measured is taken for
/// a part of the users.
pub const fn state_of(now: Now) -> ServiceState {
    match now {
        Now { closed: true, .. } => ServiceState::Closed,
        Now { maintenance: true, .. } => ServiceState::Maintenance,
        Now { outage: Some(Severity::Total), .. } => ServiceState::Total,
        Now { outage: Some(Severity::Partial), .. } | Now { outage: None, announced: true, .. } => {
            ServiceState::Partial
        }
        Now { outage: Some(Severity::Degraded), .. } => ServiceState::Degraded,
        Now { .. } => ServiceState::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_stands_before_work_and_work_before_failures() {
        let calm = Now::default();
        assert_eq!(state_of(calm), ServiceState::Normal);
        assert_eq!(state_of(Now { announced: true, ..calm }), ServiceState::Partial);
        let slow = Now { outage: Some(Severity::Degraded), announced: true, ..calm };
        assert_eq!(state_of(slow), ServiceState::Degraded, "what was measured is known better");
        let down = Now { outage: Some(Severity::Total), ..slow };
        assert_eq!(state_of(down), ServiceState::Total);
        let work = Now { maintenance: true, ..down };
        assert_eq!(state_of(work), ServiceState::Maintenance);
        assert_eq!(state_of(Now { closed: true, ..work }), ServiceState::Closed);
    }
}
