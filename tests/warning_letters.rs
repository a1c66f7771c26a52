//! The letters of a case and the case: what their progress does to each other, to the last corner.

use crate::letters::{Signer, has_tools};
use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use crate::support::on_both;
use crate::warning_refusals::make_critical;
use crate::warning_stories::{DINAS, OWNER, TEAM, act, breach, case_of, facts, only_case, sumut, warned};
use meja::domain::duty::DutyState;
use meja::domain::service::Agency;
use meja::store;
use poem::http::Method;
use serde_json::{Value, json};

on_both! {
    a_replacement_is_the_cases_letter_once_it_is_signed = replacement;
    a_letter_withdrawn_while_a_repair_is_verified_leaves_no_dead_end = withdrawn_meanwhile;
    a_case_that_ends_takes_its_unsigned_letters_along = ended;
    the_office_has_no_hand_in_letters_about_its_own_service = own_service;
    the_pack_names_who_signs = governor;
    a_duty_neglected_again_has_another_case = neglected_again;
    a_case_goes_to_the_successor_of_its_agency = successor;
    closing_and_reopening_write_their_papers = papers;
    every_ticket_that_was_counted_joins_the_case = threshold;
    a_duty_that_is_struck_out_ends_its_case = struck_out;
    a_proposal_cites_the_pack_and_nobody_else = proposal;
    only_the_owners_token_is_the_owner = copies;
}

/// The case of e-Perizinan with its dossier sent; its number.
async fn with_dossier(app: &TestApp) -> String {
    breach(app).await;
    app.clock("2026-03-26T10:00:00+07:00").await;
    let number = only_case(app).await["number"].as_str().unwrap().to_owned();
    act(app, DINAS, &number, "send-dossier", json!({})).await;
    number
}

/// The next letter of a case, written by the desk; its key.
async fn issued(app: &TestApp, number: &str) -> String {
    let case = act(app, TEAM, number, "issue-letter", json!({"reason": "Lewat"})).await;
    case["letter"].as_str().unwrap().to_owned()
}

async fn letter(app: &TestApp, key: &str) -> Value {
    app.get(DINAS, &format!("/letters/{key}")).await.ok(200)
}

/// Numbered, submitted and signed by the team with the application for signatures.
async fn sign(app: &TestApp, key: &str, number: &str) {
    app.post(DINAS, &format!("/letters/{key}/number"), json!({"number": number})).await.ok(200);
    app.post(DINAS, &format!("/letters/{key}/request-signature"), json!({})).await.ok(200);
    let team = app.desk.by_token(TEAM).await.unwrap();
    let pdf = app.desk.letter_pdf(&team, key).await.unwrap().1;
    app.desk.sign_uploaded((&team, key, None), Signer::new().sign(&pdf), None).await.unwrap();
}

async fn receive(app: &TestApp, key: &str) {
    let receipt = json!({"received_by": "Sekretariat", "receipt": "Agenda 12"});
    app.post(DINAS, &format!("/letters/{key}/receive"), receipt).await.ok(200);
}

async fn replacement(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    if !has_tools() {
        return;
    }
    let number = with_dossier(&app).await;
    let first = issued(&app, &number).await;
    sign(&app, &first, "1/2026").await;
    let replace = async || {
        let new = app.post(DINAS, &format!("/letters/{first}/replace"), json!({})).await.ok(201);
        new["key"].as_str().unwrap().to_owned()
    };
    let given_up = replace().await;
    assert_eq!(only_case(&app).await["letter"], json!(first), "a draft replaces nothing");
    app.post(DINAS, &format!("/letters/{given_up}/withdraw"), json!({"reason": "Tidak perlu"})).await.ok(200);
    let case = only_case(&app).await;
    assert_eq!((&case["state"], &case["letter"]), (&json!("letter_pending"), &json!(first)));
    let (second, third) = (replace().await, replace().await);
    let version = case["version"].as_i64().unwrap();
    sign(&app, &second, "2/2026").await;
    let case = only_case(&app).await;
    assert_eq!((&case["letter"], case["version"].as_i64()), (&json!(second), Some(version + 1)), "kept");
    assert_eq!(letter(&app, &first).await["state"], "superseded");
    // Two drafts for one letter: only the first that is signed takes its place.
    app.post(DINAS, &format!("/letters/{third}/number"), json!({"number": "3/2026"})).await.ok(200);
    app.post(DINAS, &format!("/letters/{third}/request-signature"), json!({})).await.ok(200);
    let team = app.desk.by_token(TEAM).await.unwrap();
    let pdf = app.desk.letter_pdf(&team, &third).await.unwrap().1;
    let refused = app.desk.sign_uploaded((&team, &third, None), Signer::new().sign(&pdf), None).await.unwrap_err();
    assert_eq!(refused.public().key, "letter-replaced-before");
    receive(&app, &second).await;
    let case = only_case(&app).await;
    assert_eq!((&case["state"], &case["letters_begun"]), (&json!("curing"), &json!(1)));
    app.audit_is_intact().await;
}

