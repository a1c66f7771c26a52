//! What the tests share.

pub mod app;
pub mod browser;
pub mod db;
pub mod server;

/// Emits each `name = function;` as a test on both databases; the function takes the engine.
macro_rules! on_both {
    ($($name:ident = $body:path;)+) => { $(
        mod $name {
            use super::*;
            #[tokio::test]
            async fn sqlite() { $body(crate::support::app::Engine::Sqlite).await }
            #[tokio::test]
            async fn postgres() { $body(crate::support::app::Engine::Postgres).await }
        }
    )+ };
}
pub(crate) use on_both;

/// Says once what is not tested here, past the harness that hides what passing tests print.
pub fn skipped(what: &'static str) {
    use std::io::Write;
    static SAID: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());
    let mut said = SAID.lock().unwrap();
    if !said.contains(&what) {
        said.push(what);
        let _ = writeln!(std::io::stderr(), "skipped, run tests/all for it: {what}");
    }
}
