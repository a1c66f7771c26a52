//! The pages for people, from outside: the way of a report, signing in, working on a ticket, and the words.

use meja::clock::Clock;
use meja::desk::Desk;
use meja::desk::rules::Rules;
use meja::domain::people::{Grant, Role};
use meja::domain::service::Agency;
use meja::mail::compose::Composer;
use meja::policy::{Library, Source};
use meja::secret::Secret;
use meja::store::Db;
use poem::Endpoint;
use poem::http::StatusCode;
use poem::test::{TestClient, TestResponse};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A browser: keeps cookies and follows nothing by itself.
pub(crate) struct Browser<E: Endpoint> {
    client: TestClient<E>,
    cookies: Mutex<BTreeMap<String, String>>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    policy: String,
    pub(crate) html: String,
}

impl<E: Endpoint> Browser<E> {
    pub(crate) fn new(site: E) -> Self {
        Self { client: TestClient::new(site), cookies: Mutex::default() }
    }

    pub(crate) async fn get(&self, address: &str) -> Page {
        let response = self.client.get(address).header("cookie", self.cookies()).send().await;
        self.read(response).await
    }

    pub(crate) async fn post(&self, address: &str, form: &[(&str, &str)]) -> Page {
        let request =
            self.client.post(address).header("cookie", self.cookies()).header("sec-fetch-site", "same-origin");
        let response = request.form(&form.to_vec()).send().await;
        self.read(response).await
    }

    fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn read(&self, response: TestResponse) -> Page {
        let header = |name: &str| response.0.header(name).unwrap_or_default().to_owned();
        let (location, policy) = (header("location"), header("content-security-policy"));
        for line in response.0.headers().get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            assert!(rest.contains("HttpOnly") && rest.contains("SameSite=Lax"), "{name} is open to others");
            let value = rest.split(';').next().unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let status = response.0.status();
        Page {
            status,
            location,
            policy,
            html: response.0.into_body().into_string().await.unwrap().replace("&#x2f;", "/"),
        }
    }
}

impl Page {
    /// Value of the first hidden field of this name.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = self
            .html
            .find(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no {name} in {}", self.html));
        let rest = &self.html[start..].split("value=\"").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    pub(crate) fn shows(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "{words} is missing in {}", self.html);
        self
    }
}

async fn desk(folder: &Path) -> Desk {
    let sources: Vec<Source> = ["bawaan", "oki"]
        .iter()
        .map(|id| Source {
            file: format!("{id}.toml"),
            text: std::fs::read_to_string(format!("sla_policies/{id}.toml")).unwrap(),
        })
        .collect();
    let pack = Library::read(&sources).unwrap().get("oki").unwrap();
    let db = Db::connect(&format!("sqlite://{}", folder.join("meja.db").display())).await.unwrap();
    db.migrate().await.unwrap();
    let clock = Clock::frozen("2026-02-03T02:00:00Z".parse().unwrap());
    let desk = Desk {
        db,
        rules: Rules::new(clock.clone(), pack.clone()),
        clock,
        composer: Arc::new(Composer::new("meja@contoh.go.id", "Meja", &pack.region.name, None).unwrap()),
        secret: Secret::from_bytes(&[7; 32]),
        public_url: "http://localhost:8080".to_owned(),
        files: folder.join("files"),
        is_demo: true,
        signer: None,
        signing_roots: std::sync::Arc::default(),
        access: meja::desk::access::Access::default(),
        sender_check: std::sync::Arc::new(meja::mail::sender::SenderCheck::new("", "").unwrap()),
        transport: meja::mail::transport::Transport::Page,
        running: Arc::default(),
        ways: std::sync::Arc::new(meja::desk::ways::Ways::of(&meja::config::Config::default(), true).unwrap()),
        settings: Arc::default(),
        closures: Arc::default(),
        status: Arc::default(),
        outward: Arc::new(meja::desk::outward::Outward::new(&meja::config::MonitorsConfig::default()).unwrap()),
        backups: Arc::default(),
        seals: Arc::default(),
        node: Arc::from("uji"),
        leaving: Arc::default(),
        wake: Arc::default(),
    };
    let agency =
        |code: &str, name: &str| Agency { code: code.to_owned(), name: name.to_owned(), email: None, active: true };
    desk.save_agencies(&[agency("DISKOMINFO", "Diskominfo"), agency("DINKES", "Dinas Kesehatan")]).await.unwrap();
    desk.prepare("DISKOMINFO").await.unwrap();
    let grants = [
        Grant { role: Role::Tier2Unit, agency: None },
        Grant { role: Role::Tier1Agent, agency: Some("DISKOMINFO".to_owned()) },
    ];
    desk.add_account("budi@contoh.go.id", "Budi", Some("kata sandi panjang"), &grants).await.unwrap();
    desk
}

