//! Stories 1, 2 and 7 of the domain, driven through the API, on both databases.

use crate::support::app::{Engine, TestApp, readable, reply_to};
use crate::support::on_both;
use serde_json::{Value, json};

/// Local time of Jakarta as the API writes it.
pub(crate) fn wib(local: &str) -> String {
    let at: chrono::DateTime<chrono::Utc> = format!("{local}:00+07:00").parse().unwrap();
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[track_caller]
pub(crate) fn is_due(ticket: &Value, name: &str, local: &str) {
    assert_eq!(ticket["sla"][name], wib(local), "{name} of {ticket}");
}

const FRIDAY_MAIL: &str = "From: Operator Puskesmas <operator@gmail.test>\r\n\
    To: meja@desk.test\r\nSubject: SIMPUS tidak bisa dibuka\r\nMessage-ID: <jumat@gmail.test>\r\n\
    Date: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\nSejak siang SIMPUS tidak bisa dibuka di puskesmas kami.\r\n";

on_both! {
    story_1_a_mail_on_friday_before_joint_leave = story_1a;
    story_1_b_critical_service_runs_every_minute = story_1b;
    story_2_friday_prayer_break = story_2;
    story_7_levels_of_escalation = story_7;
    story_7_missed_steps_fire_once_in_order = story_7_catch_up;
}

async fn story_1a(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-02-13T16:10:00+07:00").await else { return };
    let mail =
        FRIDAY_MAIL.replace("SIMPUS tidak bisa dibuka", "E-office tidak bisa dibuka").replace("SIMPUS", "e-office");
    app.deliver(&mail, "meja@desk.test", "operator@gmail.test").await;
    let ticket = app.only_ticket().await;
    let number = ticket["number"].as_str().unwrap();
    assert_eq!(ticket["kind"], "incident");
    assert_eq!(ticket["service"], "e-office");
    assert_eq!(ticket["agency"], "DISKOMINFO");
    assert_eq!(ticket["requester"]["verified"], false);
    // The clock starts at server receipt, whatever the Date header claims.
    assert_eq!(ticket["opened_at"], wib("2026-02-13T16:10"));
    assert_eq!((&ticket["priority"], &ticket["sla"]["profile"]), (&json!("P2"), &json!("JAM-KERJA")));
    is_due(&ticket, "response_due", "2026-02-18T08:10");
    is_due(&ticket, "transfer_due", "2026-02-18T10:55");
    is_due(&ticket, "warn_due", "2026-02-18T14:10");
    is_due(&ticket, "resolution_due", "2026-02-18T15:40");
    let confirmation = app.mails_to("operator@gmail.test").await.remove(0);
    let text = readable(&confirmation);
    assert!(text.contains(number) && text.contains("Rabu, 18 Februari 2026 pukul 08.10 WIB"), "{text}");
    assert!(text.contains("belum terverifikasi") && text.contains("/konfirmasi/"), "{text}");
    assert!(!text.contains("tidak bisa dibuka"), "a confirmation carries nothing the reporter wrote: {text}");
    app.audit_is_intact().await;
}

async fn story_1b(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-02-13T16:10:00+07:00").await else { return };
    app.deliver(FRIDAY_MAIL, "meja@desk.test", "operator@gmail.test").await;
    let ticket = app.only_ticket().await;
    assert_eq!((&ticket["service"], &ticket["agency"]), (&json!("simpus"), &json!("DINKES")));
    assert_eq!((&ticket["priority"], &ticket["sla"]["profile"]), (&json!("P1"), &json!("KRITIS-24x7")));
    is_due(&ticket, "response_due", "2026-02-13T16:25");
    is_due(&ticket, "transfer_due", "2026-02-13T18:10");
    is_due(&ticket, "warn_due", "2026-02-13T19:22");
    is_due(&ticket, "resolution_due", "2026-02-13T20:10");
}

async fn story_2(engine: Engine) {
    let Some(app) = TestApp::new(engine, "bawaan", "2026-04-10T11:15:00+07:00").await else { return };
    let report = json!({"subject": "Aplikasi galat", "description": "Galat saat menyimpan", "kind": "incident", "service": "e-office",
        "impact": "broad", "urgency": "high"});
    let ticket = app.post("demo-dinkes", "/tickets", report).await.ok(201);
    let number = ticket["number"].as_str().unwrap().to_owned();
    assert_eq!(ticket["priority"], "P1");
    is_due(&ticket, "response_due", "2026-04-10T13:15");
    is_due(&ticket, "transfer_due", "2026-04-10T14:45");
    is_due(&ticket, "warn_due", "2026-04-10T15:57");
    is_due(&ticket, "resolution_due", "2026-04-13T07:45");
    app.clock("2026-04-10T14:44:59+07:00").await;
    assert_eq!(app.ticket(&number).await["tier"], 1);
    app.clock("2026-04-10T14:45:00+07:00").await;
    assert_eq!(app.ticket(&number).await["tier"], 2);
    let events = app.events(&number).await;
    let moved = &TestApp::event(&events, "escalated")["payload"];
    assert_eq!(moved["basis"], "bawaan, bukan kewajiban hukum");
    assert_eq!(moved["trigger"], "timer");
    // Where hand-over is not compulsory the second line may give the ticket back, once, with a reason.
    let path = format!("/tickets/{number}/return");
    app.post("demo-superadmin", &path, json!({})).await.ok(422);
    let back = app.post("demo-superadmin", &path, json!({"reason": "Jaringan lokal PD"})).await.ok(200);
    assert_eq!((&back["tier"], &back["returned"]), (&json!(1), &json!(true)));
    let again = json!({"reason": "Perlu akses peladen", "tried": "Memulai ulang"});
    app.post("demo-superadmin", &format!("/tickets/{number}/escalate"), again).await.ok(200);
    app.post("demo-superadmin", &path, json!({"reason": "Lagi"})).await.ok(409);
    app.audit_is_intact().await;
}

async fn open_story_7(app: &TestApp) -> String {
    let report = json!({"subject": "E-office galat", "description": "Kesalahan saat membuka surat", "service": "e-office",
        "impact": "broad", "urgency": "high", "requester": {"name": "Operator", "email": "op@kaboki.go.id"}});
    let ticket = app.post("demo-superadmin", "/tickets", report).await.ok(201);
    is_due(&ticket, "response_due", "2026-10-20T14:10");
    is_due(&ticket, "transfer_due", "2026-10-20T15:40");
    is_due(&ticket, "warn_due", "2026-10-21T08:22");
    is_due(&ticket, "resolution_due", "2026-10-21T09:10");
    ticket["number"].as_str().unwrap().to_owned()
}

async fn story_7(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T13:40:00+07:00").await else { return };
    let number = open_story_7(&app).await;
    app.clock("2026-10-20T16:00:00+07:00").await;
    // 140 of 240 working minutes are used.
    assert_eq!(app.ticket(&number).await["sla"]["remaining_seconds"], 100 * 60);
    app.clock("2026-10-21T09:30:00+07:00").await;
    let events = app.events(&number).await;
    for (kind, local) in [
        ("response_overdue", "2026-10-20T14:10"),
        ("escalated", "2026-10-20T15:40"),
        ("warned", "2026-10-21T08:22"),
        ("breached", "2026-10-21T09:10"),
    ] {
        let event = TestApp::event(&events, kind);
        assert_eq!(event["at"], wib(local), "{kind}");
        assert_eq!(event["payload"]["due_at"], event["payload"]["detected_at"], "{kind}");
    }
    let moved = &TestApp::event(&events, "escalated")["payload"];
    assert_eq!((&moved["reason"], &moved["compulsory"]), (&json!("waktu habis"), &json!(true)));
    assert!(moved["basis"].as_str().unwrap().contains("39"));
    let told: Vec<String> = app.mails_to("pimpinan@demo.test").await.iter().map(|mail| mail.subject.clone()).collect();
    // Head of the agency and of the ICT office at once: response, warning and breach.
    assert_eq!(told.len(), 3, "{told:?}");
    consultation_needs_the_province_first(&app, &number).await;
    app.clock("2026-10-21T09:55:00+07:00").await;
    let path = format!("/tickets/{number}/resolve");
    let solved = app.post("demo-superadmin", &path, json!({"solution": "Peladen dipulihkan"})).await.ok(200);
    assert_eq!(solved["sla"]["breached_at"], wib("2026-10-21T09:10"));
    assert_eq!(solved["sla"]["breached_tier"], 2);
    // 285 working minutes used, over by 45.
    assert_eq!(solved["sla"]["remaining_seconds"], -45 * 60);
    // Compulsory: no giving back.
    app.post("demo-superadmin", &format!("/tickets/{number}/return"), json!({"reason": "x1"})).await.ok(409);
    app.audit_is_intact().await;
}

async fn consultation_needs_the_province_first(app: &TestApp, number: &str) {
    let path = format!("/tickets/{number}/consult");
    let ask = |with: &str, contact: &str, date: &str| json!({"with": with, "contact": contact, "date": date, "question": "Mohon arahan"});
    let refused = app.post("demo-superadmin", &path, ask("ministry", "Ibu Ani", "2026-10-21")).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "with");
    let refused = app.post("demo-superadmin", &path, ask("province", "", "")).await.ok(422);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2);
    app.post("demo-superadmin", &path, ask("province", "Pak Budi", "2026-10-21")).await.ok(200);
    app.post("demo-superadmin", &path, ask("ministry", "Ibu Ani", "2026-10-21")).await.ok(200);
}

