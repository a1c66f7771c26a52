//! The status page under load: 2,000 requests a second, while somebody writes all the time, and while the database is away.
//!
//! `cargo bench --bench status` prints one line per case: requests, refusals, the middle, the 95th and the 99th of the
//! times from the instant a request was due to its answer (no network, no browser). Nothing here fails; the reader judges.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::setup::installation;
use meja::store::Db;
use poem::endpoint::{DynEndpoint, ToDynEndpoint};
use poem::test::TestClient;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Requests a second.
const RATE: u64 = 2_000;
/// Seconds of each case.
const SECONDS: u64 = 10;
/// Addresses asked for in turn.
const PAGES: [&str; 4] = ["/status", "/status?bahasa=en", "/status.atom", "/api/v1/public/status"];

type Client = TestClient<Box<dyn DynEndpoint<Output = poem::Response>>>;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(async {
        let desk = desk(folder.path()).await;
        let routes: Box<dyn DynEndpoint<Output = poem::Response>> =
            Box::new(ToDynEndpoint(app::routes(desk.clone()).unwrap()));
        let client = Arc::new(TestClient::new(routes));
        load(&client, "nobody writes").await;
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..2).map(|_| tokio::spawn(write(Arc::clone(&client), Arc::clone(&stop)))).collect();
        load(&client, "two write all the time").await;
        stop.store(true, Ordering::Relaxed);
        let mut written = 0;
        for writer in writers {
            written += writer.await.unwrap();
        }
        println!("  tickets opened meanwhile: {written}");
        desk.db.close().await;
        load(&client, "the database is away").await;
    });
}

async fn desk(folder: &Path) -> Desk {
    let config = Config { data_dir: folder.to_owned(), pack: "oki".to_owned(), ..Config::default() };
    let db = Db::connect(&config.database_url()).await.unwrap();
    db.migrate().await.unwrap();
    let mut found = installation(&db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, db, found).unwrap();
    app::follow(&config, &desk).await.unwrap();
    desk.fill_demo(20, "2026-10-20T02:00:00Z".parse().unwrap(), 0.0).await.unwrap();
    desk.refresh_status().await.unwrap();
    desk
}

/// Opens tickets one after another; gives how many.
async fn write(client: Arc<Client>, stop: Arc<AtomicBool>) -> usize {
    let body = r#"{"subject":"Beban","description":"Uraian","agency":"DINKES"}"#;
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) {
        let request = client.post("/api/v1/tickets").header("authorization", "Bearer demo-dinkes");
        let answer = request.content_type("application/json").body(body).send().await;
        written += usize::from(answer.0.status().as_u16() == 201);
    }
    written
}

/// Asks at the fixed rate, whether answers come or not.
async fn load(client: &Arc<Client>, case: &str) {
    let begin = Instant::now();
    let failed = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for place in 0..RATE * SECONDS {
        let due = begin + Duration::from_micros(place * 1_000_000 / RATE);
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            tokio::time::sleep(wait).await;
        }
        let (client, failed) = (Arc::clone(client), Arc::clone(&failed));
        let page = PAGES[usize::try_from(place).unwrap() % PAGES.len()];
        tasks.push(tokio::spawn(async move {
            let answer = client.get(page).send().await;
            if answer.0.status().as_u16() != 200 {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            due.elapsed()
        }));
    }
    let mut times = Vec::with_capacity(tasks.len());
    for task in tasks {
        times.push(task.await.unwrap());
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!(
        "{case}: {} requests in {:.1} s, {} refused; middle {:.2} ms, 95th {:.2} ms, 99th {:.2} ms",
        times.len(),
        begin.elapsed().as_secs_f64(),
        failed.load(Ordering::Relaxed),
        at(50).as_secs_f64() * 1e3,
        at(95).as_secs_f64() * 1e3,
        at(99).as_secs_f64() * 1e3
    );
}
