//! The pages of the knowledge base without scripts: a citizen's, the staff's, and those beside a ticket.

use super::{begin, publish, town};
use crate::support::app::{Engine, TestApp};
use crate::support::browser::{Browser, Page};
use meja::desk::demo::PASSWORD;
use serde_json::json;

crate::support::on_both! {
    a_citizen_finds_reads_and_judges_an_article = citizen;
    an_article_is_written_and_published_by_forms = staff;
    a_file_goes_with_an_article = files;
    articles_are_offered_while_a_report_is_written = offered;
    a_ticket_is_solved_with_an_article_and_becomes_one = solving;
}

async fn browser(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, PASSWORD).await.is(303);
    browser
}

/// Sends a form that stands on `page`, with those of its marks that it has.
async fn send(browser: &Browser, page: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
    let marks = ["_csrf", "versi", "key"];
    let marks = marks.iter().filter(|name| page.html.contains(&format!("name=\"{name}\" value=\"")));
    let marks: Vec<(&str, String)> = marks.map(|name| (*name, page.hidden(name))).collect();
    let mut form: Vec<(&str, &str)> = marks.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.extend_from_slice(fields);
    browser.post(to, &form).await
}

async fn citizen(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Jadwal imunisasi bayi", "public").await;
    let inner = publish(&app, "DINKES", "Imunisasi untuk petugas", "staff").await;
    let warga = Browser::at(&app.desk);
    warga.get("/pengetahuan").await.is(200).shows("Jadwal imunisasi bayi");
    let found = warga.get("/pengetahuan?q=imunisasinya+bayi").await;
    found.is(200).shows("Jadwal imunisasi bayi").shows("1 artikel ditemukan");
    assert!(!found.html.contains("Imunisasi untuk petugas"), "what is for the staff");
    warga.get("/pengetahuan?q=%3Cscript%3E").await.is(200).shows("/lapor?judul=");
    warga.get(&format!("/pengetahuan/{inner}")).await.is(404);
    let page = warga.get(&format!("/pengetahuan/{slug}")).await;
    page.is(200)
        .shows("<h2>Langkah</h2>")
        .shows("<li>Buka menu.</li>")
        .shows("Dinas Kesehatan")
        .shows("Apakah ini membantu?");
    let to = format!("/pengetahuan/{slug}/jawaban");
    send(&warga, &page, &to, &[]).await.is(422).shows("Pilih Ya, membantu");
    send(&warga, &page, &to, &[("membantu", "ya"), ("comment", "Jelas.")])
        .await
        .goes_to(&format!("/pengetahuan/{slug}?kabar=terima-kasih#membantu"));
    warga.get(&format!("/pengetahuan/{slug}?kabar=terima-kasih")).await.shows("Terima kasih").shows("Membantu.");
    let form = warga.get("/lapor?judul=Kapan%20imunisasi").await;
    form.shows("name=\"judul\" value=\"Kapan imunisasi\"");
    // Withdrawn, with something in its place.
    let other = publish(&app, "DINKES", "Imunisasi dasar", "public").await;
    let body = json!({"reason": "Lama", "successor": other});
    app.post("demo-superadmin", &format!("/articles/{slug}/withdraw"), body).await.ok(200);
    warga.get(&format!("/pengetahuan/{slug}")).await.is(410).shows("Imunisasi dasar");
    warga.get("/pengetahuan/tidak-ada").await.is(404);
}

async fn staff(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let (budi, rina) = (browser(&app, "admin.dinkes@demo.test").await, browser(&app, "superadmin@demo.test").await);
    let form = budi.get("/kerja/pengetahuan/baru").await;
    let fields = [
        ("title", "Mengganti printer"),
        ("body", "# Cara\n\nTarik <b onclick=x>baki</b>.\n<script>alert(1)</script>"),
        ("summary", ""),
        ("keywords", ""),
        ("audience", "public"),
        ("agency", "DINKES"),
        ("service", ""),
        ("review_months", "6"),
    ];
    send(&budi, &form, "/kerja/pengetahuan/baru", &[("title", ""), ("audience", "public")])
        .await
        .is(422)
        .shows("Ada yang perlu diperbaiki");
    let made = send(&budi, &form, "/kerja/pengetahuan/baru", &fields).await;
    made.goes_to("/kerja/pengetahuan/mengganti-printer?kabar=simpan");
    let here = "/kerja/pengetahuan/mengganti-printer";
    let page = budi.get(here).await;
    page.shows("<h2>Cara</h2>").shows("Ajukan untuk diperiksa").shows("Artikel mulai ditulis");
    assert!(!page.html.contains("onclick") && !page.html.contains("alert(1)"), "only what is harmless");
    assert!(!page.html.contains(&format!("{here}/terbitkan")), "not by its writer");
    send(&budi, &page, &format!("{here}/ajukan"), &[]).await.goes_to(&format!("{here}?kabar=ajukan"));
    rina.get("/kerja").await.shows("Mengganti printer").shows("Menunggu diterbitkan");
    let waiting = rina.get(here).await;
    send(&rina, &waiting, &format!("{here}/kembalikan"), &[("reason", "")]).await.is(422);
    send(&rina, &waiting, &format!("{here}/kembalikan"), &[("reason", "Sebut merek")]).await.is(303);
    budi.get(here).await.shows("Sebut merek");
    let edit = budi.get(&format!("{here}/ubah")).await;
    let mut second = fields;
    second[1].1 = "# Cara\n\nTarik baki merek A.";
    send(&budi, &edit, &format!("{here}/ubah"), &second).await.is(303);
    let stale =
        send(&budi, &edit, &format!("{here}/ubah"), &[&second[..1], &[("body", "Lain sekali")], &second[2..]].concat())
            .await;
    stale.is(409).shows("Lain sekali");
    budi.get(&format!("{here}/versi")).await.shows("<del>Tarik &lt;b onclick").shows("<ins>Tarik baki merek A.</ins>");
    let page = budi.get(here).await;
    send(&budi, &page, &format!("{here}/ajukan"), &[]).await.is(303);
    let page = rina.get(here).await;
    send(&rina, &page, &format!("{here}/terbitkan"), &[]).await.goes_to(&format!("{here}?kabar=terbitkan"));
    Browser::at(&app.desk).get("/pengetahuan/mengganti-printer").await.is(200).shows("merek A");
    rina.get("/kerja/pengetahuan?daftar=terbit").await.shows("Mengganti printer");
    rina.get("/kerja/cari?q=printer").await.shows("/pengetahuan/mengganti-printer");
    // Others neither see the draft nor write one.
    let sari = browser(&app, "admin.disdukcapil@demo.test").await;
    begin(&app, "demo-dinkes", "DINKES", "Rahasia dapur", "agency").await;
    sari.get("/kerja/pengetahuan/rahasia-dapur").await.is(404);
    sari.get(here).await.goes_to("/pengetahuan/mengganti-printer");
    browser(&app, "auditor@demo.test").await.get("/kerja/pengetahuan/baru").await.is(403);
    app.audit_is_intact().await;
}

