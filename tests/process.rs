//! The program as a process: exit codes, kills, restarts, proof.

use crate::support::server::{Server, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const START: &str = "2026-10-20T13:40:00+07:00";

fn mail(place: usize) -> Vec<u8> {
    format!("From: warga{place}@warga.test\r\nTo: meja@demo.test\r\nSubject: Gangguan {place}\r\nMessage-ID: <m{place}@warga.test>\r\n\r\nIsi surat {place}\r\n").into_bytes()
}

fn code(folder: &Path, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let output = run(folder, arguments, input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(code(at, &["--help"], b"").0, Some(0));
    assert_eq!(code(at, &["fly"], b"").0, Some(2));
    assert_eq!(code(at, &["mail", "ingest"], &mail(1)).0, Some(75), "no database yet: the mail server keeps the mail");
    assert_eq!(code(at, &["demo", "--pack", "tidak-ada"], b"").0, Some(2));
    assert_eq!(code(at, &["policy", "check"], b"").0, Some(0));
    assert_eq!(code(at, &["policy", "show", "oki"], b"").0, Some(0));
    assert_eq!(code(at, &["policy", "show", "tidak-ada"], b"").0, Some(2));
    std::fs::write(
        at.join("rusak.toml"),
        "id = \"rusak\"\nextends = \"bawaan\"\nname = \"Rusak\"\nversion = 1\nzona = \"Asia/Jakarta\"\n",
    )
    .unwrap();
    let (status, _, errors) = code(at, &["policy", "check", at.to_str().unwrap()], b"");
    assert_eq!(status, Some(2));
    assert!(errors.contains("rusak.toml:5:1"), "{errors}");
    let mut command = crate::support::server::meja(&crate::support::server::program(), at);
    let refused = command.env("MEJA_LISTTEN", "x").arg("migrate").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).to_lowercase().contains("listten"));
}

