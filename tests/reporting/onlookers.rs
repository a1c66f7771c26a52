//! Those who may see a ticket but not who reported it learn nothing of him on any page or through any search.

use super::{Engine, TestApp, begin, describe, region, report, send};
use crate::support::app::readable;
use crate::support::browser::Browser;
use meja::desk::demo::PASSWORD;
use meja::domain::people::{Grant, Role};
use serde_json::{Value, json};

crate::support::on_both! {
    a_search_does_not_find_a_secret_reporter = searched;
    reporters_are_looked_up_by_those_who_report_for_others = looked_up;
    what_looks_alike_does_not_betray_a_secret_reporter = alike;
    a_tracking_code_is_filled_in_for_nobody_but_the_reporter = codes;
    nobody_else_reports_in_anothers_name = in_own_name;
    digests_over_a_secret_name_stay_hidden = digests;
}

pub(super) const SECRET: [(&str, &str); 3] = [("name", "Siti Rahasia"), ("email", "siti@contoh.id"), ("secret", "1")];

/// Reports as somebody whose name is a secret; gives number and code.
pub(super) async fn secretly(app: &TestApp) -> (String, String) {
    let browser = Browser::at(&app.desk);
    begin(&browser).await;
    describe(&browser).await;
    send(&browser, &SECRET).await
}

pub(super) async fn signed_in(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, PASSWORD).await.is(303);
    browser
}

/// Works for one agency, looks on at another.
async fn between_two(app: &TestApp) -> Browser {
    let grant = |role, agency: &str| Grant { role, agency: Some(agency.to_owned()) };
    let grants = [grant(Role::Tier1Agent, "BKD"), grant(Role::AgencyHead, "DINKES")];
    app.desk.add_account("dua@demo.test", "Dua Peran", Some(PASSWORD), &grants).await.unwrap();
    signed_in(app, "dua@demo.test").await
}

