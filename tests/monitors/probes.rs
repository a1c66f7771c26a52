//! What a look finds on a real server, and where it never goes.

use super::nginx::Nginx;
use super::reaching;
use crate::support::app::{Engine, TestApp};
use serde_json::{Value, json};

const UNIT: &str = "demo-superadmin";

async fn region() -> TestApp {
    TestApp::new(Engine::Sqlite, "oki", "2026-10-20T10:00:00+07:00").await.unwrap()
}

/// A monitor that does not give up, with what is said of it.
fn lasting(body: &Value) -> Value {
    let mut whole = json!({"service": "simpus", "name": "Uji", "failures_needed": 20, "timeout_ms": 3000});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    whole
}

/// Sets up a monitor, lets it look, and gives what it found.
async fn found(app: &TestApp, body: Value) -> String {
    looked(app, app, body).await
}

/// Sets up a monitor where it may be, lets it look from `desk`, and gives what it found.
async fn looked(app: &TestApp, from: &TestApp, body: Value) -> String {
    let added = app.post(UNIT, "/monitors", lasting(&body)).await.ok(201);
    from.desk.run_monitors().await.unwrap();
    let path = format!("/monitors/{}", added["id"]);
    let checks = app.get(UNIT, &format!("{path}/checks")).await.ok(200);
    assert_eq!(checks["items"].as_array().unwrap().len(), 1, "{checks}");
    let seen = app.get(UNIT, &path).await.ok(200);
    assert_eq!(seen["result"], checks["items"][0]["result"]);
    seen["result"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_judged_by_status_text_and_patience() {
    let Some(nginx) = Nginx::start() else { return };
    let region = region().await;
    let app = reaching(&region, &["127.0.0.1"], None);
    let page = |path: &str, expected: Value| json!({"kind": "http", "target": format!("http://127.0.0.1:{}{path}", nginx.port), "expected": expected});
    for (path, expected, finding) in [
        ("/", json!({}), "ok"),
        ("/", json!({"status": 200, "text": "SIMPUS siap"}), "ok"),
        ("/", json!({"text": "SIMPUS mati"}), "text_missing"),
        ("/rusak", json!({}), "other_status"),
        ("/rusak", json!({"status": 503}), "ok"),
        ("/tidak-ada", json!({}), "other_status"),
        ("/pindah", json!({"status": 200}), "other_status"),
        ("/pindah", json!({}), "ok"),
    ] {
        assert_eq!(found(&app, page(path, expected.clone())).await, finding, "{path} {expected}");
    }
    assert_eq!(nginx.hits("/kenari"), 0, "a redirect is not followed");
    let mut slow = page("/pelan", json!({}));
    slow["timeout_ms"] = 400.into();
    assert_eq!(found(&app, slow).await, "timeout");
    let tcp = |port: u16| json!({"kind": "tcp", "target": format!("127.0.0.1:{port}")});
    assert_eq!(found(&app, tcp(nginx.port)).await, "ok");
    let mut nginx = nginx;
    nginx.down();
    assert_eq!(found(&app, tcp(nginx.port)).await, "refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_judged_and_told_apart() {
    let Some(nginx) = Nginx::start() else { return };
    let region = region().await;
    let authority = nginx.authority();
    let app = reaching(&region, &["127.0.0.0/8"], Some(authority.as_path()));
    let words = ["ok", "expires_soon", "certificate_expired", "certificate_name", "certificate_untrusted"];
    for (port, word) in nginx.tls.iter().zip(words) {
        let tls = json!({"kind": "tls", "target": format!("127.0.0.1:{port}")});
        assert_eq!(found(&app, tls).await, word);
        let page = json!({"kind": "http", "target": format!("https://127.0.0.1:{port}/")});
        let word = if word == "expires_soon" { "ok" } else { word };
        assert_eq!(found(&app, page).await, word, "a page behind it");
    }
    let strict = json!({"kind": "tls", "target": format!("127.0.0.1:{}", nginx.tls[0]), "expected": {"days": 100}});
    assert_eq!(found(&app, strict).await, "expires_soon");
    let plain = json!({"kind": "tls", "target": format!("127.0.0.1:{}", nginx.port)});
    assert_eq!(found(&app, plain).await, "no_answer");
    let unaided = reaching(&region, &["127.0.0.1"], None);
    let tls = json!({"kind": "tls", "target": format!("127.0.0.1:{}", nginx.tls[0])});
    assert_eq!(found(&unaided, tls).await, "certificate_untrusted", "only what the settings name is believed");
}

/// Forms of the address of this machine.
const HERE: [&str; 10] = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::]",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_that_is_not_listed() {
    let Some(nginx) = Nginx::start() else { return };
    let region = region().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let door = listener.local_addr().unwrap().port();
    // What was listed once, and is no longer when the look comes.
    let generous = reaching(&region, &["127.0.0.0/8", "::1", "0.0.0.0/8", "::/8"], None);
    for allow in
        [&[][..], &["0.0.0.0/0", "::/0"], &["localhost", "127.0.0.1.nip.io"], &["10.0.0.0/8"], &["126.0.0.0/7"]]
    {
        let strict = reaching(&region, allow, None);
        let mut saved = 0;
        for host in HERE {
            let page = json!({"kind": "http", "target": format!("http://{host}:{}/kenari", nginx.port)});
            let tcp = json!({"kind": "tcp", "target": format!("{host}:{door}")});
            for body in [page, tcp] {
                let refused = strict.post(UNIT, "/monitors", lasting(&body)).await.ok(422);
                assert_eq!(refused["errors"][0]["field"], "target", "{host} with {allow:?} is refused at once");
                if generous.post(UNIT, "/monitors", lasting(&body)).await.status == 201 {
                    saved += 1;
                }
            }
        }
        assert!(saved >= 12, "{saved} of them can be saved where they are listed");
        while strict.desk.run_monitors().await.unwrap() > 0 {}
        let monitors = region.get(UNIT, "/monitors?limit=100").await.ok(200);
        for it in monitors["items"].as_array().unwrap().iter().filter(|it| it["name"] == "Uji") {
            assert!(["not_allowed", "unknown_name"].contains(&it["result"].as_str().unwrap()), "{allow:?}: {it}");
        }
    }
    assert_eq!(nginx.hits("/kenari"), 0);
    let knocked = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(knocked.kind(), std::io::ErrorKind::WouldBlock, "nobody came to the door");
    let outages = region.get(UNIT, "/outages").await.ok(200);
    assert_eq!(outages["items"], json!([]), "what may not be asked says nothing of the service");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_looked_up() {
    let region = region().await;
    let app = reaching(&region, &["localhost", "tidak-ada.invalid"], None);
    let name = |expected: Value| json!({"kind": "dns", "target": "localhost", "expected": expected});
    assert_eq!(found(&app, name(json!({}))).await, "ok");
    assert_eq!(found(&app, name(json!({"address": "127.0.0.1"}))).await, "ok");
    assert_eq!(found(&app, name(json!({"address": "10.9.8.7"}))).await, "other_address");
    let gone = json!({"kind": "dns", "target": "tidak-ada.invalid"});
    assert_eq!(found(&app, gone).await, "unknown_name");
    let strange = json!({"kind": "dns", "target": "lain.invalid"});
    let refused = app.post(UNIT, "/monitors", lasting(&strange)).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "target", "a name nobody listed is not looked up");
    let strict = reaching(&region, &[], None);
    assert_eq!(looked(&app, &strict, name(json!({}))).await, "not_allowed", "nor one that is listed no longer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_monitors_are_refused() {
    let region = region().await;
    let app = reaching(&region, &["127.0.0.1", "localhost"], None);
    for (body, field) in [
        (json!({"kind": "tls", "target": "127.0.0.1:443", "expected": {"days": 4_000_000_000_u32}}), "expected"),
        (json!({"kind": "tls", "target": "127.0.0.1:443", "expected": {"days": 0}}), "expected"),
        (json!({"kind": "http", "target": "ftp://127.0.0.1/"}), "target"),
        (json!({"kind": "http", "target": "http://a:b@127.0.0.1/"}), "target"),
        (json!({"kind": "http", "target": "http://127.0.0.1/\r\nX: y"}), "target"),
        (json!({"kind": "tcp", "target": "127.0.0.1:99999"}), "target"),
        (json!({"kind": "heartbeat", "target": "http://127.0.0.1/"}), "target"),
        (json!({"kind": "tcp", "target": "127.0.0.1:80", "interval_seconds": 1}), "interval_seconds"),
        (json!({"kind": "tcp", "target": "127.0.0.1:80", "timeout_ms": 600_000}), "timeout_ms"),
        (json!({"kind": "tcp", "target": "127.0.0.1:80", "failures_needed": 0}), "failures_needed"),
        (json!({"kind": "dns", "target": "localhost", "expected": {"address": "satu"}}), "expected"),
        (json!({"kind": "ping", "target": "localhost"}), "kind"),
        (json!({"kind": "tcp", "target": "127.0.0.1:80", "name": " "}), "name"),
        (json!({"kind": "tcp", "target": "127.0.0.1:80", "service": "tidak-ada"}), "service"),
    ] {
        let mut whole = json!({"service": "simpus", "name": "Uji"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let refused = app.post(UNIT, "/monitors", whole).await.ok(422);
        assert_eq!(refused["errors"][0]["field"], field, "{body}");
    }
    let good = json!({"service": "simpus", "name": "Uji", "kind": "tcp", "target": "127.0.0.1:80"});
    for (token, status) in [("demo-disdukcapil", 403), ("demo-auditor", 403), ("demo-warga", 403), ("", 401)] {
        assert_eq!(app.post(token, "/monitors", good.clone()).await.status, status, "{token}");
    }
    assert_eq!(app.get("demo-warga", "/monitors").await.status, 403);
    app.post("demo-dinkes", "/monitors", good).await.ok(201);
}
