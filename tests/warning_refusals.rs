//! What the warning procedure refuses, with a trace of who tried; and regions whose law knows none, or only proposals.

use crate::stories::wib;
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use crate::warning_stories::{DINAS, OWNER, TEAM, act, breach, case_of, facts, only_case, sumut, warned};
use serde_json::{Value, json};

on_both! {
    what_may_not_be_done_is_refused_and_on_record = refusals;
    nobody_judges_his_own_service = own_service;
    the_ict_offices_own_service_is_judged_by_the_team = ict_service;
    a_region_without_a_procedure_has_none_of_it = no_procedure;
    neglect_of_a_listed_duty_becomes_a_proposal = proposals;
    not_reporting_may_be_reprimanded = reports;
    a_request_that_is_repeated_happens_once = repeated;
    letters_of_the_desk_move_their_case = own_letters;
}

async fn refused(app: &TestApp, token: &str, number: &str, verb: &str, body: Value, status: u16) {
    let before = app.get("demo-auditor", &format!("/warning-cases/{number}")).await.ok(200);
    app.post(token, &format!("/warning-cases/{number}/{verb}"), body).await.ok(status);
    let after = app.get("demo-auditor", &format!("/warning-cases/{number}")).await.ok(200);
    for field in ["state", "version", "due_at", "order"] {
        assert_eq!(after[field], before[field], "{verb} changed {field}");
    }
}

async fn refusals(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    breach(&app).await;
    app.clock("2026-03-25T10:00:00+07:00").await;
    let number = only_case(&app).await["number"].as_str().unwrap().to_owned();
    let n = number.as_str();
    let letter = json!({"reason": "Lewat", "elsewhere": true});
    refused(&app, TEAM, n, "issue-letter", letter.clone(), 409).await;
    refused(&app, DINAS, n, "execute-closure", json!({"minutes": "Ditutup"}), 409).await;
    refused(&app, DINAS, n, "reopen", json!({"note": "Dibuka"}), 409).await;
    refused(&app, TEAM, n, "send-dossier", json!({}), 403).await;
    refused(&app, DINAS, n, "issue-letter", letter.clone(), 403).await;
    refused(&app, "demo-auditor", n, "send-dossier", json!({}), 403).await;
    app.post("demo-dinkes", &format!("/warning-cases/{n}/send-dossier"), json!({})).await.ok(404);
    app.post("", &format!("/warning-cases/{n}/send-dossier"), json!({})).await.ok(401);
    act(&app, DINAS, n, "send-dossier", json!({})).await;
    refused(&app, TEAM, n, "issue-letter", json!({"reason": ""}), 422).await;
    refused(&app, TEAM, n, "issue-letter", json!({"reason": "a", "version": 1}), 409).await;
    act(&app, TEAM, n, "issue-letter", letter).await;
    let future = json!({"number": "1", "receipt": "x", "received_at": "2026-03-25T11:00:00+07:00"});
    refused(&app, TEAM, n, "record-receipt", future, 422).await;
    refused(&app, TEAM, n, "record-receipt", json!({}), 422).await;
    let events = facts(&app, n).await;
    let tried: Vec<(&str, &str)> = (events.iter().filter(|fact| fact.0 == "attempt_refused"))
        .map(|fact| (fact.1["payload"]["verb"].as_str().unwrap(), fact.1["payload"]["why"].as_str().unwrap()))
        .collect();
    let expected = [
        ("issue_letter", "case-no-dossier"),
        ("execute_closure", "case-no-order"),
        ("reopen", "case-not-closed"),
        ("send_dossier", "error-denied"),
        ("issue_letter", "error-denied"),
        ("send_dossier", "error-denied"),
    ];
    assert_eq!(tried, expected);
    app.audit_is_intact().await;
}

async fn own_service(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    let number = warned(&app).await;
    let n = number.as_str();
    act(&app, DINAS, n, "execute-closure", json!({"minutes": "Ditutup."})).await;
    refused(&app, DINAS, n, "report-repair", json!({"report": "Sudah"}), 403).await;
    act(&app, OWNER, n, "report-repair", json!({"report": "Sudah"})).await;
    let yes = json!({"repaired": true, "findings": "Baik"});
    refused(&app, OWNER, n, "verify-repair", yes.clone(), 403).await;
    refused(&app, DINAS, n, "reopen", json!({"note": "Dibuka"}), 409).await;
    refused(&app, DINAS, n, "verify-repair", json!({"findings": "Baik"}), 422).await;
    let events = facts(&app, n).await;
    let why: Vec<&Value> =
        (events.iter().filter(|fact| fact.0 == "attempt_refused")).map(|fact| &fact.1["payload"]["why"]).collect();
    assert_eq!(why, [&json!("error-denied"), &json!("case-own-service"), &json!("case-not-verified")]);
    act(&app, DINAS, n, "verify-repair", yes).await;
    act(&app, DINAS, n, "reopen", json!({"note": "Dibuka"})).await;
}

