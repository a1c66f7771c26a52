//! Whatever somebody alters, removes, inserts or puts in another order, by hand and with all rights on the database, the
//! first bad place is named; and who rewrites all of it is found by what lies elsewhere.

use crate::backup::lively;
use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use meja::desk::Desk;
use meja::desk::audit::{Finding, Verdict, verify_with};
use meja::desk::seal_copy::Beside;
use meja::desk::seal_settings::SealCopies;
use meja::domain::event::{ActorLabel, Event};
use meja::store::{self, Db};
use sqlx::{AssertSqlSafe, Connection as _};
use std::path::Path;
use std::sync::Arc;

on_both! {
    each_kind_of_forgery_is_named_by_its_first_place = forged;
    a_changed_attachment_is_found = attachments;
    a_rewritten_past_differs_from_what_lies_elsewhere = rewritten;
    seals_are_signed_copied_once_and_mailed = signed;
}

/// Somebody edits the database by hand.
async fn edit(db: &Db, statements: &[&str]) {
    for statement in statements {
        let text = AssertSqlSafe((*statement).to_owned());
        match db {
            Db::Postgres(pool) => _ = sqlx::query(text).execute(pool).await.unwrap(),
            Db::Sqlite { readers, .. } => {
                let list = "select file from pragma_database_list where name = 'main'";
                let file: String = sqlx::query_scalar(list).fetch_one(readers).await.unwrap();
                let mut own = sqlx::SqliteConnection::connect(&format!("sqlite://{file}")).await.unwrap();
                sqlx::query("pragma foreign_keys = off").execute(&mut own).await.unwrap();
                sqlx::query(text).execute(&mut own).await.unwrap();
                own.close().await.unwrap();
            }
        }
    }
}

async fn found(desk: &Desk) -> Verdict {
    desk.verify_audit().await.unwrap()
}

/// Forges, looks what is found, and puts everything back.
async fn forge(app: &TestApp, forgery: &[&str], back: &[&str]) -> Finding {
    edit(&app.desk.db, forgery).await;
    let first = found(&app.desk).await.first.unwrap_or_else(|| panic!("{forgery:?} is not found"));
    edit(&app.desk.db, back).await;
    assert!(found(&app.desk).await.ok, "put back after {forgery:?}: {:?}", found(&app.desk).await.first);
    first
}

