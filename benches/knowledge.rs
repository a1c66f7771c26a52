//! How long a search of the knowledge base takes: 10,000 articles beside 100,000 tickets, eight readers at once.
//!
//! `cargo bench --bench knowledge` prints one line per kind of question: the middle and the 95th of a hundred answers,
//! server time alone (no network, no browser), and what is aimed at. Nothing here fails; the reader judges. With
//! `MEJA_BENCH_POSTGRES` the same on that database, which must be empty.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use chrono::Duration;
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::setup::installation;
use meja::domain::knowledge::article::{ArticleState, Audience, shelf};
use meja::domain::knowledge::weigh::{Parts, words};
use meja::domain::people::Visibility;
use meja::domain::ticket::Ticket;
use meja::store::articles::{Article, Text};
use meja::store::tickets::{Filter, Sort};
use meja::store::{self, Db};
use poem::test::TestClient;
use std::path::Path;
use std::time::Instant;

const ARTICLES: i64 = 10_000;
const TICKETS: i64 = 100_000;
/// Readers at once.
const READERS: usize = 8;
/// Answers that each reader waits for.
const TURNS: usize = 25;
/// What every article is about, the first most often.
const MATTERS: [&str; 24] = [
    "aplikasi",
    "akun",
    "surat",
    "izin",
    "jaringan",
    "sandi",
    "layanan",
    "berkas",
    "pegawai",
    "komputer",
    "pajak",
    "puskesmas",
    "perangkat",
    "laporan",
    "sertifikat",
    "printer",
    "kartu",
    "akta",
    "rapat",
    "absen",
    "server",
    "situs",
    "sampah",
    "beasiswa",
];
const DONE: [&str; 8] =
    ["mengganti", "pembayaran", "mendaftar", "terkunci", "pengunggahan", "dicetak", "memindahkan", "perbaikan"];

#[expect(clippy::disallowed_methods, reason = "a bench takes its own setting from its caller")]
fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(async {
        let desk = desk(folder.path(), std::env::var("MEJA_BENCH_POSTGRES").ok()).await;
        fill(&desk).await;
        for (kind, question) in [
            ("one common word", "aplikasi"),
            ("common words", "aplikasi akun surat izin"),
            ("a citizen's question", "gmn cara bayar pajak bumi lewat hp kok gagal terus ya"),
            ("slips", "aplikais prnter pasword tdk bsa dibka"),
            ("a rare word", "istilah4321x"),
            ("an unknown word", "xyzzyplugh"),
        ] {
            ask(&desk, kind, question).await;
        }
        let long =
            "Sejak pagi aplikasi perizinan tidak dapat mengunggah berkas pajak dan sertifikat pegawai. ".repeat(10);
        ask(&desk, "a whole report", &long).await;
        desk.db.close().await;
    });
}

async fn desk(folder: &Path, postgres: Option<String>) -> Desk {
    let config = Config { data_dir: folder.to_owned(), pack: "oki".to_owned(), ..Config::default() };
    let db = Db::connect(&postgres.unwrap_or_else(|| config.database_url())).await.unwrap();
    db.migrate().await.unwrap();
    let mut found = installation(&db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, db, found).unwrap();
    app::follow(&config, &desk).await.unwrap();
    desk.fill_demo(20, "2026-10-20T02:00:00Z".parse().unwrap(), 0.0).await.unwrap();
    desk
}

