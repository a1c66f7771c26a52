//! Whatever bytes come as a mail: reading them ends soon, gives no more bytes of files than they are worth, and never panics
//! (the memory of the whole way in is measured in `benches/mail_in.rs`).
//! The seeds are the corpus; it is cut, mixed, repeated and spoilt. Every run takes other bytes.

use meja::mail::{html, parse, quotes};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Longest time for one mail of some thousand bytes, on a busy machine and without optimization.
const LONGEST: Duration = Duration::from_secs(5);

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mail");
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mails = paths.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    mails.map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 20_000).collect()
});

/// What stands where it hurts.
const SPICE: &[&[u8]] = &[
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"--bb\r\n",
    b"--bb--\r\n",
    b"=?utf-8?b?",
    b"?=",
    b"=?x?q?",
    b"boundary=",
    b"message/rfc822",
    b"Content-Type: multipart/mixed; boundary=\"bb\"\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"<",
    b"<!--",
    b"<a href=\"",
    b"\xff\xfe",
    b"\xf0\x9f",
    b"charset=utf-7",
    b"format=flowed",
    b">",
    b"Pada 1 x menulis:",
    b"From: ",
    b"(",
    b"\"",
    b";",
    b"&#x110000;",
];

#[derive(Debug, Clone)]
enum Spoil {
    Cut(usize),
    Drop(usize, usize),
    Put(usize, usize),
    Repeat(usize, usize, usize),
    Turn(usize, u8),
    Graft(usize, usize),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        any::<usize>().prop_map(Spoil::Cut),
        (any::<usize>(), 1_usize..200).prop_map(|(at, long)| Spoil::Drop(at, long)),
        (any::<usize>(), 0..SPICE.len()).prop_map(|(at, which)| Spoil::Put(at, which)),
        (any::<usize>(), 1_usize..100, 2_usize..40).prop_map(|(at, long, times)| Spoil::Repeat(at, long, times)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Turn(at, byte)),
        (any::<usize>(), any::<usize>()).prop_map(|(at, which)| Spoil::Graft(at, which)),
    ]
}

fn spoilt(mut bytes: Vec<u8>, spoils: &[Spoil]) -> Vec<u8> {
    for spoil in spoils {
        let length = bytes.len() + 1;
        match spoil {
            Spoil::Cut(at) => bytes.truncate(at % length),
            Spoil::Drop(at, long) => {
                let from = at % length;
                bytes.drain(from..(from + long).min(bytes.len()));
            }
            Spoil::Put(at, which) => {
                let from = at % length;
                bytes.splice(from..from, SPICE[*which].iter().copied());
            }
            Spoil::Repeat(at, long, times) => {
                let from = at % length;
                let piece = bytes[from..(from + long).min(bytes.len())].repeat(*times);
                bytes.splice(from..from, piece);
            }
            Spoil::Turn(at, byte) => {
                if let Some(found) = bytes.get_mut(at % length) {
                    *found = *byte;
                }
            }
            Spoil::Graft(at, which) => {
                let other = &SEEDS[which % SEEDS.len()];
                let from = at % length;
                bytes.splice(from..from, other.iter().copied().take(2_000));
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mail_harms_its_reader(seed in any::<usize>(), spoils in prop::collection::vec(spoil(), 0..8)) {
        let bytes = spoilt(SEEDS[seed % SEEDS.len()].clone(), &spoils);
        let start = Instant::now();
        let letter = parse::read(&bytes, "");
        parse::digest(&bytes);
        parse::head(&bytes);
        if let Some(html) = parse::html(&bytes) {
            html::to_text(&html);
            html::safe(&html);
        }
        prop_assert!(start.elapsed() < LONGEST, "{:?} for {} bytes", start.elapsed(), bytes.len());
        if let Some(letter) = letter {
            prop_assert!(!letter.subject.contains(['\r', '\n', '\0']) && !letter.text.contains('\0'));
            prop_assert!(!letter.from.contains(['\r', '\n', '\0']) && !letter.message_id.contains('\0'));
            prop_assert!(letter.from.is_empty() || letter.from.contains('@'));
            let files: usize = letter.files.iter().map(|file| file.bytes.len()).sum();
            // A mail in a mail is counted at each of its depths, and those are bounded.
            prop_assert!(letter.files.len() <= 50 && files <= bytes.len() * 60 + 1024, "{files} of {}", bytes.len());
            prop_assert!(letter.files.iter().all(|file| !file.name.contains(['/', '\\', '\r', '\n', '\0'])));
            let pieces = quotes::pieces(&letter.text);
            let whole = pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(whole, letter.text.clone());
        }
    }
}
