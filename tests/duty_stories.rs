//! The duty register through a year, driven through the API, on both databases.

use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use meja::desk::duty_acts::MissedDuty;
use poem::http::Method;
use serde_json::{Value, json};

/// A region whose law knows sanctions, as Karanganyar's does; the duties are of the test.
const UJI: &str = r#"
id = "uji"
extends = "karanganyar"
name = "Kabupaten Uji"
law = "Perbup Uji 31/2022"
version = 1
duties = [
  { code = "diagram-lan", what = "Diagram jaringan lokal", every = "calendar_year", office = "agency", source = "Pasal 19 ayat (4)", sanctionable = true, remind_days = 20 },
  { code = "cadangan", what = "Pencadangan ke pusat data", every = "month", office = "agency", source = "Pasal 13 ayat (1)", sanctionable = true, remind_days = 5 },
  { code = "audit-tik", what = "Audit TIK", every = "2_years", office = "ict", source = "Pasal 39", remind_days = 20 },
  { code = "audit-internal", what = "Audit internal", before = "audit-tik", lead = "1_month", office = "ict", source = "Pasal 43 ayat (6)", remind_days = 5 },
  { code = "evaluasi", what = "Evaluasi SPBE", every = "quarter", office = "board", source = "Pasal 44", remind_days = 5 },
]

[basis]
"duties" = "Perbup Uji 31/2022 Pasal 13, 19, 39, 43, dan 44"
"#;

on_both! {
    a_year_of_a_region_without_sanctions = a_year;
    a_law_with_sanctions_is_named_with_its_source = sanctions;
    months_that_passed_while_nobody_looked_are_entered_once = downtime;
    an_audit_draws_the_one_before_it_along = audits;
    a_change_is_entered_from_its_ticket = changes;
    an_act_is_done_by_who_may_and_once = acts;
    a_late_report_enters_the_register = missed;
    only_the_law_of_the_region_makes_a_duty_sanctionable = of_the_regions;
}

/// A region whose law knows no sanction; few duties, so that every mail can be counted.
const POLOS: &str = r#"
id = "polos"
extends = "oki"
name = "Kabupaten Polos"
law = "Perbup Polos 32/2022"
version = 1
duties = [
  { code = "diagram-lan", what = "Diagram LAN", every = "calendar_year", due = "12-31", office = "agency", source = "Pasal 21 ayat (1)", remind_days = 20 },
  { code = "perubahan-lan", what = "Laporan perubahan LAN", on = "change", office = "agency", source = "Pasal 21 ayat (2)" },
  { code = "audit-tik", what = "Audit TIK", every = "2_years", due = "12-31", office = "ict", source = "Pasal 42–44", remind_days = 60 },
]

[basis]
"duties" = "Perbup Polos 32/2022 Pasal 21 dan 42–44"
"#;

