//! Rights that change between an act and what follows from it.

use crate::support::app::{Engine, TestApp};
use meja::domain::people::{Grant, Role};
use meja::store;
use poem::http::Method;
use serde_json::{Value, json};

crate::support::on_both! {
    a_repeated_act_gets_its_first_answer_out_of_sight = repeated;
    who_may_not_see_a_ticket_any_more_is_not_mailed_of_it = mailed;
}

const NOW: &str = "2026-10-05T09:00:00+07:00";
const AGENT: &str = "admin.dinkes@demo.test";

async fn open(app: &TestApp) -> String {
    let body = json!({"kind": "incident", "subject": "Absensi macet", "description": "Antre", "agency": "DINKES",
        "requester": {"name": "Siti", "email": "siti@warga.test"}, "impact": "limited", "urgency": "medium"});
    app.post("demo-superadmin", "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn repeated(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let number = open(&app).await;
    let away = json!({"agency": "DISDUKCAPIL", "reason": "Bukan kewenangan"});
    let call = async |token: &str, verb: &str, body: &Value, key: &str| {
        let path = format!("/tickets/{number}/{verb}");
        app.call(Method::POST, token, &path, Some(body.clone()), &[("Idempotency-Key", key)]).await
    };
    let first = call("demo-dinkes", "reclassify", &away, "satu").await.ok(200);
    app.get("demo-dinkes", &format!("/tickets/{number}")).await.ok(404);
    let again = call("demo-dinkes", "reclassify", &away, "satu").await.ok(200);
    assert_eq!((&again["number"], &again["version"]), (&first["number"], &first["version"]));
    // Without the key it is an act like any other, and another's key opens nothing.
    call("demo-dinkes", "reclassify", &away, "dua").await.ok(404);
    call("demo-pemilik-dinkes", "reclassify", &away, "satu").await.ok(404);
    let other = json!({"agency": "BKD", "reason": "Bukan kewenangan"});
    call("demo-dinkes", "reclassify", &other, "satu").await.ok(409);
    let events = app.events(&number).await;
    assert_eq!(events.iter().filter(|(kind, _)| kind == "reclassified").count(), 1, "{events:?}");

    // The same for taking back what brought it into sight.
    let back = json!({"agency": "DINKES", "reason": "Ternyata benar"});
    app.post("demo-superadmin", &format!("/tickets/{number}/reclassify"), back).await.ok(200);
    let undo = json!({"event": app.events(&number).await.last().unwrap().1["seq"]});
    let first = call("demo-superadmin", "undo", &undo, "tiga").await.ok(200);
    assert_eq!(first["agency"], "DISDUKCAPIL");
    assert_eq!(call("demo-superadmin", "undo", &undo, "tiga").await.ok(200)["version"], first["version"]);
    app.audit_is_intact().await;
}

async fn mailed(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    // Noted for the first line, and given away before anything was mailed.
    let number = open(&app).await;
    let away = json!({"agency": "DISDUKCAPIL", "reason": "Bukan kewenangan"});
    app.post("demo-superadmin", &format!("/tickets/{number}/reclassify"), away).await.ok(200);
    app.desk.run_due_steps().await.unwrap();
    assert_eq!(app.mails_to(AGENT).await.len(), 0);
    assert_eq!(app.mails_to("admin.disdukcapil@demo.test").await.len(), 1);
    // What comes to mind again is told.
    open(&app).await;
    app.desk.run_due_steps().await.unwrap();
    assert_eq!(app.mails_to(AGENT).await.len(), 1);
    // The person has left the agency meanwhile.
    open(&app).await;
    let mut tx = app.desk.db.write().await.unwrap();
    let account = store::people::by_email(&mut tx, AGENT).await.unwrap().unwrap();
    let grant = Grant { role: Role::Tier1Agent, agency: Some("DINKES".to_owned()) };
    store::people::revoke(&mut tx, account.id, &grant).await.unwrap();
    tx.commit().await.unwrap();
    app.desk.run_due_steps().await.unwrap();
    assert_eq!(app.mails_to(AGENT).await.len(), 1);
    let waiting = store::notices::waiting(&mut app.desk.db.read().await.unwrap()).await.unwrap();
    assert!(waiting.is_empty(), "what is told to nobody does not wait: {waiting:?}");
}
