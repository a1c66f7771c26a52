//! Hand-overs, the board of agencies, acts on several tickets and own views, on both databases.

use crate::duty_pages::signed_in;
use crate::staff_pages::{region, send};
use crate::support::app::Engine;
use crate::support::on_both;
use crate::web::Page;
use serde_json::json;

on_both! {
    hand_overs_are_grouped_with_their_cause_and_two_clocks = escalations;
    the_worst_agency_stands_first_and_its_figures_are_lists = board;
    own_views_are_kept_renamed_and_forgotten = views;
    the_bar_acts_on_what_was_ticked_only = bulk;
}

/// The row of a table in which some words stand.
#[track_caller]
fn row<'a>(page: &'a Page, words: &str) -> &'a str {
    let rows = page.html.split("<tr").skip(1).map(|row| row.split("</tr>").next().unwrap());
    rows.into_iter().find(|row| row.contains(words)).unwrap_or_else(|| panic!("no row with {words}: {}", page.html))
}

async fn escalations(engine: Engine) {
    let reports = [("DINKES", "SIMPUS lambat"), ("BKD", "Absensi mati"), ("BKD", "Absensi salah")];
    let Some((app, numbers)) = region(engine, &reports).await else { return };
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get("/kerja/eskalasi").await.shows("Tidak ada tiket di lini kedua.");
    let reason = json!({"reason": "Perlu akses server", "tried": "Mulai ulang"});
    app.post("demo-superadmin", &format!("/tickets/{}/acknowledge", numbers[1]), json!({})).await.ok(200);
    app.post("demo-superadmin", &format!("/tickets/{}/escalate", numbers[1]), reason).await.ok(200);
    app.clock("2026-10-14T15:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    let page = office.get("/kerja/eskalasi").await;
    page.shows("<title>Eskalasi (3)").shows("Badan Kepegawaian Daerah <span class=\"count\">2</span>");
    page.shows("Dinas Kesehatan <span class=\"count\">1</span>");
    assert!(row(&page, "Absensi mati").contains("Permintaan"), "somebody asked for it");
    assert!(row(&page, "SIMPUS lambat").contains("Waktu habis"), "the clock did it");
    let asked = row(&page, "Absensi mati").to_owned();
    let clocks: Vec<&str> = asked.split("</span>").filter(|part| part.contains(" mnt</td>")).collect();
    assert_eq!(clocks.len(), 2, "in all, and on the second line: {asked}");
    let box_of = format!("tiket-{}", numbers[1]);
    let version = asked.split(&format!("name=\"{box_of}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
    let key = page.hidden("key");
    let form = [("act", "ambil"), ("key", key.as_str()), (box_of.as_str(), version)];
    send(&office, "/kerja/eskalasi", "/kerja/antrean/bersama", &form).await.shows("1 tiket Anda ambil.");
    assert!(row(&office.get("/kerja/eskalasi").await, "Absensi mati").contains("Rina Oktavia"));
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let own = agent.get("/kerja/eskalasi").await;
    own.shows("SIMPUS lambat");
    assert!(!own.html.contains("Absensi"), "another agency's");
}

async fn board(engine: Engine) {
    let Some((app, _)) = region(engine, &[("DINKES", "SIMPUS lambat"), ("BKD", "Absensi mati")]).await else { return };
    let office = signed_in(&app, "superadmin@demo.test").await;
    let page = office.get("/kerja/pengawasan").await;
    assert!(!page.html.contains("class=\"trouble\""), "nobody is in trouble");
    app.desk.disable_account("admin.dpmptsp@demo.test").await.unwrap();
    app.clock("2026-10-14T15:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    let page = office.get("/kerja/pengawasan").await;
    let places: Vec<usize> = ["pengawasan/DPMPTSP", "pengawasan/BKD", "pengawasan/DINKES", "pengawasan/DISDUKCAPIL"]
        .iter()
        .map(|code| page.html.find(code).unwrap())
        .collect();
    assert!(places.is_sorted(), "without a first line first, then by what is late: {places:?}");
    let worst = row(&page, "pengawasan/DPMPTSP");
    assert!(worst.contains("class=\"trouble\"") && worst.contains("Tidak ada petugas aktif"), "{worst}");
    for (code, count) in [("DINKES", 1), ("BKD", 1), ("DISDUKCAPIL", 0)] {
        let links: Vec<String> = row(&page, &format!("pengawasan/{code}"))
            .split("href=\"")
            .skip(1)
            .map(|part| part.split('"').next().unwrap().replace("&amp;", "&"))
            .filter(|link| link.starts_with("/kerja/antrean"))
            .collect();
        assert!(links.len() >= 2, "{code}: {links:?}");
        for link in links.iter().filter(|link| !link.contains("status=")) {
            office.get(link).await.shows(&format!("<title>Antrean ({count})"));
        }
    }
    let head = signed_in(&app, "kepala.dinkes@demo.test").await.get("/kerja/pengawasan").await;
    assert!(head.html.contains("pengawasan/DINKES") && !head.html.contains("pengawasan/BKD"), "a head's own");
}

async fn views(engine: Engine) {
    let Some((app, _)) = region(engine, &[("DINKES", "SIMPUS lambat")]).await else { return };
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    agent.get("/kerja/antrean/tampilan").await.shows("Anda belum menyimpan tampilan.");
    let unnamed = send(&agent, "/kerja/antrean", "/kerja/antrean/tampilan", &[("view", " "), ("query", "status=baru")]);
    let unnamed = unnamed.await;
    assert_eq!(unnamed.status.as_u16(), 422);
    unnamed.shows("href=\"#baru-view\"").shows("id=\"baru-view\"");
    for name in ["Baru", "Kritis"] {
        let form = [("view", name), ("query", "status=baru")];
        send(&agent, "/kerja/antrean", "/kerja/antrean/tampilan", &form).await;
    }
    let page = agent.get("/kerja/antrean/tampilan").await;
    let mut ids: Vec<&str> =
        page.html.split("/kerja/antrean/tampilan/").skip(1).map(|part| part.split('/').next().unwrap()).collect();
    ids.dedup();
    let address = |id: &str, act: &str| format!("/kerja/antrean/tampilan/{id}/{act}");
    let taken = send(&agent, "/kerja/antrean/tampilan", &address(ids[0], "ganti-nama"), &[("view", "Kritis")]).await;
    assert_eq!(taken.status.as_u16(), 422, "two views of one name");
    taken.shows(&format!("href=\"#{}-view\"", ids[0]));
    send(&agent, "/kerja/antrean/tampilan", &address(ids[0], "ganti-nama"), &[("view", "Baru hari ini")]).await;
    agent.get("/kerja/antrean").await.shows(">Baru hari ini<").shows("/kerja/antrean?status=baru");
    let other = signed_in(&app, "superadmin@demo.test").await;
    send(&other, "/kerja/antrean/tampilan", &address(ids[0], "hapus"), &[]).await;
    agent.get("/kerja/antrean/tampilan").await.shows("Baru hari ini");
    send(&agent, "/kerja/antrean/tampilan", &address(ids[0], "hapus"), &[]).await;
    assert!(!agent.get("/kerja/antrean/tampilan").await.html.contains("Baru hari ini"));
}

async fn bulk(engine: Engine) {
    let Some((app, numbers)) = region(engine, &[("DINKES", "Satu"), ("DINKES", "Dua"), ("BKD", "Lain")]).await else {
        return;
    };
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let act = "/kerja/antrean/bersama";
    send(&agent, "/kerja/antrean", act, &[("act", "ambil"), ("key", "a")])
        .await
        .shows("Belum ada tiket yang dicentang.");
    let boxes: Vec<String> = numbers.iter().map(|number| format!("tiket-{number}")).collect();
    // What is not theirs is refused by its number alone.
    let form =
        [("act", "tugaskan"), ("key", "b"), ("kepada", "admin.dinkes@demo.test"), (&boxes[0], "1"), (&boxes[2], "1")];
    let answer = send(&agent, "/kerja/antrean", act, &form).await;
    answer.shows("1 tiket ditugaskan.").shows("1 tiket tidak berubah").shows(&numbers[2]);
    assert!(!answer.html.contains("Lain"), "not even its subject");
    assert_eq!(app.ticket(&numbers[0]).await["assignee"], "admin.dinkes@demo.test");
    assert_eq!(app.ticket(&numbers[1]).await["assignee"], json!(null), "it was not ticked");
    let form = [("act", "prioritas"), ("key", "c"), ("priority", "P2"), ("reason", ""), (boxes[1].as_str(), "1")];
    let unreasoned = send(&agent, "/kerja/antrean", act, &form).await;
    unreasoned.shows("1 tiket tidak berubah").shows("value=\"P2\" selected");
    assert_eq!(app.ticket(&numbers[1]).await["version"], 1);
    app.audit_is_intact().await;
}