/// Reports something and gives number and code.
async fn report<E: Endpoint>(browser: &Browser<E>) -> (String, String) {
    let page = browser.get("/lapor").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let csrf = page.hidden("_csrf");
    let page = browser.post("/lapor", &[("_csrf", &csrf), ("kind", "incident"), ("service", "")]).await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/lapor/uraian"), "{}", page.html);
    browser.get("/lapor/uraian").await.shows("Ceritakan yang terjadi");
    let words = [
        ("_csrf", csrf.as_str()),
        ("subject", "SIMPUS <b>mati</b>"),
        ("description", "Layar kosong"),
        ("impact", "limited"),
    ];
    assert_eq!(browser.post("/lapor/uraian", &words).await.location, "/lapor/kontak");
    browser.get("/lapor/kontak").await.shows("autocomplete=\"email\"");
    let contact = [("_csrf", csrf.as_str()), ("name", "Siti"), ("email", "siti@contoh.id")];
    assert_eq!(browser.post("/lapor/kontak", &contact).await.location, "/lapor/periksa");
    let check = browser.get("/lapor/periksa").await;
    check.shows("SIMPUS &lt;b&gt;mati&lt;");
    let send = [("_csrf", csrf), ("nonce", check.hidden("nonce"))];
    let send: Vec<(&str, &str)> = send.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = browser.post("/lapor/periksa", &send).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.html);
    let again = browser.post("/lapor/periksa", &send).await;
    assert_eq!(sent.location, again.location, "a double tap opens one ticket");
    let number = sent.location.rsplit('/').next().unwrap().to_owned();
    let page = browser.get(&sent.location).await;
    page.shows(&number).shows("Selasa, 3 Februari 2026");
    let code = page.html.split("?kode=").nth(1).unwrap()[..9].to_owned();
    (number, code)
}

#[tokio::test]
async fn a_citizen_reports_tracks_and_writes_without_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let browser = Browser::new(meja::web::routes(desk.clone()).unwrap());
    let start = browser.get("/").await;
    start.shows("Kabupaten Ogan Komering Ilir");
    assert!(start.policy.starts_with("default-src 'none'"));
    let css = start.html.split("/aset/meja-").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.get(&format!("/aset/meja-{css}")).await.shows("--focus-halo");
    let (number, code) = report(&browser).await;

    let stranger = Browser::new(meja::web::routes(desk.clone()).unwrap());
    assert_eq!(stranger.get(&format!("/lapor/terkirim/{number}")).await.location, format!("/lacak?nomor={number}"));
    let csrf = stranger.get("/lacak").await.hidden("_csrf");
    let slip = stranger.post("/lacak", &[("_csrf", &csrf), ("number", "OKI-2602-00009-9"), ("code", "x")]).await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY);
    slip.shows("Nomor salah ketik").shows("<title>Kesalahan:");
    let wrong = stranger.post("/lacak", &[("_csrf", &csrf), ("number", &number), ("code", "0000-0000")]).await;
    wrong.shows("tidak cocok");

    let found = browser
        .post(
            "/lacak",
            &[("_csrf", &browser.get("/lacak").await.hidden("_csrf")), ("number", &number), ("code", &code)],
        )
        .await;
    assert_eq!(found.location, format!("/lacak/{number}"), "{}", found.html);
    let page = browser.get(&found.location).await;
    page.shows("Diterima").shows("Petugas menanggapi paling lambat").shows("&lt;b&gt;mati");
    let empty = browser
        .post(
            &format!("/lacak/{number}/balas"),
            &[("_csrf", &page.hidden("_csrf")), ("key", &page.hidden("key")), ("body", " ")],
        )
        .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let words = [("_csrf", page.hidden("_csrf")), ("key", page.hidden("key")), ("body", "Masih mati".to_owned())];
    let words: Vec<(&str, &str)> = words.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        assert_eq!(browser.post(&format!("/lacak/{number}/balas"), &words).await.status, StatusCode::SEE_OTHER);
    }
    let page = browser.get(&format!("/lacak/{number}")).await;
    assert_eq!(page.html.matches("Masih mati").count(), 1, "a double tap adds one message");
}

