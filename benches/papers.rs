//! How fast official letters are set: one core, warm. `cargo bench --bench papers` prints one line per figure.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use chrono::{DateTime, Utc};
use meja::domain::letter::{Content, Letter, LetterState, Recipient, TicketLine};
use meja::render::letter as paper;
use std::time::Instant;

/// Letters that are set.
const TIMES: u32 = 20;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    for (name, tickets) in
        [("a letter of one page as PDF, warm", 3), ("a letter with a hundred tickets as PDF, warm", 100)]
    {
        let letter = letter(tickets);
        let set = || {
            paper::pdf(&letter, "https://meja.contoh.go.id/cek-surat/ABCD", chrono_tz::Asia::Jakarta, at(0)).unwrap()
        };
        let size = set().len();
        let start = Instant::now();
        for _ in 0..TIMES {
            assert_eq!(set().len(), size);
        }
        let each = start.elapsed().as_secs_f64() * 1000.0 / f64::from(TIMES);
        println!("{name:<58} {:>16}   {}", format!("{each:.0} ms"), if tickets < 10 { "up to 150 ms" } else { "" });
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-20T19:35:00Z".parse::<DateTime<Utc>>().unwrap() + chrono::Duration::minutes(minute)
}

fn letter(tickets: i64) -> Letter {
    let line = |place: i64| TicketLine {
        number: format!("SUMUT-2603-{place:05}-4"),
        opened_at: at(place),
        due_at: at(place + 240),
        resolved_at: Some(at(place + 315)),
        over_seconds: 75 * 60,
    };
    let person = |name: &str| Recipient { name: name.to_owned(), email: None };
    Letter {
        id: 1,
        key: "SRT-2026-0001".to_owned(),
        version: 3,
        state: LetterState::Numbered,
        agency: "DPMPTSP".to_owned(),
        number: Some("500.12/0001/KOMINFO/2026".to_owned()),
        dated: Some("2026-03-26".parse().unwrap()),
        ..Letter::draft(
            Content {
                head: vec!["Pemerintah Provinsi Sumatera Utara".to_owned(), "Tim Koordinasi SPBE".to_owned()],
                contact: vec!["Jalan Contoh Nomor 1".to_owned()],
                place: "Medan".to_owned(),
                urgency: "Segera".to_owned(),
                enclosures: "1 (satu) berkas".to_owned(),
                subject: "Peringatan atas Tidak Terpenuhinya Waktu Penyelesaian Layanan e-Perizinan".to_owned(),
                addressee: person("Kepala Dinas Komunikasi dan Informatika"),
                body: format!(
                    "{}\n\n[[tiket]]\n\n{0}\n\n[[titik-akhir]]\n\n{0}",
                    "Waktu penyelesaian tidak terpenuhi. ".repeat(12)
                ),
                tickets: (1..=tickets).map(line).collect(),
                endpoints: vec!["https://perizinan.sumutprov.test".to_owned()],
                signer_title: "Ketua Tim Koordinasi SPBE".to_owned(),
                signer_name: "Dr. Contoh, M.Si.".to_owned(),
                signer_rank: "Pembina Utama Madya".to_owned(),
                signer_nip: "197603111999031009".to_owned(),
                copies: vec![person("Sekretaris Daerah"), person("Inspektorat")],
                ..Content::default()
            },
            "ABCD-EFGH-JKMN-PQRS".to_owned(),
            at(0),
        )
    }
}
