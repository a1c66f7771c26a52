//! What an Indonesian word comes from: "pembayaran", "dibayarkan" and "ngebayarin" come from "bayar".
//!
//! Every way to take the word apart is tried, prefixes with the letters they swallow and suffixes; among them a root the
//! house knows wins, the one that leaves most of the word. A word without a known root loses only what is surely no part
//! of it, always in the same way, so that its forms still meet.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that nothing must be taken from, one list in the order of the alphabet.
static ROOTS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("roots.txt").split_whitespace().collect());

/// Shortest root, in letters.
const SHORTEST: usize = 3;
/// Suffixes that say how something is meant.
const PARTICLES: [&str; 5] = ["lah", "kah", "tah", "pun", "dong"];
/// Suffixes that say whose something is.
const POSSESSIVES: [&str; 4] = ["nya", "ku", "mu", "nye"];
/// Suffixes that make other words; the last one is of the street.
const DERIVED: [&str; 4] = ["kan", "an", "i", "in"];
/// Prefixes taken at most from one word.
const MOST_PREFIXES: usize = 3;

/// A word that another one may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The word.
    pub word: String,
    /// How many letters were taken from the other one.
    pub taken: usize,
}

/// Is it a root the house knows?
pub fn is_root(word: &str) -> bool {
    ROOTS.contains(word)
}

/// The known root of a word in lower case; `None` when none of its readings is one.
pub fn root(word: &str) -> Option<String> {
    let known = readings(word).into_iter().filter(|reading| is_root(&reading.word));
    known.min_by_key(|reading| reading.taken).map(|reading| reading.word)
}

/// The root of a word in lower case, or what is left of it when nobody knows its root.
pub fn stem(word: &str) -> String {
    root(word).unwrap_or_else(|| plain(word))
}

/// Everything a word may come from, itself first; each word once.
pub fn readings(word: &str) -> Vec<Reading> {
    let whole = word.len();
    let mut found = vec![Reading { word: word.to_owned(), taken: 0 }];
    if !word.is_ascii() || word.len() <= SHORTEST || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return found;
    }
    let mut seen = HashSet::from([word.to_owned()]);
    for short in without_suffixes(word) {
        let taken = whole - short.len();
        let mut level = vec![Reading { word: short, taken }];
        for _ in 0..=MOST_PREFIXES {
            let mut next = Vec::new();
            for reading in level {
                next.extend(
                    without_prefix(&reading.word)
                        .into_iter()
                        .map(|(word, prefix)| Reading { word, taken: reading.taken + prefix }),
                );
                if seen.insert(reading.word.clone()) {
                    found.push(reading);
                }
            }
            level = next;
        }
    }
    found
}

/// The word as it is, and with one suffix of each kind taken away.
fn without_suffixes(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    for family in [&PARTICLES[..], &POSSESSIVES[..], &DERIVED[..]] {
        for at in 0..forms.len() {
            let shorter = family.iter().filter_map(|suffix| forms[at].strip_suffix(suffix));
            let shorter: Vec<String> = shorter.filter(|rest| rest.len() >= SHORTEST).map(str::to_owned).collect();
            forms.extend(shorter);
        }
    }
    forms
}

/// Everything that can stand behind the first prefix of a word, with the letter the prefix may have swallowed, and how
/// long the prefix is.
fn without_prefix(word: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for plain in ["di", "ke", "se", "ter", "ber", "per", "ku", "kau", "nge", "be", "te", "pe", "me", "bel", "pel"] {
        let Some(rest) = word.strip_prefix(plain) else { continue };
        let first = rest.chars().next().unwrap_or(' ');
        let fits = match plain {
            "be" | "te" => first == 'r' || rest.get(1..3) == Some("er"),
            "me" => "lrwymn".contains(first),
            "pe" => !is_vowel(first),
            "bel" | "pel" => rest.starts_with("ajar"),
            "nge" => !is_vowel(first),
            _ => true,
        };
        if fits {
            found.push((rest.to_owned(), plain.len()));
        }
    }
    // Only these prefixes change the letter behind them; on the street they lose their own vowel.
    for stump in ["me", "pe", ""] {
        if let Some(rest) = word.strip_prefix(stump) {
            // A letter that was swallowed was not taken.
            let nasal = |behind: &str| {
                if rest.ends_with(behind) { rest.len() - behind.len() } else { rest.len() + 1 - behind.len() }
            };
            found.extend(behind_nasal(rest).into_iter().map(|behind| {
                let taken = stump.len() + nasal(&behind);
                (behind, taken)
            }));
        }
    }
    found.retain(|(rest, _)| rest.len() >= SHORTEST);
    found
}