async fn withdrawn_meanwhile(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = warned(&app).await;
    app.clock("2026-04-01T08:00:00+07:00").await;
    let key = issued(&app, &number).await;
    let body = letter(&app, &key).await["body"].as_str().unwrap().to_owned();
    assert!(body.contains("Nomor 500.12/0001/TK/2026 dan berdasarkan"), "one written elsewhere has no date: {body}");
    act(&app, OWNER, &number, "report-repair", json!({"report": "Sudah diperbaiki"})).await;
    app.post(DINAS, &format!("/letters/{key}/withdraw"), json!({"reason": "Menunggu verifikasi"})).await.ok(200);
    let case = only_case(&app).await;
    assert_eq!((&case["state"], &case["letters_begun"]), (&json!("repair_reported"), &json!(1)));
    let none = json!({"repaired": false, "findings": "Masih galat"});
    let case = act(&app, DINAS, &number, "verify-repair", none).await;
    assert_eq!(case["state"], "uncured", "the next letter can be written");
    assert_ne!(issued(&app, &number).await, key);
}

async fn ended(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = with_dossier(&app).await;
    let key = issued(&app, &number).await;
    app.post(DINAS, &format!("/letters/{key}/number"), json!({"number": "1/2026"})).await.ok(200);
    act(&app, TEAM, &number, "decide-not-to-close", json!({"reason": "Warga membutuhkan"})).await;
    let left = letter(&app, &key).await;
    assert_eq!((&left["state"], &left["number"]), (&json!("withdrawn"), &Value::Null), "the number is free again");
    assert_eq!(left["note"], format!("Perkara {number} berakhir: Tidak ditutup, dengan alasan."));
    let chain = app.get("demo-auditor", &format!("/letters/{key}/events")).await.ok(200);
    let last = chain["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["kind"], &last["payload"]["number"]), (&json!("letter_withdrawn"), &json!("1/2026")));
    app.audit_is_intact().await;
    if !has_tools() {
        return;
    }
    // What was signed stays as it is, and goes nowhere.
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = with_dossier(&app).await;
    let key = issued(&app, &number).await;
    sign(&app, &key, "1/2026").await;
    let draft = app.post(DINAS, &format!("/letters/{key}/replace"), json!({})).await.ok(201);
    let draft = draft["key"].as_str().unwrap().to_owned();
    act(&app, TEAM, &number, "decide-not-to-close", json!({"reason": "Warga membutuhkan"})).await;
    assert_eq!(letter(&app, &key).await["state"], "signed");
    assert_eq!(letter(&app, &draft).await["state"], "withdrawn");
    let office = Browser::at(&app.desk);
    office.sign_in("superadmin@demo.test", meja::desk::demo::PASSWORD).await;
    let page = office.get(&format!("/kerja/surat/{key}")).await;
    page.is(200).shows("Perkaranya sudah berakhir");
    assert!(!page.html.contains("/kirim\""), "what is refused is not offered");
    for verb in ["send", "replace"] {
        let refused = app.post(DINAS, &format!("/letters/{key}/{verb}"), json!({})).await.ok(409);
        assert!(refused["detail"].as_str().unwrap().contains("sudah berakhir"), "{verb}: {refused}");
    }
}

async fn own_service(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    make_critical(&app, "email-dinas").await;
    let report = json!({"subject": "Email mati", "description": "Mati", "service": "email-dinas", "kind": "incident",
        "impact": "broad", "urgency": "high", "outage": true});
    app.post(DINAS, "/tickets", report).await.ok(201);
    app.clock("2026-03-25T10:00:00+07:00").await;
    let number = case_of(&app, "email-dinas").await["number"].as_str().unwrap().to_owned();
    act(&app, DINAS, &number, "send-dossier", json!({})).await;
    let key = issued(&app, &number).await;
    let path = format!("/letters/{key}");
    let edit = json!({"version": 1, "subject": "Peringatan ringan"});
    app.call(Method::PATCH, DINAS, &path, Some(edit.clone()), &[]).await.ok(403);
    app.post(DINAS, &format!("{path}/withdraw"), json!({"reason": "Tidak perlu"})).await.ok(403);
    assert_eq!(case_of(&app, "email-dinas").await["state"], "letter_pending");
    let receipt = json!({"received_by": "Sekretariat", "receipt": "Agenda 12"});
    app.post(DINAS, &format!("{path}/receive"), receipt).await.ok(403);
    app.call(Method::PATCH, TEAM, &path, Some(edit), &[]).await.ok(200);
    app.post(DINAS, &format!("{path}/number"), json!({"number": "1/2026"})).await.ok(200);
    app.audit_is_intact().await;
}

async fn governor(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-20T09:00:00+07:00", false).await else { return };
    app.clock("2026-04-02T09:00:00+07:00").await;
    let page = app.get(TEAM, "/warning-cases?agency=DPMPTSP").await.ok(200);
    let number = page["items"][0]["number"].as_str().unwrap().to_owned();
    let key = issued(&app, &number).await;
    let written = letter(&app, &key).await;
    assert_eq!((&written["signer_title"], &written["signer_name"]), (&json!("Gubernur"), &json!("")));
    app.post(DINAS, &format!("/letters/{key}/number"), json!({"number": "1/2026"})).await.ok(200);
    let nameless = app.post(DINAS, &format!("/letters/{key}/request-signature"), json!({})).await.ok(422);
    assert_eq!(nameless["errors"][0]["field"], "signer_name", "nobody of the team signs for him");
    // The ladder of the service levels keeps its own signer.
    breach(&app).await;
    app.clock("2026-04-06T10:00:00+07:00").await;
    let number = only_case(&app).await["number"].as_str().unwrap().to_owned();
    act(&app, DINAS, &number, "send-dossier", json!({})).await;
    let written = letter(&app, &issued(&app, &number).await).await;
    assert_eq!(written["signer_title"], "Ketua Tim Koordinasi SPBE");
    assert_ne!(written["signer_name"], "");
}

async fn neglected_again(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-20T09:00:00+07:00", false).await else { return };
    app.clock("2026-04-02T09:00:00+07:00").await;
    let cases = async || app.get(TEAM, "/warning-cases?agency=DPMPTSP").await.ok(200)["items"].clone();
    let case = cases().await[0].clone();
    let number = case["number"].as_str().unwrap().to_owned();
    let duty = case["duty"].as_i64().unwrap();
    app.post(TEAM, &format!("/duties/{duty}/waive"), json!({"reason": "Aplikasi baru dibangun"})).await.ok(200);
    let case = app.get(TEAM, &format!("/warning-cases/{number}")).await.ok(200);
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("released")), "waived is not repaired");
    app.post(TEAM, &format!("/duties/{duty}/reopen"), json!({"reason": "Salah dibebaskan"})).await.ok(200);
    app.desk.run_duties().await.unwrap();
    let found = cases().await;
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    let open = found.as_array().unwrap().iter().find(|case| case["number"] != json!(number)).unwrap().clone();
    assert_eq!((&open["state"], &open["duty"]), (&json!("open"), &json!(duty)));
    app.audit_is_intact().await;
}