/// A demo region under a pack of these tests.
pub async fn region(engine: Engine, pack: &str, now: &str) -> Option<TestApp> {
    let folder = tempfile::tempdir().unwrap();
    for (id, text) in [("uji", UJI), ("polos", POLOS)] {
        std::fs::write(folder.path().join(format!("{id}.toml")), text).unwrap();
    }
    let app = TestApp::with_packs(engine, pack, now, Some(folder.path())).await?;
    // Periodic reports have stories of their own; here every mail and every duty is counted.
    app.desk.draw_reports_since("2099-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    Some(app)
}

async fn uji(engine: Engine, now: &str) -> Option<TestApp> {
    region(engine, "uji", now).await
}

async fn list(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    let page = app.get(token, &format!("/duties?limit=200&{query}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

/// The only entry of a code and agency.
async fn find(app: &TestApp, code: &str, agency: &str) -> Value {
    let mut found = list(app, "demo-superadmin", "").await;
    found.retain(|duty| duty["code"] == code && duty["agency"].as_str().unwrap_or("") == agency);
    assert_eq!(found.len(), 1, "{code} {agency}: {found:?}");
    found.remove(0)
}

async fn read(app: &TestApp, id: &Value) -> Value {
    app.get("demo-superadmin", &format!("/duties/{id}")).await.ok(200)
}

/// Kinds of an entry's events with their instants.
async fn history(app: &TestApp, id: &Value) -> Vec<(String, String)> {
    let page = app.get("demo-superadmin", &format!("/duties/{id}/events")).await.ok(200);
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|event| (text(event, "kind"), text(event, "at"))).collect()
}

async fn mails(app: &TestApp, address: &str, words: &str) -> Vec<String> {
    let mails = app.mails_to(address).await;
    mails.iter().map(readable).filter(|mail| mail.contains(words)).collect()
}

async fn a_year(engine: Engine) {
    let Some(app) = region(engine, "polos", "2026-02-03T09:00:00+07:00").await else { return };
    let all = list(&app, "demo-superadmin", "").await;
    let codes: Vec<&str> = all.iter().map(|duty| duty["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["diagram-lan", "diagram-lan", "diagram-lan", "diagram-lan", "diagram-lan", "audit-tik"]);
    let diagram = find(&app, "diagram-lan", "BKD").await;
    assert_eq!(diagram["period"], json!({"from": "2026-01-01", "to": "2027-01-01"}));
    assert_eq!((&diagram["due_on"], &diagram["state"]), (&json!("2026-12-31"), &json!("open")));
    assert_eq!(diagram["source"], "Perbup Polos 32/2022 Pasal 21 ayat (1)");
    assert_eq!(diagram["sanctionable"], false);
    let audit = find(&app, "audit-tik", "DISKOMINFO").await;
    assert_eq!((&audit["office"], &audit["due_on"]), (&json!("ict"), &json!("2027-12-31")));
    assert_eq!(list(&app, "demo-dinkes", "").await.len(), 1);
    assert_eq!(list(&app, "demo-auditor", "agency=BKD").await.len(), 1);
    assert_eq!(list(&app, "demo-warga", "").await, Vec::<Value>::new());
    let dinkes = find(&app, "diagram-lan", "DINKES").await["id"].clone();
    let body =
        json!({"evidence": "Diagram diserahkan, surat 045/12", "evidence_url": "https://arsip.test/12", "version": 1});
    let done = app.post("demo-dinkes", &format!("/duties/{dinkes}/done"), body).await.ok(200);
    assert_eq!((&done["state"], &done["late"], &done["version"]), (&json!("done"), &json!(false), &json!(2)));
    assert_eq!(done["done_by"], "admin.dinkes@demo.test");

    app.clock("2027-01-04T08:00:00+07:00").await;
    let late = list(&app, "demo-superadmin", "state=overdue").await;
    assert_eq!(late.len(), 4, "{late:?}");
    let expected = [
        ("opened", "2026-02-03T02:00:00+00:00"),
        ("reminded", "2026-12-01T00:30:00+00:00"),
        ("reminded", "2026-12-31T00:30:00+00:00"),
        ("overdue", "2026-12-31T17:00:00+00:00"),
    ];
    let found = history(&app, &diagram["id"]).await;
    assert_eq!(found, expected.map(|(kind, at)| (kind.to_owned(), at.to_owned())));
    let next = list(&app, "demo-superadmin", "agency=BKD&due_from=2027-12-01").await;
    assert_eq!((next.len(), &next[0]["opened_at"]), (1, &json!("2026-12-31T17:00:00+00:00")), "{next:?}");

    for (address, reminders, overdue) in [
        ("admin.bkd@demo.test", 2, 1),
        ("kepala.bkd@demo.test", 2, 1),
        ("admin.dinkes@demo.test", 0, 0),
        ("superadmin@demo.test", 0, 1),
        ("tim.koordinasi@demo.test", 0, 0),
    ] {
        assert_eq!(mails(&app, address, "Subject: Pengingat: ").await.len(), reminders, "{address}");
        assert_eq!(mails(&app, address, "Subject: Lewat batas").await.len(), overdue, "{address}");
    }
    let reminder = mails(&app, "admin.bkd@demo.test", "Subject: Pengingat").await;
    assert!(
        reminder[0].contains("Subject: Pengingat: Diagram LAN, paling lambat Kamis, 31 Desember 2026"),
        "{}",
        reminder[0]
    );
    assert!(reminder[0].contains("Dasar: Perbup Polos 32/2022 Pasal 21 ayat (1)"), "{}", reminder[0]);
    assert!(reminder[0].contains("tidak menetapkan sanksi") && !reminder[0].contains("Sanksi: ada"), "{}", reminder[0]);
    assert!(!reminder[0].contains("hari kerja terakhir") && reminder[1].contains("hari kerja terakhir"));
    let folded = mails(&app, "superadmin@demo.test", "Subject: Lewat batas: 4 kewajiban").await;
    assert_eq!(folded.len(), 1, "one mail about all of them");
    app.clock("2027-01-05T08:00:00+07:00").await;
    assert_eq!(mails(&app, "superadmin@demo.test", "Subject: Lewat batas").await.len(), 1, "told once");
    app.audit_is_intact().await;
}

async fn sanctions(engine: Engine) {
    let Some(app) = uji(engine, "2026-03-02T09:00:00+07:00").await else { return };
    let backup = find(&app, "cadangan", "DINKES").await;
    assert_eq!((&backup["sanctionable"], &backup["due_on"]), (&json!(true), &json!("2026-03-31")));
    assert_eq!(backup["source"], "Perbup Uji 31/2022 Pasal 13 ayat (1)");
    let board = find(&app, "evaluasi", "").await;
    assert_eq!((&board["agency"], &board["sanctionable"]), (&Value::Null, &json!(false)));
    assert_eq!(list(&app, "demo-superadmin", "sanctionable=true").await.len(), 10);
    // Five working days before the last of March: 30, 27, 26, 25, and then back over Idulfitri and Nyepi to the 17th.
    assert_eq!(backup["remind_at"], "2026-03-17T01:00:00+00:00");
    app.clock("2026-04-01T00:00:00+07:00").await;
    let reminder = mails(&app, "admin.dinkes@demo.test", "Subject: Pengingat").await.remove(0);
    assert!(reminder.contains("Sanksi: ada, menurut Perbup Uji 31/2022 Pasal 13 ayat (1)"), "{reminder}");
    let overdue = mails(&app, "admin.dinkes@demo.test", "Subject: Lewat batas").await.remove(0);
    assert!(overdue.contains("Sanksi: ada, menurut Perbup Uji 31/2022 Pasal 13"), "{overdue}");
    let board = mails(&app, "tim.koordinasi@demo.test", "Evaluasi SPBE").await;
    assert_eq!(board.len(), 3, "{board:?}");
    assert!(board.iter().all(|mail| !mail.contains("Sanksi: ada")), "{board:?}");
    let page = app.get("demo-koordinasi", "/duties?state=overdue&limit=4").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 4);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = app.get("demo-koordinasi", &format!("/duties?state=overdue&limit=4&cursor={cursor}")).await.ok(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &Value::Null));
    app.get("demo-koordinasi", "/duties?state=lost&due_from=x").await.ok(422);
    app.audit_is_intact().await;
}

async fn downtime(engine: Engine) {
    let Some(app) = uji(engine, "2026-01-05T09:00:00+07:00").await else { return };
    app.desk.clock.set("2026-06-10T09:00:00+07:00".parse().unwrap(), 0.0);
    let other = app.desk.clone();
    let (one, two) = tokio::join!(app.desk.run_duties(), other.run_duties());
    assert!(one.unwrap() + two.unwrap() > 0);
    let mut backups = list(&app, "demo-superadmin", "agency=BKD").await;
    backups.retain(|duty| duty["code"] == "cadangan");
    let states: Vec<(&str, &str)> =
        backups.iter().map(|duty| (duty["due_on"].as_str().unwrap(), duty["state"].as_str().unwrap())).collect();
    let expected = [
        ("2026-01-31", "overdue"),
        ("2026-02-28", "overdue"),
        ("2026-03-31", "overdue"),
        ("2026-04-30", "overdue"),
        ("2026-05-31", "overdue"),
        ("2026-06-30", "open"),
    ];
    assert_eq!(states, expected);
    let kinds: Vec<String> = history(&app, &backups[0]["id"]).await.into_iter().map(|event| event.0).collect();
    assert_eq!(kinds, ["opened", "reminded", "reminded", "overdue"], "each is on record once");
    assert_eq!(mails(&app, "admin.bkd@demo.test", "Subject: Lewat batas: 5 kewajiban").await.len(), 1);
    assert_eq!(mails(&app, "admin.bkd@demo.test", "Subject: Pengingat").await.len(), 0, "nothing that is over");
    assert_eq!(app.desk.run_duties().await.unwrap(), 0);
    app.audit_is_intact().await;
}

async fn audits(engine: Engine) {
    let Some(app) = uji(engine, "2026-03-02T09:00:00+07:00").await else { return };
    let (audit, before) =
        (find(&app, "audit-tik", "DISKOMINFO").await, find(&app, "audit-internal", "DISKOMINFO").await);
    assert_eq!((&audit["due_on"], &before["due_on"]), (&json!("2027-12-31"), &json!("2027-11-30")));
    let id = &audit["id"];
    let plan = |on: &str| json!({"planned_on": on, "version": 1});
    app.post("demo-dinkes", &format!("/duties/{id}/plan"), plan("2026-09-30")).await.ok(404);
    app.post("demo-koordinasi", &format!("/duties/{id}/plan"), plan("2026-09-30")).await.ok(403);
    app.post("demo-superadmin", &format!("/duties/{id}/plan"), plan("2026-03-01")).await.ok(422);
    app.post("demo-superadmin", &format!("/duties/{id}/plan"), plan("2026-09-30")).await.ok(200);
    let stale = app.post("demo-superadmin", &format!("/duties/{id}/plan"), plan("2026-10-30")).await.ok(409);
    assert_eq!(stale["version"], 2);
    let moved = read(&app, &before["id"]).await;
    assert_eq!((&moved["due_on"], &moved["version"]), (&json!("2026-08-30"), &json!(2)));
    app.clock("2026-08-31T08:00:00+07:00").await;
    assert_eq!(read(&app, &before["id"]).await["state"], "overdue");
    let done = json!({"evidence": "Laporan audit internal"});
    let late = app.post("demo-superadmin", &format!("/duties/{}/done", before["id"]), done.clone()).await.ok(200);
    assert_eq!(late["late"], true);
    app.post("demo-superadmin", &format!("/duties/{id}/done"), done).await.ok(200);
    // Done in 2026: owed again by the end of the second year counted from it.
    app.clock("2027-01-04T08:00:00+07:00").await;
    let audits: Vec<Value> = list(&app, "demo-superadmin", "agency=DISKOMINFO&state=open").await;
    let due = |code: &str| audits.iter().find(|duty| duty["code"] == code).map(|duty| duty["due_on"].clone());
    assert_eq!((due("audit-tik"), due("audit-internal")), (Some(json!("2027-12-31")), Some(json!("2027-11-30"))));
    app.audit_is_intact().await;
}

async fn changes(engine: Engine) {
    let Some(app) = region(engine, "polos", "2026-03-02T09:00:00+07:00").await else { return };
    let ticket = |kind: &str| json!({"subject": "Ganti switch lantai 2", "description": "VLAN baru", "kind": kind, "agency": "DINKES"});
    let change = app.post("demo-dinkes", "/tickets", ticket("change")).await.ok(201)["number"].clone();
    let other = app.post("demo-dinkes", "/tickets", ticket("incident")).await.ok(201)["number"].clone();
    let report = |number: &Value| json!({"code": "perubahan-lan", "ticket": number});
    app.post("demo-dinkes", "/duties", report(&other)).await.ok(422);
    app.post("demo-disdukcapil", "/duties", report(&change)).await.ok(422);
    let duty = app.post("demo-dinkes", "/duties", report(&change)).await.ok(201);
    assert_eq!((&duty["agency"], &duty["due_on"]), (&json!("DINKES"), &json!("2026-04-30")));
    assert_eq!((&duty["ticket"], &duty["sanctionable"]), (&change, &json!(false)));
    app.post("demo-superadmin", "/duties", report(&change)).await.ok(409);
    let by_hand = json!({"code": "perubahan-lan", "agency": "DINKES", "due_on": "2026-03-20", "note": "tanpa tiket"});
    let twice = [("Idempotency-Key", "satu")];
    let first = app.call(Method::POST, "demo-dinkes", "/duties", Some(by_hand.clone()), &twice).await.ok(201);
    let again = app.call(Method::POST, "demo-dinkes", "/duties", Some(by_hand), &twice).await.ok(201);
    assert_eq!((&first["id"], &first["due_on"]), (&again["id"], &json!("2026-03-20")));
    let once = json!({"title": "Serahkan daftar akun", "agency": "BKD", "due_on": "2026-03-31"});
    app.post("demo-dinkes", "/duties", once.clone()).await.ok(403);
    app.post("demo-auditor", "/duties", once.clone()).await.ok(403);
    let entered = app.post("demo-superadmin", "/duties", once).await.ok(201);
    assert_eq!((&entered["code"], &entered["source"]), (&json!("one_off"), &Value::Null));
    for bad in [
        json!({"title": "Tanpa batas", "agency": "BKD"}),
        json!({"title": "", "agency": "BKD", "due_on": "2026-03-31"}),
        json!({"title": "Kemarin", "agency": "BKD", "due_on": "2026-03-01"}),
        json!({"title": "Entah siapa", "agency": "XYZ", "due_on": "2026-03-31"}),
        json!({"code": "diagram-lan", "agency": "BKD"}),
    ] {
        app.post("demo-superadmin", "/duties", bad).await.ok(422);
    }
    app.clock("2026-04-01T08:00:00+07:00").await;
    let mail = mails(&app, "admin.bkd@demo.test", "Subject: Lewat batas: Serahkan daftar akun").await.remove(0);
    assert!(mail.contains("Dasar: bawaan, bukan kewajiban hukum"), "{mail}");
    app.audit_is_intact().await;
}

async fn acts(engine: Engine) {
    let Some(app) = region(engine, "polos", "2026-03-02T09:00:00+07:00").await else { return };
    let id = find(&app, "diagram-lan", "DINKES").await["id"].clone();
    let path = |act: &str| format!("/duties/{id}/{act}");
    let done = json!({"evidence": "Surat 1"});
    app.post("demo-disdukcapil", &path("done"), done.clone()).await.ok(404);
    for refused in ["demo-auditor", "demo-koordinasi"] {
        app.post(refused, &path("done"), done.clone()).await.ok(403);
    }
    app.post("demo-dinkes", &path("done"), json!({"evidence": " "})).await.ok(422);
    app.post("demo-dinkes", &path("done"), json!({"evidence": "x", "evidence_url": "javascript:alert(1)"}))
        .await
        .ok(422);
    app.post("demo-dinkes", &path("waive"), json!({"reason": "Kantor digabung"})).await.ok(403);
    app.post("demo-superadmin", &path("waive"), json!({"reason": "Kantor digabung"})).await.ok(403);
    app.post("demo-dinkes", &path("reopen"), json!({"reason": "x"})).await.ok(409);
    assert_eq!(read(&app, &id).await["version"], 1, "nothing has changed so far");
    let key = [("Idempotency-Key", "dua")];
    for _ in 0..2 {
        app.call(Method::POST, "demo-dinkes", &path("done"), Some(done.clone()), &key).await.ok(200);
    }
    app.post("demo-dinkes", &path("reopen"), json!({"reason": "Salah unggah", "version": 2})).await.ok(200);
    app.post("demo-koordinasi", &path("waive"), json!({"reason": "Kantor digabung"})).await.ok(200);
    app.post("demo-dinkes", &path("reopen"), json!({"reason": "Kami masih ada"})).await.ok(403);
    app.clock("2027-01-02T08:00:00+07:00").await;
    assert_eq!(read(&app, &id).await["state"], "waived", "nobody is reminded of it");
    assert_eq!(mails(&app, "admin.dinkes@demo.test", "Diagram LAN").await.len(), 0);
    let again = app.post("demo-koordinasi", &path("reopen"), json!({"reason": "Tidak jadi digabung"})).await.ok(200);
    assert_eq!((&again["state"], &again["note"]), (&json!("overdue"), &json!("Tidak jadi digabung")));
    app.clock("2027-01-02T09:00:00+07:00").await;
    assert_eq!(mails(&app, "admin.dinkes@demo.test", "Subject: Lewat batas").await.len(), 1);
    let kinds: Vec<String> = history(&app, &id).await.into_iter().map(|event| event.0).collect();
    assert_eq!(kinds, ["opened", "done", "reopened", "waived", "reopened", "overdue"]);
    app.audit_is_intact().await;
}

async fn missed(engine: Engine) {
    let Some(app) = region(engine, "polos", "2026-11-06T00:00:00+07:00").await else { return };
    let report = MissedDuty {
        code: "periodic-report".to_owned(),
        what: "Laporan bulanan Oktober 2026".to_owned(),
        agency: "DINKES".to_owned(),
        period_from: "2026-10-01".parse().unwrap(),
        period_to: "2026-11-01".parse().unwrap(),
        due_on: "2026-11-05".parse().unwrap(),
        cause: "report:2026-10".to_owned(),
        source: None,
        sanctionable: true,
    };
    for expected in [true, false] {
        let mut tx = app.desk.db.write().await.unwrap();
        let entered = app.desk.duty_missed(&mut tx, report.clone()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(entered.is_some(), expected);
    }
    app.desk.run_duties().await.unwrap();
    let duty = find(&app, "periodic-report", "DINKES").await;
    assert_eq!(
        (&duty["state"], &duty["sanctionable"]),
        (&json!("overdue"), &json!(false)),
        "without a law no sanction"
    );
    assert_eq!(mails(&app, "admin.dinkes@demo.test", "Laporan bulanan Oktober 2026").await.len(), 1);
    app.desk.open_duties().await.unwrap();
    for expected in [true, false] {
        let mut tx = app.desk.db.write().await.unwrap();
        let settled = app.desk.duty_caught_up(&mut tx, &report, "Laporan diterima", None).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(settled, expected);
    }
    let duty = read(&app, &duty["id"]).await;
    assert_eq!(
        (&duty["state"], &duty["late"], &duty["evidence"]),
        (&json!("done"), &json!(true), &json!("Laporan diterima"))
    );
    app.audit_is_intact().await;
}

async fn of_the_regions(engine: Engine) {
    for (pack, law, sanctionable) in [
        ("oki", "Perbup Ogan Komering Ilir 32/2022 Pasal", &[][..]),
        ("karanganyar", "Perbup Karanganyar 31/2022 Pasal", &["diagram-lan", "pencadangan"][..]),
    ] {
        let Some(app) = TestApp::new(engine, pack, "2026-03-02T09:00:00+07:00").await else { return };
        let duties = list(&app, "demo-superadmin", "").await;
        assert!(duties.len() > 6, "{pack}: {duties:?}");
        for duty in duties {
            assert!(duty["source"].as_str().unwrap().starts_with(law), "{duty}");
            let expected = sanctionable.contains(&duty["code"].as_str().unwrap());
            assert_eq!(duty["sanctionable"], expected, "{duty}");
        }
    }
}
