//! Three real servers on one PostgreSQL: the work is shared and nothing happens twice; who is killed is replaced; who is
//! restarted is not missed.

mod front;
pub mod sink;

use crate::support::db;
use crate::support::server::{Server, meja, program, run_with};
use front::Front;
use serde_json::{Value, json};
use sink::Sink;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const START: &str = "2026-10-20T09:00:00+07:00";

/// A region on a shared database and what its servers need.
struct Region {
    url: String,
    folder: tempfile::TempDir,
    sink: Sink,
}

impl Region {
    /// A demo without tickets that no server works on yet; `None` where there is no PostgreSQL.
    fn new() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = runtime.block_on(db::postgres_url())?;
        let region = Self { url, folder: tempfile::tempdir().unwrap(), sink: Sink::open() };
        let mut command = region.command();
        command.args([
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--tickets",
            "0",
            "--pack",
            "oki",
            "--now",
            START,
            "--speed",
            "0",
        ]);
        // It fills the database, sends nothing and goes.
        command.env_remove("MEJA_SMTP_URL");
        Server::of(command).kill();
        Some(region)
    }

    fn command(&self) -> std::process::Command {
        let mut command = meja(&program(), self.folder.path());
        command
            .env("MEJA_DATABASE_URL", &self.url)
            .env("MEJA_SMTP_URL", format!("smtp://127.0.0.1:{}", self.sink.port));
        command.env("MEJA_TRUSTED_PROXIES", "127.0.0.1").env("MEJA_MAIL_ADDRESS", "meja@demo.test");
        command
    }

    /// One more server; on any port, or on the one that it had before.
    fn node(&self, port: u16) -> Server {
        let mut command = self.command();
        command.env("MEJA_LISTEN", format!("127.0.0.1:{port}")).env("MEJA_LEAVE_SECONDS", "1").arg("serve");
        Server::of(command)
    }

    fn ingest(&self, place: usize) {
        let mail = format!(
            "From: Warga {place} <w{place}@warga.test>\r\nTo: meja@demo.test\r\nSubject: Gangguan {place}\r\n\
             Message-ID: <n{place}@warga.test>\r\n\r\nMati.\r\n"
        );
        let output = run_with(self.command(), &["mail", "ingest", "--recipient", "meja@demo.test"], mail.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn verify(&self) {
        let output = run_with(self.command(), &["audit", "verify"], b"");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// What one query finds, as text.
    fn ask(&self, query: &'static str) -> Vec<(String, i64)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = sqlx::PgPool::connect(&self.url).await.unwrap();
            sqlx::query_as(query).fetch_all(&pool).await.unwrap()
        })
    }
}