async fn successor(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = with_dossier(&app).await;
    let ending = json!({"successor": "DINKES", "reason": "Digabung"});
    app.post(DINAS, "/agencies/DPMPTSP/end", ending).await.ok(200);
    let case = app.get(TEAM, &format!("/warning-cases/{number}")).await.ok(200);
    assert_eq!((&case["agency"], &case["state"]), (&json!("DINKES"), &json!("dossier_sent")));
    let events = facts(&app, &number).await;
    let moved = TestApp::event(&events, "case_handed_on");
    assert_eq!((&moved["payload"]["from"], &moved["payload"]["to"]), (&json!("DPMPTSP"), &json!("DINKES")));
    app.audit_is_intact().await;
}

async fn papers(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    let number = warned(&app).await;
    app.clock("2026-03-27T09:00:00+07:00").await;
    act(&app, DINAS, &number, "execute-closure", json!({"minutes": "Ditutup di pusat data."})).await;
    let of_case = async |kind: &str| {
        let page = app.get(TEAM, &format!("/letters?case={number}")).await.ok(200);
        page["items"].as_array().unwrap().iter().find(|letter| letter["kind"] == kind).cloned()
    };
    let minutes = of_case("minutes").await.expect("minutes");
    assert_eq!((&minutes["state"], &minutes["number"]), (&json!("draft"), &Value::Null));
    assert_eq!((&minutes["signer_role"], &minutes["signer_name"]), (&json!("ict_head"), &json!("Suryani Amalia")));
    assert_eq!(minutes["addressee"]["name"], "Ketua Tim Koordinasi SPBE");
    let body = minutes["body"].as_str().unwrap();
    for part in [
        "Jumat, 27 Maret 2026 pukul 09.00 WIB",
        "Rina Oktavia",
        "Nomor 500.12/0001/TK/2026",
        "PNT-2026-0001",
        "Uraian pelaksanaan: Ditutup di pusat data.",
    ] {
        assert!(body.contains(part), "{part:?} in {body}");
    }
    assert!(!body.contains("setelah batas waktu"), "in time: {body}");
    assert_eq!(minutes["endpoints"], json!(["https://izin.demo.test", "https://izin.demo.test/api"]));
    assert_eq!(of_case("reopening_note").await, None);
    app.clock("2026-03-30T09:00:00+07:00").await;
    act(&app, OWNER, &number, "report-repair", json!({"report": "Sudah"})).await;
    act(&app, DINAS, &number, "verify-repair", json!({"repaired": true, "findings": "Lulus"})).await;
    app.clock("2026-03-30T10:30:00+07:00").await;
    act(&app, DINAS, &number, "reopen", json!({"note": "Dibuka"})).await;
    let note = of_case("reopening_note").await.expect("a note");
    let body = note["body"].as_str().unwrap();
    for part in [
        "Pasal 51 ayat (5) Peraturan Gubernur Sumatera Utara Nomor 12 Tahun 2022",
        "diverifikasi pada Senin, 30 Maret 2026 pukul 09.00 WIB",
        "dibuka kembali terhitung sejak Senin, 30 Maret 2026 pukul 10.30 WIB",
    ] {
        assert!(body.contains(part), "{part:?} in {body}");
    }
    assert!(note["copies"].to_string().contains("kepala.dpmptsp@demo.test"), "{note}");
    // The case is over; its papers are still owed.
    let minutes = of_case("minutes").await.unwrap();
    let key = minutes["key"].as_str().unwrap();
    assert_eq!(minutes["state"], "draft");
    app.post(DINAS, &format!("/letters/{key}/number"), json!({"number": "7/2026"})).await.ok(200);
    app.post(DINAS, &format!("/letters/{key}/request-signature"), json!({})).await.ok(200);
    app.audit_is_intact().await;
}

