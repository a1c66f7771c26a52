//! News for pages that stay open: who hears what, that only numbers travel, and how streams end.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use meja::app;
use meja::desk::demo::PASSWORD;
use meja::domain::people::{Grant, Role};
use meja::store;
use meja::web::live::Live;
use poem::endpoint::{DynEndpoint, ToDynEndpoint};
use poem::http::{StatusCode, header};
use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// Longer than any news takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node of the desk whose streams can be ended.
struct Node {
    site: Box<dyn DynEndpoint<Output = Response>>,
    live: Live,
}

/// An open stream.
struct Listening(std::pin::Pin<Box<dyn AsyncRead + Send>>);

impl Node {
    fn at(app: &TestApp) -> Self {
        let live = Live::default();
        let site = Box::new(ToDynEndpoint(app::routes_with(app.desk.clone(), live.clone()).unwrap()));
        Self { site, live }
    }

    async fn ask(&self, browser: &Browser, path: &str) -> Response {
        let cookies =
            browser.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}; ")).collect::<String>();
        let request = Request::builder()
            .uri_str(path)
            .header(header::COOKIE, cookies)
            .header(header::ACCEPT_ENCODING, "br, gzip");
        self.site.get_response(request.finish()).await
    }

    async fn listen(&self, browser: &Browser, path: &str) -> Listening {
        let response = self.ask(browser, path).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.content_type(), Some("text/event-stream"));
        assert!(response.headers().get(header::CONTENT_ENCODING).is_none(), "a packed stream waits for more");
        Listening(Box::pin(response.into_body().into_async_read()))
    }
}

impl Listening {
    /// What comes next; empty at the end.
    async fn piece(&mut self) -> String {
        let mut bytes = vec![0; 4096];
        let count = timeout(PATIENCE, self.0.read(&mut bytes)).await.expect("something is told").unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }

    /// The next event that is not a mere sign of life: its key and what it tells.
    async fn event(&mut self) -> (i64, Value) {
        loop {
            let piece = self.piece().await;
            let line = |name: &str| piece.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let Some(data) = line("data:") {
                return (line("id:").unwrap().parse().unwrap(), serde_json::from_str(data).unwrap());
            }
        }
    }
}

async fn signed_in(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, PASSWORD).await.is(303);
    browser
}

