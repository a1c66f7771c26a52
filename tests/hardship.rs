//! What the machine does to the program: a full disk, a database that may only be read, and a thousand clients who dawdle.

use crate::support::server::{Server, meja, program, run_with};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The program under limits of the shell; a write beyond the limit fails as on a full disk instead of killing it.
fn limited(folder: &Path, limits: &str) -> Command {
    let bare = meja(&program(), folder);
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!("trap '' XFSZ; {limits}; exec \"$0\" \"$@\"")).arg(program());
    for (name, value) in bare.get_envs() {
        match value {
            Some(value) => _ = command.env(name, value),
            None => _ = command.env_remove(name),
        }
    }
    command.env("MEJA_LOG", "off");
    command
}

fn mail(place: usize, bytes: usize) -> Vec<u8> {
    let head = format!(
        "From: Warga <w{place}@warga.test>\r\nSubject: Penuh {place}\r\nMessage-ID: <p{place}@warga.test>\r\n\r\n"
    );
    [head.into_bytes(), b"isi ".repeat(bytes / 4)].concat()
}

#[test]
fn on_a_full_disk_nothing_is_acknowledged_that_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Server::start(at, &["--tickets", "2", "--pack", "oki"]).kill();
    let blocks = std::fs::metadata(at.join("meja.db")).unwrap().len() / 1024 + 200;
    let ingest = ["mail", "ingest", "--recipient", "meja@demo.test"];
    let (mut kept, mut put_off) = (0, 0);
    for place in 0..12 {
        let output = run_with(limited(at, &format!("ulimit -f {blocks}")), &ingest, &mail(place, 200_000));
        match output.status.code() {
            Some(0) => kept += 1,
            // Try again later: the mail server keeps it.
            Some(75) => put_off += 1,
            other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
    assert!(put_off > 0, "the disk was never full");
    // There is room again: what was taken is there, what was put off comes again, and nothing comes twice.
    for place in 0..12 {
        let output = run_with(meja(&program(), at), &ingest, &mail(place, 200_000));
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let server = Server::start(at, &[]);
    let began = Instant::now();
    let came = loop {
        let (_, page) = server.get("demo-superadmin", "/tickets?limit=100");
        let subjects: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|it| it["subject"].as_str().unwrap().to_owned()).collect();
        let mut came: Vec<String> = subjects.into_iter().filter(|subject| subject.starts_with("Penuh")).collect();
        came.sort();
        if came.len() >= 12 || began.elapsed() > Duration::from_secs(60) {
            break came;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let count = came.len();
    let mut once = came.clone();
    once.dedup();
    assert_eq!((count, once.len()), (12, 12), "{kept} kept, {put_off} put off: {came:?}");
    assert_eq!(run_with(meja(&program(), at), &["audit", "verify"], b"").status.code(), Some(0));
}

#[test]
fn a_server_on_a_full_disk_reads_refuses_changes_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Server::start(at, &["--tickets", "2", "--pack", "oki"]).kill();
    let blocks = std::fs::metadata(at.join("meja.db")).unwrap().len() / 1024 + 300;
    let mut command = limited(at, &format!("ulimit -f {blocks}"));
    command.args(["demo", "--listen", "127.0.0.1:0"]);
    let server = Server::of(command);
    let body = json!({"subject": "Penuh", "description": "x".repeat(30_000), "service": "e-office"});
    let mut taken = Vec::new();
    let refused =
        (0..60).find_map(|place| match server.post("demo-superadmin", "/tickets", &body, &format!("k{place}")) {
            Some((201, ticket)) => {
                taken.push(ticket["number"].as_str().unwrap().to_owned());
                None
            }
            other => Some(other),
        });
    let (status, answer) = refused.expect("the disk was never full").expect("an answer");
    assert_eq!(status, 503, "{answer}");
    assert!(!answer.to_string().to_lowercase().contains("sqlite"), "nothing internal reaches users: {answer}");
    assert_eq!(server.get("demo-superadmin", "/tickets").0, 200, "reading works");
    assert_eq!(server.page("/healthz").0, 200);
    server.kill();
    let server = Server::start(at, &[]);
    for number in &taken {
        assert_eq!(server.get("demo-superadmin", &format!("/tickets/{number}")).0, 200, "{number} was acknowledged");
    }
    assert_eq!(server.post("demo-superadmin", "/tickets", &body, "ada tempat").unwrap().0, 201);
    assert_eq!(run_with(meja(&program(), at), &["audit", "verify"], b"").status.code(), Some(0));
}

#[test]
fn a_thousand_clients_who_dawdle_hold_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = limited(folder.path(), "ulimit -n 4096");
    command.args(["demo", "--listen", "127.0.0.1:0", "--tickets", "2"]);
    let server = Server::of(command);
    let mut slow = Vec::new();
    for _ in 0..1000 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", server.port())) else { break };
        stream.write_all(b"GET /lapor HTTP/1.1\r\nHost: x\r\nX-").unwrap();
        slow.push(stream);
    }
    assert!(slow.len() >= 900, "only {} could be opened", slow.len());
    for _ in 0..3 {
        for stream in &mut slow {
            // One that was cut off has had its turn.
            let _ = stream.write_all(b"a");
        }
        let began = Instant::now();
        assert_eq!(server.page("/healthz").0, 200);
        assert_eq!(server.get("demo-superadmin", "/tickets").0, 200);
        assert!(began.elapsed() < Duration::from_secs(5), "after {:?}", began.elapsed());
    }
}
