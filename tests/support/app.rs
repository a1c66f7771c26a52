//! A whole desk in one process: the real routes, a frozen clock, mail that waits to be read.

use chrono::{DateTime, Utc};
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::setup::installation;
use meja::domain::message::OutboxItem;
use meja::store::{self, Db};
use poem::http::Method;
use poem::test::{TestClient, TestForm, TestFormField};
use serde_json::{Value, json};

use super::db;

/// The desk under test with its clients.
pub struct TestApp {
    pub desk: Desk,
    client: TestClient<Box<dyn poem::endpoint::DynEndpoint<Output = poem::Response>>>,
    _folder: Option<tempfile::TempDir>,
}

/// What came back: status and JSON.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub json: Value,
}

impl Answer {
    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }
}

/// Which database a test runs on.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl TestApp {
    /// A demo region without tickets under `pack` at `now`; `None` when the database is not to be had.
    pub async fn new(engine: Engine, pack: &str, now: &str) -> Option<Self> {
        Self::with_packs(engine, pack, now, None).await
    }

    /// As [`Self::new`], with the packs of a folder besides those built in.
    pub async fn with_packs(engine: Engine, pack: &str, now: &str, packs: Option<&std::path::Path>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let db = match engine {
            Engine::Sqlite => {
                let db = Db::connect(&format!("sqlite://{}", folder.path().join("meja.db").display())).await.unwrap();
                db.migrate().await.unwrap();
                db
            }
            Engine::Postgres => db::postgres().await?,
        };
        let config = Config {
            data_dir: folder.path().to_owned(),
            pack: pack.to_owned(),
            policies_dir: packs.map(std::path::Path::to_owned),
            mail_address: "meja@desk.test".to_owned(),
            public_url: Some("http://desk.test".to_owned()),
            ..Config::default()
        };
        let mut found = installation(&db).await.unwrap();
        found.is_demo = true;
        let desk = app::wire(&config, db, found).unwrap();
        let now: DateTime<Utc> = now.parse().unwrap();
        desk.clock.set(now, 0.0);
        app::follow(&config, &desk).await.unwrap();
        desk.fill_demo(0, now, 0.0).await.unwrap();
        Some(Self { _folder: Some(folder), ..Self::around(desk) })
    }

    /// The same region around a desk that differs in what it may or holds; lives no longer than the first.
    pub fn around(desk: Desk) -> Self {
        let routes: Box<dyn poem::endpoint::DynEndpoint<Output = poem::Response>> =
            Box::new(poem::endpoint::ToDynEndpoint(app::routes(desk.clone()).unwrap()));
        Self { desk, client: TestClient::new(routes), _folder: None }
    }

    /// The same desk with routes of its own: what was changed on it counts from here.
    pub fn again(self) -> Self {
        let routes: Box<dyn poem::endpoint::DynEndpoint<Output = poem::Response>> =
            Box::new(poem::endpoint::ToDynEndpoint(app::routes(self.desk.clone()).unwrap()));
        Self { client: TestClient::new(routes), ..self }
    }

    /// Brings a signed letter through the API.
    pub async fn sign_by_api(&self, token: &str, key: &str, pdf: &[u8], version: i64) -> Answer {
        let file = TestFormField::bytes(pdf.to_vec()).filename("surat.pdf").name("file");
        let form = TestForm::new().field(file).text("version", version.to_string());
        let request = self.client.post(format!("/api/v1/letters/{key}/sign"));
        let response = request.header("authorization", format!("Bearer {token}")).multipart(form).send().await.0;
        let status = response.status().as_u16();
        let text = response.into_body().into_string().await.unwrap();
        Answer { status, json: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(Method::GET, token, path, None, &[]).await
    }

    pub async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call(Method::POST, token, path, Some(body), &[]).await
    }

    pub async fn call(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.client.request(method, format!("/api/v1{path}"));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.content_type("application/json").body(body.to_string());
        }
        let response = request.send().await.0;
        let status = response.status().as_u16();
        let text = response.into_body().into_string().await.unwrap();
        Answer { status, json: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// Moves the demo's clock through the API.
    pub async fn clock(&self, to: &str) {
        let body = json!({"now": to, "speed": 0});
        self.call(Method::PUT, "", "/demo/clock", Some(body), &[]).await.ok(200);
    }

    /// A mail arrives and is read.
    pub async fn deliver(&self, mail: &str, recipient: &str, sender: &str) -> bool {
        let stored = self.desk.receive(mail.as_bytes(), recipient, sender).await.unwrap();
        self.desk.read_inbox().await.unwrap();
        stored
    }

    /// A ticket as the API gives it to the second line.
    pub async fn ticket(&self, number: &str) -> Value {
        self.get("demo-superadmin", &format!("/tickets/{number}")).await.ok(200)
    }

    /// The events of a ticket: kinds with their payloads.
    pub async fn events(&self, number: &str) -> Vec<(String, Value)> {
        let page = self.get("demo-superadmin", &format!("/tickets/{number}/events?limit=200")).await.ok(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| (event["kind"].as_str().unwrap().to_owned(), event.clone()))
            .collect()
    }

    /// The first event of a kind.
    #[track_caller]
    pub fn event<'a>(events: &'a [(String, Value)], kind: &str) -> &'a Value {
        let found = events.iter().find(|(name, _)| name == kind);
        &found.unwrap_or_else(|| panic!("no event {kind} in {:?}", events.iter().map(|e| &e.0).collect::<Vec<_>>())).1
    }

    /// Mails written so far to an address, oldest first.
    pub async fn mails_to(&self, address: &str) -> Vec<OutboxItem> {
        let mut tx = self.desk.db.read().await.unwrap();
        let mut mails = store::outbox::newest(&mut tx, 10_000).await.unwrap();
        mails.reverse();
        mails.retain(|mail| mail.recipient == address);
        mails
    }

    /// The only ticket there is.
    pub async fn only_ticket(&self) -> Value {
        let page = self.get("demo-superadmin", "/tickets").await.ok(200);
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{page}");
        items[0].clone()
    }

    /// Nothing was altered.
    pub async fn audit_is_intact(&self) {
        let verdict = self.desk.verify_audit().await.unwrap();
        assert!(verdict.ok, "{verdict:?}");
        assert_eq!(self.desk.check_clocks().await.unwrap(), Vec::<String>::new());
    }
}

/// The text of a mail as its reader sees it, with its header.
pub fn readable(mail: &OutboxItem) -> String {
    let message = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
    let header = |name: &str| message.header_raw(name).unwrap_or("").trim().to_owned();
    format!(
        "From: {}\nReply-To: {}\nSubject: {}\nAuto-Submitted: {}\n\n{}",
        header("From"),
        header("Reply-To"),
        message.subject().unwrap_or(""),
        header("Auto-Submitted"),
        message.body_text(0).unwrap_or_default()
    )
}

/// Bare address in `Reply-To`.
pub fn reply_to(mail: &OutboxItem) -> String {
    let message = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
    message.reply_to().unwrap().first().unwrap().address().unwrap().to_owned()
}
