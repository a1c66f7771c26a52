//! How fast mail comes in, and how much room it takes. `cargo bench --bench mail_in` prints three things:
//!
//! * plain mails parsed and threaded on one core, without a database (aim: 2,000 a second);
//! * 500 messages of mixed kinds by LMTP over a socket into tickets on SQLite, every one durable before it is acknowledged
//!   (aim: 500 a second until the last is a ticket);
//! * the most memory the whole program ever held while a message of 40 MB came in by LMTP and became a ticket (aim: at
//!   most four times the message), for one large file and for one endless text.
//!
//! Nothing here fails; the reader judges.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use meja::app;
use meja::config::Config;
use meja::config::mail::Listen;
use meja::desk::Desk;
use meja::desk::setup::installation;
use meja::mail::{parse, thread};
use meja::receive::lmtp::{Door, Limits};
use meja::secret::Secret;
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
    read_and_threaded();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for turn in 1..=3 {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        runtime.block_on(run(turn, folder.path()));
    }
    for (what, mail) in [("a file", large_file()), ("a text", large_text())] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        runtime.block_on(large(what, mail, folder.path()));
    }
}

/// Plain answers with a quoted history, read and tied to their ticket by what their head says.
fn read_and_threaded() {
    let secret = Secret::from_bytes(&[1; 32]);
    let plain: Vec<String> = (0..2000)
        .map(|turn| {
            format!(
                "Received: from mail.x.test by mx.desk.test; Mon, 5 Oct 2026 09:00:00 +0700\r\nFrom: =?utf-8?q?Bu_Ani?= <a{turn}@warga.test>\r\n\
                 To: meja@desk.test\r\nSubject: Re: [OKI-2610-00013-4] Laporan {turn}\r\nMessage-ID: <{turn}@warga.test>\r\n\
                 References: <lain@x.test> <satu@desk.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                 Printer di ruang pelayanan masih rusak.\r\n\r\nPada Sen, 5 Okt 2026 pukul 09.12 Meja <meja@desk.test> menulis:\r\n{}",
                "> Terima kasih, laporan Anda kami terima.\r\n".repeat(30)
            )
        })
        .collect();
    let start = Instant::now();
    for mail in &plain {
        let letter = parse::read(mail.as_bytes(), "").unwrap();
        assert_eq!(parse::digest(mail.as_bytes()).len(), 64);
        assert!(!thread::numbers_in(&letter.subject).is_empty() || letter.references.len() == 2);
        assert_eq!(thread::read_reply_address(&secret, "meja@desk.test", &letter.recipients[0]), None);
    }
    let rate = plain.len() as f64 / start.elapsed().as_secs_f64();
    println!("plain mails parsed and threaded, one core: {rate:.0}/s (aim: 2000/s)");
}

/// One large message from the wire to its ticket; the peak is the whole program's, from here on.
async fn large(what: &str, mail: Vec<u8>, folder: &Path) {
    let desk = desk(folder).await;
    let socket = folder.join("lmtp");
    let door = Door::open(&Listen::Unix(socket.clone())).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let listening = tokio::spawn(door.serve(desk.clone(), Limits::usual(40 << 20), stopped));
    // The message lies in a file, as it does with a mail server: it is not this program's.
    let (path, bytes) = (folder.join("surel"), mail.len());
    std::fs::write(&path, mail).unwrap();
    let resting = in_status("VmRSS:");
    // "5" forgets the peak so far.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let mut stream = BufReader::new(UnixStream::connect(&socket).await.unwrap());
    let hear = async |stream: &mut BufReader<UnixStream>| {
        let mut line = String::new();
        while line.as_bytes().get(3) != Some(&b' ') {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
        }
        line
    };
    hear(&mut stream).await;
    for line in ["LHLO bench", "MAIL FROM:<w@warga.test>", "RCPT TO:<meja@desk.test>", "DATA"] {
        stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        hear(&mut stream).await;
    }
    let mut file = tokio::fs::File::open(&path).await.unwrap();
    tokio::io::copy(&mut file, &mut stream).await.unwrap();
    let answer = hear(&mut stream).await;
    assert!(answer.starts_with("250"), "{answer}");
    let taken = in_status("VmHWM:");
    while desk.read_inbox().await.unwrap() == 0 {}
    let peak = in_status("VmHWM:");
    let counts = store::inbox::counts(&mut desk.db.read().await.unwrap()).await.unwrap();
    let times = |kilobytes: usize| kilobytes as f64 * 1024.0 / bytes as f64;
    println!(
        "{:.1} MB as {what}: at rest {} MB, peak {} MB taken in ({:.1} times), {} MB as a ticket ({:.1} times; aim: 4); {counts:?}",
        bytes as f64 / 1e6,
        resting / 1024,
        taken / 1024,
        times(taken),
        peak / 1024,
        times(peak)
    );
    stop.send_replace(true);
    listening.await.unwrap();
    desk.db.close().await;
}

/// A figure the kernel keeps of this program, in kilobytes.
fn in_status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A little less than 40 MB, nearly all of it one file.
fn large_file() -> Vec<u8> {
    let mut mail = b"From: w@warga.test\r\nTo: meja@desk.test\r\nSubject: Besar\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTerlampir\r\n\
        --b\r\nContent-Type: video/mp4\r\nContent-Disposition: attachment; filename=rekaman.mp4\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n"
        .to_vec();
    while mail.len() < (40 << 20) - 2_000 {
        mail.extend_from_slice(b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM=\r\n");
    }
    mail.extend_from_slice(b"--b--\r\n.\r\n");
    mail
}

/// The same size of text alone.
fn large_text() -> Vec<u8> {
    let mut mail = b"From: w@warga.test\r\nTo: meja@desk.test\r\nSubject: Panjang\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\r\n"
        .to_vec();
    while mail.len() < (40 << 20) - 2_000 {
        mail.extend_from_slice("Sejak pagi jaringan di kantor kami putus, mohon dicek.\r\n".as_bytes());
    }
    mail.extend_from_slice(b".\r\n");
    mail
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
