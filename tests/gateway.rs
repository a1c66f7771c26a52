//! The gateway: what a proxy is told, and Debian's nginx and Caddy with the settings of `deploy/` in front of a small
//! service. Traefik has no Debian package: its settings are not tried here.

use crate::support::app::{Engine, TestApp};
use crate::warning_stories::{DINAS, OWNER, act, sumut, warned};
use chrono::{DateTime, TimeDelta, Utc};
use meja::desk::Desk;
use meja::desk::closures::{Closures, Passage};
use meja::domain::endpoint::Endpoint;
use meja::mail::transport::{Transport, Wishes};
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::test::TestClient;
use serde_json::json;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A region whose e-Perizinan is ordered closed; its case.
async fn ordered() -> (TestApp, String) {
    let app = sumut(Engine::Sqlite, "2026-03-21T02:35:00+07:00", true).await.unwrap();
    let number = warned(&app).await;
    (app, number)
}

async fn close(app: &TestApp, number: &str) {
    act(app, DINAS, number, "execute-closure", json!({"minutes": "Ditutup oleh petugas."})).await;
}

async fn reopen(app: &TestApp, number: &str) {
    act(app, OWNER, number, "report-repair", json!({"report": "Sudah diperbaiki"})).await;
    act(app, DINAS, number, "verify-repair", json!({"repaired": true, "findings": "Lulus"})).await;
    act(app, DINAS, number, "reopen", json!({"note": "Dibuka kembali"})).await;
}

#[tokio::test]
async fn only_an_executed_order_closes_and_no_spelling_opens() {
    let (app, number) = ordered().await;
    let client = TestClient::new(meja::app::routes(app.desk.clone()).unwrap());
    let ask = async |query: &str, headers: &[(&str, &str)]| {
        let mut request = client.get(format!("/api/v1/gateway/authorize{query}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.0;
        let location = response.header("location").unwrap_or_default().to_owned();
        (response.status().as_u16(), location, response.into_body().into_string().await.unwrap())
    };
    assert_eq!(ask("?host=izin.demo.test&path=/", &[]).await.0, 204, "ordered, but nobody has closed it");
    close(&app, &number).await;
    let (status, location, body) = ask("?host=izin.demo.test&path=/permohonan/baru", &[]).await;
    assert_eq!((status, location.as_str()), (503, "http://desk.test/penutupan/PNT-2026-0001"));
    assert!(body.contains("Layanan ditutup sementara") && body.contains("PNT-2026-0001"), "{body}");
    assert!(!body.contains("Yoga") && !body.contains("Ditutup oleh petugas"), "minutes are not public: {body}");
    let policy = client.get("/api/v1/gateway/authorize?host=izin.demo.test").send().await.0;
    let policy = policy.header("content-security-policy").unwrap().to_owned();
    assert!(!policy.contains("unsafe"), "{policy}");
    let style = body.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = data_encoding::HEXLOWER.decode(meja::secret::sha256(style).as_bytes()).unwrap();
    assert!(policy.contains(&format!("'sha256-{}'", data_encoding::BASE64.encode(&digest))), "{policy}");
    for query in [
        "?host=IZIN.demo.test.:443&path=//x",
        "?host=izin.demo.test",
        "?host=izin.demo.test&path=%2F%2e%2e%2F",
        "?host=izin.demo.test&path=/x?y=1&host=lain.test",
    ] {
        assert_eq!(ask(query, &[]).await.0, 503, "{query}");
    }
    for headers in [
        vec![("x-forwarded-host", "izin.demo.test"), ("x-forwarded-uri", "/api/v1")],
        vec![("x-forwarded-host", "izin.demo.test, proxy.test"), ("x-original-uri", "/a")],
        vec![("x-original-url", "https://izin.demo.test/a?b=1")],
    ] {
        assert_eq!(ask("", &headers).await.0, 503, "{headers:?}");
    }
    // Caddy hands the question mark of the visitor on.
    let forwarded = [("x-forwarded-host", "izin.demo.test"), ("x-forwarded-uri", "/a?host=lain.test&path=/")];
    assert_eq!(ask("?host=lain.test&path=/", &forwarded).await.0, 503, "what a visitor writes opens nothing");
    assert_eq!(ask("?host=lain.demo.test&path=/https://izin.demo.test/", &[]).await.0, 204);
    // What somebody adds to the request never becomes the address of the notice.
    let (_, location, _) = ask("?host=izin.demo.test&path=//jahat.test/", &[("host", "jahat.test")]).await;
    assert_eq!(location, "http://desk.test/penutupan/PNT-2026-0001");
    assert_eq!(ask("", &[]).await.0, 400);
    let (_, _, problem) = ask("?host=izin.demo.test", &[("accept", "application/json")]).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&problem).unwrap()["status"], 503);
    let notice = client.get("/penutupan/PNT-2026-0001").send().await.0;
    let page = notice.into_body().into_string().await.unwrap();
    assert!(page.contains("e-Perizinan ditutup sementara") && page.contains("izin.demo.test"), "{page}");
    assert!(!page.contains("Ditutup oleh petugas") && !page.contains("PRK-2026"), "{page}");
    reopen(&app, &number).await;
    assert_eq!(ask("?host=izin.demo.test&path=/", &[]).await.0, 204);
    let page = client.get("/penutupan/PNT-2026-0001").send().await.0.into_body().into_string().await.unwrap();
    assert!(page.contains("sudah dibuka kembali"), "{page}");
    client.get("/penutupan/PNT-2026-0002").send().await.assert_status(poem::http::StatusCode::NOT_FOUND);
}

