//! Reporters without an address, who leave a number to be called.

use super::{Engine, begin, describe, enter, region, send};
use crate::support::browser::Browser;
use meja::desk::demo::PASSWORD;
use serde_json::json;

crate::support::on_both! {
    a_number_is_enough_to_report_and_is_shown_to_those_who_work_on_it = called;
    a_caller_is_noted_with_the_number = noted;
}

async fn called(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    begin(&browser).await;
    describe(&browser).await;
    let bad = [("name", "Siti"), ("email", ""), ("phone", "tidak ada")];
    browser
        .fill("/lapor/kontak", "/lapor/kontak", &bad)
        .await
        .is(422)
        .shows("value=\"tidak ada\"")
        .shows("id=\"phone\"");
    browser.fill("/lapor/kontak", "/lapor/kontak", &[("name", "Siti"), ("email", ""), ("phone", "")]).await.is(422);
    // A wrong address is not made good by a number.
    let bad = [("name", "Siti"), ("email", "siti@"), ("phone", "0812 3456 7890")];
    browser.fill("/lapor/kontak", "/lapor/kontak", &bad).await.is(422);
    let contact = [("name", "Siti"), ("email", ""), ("phone", "0812 3456 7890"), ("secret", "1")];
    let (number, code) = send(&browser, &contact).await;
    let sent = browser.get(&format!("/lapor/terkirim/{number}")).await;
    sent.shows("0812-3456-7890");
    assert!(!sent.html.contains("tidak dapat mengabari"), "{}", sent.html);
    enter(&browser, &number, &code).await;
    let known = app.get("demo-dinkes", &format!("/tickets/{number}")).await.ok(200);
    assert_eq!(known["requester"]["phone"], "+6281234567890");
    assert_eq!(known["requester"]["email"], "");
    let veiled = app.get("demo-auditor", &format!("/tickets/{number}")).await.ok(200);
    assert!(veiled["requester"].get("phone").is_none(), "{veiled}");
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(303);
    let page = worker.get(&format!("/kerja/tiket/{number}")).await;
    page.shows("<a href=\"tel:+6281234567890\">0812-3456-7890</a>");
    let auditor = Browser::at(&app.desk);
    auditor.sign_in("auditor@demo.test", PASSWORD).await.is(303);
    assert!(!auditor.get(&format!("/kerja/tiket/{number}")).await.html.contains("3456"));
    app.audit_is_intact().await;
}

async fn noted(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let report = |phone: &str| {
        json!({"subject": "Listrik kantor", "description": "Padam", "channel": "phone",
            "requester": {"name": "Budi", "phone": phone}})
    };
    let refused = app.post("demo-superadmin", "/tickets", report("siapa saja")).await.ok(422);
    assert!(refused.to_string().contains("phone"), "{refused}");
    let ticket = app.post("demo-superadmin", "/tickets", report("(0711) 352-222")).await.ok(201);
    assert_eq!(ticket["requester"]["phone"], "+62711352222");
}
