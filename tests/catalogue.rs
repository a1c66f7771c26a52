//! The service catalogue from outside, through the API, on both databases: who may say what of a service, and that a
//! profile changes by decisions only.

use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::domain::people::{Grant, Role, Scope};
use poem::http::Method;
use serde_json::{Value, json};

const NOW: &str = "2026-10-05T09:00:00+07:00";
const PROPOSALS: &str = "/services/email-dinas/critical-proposals";

on_both! {
    a_service_becomes_critical_in_two_steps_and_open_tickets_follow_only_when_told = two_steps;
    a_critical_pause_ends_when_the_profile_is_applied = applied_pause;
    a_proposal_may_be_rejected_or_withdrawn_and_another_made = rejected;
    nobody_determines_what_he_proposed = own_proposal;
    critical_status_is_taken_back_to_the_profile_of_the_sla = revoked;
    the_process_owner_sets_the_sla_and_others_propose_it = sla;
    a_service_is_added_described_confirmed_and_retired = described;
    the_catalogue_is_narrowed_and_paged = listed;
    what_is_wrong_with_a_description_is_told_at_once = refused;
    agencies_are_added_and_changed_by_those_who_may = agencies;
}

/// Local time of Jakarta as the API writes it.
fn wib(local: &str) -> Value {
    let at: chrono::DateTime<chrono::Utc> = format!("{local}:00+07:00").parse().unwrap();
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string().into()
}

fn paper() -> Value {
    json!({"document_number": "000.3/050/DISKOMINFO", "date": "2026-10-05"})
}

async fn incident(app: &TestApp) -> Value {
    let report = json!({"subject": "Surat tidak terkirim", "description": "Antrean surat berhenti", "kind": "incident",
        "service": "email-dinas", "impact": "broad", "urgency": "high", "agency": "DISKOMINFO"});
    app.post("demo-superadmin", "/tickets", report).await.ok(201)
}

/// Somebody of the ICT office's own first line, by a token.
async fn administrator(app: &TestApp, agency: &str) -> String {
    somebody(app, &format!("petugas.{}@demo.test", agency.to_lowercase()), &[(Role::Tier1Agent, Some(agency))]).await
}

async fn somebody(app: &TestApp, email: &str, roles: &[(Role, Option<&str>)]) -> String {
    let grants: Vec<Grant> =
        roles.iter().map(|(role, agency)| Grant { role: *role, agency: agency.map(str::to_owned) }).collect();
    app.desk.add_account(email, "Seseorang", None, &grants).await.unwrap();
    app.desk.add_token(email, "uji", Scope::Write, None).await.unwrap()
}

async fn proposed(app: &TestApp, token: &str) -> String {
    let body = json!({"reason": "Semua surat dinas lewat sini", "evidence": "Rekap gangguan 2026"});
    let made = app.post(token, PROPOSALS, body).await.ok(201);
    assert_eq!((&made["state"], &made["kind"]), (&json!("proposed"), &json!("determine")));
    format!("{PROPOSALS}/{}", made["id"])
}