#[expect(clippy::too_many_lines, reason = "a list of forgeries")]
async fn forged(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let ticket =
        app.get("demo-superadmin", "/tickets").await.ok(200)["items"][0]["number"].as_str().unwrap().to_owned();
    let place = |seq: i64| format!("stream = '{ticket}' and seq = {seq}");
    let count = app.events(&ticket).await.len();
    assert!(count >= 3, "{count} events");
    let changed = format!("update event set actor = 'user:9' || actor where {}", place(2));
    let back = format!("update event set actor = substr(actor, 7) where {}", place(2));
    let first = forge(&app, &[&changed], &[&back]).await;
    assert_eq!(
        (first.what, first.stream.as_str(), first.seq, first.problem),
        ("event", ticket.as_str(), Some(2), "altered")
    );

    let keep = format!("create table kept as select * from event where {}", place(2));
    let removed = format!("delete from event where {}", place(2));
    let restore = "insert into event select * from kept";
    let first = forge(&app, &[&keep, &removed], &[restore, "drop table kept"]).await;
    assert_eq!((first.stream.as_str(), first.seq, first.problem), (ticket.as_str(), Some(3), "missing_before"));

    // In another order: the second and the third change places.
    let swap = |from: i64, to: i64| format!("update event set seq = {to} where {}", place(from));
    let order = [swap(2, -1), swap(3, 2), swap(-1, 3)];
    let order: Vec<&str> = order.iter().map(String::as_str).collect();
    let first = forge(&app, &order, &order).await;
    assert_eq!((first.stream.as_str(), first.seq, first.problem), (ticket.as_str(), Some(2), "chain_broken"));

    // Inserted, well made and at the end: the ticket's row does not tell of it.
    let head = {
        let mut tx = app.desk.db.read().await.unwrap();
        store::events::head(&mut tx, &ticket).await.unwrap().unwrap()
    };
    let mut inserted = Event {
        stream: ticket.clone(),
        seq: head.0 + 1,
        at: app.desk.now(),
        actor: ActorLabel::clock(),
        kind: "noted".to_owned(),
        payload: "{}".to_owned(),
        state: None,
        prev_hash: head.1,
        hash: String::new(),
    };
    inserted.hash = meja::secret::sha256(inserted.preimage());
    let mut tx = app.desk.db.write().await.unwrap();
    store::events::append(&mut tx, &[inserted.clone()]).await.unwrap();
    tx.commit().await.unwrap();
    let first = found(&app.desk).await.first.unwrap();
    assert_eq!((first.what, first.stream.as_str(), first.seq), ("ticket", ticket.as_str(), Some(inserted.seq)));
    edit(&app.desk.db, &[&format!("delete from event where {}", place(inserted.seq))]).await;

    // In the middle: whoever comes after it does not follow it.
    let shift = format!("update event set seq = seq + 1000 where stream = '{ticket}' and seq >= 2");
    let insert = format!(
        "insert into event (stream, seq, at, actor, kind, payload, state, prev_hash, hash) select stream, 2, at, actor, kind, payload, state, prev_hash, hash from event where {}",
        place(1)
    );
    let close = format!("update event set seq = seq - 999 where stream = '{ticket}' and seq >= 1000");
    let away = format!("delete from event where {}", place(2));
    let down = format!("update event set seq = seq - 1 where stream = '{ticket}' and seq >= 3");
    // One by one, so that no two ever stand at one place.
    let down: Vec<String> =
        (3..=i64::try_from(count).unwrap() + 1).map(|seq| format!("{down} and seq = {seq}")).collect();
    let back: Vec<&str> = std::iter::once(away.as_str()).chain(down.iter().map(String::as_str)).collect();
    let first = forge(&app, &[&shift, &insert, &close], &back).await;
    assert_eq!((first.stream.as_str(), first.seq, first.problem), (ticket.as_str(), Some(2), "chain_broken"));

    // The end of a sealed chain is cut off.
    let cut = format!("stream = '{ticket}' and seq = {count}");
    let keep = format!("create table kept as select * from event where {cut}");
    let first = forge(&app, &[&keep, &format!("delete from event where {cut}")], &[restore, "drop table kept"]).await;
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("event", ticket.as_str(), "removed"));

    // A ticket goes, its events stay; and the other way round.
    let rename = format!("update ticket set number = 'X' || number where number = '{ticket}'");
    let named = format!("update ticket set number = substr(number, 2) where number = 'X{ticket}'");
    let first = forge(&app, &[&rename], &[&named]).await;
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("ticket", ticket.as_str(), "removed"));
    let first = forge(
        &app,
        &["update seal set root = 'x' || root where id = 1"],
        &["update seal set root = substr(root, 2) where id = 1"],
    )
    .await;
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("seal", "1", "altered"));
    let first = forge(
        &app,
        &["update seal_head set hash = 'x' || hash where seal_id = 1 and seq = 1"],
        &["update seal_head set hash = substr(hash, 2) where seal_id = 1 and seq = 1"],
    )
    .await;
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("seal", "1", "altered"));
}

async fn attachments(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let other = meja::secret::sha256("lain");
    let first = forge(
        &app,
        &[
            "create table kept as select id, sha256 from attachment",
            &format!("update attachment set sha256 = '{other}'"),
        ],
        &["update attachment set sha256 = (select k.sha256 from kept k where k.id = attachment.id)", "drop table kept"],
    )
    .await;
    assert_eq!((first.what, first.problem), ("file", "altered"));
    let first = forge(
        &app,
        &["create table kept as select * from attachment", "delete from attachment"],
        &["insert into attachment select * from kept", "drop table kept"],
    )
    .await;
    assert_eq!((first.what, first.problem), ("file", "removed"));
    // The bytes in the folder are looked at when somebody asks for it.
    let beside = Beside { seals: None, files: Some(app.desk.files.clone()) };
    assert!(verify_with(&app.desk.db, &beside).await.unwrap().ok);
    let digest = meja::secret::sha256("halo");
    let path = meja::desk::files::path(&app.desk.files, &digest);
    std::fs::write(&path, "hola").unwrap();
    assert!(found(&app.desk).await.ok);
    let first = verify_with(&app.desk.db, &beside).await.unwrap().first.unwrap();
    assert_eq!((first.what, first.problem), ("file", "altered"));
    std::fs::remove_file(&path).unwrap();
    let first = verify_with(&app.desk.db, &beside).await.unwrap().first.unwrap();
    assert_eq!((first.what, first.problem), ("file", "removed"));
}

