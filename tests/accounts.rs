//! Accounts from outside: signing in, second factors, sessions, and who manages whom.

use crate::support::app::{Engine, TestApp, readable};
use chrono::{DateTime, Duration, Utc};
use meja::clock::Clock;
use meja::desk::Desk;

mod attacks;
mod federation;
mod people;
mod second_factor;
mod sign_in;

/// When the stories begin.
const NOW: &str = "2026-10-05T09:00:00+07:00";
/// A password that is good enough for anybody.
const GOOD: &str = "gerobak biru makan durian";

/// A demo region whose machinery goes by a clock that stands still.
struct Town {
    app: TestApp,
    desk: Desk,
}

impl Town {
    async fn new(engine: Engine) -> Option<Self> {
        let app = TestApp::new(engine, "oki", NOW).await?;
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let desk = Desk { clock: Clock::frozen(now), ..app.desk.clone() };
        Some(Self { app, desk })
    }

    fn wait(&self, span: Duration) {
        self.desk.clock.set(self.desk.now() + span, 0.0);
    }

    /// Address inside the newest mail with a link that went to somebody.
    async fn mailed_link(&self, email: &str) -> String {
        self.desk.mail_links().await.unwrap();
        let mails = self.app.mails_to(email).await;
        let texts = mails.iter().rev().map(readable);
        let link = texts.filter_map(|text| Some(text.split_once("http://desk.test/masuk/")?.1.to_owned())).next();
        let link = link.unwrap_or_else(|| panic!("no link went to {email}"));
        format!("/masuk/{}", link.split_whitespace().next().unwrap())
    }

    async fn id(&self, email: &str) -> i64 {
        self.desk.account_key(Some(email)).await.unwrap().unwrap()
    }

    /// Kinds of what happened to an account, oldest first.
    async fn history(&self, email: &str) -> Vec<String> {
        let stream = format!("account:{}", self.id(email).await);
        let mut tx = self.desk.db.read().await.unwrap();
        let events = meja::store::events::of_stream(&mut tx, &stream, 0, 1000).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}
