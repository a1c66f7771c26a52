//! LMTP with the real program: killed in the middle, and behind a real Postfix.

use super::talk::{limits, on_socket};
use crate::postfix::{eventually, postfix};
use crate::support::app::{Engine, TestApp};
use crate::support::server::{Server, meja, program};
use meja::config::mail::Listen;
use meja::desk::ways::Ways;
use meja::receive::lmtp::Door;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Delivers one mail; `Some(true)` when it was acknowledged, `None` when the other side died before it said so.
fn deliver(socket: &Path, mail: &str) -> Option<bool> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut hear = || -> Option<String> {
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Some(line);
            }
        }
    };
    hear()?;
    for command in ["LHLO uji", "MAIL FROM:<a@warga.test>", "RCPT TO:<meja@demo.test>", "DATA"] {
        write!(stream, "{command}\r\n").ok()?;
        let answer = hear()?;
        if !answer.starts_with(['2', '3']) {
            return Some(false);
        }
    }
    write!(stream, "{mail}.\r\n").ok()?;
    hear().map(|answer| answer.starts_with("250"))
}

fn start(folder: &Path) -> Server {
    let mut command = meja(&program(), folder);
    command.args(["demo", "--listen", "127.0.0.1:0", "--pack", "oki", "--tickets", "0"]);
    command.env("MEJA_LMTP_LISTEN", format!("unix:{}", folder.join("lmtp").display()));
    Server::of(command)
}

#[test]
fn killed_between_message_and_answer_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, next) = (folder.path().join("lmtp"), AtomicUsize::new(0));
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let mail = |place: usize| {
        format!(
            "From: w{place}@warga.test\r\nSubject: Gangguan {place}\r\nMessage-ID: <k{place}@warga.test>\r\n\r\nIsi {place}\r\n"
        )
    };
    for round in 0..5_usize {
        let server = start(folder.path());
        // What was not acknowledged comes again, as a mail server does it.
        for place in std::mem::take(&mut open) {
            eventually("a mail is taken in", || deliver(&socket, &mail(place)).filter(|taken| *taken));
        }
        let (died, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
        let unanswered = std::sync::Mutex::new(BTreeSet::new());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !died.load(Ordering::SeqCst) {
                        let place = next.fetch_add(1, Ordering::SeqCst);
                        if deliver(&socket, &mail(place)) != Some(true) {
                            unanswered.lock().unwrap().insert(place);
                        }
                        sent.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            while sent.load(Ordering::SeqCst) < 3 + 4 * round {
                std::thread::yield_now();
            }
            // Whoever is at it now is cut in the middle; nobody begins anew.
            died.store(true, Ordering::SeqCst);
            server.signal_kill();
        });
        open = unanswered.into_inner().unwrap();
        server.kill();
    }
    let server = start(folder.path());
    for place in open {
        eventually("a mail is taken in", || deliver(&socket, &mail(place)).filter(|taken| *taken));
    }
    let count = next.load(Ordering::SeqCst);
    let mut subjects = eventually("every mail in a ticket", || {
        let (mut subjects, mut cursor) = (Vec::new(), String::new());
        loop {
            let (_, page) = server.get("demo-superadmin", &format!("/tickets?limit=100{cursor}"));
            subjects
                .extend(page["items"].as_array()?.iter().map(|ticket| ticket["subject"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        (subjects.len() >= count).then_some(subjects)
    });
    let all = subjects.len();
    subjects.sort();
    subjects.dedup();
    assert_eq!((subjects.len(), all), (count, count), "each once");
}

/// Postfix hands over to the desk by TCP and by socket; `meja@tcp.test` and `meja@unix.test`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_delivers_over_both_kinds_of_connection() {
    let Some(postfix) = postfix() else { return };
    let Some(mut app) = TestApp::new(Engine::Sqlite, "oki", super::talk::NOW).await else { return };
    let aliases = ["meja@tcp.test", "meja@unix.test"];
    let socket = postfix.folder.join("lmtp/meja");
    let _stop = on_socket(&app, &socket, &aliases).await;
    let ways = (*app.desk.ways).clone();
    app.desk.ways = Arc::new(Ways { aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(), ..ways });
    let door = Door::open(&Listen::Tcp(([127, 0, 0, 1], postfix.lmtp_port).into())).await.unwrap();
    let (_stop_tcp, stopped) = watch::channel(false);
    tokio::spawn(door.serve(app.desk.clone(), limits(), stopped));
    for (way, place) in [("tcp", 0), ("unix", 1), ("tcp", 2), ("unix", 3)] {
        let subject = format!("Lewat {way} {place}");
        postfix.send(&format!("w{place}@warga.test"), &format!("meja@{way}.test"), &subject, "isi\n.\n..titik");
    }
    // Nobody of that name: Postfix tells the sender.
    postfix.send("tini@warga.test", "tidak-ada@tcp.test", "Salah alamat", "isi");
    let start = std::time::Instant::now();
    let tickets = loop {
        app.desk.read_inbox().await.unwrap();
        let page = app.get("demo-superadmin", "/tickets").await.ok(200);
        let items = page["items"].as_array().unwrap().clone();
        if items.len() == 4 || start.elapsed() > Duration::from_secs(60) {
            break items;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let mut subjects: Vec<&str> = tickets.iter().map(|ticket| ticket["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["Lewat tcp 0", "Lewat tcp 2", "Lewat unix 1", "Lewat unix 3"]);
    let number = tickets[0]["number"].as_str().unwrap();
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"][0]["body"], "isi\n.\n..titik");
    let returned = tokio::task::spawn_blocking(move || {
        eventually("the refusal in the sender's mailbox", || postfix.mailbox("warga.test", "tini").pop())
    });
    let returned = returned.await.unwrap();
    assert!(returned.contains("550 5.1.1") && returned.contains("No such mailbox here"), "{returned}");
}
