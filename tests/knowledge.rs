//! The knowledge base from outside: written, read by somebody else, published, found, judged, withdrawn.

mod life;
mod pages;
mod search;
mod uses;

use crate::support::app::{Engine, TestApp};
use serde_json::{Value, json};

/// When the stories begin.
const NOW: &str = "2026-10-05T09:00:00+07:00";

async fn town(engine: Engine) -> Option<TestApp> {
    TestApp::new(engine, "oki", NOW).await
}

/// An article of an agency, begun by `token`; gives its word.
async fn begin(app: &TestApp, token: &str, agency: &str, title: &str, audience: &str) -> String {
    let body = json!({"title": title, "summary": "Ringkas.", "body": "## Langkah\n\n1. Buka menu.\n2. Tekan simpan.",
        "keywords": "", "audience": audience, "agency": agency});
    let made = app.post(token, "/articles", body).await.ok(201);
    assert_eq!((&made["state"], &made["version"]), (&json!("draft"), &json!(1)));
    made["slug"].as_str().unwrap().to_owned()
}

/// The same, published.
async fn publish(app: &TestApp, agency: &str, title: &str, audience: &str) -> String {
    let slug = begin(app, "demo-superadmin", agency, title, audience).await;
    act(app, "demo-superadmin", &slug, "submit", json!({})).await.ok(200);
    act(app, "demo-superadmin", &slug, "publish", json!({})).await.ok(200);
    slug
}

async fn act(app: &TestApp, token: &str, slug: &str, verb: &str, body: Value) -> crate::support::app::Answer {
    app.post(token, &format!("/articles/{slug}/{verb}"), body).await
}

/// Titles of a list.
fn titles(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}