async fn kinds(app: &TestApp, code: &str) -> Vec<String> {
    let page = app.get("demo-superadmin", &format!("/services/{code}/events?limit=200")).await.ok(200);
    page["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

async fn two_steps(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let admin = administrator(&app, "DISKOMINFO").await;
    let open = incident(&app).await;
    assert_eq!((&open["priority"], &open["sla"]["profile"]), (&json!("P1"), &json!("JAM-KERJA")));
    assert_eq!(open["sla"]["resolution_due"], wib("2026-10-05T14:00"));
    let number = open["number"].as_str().unwrap().to_owned();
    // Two hours of waiting, which must not get lost.
    app.clock("2026-10-05T09:10:00+07:00").await;
    app.post(&admin, &format!("/tickets/{number}/request-info"), json!({"body": "Sejak kapan?"})).await.ok(200);
    app.clock("2026-10-05T11:10:00+07:00").await;
    app.post(&admin, &format!("/tickets/{number}/resume"), json!({"reason": "Dijawab lewat telepon"})).await.ok(200);

    app.post("demo-disdukcapil", PROPOSALS, json!({"reason": "Perlu", "evidence": "Ada"})).await.ok(403);
    app.post("demo-warga", PROPOSALS, json!({"reason": "Perlu", "evidence": "Ada"})).await.ok(403);
    let bad = app.post(&admin, PROPOSALS, json!({"reason": "  "})).await.ok(422);
    assert_eq!(bad["errors"].as_array().unwrap().len(), 2, "{bad}");
    let path = proposed(&app, &admin).await;
    app.post(&admin, PROPOSALS, json!({"reason": "Lagi", "evidence": "Ada"})).await.ok(409);
    assert_eq!(incident(&app).await["sla"]["profile"], "JAM-KERJA", "a proposal changes nothing");
    assert_eq!(app.get("demo-warga", "/services/email-dinas").await.ok(200)["critical"], false);

    let determine = format!("{path}/determine");
    app.post(&admin, &determine, paper()).await.ok(403);
    app.post("demo-auditor", &determine, paper()).await.ok(403);
    app.post("demo-pemilik-dinkes", &determine, paper()).await.ok(403);
    let bad = app.post("demo-superadmin", &determine, json!({"date": "besok"})).await.ok(422);
    assert_eq!(bad["errors"].as_array().unwrap().len(), 2, "{bad}");
    let unknown = json!({"document_number": "1", "date": "2026-10-05", "profile": "TIDAK-ADA"});
    assert_eq!(app.post("demo-superadmin", &determine, unknown).await.ok(422)["errors"][0]["field"], "profile");
    let key = [("Idempotency-Key", "tetapkan-1")];
    let done = app.call(Method::POST, "demo-superadmin", &determine, Some(paper()), &key).await.ok(200);
    assert_eq!((&done["state"], &done["profile"]), (&json!("determined"), &json!("KRITIS-24x7")));
    assert_eq!(done["document"], json!({"number": "000.3/050/DISKOMINFO", "date": "2026-10-05"}));
    assert_eq!(done["decision"]["by"]["email"], "superadmin@demo.test");
    assert_eq!(app.call(Method::POST, "demo-superadmin", &determine, Some(paper()), &key).await.ok(200), done);
    app.post("demo-superadmin", &determine, paper()).await.ok(409);

    let service = app.get("demo-warga", "/services/email-dinas").await.ok(200);
    assert_eq!(
        (&service["critical"], &service["profile"], &service["sla_profile"]),
        (&json!(true), &json!("KRITIS-24x7"), &json!("JAM-KERJA"))
    );
    let new = incident(&app).await;
    assert_eq!(new["sla"]["profile"], "KRITIS-24x7");
    assert_eq!(new["sla"]["resolution_due"], wib("2026-10-05T15:10"));
    let before = app.ticket(&number).await;
    assert_eq!(before["sla"]["profile"], "JAM-KERJA", "an open ticket keeps its profile");
    // Four working hours from nine o'clock, the break at noon and two hours of waiting left out.
    assert_eq!(before["sla"]["resolution_due"], wib("2026-10-05T16:00"));

    let apply = format!("{path}/apply");
    app.post("demo-superadmin", &apply, json!({})).await.ok(422);
    app.post(&admin, &apply, json!({"reason": "Agar sama"})).await.ok(403);
    let applied = app.post("demo-superadmin", &apply, json!({"reason": "Agar sama"})).await.ok(200);
    assert_eq!((&applied["changed"], &applied["profile"]), (&json!(2), &json!("KRITIS-24x7")));
    let after = app.ticket(&number).await;
    assert_eq!(after["sla"]["profile"], "KRITIS-24x7");
    // Every minute counts from nine o'clock, still without the two hours of waiting.
    assert_eq!(after["sla"]["resolution_due"], wib("2026-10-05T15:00"));
    assert_eq!(after["sla"]["response_due"], wib("2026-10-05T09:15"));
    let events = app.events(&number).await;
    let told = &TestApp::event(&events, "reprofiled")["payload"];
    assert_eq!((&told["from"], &told["to"]), (&json!("JAM-KERJA"), &json!("KRITIS-24x7")));
    assert_eq!((&told["reason"], &told["proposal"]), (&json!("Agar sama"), &done["id"]));
    let again = app.post("demo-superadmin", &apply, json!({"reason": "Sekali lagi"})).await.ok(200);
    assert_eq!(again["changed"], 0);
    let kinds = kinds(&app, "email-dinas").await;
    assert_eq!(kinds[2..], ["critical_proposed", "critical_determined", "profile_applied", "profile_applied"]);
    app.get("demo-warga", "/services/email-dinas/events").await.ok(403);
    app.audit_is_intact().await;
}

async fn applied_pause(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let admin = administrator(&app, "DISKOMINFO").await;
    let number = incident(&app).await["number"].as_str().unwrap().to_owned();
    app.post(&admin, &format!("/tickets/{number}/request-info"), json!({"body": "Sejak kapan?"})).await.ok(200);
    let path = proposed(&app, &admin).await;
    app.post("demo-superadmin", &format!("{path}/determine"), paper()).await.ok(200);
    assert_eq!(app.ticket(&number).await["sla"]["paused"], true);
    app.clock("2026-10-05T10:00:00+07:00").await;
    app.post("demo-superadmin", &format!("{path}/apply"), json!({"reason": "Agar sama"})).await.ok(200);
    let ticket = app.ticket(&number).await;
    assert_eq!((&ticket["sla"]["paused"], &ticket["status"]), (&json!(false), &json!("in_progress")));
    assert_eq!(ticket["sla"]["resolution_due"], wib("2026-10-05T14:00"), "the hour of waiting is kept");
    app.post(&admin, &format!("/tickets/{number}/request-info"), json!({"body": "Lagi?"})).await.ok(409);
    app.audit_is_intact().await;
}

async fn rejected(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let admin = administrator(&app, "DISKOMINFO").await;
    let path = proposed(&app, &admin).await;
    app.post("demo-superadmin", &format!("{path}/reject"), json!({})).await.ok(422);
    let body = json!({"reason": "Bukti belum cukup"});
    let done = app.post("demo-superadmin", &format!("{path}/reject"), body).await.ok(200);
    assert_eq!((&done["state"], &done["decision"]["reason"]), (&json!("rejected"), &json!("Bukti belum cukup")));
    app.post("demo-superadmin", &format!("{path}/determine"), paper()).await.ok(409);
    app.post("demo-superadmin", &format!("{path}/apply"), json!({"reason": "Coba"})).await.ok(409);
    assert_eq!(incident(&app).await["sla"]["profile"], "JAM-KERJA");
    let path = proposed(&app, &admin).await;
    app.post("demo-dinkes", &format!("{path}/withdraw"), json!({})).await.ok(403);
    assert_eq!(app.post(&admin, &format!("{path}/withdraw"), json!({})).await.ok(200)["state"], "withdrawn");
    app.post(&admin, &format!("{path}/withdraw"), json!({})).await.ok(409);
    app.post("demo-superadmin", "/services/simpus/critical-proposals/99999/reject", json!({"reason": "x1"}))
        .await
        .ok(404);
    let all = app.get(&admin, PROPOSALS).await.ok(200);
    let states: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
    assert_eq!(states, [&json!("withdrawn"), &json!("rejected")]);
    let waiting = app.get(&admin, "/critical-proposals?state=proposed").await.ok(200);
    assert_eq!(waiting["items"], json!([]));
    let first = app.get(&admin, "/critical-proposals?limit=1").await.ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.get(&admin, &format!("/critical-proposals?limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!(second["items"][0]["state"], "rejected");
    app.get("demo-warga", "/critical-proposals").await.ok(403);
    app.audit_is_intact().await;
}

async fn own_proposal(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let both =
        somebody(&app, "ganda@demo.test", &[(Role::Tier1Agent, Some("DISKOMINFO")), (Role::Tier2Unit, None)]).await;
    let path = proposed(&app, &both).await;
    let refused = app.post(&both, &format!("{path}/determine"), paper()).await.ok(403);
    assert!(refused["detail"].as_str().unwrap().contains("Usulan Anda sendiri"), "{refused}");
    app.post(&both, &format!("{path}/reject"), json!({"reason": "Salah"})).await.ok(403);
    let read = app.desk.add_token("superadmin@demo.test", "baca", Scope::Read, None).await.unwrap();
    app.post(&read, &format!("{path}/determine"), paper()).await.ok(403);
    let limited = app.desk.add_token("superadmin@demo.test", "lain", Scope::Write, Some("DINKES")).await.unwrap();
    app.post(&limited, &format!("{path}/determine"), paper()).await.ok(403);
    app.post("demo-superadmin", &format!("{path}/determine"), paper()).await.ok(200);
}

async fn revoked(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let base = "/services/simpus/critical-proposals";
    let report = json!({"subject": "SIMPUS mati", "description": "Mati", "service": "simpus", "impact": "broad", "urgency": "high"});
    let open = app.post("demo-dinkes", "/tickets", report.clone()).await.ok(201);
    assert_eq!(open["sla"]["profile"], "KRITIS-24x7");
    let seeded = app.get("demo-dinkes", base).await.ok(200)["items"][0].clone();
    assert_eq!(seeded["state"], "determined");
    app.post("demo-dinkes", base, json!({"reason": "Kritis", "evidence": "Ada"})).await.ok(409);
    let wish = json!({"kind": "revoke", "reason": "Diganti sistem nasional", "evidence": "Surat Kemenkes"});
    let id = app.post("demo-pemilik-dinkes", base, wish.clone()).await.ok(201)["id"].clone();
    assert_eq!(app.get("demo-dinkes", "/services/simpus").await.ok(200)["critical"], true);
    let named = json!({"document_number": "9", "date": "2026-10-05", "profile": "KRITIS-24x7"});
    app.post("demo-superadmin", &format!("{base}/{id}/determine"), named).await.ok(422);
    let done = app.post("demo-superadmin", &format!("{base}/{id}/determine"), paper()).await.ok(200);
    assert_eq!(done["profile"], "JAM-KERJA");
    let service = app.get("demo-dinkes", "/services/simpus").await.ok(200);
    assert_eq!((&service["critical"], &service["profile"]), (&json!(false), &json!("JAM-KERJA")));
    assert_eq!(app.post("demo-dinkes", "/tickets", report).await.ok(201)["sla"]["profile"], "JAM-KERJA");
    let number = open["number"].as_str().unwrap();
    assert_eq!(app.ticket(number).await["sla"]["profile"], "KRITIS-24x7");
    // The older determination is no longer the one in force.
    let old = format!("{base}/{}/apply", seeded["id"]);
    app.post("demo-superadmin", &old, json!({"reason": "Coba"})).await.ok(409);
    let apply = json!({"reason": "Disamakan"});
    let applied = app.post("demo-pemilik-dinkes", &format!("{base}/{id}/apply"), apply).await.ok(200);
    assert_eq!(applied["tickets"], json!([number]));
    assert_eq!(app.ticket(number).await["sla"]["profile"], "JAM-KERJA");
    app.post("demo-dinkes", base, wish).await.ok(409);
    app.audit_is_intact().await;
}

async fn sla(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let owner = somebody(&app, "pemilik@demo.test", &[(Role::ProcessOwner, Some("DISKOMINFO"))]).await;
    let admin = administrator(&app, "DISKOMINFO").await;
    let base = "/services/email-dinas/sla";
    let wish = json!({"profile": "KRITIS-24x7", "reason": "Permintaan Sekda"});
    for stranger in ["demo-superadmin", "demo-dinkes", "demo-pemilik-dinkes", "demo-auditor", "demo-warga"] {
        app.post(stranger, base, wish.clone()).await.ok(403);
    }
    let made = app.post(&admin, base, wish.clone()).await.ok(201);
    assert_eq!((&made["state"], &made["document"]), (&json!("proposed"), &Value::Null));
    assert_eq!(app.get(&admin, "/services/email-dinas").await.ok(200)["profile"], "JAM-KERJA");
    app.post(&admin, base, wish.clone()).await.ok(409);
    let approve = format!("{base}/{}/approve", made["id"]);
    app.post(&admin, &approve, paper()).await.ok(403);
    app.post(&owner, &approve, json!({})).await.ok(422);
    let open = incident(&app).await;
    let done = app.post(&owner, &approve, paper()).await.ok(200);
    assert_eq!((&done["state"], &done["decision"]["by"]["email"]), (&json!("approved"), &json!("pemilik@demo.test")));
    assert_eq!(done["proposed_by"]["email"], "petugas.diskominfo@demo.test");
    assert_eq!(incident(&app).await["sla"]["profile"], "KRITIS-24x7");
    let number = open["number"].as_str().unwrap();
    assert_eq!(app.ticket(number).await["sla"]["profile"], "JAM-KERJA");
    let apply = format!("{base}/{}/apply", made["id"]);
    app.post(&owner, &apply, json!({"reason": "Semua sama"})).await.ok(200);
    assert_eq!(app.ticket(number).await["sla"]["profile"], "KRITIS-24x7");
    // A profile alone makes nothing critical.
    assert_eq!(app.get(&admin, "/services/email-dinas").await.ok(200)["critical"], false);

    let made = app.post(&admin, base, json!({"profile": "JAM-KERJA", "reason": "Kembali"})).await.ok(201);
    let reject = format!("{base}/{}/reject", made["id"]);
    app.post(&owner, &reject, json!({})).await.ok(422);
    assert_eq!(app.post(&owner, &reject, json!({"reason": "Belum perlu"})).await.ok(200)["state"], "rejected");
    app.post(&owner, &reject, json!({"reason": "Belum perlu"})).await.ok(409);
    let unknown = json!({"profile": "EMAS", "reason": "Coba", "document_number": "1", "date": "2026-10-05"});
    assert_eq!(app.post(&owner, base, unknown).await.ok(422)["errors"][0]["field"], "profile");
    let direct = json!({"profile": "JAM-KERJA", "reason": "Kembali", "document_number": "2", "date": "2026-10-05"});
    assert_eq!(app.post(&owner, base, direct).await.ok(201)["state"], "approved");
    app.post(&owner, &apply, json!({"reason": "Yang lama"})).await.ok(409);
    let all = app.get("demo-auditor", base).await.ok(200);
    let states: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
    assert_eq!(states, ["approved", "rejected", "approved", "approved"]);
    app.get("demo-warga", base).await.ok(403);
    // While a service is critical its SLA record waits for the way back.
    let owned = json!({"profile": "KRITIS-24x7", "reason": "Tetap", "document_number": "3", "date": "2026-10-05"});
    let record = app.post("demo-pemilik-dinkes", "/services/simpus/sla", owned).await.ok(201);
    let apply = format!("/services/simpus/sla/{}/apply", record["id"]);
    app.post("demo-pemilik-dinkes", &apply, json!({"reason": "Coba"})).await.ok(409);
    app.audit_is_intact().await;
}

async fn described(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let patch = |token: &'static str, body: Value| {
        let app = &app;
        async move { app.call(Method::PATCH, token, "/services/posyandu", Some(body), &[]).await }
    };
    let new = json!({"code": "posyandu", "name": "e-Posyandu", "agency": "DINKES", "keywords": ["Posyandu Daring"],
        "category": "data", "parts": {"definition": "Pencatatan tumbuh kembang balita."},
        "endpoints": ["https://posyandu.demo.test"], "raci": [{"role": "R", "who": "Seksi Gizi"}], "calendar": "kerja"});
    app.post("demo-disdukcapil", "/services", new.clone()).await.ok(403);
    app.post("demo-warga", "/services", new.clone()).await.ok(403);
    let key = [("Idempotency-Key", "layanan-1")];
    let made = app.call(Method::POST, "demo-dinkes", "/services", Some(new.clone()), &key).await.ok(201);
    assert_eq!(app.call(Method::POST, "demo-dinkes", "/services", Some(new.clone()), &key).await.ok(201), made);
    app.post("demo-dinkes", "/services", new).await.ok(409);
    assert_eq!(
        (&made["profile"], &made["critical"], &made["version"]),
        (&json!("JAM-KERJA"), &json!(false), &json!(1))
    );
    assert_eq!((&made["completeness"]["filled"], &made["completeness"]["of"]), (&json!(1), &json!(6)));
    assert_eq!(made["completeness"]["missing"][0], "policy");
    assert_eq!((&made["stale"], &made["calendar"]), (&json!(false), &json!("kerja")));
    // Reporters find it by its keyword, as any other service.
    let report = json!({"subject": "Posyandu daring galat", "description": "Galat"});
    assert_eq!(app.post("demo-warga", "/tickets", report).await.ok(201)["service"], "posyandu");

    let parts = json!({"policy": "a b", "incident_handling": "a b", "request_handling": "a b", "customer_relationship": "a b",
        "service_level": "a b"});
    app.call(Method::PATCH, "demo-disdukcapil", "/services/posyandu", Some(json!({"name": "X1"})), &[]).await.ok(403);
    let body = json!({"parts": parts, "version": 1, "contingency": {"tested_plan": "2026-09-01"}});
    let full = patch("demo-dinkes", body).await.ok(200);
    assert_eq!((&full["completeness"]["filled"], &full["version"]), (&json!(6), &json!(2)));
    assert_eq!(full["contingency"]["tested_plan"], "2026-09-01");
    let stale = patch("demo-superadmin", json!({"name": "Lain", "version": 1})).await.ok(409);
    assert_eq!(stale["version"], 2);
    let seen = [("If-Match", "\"1\"")];
    app.call(Method::PATCH, "demo-dinkes", "/services/posyandu", Some(json!({"name": "L1"})), &seen).await.ok(409);
    patch("demo-dinkes", json!({"version": 2})).await.ok(200);
    assert_eq!(app.get("demo-warga", "/services/posyandu").await.ok(200)["version"], 2, "nothing changed");
    let less = patch("demo-dinkes", json!({"parts": {"policy": ""}, "contingency": {"tested_plan": ""}})).await.ok(200);
    assert_eq!(
        (&less["completeness"]["missing"], &less["contingency"]["tested_plan"]),
        (&json!(["policy"]), &Value::Null)
    );
    patch("demo-dinkes", json!({"agency": "BKD"})).await.ok(403);
    assert_eq!(patch("demo-superadmin", json!({"agency": "BKD"})).await.ok(200)["agency"], "BKD");
    patch("demo-superadmin", json!({"agency": "DINKES"})).await.ok(200);

    app.clock("2027-10-05T09:00:00+07:00").await;
    assert_eq!(
        app.get("demo-warga", "/services/posyandu").await.ok(200)["stale"],
        false,
        "twelve months to the minute"
    );
    app.clock("2027-10-05T09:00:01+07:00").await;
    assert_eq!(app.get("demo-warga", "/services/posyandu").await.ok(200)["stale"], true);
    app.post("demo-superadmin", "/services/posyandu/review", json!({})).await.ok(403);
    assert_eq!(app.post("demo-dinkes", "/services/posyandu/review", json!({})).await.ok(200)["stale"], false);

    app.post("demo-dinkes", "/services/posyandu/retire", json!({})).await.ok(422);
    app.post("demo-dinkes", "/services/posyandu/retire", json!({"reason": "Diganti"})).await.ok(200);
    app.get("demo-warga", "/services/posyandu").await.ok(404);
    app.get("demo-auditor", "/services/posyandu").await.ok(200);
    patch("demo-dinkes", json!({"name": "Lain"})).await.ok(409);
    app.post("demo-dinkes", "/services/posyandu/review", json!({})).await.ok(409);
    app.post("demo-dinkes", "/services/posyandu/retire", json!({"reason": "Diganti"})).await.ok(409);
    let report = json!({"subject": "Galat", "description": "Galat", "service": "posyandu"});
    app.post("demo-warga", "/tickets", report).await.ok(422);
    app.post("demo-dinkes", "/services/posyandu/restore", json!({"reason": "Masih dipakai"})).await.ok(200);
    assert_eq!(
        kinds(&app, "posyandu").await,
        [
            "service_added",
            "service_described",
            "service_described",
            "service_described",
            "service_described",
            "service_reviewed",
            "service_retired",
            "service_restored"
        ]
    );
    app.audit_is_intact().await;
}

async fn listed(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let codes = |token: &'static str, query: &'static str| {
        let app = &app;
        async move {
            let page = app.get(token, &format!("/services?{query}")).await.ok(200);
            let items = page["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(codes("demo-warga", "").await, "e-office e-perizinan email-dinas simpus");
    for (query, expected) in [
        ("agency=DISKOMINFO", "e-office email-dinas"),
        ("critical=true", "e-perizinan simpus"),
        ("critical=false", "e-office email-dinas"),
        ("category=infrastructure", "email-dinas"),
        ("category=training", ""),
        ("q=PERIZINAN", "e-perizinan"),
        ("q=surel", "email-dinas"),
        ("q=%25", ""),
        ("stale=true", "e-office"),
        ("stale=false", "e-perizinan email-dinas simpus"),
        ("incomplete=true", "e-office"),
        ("incomplete=false&agency=DISKOMINFO", "email-dinas"),
        ("active=false", ""),
    ] {
        assert_eq!(codes("demo-auditor", query).await, expected, "{query}");
    }
    app.post("demo-superadmin", "/services/email-dinas/retire", json!({"reason": "Diganti"})).await.ok(200);
    assert_eq!(codes("demo-auditor", "active=false").await, "email-dinas");
    assert_eq!(codes("demo-warga", "active=false").await, "e-office e-perizinan simpus", "others see what is offered");
    let page = app.get("demo-warga", "/services?limit=2").await.ok(200);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let rest = app.get("demo-warga", &format!("/services?limit=2&cursor={cursor}")).await.ok(200);
    assert_eq!((&rest["items"][0]["code"], &rest["next_cursor"]), (&json!("simpus"), &Value::Null));
    for bad in ["limit=0", "cursor=abc", "category=apa"] {
        app.get("demo-warga", &format!("/services?{bad}")).await.ok(422);
    }
    app.get("", "/services").await.ok(401);
}

async fn refused(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let fields = |answer: Value| {
        let all = answer["errors"].as_array().unwrap().clone();
        all.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let bad = json!({"code": "Dua Kata", "name": " ", "agency": "DINKES", "calendar": "tidak-ada", "endpoints": ["bukan alamat"],
        "raci": [{"role": "R", "who": ""}], "contingency": {"standby_system": "kemarin"}});
    let answer = app.post("demo-dinkes", "/services", bad).await.ok(422);
    assert_eq!(fields(answer), ["name", "endpoints", "raci", "standby_system", "calendar", "code"]);
    let bad = json!({"category": "x", "raci": [{"role": "X", "who": "a"}]});
    let answer = app.call(Method::PATCH, "demo-dinkes", "/services/simpus", Some(bad), &[]).await.ok(422);
    assert_eq!(fields(answer), ["category", "raci"]);
    let body = json!({"code": "lain"});
    app.call(Method::PATCH, "demo-dinkes", "/services/simpus", Some(body), &[]).await.ok(422);
    let body = json!({"profile": "KRITIS-24x7"});
    let answer = app.call(Method::PATCH, "demo-dinkes", "/services/simpus", Some(body), &[]).await;
    assert!(answer.status >= 400, "a profile is no part of a description: {answer:?}");
    let many: Vec<String> = (0..51).map(|n| format!("h{n}.demo.test")).collect();
    let body = json!({"endpoints": many});
    app.call(Method::PATCH, "demo-dinkes", "/services/simpus", Some(body), &[]).await.ok(422);
    app.get("demo-dinkes", "/services/tidak-ada").await.ok(404);
    app.get("demo-dinkes", "/services/tidak-ada/sla").await.ok(404);
    assert_eq!(app.get("demo-dinkes", "/services/simpus").await.ok(200)["endpoints"][0], "https://simpus.demo.test");
}

async fn agencies(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let new = json!({"code": "pupr", "name": "Dinas Pekerjaan Umum", "email": "pupr@desk.test"});
    app.post("demo-dinkes", "/agencies", new.clone()).await.ok(403);
    assert_eq!(app.post("demo-superadmin", "/agencies", new.clone()).await.ok(201)["code"], "PUPR");
    app.post("demo-superadmin", "/agencies", new).await.ok(409);
    app.post("demo-superadmin", "/agencies", json!({"code": "a b", "name": "X1"})).await.ok(422);
    let taken = json!({"code": "BPBD", "name": "Badan", "email": "dinkes@desk.test"});
    assert_eq!(app.post("demo-superadmin", "/agencies", taken).await.ok(422)["errors"][0]["field"], "email");
    let change = |code: &'static str, body: Value| {
        let app = &app;
        async move { app.call(Method::PATCH, "demo-superadmin", &format!("/agencies/{code}"), Some(body), &[]).await }
    };
    assert_eq!(change("PUPR", json!({"name": "Dinas PUPR", "email": ""})).await.ok(200)["email"], Value::Null);
    assert_eq!(change("PUPR", json!({"active": false})).await.ok(200)["active"], false);
    change("DINKES", json!({"active": false})).await.ok(409);
    change("TIDAK", json!({"active": false})).await.ok(404);
    let all = app.get("demo-warga", "/agencies").await.ok(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 6);
    app.audit_is_intact().await;
}
