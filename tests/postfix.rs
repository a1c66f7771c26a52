//! A real mail server on both sides: Postfix pipes mail in and takes the answers.

use crate::support::server::{Server, meja, program};
use lettre::message::Mailbox;
use lettre::{Message, SmtpTransport, Transport};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The throw-away Postfix of `tests/all`; `None` when it does not run.
pub struct Postfix {
    pub url: String,
    pub folder: PathBuf,
    /// Where it hands mail for `tcp.test` over by LMTP.
    pub lmtp_port: u16,
    /// Where it speaks TLS from the first byte.
    pub tls_port: u16,
    maildir: PathBuf,
}

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
pub fn postfix() -> Option<Postfix> {
    let value = |name: &str| std::env::var(name).ok();
    let found = (|| {
        Some(Postfix {
            url: value("MEJA_TEST_SMTP_URL")?,
            folder: value("MEJA_TEST_POSTFIX_DIR")?.into(),
            lmtp_port: value("MEJA_TEST_LMTP_PORT")?.parse().ok()?,
            tls_port: value("MEJA_TEST_SMTPS_PORT")?.parse().ok()?,
            maildir: value("MEJA_TEST_MAILDIR")?.into(),
        })
    })();
    if found.is_none() {
        assert!(value("MEJA_TEST_REQUIRE").is_none(), "tests/all must start Postfix");
        crate::support::skipped("Postfix: MEJA_TEST_SMTP_URL is not set");
    }
    found
}

/// Waits for another program to do its part, at most a minute.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Postfix {
    pub fn send(&self, from: &str, to: &str, subject: &str, body: &str) {
        let mailbox = |address: &str| Mailbox::new(None, address.parse().unwrap());
        let message =
            Message::builder().from(mailbox(from)).to(mailbox(to)).subject(subject).body(body.to_owned()).unwrap();
        let port = self.url.rsplit(':').next().unwrap().parse().unwrap();
        SmtpTransport::builder_dangerous("127.0.0.1").port(port).build().send(&message).unwrap();
    }

    /// Mails in somebody's mailbox, as text, oldest first.
    pub fn mailbox(&self, domain: &str, local: &str) -> Vec<String> {
        let folder = self.maildir.join(domain).join(local).join("new");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
        files.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
    }
}

#[test]
fn a_mail_through_postfix_is_confirmed_answered_and_continued() {
    let Some(postfix) = postfix() else { return };
    // Postfix runs the pipe as an unprivileged user, so program and data stand where that user may go.
    let folder = postfix.folder.join("meja");
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let program = copy_program(&folder);
    let chowned = Command::new("chown").args(["-R", "nobody"]).arg(&folder).status().unwrap();
    assert!(chowned.success());
    let url = format!("sqlite://{}", data.join("meja.db").display());
    // setpriv becomes the program (runuser would stay between and leave it running).
    let mut server = meja(Path::new("setpriv"), &data);
    server
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
        .arg(&program)
        .args(["demo", "--listen", "127.0.0.1:0", "--tickets", "0"])
        .args(["--pack", "oki", "--now"]);
    server.args(["2026-02-13T16:10:00+07:00", "--speed", "0"]);
    server.env("MEJA_SMTP_URL", &postfix.url).env("MEJA_MAIL_ADDRESS", "meja@desk.test").env("MEJA_DATABASE_URL", &url);
    let server = Server::of(server);
    write_pipe(&postfix.folder, &program, &data, &url);
    postfix.send(
        "tuti@warga.test",
        "meja@desk.test",
        "E-office tidak bisa dibuka",
        "Sejak siang e-office tidak bisa dibuka.",
    );
    let confirmation =
        eventually("a confirmation in the reporter's mailbox", || postfix.mailbox("warga.test", "tuti").pop());
    let parsed = mail_parser::MessageParser::default().parse(confirmation.as_bytes()).unwrap();
    let number = parsed.subject().unwrap().split(['[', ']']).nth(1).unwrap().to_owned();
    let text = parsed.body_text(0).unwrap();
    assert!(
        text.contains(&number) && text.contains("18 Februari 2026 pukul 15.40 WIB") && text.contains("/lacak/"),
        "{text}"
    );
    assert!(confirmation.contains("Return-Path: <>"), "an automatic mail asks for no answer: {confirmation}");
    // The reporter answers the mail; the address in Reply-To is all that ties it to the ticket.
    let address = parsed.reply_to().unwrap().first().unwrap().address().unwrap().to_owned();
    postfix.send("tuti@warga.test", &address, "Balasan", "Muncul tulisan galat 500.");
    let messages = eventually("the answer in the ticket", || {
        let (_, page) = server.get("demo-superadmin", &format!("/tickets/{number}/messages"));
        page["items"].as_array().filter(|items| items.len() == 2).cloned()
    });
    assert!(messages[1]["body"].as_str().unwrap().contains("galat 500"));
    // What a person of the desk writes reaches the reporter.
    let body = serde_json::json!({"body": "Sedang kami periksa"});
    server.post("demo-superadmin", &format!("/tickets/{number}/messages"), &body, "balas").unwrap();
    eventually("the desk's answer in the reporter's mailbox", || {
        postfix.mailbox("warga.test", "tuti").into_iter().find(|mail| mail.contains("Sedang kami periksa"))
    });
}

fn copy_program(folder: &Path) -> PathBuf {
    let copy = folder.join("meja-program");
    std::fs::copy(program(), &copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    copy
}

/// The script that Postfix pipes every mail for the desk into.
fn write_pipe(folder: &Path, program: &Path, data: &Path, url: &str) {
    let script = format!(
        "#!/bin/sh\nexport MEJA_DATA_DIR='{}' MEJA_DATABASE_URL='{url}' MEJA_MAIL_ADDRESS=meja@desk.test\nexec '{}' mail ingest --sender \"$1\" --recipient \"$2\"\n",
        data.display(),
        program.display(),
    );
    let draft = folder.join("ingest.sh.new");
    std::fs::write(&draft, script).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(draft, folder.join("ingest.sh")).unwrap();
}