#[tokio::test]
async fn forms_from_elsewhere_and_incomplete_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::new(meja::web::routes(desk(folder.path()).await).unwrap());
    let csrf = browser.get("/lapor").await.hidden("_csrf");
    let page = browser.post("/lapor", &[("_csrf", &csrf), ("service", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Pilih jenis laporan").shows("href=\"#kind\"");
    assert_eq!(browser.get("/lapor/periksa").await.location, "/lapor");
    assert_eq!(browser.post("/lapor", &[("_csrf", "salah"), ("kind", "incident")]).await.status, StatusCode::FORBIDDEN);
    let foreign =
        browser.client.post("/lapor").header("cookie", browser.cookies()).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.form(&[("_csrf", csrf.as_str())]).send().await.0.status(), StatusCode::FORBIDDEN);
    let origin =
        browser.client.post("/lapor").header("cookie", browser.cookies()).header("origin", "https://jahat.example");
    assert_eq!(origin.form(&[("_csrf", csrf.as_str())]).send().await.0.status(), StatusCode::FORBIDDEN);
    let large = "x".repeat((1 << 20) + 1);
    assert_eq!(
        browser.post("/lapor/uraian", &[("_csrf", &csrf), ("description", &large)]).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(browser.get("/tidak/ada").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/kerja/antrean").await.location, "/masuk?lanjut=/kerja/antrean");
    browser.get("/?bahasa=en").await.shows("Make a report");
    browser.get("/").await.shows("Make a report").shows("<html lang=\"en\">");
}

#[tokio::test]
async fn staff_sign_in_answer_and_see_why() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let browser = Browser::new(meja::web::routes(desk.clone()).unwrap());
    let (number, _) = report(&browser).await;
    let csrf = browser.get("/masuk?lanjut=//jahat.example").await.hidden("_csrf");
    let sign_in = |password| {
        [
            ("_csrf", csrf.clone()),
            ("email", "budi@contoh.go.id".to_owned()),
            ("password", password),
            ("onward", "//jahat.example".to_owned()),
        ]
    };
    let wrong = sign_in("salah sekali".to_owned());
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/masuk", &wrong).await.shows("tidak cocok");
    let right = sign_in("kata sandi panjang".to_owned());
    let right: Vec<(&str, &str)> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post("/masuk", &right).await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/kerja"), "{}", page.html);
    browser.get("/kerja/antrean").await.shows(&number).shows("Sisa ");
    browser.get("/kerja/antrean?status=selesai").await.shows("Tidak ada tiket dengan saringan ini.");

    let address = format!("/kerja/tiket/{number}");
    let page = browser.get(&address).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    page.shows("SIMPUS &lt;b&gt;mati").shows("Terima tiket").shows("action=\"/kerja/tiket/");
    let fields = |page: &Page, more: &[(&str, &str)]| {
        let mut form = vec![
            ("_csrf".to_owned(), page.hidden("_csrf")),
            ("versi".to_owned(), page.hidden("versi")),
            ("key".to_owned(), page.hidden("key")),
        ];
        form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    };
    let post = async |act: &str, form: Vec<(String, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post(&format!("{address}/{act}"), &form).await
    };
    let stale = fields(&page, &[("body", "Balasan lama")]);
    let done = post("catatan", fields(&page, &[("body", "Rahasia <i>dapur</i>")])).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.html);
    browser
        .get(&done.location)
        .await
        .shows("Catatan disimpan.")
        .shows("tidak terlihat pelapor")
        .shows("Rahasia &lt;i&gt;");
    let mut stale = stale;
    stale.retain(|(name, _)| name != "key");
    let own = post("balas", stale).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER, "one's own note is no news: {}", own.html);
    let page = browser.get(&address).await;
    let empty = post("eskalasi", fields(&page, &[("cause", "unable"), ("reason", "Tidak mampu"), ("tried", "")])).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", empty.html);
    empty.shows("href=\"#tried\"").shows("Tidak mampu");
    let asked = post("minta-data", fields(&empty, &[("body", "Versi berapa?")])).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.html);
    browser.get(&address).await.shows("Jam SLA dijeda").shows("Menunggu pelapor");
    let page = browser.get(&address).await;
    assert_eq!(post("selesaikan", fields(&page, &[("solution", "Sudah diganti")])).await.status, StatusCode::SEE_OTHER);
    browser.get(&address).await.shows("Terpenuhi").shows("Buka lagi");
    browser.get(&format!("{address}/riwayat")).await.shows("Tiket diselesaikan").shows("Budi");
    browser.get(&format!("{address}/batas")).await.shows("Penjelasan batas waktu").shows("Jumlah");
    browser.get("/kerja/surat-demo").await.shows("siti@contoh.id");
    browser.get("/kerja/surat-demo/1").await.shows("Kepada");
    assert_eq!(browser.get("/kerja/tiket/OKI-2602-00099-9").await.status, StatusCode::NOT_FOUND);
    let page = browser.get("/kerja/antrean").await;
    assert_eq!(browser.post("/keluar", &[("_csrf", &page.hidden("_csrf"))]).await.location, "/");
}

