//! What pages weigh on the wire (UX.md goal M4).

use super::page::all;
use super::region::{Region, unit};
use super::visitor::{Answer, Visitor};
use super::walk::sign_in;
use meja::desk::intake::Report;
use meja::domain::ticket::{Channel, Language};
use poem::http::header;
use scraper::Html;

/// Limits in bytes.
const PUBLIC: usize = 30_000;
const WORK: usize = 60_000;
const STYLE: usize = 10_000;
const SCRIPT: usize = 12_000;
const QUEUE: usize = 12_000;
/// What the headers of one answer take, about.
const HEADERS: usize = 500;

/// Everything a browser fetches for a first visit: the answer itself and the files it names.
async fn first_visit(visitor: &mut Visitor, address: &str) -> (Answer, Vec<(String, usize)>) {
    let page = visitor.get(address).await;
    assert_eq!(page.status.as_u16(), 200, "{address}");
    assert_eq!(page.header(header::CONTENT_ENCODING), "br", "{address} is not compressed");
    let mut parts = vec![(address.to_owned(), page.body.len())];
    let plain = std::mem::take(&mut visitor.accepts);
    let text = visitor.get(address).await.text();
    visitor.accepts = plain;
    for file in named_files(&text) {
        let answer = visitor.get(&file).await;
        assert_eq!(answer.status.as_u16(), 200, "{file}");
        assert!(answer.header(header::CACHE_CONTROL).contains("immutable"), "{file} is fetched again and again");
        parts.push((file, answer.body.len()));
    }
    (page, parts)
}

fn named_files(text: &str) -> Vec<String> {
    let html = Html::parse_document(text);
    let files = all(&html, "link[rel=stylesheet], link[rel=icon], link[rel=modulepreload], script[src], img[src]");
    files.iter().filter_map(|file| file.attr("href").or(file.attr("src"))).map(str::to_owned).collect()
}

#[tokio::test]
async fn pages_are_light_on_the_wire() {
    let region = Region::new(6).await;
    let unit = unit(&region.desk).await;
    for place in 0..60 {
        region.desk.open(&unit, report(place), None).await.unwrap();
    }
    let mut too_heavy = Vec::new();
    let mut visitor = Visitor::at(&region.desk);
    visitor.accepts = "br";
    for address in ["/", "/lapor", "/lacak", "/masuk", "/kebijakan"] {
        hold(&first_visit(&mut visitor, address).await.1, PUBLIC, &mut too_heavy);
    }
    visitor.accepts = "";
    sign_in(&mut visitor, "superadmin@demo.test").await;
    visitor.accepts = "br";
    for address in ["/kerja", "/kerja/antrean", "/kerja/eskalasi", "/kerja/layanan", "/akun"] {
        let (page, parts) = first_visit(&mut visitor, address).await;
        hold(&parts, WORK, &mut too_heavy);
        if address == "/kerja/antrean" && page.body.len() > QUEUE {
            too_heavy.push(format!("a queue of fifty rows takes {} bytes", page.body.len()));
        }
        for (file, size) in parts {
            let most = if file.ends_with(".css") {
                STYLE
            } else if file.ends_with(".js") {
                SCRIPT
            } else {
                usize::MAX
            };
            if size > most {
                too_heavy.push(format!("{file} takes {size} bytes of {most}"));
            }
        }
    }
    too_heavy.dedup();
    assert!(too_heavy.is_empty(), "{too_heavy:#?}");
}

fn hold(parts: &[(String, usize)], most: usize, too_heavy: &mut Vec<String>) {
    let sum: usize = parts.iter().map(|(_, size)| size + HEADERS).sum();
    if sum > most || parts.len() > 6 {
        too_heavy.push(format!("{} takes {sum} bytes of {most} in {} answers: {parts:?}", parts[0].0, parts.len()));
    }
}

/// Reports that differ, so that they compress no better than those of life.
fn report(place: usize) -> Report {
    let what = [
        "Surat tidak terkirim",
        "Halaman pendaftaran lambat",
        "Berkas izin ditolak",
        "Akun baru",
        "Printer loket mati",
    ];
    let where_ = [
        "di puskesmas Tanjung Lubuk",
        "sejak pagi",
        "setelah pembaruan",
        "di kantor camat",
        "untuk pegawai pindahan",
        "saat jam ramai",
        "di ponsel",
    ];
    let services = ["e-office", "simpus", "e-perizinan", "email-dinas"];
    Report {
        subject: format!("{} {} nomor {}", what[place % 5], where_[place % 7], place * 37 % 101),
        description: "Mohon bantuannya.".to_owned(),
        kind: None,
        agency: None,
        service: Some(services[place % 4].to_owned()),
        impact: None,
        urgency: None,
        outage: None,
        workaround: false,
        request_type: None,
        name: format!("Pelapor {place}"),
        email: format!("pelapor{place}@warga.test"),
        nip: None,
        phone: None,
        channel: Channel::Email,
        language: Language::Indonesian,
    }
}