#[test]
fn the_pipe_takes_mail_as_large_as_the_settings_say() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(folder.path(), &["migrate"], b"").0, Some(0));
    let large = [mail(1), b"x".repeat(1_500_000)].concat();
    for (largest, status) in [("1", 2), ("2", 0)] {
        let mut command = crate::support::server::meja(&crate::support::server::program(), folder.path());
        command.args(["mail", "ingest", "--recipient", "meja@localhost"]).env("MEJA_MAIL__LARGEST_MB", largest);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(&large);
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(status), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn policy_explain_prints_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "policy",
        "explain",
        "--pack",
        "oki",
        "--profile",
        "JAM-KERJA",
        "--priority",
        "P2",
        "--opened",
        "2026-02-13T16:10:00+07:00",
        "--json",
    ];
    let (status, out, _) = code(folder.path(), &arguments, b"");
    assert_eq!(status, Some(0));
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["resolution_due"], "2026-02-18T15:40:00+07:00");
    assert_eq!(json["transfer_due"], "2026-02-18T10:55:00+07:00");
    let (status, _, errors) = code(
        folder.path(),
        &[
            "policy",
            "explain",
            "--pack",
            "oki",
            "--profile",
            "X",
            "--priority",
            "P2",
            "--opened",
            "2026-02-13T16:10:00+07:00",
        ],
        b"",
    );
    assert_eq!(status, Some(2), "{errors}");
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--tickets", "0", "--pack", "oki", "--now", START, "--speed", "0"];
    let acknowledged: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mails = AtomicUsize::new(0);
    for round in 0..6_usize {
        let server = Server::start(folder.path(), if round == 0 { &arguments } else { &[] });
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for client in 0..4 {
                let (server, count, acknowledged) = (&server, &count, &acknowledged);
                scope.spawn(move || {
                    for place in 0..6 {
                        let key = format!("{round}-{client}-{place}");
                        let body =
                            json!({"subject": format!("Laporan {key}"), "description": "Uraian", "agency": "DINKES"});
                        let Some((201, ticket)) = server.post("demo-dinkes", "/tickets", &body, &key) else { break };
                        acknowledged.lock().unwrap().insert(ticket["number"].as_str().unwrap().to_owned());
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            let (mails, folder) = (&mails, &folder);
            scope.spawn(move || {
                for _ in 0..3 {
                    let place = mails.load(Ordering::SeqCst);
                    let output = run(folder.path(), &["mail", "ingest", "--recipient", "meja@demo.test"], &mail(place));
                    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
                    mails.fetch_add(1, Ordering::SeqCst);
                }
            });
            // A different moment each round, somewhere in the middle of the work.
            while count.load(Ordering::SeqCst) < 2 + 3 * round {
                std::thread::yield_now();
            }
            server.signal_kill();
        });
        drop(server);
    }
    let server = Server::start(folder.path(), &[]);
    server.clock(START);
    let mut known = BTreeSet::new();
    let (mut from_mail, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = server.get("demo-superadmin", &format!("/tickets?limit=200{cursor}"));
        assert_eq!(status, 200);
        for ticket in page["items"].as_array().unwrap() {
            assert!(known.insert(ticket["number"].as_str().unwrap().to_owned()));
            if ticket["channel"] == "email" {
                from_mail.push(ticket["subject"].as_str().unwrap().to_owned());
            }
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.is_subset(&known), "lost: {:?}", acknowledged.difference(&known).collect::<Vec<_>>());
    from_mail.sort();
    let total = mails.load(Ordering::SeqCst);
    let mut expected: Vec<String> = (0..total).map(|place| format!("Gangguan {place}")).collect();
    expected.sort();
    assert_eq!(from_mail, expected, "each mail is one ticket");
    assert_eq!(code(folder.path(), &["audit", "verify"], b"").0, Some(0));
}

#[test]
fn after_a_kill_every_missed_step_happens_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--tickets", "0", "--pack", "oki", "--now", START, "--speed", "0"]);
    let body = json!({"subject": "E-office galat", "description": "Kesalahan", "service": "e-office", "impact": "broad", "urgency": "high"});
    let (_, ticket) = server.post("demo-superadmin", "/tickets", &body, "k").unwrap();
    let number = ticket["number"].as_str().unwrap().to_owned();
    server.kill();
    let later = "2026-10-21T10:00:00+07:00";
    for _ in 0..2 {
        let server = Server::start(folder.path(), &["--now", later, "--speed", "0"]);
        server.clock(later);
        let (_, page) = server.get("demo-superadmin", &format!("/tickets/{number}/events"));
        let events: Vec<(&str, &str)> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|event| Some((event["kind"].as_str().unwrap(), event["payload"]["due_at"].as_str()?)))
            .collect();
        let expected = [
            ("response_overdue", "2026-10-20T07:10:00Z"),
            ("escalated", "2026-10-20T08:40:00Z"),
            ("warned", "2026-10-21T01:22:00Z"),
            ("breached", "2026-10-21T02:10:00Z"),
        ];
        assert_eq!(events, expected);
        server.kill();
    }
}

/// The same days give the same figures, and every clock and chain is right afterwards.
#[test]
fn simulated_days_are_always_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let figures = || {
        let (status, out, errors) = code(folder.path(), &["simulate", "--days", "3", "--per-day", "12", "--json"], b"");
        assert_eq!(status, Some(0), "{errors}");
        let mut figures: Value = serde_json::from_str(&out).unwrap();
        assert!(figures["seconds"].as_f64().unwrap() > 0.0);
        figures["seconds"] = json!(0);
        figures["tickets_per_second"] = json!(0);
        figures
    };
    let first = figures();
    assert_eq!(first, figures());
    let of = |key: &str| first[key].as_i64().unwrap();
    assert_eq!(of("opened"), 36);
    assert_eq!(of("resolved") + of("open"), 36, "{first}");
    assert!(of("steps") > 0 && of("events") > 100 && of("clocks_wrong") == 0, "{first}");
    assert_eq!(code(folder.path(), &["simulate", "--days", "0", "--per-day", "1"], b"").0, Some(2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left lying about");
}

#[test]
fn a_second_server_on_the_same_folder_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Server::start(folder.path(), &["--tickets", "0"]);
    let (status, _, errors) = code(folder.path(), &["serve"], b"");
    assert_eq!(status, Some(1));
    assert!(errors.contains("another meja server"), "{errors}");
}