/// Articles and tickets of all agencies.
async fn fill(desk: &Desk) {
    let agencies = desk.agencies().await.unwrap();
    let owner = desk.accounts().await.unwrap().remove(0).0.id;
    for place in 0..ARTICLES {
        let turn = usize::try_from(place).unwrap();
        let mut tx = desk.db.write().await.unwrap();
        add(&mut tx, turn, &agencies[turn % agencies.len()].code, owner, desk).await;
        tx.commit().await.unwrap();
    }
    let everything = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let mut tx = desk.db.write().await.unwrap();
    let first = store::tickets::list(&mut tx, &everything, &Filter::default(), Sort::Newest, None, 1).await;
    let model = first.unwrap().remove(0).ticket;
    let (_, key) = store::tickets::next_number(&mut tx, "2610").await.unwrap();
    for place in 0..TICKETS {
        let ticket = Ticket {
            id: key + 1 + place,
            number: format!("OKI-2609-{place:06}-0"),
            subject: format!("Laporan tentang surat {place}"),
            service: None,
            opened_at: desk.now() - Duration::seconds(place * 13),
            ..model.clone()
        };
        store::tickets::insert(&mut tx, &ticket).await.unwrap();
        if place % 200 == 199 {
            // What is put off is bound in one statement, which has its limits.
            tx.commit().await.unwrap();
            tx = desk.db.write().await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

async fn add(tx: &mut store::Tx, turn: usize, agency: &str, owner: i64, desk: &Desk) {
    let now = desk.now();
    let matter = |step: usize| MATTERS[(turn * step / 7 + turn) % (1 + (turn * 7 + step) % MATTERS.len())];
    let done = DONE[turn % DONE.len()];
    let title = format!("{done} {} dan {} nomor {turn}", matter(1), matter(3));
    let line = |step: usize| {
        format!(
            "{} {} {} bagian{} istilah{}x. ",
            DONE[(turn + step) % DONE.len()],
            matter(step),
            matter(step + 5),
            (turn * 31 + step * 17) % 3_000,
            turn
        )
    };
    let body: String = (0..20).map(line).collect();
    let mut article = Article {
        id: 0,
        slug: format!("artikel-{turn}"),
        version: 1,
        state: ArticleState::Published,
        agency: agency.to_owned(),
        owner_id: owner,
        edition: 1,
        published_edition: Some(1),
        published_at: Some(now),
        checked_at: Some(now),
        review_months: 6,
        review_due: Some(now),
        reason: String::new(),
        successor: None,
        helped: 0,
        not_helped: 0,
        created_at: now,
        updated_at: now,
    };
    article.id = store::articles::add(tx, &article).await.unwrap();
    let audience = [Audience::Public, Audience::Public, Audience::Staff, Audience::Agency][turn % 4];
    let text = Text {
        article_id: article.id,
        place: 1,
        title,
        summary: String::new(),
        body,
        keywords: String::new(),
        audience,
        service: None,
        account_id: owner,
        written_at: now,
        shown_at: Some(now),
    };
    store::articles::add_text(tx, &text).await.unwrap();
    let parts = Parts { title: &text.title, keywords: "", summary: "", body: &text.body };
    store::article_words::put(tx, article.id, &shelf(audience, agency), &words(parts)).await.unwrap();
}

/// Prints how long the page and the API take with a question.
async fn ask(desk: &Desk, kind: &str, question: &str) {
    let query: String = question.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for (who, address, token) in [
        ("anybody, page", format!("/pengetahuan?q={query}"), ""),
        ("second line, api", format!("/api/v1/articles?q={query}"), "demo-superadmin"),
    ] {
        let mut readers = Vec::new();
        for _ in 0..READERS {
            let (desk, address) = (desk.clone(), address.clone());
            readers.push(tokio::spawn(async move {
                let client = TestClient::new(app::routes(desk).unwrap());
                let mut took = Vec::new();
                for _ in 0..TURNS {
                    let began = Instant::now();
                    let mut request = client.get(&address);
                    if !token.is_empty() {
                        request = request.header("authorization", format!("Bearer {token}"));
                    }
                    request.send().await.assert_status_is_ok();
                    took.push(began.elapsed());
                }
                took
            }));
        }
        let mut took = Vec::new();
        for reader in readers {
            took.extend(reader.await.unwrap());
        }
        took.sort();
        let (half, most) = (took[took.len() / 2], took[took.len() * 95 / 100]);
        println!("{kind:>22}, {who:<18} p50 {half:>9.1?}  p95 {most:>9.1?}  (aim: 30 ms)");
    }
}