/// What can stand behind a prefix that ends in `m`, `n`, `ng` or `ny`.
fn behind_nasal(rest: &str) -> Vec<String> {
    let vowel = |text: &str| text.chars().next().is_some_and(is_vowel);
    let starts = |text: &str, letters: &str| text.chars().next().is_some_and(|first| letters.contains(first));
    if let Some(rest) = rest.strip_prefix("ng") {
        return match rest.strip_prefix('e') {
            _ if starts(rest, "ghkqx") => vec![rest.to_owned()],
            Some(short) => vec![rest.to_owned(), format!("k{rest}"), short.to_owned()],
            None if vowel(rest) => vec![rest.to_owned(), format!("k{rest}")],
            None => Vec::new(),
        };
    }
    if let Some(rest) = rest.strip_prefix("ny") {
        return if vowel(rest) {
            vec![format!("s{rest}"), format!("ny{rest}"), format!("c{rest}")]
        } else {
            Vec::new()
        };
    }
    if let Some(behind) = rest.strip_prefix('m') {
        return match behind {
            _ if starts(behind, "bfpv") => vec![behind.to_owned()],
            _ if vowel(behind) => vec![format!("p{behind}"), rest.to_owned()],
            _ => Vec::new(),
        };
    }
    if let Some(behind) = rest.strip_prefix('n') {
        return match behind {
            _ if starts(behind, "cdjsztk") => vec![behind.to_owned()],
            _ if vowel(behind) => vec![format!("t{behind}"), rest.to_owned()],
            _ => Vec::new(),
        };
    }
    Vec::new()
}

/// What is left of a word of unknown root: loan words keep what only looks like an affix.
fn plain(word: &str) -> String {
    let mut rest = word.to_owned();
    for family in [&PARTICLES[..2], &POSSESSIVES[..1], &DERIVED[..2]] {
        if let Some(short) = family.iter().find_map(|suffix| rest.strip_suffix(suffix)).filter(|rest| is_long(rest)) {
            rest = short.to_owned();
        }
    }
    for prefix in ["di", "ter", "ber"] {
        if let Some(short) = rest.strip_prefix(prefix).filter(|rest| is_long(rest)) {
            return short.to_owned();
        }
    }
    for prefix in ["me", "pe"] {
        let Some(behind) = rest.strip_prefix(prefix) else { continue };
        if let Some(short) = behind_nasal(behind).into_iter().find(|rest| is_long(rest)) {
            return short;
        }
    }
    rest
}

/// Long enough to be a word of its own: four letters, two of them vowels.
fn is_long(rest: &str) -> bool {
    rest.len() >= 4 && rest.chars().filter(|letter| is_vowel(*letter)).count() >= 2
}

const fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_meet_in_their_root() {
        for (root, forms) in [
            ("bayar", "membayar dibayar pembayaran dibayarkan terbayar bayarnya ngebayarin bayarlah pembayarannya"),
            ("tulis", "menulis penulis tulisan ditulis nulis tertulis penulisan menuliskannya"),
            ("kirim", "mengirim pengiriman dikirim kiriman terkirim ngirim mengirimkan kirimin"),
            ("simpan", "menyimpan penyimpanan tersimpan simpanan nyimpan disimpankan"),
            ("pakai", "memakai pemakaian dipakai terpakai pakaian"),
            ("ganti", "mengganti penggantian diganti pengganti gantian menggantikan"),
            ("baru", "memperbarui pembaruan diperbarui terbaru"),
            ("layan", "pelayanan layanan melayani dilayani"),
            ("izin", "perizinan mengizinkan diizinkan"),
            ("urus", "mengurus pengurusan diurus ngurus urusan"),
            ("daftar", "mendaftar pendaftaran didaftarkan terdaftar pendaftar"),
            ("ajar", "belajar pelajar pelajaran mengajar"),
            ("cek", "mengecek ngecek dicek pengecekan"),
            ("lapor", "melapor pelapor laporan dilaporkan pelaporan"),
            ("isi", "mengisi pengisian diisi terisi isian"),
            ("rusak", "kerusakan merusak dirusak"),
            ("ambil", "mengambil pengambilan diambil ngambil"),
            ("cari", "mencari pencarian dicari nyari cariin"),
            ("panjang", "memperpanjang perpanjangan diperpanjang kepanjangan"),
            ("beri", "memberi pemberian diberikan berikan memberikan"),
            ("pindah", "memindahkan pemindahan berpindah dipindah kepindahan"),
            ("kerja", "bekerja pekerja dikerjakan mengerjakan"),
            ("hubung", "menghubungi penghubung hubungan dihubungi terhubung"),
        ] {
            for form in forms.split(' ') {
                assert_eq!(stem(form), root, "{form}");
            }
        }
    }

    #[test]
    fn what_looks_like_an_affix_stays() {
        for word in
            ["aplikasi", "digital", "server", "ketua", "terang", "informasi", "berita", "dinas", "akun", "ktp", "2fa"]
        {
            assert_eq!(stem(word), word);
        }
    }

    #[test]
    fn every_root_is_its_own() {
        for word in ROOTS.iter() {
            assert_eq!(stem(word), *word);
        }
    }

    proptest! {
        #[test]
        fn forms_of_any_known_root_meet(at in 0_usize..1500, prefix in 0_usize..4, suffix in 0_usize..4) {
            let mut roots: Vec<&str> = ROOTS.iter().copied().filter(|word| word.len() >= 5).collect();
            roots.sort_unstable();
            let root = roots[at % roots.len()];
            let form = format!("{}{root}{}", ["", "di", "ter", "ke"][prefix], ["", "nya", "kan", "an"][suffix]);
            // Another root may lie nearer by chance; the right one is always among the readings.
            prop_assert!(readings(&form).iter().any(|reading| reading.word == root), "{form}");
        }

        #[test]
        fn any_word_has_a_stem_that_is_no_longer(word in "[a-z]{1,20}") {
            let stem = stem(&word);
            prop_assert!(!stem.is_empty() && stem.len() <= word.len() + 1, "{stem}");
        }
    }
}
