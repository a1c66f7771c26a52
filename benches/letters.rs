//! How fast mails are read: one core, no database. `cargo bench --bench letters` prints one line per figure.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use meja::mail::{parse, thread};
use meja::secret::Secret;
use std::time::Instant;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let secret = Secret::from_bytes(&[1; 32]);
    let plain: Vec<String> = (0..2000)
        .map(|turn| {
            format!(
                "Received: from mail.x.test by mx.desk.test; Mon, 5 Oct 2026 09:00:00 +0700\r\nFrom: =?utf-8?q?Bu_Ani?= <a{turn}@warga.test>\r\n\
                 To: meja@desk.test\r\nSubject: Re: [OKI-2610-00013-4] Laporan {turn}\r\nMessage-ID: <{turn}@warga.test>\r\n\
                 References: <lain@x.test> <satu@desk.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                 Printer di ruang pelayanan masih rusak.\r\n\r\nPada Sen, 5 Okt 2026 pukul 09.12 Meja <meja@desk.test> menulis:\r\n{}",
                "> Terima kasih, laporan Anda kami terima.\r\n".repeat(30)
            )
        })
        .collect();
    let start = Instant::now();
    for mail in &plain {
        let letter = parse::read(mail.as_bytes(), "").unwrap();
        assert_eq!(parse::digest(mail.as_bytes()).len(), 64);
        assert!(!thread::numbers_in(&letter.subject).is_empty() || letter.references.len() == 2);
        assert_eq!(thread::read_reply_address(&secret, "meja@desk.test", &letter.recipients[0]), None);
    }
    let rate = plain.len() as f64 / start.elapsed().as_secs_f64();
    println!("{:<58} {:>16}   above 2000/s", "plain mails read and threaded, one core", format!("{rate:.0}/s"));
}
