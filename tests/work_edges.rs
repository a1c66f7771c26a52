//! The edges of the work pages, from outside: no refusal and no ended session costs anybody a text, a file or the round.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::{Browser, Page};
use chrono::{DateTime, Duration, Utc};
use meja::clock::Clock;
use meja::desk::Desk;
use meja::desk::demo::PASSWORD;
use serde_json::json;

crate::support::on_both! {
    every_act_that_is_stopped_keeps_its_form = stopped;
    a_cause_is_never_dropped = causes;
    an_ended_session_keeps_every_text = parting;
    a_form_goes_on_where_it_stood = onwards;
    a_file_that_is_not_kept_is_told_of = files_told;
    waiting_files_stand_on_every_page_they_leave_from = waiting;
    a_round_goes_along_on_every_way = rounds;
    a_tie_that_is_not_taken_back_is_told_of = unlink;
}

const NOW: &str = "2026-10-05T09:00:00+07:00";
const UNIT: &str = "superadmin@demo.test";
const AGENT: &str = "admin.dinkes@demo.test";

/// A region with a ticket of DINKES.
struct Town {
    app: TestApp,
    desk: Desk,
    number: String,
}

impl Town {
    async fn new(engine: Engine) -> Option<Self> {
        Self::under(engine, "oki").await
    }

    async fn under(engine: Engine, pack: &str) -> Option<Self> {
        let app = TestApp::new(engine, pack, NOW).await?;
        let desk = Desk { clock: Clock::frozen(NOW.parse::<DateTime<Utc>>().unwrap()), ..app.desk.clone() };
        let number = open(&app, "SIMPUS lambat").await;
        Some(Self { app, desk, number })
    }

    fn wait(&self, hours: i64) {
        self.desk.clock.set(self.desk.now() + Duration::hours(hours), 0.0);
        self.app.desk.clock.set(self.desk.now(), 0.0);
    }

    async fn browser(&self, email: &str) -> Browser {
        let browser = Browser::at(&self.desk);
        browser.sign_in(email, PASSWORD).await.is(303);
        browser
    }

    fn base(&self) -> String {
        format!("/kerja/tiket/{}", self.number)
    }

    /// Somebody else does something that counts.
    async fn disturb(&self) {
        let note = json!({"body": "Kabelnya putus", "visibility": "internal"});
        self.app.post("demo-superadmin", &format!("/tickets/{}/messages", self.number), note).await.ok(201);
    }

    /// Sends a form that stands on `page`, with its marks, to a place below the ticket.
    async fn send(&self, browser: &Browser, page: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
        let form = form(page, fields);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post(&format!("{}/{to}", self.base()), &form).await
    }
}

async fn open(app: &TestApp, subject: &str) -> String {
    let body = json!({"kind": "incident", "subject": subject, "description": "Sejak pagi", "agency": "DINKES",
        "requester": {"name": "Siti", "email": "siti@warga.test"}, "impact": "limited", "urgency": "medium"});
    let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
    ticket["number"].as_str().unwrap().to_owned()
}

/// The marks of a page's form, and more.
fn form(page: &Page, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let marks = ["_csrf", "versi", "key", "version"]
        .into_iter()
        .filter(|name| page.html.contains(&format!("name=\"{name}\" value")));
    let mut form: Vec<(String, String)> = marks.map(|name| (name.to_owned(), page.hidden(name))).collect();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

/// Fields of a form with what is sent in them.
type Form<'a> = &'a [(&'a str, &'a str)];
/// An act, its form, and what the page says that stopped it.
type Act = (&'static str, Form<'static>, &'static str);
/// A page, an address, a form, and what must be found afterwards.
type Case<'a> = (&'a str, &'a str, Form<'a>, &'a [&'a str]);