fn eventually(what: &str, within: Duration, mut happens: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !happens() {
        assert!(began.elapsed() < within, "{what} did not happen within {within:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    began.elapsed()
}

fn report(place: usize) -> Value {
    json!({"subject": format!("Laporan {place}"), "description": "Mati", "service": "e-office", "impact": "broad",
        "urgency": "high", "requester": {"name": "Budi", "email": format!("b{place}@warga.test")}})
}

#[test]
fn three_nodes_share_all_work_and_do_nothing_twice() {
    let Some(region) = Region::new() else { return };
    let nodes: Vec<Server> = (0..3).map(|_| region.node(0)).collect();
    std::thread::scope(|scope| {
        for (at, node) in nodes.iter().enumerate() {
            scope.spawn(move || {
                for place in (0..30).filter(|place| place % 3 == at) {
                    let (status, ticket) =
                        node.post("demo-superadmin", "/tickets", &report(place), &place.to_string()).unwrap();
                    assert_eq!(status, 201, "{ticket}");
                }
            });
        }
        scope.spawn(|| (0..12).for_each(|place| region.ingest(place)));
    });
    eventually("every mail becomes a ticket", Duration::from_secs(60), || {
        region.ask("select state, count(*) from inbox group by state") == [("done".to_owned(), 12)]
    });
    nodes[0].clock("2026-10-23T10:00:00+07:00");
    let left = "select 'x', count(*) from clock_step where state = 'planned' and due_at <= '2026-10-23T03:00:00Z'";
    eventually("every due step happens", Duration::from_secs(90), || region.ask(left) == [("x".to_owned(), 0)]);
    eventually("every mail is sent", Duration::from_secs(90), || {
        region.ask("select state, count(*) from outbox group by state").iter().all(|(state, _)| state == "sent")
    });
    let twice = "select stream || ' ' || kind, count(*) from event where kind in ('response_overdue', 'escalated', 'warned', \
         'breached') group by stream, kind having count(*) > 1";
    assert_eq!(region.ask(twice), [], "no step fired twice");
    let fired: BTreeMap<String, i64> = region
        .ask("select kind, count(*) from event where kind in ('escalated', 'breached') group by kind")
        .into_iter()
        .collect();
    assert_eq!((fired["escalated"] >= 30, fired["breached"] >= 30), (true, true), "{fired:?}");
    let taken = region.sink.taken();
    assert!(taken.values().all(|times| *times == 1), "sent twice: {taken:?}");
    let sent = region.ask("select 'x', count(*) from outbox")[0].1;
    assert_eq!(i64::try_from(taken.len()).unwrap(), sent, "one Message-ID a mail");
    let used = region.ask("select 'x', count(distinct number) from ticket");
    assert_eq!(used[0].1, 42);
    region.verify();
}

#[test]
fn sessions_limits_and_news_hold_on_every_node() {
    let Some(region) = Region::new() else { return };
    let nodes: Vec<Server> = (0..3).map(|_| region.node(0)).collect();
    let cookies = front::sign_in(nodes[0].base(), "superadmin@demo.test", "demo-meja-2026");
    for node in &nodes {
        assert_eq!(front::get(node.base(), "/kerja", &cookies).0, 200, "signed in everywhere");
    }
    // A change on one node reaches whoever reads on another.
    let mut news = front::listen(nodes[1].base(), &cookies);
    let (_, ticket) = nodes[2].post("demo-superadmin", "/tickets", &report(1), "kabar").unwrap();
    let number = ticket["number"].as_str().unwrap();
    assert!(news.hears(number, Duration::from_secs(20)), "news of {number}");
    // Signed out here is signed out there.
    front::sign_out(nodes[0].base(), &cookies);
    assert_eq!(front::get(nodes[2].base(), "/kerja", &cookies).0, 303);
    // Tries are counted together, wherever they come.
    let tries: Vec<u16> = (0..7)
        .map(|place| front::try_password(nodes[place % 3].base(), "pimpinan@demo.test", "salah sekali"))
        .collect();
    assert_eq!(tries.iter().filter(|status| **status == 429).count(), 2, "five tries in all: {tries:?}");
}

#[test]
fn a_killed_node_is_replaced_within_ten_seconds() {
    let Some(region) = Region::new() else { return };
    let first = region.node(0);
    region.sink.hangs(true);
    first.post("demo-superadmin", "/tickets", &report(1), "a").unwrap();
    eventually("the first node begins to send", Duration::from_secs(30), || {
        region.ask("select 'x', count(*) from outbox where state = 'sending'")[0].1 > 0
    });
    // For longer than any lease it says that it still sends; a second node leaves it alone.
    let second = region.node(0);
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(region.ask("select 'x', max(attempts) from outbox where state = 'sending'")[0].1, 1, "nobody took over");
    region.sink.hangs(false);
    first.kill();
    let took = eventually("the second node sends", Duration::from_secs(30), || {
        region.ask("select 'x', count(*) from outbox where state <> 'sent'")[0].1 == 0
    });
    assert!(took < Duration::from_secs(10), "after {took:?}");
    drop(second);
    region.verify();
}

#[test]
fn a_rolling_restart_is_noticed_by_nobody() {
    let Some(region) = Region::new() else { return };
    let mut nodes: Vec<Server> = (0..3).map(|_| region.node(0)).collect();
    let ports: Vec<u16> = nodes.iter().map(Server::port).collect();
    let Some(front) = Front::before(&ports) else { return };
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed: Vec<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (front, done, asked) = (&front, &done, &asked);
                scope.spawn(move || {
                    let mut failed = Vec::new();
                    for place in 0.. {
                        if done.load(Ordering::Relaxed) {
                            break;
                        }
                        let key = format!("{client}-{place}");
                        let outcome =
                            if place % 4 == 0 { front.post(&key) } else { front.get("/api/v1/tickets?limit=5") };
                        failed.extend(outcome.err().map(|why| format!("{key}: {why}")));
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                    failed
                })
            })
            .collect();
        for port in ports {
            let before = asked.load(Ordering::Relaxed);
            eventually("people work", Duration::from_secs(60), || asked.load(Ordering::Relaxed) >= before + 40);
            let node = nodes.remove(0);
            node.signal("-TERM");
            eventually("it says that it leaves", Duration::from_secs(10), || node.page("/readyz").0 == 503);
            assert_eq!(node.page("/healthz").0, 200, "it still answers");
            node.wait(Duration::from_secs(60));
            nodes.push(region.node(port));
        }
        let before = asked.load(Ordering::Relaxed);
        eventually("people work", Duration::from_secs(60), || asked.load(Ordering::Relaxed) >= before + 40);
        done.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(failed, Vec::<String>::new(), "of {}", asked.load(Ordering::Relaxed));
    let doubled = region.ask("select subject, count(*) from ticket group by subject having count(*) > 1");
    assert_eq!(doubled, [], "a repeated request is one ticket");
    assert!(Path::new("/proc").exists() && asked.load(Ordering::Relaxed) > 160);
    region.verify();
}