#[test]
fn what_was_read_counts_for_a_while_and_then_all_is_open() {
    let at = |second: i64| "2026-04-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second);
    let closures = Closures::default();
    let asked = |second: i64| closures.passage("izin.go.id", &["/"], at(second));
    assert_eq!(asked(0), Passage::Open, "nothing was read yet");
    closures.keep(vec![(Endpoint::read("https://izin.go.id").unwrap(), "PNT-1".to_owned())], at(0));
    assert_eq!(asked(1), Passage::Closed("PNT-1".to_owned()));
    closures.fail(at(2));
    assert_eq!(asked(14), Passage::Closed("PNT-1".to_owned()), "a short silence changes nothing");
    assert_eq!(asked(16), Passage::OpenUnknown);
    let health = closures.health(at(16));
    assert_eq!((health.failing_since, health.open_unknown), (Some(at(2)), true));
    closures.keep(Vec::new(), at(20));
    assert_eq!(asked(20), Passage::Open);
    assert!(!closures.health(at(20)).open_unknown);
}

/// nginx with the settings of `deploy/`, ended when dropped.
struct Nginx {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
fn has_nginx() -> bool {
    let found = std::path::Path::new("/usr/sbin/nginx").exists();
    if !found {
        assert!(std::env::var("MEJA_TEST_REQUIRE").is_err(), "tests/all must install nginx");
        crate::support::skipped("nginx: not installed");
    }
    found
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn nginx(meja: u16, service: u16) -> Nginx {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let path = folder.path().display().to_string();
    let port = free_port();
    let gate = std::fs::read_to_string("deploy/nginx-gerbang.conf").unwrap();
    let gate = gate.replace("127.0.0.1:8080", &format!("127.0.0.1:{meja}"));
    let gate = gate.replace("127.0.0.1:9000", &format!("127.0.0.1:{service}"));
    let gate =
        gate.replace("127.0.0.1:8081", &format!("127.0.0.1:{port}")).replace("izin.contoh.go.id", "izin.demo.test");
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {path}/{kind};"))
        .join("\n");
    let text = format!(
        "pid {path}/pid;\nerror_log {path}/error.log warn;\ndaemon off;\nmaster_process off;\n\
         events {{}}\nhttp {{\naccess_log off;\n{temp}\n{gate}\n}}\n"
    );
    std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(folder.path().join("nginx.conf")).arg("-p").arg(folder.path());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Nginx { child, port, folder }
}

impl Nginx {
    /// Status line and body of a request, once nginx answers at all.
    fn get(&self, host: &str, path: &str, extra: &str) -> (u16, String) {
        let begun = Instant::now();
        loop {
            match std::net::TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(mut stream) => {
                    let text = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{extra}\r\n");
                    stream.write_all(text.as_bytes()).unwrap();
                    let mut answer = Vec::new();
                    stream.read_to_end(&mut answer).unwrap();
                    let answer = String::from_utf8_lossy(&answer).into_owned();
                    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
                    return (status, answer);
                }
                Err(error) => {
                    let log = std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
                    assert!(begun.elapsed() < Duration::from_secs(20), "nginx does not answer: {error} {log}");
                    std::thread::yield_now();
                }
            }
        }
    }
}

/// A service that answers every request with the same words.
fn small_service() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut asked = [0_u8; 4096];
            let _ = stream.read(&mut asked);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nlayanan hidup");
        }
    });
    port
}