async fn report(app: &TestApp, token: &str, subject: &str) -> String {
    let body = json!({"subject": subject, "description": "Rahasia dapur", "kind": "incident", "agency": "DINKES"});
    app.post(token, "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn news_reach_those_who_may_see_the_ticket(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let (here, there) = (Node::at(&app), Node::at(&app));
    let unit = signed_in(&app, "superadmin@demo.test").await;
    let other = signed_in(&app, "admin.disdukcapil@demo.test").await;
    let system = signed_in(&app, "sistem@demo.test").await;
    let mut unit_hears = here.listen(&unit, "/kerja/kabar").await;
    let mut other_hears = here.listen(&other, "/kerja/kabar").await;
    let mut system_hears = there.listen(&system, "/kerja/kabar").await;
    assert!(unit_hears.piece().await.starts_with("retry: 5000\n\n"));

    let number = report(&app, "demo-dinkes", "SIMPUS mati").await;
    let (mut first, told) = unit_hears.event().await;
    assert_eq!(told["baru"], json!([number]), "a ticket of another node's door is told");
    assert!(!told.to_string().contains("SIMPUS") && !told.to_string().contains("Rahasia"), "numbers only: {told}");
    // A report may be followed by what its clock makes of it.
    let newest = app.desk.newest_event().await.unwrap();
    while first < newest {
        first = unit_hears.event().await.0;
    }

    let body = json!({"body": "Sedang kami periksa", "visibility": "internal"});
    app.post("demo-dinkes", &format!("/tickets/{number}/messages"), body).await.ok(201);
    let (mut second, mut told) = unit_hears.event().await;
    let newest = app.desk.newest_event().await.unwrap();
    while second < newest {
        (second, told) = unit_hears.event().await;
    }
    assert_eq!((told["baru"].clone(), told["ubah"].clone()), (json!([]), json!([number])));
    assert!(second > first);

    // Whoever comes back is told what was missed, from the page or from the browser.
    let mut late = there.listen(&unit, &format!("/kerja/kabar?sejak={first}")).await;
    assert_eq!(late.event().await, (second, told));

    // The others hear of their own tickets and of nothing else.
    let own = json!({"subject": "KTP", "description": "Antre", "kind": "incident", "agency": "DISDUKCAPIL"});
    let own = app.post("demo-disdukcapil", "/tickets", own).await.ok(201)["number"].as_str().unwrap().to_owned();
    let (_, told) = other_hears.event().await;
    assert_eq!((told["baru"].clone(), told["ubah"].clone()), (json!([own]), json!([])));

    // A right that was taken a moment ago is none any more.
    let grant = Grant { role: Role::Tier1Agent, agency: Some("DINKES".to_owned()) };
    let mut tx = app.desk.db.write().await.unwrap();
    let moved = store::people::by_email(&mut tx, "admin.disdukcapil@demo.test").await.unwrap().unwrap();
    store::people::grant(&mut tx, moved.id, &grant).await.unwrap();
    tx.commit().await.unwrap();
    let mut both_hear = there.listen(&other, "/kerja/kabar").await;
    assert!(both_hear.piece().await.starts_with("retry: 5000\n\n"));
    let mut tx = app.desk.db.write().await.unwrap();
    store::people::revoke(&mut tx, moved.id, &grant).await.unwrap();
    tx.commit().await.unwrap();
    report(&app, "demo-dinkes", "SIMPUS lambat").await;
    let own = json!({"subject": "KK", "description": "Antre", "kind": "incident", "agency": "DISDUKCAPIL"});
    let own = app.post("demo-disdukcapil", "/tickets", own).await.ok(201)["number"].as_str().unwrap().to_owned();
    let (_, told) = both_hear.event().await;
    assert_eq!((told["baru"].clone(), told["ubah"].clone()), (json!([own]), json!([])));

    // A server that stops ends its streams; those of the other node go on.
    here.live.close();
    while !unit_hears.piece().await.is_empty() {}
    while !other_hears.piece().await.is_empty() {}
    there.live.close();
    let mut rest = String::new();
    timeout(PATIENCE, system_hears.0.read_to_string(&mut rest)).await.unwrap().unwrap();
    assert!(!rest.contains("data:"), "who sees no ticket hears of none: {rest}");
}

async fn streams_are_for_the_staff_and_a_few_each(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let node = Node::at(&app);
    let nobody = Browser::at(&app.desk);
    assert_eq!(node.ask(&nobody, "/kerja/kabar").await.status(), StatusCode::SEE_OTHER);
    let reporter = signed_in(&app, "warga@demo.test").await;
    assert_eq!(node.ask(&reporter, "/kerja/kabar").await.status(), StatusCode::FORBIDDEN);
    let unit = signed_in(&app, "superadmin@demo.test").await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(node.listen(&unit, "/kerja/kabar").await);
    }
    let mut oldest = open.remove(0);
    while !oldest.piece().await.is_empty() {}
    let number = report(&app, "demo-dinkes", "SIMPUS mati").await;
    for stream in &mut open {
        assert_eq!(stream.event().await.1["baru"], json!([number]), "the newer ones go on");
    }
}

mod news_on {
    use super::{Engine, news_reach_those_who_may_see_the_ticket, streams_are_for_the_staff_and_a_few_each};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        news_reach_those_who_may_see_the_ticket(Engine::Sqlite).await;
        streams_are_for_the_staff_and_a_few_each(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        news_reach_those_who_may_see_the_ticket(Engine::Postgres).await;
    }
}

#[tokio::test]
async fn looks_are_kept_by_the_browser_and_marked_on_the_page() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-05T09:00:00+07:00").await.unwrap();
    let browser = signed_in(&app, "superadmin@demo.test").await;
    let page = browser.get("/akun").await;
    assert!(!page.html.contains("data-tema"), "nothing was chosen yet");
    let chosen = [("tema", "gelap"), ("kerapatan", "nyaman"), ("pintasan", "mati")];
    let kept = browser.fill("/akun", "/akun/tampilan", &chosen).await;
    kept.goes_to("/akun?kabar=tampilan");
    assert!(kept.set_cookies.iter().all(|line| line.contains("Max-Age=31536000")), "{:?}", kept.set_cookies);
    let page = browser.get("/kerja/antrean").await;
    page.shows("data-tema=\"gelap\"").shows("data-kerapatan=\"nyaman\"").shows("data-pintasan=\"mati\"");
    browser.set("tema", "\"><script>");
    assert!(!browser.get("/akun").await.html.contains("<script>"), "only known words are believed");
    browser.fill("/akun", "/akun/tampilan", &[("tema", ""), ("kerapatan", ""), ("pintasan", "")]).await;
    assert!(!browser.get("/akun").await.html.contains("data-pintasan"));
}