/// The same desk whose seals go to a folder, and to somebody, too.
fn sealing(app: &TestApp, folder: &Path) -> Desk {
    let seals = SealCopies { folder: Some(folder.to_owned()), seal_mail: Some("saksi@inspektorat.test".to_owned()) };
    Desk { seals: Arc::new(seals), ..app.desk.clone() }
}

/// Every chain and every seal is made anew around a lie: within the database nothing shows.
async fn rewritten(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let desk = sealing(&app, folder.path());
    app.clock("2026-10-10T10:00:00+07:00").await;
    desk.seal().await.unwrap();
    assert!(found(&desk).await.ok);
    edit(&desk.db, &["delete from seal_head", "delete from seal"]).await;
    assert!(found(&app.desk).await.ok, "without the copies nothing is missed");
    let first = found(&desk).await.first.unwrap();
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("seal", "1", "removed"));
    let elsewhere = folder.path().join("lain");
    let forger = sealing(&app, &elsewhere);
    forger.seal().await.unwrap();
    assert!(found(&forger).await.ok, "the forger's own seals are sound");
    let first = found(&desk).await.first.unwrap();
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("seal", "1", "differs_from_copy"));
}

async fn signed(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let signer = crate::letters::Signer::new();
    let desk = Desk { signer: Some(signer.identity()), ..sealing(&app, folder.path()) };
    app.clock("2026-10-10T10:00:00+07:00").await;
    app.deliver(
        "From: a@warga.test\r\nSubject: Lagi\r\nMessage-ID: <s@warga.test>\r\n\r\nMati\r\n",
        "meja@desk.test",
        "",
    )
    .await;
    assert!(desk.seal().await.unwrap());
    let mut names: Vec<String> =
        std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let last = names.iter().filter(|name| name.ends_with(".txt")).count();
    // Those before were made without a certificate and are copied, too.
    let mut expected: Vec<String> = (1..=last).map(|seal| format!("segel-{seal:06}.txt")).collect();
    expected.insert(last - 1, format!("segel-{last:06}.p7s"));
    assert!(last > 1);
    assert_eq!(names, expected);
    let (sealed, signature) = (format!("segel-{last:06}.txt"), format!("segel-{last:06}.p7s"));
    let text = std::fs::read_to_string(folder.path().join(&sealed)).unwrap();
    let mails = app.mails_to("saksi@inspektorat.test").await;
    assert_eq!(mails.len(), 1);
    assert!(readable(&mails[0]).contains(text.lines().last().unwrap()), "{}", readable(&mails[0]));
    let checked = std::process::Command::new("/usr/bin/openssl")
        .args(["cms", "-verify", "-binary", "-inform", "DER", "-noverify", "-in", &signature, "-content", &sealed])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(found(&desk).await.ok);
    let kept = std::fs::metadata(folder.path().join(&sealed)).unwrap().modified().unwrap();
    desk.seal().await.unwrap();
    assert_eq!(std::fs::metadata(folder.path().join(&sealed)).unwrap().modified().unwrap(), kept);
    // A signature of another seal, or none that can be read.
    for bad in ["''", "'AAAA'", &format!("(select s.signature from seal s where s.id = {last}) || 'AAAA'")] {
        edit(&desk.db, &[&format!("create table kept as select signature from seal where id = {last}")]).await;
        edit(&desk.db, &[&format!("update seal set signature = {bad} where id = {last}")]).await;
        let first = found(&desk).await.first.unwrap_or_else(|| panic!("{bad} is not found"));
        assert_eq!(
            (first.what, first.stream.as_str(), first.problem),
            ("seal", last.to_string().as_str(), "signature_wrong")
        );
        edit(
            &desk.db,
            &[
                &format!("update seal set signature = (select signature from kept) where id = {last}"),
                "drop table kept",
            ],
        )
        .await;
    }
    edit(
        &desk.db,
        &[&format!("update seal set signature = (select signature from seal where id = {last}) where id = 1")],
    )
    .await;
    let first = found(&desk).await.first.unwrap();
    assert_eq!((first.what, first.stream.as_str(), first.problem), ("seal", "1", "signature_wrong"));
}
