//! A client of LMTP that says exactly what it is told to, and a desk that listens.

use crate::support::app::{Engine, TestApp};
use meja::config::mail::Listen;
use meja::desk::ways::Ways;
use meja::receive::lmtp::{Door, Limits};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const NOW: &str = "2026-10-05T09:00:00+07:00";

/// A desk that listens; the door closes when it is told to.
pub struct Listening {
    pub app: TestApp,
    pub port: u16,
    pub stop: watch::Sender<bool>,
    pub door: JoinHandle<()>,
}

/// Short patience and little room, so that tests need not wait.
pub fn limits() -> Limits {
    Limits {
        connections: 20,
        idle: Duration::from_secs(20),
        line: Duration::from_secs(20),
        slowest: 1_000_000,
        recipients: 5,
        faults: 3,
        largest: 1024 * 1024,
        together: 8 * 1024 * 1024,
    }
}

pub async fn listening(engine: Engine, limits: Limits) -> Option<Listening> {
    let app = TestApp::new(engine, "oki", NOW).await?;
    let door = Door::open(&Listen::Tcp(([127, 0, 0, 1], 0).into())).await.unwrap();
    let port = door.port().unwrap();
    let (stop, stopped) = watch::channel(false);
    let door = tokio::spawn(door.serve(app.desk.clone(), limits, stopped));
    Some(Listening { app, port, stop, door })
}

/// A desk that also listens on a socket in the file system.
pub async fn on_socket(app: &TestApp, path: &Path, aliases: &[&str]) -> watch::Sender<bool> {
    let mut desk = app.desk.clone();
    let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    desk.ways = Arc::new(Ways { aliases, ..(*desk.ways).clone() });
    let door = Door::open(&Listen::Unix(path.to_owned())).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(door.serve(desk, limits(), stopped));
    stop
}

pub struct Talk {
    pub stream: TcpStream,
    heard: Vec<u8>,
}

impl Talk {
    pub async fn begin(port: u16) -> Self {
        let mut talk = Self { stream: TcpStream::connect(("127.0.0.1", port)).await.unwrap(), heard: Vec::new() };
        assert!(talk.hear().await.starts_with("220 "));
        talk
    }

    pub async fn greeted(port: u16) -> Self {
        let mut talk = Self::begin(port).await;
        talk.ask("LHLO uji").await;
        talk
    }

    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Says a line and hears its answer.
    pub async fn ask(&mut self, line: &str) -> String {
        self.say(format!("{line}\r\n")).await;
        self.hear().await
    }

    /// One answer, all its lines; empty when the other side hung up.
    pub async fn hear(&mut self) -> String {
        let mut answer = String::new();
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                answer.push_str(&String::from_utf8(line).unwrap());
                let last = answer.lines().last().unwrap();
                if last.as_bytes()[3] == b' ' {
                    return answer;
                }
                continue;
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return answer,
                Ok(count) => self.heard.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// The codes of so many answers.
    pub async fn codes(&mut self, count: usize) -> Vec<String> {
        let mut codes = Vec::new();
        for _ in 0..count {
            codes.push(self.hear().await.chars().take(3).collect());
        }
        codes
    }

    /// Hands one mail to one recipient and gives the last answer.
    pub async fn deliver(&mut self, from: &str, to: &str, mail: &str) -> String {
        for line in [format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>")] {
            let answer = self.ask(&line).await;
            assert!(answer.starts_with("250"), "{line}: {answer}");
        }
        assert!(self.ask("DATA").await.starts_with("354"));
        self.say(format!("{mail}\r\n.\r\n")).await;
        self.hear().await
    }
}

pub fn mail(from: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: meja@desk.test\r\nSubject: {subject}\r\nMessage-ID: <{}@uji>\r\n\r\n{body}\r\n",
        meja::secret::sha256(format!("{from}{subject}{body}"))
    )
}