/// Every act with a page of its own that may meet a ticket which has moved on.
const ACTS: [Act; 7] = [
    ("selesaikan", &[("solution", "Kartu <b>diganti</b>"), ("cause", "Kartu rusak")], "Kartu &lt;b&gt;diganti"),
    ("minta-data", &[("body", "Versi berapa?")], "Versi berapa?</textarea>"),
    ("tunggu-pihak-lain", &[("reason", "Menunggu penyedia")], "Menunggu penyedia</textarea>"),
    (
        "eskalasi",
        &[("cause", "authority"), ("reason", "Perlu akses"), ("tried", "Dimulai ulang")],
        "Perlu akses</textarea>",
    ),
    ("tugaskan", &[("user", AGENT)], "name=\"user\" value=\"admin.dinkes@demo.test\""),
    ("prioritas", &[("priority", "P2"), ("reason", "Loket tutup")], "Loket tutup</textarea>"),
    ("alihkan", &[("agency", "DISDUKCAPIL"), ("reason", "Bukan kami")], "Bukan kami</textarea>"),
];

async fn stopped(engine: Engine) {
    for (act, fields, kept) in ACTS {
        let Some(town) = Town::new(engine).await else { return };
        let budi = town.browser(AGENT).await;
        let his = budi.get(&format!("{}/{act}", town.base())).await;
        his.is(200);
        town.disturb().await;
        let stopped = town.send(&budi, &his, act, fields).await;
        stopped.is(409).shows("Kabelnya putus").shows(kept).shows("Kirim tetap");
        assert!(!stopped.html.contains(&format!(">act-{act}<")), "a heading is missing");
        if act == "eskalasi" {
            stopped.shows("type=\"hidden\" name=\"cause\" value=\"authority\"").shows("Dimulai ulang</textarea>");
        }
        // What stands there is enough to do it after all.
        let to = if act == "selesaikan" || act == "minta-data" { "balas" } else { act };
        let mut again: Vec<(&str, &str)> = fields.to_vec();
        if to == "balas" {
            again.push(("lalu", act));
        }
        town.send(&budi, &stopped, to, &again).await.is(303);
    }
    // The second line may give a ticket back where the pack lets it.
    let Some(town) = Town::under(engine, "banyuwangi").await else { return };
    let path = format!("/tickets/{}/escalate", town.number);
    let up = json!({"cause": "authority", "reason": "Perlu akses", "tried": "Dimulai ulang"});
    town.app.post("demo-dinkes", &path, up).await.ok(200);
    let ani = town.browser(UNIT).await;
    let hers = ani.get(&format!("{}/kembalikan", town.base())).await;
    hers.is(200);
    let note = json!({"body": "Kabelnya putus", "visibility": "internal"});
    town.app.post("demo-dinkes", &format!("/tickets/{}/messages", town.number), note).await.ok(201);
    let stopped = town.send(&ani, &hers, "kembalikan", &[("reason", "Cukup di sini")]).await;
    stopped.is(409).shows("Kabelnya putus").shows("Cukup di sini</textarea>").shows("Kirim tetap");
    town.send(&ani, &stopped, "kembalikan", &[("reason", "Cukup di sini")]).await.is(303);
}

async fn causes(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let page = format!("{}/selesaikan", town.base());
    let his = budi.get(&page).await;
    town.disturb().await;
    let fields = [("solution", "Kartu diganti"), ("cause", "Kartu rusak")];
    let stopped = town.send(&budi, &his, "selesaikan", &fields).await;
    stopped.is(409).shows("Kartu diganti</textarea>").shows("name=\"cause\"").shows("Kartu rusak</textarea>");
    // As a draft the cause stays among colleagues.
    let draft = [("jenis", "balas"), ("body", "Kartu diganti"), ("cause", "Kartu rusak")];
    town.send(&budi, &stopped, "draf", &draft).await.is(303);
    let page = budi.get(&town.base()).await;
    page.shows(">\nKartu diganti</textarea>").shows(">\nKartu rusak</textarea>");
    // One that has to be mended still has both.
    let longest = "x".repeat(5000);
    let unsound = [("lalu", "selesaikan"), ("body", "Kartu diganti"), ("cause", &longest)];
    town.send(&budi, &page, "balas", &unsound).await.is(422).shows("name=\"cause\"").shows(&longest);
    let solved = [("lalu", "selesaikan"), ("body", "Kartu diganti"), ("cause", "Kartu rusak")];
    town.send(&budi, &page, "balas", &solved).await.is(303);
    let events = town.app.events(&town.number).await;
    assert_eq!(TestApp::event(&events, "resolved")["payload"]["cause"], "Kartu rusak");
    town.app.audit_is_intact().await;
}

