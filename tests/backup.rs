//! Backup and restore: what comes back is what was there, on either database; what is damaged never comes back.

use crate::support::app::{Engine, TestApp};
use crate::support::db;
use crate::support::on_both;
use crate::support::server::{Server, run};
use meja::desk::backup::{Load, back_up, restore};
use meja::desk::backup_file::{Head, Writer, check};
use meja::desk::backup_lock::Lock;
use meja::desk::backup_settings::Place;
use meja::error::Error;
use meja::store::archive::{self, Cell};
use meja::store::{self, Db};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

on_both! {
    an_installation_comes_back_whole = whole;
    an_installation_grows_into_a_shared_database = grows;
    a_restored_copy_sends_nothing_before_it_is_let_go = parked;
}

const LETTER: &str = "From: Siti <siti@warga.test>\r\nTo: meja@desk.test\r\nSubject: Foto rusak\r\n\
    Message-ID: <b1@warga.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nFoto \u{201c}rusak\u{201d} \u{1f6e0}\r\n\
    --b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=\"a.png\"\r\n\
    Content-Transfer-Encoding: base64\r\n\r\naGFsbw==\r\n--b--\r\n";

/// A region in which something of everything has happened.
pub async fn lively(engine: Engine) -> Option<TestApp> {
    let app = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await?;
    app.deliver(LETTER, "meja@desk.test", "siti@warga.test").await;
    let body = json!({"kind": "incident", "subject": "SIMPUS mati", "description": "Sejak pagi", "agency": "DINKES",
        "requester": {"name": "Budi", "email": "budi@warga.test"}});
    let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
    let number = ticket["number"].as_str().unwrap();
    app.clock("2026-10-05T10:00:00+07:00").await;
    app.post("demo-dinkes", &format!("/tickets/{number}/acknowledge"), json!({})).await.ok(200);
    app.clock("2026-10-09T10:00:00+07:00").await;
    app.desk.seal().await.unwrap();
    Some(app)
}

/// Another machine.
pub struct There {
    pub folder: TempDir,
    pub place: Place,
}

pub fn there(database_url: Option<String>) -> There {
    let folder = tempfile::tempdir().unwrap();
    let under = |name: &str| folder.path().join(name);
    let place = Place {
        database_url: database_url.unwrap_or_else(|| format!("sqlite://{}", under("meja.db").display())),
        files: under("files"),
        secret: under("secret"),
        scratch: folder.path().to_owned(),
        ..Place::default()
    };
    There { folder, place }
}

pub fn here(app: &TestApp, scratch: &Path) -> Place {
    let key = scratch.join("kunci");
    std::fs::write(&key, "k".repeat(64)).unwrap();
    Place { files: app.desk.files.clone(), secret: key, scratch: scratch.to_owned(), ..Place::default() }
}

pub async fn backed_up(app: &TestApp, folder: &Path) -> (PathBuf, Load) {
    let file = folder.join("cadangan.meja");
    let load = back_up(&app.desk.db, &here(app, folder), &file, app.desk.now()).await.unwrap();
    (file, load)
}

/// Every row of every table but the mark that mail is held.
async fn rows(db: &Db) -> Vec<(String, Vec<String>)> {
    let mut tx = db.read().await.unwrap();
    let mut all = Vec::new();
    for table in archive::tables(&mut tx).await.unwrap() {
        let mut rows = Vec::new();
        archive::read(&mut tx, &table, |cells| {
            if !cells.contains(&Cell::Text(Some("mail_parked".to_owned()))) {
                rows.push(format!("{cells:?}"));
            }
            Ok(())
        })
        .await
        .unwrap();
        rows.sort();
        all.push((table.name, rows));
    }
    all
}