async fn ict_service(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    make_critical(&app, "email-dinas").await;
    let report = json!({"subject": "Email mati", "description": "Mati", "service": "email-dinas", "kind": "incident",
        "impact": "broad", "urgency": "high", "outage": true});
    app.post(DINAS, "/tickets", report).await.ok(201);
    app.clock("2026-03-25T10:00:00+07:00").await;
    let case = case_of(&app, "email-dinas").await;
    assert_eq!(case["agency"], "DISKOMINFO");
    let number = case["number"].as_str().unwrap().to_owned();
    let n = number.as_str();
    act(&app, DINAS, n, "send-dossier", json!({})).await;
    act(&app, TEAM, n, "issue-letter", json!({"reason": "Lewat", "elsewhere": true})).await;
    act(&app, TEAM, n, "record-receipt", json!({"number": "1", "receipt": "x"})).await;
    act(&app, DINAS, n, "execute-closure", json!({"minutes": "Ditutup."})).await;
    act(&app, "demo-pimpinan", n, "report-repair", json!({"report": "Sudah"})).await;
    let yes = json!({"repaired": true, "findings": "Baik"});
    refused(&app, DINAS, n, "verify-repair", yes.clone(), 403).await;
    refused(&app, "demo-pimpinan", n, "verify-repair", yes.clone(), 403).await;
    act(&app, TEAM, n, "verify-repair", yes).await;
    act(&app, DINAS, n, "reopen", json!({"note": "Dibuka"})).await;
}

pub(crate) async fn make_critical(app: &TestApp, service: &str) {
    let mut tx = app.desk.db.write().await.unwrap();
    let mut found = meja::store::services::service(&mut tx, service).await.unwrap().unwrap();
    found.critical = true;
    found.profile = "KRITIS-24x7".to_owned();
    meja::store::services::save_service(&mut tx, &found).await.unwrap();
    tx.commit().await.unwrap();
}

async fn no_procedure(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-03-21T02:35:00+07:00").await else { return };
    breach(&app).await;
    app.clock("2026-03-28T02:35:00+07:00").await;
    app.get(TEAM, "/warning-cases").await.ok(404);
    app.get(TEAM, "/suspensions").await.ok(404);
    app.get(TEAM, "/warning-cases/PRK-2026-0001").await.ok(404);
    app.post(TEAM, "/warning-cases/PRK-2026-0001/send-dossier", json!({})).await.ok(404);
    let mut tx = app.desk.db.read().await.unwrap();
    assert_eq!(meja::store::cases::by_id(&mut tx, 1).await.unwrap(), None);
}

async fn proposals(engine: Engine) {
    let Some(app) = TestApp::new(engine, "karanganyar", "2026-03-20T09:00:00+07:00").await else { return };
    // A critical service that misses its time opens nothing here: Pasal 37 is not on the list.
    breach(&app).await;
    app.clock("2026-04-02T09:00:00+07:00").await;
    let page = app.get(TEAM, "/warning-cases?limit=200").await.ok(200);
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 5, "one for each agency that did not back up in March: {page}");
    assert!(items.iter().all(|case| case["mode"] == "proposal" && case["cause"] == "duty"));
    assert!(items[0]["source"].as_str().unwrap().contains("Pasal 13 ayat (1)"), "{page}");
    let own = items.iter().find(|case| case["agency"] == "DINKES").unwrap();
    let number = own["number"].as_str().unwrap().to_owned();
    let n = number.as_str();
    let case = app.get(TEAM, &format!("/warning-cases/{n}")).await.ok(200);
    assert_eq!(case["ladder"][0]["kind"], "Peringatan lisan");
    assert_eq!(case["ladder"][0]["addressee"], "Bupati");
    refused(&app, "demo-dinkes", n, "issue-letter", json!({"reason": "x"}), 403).await;
    act(&app, TEAM, n, "issue-letter", json!({"reason": "Cadangan Maret tidak ada", "elsewhere": true})).await;
    refused(&app, TEAM, n, "record-receipt", json!({"number": "1", "receipt": "x"}), 409).await;
    let case = act(&app, TEAM, n, "record-decision", json!({"decision": "Bupati memberi peringatan lisan"})).await;
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("decided")));
    // Fulfilled after all, before anybody wrote: the case ends by itself.
    let other = items.iter().find(|case| case["agency"] == "BKD").unwrap();
    let duty = other["duty"].as_i64().unwrap();
    app.post(DINAS, &format!("/duties/{duty}/done"), json!({"evidence": "Berita acara cadangan"})).await.ok(200);
    let case = app.get(TEAM, &format!("/warning-cases/{}", other["number"].as_str().unwrap())).await.ok(200);
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("repaired")));
    app.audit_is_intact().await;
}

