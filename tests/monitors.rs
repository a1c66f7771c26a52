//! Monitors: a real web server that goes down, slows and shows bad certificates; outages, their tickets, signs of life.

mod nginx;
mod probes;
mod watch;

use crate::support::app::TestApp;
use meja::config::MonitorsConfig;
use meja::desk::Desk;
use meja::desk::outward::Outward;
use std::path::Path;
use std::sync::Arc;

/// The region of the app, allowed to reach these networks and hosts, believing these certificates beside the usual ones.
fn reaching(app: &TestApp, allow: &[&str], ca_file: Option<&Path>) -> TestApp {
    let allow = allow.iter().map(|entry| (*entry).to_owned()).collect();
    let settings = MonitorsConfig { allow, ca_file: ca_file.map(Path::to_owned) };
    TestApp::around(Desk { outward: Arc::new(Outward::new(&settings).unwrap()), ..app.desk.clone() })
}