async fn story_7_catch_up(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T13:40:00+07:00").await else { return };
    let number = open_story_7(&app).await;
    app.clock("2026-10-20T15:30:00+07:00").await;
    let before = app.mails_to("superadmin@demo.test").await.len();
    // The scheduler is off until 16:20: the clock leaps without anybody looking.
    app.desk.clock.set("2026-10-21T10:00:00+07:00".parse().unwrap(), 0.0);
    app.desk.run_due_steps().await.unwrap();
    app.desk.run_due_steps().await.unwrap();
    let events = app.events(&number).await;
    let fired: Vec<&str> = events
        .iter()
        .map(|(kind, _)| kind.as_str())
        .filter(|kind| !matches!(*kind, "opened" | "requester_wrote"))
        .collect();
    assert_eq!(fired, ["response_overdue", "escalated", "warned", "breached"]);
    let moved = TestApp::event(&events, "escalated");
    assert_eq!(moved["payload"]["due_at"], "2026-10-20T08:40:00Z");
    assert_eq!(moved["payload"]["detected_at"], "2026-10-21T03:00:00Z");
    assert_eq!(app.ticket(&number).await["sla"]["breached_at"], wib("2026-10-21T09:10"));
    // The notices of one catch-up are one mail per person.
    assert_eq!(app.mails_to("superadmin@demo.test").await.len(), before + 1);
    let head = app.mails_to("pimpinan@demo.test").await;
    assert_eq!(head.len(), 2, "one for the response, one for warning and breach together");
    let digest = readable(head.last().unwrap());
    assert!(digest.contains(&number), "{digest}");
    app.audit_is_intact().await;
}