async fn whole(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, made) = backed_up(&app, folder.path()).await;
    assert_eq!((made.tickets, made.files, made.missing.len(), made.altered.as_ref()), (2, 1, 0, None));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2,
        "the key and the backup: nothing is left lying about"
    );
    let other = there(None);
    let back = restore(&file, &other.place, false, app.desk.now()).await.unwrap();
    assert_eq!((back.tickets, back.rows, back.files), (made.tickets, made.rows, 1));
    let db = Db::connect(&other.place.database_url).await.unwrap();
    assert_eq!(rows(&db).await, rows(&app.desk.db).await);
    assert!(meja::desk::audit::verify(&db).await.unwrap().ok);
    assert_eq!(std::fs::read_to_string(&other.place.secret).unwrap(), "k".repeat(64));
    let mut kept = std::fs::read_dir(&other.place.files).unwrap();
    let kept = std::fs::read_dir(kept.next().unwrap().unwrap().path()).unwrap().next().unwrap().unwrap();
    assert_eq!(std::fs::read(kept.path()).unwrap(), b"halo");
    // The triggers work again: a ticket that closes is no longer counted.
    let mut tx = db.write().await.unwrap();
    let number: Vec<_> = store::clocks::open_tickets(&mut tx, 0, 1).await.unwrap();
    let ticket = store::tickets::by_id(&mut tx, number[0]).await.unwrap().unwrap();
    let before = counted(&mut tx).await;
    let closed = meja::domain::ticket::Ticket {
        version: ticket.version + 1,
        status: meja::domain::ticket::Status::Closed,
        ..ticket
    };
    store::tickets::update(&mut tx, &closed).await.unwrap();
    assert_eq!(counted(&mut tx).await, before - 1);
    tx.commit().await.unwrap();
    db.close().await;
    assert!(other.folder.path().exists());
}

async fn counted(tx: &mut store::Tx) -> i64 {
    let everything = meja::domain::people::Visibility {
        all: true,
        agencies: Vec::new(),
        requester: String::new(),
        only_agency: None,
    };
    store::queues::counts(tx, &everything, 1).await.unwrap().open
}

async fn grows(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let Some(url) = db::postgres_url().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, made) = backed_up(&app, folder.path()).await;
    let other = there(Some(url.clone()));
    let back = restore(&file, &other.place, false, app.desk.now()).await.unwrap();
    assert_eq!(back.rows, made.rows);
    let db = Db::connect(&url).await.unwrap();
    assert_eq!(rows(&db).await, rows(&app.desk.db).await);
    // New keys begin after those that came.
    let mut tx = db.write().await.unwrap();
    store::settings::set(&mut tx, "probe", "1").await.unwrap();
    let (_, key) = store::tickets::next_number(&mut tx, "2610").await.unwrap();
    let old = store::tickets::count(&mut tx).await.unwrap();
    assert!(key > old);
    let label = meja::domain::message::Message {
        id: 0,
        at: app.desk.now(),
        author: "user:1".to_owned(),
        author_name: "Ani".to_owned(),
        visibility: meja::domain::message::MessageVisibility::Internal,
        body: "Setelah pindah".to_owned(),
        channel: "web".to_owned(),
    };
    store::messages::insert(&mut tx, 1, &label).await.unwrap();
    tx.commit().await.unwrap();
    let again = restore(&file, &other.place, false, app.desk.now()).await.unwrap_err();
    assert!(matches!(again, Error::Conflict { .. }), "{again}");
    restore(&file, &other.place, true, app.desk.now()).await.unwrap();
    assert_eq!(rows(&db).await, rows(&app.desk.db).await, "with force everything is as it was");
    db::discard(db).await;
}

async fn parked(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let body = json!({"kind": "incident", "subject": "Surel belum terkirim", "description": "Sejak pagi",
        "agency": "DINKES", "requester": {"name": "Cici", "email": "cici@warga.test"}});
    app.post("demo-superadmin", "/tickets", body).await.ok(201);
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = backed_up(&app, folder.path()).await;
    let other = there(None);
    let back = restore(&file, &other.place, false, app.desk.now()).await.unwrap();
    assert!(back.waiting_mails > 0);
    let mut copy = app.desk.clone();
    copy.db = Db::connect(&other.place.database_url).await.unwrap();
    copy.transport = meja::mail::transport::Transport::Page;
    assert_eq!(copy.send_outbox().await.unwrap(), 0);
    assert!(copy.is_parked().await.unwrap());
    assert_eq!(copy.release_mail().await.unwrap(), back.waiting_mails);
    assert_eq!(i64::try_from(copy.send_outbox().await.unwrap()).unwrap(), back.waiting_mails);
    assert!(matches!(copy.release_mail().await, Err(Error::Conflict { .. })));
    copy.db.close().await;
}