#[test]
fn whatever_is_altered_by_hand_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Server::start(at, &["--tickets", "6", "--pack", "oki", "--now", START, "--speed", "0"]).kill();
    assert_eq!(code(at, &["audit", "verify"], b"").0, Some(0));
    let whole = tempfile::tempdir().unwrap();
    let database = at.join("meja.db");
    sql(&database, "pragma wal_checkpoint(truncate)");
    std::fs::copy(&database, whole.path().join("kept.db")).unwrap();
    for (change, what) in [
        ("update event set payload = replace(payload, '{', '{ ') where id = 5", "event"),
        ("update event set actor = 'user:99' where id = 7", "event"),
        ("update event set at = '2026-01-01T00:00:00+00:00' where id = 3", "event"),
        ("delete from event where id = 6", "event"),
        ("delete from event where id = (select max(id) from event)", "event"),
        ("delete from event where stream = (select min(stream) from event)", "event"),
        ("update event set hash = prev_hash where id = 4", "event"),
        ("update seal_head set hash = replace(hash, 'a', 'b')", "seal"),
        ("update ticket set priority = 'P4' where id = 2", "ticket"),
        ("update ticket set breached_at = null, subject = 'lain' where id = 1", "ticket"),
        ("update sla_clock set due_at = '2030-01-01T00:00:00+00:00' where id = 2", "ticket"),
        ("update message set body = 'tidak pernah ditulis' where id = 2", "message"),
        ("delete from message where id = 1", "message"),
        ("update seal set at = '2026-01-01T00:00:00+00:00'", "seal"),
    ] {
        sql(&database, change);
        let (status, out, _) = code(at, &["audit", "verify"], b"");
        assert_eq!(status, Some(1), "{change}: {out}");
        assert!(out.contains(&format!("diubah: {what}")), "{change}: {out}");
        for leftover in ["meja.db-wal", "meja.db-shm"] {
            let _ = std::fs::remove_file(at.join(leftover));
        }
        std::fs::copy(whole.path().join("kept.db"), &database).unwrap();
    }
    assert_eq!(code(at, &["audit", "verify"], b"").0, Some(0));
}