/// meja itself on a port of its own, until the task is ended.
async fn answering(app: &TestApp) -> (u16, tokio::task::JoinHandle<std::io::Result<()>>) {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let port = acceptor.local_addr()[0].as_socket_addr().unwrap().port();
    let routes = meja::app::routes(app.desk.clone()).unwrap();
    (port, tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(routes).await }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn debian_nginx_open_closed_reopened_and_the_database_away() {
    if !has_nginx() {
        return;
    }
    let (app, number) = ordered().await;
    let (meja, server) = answering(&app).await;
    let nginx = std::sync::Arc::new(nginx(meja, small_service()));
    let get = async |path: &str, extra: &str| {
        let (nginx, path, extra) = (nginx.clone(), path.to_owned(), extra.to_owned());
        tokio::task::spawn_blocking(move || nginx.get("izin.demo.test", &path, &extra)).await.unwrap()
    };
    let (status, body) = get("/", "").await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("layanan hidup"));
    close(&app, &number).await;
    for path in ["/", "/permohonan?x=1", "//x", "/%2e%2e/"] {
        let (status, body) = get(path, "X-Forwarded-Host: lain.test\r\nX-Original-URI: /lain\r\n").await;
        assert_eq!(status, if path == "/%2e%2e/" { 400 } else { 503 }, "{path}: {body}");
        assert!(!body.contains("layanan hidup"), "{path}: {body}");
    }
    let (_, body) = get("/", "").await;
    assert!(body.contains("Layanan ditutup sementara") && body.contains("/penutupan/PNT-2026-0001"), "{body}");
    reopen(&app, &number).await;
    assert_eq!(get("/", "").await.0, 200);
    closed_again_and_away(&app, &get).await;
    // Nobody answers for meja at all.
    server.abort();
    let _ = server.await;
    let (status, body) = get("/", "").await;
    assert_eq!(status, 200, "{body}");
}

/// A second order is in force when the database goes away: it counts for a while, then everything is open.
async fn closed_again_and_away(app: &TestApp, get: &impl AsyncFn(&str, &str) -> (u16, String)) {
    let now = app.desk.clock.machine();
    let order = vec![(Endpoint::read("izin.demo.test").unwrap(), "PNT-2026-0001".to_owned())];
    app.desk.closures.keep(order.clone(), now);
    app.desk.db.close().await;
    app.desk.refresh_closures().await;
    assert_eq!(get("/", "").await.0, 503, "known from memory");
    app.desk.closures.keep(order, now - TimeDelta::seconds(60));
    app.desk.refresh_closures().await;
    let (status, body) = get("/", "").await;
    assert_eq!(status, 200, "{body}");
    assert!(app.desk.closures.health(app.desk.clock.machine()).open_unknown);
}