/// Wherever a byte is turned over or the file is cut, nothing of it is believed and nothing is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_changes_nothing() {
    let app = lively(Engine::Sqlite).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = backed_up(&app, folder.path()).await;
    let good = std::fs::read(&file).unwrap();
    assert!(check(&file, &Lock::default()).is_ok());
    let other = there(None);
    let bad = folder.path().join("rusak.meja");
    let step = good.len() / 300 + 1;
    for place in (0..good.len()).step_by(step) {
        for damaged in [turned(&good, place), good[..place].to_vec()] {
            std::fs::write(&bad, damaged).unwrap();
            let error = restore(&bad, &other.place, false, app.desk.now()).await.unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "at {place}: {error}");
        }
    }
    std::fs::write(&bad, [good.clone(), b"x".to_vec()].concat()).unwrap();
    assert!(restore(&bad, &other.place, false, app.desk.now()).await.is_err(), "something follows the end");
    let left: Vec<_> = std::fs::read_dir(other.folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

fn turned(good: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = good.to_vec();
    bytes[place] ^= 1;
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_of_newer_programs_and_strange_entries_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = there(None);
    let head =
        |schema: i64| Head { program: "9.9.9".to_owned(), schema, at: "2026-10-05T00:00:00Z".to_owned(), pack: None };
    let now = "2026-10-05T00:00:00Z".parse().unwrap();
    let newer = folder.path().join("baru.meja");
    Writer::create(&newer, &head(Db::newest_schema() + 1)).unwrap().finish().unwrap();
    let error = restore(&newer, &other.place, false, now).await.unwrap_err();
    assert!(format!("{error:?}").contains("backup-newer"), "{error:?}");
    for (place, name) in ["../lari", "/etc/passwd", "file/../../x", "rows/ticket/1", "file/abc"].into_iter().enumerate()
    {
        let file = folder.path().join(format!("aneh{place}.meja"));
        let mut writer = Writer::create(&file, &head(Db::newest_schema())).unwrap();
        writer.entry(name, b"isi").unwrap();
        writer.finish().unwrap();
        let error = restore(&file, &other.place, false, now).await.unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{name}: {error}");
    }
    let unknown = folder.path().join("tabel.meja");
    let mut writer = Writer::create(&unknown, &head(Db::newest_schema())).unwrap();
    writer.entry("rows/ticket/000001", b"{\"name\":\"ticket\",\"columns\":[[\"id\",\"int\"]]}\n[1]").unwrap();
    writer.finish().unwrap();
    assert!(restore(&unknown, &other.place, false, now).await.is_err(), "columns that the schema does not have");
    assert_eq!(std::fs::read_dir(other.folder.path()).unwrap().count(), 0);
}

/// From the console: beside a working server, into an empty folder, and never over an installation unasked.
#[test]
fn the_commands_back_up_a_working_server_and_bring_it_back() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = two.path().join("cadangan.meja");
    let file = file.to_str().unwrap();
    let server = Server::start(one.path(), &["--tickets", "6", "--pack", "oki"]);
    let made = run(one.path(), &["backup", file], b"");
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(run(one.path(), &["backup", file], b"").status.code(), Some(2), "a backup is never written over");
    assert_eq!(run(one.path(), &["restore", file, "--force"], b"").status.code(), Some(1), "a server works here");
    drop(server);
    assert_eq!(run(one.path(), &["restore", file], b"").status.code(), Some(1), "an installation lies here");
    let target = tempfile::tempdir().unwrap();
    let back = run(target.path(), &["restore", file], b"");
    assert_eq!(back.status.code(), Some(0), "{}", String::from_utf8_lossy(&back.stderr));
    assert_eq!(run(target.path(), &["audit", "verify"], b"").status.code(), Some(0));
    assert_eq!(run(target.path(), &["restore", file, "--force"], b"").status.code(), Some(0));
    assert_eq!(run(target.path(), &["mail", "release"], b"").status.code(), Some(0));
    assert_eq!(run(target.path(), &["mail", "release"], b"").status.code(), Some(1));
    std::fs::write(file, "bukan cadangan").unwrap();
    assert_eq!(run(target.path(), &["restore", file], b"").status.code(), Some(2));
}
