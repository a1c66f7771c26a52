//! LMTP with clients that mean no good.

use super::talk::{Listening, Talk, limits, listening, mail, on_socket};
use crate::support::app::Engine;
use meja::config::mail::Listen;
use meja::receive::lmtp::{Door, Limits};
use meja::store;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

async fn stored(desk: &Listening) -> i64 {
    let counts = store::inbox::counts(&mut desk.app.desk.db.read().await.unwrap()).await.unwrap();
    counts.iter().map(|(_, count)| count).sum()
}

#[tokio::test]
async fn too_much_is_refused_and_the_next_mail_is_not() {
    let Some(desk) = listening(Engine::Sqlite, limits()).await else { return };
    let mut talk = Talk::greeted(desk.port).await;
    assert!(talk.ask("MAIL FROM:<a@warga.test> SIZE=99999999").await.starts_with("552 5.3.4"));
    assert!(talk.ask("MAIL FROM:<a@warga.test>").await.starts_with("250"));
    for _ in 0..5 {
        assert!(talk.ask("RCPT TO:<meja@desk.test>").await.starts_with("250"));
    }
    assert!(talk.ask("RCPT TO:<meja@desk.test>").await.starts_with("452 4.5.3"));
    assert!(talk.ask("DATA").await.starts_with("354"));
    let line = format!("{}\r\n", "x".repeat(998));
    talk.say(mail("a@warga.test", "Besar", "")).await;
    for _ in 0..3_000 {
        talk.say(&line).await;
    }
    talk.say(".\r\n").await;
    assert_eq!(talk.codes(5).await, ["552"; 5], "one answer for each, after the dot");
    assert_eq!(stored(&desk).await, 0);
    let answer = talk.deliver("a@warga.test", "meja@desk.test", &mail("a@warga.test", "Kecil", "isi")).await;
    assert!(answer.starts_with("250"), "{answer}");
    // One line of a megabyte is still a message.
    let long = mail("b@warga.test", "Baris panjang", &"y".repeat(900_000));
    assert!(talk.deliver("b@warga.test", "meja@desk.test", &long).await.starts_with("250"));
    assert!(talk.deliver("b@warga.test", "meja@desk.test", "").await.starts_with("554"), "nothing is no message");
    assert_eq!(stored(&desk).await, 2);
}

#[tokio::test]
async fn only_a_dot_alone_between_whole_line_ends_ends_a_message() {
    let Some(desk) = listening(Engine::Sqlite, limits()).await else { return };
    let mut talk = Talk::greeted(desk.port).await;
    let smuggled = "MAIL FROM:<palsu@warga.test>\r\nRCPT TO:<meja@desk.test>\r\nDATA\r\nSubject: selundupan\r\n\r\nx";
    let mut ends = 0;
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n.\0\r\n"] {
        let text = format!("{}isi{end}{smuggled}", mail("a@warga.test", &format!("Coba {ends}"), ""));
        assert!(talk.deliver("a@warga.test", "meja@desk.test", &text).await.starts_with("250"), "{end:?}");
        ends += 1;
    }
    assert_eq!(stored(&desk).await, ends, "each is one message");
}

#[tokio::test]
async fn nonsense_is_answered_until_it_is_too_much() {
    let Some(desk) = listening(Engine::Sqlite, limits()).await else { return };
    let mut talk = Talk::begin(desk.port).await;
    assert!(talk.ask("MAIL FROM:<a@warga.test>").await.starts_with("503"));
    assert!(talk.ask("EHLO x").await.starts_with("500"));
    assert!(talk.ask(&"A".repeat(100_000)).await.starts_with("500"));
    assert!(talk.ask("FLY").await.starts_with("421"));
    assert_eq!(talk.hear().await, "");
    let mut talk = Talk::greeted(desk.port).await;
    assert!(talk.ask("DATA").await.starts_with("503"));
    assert!(talk.ask("MAIL FROM:<a@warga.test> SURPRISE=1").await.starts_with('5'));
    assert!(talk.ask("NOOP").await.starts_with("250"));
    assert!(talk.ask("RSET").await.starts_with("250"));
    // Bytes that are no text at all.
    let mut talk = Talk::begin(desk.port).await;
    talk.say([0_u8, 255, 254, b'\r', b'\n']).await;
    assert!(talk.hear().await.starts_with('5'));
    talk.say("\r\n".repeat(10)).await;
    let mut rest = Vec::new();
    talk.stream.read_to_end(&mut rest).await.ok();
    assert!(String::from_utf8_lossy(&rest).contains("421"), "{}", String::from_utf8_lossy(&rest));
}

