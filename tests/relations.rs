//! Tickets that belong together, questions to bodies outside, and taking back: through the API, on both databases.

use crate::stories::is_due;
use crate::support::app::{Engine, TestApp, readable, reply_to};
use crate::support::on_both;
use meja::domain::ticket::Ticket;
use meja::store;
use poem::http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

on_both! {
    a_merged_ticket_goes_on_in_another = merged;
    merging_is_refused_in_clear_words = merging_refused;
    ties_are_seen_from_both_sides_and_taken_back = ties;
    a_message_becomes_a_ticket_whose_clock_starts_with_it = split;
    somebody_outside_is_asked_and_answers = consulted;
    what_was_just_done_is_taken_back = undone;
    a_reclassified_ticket_keeps_what_explain_says = reclassified;
    a_ticket_goes_to_another_agency = redirected;
}

async fn open(app: &TestApp, more: Value) -> Value {
    let mut body = json!({"subject": "E-office galat", "description": "Galat saat menyimpan", "service": "e-office",
        "impact": "limited", "urgency": "medium", "kind": "incident", "requester": {"name": "Siti", "email": "siti@warga.test"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post("demo-superadmin", "/tickets", body).await.ok(201)
}

fn number(ticket: &Value) -> String {
    ticket["number"].as_str().unwrap().to_owned()
}

async fn act(app: &TestApp, number: &str, verb: &str, body: Value) -> crate::support::app::Answer {
    app.post("demo-superadmin", &format!("/tickets/{number}/{verb}"), body).await
}

async fn relations(app: &TestApp, number: &str) -> Vec<(String, String)> {
    let page = app.get("demo-superadmin", &format!("/tickets/{number}/relations")).await.ok(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|it| (it["relation"].as_str().unwrap().to_owned(), it["number"].as_str().unwrap().to_owned())).collect()
}

async fn merged(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let kept = number(&open(&app, json!({})).await);
    let twin = json!({"description": "Sama, di loket 2", "requester": {"name": "Budi", "email": "budi@warga.test"}});
    let source = number(&open(&app, twin).await);
    app.clock("2026-10-05T10:00:00+07:00").await;
    let merged = act(&app, &source, "merge", json!({"into": kept})).await.ok(200);
    assert_eq!((&merged["status"], &merged["merged_into"]), (&json!("merged"), &json!(kept)));
    assert_eq!(relations(&app, &kept).await, [("merged_from".to_owned(), source.clone())]);
    assert_eq!(relations(&app, &source).await, [("merged".to_owned(), kept.clone())]);
    // The words came along, for the staff only; the reporter is told the number and hears of the other one.
    let messages = app.get("demo-superadmin", &format!("/tickets/{kept}/messages")).await.ok(200);
    let last = messages["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["visibility"], "internal");
    assert!(last["body"].as_str().unwrap().contains("Sama, di loket 2"), "{last}");
    let told = readable(app.mails_to("budi@warga.test").await.last().unwrap());
    assert!(told.contains(&kept), "{told}");
    app.post("demo-superadmin", &format!("/tickets/{kept}/messages"), json!({"body": "Kami periksa"})).await.ok(201);
    assert!(readable(app.mails_to("budi@warga.test").await.last().unwrap()).contains("Kami periksa"));
    // The clocks of the one are over, those of the other run on as they did.
    let events = app.events(&source).await;
    let at = TestApp::event(&events, "merged")["at"].as_str().unwrap().to_owned();
    app.clock("2026-10-20T10:00:00+07:00").await;
    assert_eq!(app.ticket(&source).await["sla"]["breached_at"], Value::Null);
    assert!(app.events(&source).await.iter().all(|(_, event)| event["at"].as_str().unwrap() <= at.as_str()));
    assert_ne!(app.ticket(&kept).await["sla"]["breached_at"], Value::Null);
    let event = app.events(&kept).await;
    assert_eq!(TestApp::event(&event, "merged_from")["payload"]["from"], json!(source));
    app.audit_is_intact().await;
}

async fn merging_refused(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let of = |agency: &str| json!({"agency": agency, "service": null, "subject": "Absensi macet"});
    let own = number(&open(&app, of("DINKES")).await);
    let foreign = number(&open(&app, of("DISDUKCAPIL")).await);
    let done = number(&open(&app, of("DINKES")).await);
    let held = number(&open(&app, of("DINKES")).await);
    act(&app, &done, "resolve", json!({"solution": "Sudah"})).await.ok(200);
    act(&app, &held, "escalate", json!({"reason": "Perlu peladen", "tried": "Memulai ulang"})).await.ok(200);
    let merge = async |into: &str| {
        app.post("demo-dinkes", &format!("/tickets/{own}/merge"), json!({"into": into})).await.ok(422)["errors"][0]
            .clone()
    };
    for (into, words) in [
        (own.as_str(), "bukan tiket ini"),
        (done.as_str(), "masih terbuka"),
        (foreign.as_str(), "boleh Anda lihat"),
        ("OKI-2610-99999-9", "boleh Anda lihat"),
        (held.as_str(), "Superadmin"),
    ] {
        let error = merge(into).await;
        assert_eq!(error["field"], "into");
        assert!(error["message"].as_str().unwrap().contains(words), "{into}: {error}");
    }
    // Neither a stranger, nor the reporter, nor the auditor.
    let path = format!("/tickets/{own}/merge");
    let body = json!({"into": held});
    app.post("demo-disdukcapil", &path, body.clone()).await.ok(404);
    app.post("demo-warga", &path, body.clone()).await.ok(404);
    app.post("demo-auditor", &path, body).await.ok(403);
    assert_eq!(app.ticket(&own).await["status"], "new");
    assert_eq!(relations(&app, &own).await, []);
}

async fn ties(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let of = |agency: &str| json!({"agency": agency, "service": null});
    let (one, two) = (number(&open(&app, of("DINKES")).await), number(&open(&app, of("DISDUKCAPIL")).await));
    act(&app, &one, "link", json!({"to": two, "relation": "caused_by"})).await.ok(200);
    act(&app, &one, "link", json!({"to": two})).await.ok(200);
    let both = |relation: &str, other: &String| (relation.to_owned(), other.clone());
    assert_eq!(relations(&app, &one).await, [both("related", &two), both("caused_by", &two)]);
    assert_eq!(relations(&app, &two).await, [both("related", &one), both("causes", &one)]);
    // A tie is made once, whichever end says so; what is no tie of people's making is refused.
    assert_eq!(act(&app, &two, "link", json!({"to": one})).await.ok(422)["errors"][0]["field"], "to");
    act(&app, &two, "link", json!({"to": one, "relation": "causes"})).await.ok(422);
    act(&app, &two, "link", json!({"to": one, "relation": "merged"})).await.ok(422);
    act(&app, &one, "link", json!({"to": one})).await.ok(422);
    // Subjects of tickets one may not see are not told.
    let page = app.get("demo-dinkes", &format!("/tickets/{one}/relations")).await.ok(200);
    assert_eq!((&page["items"][0]["subject"], &page["items"][0]["number"]), (&Value::Null, &json!(two)));
    app.post("demo-dinkes", &format!("/tickets/{one}/unlink"), json!({"to": two})).await.ok(422);
    // Taken back from the other end.
    act(&app, &two, "unlink", json!({"to": one})).await.ok(200);
    act(&app, &two, "unlink", json!({"to": one})).await.ok(422);
    assert_eq!(relations(&app, &one).await, [both("caused_by", &two)]);
    for number in [&one, &two] {
        let kinds: Vec<String> = app.events(number).await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "linked").count(), 2, "{kinds:?}");
        assert_eq!(kinds.last().unwrap(), "unlinked");
    }
    app.audit_is_intact().await;
}

async fn split(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let source = number(&open(&app, json!({})).await);
    app.clock("2026-10-05T10:00:00+07:00").await;
    let answer = reply_to(app.mails_to("siti@warga.test").await.first().unwrap());
    let mail = format!(
        "From: Siti <siti@warga.test>\r\nTo: {answer}\r\nSubject: Re: [{source}]\r\nMessage-ID: <dua@warga.test>\r\n\r\nPrinter juga macet.\r\n"
    );
    app.deliver(&mail, &answer, "siti@warga.test").await;
    app.clock("2026-10-05T11:00:00+07:00").await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{source}/messages")).await.ok(200);
    let id = |place: usize| messages["items"][place]["id"].clone();
    let body = |message: Value| json!({"message": message, "subject": "Printer macet"});
    assert_eq!(act(&app, &source, "split", body(id(0))).await.ok(422)["errors"][0]["field"], "message");
    let new = act(&app, &source, "split", body(id(1))).await.ok(201);
    assert_eq!((&new["subject"], &new["requester"]["email"]), (&json!("Printer macet"), &json!("siti@warga.test")));
    assert_eq!(new["opened_at"], crate::stories::wib("2026-10-05T10:00"), "parting wins no time");
    assert_eq!(act(&app, &source, "split", body(id(1))).await.ok(422)["errors"][0]["field"], "message");
    let new = number(&new);
    assert_eq!(relations(&app, &source).await, [("split_into".to_owned(), new.clone())]);
    assert_eq!(relations(&app, &new).await, [("split_from".to_owned(), source.clone())]);
    let (here, there) = (app.events(&source).await, app.events(&new).await);
    assert_eq!(TestApp::event(&here, "split")["payload"]["to"], json!(new));
    assert_eq!(TestApp::event(&there, "split_from")["payload"]["from"], json!(source));
    app.audit_is_intact().await;
}

async fn consulted(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let ticket = open(&app, json!({})).await;
    let number = number(&ticket);
    let due = ticket["sla"]["resolution_due"].clone();
    let ask = |with: &str, email: Value| json!({"with": with, "contact": "Ibu Sari", "date": "2026-10-05", "question": "Mohon arahan", "email": email});
    act(&app, &number, "consult", ask("ministry", Value::Null)).await.ok(422);
    let bad = act(&app, &number, "consult", ask("province", json!("bukan alamat"))).await.ok(422);
    assert_eq!(bad["errors"][0]["field"], "email");
    act(&app, &number, "consult", ask("province", json!("sari@prov.test"))).await.ok(200);
    act(&app, &number, "consult", ask("ministry", Value::Null)).await.ok(200);
    app.post("demo-dinkes", &format!("/tickets/{number}/consult"), ask("province", Value::Null)).await.ok(404);
    assert_eq!(app.ticket(&number).await["sla"]["resolution_due"], due, "the clock runs on");
    let mail = app.mails_to("sari@prov.test").await.remove(0);
    assert!(readable(&mail).contains("Mohon arahan"), "{}", readable(&mail));
    // A stranger at the same address is not taken for the one who was asked.
    let address = reply_to(&mail);
    let reply = |from: &str| {
        format!(
            "From: {from}\r\nTo: {address}\r\nSubject: Re: [{number}]\r\nMessage-ID: <{from}>\r\n\r\nGanti sertifikatnya.\r\n"
        )
    };
    app.deliver(&reply("lain@prov.test"), &address, "lain@prov.test").await;
    let waiting = app.get("demo-superadmin", "/consultations?state=asked").await.ok(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 2, "{waiting}");
    app.deliver(&reply("sari@prov.test"), &address, "sari@prov.test").await;
    let held = app.get("demo-superadmin", &format!("/tickets/{number}/consultations")).await.ok(200);
    assert_eq!(
        (&held["items"][0]["state"], &held["items"][0]["reply"]),
        (&json!("answered"), &json!("Ganti sertifikatnya."))
    );
    assert_eq!(held["items"][1]["state"], "asked");
    // By hand, once, on a day that can be.
    let answer = |date: &str| json!({"consultation": 2, "reply": "Setuju", "date": date});
    app.clock("2026-10-06T09:00:00+07:00").await;
    for wrong in ["2026-10-04", "2026-10-07", "besok"] {
        let refused = act(&app, &number, "consult-reply", answer(wrong)).await.ok(422);
        assert_eq!(refused["errors"][0]["field"], "date", "{wrong}");
    }
    act(&app, &number, "consult-reply", json!({"consultation": 3, "reply": "x", "date": "2026-10-06"})).await.ok(404);
    act(&app, &number, "resolve", json!({"solution": "Sudah", "cause": "Sertifikat habis"})).await.ok(200);
    act(&app, &number, "consult-reply", answer("2026-10-06")).await.ok(200);
    act(&app, &number, "consult-reply", answer("2026-10-06")).await.ok(409);
    let waiting = app.get("demo-superadmin", "/consultations?state=asked").await.ok(200);
    assert_eq!(waiting["items"], json!([]));
    let all = app.get("demo-superadmin", "/consultations?limit=1").await.ok(200);
    assert_eq!(all["items"][0]["consultation"], 2);
    let next = format!("/consultations?limit=1&cursor={}", all["next_cursor"].as_str().unwrap());
    assert_eq!(app.get("demo-superadmin", &next).await.ok(200)["items"][0]["consultation"], 1);
    assert_eq!(app.get("demo-dinkes", "/consultations").await.ok(200)["items"], json!([]), "another agency's");
    app.get("demo-warga", "/consultations").await.ok(403);
    let events = app.events(&number).await;
    assert_eq!(TestApp::event(&events, "resolved")["payload"]["cause"], "Sertifikat habis");
    app.audit_is_intact().await;
}

async fn undo(app: &TestApp, token: &str, number: &str) -> crate::support::app::Answer {
    let last = app.events(number).await.last().unwrap().1["seq"].clone();
    app.post(token, &format!("/tickets/{number}/undo"), json!({"event": last})).await
}

async fn undone(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let number = number(&open(&app, json!({"agency": "DINKES", "service": null})).await);
    let prioritize = json!({"priority": "P1", "reason": "Loket tutup"});
    let before = standing(&app, &number).await;
    act(&app, &number, "prioritize", prioritize.clone()).await.ok(200);
    assert_ne!(standing(&app, &number).await, before);
    // By whoever did it, within five minutes, while nothing has come between.
    undo(&app, "demo-dinkes", &number).await.ok(409);
    undo(&app, "demo-disdukcapil", &number).await.ok(404);
    undo(&app, "demo-auditor", &number).await.ok(403);
    app.clock("2026-10-05T09:05:01+07:00").await;
    undo(&app, "demo-superadmin", &number).await.ok(409);
    act(&app, &number, "prioritize", json!({"priority": "P2", "reason": "Lain"})).await.ok(200);
    let seq = app.events(&number).await.last().unwrap().1["seq"].clone();
    app.post("demo-dinkes", &format!("/tickets/{number}/messages"), json!({"body": "x", "visibility": "internal"}))
        .await
        .ok(201);
    app.post("demo-superadmin", &format!("/tickets/{number}/undo"), json!({"event": seq})).await.ok(409);
    undo(&app, "demo-dinkes", &number).await.ok(409);
    // Once: taking back is no act that can be taken back.
    let before = standing(&app, &number).await;
    act(&app, &number, "assign", json!({"user": "admin.dinkes@demo.test"})).await.ok(200);
    let back = undo(&app, "demo-superadmin", &number).await.ok(200);
    assert_eq!((&back["assignee"], &back["version"]), (&Value::Null, &json!(before.version + 2)));
    undo(&app, "demo-superadmin", &number).await.ok(409);
    let events = app.events(&number).await;
    assert_eq!(events.last().unwrap().0, "undone");
    assert_eq!(TestApp::event(&events, "undone")["payload"]["kind"], "assigned");
    // What was mailed is not taken back.
    act(&app, &number, "request-info", json!({"body": "Sejak kapan?"})).await.ok(200);
    undo(&app, "demo-superadmin", &number).await.ok(409);
    app.audit_is_intact().await;
}

/// Everything that must be as it was: the row but for its version, the clocks and the planned steps.
#[derive(Debug, PartialEq)]
struct Standing {
    row: Value,
    clocks: Vec<String>,
    steps: Vec<String>,
    explained: Value,
    /// Not compared.
    version: Version,
}

#[derive(Debug, Clone, Copy)]
struct Version(i64);

impl PartialEq for Version {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl std::ops::Add<i64> for Version {
    type Output = i64;
    fn add(self, more: i64) -> i64 {
        self.0 + more
    }
}

async fn standing(app: &TestApp, number: &str) -> Standing {
    let mut tx = app.desk.db.read().await.unwrap();
    let ticket: Ticket = store::tickets::by_number(&mut tx, number).await.unwrap().unwrap();
    let mut row = serde_json::to_value(&ticket).unwrap();
    for changing in ["version", "updated_at"] {
        row.as_object_mut().unwrap().remove(changing);
    }
    let clocks = store::clocks::of_ticket(&mut tx, ticket.id).await.unwrap();
    let steps = store::clocks::steps(&mut tx, ticket.id).await.unwrap();
    let planned = steps.iter().filter(|step| step.state == meja::domain::clock_plan::StepState::Planned);
    let planned = planned.map(|step| format!("{} {} {:?}", step.kind, step.cycle, step.due_at)).collect();
    drop(tx);
    let explained = app.get("demo-superadmin", &format!("/tickets/{number}/explain")).await.ok(200);
    let clocks = clocks.iter().map(|clock| format!("{clock:?}")).collect();
    Standing { row, clocks, steps: planned, explained, version: Version(ticket.version) }
}

/// An act that can be taken back.
fn some_act() -> impl Strategy<Value = (&'static str, Value)> {
    let priority = prop_oneof![Just("P1"), Just("P2"), Just("P3"), Just("P4")];
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    prop_oneof![
        priority.prop_map(|priority| ("prioritize", json!({"priority": priority, "reason": "Uji"}))),
        word(&["superadmin@demo.test", "admin.dinkes@demo.test", ""]).prop_map(|user| {
            ("assign", if user.is_empty() { json!({"user": null}) } else { json!({ "user": user }) })
        }),
        (word(&["broad", "medium", "limited"]), word(&["high", "medium", "low"])).prop_map(|(impact, urgency)| (
            "reclassify",
            json!({"impact": impact, "urgency": urgency, "reason": "Uji"})
        )),
        word(&["simpus", "e-office", "e-perizinan"])
            .prop_map(|service| ("reclassify", json!({"service": service, "reason": "Uji"}))),
        word(&["complaint", "service_request", "problem"])
            .prop_map(|kind| ("reclassify", json!({"kind": kind, "classification": "secret"}))),
        Just(("reclassify", json!({"request_type": "lan_recommendation"}))),
        Just(("acknowledge", json!({}))),
        Just(("wait-vendor", json!({"reason": "Menunggu penyedia"}))),
    ]
}

#[test]
fn taking_back_restores_the_exact_state() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = runtime.block_on(TestApp::new(Engine::Sqlite, "oki", "2026-10-05T09:00:00+07:00")).unwrap();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let law = |(acts, last): (Vec<(&'static str, Value)>, (&'static str, Value))| {
        runtime.block_on(async {
            let number = number(&open(&app, json!({"agency": "DINKES", "service": null})).await);
            for (verb, body) in acts {
                // One that does not fit the state changes nothing.
                act(&app, &number, verb, body).await;
            }
            let before = standing(&app, &number).await;
            let answer = act(&app, &number, last.0, last.1.clone()).await;
            if answer.status == 200 {
                // Who was told of it, and a pause that has ended, cannot be taken back.
                let told = answer.json["tier"] != before.row["tier"];
                let resumed = before.row["status"] == "pending_vendor" && answer.json["status"] == "in_progress";
                let expected = if told || resumed { 409 } else { 200 };
                assert_eq!(undo(&app, "demo-superadmin", &number).await.status, expected, "{last:?}");
                assert!(expected == 409 || standing(&app, &number).await == before, "{last:?}");
            }
        });
        Ok(())
    };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner.run(&(prop::collection::vec(some_act(), 0..3), some_act()), law).unwrap();
    runtime.block_on(app.audit_is_intact());
}

async fn reclassified(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T08:00:00+07:00").await else { return };
    let ticket = open(&app, json!({"impact": "limited", "urgency": "low"})).await;
    let number = number(&ticket);
    app.clock("2026-10-20T09:00:00+07:00").await;
    act(&app, &number, "request-info", json!({"body": "Sejak kapan?"})).await.ok(200);
    app.clock("2026-10-20T10:00:00+07:00").await;
    act(&app, &number, "resume", json!({"reason": "Sudah jelas"})).await.ok(200);
    let raised = json!({"impact": "broad", "urgency": "high", "reason": "Semua kantor"});
    let raised = act(&app, &number, "reclassify", raised).await.ok(200);
    assert_eq!(raised["priority"], "P1");
    // What `meja policy explain` says of the same start, priority and pause.
    let pack = app.desk.pack();
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let pause =
        meja::policy::Pause { from: at("2026-10-20T09:00:00+07:00"), to: Some(at("2026-10-20T10:00:00+07:00")) };
    let priority = meja::domain::ticket::Priority::P1;
    let opened = at("2026-10-20T08:00:00+07:00");
    let said = meja::policy::explain(&pack, raised["sla"]["profile"].as_str().unwrap(), priority, opened, &[pause]);
    let said = said.unwrap();
    for (name, due) in [
        ("response_due", said.response_due),
        ("transfer_due", said.transfer_due),
        ("warn_due", said.warn_due),
        ("resolution_due", said.resolution_due),
    ] {
        assert_eq!(at(raised["sla"][name].as_str().unwrap()), due.unwrap().0, "{name}");
    }
    is_due(&raised, "resolution_due", "2026-10-20T14:00");
    app.audit_is_intact().await;
}

async fn redirected(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let number = number(&open(&app, json!({"agency": "DINKES", "service": null})).await);
    act(&app, &number, "assign", json!({"user": "admin.dinkes@demo.test"})).await.ok(200);
    let path = format!("/tickets/{number}/reclassify");
    app.post("demo-dinkes", &path, json!({"agency": "DISDUKCAPIL"})).await.ok(422);
    let before = app.mails_to("admin.disdukcapil@demo.test").await.len();
    let version = app.ticket(&number).await["version"].clone();
    let body = json!({"agency": "DISDUKCAPIL", "reason": "Bukan kewenangan", "version": version});
    app.call(Method::POST, "demo-dinkes", &path, Some(body), &[]).await.ok(200);
    // It has left the sight of whoever gave it away.
    app.get("demo-dinkes", &format!("/tickets/{number}")).await.ok(404);
    let moved = app.ticket(&number).await;
    assert_eq!((&moved["agency"], &moved["assignee"]), (&json!("DISDUKCAPIL"), &Value::Null));
    app.desk.run_due_steps().await.unwrap();
    assert_eq!(app.mails_to("admin.disdukcapil@demo.test").await.len(), before + 1, "they are told as of a new one");
    app.audit_is_intact().await;
}