/// Caddy with the settings of `deploy/`, ended when dropped.
fn caddy(meja: u16, service: u16) -> Nginx {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let port = free_port();
    let gate = std::fs::read_to_string("deploy/Caddyfile-gerbang").unwrap();
    let gate = gate.replace("127.0.0.1:8080", &format!("127.0.0.1:{meja}"));
    let gate = gate.replace("127.0.0.1:9000", &format!("127.0.0.1:{service}"));
    // No certificate of a name nobody owns: plain HTTP.
    let gate = gate.replace("izin.contoh.go.id {", &format!("http://izin.demo.test:{port} {{\n\tbind 127.0.0.1"));
    let text = format!("{{\n\tadmin off\n}}\n{gate}");
    std::fs::write(folder.path().join("Caddyfile"), text).unwrap();
    let log = std::fs::File::create(folder.path().join("error.log")).unwrap();
    let mut command = Command::new("/usr/bin/caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
    command.env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path()).env("HOME", folder.path());
    let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    Nginx { child, port, folder }
}

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
fn has_caddy() -> bool {
    let found = std::path::Path::new("/usr/bin/caddy").exists();
    if !found {
        assert!(std::env::var("MEJA_TEST_REQUIRE").is_err(), "tests/all must install caddy");
        crate::support::skipped("Caddy: not installed");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn debian_caddy_open_closed_reopened_and_meja_away() {
    if !has_caddy() {
        return;
    }
    let (app, number) = ordered().await;
    let (meja, server) = answering(&app).await;
    let caddy = std::sync::Arc::new(caddy(meja, small_service()));
    let get = async |path: &str, extra: &str| {
        let (caddy, path, extra) = (caddy.clone(), path.to_owned(), extra.to_owned());
        let host = format!("izin.demo.test:{}", caddy.port);
        tokio::task::spawn_blocking(move || caddy.get(&host, &path, &extra)).await.unwrap()
    };
    let (status, body) = get("/", "").await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("layanan hidup"));
    close(&app, &number).await;
    for path in ["/", "/permohonan?x=1", "//x", "/a/../b", "/a?host=lain.test&path=/lain"] {
        let (status, body) = get(path, "X-Forwarded-Host: lain.test\r\nX-Original-URI: /lain\r\n").await;
        assert_eq!(status, 503, "{path}: {body}");
        assert!(!body.contains("layanan hidup"), "{path}: {body}");
    }
    let (_, body) = get("/", "").await;
    assert!(body.contains("Layanan ditutup sementara") && body.contains("/penutupan/PNT-2026-0001"), "{body}");
    reopen(&app, &number).await;
    assert_eq!(get("/", "").await.0, 200);
    server.abort();
    let _ = server.await;
    let (status, body) = get("/", "").await;
    assert_eq!(status, 200, "without meja everything is open: {body}");
}

/// The mail server says nothing, and still an order that another node has recorded closes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_mail_server_does_not_keep_an_order_from_the_gateway() {
    let (mut app, number) = ordered().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", silent.local_addr().unwrap().port());
    app.desk.transport = Transport::smtp(&url, Wishes::default()).unwrap();
    // The other node reads the same database into a memory of its own.
    let other = Desk { closures: std::sync::Arc::new(Closures::default()), ..app.desk.clone() };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let served = meja::app::serve(other.clone(), acceptor, async move { drop(stopped.await) });
    let server = tokio::spawn(served);
    // Somebody waits at the mail server: the worker has taken up the outbox.
    let called = tokio::time::timeout(Duration::from_secs(10), silent.accept()).await;
    let _open = called.expect("the worker sends mail").unwrap();
    close(&app, &number).await;
    let closed = async {
        while !matches!(other.passage("izin.demo.test", &["/"]), Passage::Closed(_)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the order is known to the other node");
    drop(stop);
    server.abort();
}