on_both! {
    a_question_pauses_the_clock_and_the_answer_by_mail_resumes_it = question_and_answer;
    silence_closes_after_the_packs_days = silence;
    a_reply_to_a_solution_reopens_and_the_same_clock_goes_on = reopen_by_mail;
    the_hand_over_by_hand_needs_reason_and_trials = manual_hand_over;
}

async fn open_request(app: &TestApp) -> String {
    let report = json!({"subject": "Akun baru", "description": "Mohon dibuatkan akun", "kind": "service_request", "service": "email-dinas",
        "impact": "limited", "urgency": "high", "requester": {"name": "Ibu Tuti", "email": "tuti@kaboki.go.id"}});
    let ticket = app.post("demo-superadmin", "/tickets", report).await.ok(201);
    assert_eq!(ticket["priority"], "P3");
    ticket["number"].as_str().unwrap().to_owned()
}

fn answer(to: &str, head: &str, body: &str) -> String {
    format!(
        "From: Ibu Tuti <tuti@kaboki.go.id>\r\nTo: {to}\r\nSubject: lain sama sekali\r\nMessage-ID: <{}@kaboki.go.id>\r\n{head}\r\n{body}\r\n",
        body.len()
    )
}

/// The pause of story 5, in the zone and hours of this pack.
async fn question_and_answer(engine: Engine) {
    let Some(app) = TestApp::new(engine, "singkawang", "2026-10-05T09:00:00+07:00").await else { return };
    let number = open_request(&app).await;
    is_due(&app.ticket(&number).await, "resolution_due", "2026-10-07T09:00");
    app.clock("2026-10-05T10:30:00+07:00").await;
    let path = format!("/tickets/{number}/request-info");
    let asked = app.post("demo-superadmin", &path, json!({"body": "Mohon kirim surat tugas"})).await.ok(200);
    assert_eq!((&asked["status"], &asked["sla"]["paused"]), (&json!("pending_requester"), &json!(true)));
    assert_eq!(asked["sla"]["resolution_due"], Value::Null);
    let question = app.mails_to("tuti@kaboki.go.id").await.pop().unwrap();
    assert!(readable(&question).contains("Mohon kirim surat tugas"));
    let address = reply_to(&question);
    app.clock("2026-10-06T08:00:00+07:00").await;
    app.deliver(&answer(&address, "Auto-Submitted: auto-replied\r\n", "Saya cuti"), &address, "tuti@kaboki.go.id")
        .await;
    assert_eq!(app.ticket(&number).await["status"], "pending_requester", "an automatic answer resumes nothing");
    app.clock("2026-10-07T14:15:00+07:00").await;
    app.deliver(&answer(&address, "", "Ini surat tugasnya"), &address, "tuti@kaboki.go.id").await;
    let ticket = app.ticket(&number).await;
    assert_eq!((&ticket["status"], &ticket["sla"]["paused"]), (&json!("in_progress"), &json!(false)));
    is_due(&ticket, "transfer_due", "2026-10-08T11:45");
    is_due(&ticket, "warn_due", "2026-10-09T08:45");
    is_due(&ticket, "resolution_due", "2026-10-09T13:15");
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().last().unwrap()["body"], "Ini surat tugasnya");
    // The same mail delivered again changes nothing.
    assert!(!app.deliver(&answer(&address, "", "Ini surat tugasnya"), &address, "tuti@kaboki.go.id").await);
    app.audit_is_intact().await;
}