async fn threshold(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string("sla_policies/sumut.toml").unwrap().replace("tickets = 1", "tickets = 3");
    std::fs::write(folder.path().join("sumut.toml"), text).unwrap();
    let now = "2026-03-21T02:35:00+07:00";
    let Some(app) = TestApp::with_packs(engine, "sumut", now, Some(folder.path())).await else { return };
    let mut tickets = Vec::new();
    for at in ["2026-03-21T02:35:00+07:00", "2026-03-21T10:00:00+07:00", "2026-03-22T10:00:00+07:00"] {
        app.clock(at).await;
        let page = app.get(TEAM, "/warning-cases?service=e-perizinan").await.ok(200);
        assert_eq!(page["items"], json!([]), "two are too few");
        tickets.push(json!(breach(&app).await));
    }
    app.clock("2026-03-23T10:00:00+07:00").await;
    let case = only_case(&app).await;
    let joined: Vec<&Value> = case["tickets"].as_array().unwrap().iter().map(|proof| &proof["number"]).collect();
    assert_eq!(joined, tickets.iter().collect::<Vec<_>>());
    for (proof, at) in case["tickets"].as_array().unwrap().iter().zip(["20T23:35", "21T07:00", "22T07:00"]) {
        assert!(proof["breached_at"].as_str().unwrap().contains(at), "{at}: {proof}");
    }
    app.audit_is_intact().await;
}