async fn reports(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-20T09:00:00+07:00", false).await else { return };
    app.clock("2026-04-02T09:00:00+07:00").await;
    let page = app.get(TEAM, "/warning-cases?agency=DPMPTSP").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "backups have no sanction here: {page}");
    let number = page["items"][0]["number"].as_str().unwrap().to_owned();
    let n = number.as_str();
    let case = app.get(TEAM, &format!("/warning-cases/{n}")).await.ok(200);
    assert_eq!((&case["mode"], &case["ladder"][0]["signer"]), (&json!("letters"), &json!("Gubernur")));
    refused(&app, OWNER, n, "decide-not-to-close", json!({"reason": "x"}), 403).await;
    act(&app, TEAM, n, "issue-letter", json!({"reason": "Tidak melapor", "elsewhere": true})).await;
    let case = act(&app, TEAM, n, "record-receipt", json!({"number": "1", "receipt": "x"})).await;
    assert_eq!((&case["state"], &case["due_at"], &case["order"]), (&json!("curing"), &Value::Null, &Value::Null));
    let duty = case["duty"].as_i64().unwrap();
    app.post(OWNER, &format!("/duties/{duty}/done"), json!({"evidence": "Laporan dikirim"})).await.ok(200);
    assert_eq!(app.get(TEAM, &format!("/warning-cases/{n}")).await.ok(200)["outcome"], "repaired");
}

async fn repeated(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    breach(&app).await;
    app.clock("2026-03-25T10:00:00+07:00").await;
    let number = only_case(&app).await["number"].as_str().unwrap().to_owned();
    let path = format!("/warning-cases/{number}/send-dossier");
    for _ in 0..2 {
        let key = [("idempotency-key", "a-1")];
        let answer = app.call(poem::http::Method::POST, DINAS, &path, Some(json!({"note": "x"})), &key).await.ok(200);
        assert_eq!(answer["state"], "dossier_sent");
    }
    let sent = facts(&app, &number).await.iter().filter(|fact| fact.0 == "dossier_sent").count();
    assert_eq!(sent, 1);
}

/// The letter of the desk as if it had been signed.
async fn signed(app: &TestApp, key: &str, number: &str) {
    let mut tx = app.desk.db.write().await.unwrap();
    let mut letter = meja::store::letters::letter(&mut tx, key).await.unwrap().unwrap();
    letter.version += 1;
    letter.state = meja::domain::letter::LetterState::Signed;
    letter.number = Some(number.to_owned());
    letter.dated = Some("2026-03-26".parse().unwrap());
    letter.signed_at = Some(app.desk.now());
    meja::store::letters::save_letter(&mut tx, &letter).await.unwrap();
    tx.commit().await.unwrap();
}

async fn own_letters(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    breach(&app).await;
    app.clock("2026-03-26T10:00:00+07:00").await;
    let number = only_case(&app).await["number"].as_str().unwrap().to_owned();
    let n = number.as_str();
    act(&app, DINAS, n, "send-dossier", json!({})).await;
    let case = act(&app, TEAM, n, "issue-letter", json!({"reason": "Lewat"})).await;
    let key = case["letter"].as_str().unwrap().to_owned();
    let letter = app.get(TEAM, &format!("/letters/{key}")).await.ok(200).to_string();
    for words in ["Kepala Dinas Kominfo Provinsi Sumatera Utara", "kepala.dpmptsp@demo.test", "Inspektorat", n] {
        assert!(letter.contains(words), "{words}: {letter}");
    }
    refused(&app, TEAM, n, "record-receipt", json!({"number": "1", "receipt": "x"}), 409).await;
    signed(&app, &key, "500.12/0001/KOMINFO/2026").await;
    let receipt = json!({"received_by": "Sekretariat", "receipt": "Agenda 12"});
    app.post(DINAS, &format!("/letters/{key}/receive"), receipt).await.ok(200);
    let case = only_case(&app).await;
    assert_eq!((&case["state"], &case["due_at"]), (&json!("curing"), &json!(wib("2026-03-31T16:00"))));
    app.clock("2026-04-01T08:00:00+07:00").await;
    let case = act(&app, TEAM, n, "issue-letter", json!({"reason": "Masa perbaikan lewat"})).await;
    let second = app.get(TEAM, &format!("/letters/{}", case["letter"].as_str().unwrap())).await.ok(200).to_string();
    assert!(second.contains("500.12/0001/KOMINFO/2026") && second.contains("26 Maret 2026"), "{second}");
    assert!(second.contains("https://izin.demo.test/api"), "the order lists the addresses: {second}");
}