async fn silence(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let number = open_request(&app).await;
    let path = format!("/tickets/{number}/request-info");
    app.post("demo-superadmin", &path, json!({"body": "Mohon kirim surat tugas"})).await.ok(200);
    // Three working days after Monday: Thursday at closing time; ten: Monday the 19th.
    app.clock("2026-10-08T16:00:00+07:00").await;
    assert_eq!(TestApp::event(&app.events(&number).await, "reminded")["at"], wib("2026-10-08T16:00"));
    app.clock("2026-10-19T15:59:59+07:00").await;
    assert_eq!(app.ticket(&number).await["status"], "pending_requester");
    app.clock("2026-10-19T16:00:00+07:00").await;
    let ticket = app.ticket(&number).await;
    assert_eq!(ticket["status"], "closed");
    assert_eq!(TestApp::event(&app.events(&number).await, "closed")["payload"]["reason"], "tanpa tanggapan");
    let subjects: Vec<String> =
        app.mails_to("tuti@kaboki.go.id").await.iter().map(|mail| mail.subject.clone()).collect();
    assert_eq!(subjects.len(), 4, "confirmation, question, reminder, closing: {subjects:?}");
    // Later a reply opens a new ticket that is tied to this one.
    let address = reply_to(&app.mails_to("tuti@kaboki.go.id").await[1]);
    app.deliver(&answer(&address, "", "Maaf terlambat, ini berkasnya"), &address, "tuti@kaboki.go.id").await;
    let page = app.get("demo-superadmin", "/tickets").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    app.audit_is_intact().await;
}

async fn reopen_by_mail(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let number = open_request(&app).await;
    app.clock("2026-10-05T10:00:00+07:00").await;
    app.post("demo-superadmin", &format!("/tickets/{number}/resolve"), json!({"solution": "Akun sudah jadi"}))
        .await
        .ok(200);
    let address = reply_to(&app.mails_to("tuti@kaboki.go.id").await.pop().unwrap());
    app.clock("2026-10-06T10:00:00+07:00").await;
    app.deliver(&answer(&address, "", "Belum bisa masuk"), &address, "tuti@kaboki.go.id").await;
    let ticket = app.ticket(&number).await;
    assert_eq!((&ticket["status"], &ticket["sla"]["resolved_at"]), (&json!("in_progress"), &Value::Null));
    // Sixty minutes were used before; 840 of 900 are left from Tuesday 10:00: 300 that day, 450 on Wednesday, 90.
    is_due(&ticket, "resolution_due", "2026-10-08T09:00");
    // A new answer is owed within the response time of its priority (120 working minutes).
    assert_eq!(ticket["sla"]["responded_at"], Value::Null);
    app.clock("2026-10-06T13:00:00+07:00").await;
    assert_eq!(TestApp::event(&app.events(&number).await, "response_overdue")["at"], wib("2026-10-06T12:00"));
    // Left alone after the next solution it closes at the end of the third working day.
    app.post("demo-superadmin", &format!("/tickets/{number}/resolve"), json!({"solution": "Sandi diatur ulang"}))
        .await
        .ok(200);
    app.clock("2026-10-09T16:30:00+07:00").await;
    assert_eq!(app.ticket(&number).await["closed_at"], wib("2026-10-09T16:30"));
    app.post("demo-superadmin", &format!("/tickets/{number}/reopen"), json!({"reason": "Belum beres"})).await.ok(409);
    app.audit_is_intact().await;
}

