//! The staff's menu, homes by role, rounds, one agency under supervision, search, notices and the trail, as people use
//! them, on both databases.

use crate::duty_pages::signed_in;
use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use crate::web::{Browser, Page};
use poem::Endpoint;
use serde_json::json;
use std::collections::BTreeSet;

on_both! {
    every_role_opens_its_home_and_every_link_on_it = homes;
    a_figure_on_a_home_counts_its_list = figures;
    a_round_leads_from_ticket_to_ticket = rounds;
    a_round_is_nobody_elses_and_passes_by_what_is_finished = rounds_of_others;
    an_agency_is_looked_at_and_reminded = standing;
    a_search_finds_only_what_one_may_see = search;
    notices_are_ticked_off = notices;
    the_trail_is_read_and_checked = trail;
    who_runs_the_house_sees_how_it_is_and_no_ticket = house;
}

const PEOPLE: [&str; 9] = [
    "superadmin@demo.test",
    "admin.dinkes@demo.test",
    "kepala.dinkes@demo.test",
    "kepala.dpmptsp@demo.test",
    "pemilik.dinkes@demo.test",
    "pimpinan@demo.test",
    "tim.koordinasi@demo.test",
    "auditor@demo.test",
    "sistem@demo.test",
];

/// A region with a report per line (agency, subject); gives their numbers.
pub async fn region(engine: Engine, reports: &[(&str, &str)]) -> Option<(TestApp, Vec<String>)> {
    let app = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await?;
    let mut numbers = Vec::new();
    for (agency, subject) in reports {
        let body = json!({"kind": "incident", "subject": subject, "description": "Sejak pagi", "agency": agency,
            "requester": {"name": "Siti Rahma", "email": "siti@warga.test"}, "impact": "limited", "urgency": "medium"});
        let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
        numbers.push(ticket["number"].as_str().unwrap().to_owned());
    }
    Some((app, numbers))
}

/// Sends a form of the page `from` with its hidden token and the given fields.
pub async fn send<E: Endpoint>(browser: &Browser<E>, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
    let csrf = browser.get(from).await.hidden("_csrf");
    let mut form = vec![("_csrf", csrf.as_str())];
    form.extend(fields);
    browser.post(to, &form).await
}

/// Addresses inside the house that a page links to, without fragments.
fn links(html: &str) -> BTreeSet<String> {
    let found = html.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
    let found = found.map(|link| link.replace("&#x2f;", "/").replace("&amp;", "&"));
    let found = found.map(|link| link.split('#').next().unwrap_or_default().to_owned());
    found.filter(|link| link.starts_with("/kerja") || link == "/akun").collect()
}