/// Says a little now and then until the other side has had enough; gives what it said to that.
async fn dripped(talk: Talk, drop: &'static [u8]) -> String {
    let (mut reader, mut writer) = talk.stream.into_split();
    let drips = tokio::spawn(async move {
        while writer.write_all(drop).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        writer
    });
    let mut heard = Vec::new();
    let start = std::time::Instant::now();
    // A reset that comes on top of the answer does not unsay it.
    while !heard.ends_with(b"\r\n") {
        let mut chunk = [0; 100];
        match tokio::time::timeout(Duration::from_secs(20), reader.read(&mut chunk)).await.expect("an answer in time") {
            Ok(0) | Err(_) => break,
            Ok(count) => heard.extend_from_slice(&chunk[..count]),
        }
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    drips.abort();
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn the_slow_and_the_silent_are_sent_away() {
    let short = Duration::from_millis(300);
    let quick = Limits { idle: short, line: short, slowest: u64::MAX, ..limits() };
    let Some(desk) = listening(Engine::Sqlite, quick).await else { return };
    let mut silent = Talk::greeted(desk.port).await;
    assert!(silent.hear().await.starts_with("421 4.4.2"));
    // A letter now and then does not help.
    let dripping = Talk::begin(desk.port).await;
    assert!(dripped(dripping, b"N").await.starts_with("421 4.4.2"));
    // Nor inside of a message.
    let mut talk = Talk::greeted(desk.port).await;
    talk.say("MAIL FROM:<a@warga.test>\r\nRCPT TO:<meja@desk.test>\r\nDATA\r\n").await;
    assert_eq!(talk.codes(3).await, ["250", "250", "354"]);
    assert!(dripped(talk, b"isi\r\n").await.starts_with("421 4.4.2"));
    assert_eq!(stored(&desk).await, 0, "half a message is none");
}

#[tokio::test]
async fn there_is_room_for_so_many_and_for_so_much() {
    let Some(desk) = listening(Engine::Sqlite, Limits { connections: 2, together: 400_000, ..limits() }).await else {
        return;
    };
    let mut first = Talk::greeted(desk.port).await;
    let second = Talk::greeted(desk.port).await;
    let mut third = tokio::net::TcpStream::connect(("127.0.0.1", desk.port)).await.unwrap();
    let mut heard = String::new();
    third.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("421 4.3.2"), "{heard}");
    first.say("MAIL FROM:<a@warga.test>\r\nRCPT TO:<meja@desk.test>\r\nDATA\r\n").await;
    assert_eq!(first.codes(3).await, ["250", "250", "354"]);
    first.say(format!("{}.\r\n", mail("a@warga.test", "Banyak", &"z\r\n".repeat(300_000)))).await;
    assert!(first.hear().await.starts_with("452 4.3.1"), "the house is full for now");
    let answer = first.deliver("a@warga.test", "meja@desk.test", &mail("a@warga.test", "Kecil", "isi")).await;
    assert!(answer.starts_with("250"), "what was held is free again: {answer}");
    drop(second);
}

#[tokio::test]
async fn a_socket_is_replaced_only_when_nobody_answers_at_it() {
    let Some(desk) = listening(Engine::Sqlite, limits()).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp.sock");
    let stop = on_socket(&desk.app, &path, &[]).await;
    let taken = Door::open(&Listen::Unix(path.clone())).await.unwrap_err();
    assert!(taken.to_string().contains("another program answers"), "{taken}");
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let mut greeting = [0; 4];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"220 ");
    drop((stream, stop));
    // What a killed program leaves behind.
    let left = folder.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    assert!(left.exists());
    drop(Door::open(&Listen::Unix(left.clone())).await.unwrap());
    assert!(!left.exists(), "the socket goes with its door");
    let file = folder.path().join("berkas");
    std::fs::write(&file, "penting").unwrap();
    assert!(Door::open(&Listen::Unix(file.clone())).await.is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "penting");
}