async fn struck_out(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-20T09:00:00+07:00", false).await else { return };
    app.clock("2026-04-02T09:00:00+07:00").await;
    let case = app.get(TEAM, "/warning-cases?agency=DPMPTSP").await.ok(200)["items"][0].clone();
    let mut tx = app.desk.db.write().await.unwrap();
    let mut duty = store::duties::by_id(&mut tx, case["duty"].as_i64().unwrap()).await.unwrap().unwrap();
    (duty.state, duty.version) = (DutyState::Open, duty.version + 1);
    store::duties::update(&mut tx, &duty).await.unwrap();
    tx.commit().await.unwrap();
    let gone = Agency { code: "DPMPTSP".to_owned(), name: "DPMPTSP".to_owned(), email: None, active: false };
    app.desk.save_agencies(&[gone]).await.unwrap();
    app.desk.open_duties().await.unwrap();
    let case = app.get(TEAM, &format!("/warning-cases/{}", case["number"].as_str().unwrap())).await.ok(200);
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("released")));
}

async fn proposal(engine: Engine) {
    let Some(app) = TestApp::new(engine, "karanganyar", "2026-03-20T09:00:00+07:00").await else { return };
    app.clock("2026-04-02T09:00:00+07:00").await;
    let page = app.get(TEAM, "/warning-cases?agency=DINKES").await.ok(200);
    let number = page["items"][0]["number"].as_str().unwrap().to_owned();
    let key = issued(&app, &number).await;
    let body = letter(&app, &key).await["body"].as_str().unwrap().to_owned();
    for part in
        ["Pasal 13 ayat (1) Peraturan Bupati Karanganyar", "Pasal 46 ayat (1) Peraturan", "agar Bupati berkenan"]
    {
        assert!(body.contains(part), "{part:?} in {body}");
    }
    assert!(!body.contains("Bapak"), "nobody is made a man by a template: {body}");
    // Those who decide have decided: the draft is over, too.
    act(&app, TEAM, &number, "record-decision", json!({"decision": "Peringatan lisan"})).await;
    assert_eq!(letter(&app, &key).await["state"], "withdrawn");
}

async fn copies(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string("sla_policies/sumut.toml").unwrap();
    let text = text.replace("\"Sekretaris Daerah\", \"Inspektorat\"]", "\"Kepala Biro Perangkat Daerah\"]");
    std::fs::write(folder.path().join("sumut.toml"), text).unwrap();
    let now = "2026-03-21T02:35:00+07:00";
    let Some(app) = TestApp::with_packs(engine, "sumut", now, Some(folder.path())).await else { return };
    let number = with_dossier(&app).await;
    let written = letter(&app, &issued(&app, &number).await).await;
    let copies = written["copies"].as_array().unwrap();
    assert_eq!(copies.len(), 2, "{written}");
    assert_eq!(copies[0]["email"], "kepala.dpmptsp@demo.test");
    assert_eq!(copies[1], json!({"name": "Kepala Biro Perangkat Daerah", "email": null}), "{written}");
}