async fn parting(engine: Engine) {
    let cases: [Case<'_>; 9] = [
        ("", "berkas", &[("body", "Jawaban panjang")], &["id=\"balas-body\"", "Jawaban panjang</textarea>"]),
        ("", "makro", &[("body", "Jawaban panjang"), ("pilihan", "")], &["Jawaban panjang</textarea>"]),
        (
            "/selesaikan",
            "selesaikan",
            &[("solution", "Diganti"), ("cause", "Kartu rusak")],
            &[">\nDiganti</textarea>", ">\nKartu rusak</textarea>"],
        ),
        (
            "/klasifikasi?sel=broad.high&kind=incident",
            "klasifikasi",
            &[("reason", "Semua kantor")],
            &["Semua kantor</textarea>"],
        ),
        (
            "/eskalasi",
            "eskalasi",
            &[("cause", "authority"), ("reason", "Perlu akses"), ("tried", "Sudah")],
            &["Perlu akses\n\nSudah</textarea>"],
        ),
        ("/pisah", "pisah", &[("message", "17"), ("subject", "Printer macet")], &[">\nPrinter macet</textarea>"]),
        ("/konsultasi", "konsultasi", &[("question", "Mohon arahan")], &["Mohon arahan</textarea>"]),
        ("/umumkan", "umumkan", &[("message", "Sedang diperbaiki")], &["Sedang diperbaiki</textarea>"]),
        ("/umumkan", "umumkan/akhiri", &[("ending", "Sudah pulih")], &["Sudah pulih</textarea>"]),
    ];
    for (page, act, fields, kept) in cases {
        let Some(town) = Town::new(engine).await else { return };
        let unit = town.browser(UNIT).await;
        let hers = unit.get(&format!("{}{page}", town.base())).await;
        hers.is(200);
        town.wait(9);
        let gone = town.send(&unit, &hers, act, fields).await;
        gone.goes_to(&format!("/masuk?lanjut={}", town.base()));
        unit.sign_in(UNIT, PASSWORD).await.is(303);
        let page = unit.get(&town.base()).await;
        for words in kept {
            page.shows(words);
        }
    }
    // A caller's ticket has no page yet: the form itself keeps what was written.
    let Some(town) = Town::new(engine).await else { return };
    let unit = town.browser(UNIT).await;
    let hers = unit.get("/kerja/tiket/baru").await;
    town.wait(9);
    let fields = form(&hers, &[("name", "Pak Budi"), ("description", "Lewat <i>telepon</i>"), ("channel", "phone")]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    unit.post("/kerja/tiket/baru", &fields).await.goes_to("/masuk?lanjut=/kerja/tiket/baru");
    unit.sign_in(UNIT, PASSWORD).await.is(303);
    let again = unit.get("/kerja/tiket/baru").await;
    again
        .shows("value=\"Pak Budi\"")
        .shows("Lewat &lt;i&gt;telepon&lt;/i&gt;</textarea>")
        .shows("sebelum sesi berakhir");
    let other = town.browser(AGENT).await.get("/kerja/tiket/baru").await;
    assert!(!other.html.contains("Pak Budi"), "it is its writer's");
    unit.fill("/kerja/tiket/baru", "/kerja/tiket/baru", &[("buang", "ya")]).await.goes_to("/kerja/tiket/baru");
    assert!(!unit.get("/kerja/tiket/baru").await.html.contains("Pak Budi"));
}

async fn onwards(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let his = budi.get("/kerja/antrean?status=baru&q=a%26b+c").await;
    let csrf = his.hidden("_csrf");
    town.wait(9);
    let asked = budi.get("/kerja/antrean?status=baru&q=a%26b+c").await;
    asked.goes_to("/masuk?lanjut=/kerja/antrean?status=baru%26q=a%2526b%2Bc");
    let onward = "/kerja/antrean?status=baru&q=a%26b+c";
    budi.get(&asked.location).await.shows(&format!("value=\"{}\"", onward.replace('&', "&amp;")));
    let form = [("_csrf", csrf.as_str()), ("act", "ambil")];
    let from =
        async |path: &str, from: &str| budi.post_from(path, &format!("http://desk.test{from}"), &form).await.location;
    let queue = from("/kerja/antrean/bersama", "/kerja/antrean?status=baru").await;
    assert_eq!(queue, "/masuk?lanjut=/kerja/antrean?status=baru");
    assert_eq!(budi.post("/kerja/antrean/bersama", &form).await.location, "/masuk?lanjut=/kerja");
    let ticket = format!("{}/ambil", town.base());
    let told = format!("{}?kabar=catatan&putaran=7", town.base());
    assert_eq!(from(&ticket, &told).await, format!("/masuk?lanjut={}?putaran=7", town.base()), "nothing has been done");
    assert_eq!(from(&ticket, &format!("{}/selesaikan", town.base())).await, format!("/masuk?lanjut={}", town.base()));
    let foreign = budi.post_from("/kerja/antrean/bersama", "https://jahat.example/kerja/audit", &form).await;
    assert_eq!(foreign.location, "/masuk?lanjut=/kerja");
    assert_eq!(from("/kerja/antrean/bersama", "//jahat.example").await, "/masuk?lanjut=/kerja");
}

/// More files than one source may send: the words stay, and the page says why.
async fn files_told(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let his = budi.get(&town.base()).await;
    let citizen = Browser::at(&town.desk);
    let words = citizen.get("/lapor").await.hidden("_csrf");
    let code = town.desk.secret.tracking_code(&town.number);
    let entered = citizen.get(&format!("/lacak/{}?kode={code}", town.number)).await;
    let tracked = citizen.get(&entered.location).await;
    for _ in 0..300 {
        town.desk.note_attempt("upload ").await.unwrap();
    }
    let form = form(&his, &[("body", "Mohon dicoba")]);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for act in ["balas", "berkas", "makro"] {
        let told = budi.upload(&format!("{}/{act}", town.base()), &form, "langkah.txt", b"satu").await;
        told.is(422).shows("Mohon dicoba</textarea>").shows("id=\"file-salah\"").shows("Terlalu banyak percobaan");
    }
    let report =
        [("_csrf", words.as_str()), ("subject", "Mati"), ("description", "Layar kosong"), ("impact", "limited")];
    for path in ["/lapor/uraian", "/lapor/uraian/lampiran"] {
        let told = citizen.upload(path, &report, "layar.txt", b"satu").await;
        told.is(422).shows("Layar kosong</textarea>").shows("Terlalu banyak percobaan");
    }
    let (csrf, key) = (tracked.hidden("_csrf"), tracked.hidden("key"));
    let answer = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("body", "Masih mati")];
    for act in ["balas", "berkas"] {
        let told = citizen.upload(&format!("/lacak/{}/{act}", town.number), &answer, "layar.txt", b"satu").await;
        told.is(422).shows("Masih mati</textarea>").shows("Terlalu banyak percobaan");
    }
    assert!(
        !town.app.events(&town.number).await.iter().any(|(kind, _)| kind == "replied" || kind == "requester_replied")
    );
}