/// Somebody edits the database by hand.
fn sql(database: &Path, statement: &str) {
    let output = std::process::Command::new("sqlite3").arg(database).arg(statement).output();
    let Ok(output) = output else { panic!("the sqlite3 command is needed; tests/all installs it") };
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_hangup_reads_the_packs_again_and_a_bad_one_changes_nothing() {
    let (folder, packs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = crate::support::server::meja(&crate::support::server::program(), folder.path());
    command.env("MEJA_POLICIES_DIR", packs.path()).env("MEJA_LOG", "off");
    command.args([
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--tickets",
        "0",
        "--pack",
        "oki",
        "--now",
        START,
        "--speed",
        "0",
    ]);
    let server = Server::of(command);
    let own = std::fs::read_to_string("sla_policies/oki.toml").unwrap();
    let asked = AtomicUsize::new(0);
    let edition = || {
        let key = asked.fetch_add(1, Ordering::Relaxed).to_string();
        let report = json!({"subject": "Uji", "description": "Uji", "service": "e-office"});
        server.post("demo-superadmin", "/tickets", &report, &key).unwrap().1["pack"].clone()
    };
    assert_eq!(edition(), "oki@1");
    std::fs::write(packs.path().join("oki.toml"), own.replace("zone", "zona")).unwrap();
    server.signal("-HUP");
    assert_eq!(edition(), "oki@1");
    // The next good one is taken up: so the bad one was read before, and the server still answers.
    std::fs::write(packs.path().join("oki.toml"), own.replace("version = 1", "version = 2")).unwrap();
    server.signal("-HUP");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while edition() != "oki@2" {
        assert!(std::time::Instant::now() < deadline, "the new edition was not taken up");
    }
}

#[test]
fn a_fresh_demo_shows_its_first_page_and_says_that_it_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--tickets", "3"]);
    assert_eq!(server.page("/healthz"), (200, "ok".to_owned()));
    assert_eq!(server.page("/readyz").0, 200);
    let (status, html) = server.page("/");
    assert_eq!(status, 200);
    assert!(html.contains("/lapor") && html.contains("/lacak"), "{html}");
    assert_eq!(server.page("/api/v1/openapi.json").0, 200);
    assert_eq!(server.page("/tidak-ada").0, 404);
}

#[test]
fn the_same_request_sent_at_once_is_one_ticket_for_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--tickets", "0"]);
    let body = json!({"subject": "Sekali saja", "description": "Uraian", "agency": "DINKES"});
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..8).map(|_| scope.spawn(|| server.post("demo-dinkes", "/tickets", &body, "kunci").unwrap())).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let numbers: BTreeSet<String> = answers
        .iter()
        .map(|(status, ticket)| {
            assert_eq!(*status, 201, "{ticket}");
            ticket["number"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(numbers.len(), 1);
}

#[test]
fn a_demo_whose_filling_was_broken_off_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path(), &["--tickets", "2"]).kill();
    sql(&folder.path().join("meja.db"), "update setting set value = 'filling' where key = 'demo'");
    let server = Server::start(folder.path(), &["--tickets", "4"]);
    let (_, page) = server.get("demo-superadmin", "/tickets");
    assert_eq!(page["items"].as_array().unwrap().len(), 4);
}

#[test]
fn an_installation_is_made_peopled_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (status, _, errors) = code(at, &["init", "--pack", "oki", "--admin", "admin@oki.test"], b"");
    assert_eq!(status, Some(0), "{errors}");
    let added = ["user", "add", "ana@oki.test", "--name", "Ana", "--role", "tier2_unit"];
    let (status, link, errors) = code(at, &added, b"");
    assert!(status == Some(0) && link.contains("http"), "{link}{errors}");
    assert_eq!(code(at, &["user", "add", "ana@oki.test", "--name", "Ana", "--role", "raja"], b"").0, Some(2));
    let (status, token, errors) = code(at, &["token", "create", "--user", "ana@oki.test", "--scope", "read"], b"");
    assert!(status == Some(0) && token.trim().len() > 20, "{token}{errors}");
    assert_ne!(code(at, &["token", "create", "--user", "siapa@oki.test", "--scope", "read"], b"").0, Some(0));
    let here = meja::clock::Clock::system().now().with_timezone(&chrono_tz::Asia::Jakarta);
    let month = here.format("%Y-%m").to_string();
    for (format, begin) in [("json", &b"{"[..]), ("csv", &[0xEF, 0xBB, 0xBF]), ("xlsx", b"PK"), ("pdf", b"%PDF-")] {
        let file = at.join(format!("laporan.{format}"));
        let told = ["report", "monthly", "--month", &month, "--format", format, "-o", file.to_str().unwrap()];
        let (status, said, errors) = code(at, &told, b"");
        assert_eq!(status, Some(0), "{format}: {errors}");
        assert!(said.contains("Laporan bulanan"), "{said}");
        assert!(std::fs::read(&file).unwrap().starts_with(begin), "{format}");
    }
    let file = at.join("x.json");
    let file = file.to_str().unwrap();
    let bad = ["report", "monthly", "--month", "2026-13", "--format", "json", "-o", file];
    assert_eq!(code(at, &bad, b"").0, Some(2), "no such month");
    let strange = ["report", "monthly", "--month", &month, "--agency", "ENTAH", "--format", "json", "-o", file];
    let (status, _, errors) = code(at, &strange, b"");
    assert!(status == Some(2) && errors.contains("ENTAH"), "{errors}");
}