#[tokio::test]
async fn no_page_lacks_a_word_in_either_language() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path()).await;
    let browser = Browser::new(meja::web::routes(desk).unwrap());
    report(&browser).await;
    for address in ["/", "/lapor", "/lapor/uraian", "/lapor/kontak", "/lacak", "/masuk", "/tidak-ada"] {
        for language in ["id", "en"] {
            let page = browser.get(&format!("{address}?bahasa={language}")).await;
            for key in keys(language) {
                assert!(!page.html.contains(&format!(">{key}<")), "{address} shows the key {key}");
            }
        }
    }
}

fn keys(language: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(format!("src/locales/{language}.ftl")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
    lines.filter_map(|line| line.split_once(" = ").map(|(key, _)| key.to_owned())).collect()
}

/// Texts between `open` and the next quotation mark, in every file below `folder`.
fn literals(folder: &Path, open: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            literals(&path, open, found);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            // The macros `text("field"` and `moment("field"` are no sentences.
            let text = text.replace("text(\"", "").replace("moment(\"", "");
            let places = text.split(open).skip(1);
            // `t("word-" ~ value)` is put together at run time.
            found.extend(
                places
                    .filter_map(|rest| rest.split_once('"'))
                    .filter(|(key, _)| !key.ends_with('-'))
                    .map(|(key, _)| key.to_owned()),
            );
        }
    }
}

#[test]
fn every_sentence_that_is_asked_for_exists_in_both_languages() {
    let mut asked = BTreeSet::new();
    literals(Path::new("src"), "Say::new(\"", &mut asked);
    literals(Path::new("src/web/pages"), "t(\"", &mut asked);
    literals(Path::new("src"), "refuse(\"kind\", \"", &mut asked);
    let said = asked.iter().map(String::as_str);
    for language in ["id", "en"] {
        let known = keys(language);
        let missing: Vec<&str> = said.clone().filter(|key| !known.contains(*key)).collect();
        assert!(missing.is_empty(), "{language} lacks {missing:?}");
    }
}