async fn homes(engine: Engine) {
    let Some((app, _)) = region(engine, &[("DINKES", "SIMPUS lambat"), ("BKD", "Absensi mati")]).await else { return };
    app.clock("2026-10-09T15:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    for email in PEOPLE {
        let person = signed_in(&app, email).await;
        for home in ["/kerja", "/kerja/pengaturan", "/kerja/cari", "/kerja/pintasan", "/kerja/notifikasi"] {
            let page = person.get(home).await;
            assert_eq!(page.status.as_u16(), 200, "{email} {home}");
            assert!(page.html.contains("href=\"#isi\""), "the way past the menu");
            let links = links(&page.html);
            assert!(links.len() > 5, "{email} {home}: {links:?}");
            for link in &links {
                assert_eq!(person.get(link).await.status.as_u16(), 200, "{email} finds {link} on {home}");
            }
        }
    }
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let home = agent.get("/kerja").await;
    for beyond in ["/kerja/pengawasan", "/kerja/audit", "/kerja/kesehatan", "/kerja/pengaturan/pengguna"] {
        assert!(!links(&home.html).contains(beyond), "{beyond} is not for an agent");
        assert_eq!(agent.get(beyond).await.status.as_u16(), 403, "{beyond}");
    }
    // A refusal tells what one is, and who may.
    let refused = agent.get("/kerja/audit").await;
    refused
        .shows("Peran Anda")
        .shows("Petugas lini pertama")
        .shows("Halaman ini untuk")
        .shows("Auditor, Pengelola sistem");
    // Whoever may open the page, and not do what he tried there, is not sent to people like himself.
    for (email, address, role) in [
        ("auditor@demo.test", "/kerja/surat/baru", "Auditor"),
        ("admin.dinkes@demo.test", "/kerja/surel", "Petugas lini pertama"),
    ] {
        let refused = signed_in(&app, email).await.get(address).await;
        assert_eq!(refused.status.as_u16(), 403, "{email} {address}");
        let opening =
            refused.html.split_once("Halaman ini untuk").map_or("", |(_, rest)| rest.split("</dd>").next().unwrap());
        assert!(!opening.contains(role), "{email} {address}: {opening}");
    }
    let both = signed_in(&app, "pimpinan@demo.test").await.get("/kerja").await;
    both.shows("tiket terbuka lewat batas").shows("Perangkat Daerah yang perlu perhatian");
    agent.get("/kerja?bahasa=en").await.shows("Overdue").shows("Search").shows("Notices");
}

async fn figures(engine: Engine) {
    let reports = [("DINKES", "SIMPUS lambat"), ("DINKES", "SIMPUS mati"), ("DISDUKCAPIL", "SIAK macet")];
    let Some((app, numbers)) = region(engine, &reports).await else { return };
    let solve = json!({"solution": "Sudah dipulihkan."});
    app.post("demo-superadmin", &format!("/tickets/{}/acknowledge", numbers[2]), json!({})).await;
    app.post("demo-superadmin", &format!("/tickets/{}/resolve", numbers[2]), solve).await.ok(200);
    app.clock("2026-10-07T10:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    for (email, open) in [("kepala.dinkes@demo.test", 2), ("pimpinan@demo.test", 2), ("auditor@demo.test", 2)] {
        let person = signed_in(&app, email).await;
        let home = person.get("/kerja").await;
        let list = home.html.split("<ul class=\"figures\">").nth(1).unwrap().split("</ul>").next().unwrap();
        let mut seen = Vec::new();
        for figure in list.split("<li").skip(1) {
            let link = figure.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
            let count: i64 = figure.split("<b>").nth(1).unwrap().split('<').next().unwrap().parse().unwrap();
            person.get(link).await.shows(&format!("<title>Antrean ({count})"));
            seen.push(count);
        }
        assert_eq!((seen.len(), seen[0]), (4, open), "{email}: {seen:?}");
    }
}