async fn waiting(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let his = budi.get(&town.base()).await;
    let form = form(&his, &[("body", "Mohon dicoba")]);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    budi.upload(&format!("{}/berkas", town.base()), &form, "langkah.txt", b"satu").await.is(303);
    for page in ["selesaikan", "minta-data"] {
        let page = budi.get(&format!("{}/{page}", town.base())).await;
        page.shows("langkah.txt").shows("ikut terkirim").shows("Mohon dicoba</textarea>");
    }
    assert!(!budi.get(&format!("{}/eskalasi", town.base())).await.html.contains("langkah.txt"), "it does not go there");
    let page = budi.get(&format!("{}/selesaikan", town.base())).await;
    let empty = town.send(&budi, &page, "selesaikan", &[("solution", "")]).await;
    empty.is(422).shows("langkah.txt");
    town.send(&budi, &page, "selesaikan", &[("solution", "Mohon dicoba")]).await.is(303);
    budi.get(&town.base()).await.shows("langkah.txt");
}

async fn rounds(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    open(&town.app, "Jaringan putus").await;
    let budi = town.browser(AGENT).await;
    let begun = budi.fill("/kerja/antrean", "/kerja/antrean/berurutan", &[("tampilan", "")]).await;
    let (ticket, round) = begun.location.split_once("?putaran=").unwrap();
    let mark = format!("name=\"putaran\" value=\"{round}\"");
    let back = format!("href=\"{ticket}?putaran={round}\"");
    for page in ["klasifikasi", "gabung", "tautkan", "pisah", "tugaskan", "selesaikan", "eskalasi"] {
        let page = budi.get(&format!("{ticket}/{page}?putaran={round}")).await;
        page.is(200).shows(&back);
        if page.html.contains("name=\"versi\"") {
            page.shows(&mark);
        }
    }
    let other = budi.get(&format!("{ticket}/gabung?putaran={round}")).await;
    other.shows(&format!("&amp;putaran={round}\""));
    let page = budi.get(&begun.location).await;
    let stays = [
        ("draf", vec![("jenis", "balas"), ("body", "Mulai")], format!("{ticket}?kabar=draf&putaran={round}#balas")),
        ("makro", vec![("body", "Mulai"), ("pilihan", "")], format!("{ticket}?putaran={round}#balas")),
        ("berkas/hapus", vec![("body", "Mulai"), ("drop", "x")], format!("{ticket}?putaran={round}#lampiran")),
        (
            "tautkan",
            vec![("to", other_of(&other.html, ticket)), ("relation", "related")],
            format!("{ticket}?kabar=tautkan&putaran={round}"),
        ),
        (
            "klasifikasi",
            vec![("kind", "incident"), ("sel", "broad.high"), ("classification", "internal"), ("reason", "Luas")],
            format!("{ticket}?kabar=klasifikasi&putaran={round}"),
        ),
    ];
    for (act, fields, to) in stays {
        let page = budi.get(&begun.location).await;
        let mut form = form(&page, &fields);
        form.push(("putaran".to_owned(), round.to_owned()));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        budi.post(&format!("{ticket}/{act}"), &form).await.goes_to(&to);
    }
    // A ticket that ended in another one leads on.
    let mut form =
        form(&budi.get(&begun.location).await, &[("into", other_of(&other.html, ticket)), ("putaran", round)]);
    form.retain(|(name, _)| name != "versi");
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let merged = budi.post(&format!("{ticket}/gabung"), &form).await;
    assert!(merged.location.contains(&format!("?putaran={round}&tadi=gabung")), "{} {}", merged.location, merged.html);
    budi.get(&merged.location).await.shows("Tiket digabung.");
    page.is(200);
}

/// The other ticket that a page offers.
fn other_of<'a>(html: &'a str, ticket: &str) -> &'a str {
    html.split("?ke=").nth(1).unwrap_or_else(|| panic!("{ticket}: {html}")).split(['&', '"']).next().unwrap()
}

async fn unlink(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let other = open(&town.app, "Jaringan putus").await;
    let budi = town.browser(AGENT).await;
    let page = budi.get(&town.base()).await;
    town.send(&budi, &page, "tautkan", &[("to", &other), ("relation", "related")]).await.is(303);
    let page = budi.get(&town.base()).await;
    town.disturb().await;
    let told = town.send(&budi, &page, "lepas-tautan", &[("to", &other), ("relation", "related")]).await;
    told.is(409).shows("Tiket ini berubah sejak Anda membukanya.").shows(&other);
    town.send(&budi, &told, "lepas-tautan", &[("to", &other), ("relation", "related")]).await.is(303);
    assert!(!budi.get(&town.base()).await.html.contains("Jaringan putus"));
}
