//! How fast mail comes in: 500 messages of mixed kinds by LMTP over a socket into tickets on SQLite, every one durable
//! before it is acknowledged.
//!
//! `cargo bench --bench mail_in` prints messages per second until the last is acknowledged and until the last is a ticket.
//! Aimed at: more than 500 a second into tickets. Nothing here fails; the reader judges.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use meja::app;
use meja::config::Config;
use meja::config::mail::Listen;
use meja::desk::Desk;
use meja::desk::setup::installation;
use meja::receive::lmtp::{Door, Limits};
use meja::store::{self, Db};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::watch;

/// Messages of a run.
const MAILS: usize = 500;
/// Connections at once, as Postfix opens them.
const CONNECTIONS: usize = 10;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for turn in 1..=3 {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        runtime.block_on(run(turn, folder.path()));
    }
}

async fn run(turn: usize, folder: &Path) {
    let desk = desk(folder).await;
    let socket = folder.join("lmtp");
    let door = Door::open(&Listen::Unix(socket.clone())).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let listening = tokio::spawn(door.serve(desk.clone(), Limits::usual(40 << 20), stopped));
    let mails: Arc<Vec<String>> = Arc::new((0..MAILS).map(mail).collect());
    let bytes: usize = mails.iter().map(String::len).sum();
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let senders = (0..CONNECTIONS).map(|_| tokio::spawn(send(socket.clone(), Arc::clone(&mails), Arc::clone(&next))));
    let senders: Vec<_> = senders.collect();
    // The worker reads meanwhile, as it does in the server.
    let reading = tokio::spawn({
        let desk = desk.clone();
        async move {
            let mut read = 0;
            while read < MAILS {
                let woken = desk.wake.notified();
                read += desk.read_inbox().await.unwrap();
                if read < MAILS {
                    woken.await;
                }
            }
        }
    });
    for sender in senders {
        sender.await.unwrap();
    }
    let taken = start.elapsed();
    reading.await.unwrap();
    let done = start.elapsed();
    let counts = store::inbox::counts(&mut desk.db.read().await.unwrap()).await.unwrap();
    let rate = |span: std::time::Duration| MAILS as f64 / span.as_secs_f64();
    println!(
        "turn {turn}: {MAILS} mails, {:.1} MB: taken in {:.0}/s, into tickets {:.0}/s (aim: 500/s); {counts:?}",
        bytes as f64 / 1e6,
        rate(taken),
        rate(done)
    );
    stop.send_replace(true);
    listening.await.unwrap();
    desk.db.close().await;
}

async fn send(socket: std::path::PathBuf, mails: Arc<Vec<String>>, next: Arc<AtomicUsize>) {
    let mut stream = BufReader::new(UnixStream::connect(socket).await.unwrap());
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    stream.write_all(b"LHLO bench\r\n").await.unwrap();
    while !line.starts_with("250 ") {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
    }
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(mail) = mails.get(place) else { return };
        let head = format!("MAIL FROM:<w{place}@warga.test>\r\nRCPT TO:<meja@desk.test>\r\nDATA\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..3 {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
        }
        stream.write_all(mail.as_bytes()).await.unwrap();
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("250"), "{line}");
    }
}

/// Plain, HTML, and every tenth with a file of 100 KB.
fn mail(place: usize) -> String {
    let head = format!(
        "From: Warga {place} <w{place}@warga.test>\r\nTo: meja@desk.test\r\nMessage-ID: <{place}@warga.test>\r\n\
         Subject: Gangguan jaringan {place}\r\nMIME-Version: 1.0\r\n"
    );
    match place % 10 {
        0 => {
            let file = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM=\r\n".repeat(1_755);
            format!(
                "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTerlampir {place}\r\n\
                 --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=bukti-{place}.pdf\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{}{file}--b--\r\n.\r\n",
                data_encoding::BASE64.encode(format!("{place:09}").as_bytes())
            )
        }
        1..=3 => format!(
            "{head}Content-Type: text/html; charset=utf-8\r\n\r\n<p>Sejak pagi <b>jaringan</b> di lantai {place} putus.</p>\r\n.\r\n"
        ),
        _ => format!(
            "{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n.\r\n",
            "Sejak pagi jaringan putus. ".repeat(20)
        ),
    }
}

async fn desk(folder: &Path) -> Desk {
    let db = Db::connect(&format!("sqlite://{}", folder.join("meja.db").display())).await.unwrap();
    db.migrate().await.unwrap();
    let config = Config {
        data_dir: folder.to_owned(),
        pack: "oki".to_owned(),
        mail_address: "meja@desk.test".to_owned(),
        ..Config::default()
    };
    let mut found = installation(&db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, db, found).unwrap();
    let now = "2026-10-05T02:00:00Z".parse().unwrap();
    desk.clock.set(now, 0.0);
    app::follow(&config, &desk).await.unwrap();
    desk.fill_demo(0, now, 0.0).await.unwrap();
    desk
}