async fn rounds(engine: Engine) {
    let reports = [("DINKES", "Satu"), ("DINKES", "Dua"), ("DINKES", "Tiga"), ("BKD", "Lain")];
    let Some((app, numbers)) = region(engine, &reports).await else { return };
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    agent.get("/kerja/antrean/berurutan").await.shows("Belum ditugaskan").shows("3 tiket");
    let begun = send(&agent, "/kerja/antrean", "/kerja/antrean/berurutan", &[("tampilan", "belum-ditugaskan")]).await;
    let (first, round) =
        begun.location.split_once("?putaran=").map(|(path, id)| (path.to_owned(), id.to_owned())).unwrap();
    assert_eq!(first, format!("/kerja/tiket/{}", numbers[0]), "the first due");
    let summary = format!("/kerja/antrean/berurutan/{round}");
    let page = agent.get(&begun.location).await;
    page.shows("1 dari 3").shows("Lewati").shows(&format!("name=\"putaran\" value=\"{round}\""));
    // An act that leaves something to do stays on the ticket, and the bar goes along.
    let form = [("putaran", round.as_str()), ("versi", "1")];
    let taken = send(&agent, &begun.location, &format!("{first}/ambil"), &form).await;
    assert_eq!(taken.location, format!("{first}?kabar=ambil&putaran={round}"));
    agent.get(&taken.location).await.shows("Lanjut ke berikutnya");
    let empty = send(&agent, &taken.location, &format!("{first}/balas"), &[("putaran", &round), ("body", "")]).await;
    assert_eq!(empty.status.as_u16(), 422);
    empty.shows("1 dari 3").shows(&format!("name=\"putaran\" value=\"{round}\""));
    let answered =
        send(&agent, &taken.location, &format!("{first}/balas"), &[("putaran", &round), ("body", "Kami periksa.")])
            .await;
    let second = format!("/kerja/tiket/{}", numbers[1]);
    assert_eq!(answered.location, format!("{second}?putaran={round}&tadi=balas"));
    agent.get(&answered.location).await.shows("2 dari 3").shows(&numbers[0]);
    let skip = format!("{summary}/lewati");
    let silent = send(&agent, &answered.location, &skip, &[("nomor", &numbers[1]), ("reason", "  ")]).await;
    assert_eq!(silent.status.as_u16(), 422);
    silent.shows("Tulis mengapa tiket ini dilewati.").shows("href=\"#reason\"").shows("2 dari 3");
    let skipped =
        send(&agent, &answered.location, &skip, &[("nomor", &numbers[1]), ("reason", "Menunggu <vendor>")]).await;
    let third = format!("/kerja/tiket/{}", numbers[2]);
    assert_eq!(skipped.location, format!("{third}?putaran={round}"));
    agent.get("/kerja/antrean/berurutan").await.shows("1 dari 3 tiket belum dikerjakan");
    let solved =
        send(&agent, &skipped.location, &format!("{third}/selesaikan"), &[("putaran", &round), ("solution", "Pulih.")])
            .await;
    assert_eq!(solved.location, summary, "{}", solved.html);
    let end = agent.get(&summary).await;
    end.shows("Dari 3 tiket: 2 dikerjakan, 1 dilewati, 0 belum.").shows("Dibalas").shows("Diselesaikan");
    end.shows("Menunggu &lt;vendor&gt;").shows("Putaran baru");
    assert_eq!(app.ticket(&numbers[2]).await["status"], "resolved");
    app.audit_is_intact().await;
}

async fn rounds_of_others(engine: Engine) {
    let Some((app, numbers)) = region(engine, &[("DINKES", "Satu"), ("DINKES", "Dua")]).await else { return };
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let none = send(&agent, "/kerja/antrean", "/kerja/antrean/berurutan", &[("tampilan", "milik-saya")]).await;
    assert_eq!(none.location, "/kerja/antrean/berurutan?kabar=kosong");
    agent.get(&none.location).await.shows("Tidak ada tiket terbuka dalam tampilan itu.");
    let begun = send(&agent, "/kerja/antrean", "/kerja/antrean/berurutan", &[("tampilan", "")]).await;
    let round = begun.location.split_once("?putaran=").unwrap().1.to_owned();
    let other = signed_in(&app, "superadmin@demo.test").await;
    let summary = format!("/kerja/antrean/berurutan/{round}");
    assert_eq!(other.get(&summary).await.status.as_u16(), 404);
    let page = other.get(&begun.location).await;
    assert!(page.status.as_u16() == 200 && !page.html.contains("1 dari 2"), "the bar is its owner's");
    // Meanwhile somebody else solves the second one: the round goes past it.
    for (verb, body) in [("acknowledge", json!({})), ("resolve", json!({"solution": "Pulih."}))] {
        app.post("demo-superadmin", &format!("/tickets/{}/{verb}", numbers[1]), body).await.ok(200);
    }
    let form = [("nomor", numbers[0].as_str()), ("reason", "Nanti")];
    let skipped = send(&agent, &begun.location, &format!("{summary}/lewati"), &form).await;
    assert_eq!(skipped.location, summary);
    agent.get(&summary).await.shows("Sudah selesai oleh petugas lain.").shows("1 belum.");
    let ended = send(&agent, &summary, &format!("{summary}/akhiri"), &[]).await;
    assert_eq!(ended.location, summary);
    assert!(!agent.get(&begun.location).await.html.contains("1 dari 2"), "an ended round has no bar");
}