async fn manual_hand_over(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T13:40:00+07:00").await else { return };
    let report = json!({"subject": "Berkas pasien", "description": "Data tidak tampil", "agency": "DINKES", "impact": "medium", "urgency": "medium"});
    let number = app.post("demo-dinkes", "/tickets", report).await.ok(201)["number"].as_str().unwrap().to_owned();
    let path = format!("/tickets/{number}/escalate");
    let refused = app.post("demo-dinkes", &path, json!({"reason": "Tidak mampu"})).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "tried");
    app.post("demo-disdukcapil", &path, json!({"reason": "a1", "tried": "b1"})).await.ok(404);
    app.post("demo-warga", &path, json!({"reason": "a1", "tried": "b1"})).await.ok(404);
    app.post("demo-auditor", &path, json!({"reason": "a1", "tried": "b1"})).await.ok(403);
    let body = json!({"reason": "Perlu akses peladen", "tried": "Memulai ulang aplikasi"});
    assert_eq!(app.post("demo-dinkes", &path, body.clone()).await.ok(200)["tier"], 2);
    app.desk.run_due_steps().await.unwrap();
    let events = app.events(&number).await;
    let moved = &TestApp::event(&events, "escalated")["payload"];
    assert_eq!((&moved["trigger"], &moved["tried"]), (&json!("manual"), &json!("Memulai ulang aplikasi")));
    app.post("demo-dinkes", &path, body).await.ok(409);
    app.post("demo-dinkes", &format!("/tickets/{number}/resolve"), json!({"solution": "Sudah"})).await.ok(403);
    // The timer finds nothing left to move.
    app.clock("2026-10-22T16:00:00+07:00").await;
    let moves = app.events(&number).await.iter().filter(|(kind, _)| kind == "escalated").count();
    assert_eq!(moves, 1);
    assert_eq!(
        app.mails_to("superadmin@demo.test").await.iter().filter(|mail| mail.subject.contains(&number)).count(),
        2,
        "hand-over and response"
    );
    app.audit_is_intact().await;
}

on_both! {
    a_critical_ticket_that_becomes_p1_stands_still_no_longer = critical_pause;
    a_reopened_ticket_shows_the_answer_it_owes_now = reopened_response;
}

async fn critical_pause(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let report = json!({"subject": "SIMPUS lambat", "description": "Lambat sekali", "service": "simpus", "impact": "medium",
        "urgency": "high", "requester": {"name": "A", "email": "a@kaboki.go.id"}});
    let number = app.post("demo-dinkes", "/tickets", report).await.ok(201)["number"].as_str().unwrap().to_owned();
    app.post("demo-dinkes", &format!("/tickets/{number}/request-info"), json!({"body": "Sejak kapan?"})).await.ok(200);
    app.clock("2026-10-05T10:00:00+07:00").await;
    let raised = json!({"priority": "P1", "reason": "Pelayanan berhenti"});
    let ticket = app.post("demo-dinkes", &format!("/tickets/{number}/prioritize"), raised).await.ok(200);
    assert_eq!((&ticket["status"], &ticket["sla"]["paused"]), (&json!("in_progress"), &json!(false)));
    // Four hours around the clock from the opening, the hour of waiting left out.
    is_due(&ticket, "resolution_due", "2026-10-05T14:00");
    app.post("demo-dinkes", &format!("/tickets/{number}/request-info"), json!({"body": "Lagi?"})).await.ok(409);
    app.post("demo-dinkes", &format!("/tickets/{number}/reclassify"), json!({})).await.ok(422);
    app.audit_is_intact().await;
}

async fn reopened_response(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let number = open_request(&app).await;
    app.post("demo-superadmin", &format!("/tickets/{number}/resolve"), json!({"solution": "Sudah"})).await.ok(200);
    app.clock("2026-10-06T10:00:00+07:00").await;
    let again = json!({"reason": "Belum beres"});
    let ticket = app.post("demo-superadmin", &format!("/tickets/{number}/reopen"), again).await.ok(200);
    is_due(&ticket, "response_due", "2026-10-06T12:00");
}
