//! Backups the installation makes by itself: on schedule, for somebody, tested, copied, encrypted, kept and told of.

use crate::backup::{backed_up, here, lively, there};
use crate::duty_pages::signed_in;
use crate::settings_pages::{send, went_to};
use crate::support::app::{Engine, TestApp, readable};
use crate::support::db;
use crate::support::on_both;
use meja::desk::Desk;
use meja::desk::backup::{back_up, restore};
use meja::desk::backup_file::check;
use meja::desk::backup_lock::Lock;
use meja::desk::backup_settings::{Backups, Place};
use meja::domain::backup::BackupCause;
use meja::error::Error;
use meja::store::{self, Db};
use poem::http::StatusCode;
use std::path::Path;
use std::sync::Arc;

on_both! {
    every_night_one_backup_is_made_and_old_ones_go = nightly;
    a_backup_that_fails_is_told_and_tried_again = failing;
    nodes_share_the_backups = shared;
    an_encrypted_backup_is_rehearsed_and_opened_by_its_key_only = locked;
}

/// The same desk with backups in a folder of its own.
fn keeping(app: &TestApp, folder: &Path, settings: Backups) -> Desk {
    let place = Place { lock: settings.place.lock.clone(), ..here(app, folder) };
    let backups = Backups { place, folder: folder.join("cadangan"), ..settings };
    Desk { backups: Arc::new(backups), node: "satu:1".into(), ..app.desk.clone() }
}