async fn standing(engine: Engine) {
    let Some((app, numbers)) = region(engine, &[("DINKES", "SIMPUS lambat"), ("BKD", "Absensi mati")]).await else {
        return;
    };
    app.clock("2026-10-14T15:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get("/kerja/pengawasan").await.shows("/kerja/pengawasan/DINKES");
    let page = office.get("/kerja/pengawasan/DINKES").await;
    page.shows("<svg class=\"chart\"").shows("Dalam 13 minggu: 1 tiket masuk, 0 selesai, 1 terbuka sekarang.");
    page.shows("SIMPUS lambat").shows("Superadmin").shows("Budi Santoso").shows("1 dari 1 tiket terbuka lewat batas.");
    assert!(!page.html.contains("Absensi mati"), "another agency's");
    let key = page.hidden("key");
    let form = [("key", key.as_str()), ("words", "Mohon <segera>")];
    for _ in 0..2 {
        let sent = send(&office, "/kerja/pengawasan/DINKES", "/kerja/pengawasan/DINKES/ingatkan", &form).await;
        assert_eq!(sent.location, "/kerja/pengawasan/DINKES?diingatkan=2", "a double tap reminds once");
    }
    office.get("/kerja/pengawasan/DINKES?diingatkan=2").await.shows("Pengingat dikirim kepada 2 orang.");
    for to in ["admin.dinkes@demo.test", "kepala.dinkes@demo.test"] {
        let mails: Vec<String> = app.mails_to(to).await.iter().map(readable).collect();
        let mails: Vec<&String> =
            mails.iter().filter(|mail| mail.contains("Pengingat untuk Dinas Kesehatan")).collect();
        assert_eq!(mails.len(), 1, "{to}");
        assert!(mails[0].contains("Mohon <segera>") && mails[0].contains("Lewat batas: 1"), "{}", mails[0]);
    }
    let auditor = signed_in(&app, "auditor@demo.test").await;
    let seen = auditor.get("/kerja/pengawasan/DINKES").await;
    assert!(!seen.html.contains("Kirim pengingat"), "who reads changes nothing");
    let refused = send(&auditor, "/kerja/pengawasan/DINKES", "/kerja/pengawasan/DINKES/ingatkan", &[]).await;
    assert_eq!(refused.status.as_u16(), 403);
    auditor.get("/kerja/audit?objek=agency:DINKES").await.shows("Perangkat Daerah diingatkan").shows("Rina Oktavia");
    let head = signed_in(&app, "kepala.dinkes@demo.test").await;
    head.get("/kerja/pengawasan/DINKES").await.shows(&numbers[0]);
    assert_eq!(head.get("/kerja/pengawasan/BKD").await.status.as_u16(), 404);
    assert_eq!(
        signed_in(&app, "admin.dinkes@demo.test").await.get("/kerja/pengawasan/DINKES").await.status.as_u16(),
        403
    );
    for email in ["admin.bkd@demo.test", "kepala.bkd@demo.test"] {
        app.desk.disable_account(email).await.unwrap();
    }
    office.get("/kerja/pengawasan").await.shows("Tidak ada petugas aktif");
    let nobody = send(&office, "/kerja/pengawasan/BKD", "/kerja/pengawasan/BKD/ingatkan", &[("words", "Halo")]).await;
    assert_eq!(nobody.status.as_u16(), 409);
    nobody.shows("tidak punya petugas atau kepala yang aktif").shows("Halo");
    app.audit_is_intact().await;
}

async fn search(engine: Engine) {
    let Some((app, numbers)) = region(engine, &[("DINKES", "SIMPUS lambat"), ("BKD", "Absensi lambat")]).await else {
        return;
    };
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let page = agent.get("/kerja/cari?q=Lambat").await;
    page.shows("SIMPUS lambat").shows("Siti Rahma").shows("1 hasil");
    assert!(!page.html.contains("Absensi"), "another agency's");
    let foreign = agent.get(&format!("/kerja/cari?q={}", numbers[1])).await;
    foreign.shows("Tidak ada yang cocok.");
    assert_eq!(
        agent.get(&format!("/kerja/cari?q={}", numbers[0].to_lowercase())).await.location,
        format!("/kerja/tiket/{}", numbers[0])
    );
    agent.get("/kerja/cari?q=siti+rahma").await.shows("SIMPUS lambat");
    agent.get("/kerja/cari?q=simpus").await.shows("/kerja/layanan/simpus");
    assert!(
        !agent.get("/kerja/cari?q=kepala").await.html.contains("kepala.dinkes@demo.test"),
        "no account is theirs to see"
    );
    let part = agent.get("/kerja/cari?q=antrean&bagian=1").await;
    part.shows("<kbd>g a</kbd>").shows("href=\"/kerja/antrean\"");
    assert!(!part.html.contains("<html"), "the list alone");
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get("/kerja/cari?q=budi").await.shows("admin.dinkes@demo.test");
    office.get("/kerja/cari?q=%3Cb%3E").await.shows("value=\"&lt;b&gt;\"");
    let house = signed_in(&app, "sistem@demo.test").await;
    assert!(!house.get("/kerja/cari?q=lambat").await.html.contains("SIMPUS lambat"));
}

async fn notices(engine: Engine) {
    let Some((app, numbers)) = region(engine, &[("DINKES", "SIMPUS lambat"), ("DINKES", "SIMPUS mati")]).await else {
        return;
    };
    let head = signed_in(&app, "kepala.dinkes@demo.test").await;
    head.get("/kerja/notifikasi").await.shows("Semua notifikasi sudah dibaca.");
    app.clock("2026-10-14T15:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    let page = head.get("/kerja/notifikasi").await;
    page.shows(&numbers[0]).shows(&numbers[1]).shows("Tandai semua dibaca");
    let count: i64 = page.html.split("Notifikasi (").nth(1).unwrap().split(')').next().unwrap().parse().unwrap();
    let lines = page.html.split("<ul class=\"lines\">").skip(1).map(|part| part.split("</ul>").next().unwrap());
    assert_eq!(lines.map(|part| part.matches("<li>").count()).sum::<usize>(), usize::try_from(count).unwrap());
    head.get("/kerja").await.shows(&format!("<span class=\"badge\">{count}"));
    let last = page.html.split("name=\"terakhir\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = [("nomor", numbers[0].as_str()), ("terakhir", last)];
    let read = send(&head, "/kerja/notifikasi", "/kerja/notifikasi/dibaca", &form).await;
    assert_eq!(read.location, "/kerja/notifikasi");
    let page = head.get("/kerja/notifikasi").await;
    assert!(!page.html.contains(&numbers[0]), "ticked off");
    page.shows(&numbers[1]);
    head.get("/kerja/notifikasi?semua=ya").await.shows(&numbers[0]);
    send(&head, "/kerja/notifikasi", "/kerja/notifikasi/dibaca", &[("terakhir", last)]).await;
    head.get("/kerja/notifikasi").await.shows("Semua notifikasi sudah dibaca.");
    assert!(!head.get("/kerja").await.html.contains("class=\"badge\""));
}

async fn trail(engine: Engine) {
    let Some((app, numbers)) = region(engine, &[("DINKES", "SIMPUS lambat")]).await else { return };
    let auditor = signed_in(&app, "auditor@demo.test").await;
    auditor.get("/kerja").await.shows("Jejak audit belum pernah diperiksa.");
    let page = auditor.get("/kerja/audit").await;
    page.shows(&format!("/kerja/tiket/{}", numbers[0]));
    auditor.get("/kerja/audit?jenis=service").await.shows("service:simpus").shows("/kerja/layanan/simpus");
    let mails = auditor.get("/kerja/audit?jenis=letter").await;
    mails.shows("Tidak ada peristiwa dengan saringan ini.").shows("value=\"letter\" selected");
    let checked = send(&auditor, "/kerja/audit", "/kerja/audit/periksa", &[]).await;
    assert_eq!(checked.location, "/kerja/audit?kabar=diperiksa");
    auditor.get(&checked.location).await.shows("Utuh: ").shows("Pemeriksaan selesai dan dicatat.");
    auditor.get("/kerja/audit?orang=auditor@demo.test").await.shows("Jejak audit diperiksa");
    auditor.get("/kerja/audit?orang=siapa@demo.test").await.shows("Tidak ada peristiwa dengan saringan ini.");
    auditor.get("/kerja/audit?dari=2026-10-06").await.shows("Tidak ada peristiwa dengan saringan ini.");
    let ticket = auditor.get(&format!("/kerja/audit?objek={}", numbers[0])).await;
    assert!(!ticket.html.contains("service:") && ticket.html.contains("#1"), "one chain only");
    // More than a page of them: the next page goes on where this one ends.
    for _ in 0..60 {
        app.desk.check_trail_daily().await.unwrap();
    }
    let first = auditor.get("/kerja/audit?jenis=audit").await;
    let next =
        first.html.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = auditor.get(&format!("/kerja/audit{next}")).await;
    assert_eq!(first.html.matches("audit:chain").count(), 50);
    assert_eq!(second.html.matches("audit:chain").count(), 11, "61 checks in all");
    let table = auditor.get(&format!("/kerja/audit/tabel?objek={}", numbers[0])).await.html;
    assert!(
        table.starts_with("Waktu,Pelaku,Objek,Urutan,Kejadian,")
            && table.contains(&format!(",{},1,Tiket dibuat,", numbers[0])),
        "{table}"
    );
    assert!(!table.contains("service:"), "the filter holds for the table, too");
    let house = signed_in(&app, "sistem@demo.test").await;
    let page = house.get("/kerja/audit").await;
    page.shows("audit:chain");
    assert!(!house.get("/kerja/audit/tabel").await.html.contains(&numbers[0]));
    assert!(!page.html.contains(&numbers[0]), "tickets are not theirs to read");
    house.get(&format!("/kerja/audit?objek={}", numbers[0])).await.shows("Tidak ada peristiwa");
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    assert_eq!(agent.get("/kerja/audit").await.status.as_u16(), 403);
    assert_eq!(agent.get("/kerja/audit/tabel").await.status.as_u16(), 403);
    assert_eq!(send(&agent, "/kerja/antrean", "/kerja/audit/periksa", &[]).await.status.as_u16(), 403);
    app.audit_is_intact().await;
}

async fn house(engine: Engine) {
    let Some((app, _)) = region(engine, &[("DINKES", "SIMPUS lambat")]).await else { return };
    app.desk.disable_account("admin.bkd@demo.test").await.unwrap();
    let house = signed_in(&app, "sistem@demo.test").await;
    let home = house.get("/kerja").await;
    home.shows("Kesehatan sistem").shows("BKD").shows("Belum diketahui").shows("/kerja/audit");
    assert!(!home.html.contains("SIMPUS lambat") && !home.html.contains("Ambil berikutnya"));
    house.get("/kerja/kesehatan").await.shows("Tidak ada surel yang gagal.").shows("BKD");
    assert_eq!(signed_in(&app, "auditor@demo.test").await.get("/kerja/kesehatan").await.status.as_u16(), 403);
}