async fn files(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let budi = browser(&app, "admin.dinkes@demo.test").await;
    let slug = begin(&app, "demo-dinkes", "DINKES", "Formulir rujukan", "public").await;
    let here = format!("/kerja/pengetahuan/{slug}");
    let csrf = budi.get(&here).await.hidden("_csrf");
    budi.upload(&format!("{here}/lampiran"), &[("_csrf", &csrf)], "jahat.exe", b"MZ").await.is(422);
    budi.upload(&format!("{here}/lampiran"), &[("_csrf", &csrf)], "formulir.txt", b"isi formulir").await.is(303);
    let page = budi.get(&here).await;
    page.shows("formulir.txt");
    let address =
        page.html.split("href=\"").find(|it| it.contains("/lampiran/")).unwrap().split('"').next().unwrap().to_owned();
    let warga = Browser::at(&app.desk);
    warga.get(&address).await.is(404);
    budi.get(&address).await.is(200).shows("isi formulir");
    app.post("demo-superadmin", &format!("/articles/{slug}/submit"), json!({})).await.ok(200);
    app.post("demo-superadmin", &format!("/articles/{slug}/publish"), json!({})).await.ok(200);
    warga.get(&format!("/pengetahuan/{slug}")).await.shows("formulir.txt");
    warga.get(&address).await.is(200).shows("isi formulir");
    app.post("demo-superadmin", &format!("/articles/{slug}/withdraw"), json!({"reason": "Lama"})).await.ok(200);
    warga.get(&address).await.is(404);
    app.audit_is_intact().await;
}

async fn offered(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    publish(&app, "DINKES", "Mengatur ulang kata sandi absen", "public").await;
    publish(&app, "DINKES", "Sandi absen bagi petugas", "staff").await;
    let warga = Browser::at(&app.desk);
    warga.fill("/lapor", "/lapor", &[("kind", "incident"), ("service", "")]).await.is(303);
    let page = warga.get("/lapor/uraian").await;
    assert!(!page.html.contains("Mungkin ini membantu"), "nothing was written yet");
    let words =
        [("subject", "Lupa pasword absen"), ("description", "Saya lupa password absen sejak cuti."), ("impact", "")];
    warga.fill("/lapor/uraian", "/lapor/uraian", &words).await.is(303);
    for address in ["/lapor/kontak", "/lapor/uraian"] {
        let page = warga.get(address).await;
        page.shows("Mungkin ini membantu").shows("Mengatur ulang kata sandi absen");
        assert!(!page.html.contains("bagi petugas"), "what is for the staff");
    }
}

async fn solving(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Mengatur ulang kata sandi absen", "staff").await;
    let body = json!({"kind": "incident", "subject": "Lupa password absen", "description": "Tidak ingat sandi absen lagi",
        "agency": "DINKES", "requester": {"name": "Siti", "email": "siti@warga.test"}});
    let number = app.post("demo-dinkes", "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned();
    let budi = browser(&app, "admin.dinkes@demo.test").await;
    let here = format!("/kerja/tiket/{number}");
    let page = budi.get(&here).await;
    page.shows("Mungkin cocok:").shows("Mengatur ulang kata sandi absen");
    send(&budi, &page, &format!("{here}/artikel"), &[("artikel", &slug)]).await.goes_to(&format!("{here}#artikel"));
    budi.get(&here).await.shows("dipakai menyelesaikan");
    let form = budi.get(&format!("{here}/selesaikan")).await;
    form.shows("Buat draf artikel").shows(&format!("value=\"{slug}\""));
    let fields = [
        ("solution", "Sandi sudah kami atur ulang."),
        ("cause", "Lupa sandi"),
        ("artikel", slug.as_str()),
        ("draf", "1"),
    ];
    let done = send(&budi, &form, &format!("{here}/selesaikan"), &fields).await;
    done.goes_to("/kerja/pengetahuan/lupa-password-absen?kabar=tiket");
    budi.get(&done.location).await.shows("Sandi sudah kami atur ulang.").shows(&number);
    assert_eq!(app.ticket(&number).await["status"], "resolved");
    budi.get(&here).await.shows("ditulis dari tiket ini");
    app.audit_is_intact().await;
}