fn nightly_settings(copy_to: Option<&Path>) -> Backups {
    Backups {
        at: chrono::NaiveTime::from_hms_opt(1, 30, 0),
        keep: 2,
        keep_months: 2,
        copy_to: copy_to.map(Path::to_owned),
        ..Backups::default()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn kinds(desk: &Desk, name: &str) -> Vec<String> {
    let mut tx = desk.db.read().await.unwrap();
    let events = store::events::of_stream(&mut tx, &format!("backup:{name}"), 0, 50).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

async fn rows(desk: &Desk) -> Vec<store::backups::Backup> {
    store::backups::list(&mut desk.db.read().await.unwrap(), i64::MAX, 99).await.unwrap()
}

async fn nightly(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let (own, copies) = (folder.path().join("cadangan"), folder.path().join("lain"));
    let desk = keeping(&app, folder.path(), nightly_settings(Some(&copies)));
    assert_eq!(desk.run_backups().await.unwrap(), 0, "whoever is new waits for his first night");
    assert!(desk.last_backup().await.unwrap().is_too_old);
    for day in ["09", "10", "11", "12"] {
        app.clock(&format!("2026-10-{day}T01:29:59+07:00")).await;
        assert_eq!(desk.run_backups().await.unwrap(), 0, "{day}: not yet");
        app.clock(&format!("2026-10-{day}T01:30:00+07:00")).await;
        assert_eq!(desk.run_backups().await.unwrap(), 1, "{day}");
        assert_eq!(desk.run_backups().await.unwrap(), 0, "{day}: once");
    }
    app.clock("2026-11-02T09:00:00+07:00").await;
    assert_eq!(desk.run_backups().await.unwrap(), 1, "what was missed is made up for once");
    let kept = ["cadangan-20261012-013000-harian.meja", "cadangan-20261102-013000-harian.meja"];
    assert_eq!(names(&own), kept);
    assert_eq!(names(&copies), kept);
    let last = desk.last_backup().await.unwrap();
    let backup = last.backup.unwrap();
    assert!(!last.is_too_old && backup.tested_at.is_some() && backup.copied_at.is_some(), "{backup:?}");
    assert_eq!((backup.name.as_str(), backup.tickets, backup.file_count), (kept[1], Some(2), Some(1)));
    assert_eq!(kinds(&desk, kept[1]).await, ["backup_made"]);
    assert_eq!(kinds(&desk, "cadangan-20261009-013000-harian.meja").await, ["backup_made", "backup_removed"]);
    let other = there(None);
    assert_eq!(restore(&copies.join(kept[1]), &other.place, false, desk.now()).await.unwrap().tickets, 2);
    app.audit_is_intact().await;
    assert!(app.mails_to("sistem@demo.test").await.is_empty(), "nothing was wrong");
}

async fn failing(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    // A file stands where the folder should be: nothing can be written.
    std::fs::write(folder.path().join("cadangan"), "x").unwrap();
    let desk = keeping(&app, folder.path(), nightly_settings(Some(&folder.path().join("cadangan/lain"))));
    app.clock("2026-10-12T01:30:00+07:00").await;
    assert_eq!(desk.run_backups().await.unwrap(), 1);
    let row = rows(&desk).await.remove(0);
    assert_eq!(row.state, "failed");
    assert!(row.problem.is_some());
    assert_eq!(kinds(&desk, &row.name).await, ["backup_failed"]);
    let mails = app.mails_to("sistem@demo.test").await;
    assert_eq!(mails.len(), 1);
    let text = readable(&mails[0]);
    assert!(text.contains("Subject: Cadangan gagal") && text.contains("/kerja/cadangan"), "{text}");
    app.clock("2026-10-12T02:00:00+07:00").await;
    assert_eq!(desk.run_backups().await.unwrap(), 0, "not at once");
    std::fs::remove_file(folder.path().join("cadangan")).unwrap();
    // The copy cannot be made: the backup is good all the same, and somebody is told.
    std::fs::write(folder.path().join("lain"), "x").unwrap();
    let desk = keeping(&app, folder.path(), nightly_settings(Some(&folder.path().join("lain/sini"))));
    app.clock("2026-10-12T02:30:01+07:00").await;
    assert_eq!(desk.run_backups().await.unwrap(), 1, "an hour later");
    let row = rows(&desk).await.remove(0);
    assert_eq!((row.state.as_str(), row.copied_at), ("good", None));
    assert!(row.copy_problem.is_some());
    assert_eq!(app.mails_to("sistem@demo.test").await.len(), 2);
    // Bits rot: a test finds it.
    let file = folder.path().join("cadangan").join(&row.name);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let mut tx = desk.db.write().await.unwrap();
    assert!(store::backups::ask_test(&mut tx, &row.name).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(desk.run_backups().await.unwrap(), 1);
    let row = rows(&desk).await.remove(0);
    assert!(row.test_problem.is_some() && !row.test_asked && row.state == "good", "{row:?}");
    assert_eq!(kinds(&desk, &row.name).await, ["backup_made", "backup_tested"]);
    assert_eq!(app.mails_to("sistem@demo.test").await.len(), 3);
    app.audit_is_intact().await;
}

async fn shared(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let one = keeping(&app, folder.path(), nightly_settings(None));
    let two = Desk { node: "dua:2".into(), ..one.clone() };
    app.clock("2026-10-12T01:30:00+07:00").await;
    let (first, second) = tokio::join!(one.run_backups(), two.run_backups());
    assert_eq!(first.unwrap() + second.unwrap(), 1, "one backup is made by one of them");
    // A node dies in the middle: the other begins anew.
    let mut tx = one.db.write().await.unwrap();
    store::backups::ask(&mut tx, "mati.meja", BackupCause::Person, None, one.now()).await.unwrap();
    let asked = store::backups::by_name(&mut tx, "mati.meja").await.unwrap().unwrap();
    let long_ago = one.clock.machine() - chrono::Duration::seconds(1);
    assert!(store::backups::claim(&mut tx, &asked, &one.node, long_ago).await.unwrap());
    tx.commit().await.unwrap();
    std::fs::write(folder.path().join("cadangan/mati.meja"), "half a backup").unwrap();
    assert_eq!(two.run_backups().await.unwrap(), 1);
    let row = rows(&two).await.into_iter().find(|it| it.name == "mati.meja").unwrap();
    assert_eq!((row.state.as_str(), row.node.as_str(), row.tries), ("good", "dua:2", 2));
    assert!(check(&folder.path().join("cadangan/mati.meja"), &Lock::default()).is_ok());
    assert!(one.run_recurring(meja::desk::recurring::Recurring::Forget).await.unwrap());
    assert!(!two.run_recurring(meja::desk::recurring::Recurring::Forget).await.unwrap(), "once a turn");
}

async fn locked(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("sandi"), "kuda benar baterai staples\n").unwrap();
    std::fs::write(at("salah"), "kuda salah baterai staples\n").unwrap();
    std::fs::write(at("pendek"), "pendek\n").unwrap();
    assert!(Lock::default().with_passphrase_file(&at("pendek")).is_err(), "no protection");
    let key = age_key();
    std::fs::write(at("kunci.txt"), format!("# kunci\n{}\n", key.0)).unwrap();
    std::fs::write(at("lain.txt"), age_key().0).unwrap();
    let settings = meja::config::backup::BackupConfig { recipients: vec![key.1], ..Default::default() };
    let word = Lock::default().with_passphrase_file(&at("sandi")).unwrap();
    let for_key = Lock::of(&settings).unwrap();
    let cases = [
        (word.clone(), word.clone(), Lock::default().with_passphrase_file(&at("salah")).unwrap()),
        (
            for_key,
            Lock::default().with_identity_file(&at("kunci.txt")).unwrap(),
            Lock::default().with_identity_file(&at("lain.txt")).unwrap(),
        ),
    ];
    for (place, (closes, opens, wrong)) in cases.into_iter().enumerate() {
        let file = at(&format!("c{place}.meja.age"));
        let from = Place { lock: closes, ..here(&app, folder.path()) };
        let made = back_up(&app.desk.db, &from, &file, app.desk.now()).await.unwrap();
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1"), "what lies on the disk is encrypted");
        let other = there(None);
        for (lock, key) in [(Lock::default(), "backup-locked"), (wrong, "backup-wrong-key")] {
            let place = Place { lock, ..other.place.clone() };
            let refused = restore(&file, &place, false, app.desk.now()).await.unwrap_err();
            assert!(format!("{refused:?}").contains(key), "{refused:?}");
        }
        let open = Place { lock: opens, ..other.place.clone() };
        for damaged in [bytes[..bytes.len() - 20].to_vec(), [&bytes[..300], &bytes[310..]].concat()] {
            std::fs::write(at("rusak.age"), damaged).unwrap();
            let refused = restore(&at("rusak.age"), &open, false, app.desk.now()).await.unwrap_err();
            assert!(matches!(refused, Error::Invalid(_)), "{refused:?}");
        }
        assert_eq!(std::fs::read_dir(other.folder.path()).unwrap().count(), 0, "nothing was changed");
        assert_eq!(restore(&file, &open, false, app.desk.now()).await.unwrap().rows, made.rows);
    }
}

/// A private key and its public half.
fn age_key() -> (String, String) {
    use age::secrecy::ExposeSecret as _;
    let key = age::x25519::Identity::generate();
    (key.to_string().expose_secret().to_owned(), key.to_public().to_string())
}

/// From the shared database back into a file, and into the shared one again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_moves_there_and_back() {
    let Some(app) = lively(Engine::Sqlite).await else { return };
    let Some(url) = db::postgres_url().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, made) = backed_up(&app, folder.path()).await;
    let shared = there(Some(url.clone()));
    restore(&file, &shared.place, false, app.desk.now()).await.unwrap();
    let db = Db::connect(&url).await.unwrap();
    let back = folder.path().join("pulang.meja");
    let again = back_up(&db, &shared.place, &back, app.desk.now()).await.unwrap();
    assert_eq!((again.tickets, again.files), (made.tickets, made.files));
    let home = there(None);
    restore(&back, &home.place, false, app.desk.now()).await.unwrap();
    let file = Db::connect(&home.place.database_url).await.unwrap();
    assert!(meja::desk::audit::verify(&file).await.unwrap().ok);
    file.close().await;
    db::discard(db).await;
}

const PAGE: &str = "/kerja/cadangan";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_runs_the_house_makes_tests_and_fetches_backups() {
    let mut app = lively(Engine::Sqlite).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    app.desk = keeping(&app, folder.path(), nightly_settings(None));
    let app = app.again();
    let admin = signed_in(&app, "sistem@demo.test").await;
    let page = admin.get(PAGE).await;
    page.shows("Belum ada cadangan. Buat cadangan pertama sekarang.").shows("Cadangan tidak dienkripsi");
    let page = send(&admin, PAGE, PAGE, &[]).await;
    went_to(&page, "/kerja/cadangan?kabar=buat");
    admin.get(&page.location).await.shows("Menunggu").shows("Sedang bekerja.");
    assert_eq!(app.desk.run_backups().await.unwrap(), 1);
    let name = rows(&app.desk).await.remove(0).name;
    let page = admin.get(PAGE).await;
    page.shows(&name).shows("Lulus uji pulih").shows("2 tiket");
    let tested = send(&admin, PAGE, &format!("{PAGE}/{name}/uji"), &[]).await;
    went_to(&tested, "/kerja/cadangan?kabar=uji");
    assert_eq!(app.desk.run_backups().await.unwrap(), 1);
    std::fs::write(folder.path().join("cadangan").join(&name), "isi").unwrap();
    let fetched = send(&admin, PAGE, &format!("{PAGE}/{name}/unduh"), &[]).await;
    assert_eq!((fetched.status, fetched.html.as_str()), (StatusCode::OK, "isi"));
    assert_eq!(
        kinds(&app.desk, &name).await,
        ["backup_asked", "backup_made", "backup_test_asked", "backup_tested", "backup_fetched"]
    );
    assert_eq!(send(&admin, PAGE, &format!("{PAGE}/entah.meja/uji"), &[]).await.status, StatusCode::NOT_FOUND);
    std::fs::remove_file(folder.path().join("cadangan").join(&name)).unwrap();
    let gone = send(&admin, PAGE, &format!("{PAGE}/{name}/unduh"), &[]).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    gone.shows("tidak ada di server ini");
    admin.get("/kerja/kesehatan").await.shows("Lulus uji pulih");
    admin.get("/kerja/pekerjaan").await.shows("Menyegel jejak audit").shows("Belum pernah");
    app.desk.run_recurring(meja::desk::recurring::Recurring::Seal).await.unwrap();
    admin.get("/kerja/pekerjaan").await.shows("Selesai");
    admin.get("/kerja/audit?jenis=backup").await.shows("Cadangan diunduh");
    for other in ["superadmin@demo.test", "admin.dinkes@demo.test"] {
        let other = signed_in(&app, other).await;
        assert_eq!(other.get(PAGE).await.status, StatusCode::FORBIDDEN);
        assert_eq!(other.get("/kerja/pekerjaan").await.status, StatusCode::FORBIDDEN);
    }
}
