//! A mail server that remembers what it took, and may hang.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug, Default)]
struct Shared {
    hangs: AtomicBool,
    taken: Mutex<BTreeMap<String, usize>>,
}

/// It listens until the test ends.
pub struct Sink {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Sink {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Self { port: listener.local_addr().unwrap().port(), shared: Arc::default() };
        let shared = Arc::clone(&sink.shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        sink
    }

    /// From now on it answers nothing after the text of a mail, or answers again.
    pub fn hangs(&self, hangs: bool) {
        self.shared.hangs.store(hangs, Ordering::SeqCst);
    }

    /// How often each Message-ID was taken.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        self.shared.taken.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream);
    out.write_all(b"220 sink\r\n").ok()?;
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "QUIT" => return None,
            "DATA" => out.write_all(b"354 go\r\n").ok()?,
            _ => {
                out.write_all(b"250 ok\r\n").ok()?;
                continue;
            }
        }
        let (mut text, mut part) = (String::new(), String::new());
        while part != ".\r\n" {
            part.clear();
            if lines.read_line(&mut part).ok()? == 0 {
                return None;
            }
            text.push_str(&part);
        }
        if shared.hangs.load(Ordering::SeqCst) {
            // Until whoever waits for the answer is gone.
            std::thread::sleep(Duration::from_secs(600));
            return None;
        }
        let id = mail_parser::MessageParser::default().parse(text.as_bytes())?.message_id()?.to_owned();
        *shared.taken.lock().unwrap().entry(id).or_default() += 1;
        out.write_all(b"250 queued\r\n").ok()?;
    }
}