async fn opened(app: &TestApp, more: Value) -> String {
    let mut body = json!({"kind": "incident", "subject": "Absensi macet", "description": "Antre", "agency": "BKD",
        "requester": {"name": "Siti", "email": "siti@contoh.id", "nip": "198001012010012001"}, "impact": "limited",
        "urgency": "medium"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post("demo-superadmin", "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn searched(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, _) = secretly(&app).await;
    for email in
        ["auditor@demo.test", "tim.koordinasi@demo.test", "kepala.dinkes@demo.test", "pemilik.dinkes@demo.test"]
    {
        let onlooker = signed_in(&app, email).await;
        for words in ["siti", "siti@contoh.id", "rahasia", "contoh.id"] {
            let page = onlooker.get(&format!("/kerja/cari?q={words}")).await;
            assert!(!page.html.contains(&number), "{email} {words}: {}", page.html);
        }
        let page = onlooker.get("/kerja/cari?q=SIMPUS").await;
        page.shows(&number);
        assert!(!page.html.contains("Rahasia") && !page.html.contains("siti"), "{email}: {}", page.html);
    }
    for email in ["admin.dinkes@demo.test", "superadmin@demo.test"] {
        let worker = signed_in(&app, email).await;
        for words in ["siti", "siti@contoh.id", "simpus"] {
            worker.get(&format!("/kerja/cari?q={words}")).await.shows(&number).shows("Siti Rahasia");
        }
    }
    // Who is no secret is found by everybody.
    let open = opened(&app, json!({"requester": {"name": "Tono Terbuka", "email": "tono@contoh.id"}})).await;
    let auditor = signed_in(&app, "auditor@demo.test").await;
    auditor.get("/kerja/cari?q=terbuka").await.shows(&open).shows("Tono Terbuka");
}

async fn looked_up(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, _) = secretly(&app).await;
    for email in ["auditor@demo.test", "tim.koordinasi@demo.test", "kepala.dinkes@demo.test", "sistem@demo.test"] {
        let onlooker = signed_in(&app, email).await;
        let page = onlooker.get("/kerja/tiket/baru?cari=siti").await;
        assert!(!page.html.contains("Siti Rahasia"), "{email}: {}", page.html);
        page.is(403);
        assert!(!onlooker.get("/kerja/antrean").await.html.contains("/kerja/tiket/baru"), "{email} finds no way there");
    }
    let both = between_two(&app).await;
    let page = both.get("/kerja/tiket/baru?cari=siti").await;
    page.is(200);
    assert!(!page.html.contains("Rahasia") && !page.html.contains(&number), "{}", page.html);
    opened(&app, json!({})).await;
    both.get("/kerja/tiket/baru?cari=198001012010012001").await.shows("siti@contoh.id");
    let worker = signed_in(&app, "admin.dinkes@demo.test").await;
    worker.get("/kerja/tiket/baru?cari=siti").await.shows("Siti Rahasia").shows(&number);
}

async fn alike(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (secret, _) = secretly(&app).await;
    let own = opened(&app, json!({})).await;
    let both = between_two(&app).await;
    let page = both.get(&format!("/kerja/tiket/{own}/gabung")).await;
    page.is(200);
    assert!(!page.html.contains(&secret), "nothing but the reporter is the same: {}", page.html);
    // What the words say is shown, and still not by whom.
    let own = opened(&app, json!({"subject": "SIMPUS mati juga"})).await;
    let page = both.get(&format!("/kerja/tiket/{own}/gabung")).await;
    page.shows(&secret);
    let row = page.html.split("<li>").find(|row| row.contains(&secret)).unwrap().to_owned();
    assert!(!row.contains("Rahasia") && !row.contains("Pelapor sama"), "{row}");
    // Typing the address into a new ticket tells no more.
    let form = both.get("/kerja/tiket/baru").await;
    let fields = [
        ("_csrf", form.hidden("_csrf")),
        ("key", form.hidden("key")),
        ("channel", "phone".to_owned()),
        ("name", "Siti".to_owned()),
        ("email", "siti@contoh.id".to_owned()),
        ("subject", "Jaringan putus".to_owned()),
        ("description", "Sejak pagi".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let asked = both.post("/kerja/tiket/baru", &fields).await;
    assert!(!asked.html.contains(&secret), "{}", asked.html);
    let worker = signed_in(&app, "superadmin@demo.test").await;
    worker.get(&format!("/kerja/tiket/{own}/gabung")).await.shows(&secret).shows("Siti Rahasia");
}

async fn codes(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, code) = secretly(&app).await;
    let reply = json!({"name": "Tautan", "body": "Yth. {{ pelapor }}, lihat {{ tautan_lacak }}", "scope": "region",
        "next_step": "stay"});
    let made = app.post("demo-superadmin", "/canned-replies", reply).await.ok(201);
    let path = format!("/canned-replies/{}?ticket={number}", made["id"]);
    for token in ["demo-auditor", "demo-koordinasi", "demo-pemilik-dinkes"] {
        let refused = app.get(token, &path).await.ok(403).to_string();
        assert!(!refused.contains(&code), "{token}: {refused}");
    }
    let filled = app.get("demo-dinkes", &path).await.ok(200)["filled"].as_str().unwrap().to_owned();
    assert!(filled.contains("{{ tautan_lacak }}") && !filled.contains(&code), "{filled}");

    // The code travels in the mail alone; the conversation, which onlookers read, has neither code nor name.
    let worker = signed_in(&app, "admin.dinkes@demo.test").await;
    let address = format!("/kerja/tiket/{number}");
    let page = worker.get(&address).await;
    let form = |page: &super::Page, body: &str| {
        let marks = ["_csrf", "versi", "key"].map(|name| (name, page.hidden(name)));
        let id = made["id"].to_string();
        [&marks[..], &[("pilihan", id), ("body", body.to_owned())]].concat()
    };
    let post = async |page: &super::Page, to: &str, body: &str| {
        let fields = form(page, body);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        worker.post(&format!("{address}/{to}"), &fields).await
    };
    post(&page, "makro", "").await.is(303);
    let page = worker.get(&address).await;
    page.shows("lihat {{ tautan_lacak }}");
    post(&page, "balas", &filled).await.is(303);
    let mail = readable(app.mails_to("siti@contoh.id").await.last().unwrap());
    let link = format!("http://desk.test/lacak/{number}?kode={code}");
    assert!(mail.contains(&format!("Yth. Siti Rahasia, lihat {link}")), "{mail}");
    for token in ["demo-auditor", "demo-dinkes"] {
        let seen = app.get(token, &format!("/tickets/{number}/messages")).await.ok(200)["items"][1]["body"].to_string();
        assert!(seen.contains(&format!("http://desk.test/lacak/{number}")), "{token}: {seen}");
        assert!(!seen.contains("kode") && !seen.contains("Siti") && !seen.contains("{{"), "{token}: {seen}");
    }
    app.audit_is_intact().await;
}

async fn in_own_name(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body = |channel: &str| {
        json!({"subject": "Cetak macet", "description": "Sejak pagi", "kind": "incident", "agency": "DINKES",
            "channel": channel, "requester": {"name": "Siti", "email": "siti@contoh.id", "nip": "1"}})
    };
    for token in ["demo-auditor", "demo-koordinasi", "demo-pemilik-dinkes"] {
        for channel in ["api", "phone"] {
            let made = app.post(token, "/tickets", body(channel)).await.ok(201);
            assert_eq!(made["requester"]["nip"], Value::Null, "{token}: {made}");
            let own = made["requester"]["email"].as_str().unwrap().to_owned();
            assert!(own.ends_with("@demo.test"), "{token}: {made}");
            assert_ne!(made["requester"]["name"], "Siti", "{token}");
        }
    }
    assert!(app.mails_to("siti@contoh.id").await.is_empty(), "nobody is written to in whose name nobody reported");
    let made = app.post("demo-dinkes", "/tickets", body("phone")).await.ok(201);
    assert_eq!(made["requester"]["email"], "siti@contoh.id");
}

async fn digests(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, _) = secretly(&app).await;
    let known = app.get("demo-dinkes", &format!("/tickets/{number}/events")).await.ok(200);
    let items = known["items"].as_array().unwrap().clone();
    let written = items.iter().find(|event| event["kind"] == "requester_wrote").unwrap();
    let telling: Vec<String> = [
        &items.last().unwrap()["state"],
        &items[0]["hash"],
        &items[1]["hash"],
        &written["payload"]["message"]["sha256"],
    ]
    .map(|digest| digest.as_str().unwrap().to_owned())
    .into();
    assert!(telling.iter().all(|digest| digest.len() == 64), "{telling:?}");
    let auditor = signed_in(&app, "auditor@demo.test").await;
    let seen = app.get("demo-auditor", &format!("/tickets/{number}/events")).await.ok(200).to_string();
    let mut places = vec![("events".to_owned(), seen)];
    for page in ["riwayat", "riwayat/bukti", "cetak"] {
        places.push((page.to_owned(), auditor.get(&format!("/kerja/tiket/{number}/{page}")).await.html));
    }
    let trail = auditor.get(&format!("/kerja/audit?objek={number}")).await;
    trail.is(200).shows(&number);
    places.push(("audit".to_owned(), trail.html));
    for (place, text) in &places {
        for digest in &telling {
            assert!(!text.contains(&digest[..12]), "{place} tells {digest}: {text}");
        }
    }
    // What was checked for him still says so, and elsewhere every digest stands.
    auditor.get(&format!("/kerja/tiket/{number}/riwayat")).await.shows("kejadian utuh");
    let (open, _) = report(&Browser::at(&app.desk)).await;
    let seen = app.get("demo-auditor", &format!("/tickets/{open}/events")).await.ok(200);
    assert_eq!(seen["items"][0]["hash"].as_str().unwrap().len(), 64);
    app.audit_is_intact().await;
}