#[test]
fn every_word_of_the_house_has_a_name_in_both_languages() {
    use meja::domain::{Word, catalogue, clock_plan, people, ticket};
    fn all<W: Word>(family: &str) -> Vec<String> {
        W::all().iter().map(|word| format!("{family}-{}", word.as_str())).collect()
    }
    let mut words = [
        all::<ticket::Status>("status"),
        all::<ticket::Status>("citizen-status"),
        all::<ticket::Kind>("kind"),
        all::<ticket::Kind>("kind-example"),
        all::<ticket::Priority>("priority"),
        all::<ticket::Impact>("impact"),
        all::<ticket::Impact>("impact-plain"),
        all::<ticket::Urgency>("urgency"),
        all::<ticket::Channel>("channel"),
        all::<clock_plan::ClockKind>("clock"),
        all::<clock_plan::StepKind>("step"),
        all::<meja::domain::message::OutboxState>("mail-state"),
        all::<catalogue::Category>("category"),
        all::<catalogue::Part>("part"),
        all::<catalogue::RaciRole>("raci"),
        all::<catalogue::Safeguard>("safeguard"),
        all::<catalogue::ProposalKind>("proposal-kind"),
        all::<catalogue::ProposalState>("proposal-state"),
        all::<catalogue::SlaState>("sla-state"),
        all::<people::Role>("role"),
        all::<meja::domain::agency::AgencyKind>("agency-kind"),
        all::<meja::domain::rights::Extent>("extent"),
        all::<meja::domain::rights::Clash>("clash"),
    ]
    .concat();
    let mut events = BTreeSet::new();
    literals(Path::new("src/desk"), "self.event(\"", &mut events);
    words.extend(events.iter().map(|kind| format!("event-{kind}")));
    for language in ["id", "en"] {
        let known = keys(language);
        let missing: Vec<&String> = words.iter().filter(|word| !known.contains(*word)).collect();
        assert!(missing.is_empty(), "{language} lacks {missing:?}");
    }
}

#[test]
fn forbidden_words_stay_out_of_the_catalogue() {
    let text = std::fs::read_to_string("src/locales/id.ftl").unwrap().to_lowercase();
    let said: Vec<&str> = text.lines().filter_map(|line| line.split_once(" = ").map(|(_, said)| said)).collect();
    let text = said.join("\n");
    // The names of values are no words.
    let plain: String = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
    let words: BTreeSet<&str> = plain.split(|c: char| !c.is_alphanumeric()).collect();
    for word in crate::crawl::words::FORBIDDEN {
        assert!(!words.contains(word), "{word}");
    }
    assert!(!text.contains('!'));
}

/// A template with `marks` and everything between them taken out.
fn without(text: &str, (open, close): (&str, &str)) -> String {
    let mut parts = text.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| whole + "\n" + part.split_once(close).map_or("", |(_, rest)| rest))
}

#[test]
fn templates_say_nothing_of_their_own() {
    let says = |text: &str| text.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1);
    // Parts of addresses and of marks, names of languages in themselves and of forms, lines for a console.
    let is_free = |text: &str| {
        let names = ["English", "Bahasa Indonesia", "Atom", "JSON"];
        text.contains('=') || text.starts_with('-') || text.starts_with("curl ") || names.contains(&text)
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir("src/web/pages").unwrap() {
        let path = entry.unwrap().path();
        // The gallery shows components filled in, in development only; a letter's sheet shows the words of the paper, which
        // are Indonesian in any language; the notice of the gateway stands alone, with its own style.
        let on_paper = ["gallery.html", "letter_macros.html", "gateway_closed.html"];
        if on_paper.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let mut text = std::fs::read_to_string(&path).unwrap().replace("{% block kind %}kerja{% endblock %}", "");
        for marks in [("{#", "#}"), ("{%", "%}"), ("{{", "}}")] {
            text = without(&text, marks);
        }
        for name in ["title", "aria-label", "placeholder", "alt"] {
            let mark = format!(" {name}=\"");
            let values = text.split(&mark).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(values.filter(|value| says(value)).map(|value| format!("{}: {value}", path.display())));
        }
        let text = without(&text, ("<", ">"));
        let lines = text.lines().map(str::trim).filter(|line| says(line) && !is_free(line) && !line.starts_with('/'));
        found.extend(lines.filter(|line| !line.starts_with('&')).map(|line| format!("{}: {line}", path.display())));
    }
    assert!(found.is_empty(), "not in the catalogue: {found:#?}");
}

#[test]
fn no_sentence_of_the_catalogue_is_longer_than_twenty_words() {
    for language in ["id", "en"] {
        let text = std::fs::read_to_string(format!("src/locales/{language}.ftl")).unwrap();
        let said = text.lines().filter_map(|line| line.split_once(" = "));
        let long: Vec<&str> = said
            .flat_map(|(_, said)| said.split_inclusive(['.', '?', ':', ';']))
            .filter(|sentence| sentence.split_whitespace().count() > 20)
            .collect();
        assert!(long.is_empty(), "{language}: {long:#?}");
    }
}
