//! A mailbox on a server that says what it is told to: answers that leave a message out, or its text.

use super::talk::{NOW, mail};
use crate::support::app::{Engine, TestApp};
use meja::config::mail::Mailbox;
use meja::receive::imap::{Pace, run};
use meja::store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the server does with one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// Hands it over.
    Nothing,
    /// Says nothing of it when its size is asked.
    Its(Part),
    /// Says so for the first so many questions.
    ItsFor(Part, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Size,
    Text,
}

/// Messages by number, how each is kept back, and how often each was asked for.
#[derive(Debug, Default)]
struct Lying {
    mails: BTreeMap<u32, (String, Option<Keeps>)>,
    asked: BTreeMap<(u32, bool), usize>,
}

type Held = Arc<Mutex<Lying>>;

impl Lying {
    /// Does the server keep this part of a message back now?
    fn keeps(&mut self, uid: u32, part: Part) -> bool {
        let asked = self.asked.entry((uid, part == Part::Size)).or_default();
        *asked += 1;
        match self.mails[&uid].1 {
            Some(Keeps::Its(kept)) => kept == part,
            Some(Keeps::ItsFor(kept, times)) => kept == part && *asked <= times,
            _ => false,
        }
    }
}

async fn server(held: Held) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&held)));
        }
    });
    port
}

async fn serve(stream: TcpStream, held: Held) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK sapa\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let (tag, rest) = line.trim_end().split_once(' ')?;
        let (verb, told) = (rest.to_ascii_uppercase(), answer(rest, &held));
        stream.write_all(&told).await.ok()?;
        stream.write_all(format!("{tag} OK selesai\r\n").as_bytes()).await.ok()?;
        if verb.starts_with("LOGOUT") {
            return None;
        }
    }
}

fn answer(command: &str, held: &Held) -> Vec<u8> {
    let mut held = held.lock().unwrap();
    let command = command.to_ascii_uppercase();
    let numbers: Vec<u32> = held.mails.keys().copied().collect();
    if command.starts_with("CAPABILITY") {
        return b"* CAPABILITY IMAP4rev1\r\n".to_vec();
    }
    if command.starts_with("SELECT") {
        let next = numbers.last().map_or(1, |last| last + 1);
        return format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {next}] x\r\n", numbers.len())
            .into_bytes();
    }
    if let Some(set) = command.strip_prefix("UID SEARCH UID ") {
        let found: Vec<String> = numbers.iter().filter(|uid| holds(set, **uid)).map(u32::to_string).collect();
        return format!("* SEARCH {}\r\n", found.join(" ")).into_bytes();
    }
    let Some((set, what)) = command.strip_prefix("UID FETCH ").and_then(|rest| rest.split_once(' ')) else {
        return Vec::new();
    };
    let mut told = Vec::new();
    for (place, uid) in numbers.iter().enumerate().filter(|(_, uid)| holds(set, **uid)) {
        let text = held.mails[uid].0.clone();
        let line = if what.contains("RFC822.SIZE") {
            if held.keeps(*uid, Part::Size) {
                continue;
            }
            format!("* {} FETCH (UID {uid} RFC822.SIZE {})\r\n", place + 1, text.len())
        } else if held.keeps(*uid, Part::Text) {
            format!("* {} FETCH (UID {uid} BODY[] NIL)\r\n", place + 1)
        } else {
            format!("* {} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", place + 1, text.len())
        };
        told.extend_from_slice(line.as_bytes());
    }
    told
}

/// Is the number in a set like `1,3:5,7:*`?
fn holds(set: &str, uid: u32) -> bool {
    set.split(',').any(|part| match part.split_once(':') {
        Some((from, to)) => {
            from.parse().is_ok_and(|from: u32| from <= uid) && to.parse().map_or(true, |to: u32| uid <= to)
        }
        None => part.parse() == Ok(uid),
    })
}

async fn read(mails: &[(&str, Option<Keeps>)], until: impl Fn(&[String], usize) -> bool) -> (TestApp, Vec<String>) {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let held = Held::default();
    for (place, (subject, keeps)) in mails.iter().enumerate() {
        let uid = u32::try_from(place).unwrap() + 1;
        let text = mail(&format!("w{uid}@warga.test"), subject, "isi");
        held.lock().unwrap().mails.insert(uid, (text, *keeps));
    }
    let port = server(held).await;
    let mailbox = Mailbox::read(&format!("imap://meja:rahasia@127.0.0.1:{port}")).unwrap();
    let pace = Pace {
        look: Duration::from_millis(100),
        patience: Duration::from_secs(10),
        first_pause: Duration::from_millis(20),
        longest_pause: Duration::from_millis(50),
        seed: "uji".to_owned(),
    };
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(app.desk.clone(), mailbox, pace, stopped));
    let start = Instant::now();
    let subjects = loop {
        app.desk.read_inbox().await.unwrap();
        let mut tx = app.desk.db.read().await.unwrap();
        let rows = store::inbox::list(&mut tx, None, i64::MAX, 50).await.unwrap();
        let refused = rows.iter().filter(|row| row.cause.as_deref() == Some("server_refused")).count();
        let mut subjects: Vec<String> =
            rows.iter().map(|row| row.subject.clone()).filter(|subject| !subject.is_empty()).collect();
        subjects.sort();
        if until(&subjects, refused) {
            break subjects;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{rows:?}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    };
    stop.send_replace(true);
    task.await.unwrap();
    (app, subjects)
}

#[tokio::test]
async fn a_message_the_server_leaves_out_for_a_while_is_not_passed_by() {
    for part in [Part::Size, Part::Text] {
        let mails = [("A", None), ("B", Some(Keeps::ItsFor(part, 2))), ("C", None)];
        let (app, subjects) = read(&mails, |subjects, _| subjects.len() >= 3).await;
        assert_eq!(subjects, ["A", "B", "C"], "{part:?}");
        let cursor = store::mailboxes::all(&mut app.desk.db.read().await.unwrap()).await.unwrap().remove(0);
        assert_eq!((cursor.last_uid, cursor.taken), (3, 3), "{part:?}");
    }
}

#[tokio::test]
async fn a_message_the_server_never_hands_over_is_told_of_and_the_others_come() {
    for part in [Part::Size, Part::Text] {
        let mails = [("A", Some(Keeps::Nothing)), ("B", None), ("C", Some(Keeps::Its(part))), ("D", None)];
        let (app, subjects) = read(&mails, |subjects, refused| subjects.len() >= 3 && refused == 1).await;
        assert_eq!(subjects, ["A", "B", "D"], "{part:?}");
        let waiting = app.get("demo-superadmin", "/received-mails").await.ok(200);
        assert_eq!(waiting["items"][0]["cause"], "server_refused", "{part:?}");
        let seen = app.get("demo-superadmin", &format!("/received-mails/{}", waiting["items"][0]["id"])).await.ok(200);
        assert!(seen["headers"].to_string().contains("7 3"), "which one: {seen}");
    }
}
