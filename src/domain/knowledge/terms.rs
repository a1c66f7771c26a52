//! What a text is about: its words without their affixes, what is said in several ways as one word, without the words
//! that every text has. The same for articles and for whoever looks for them.

use crate::domain::knowledge::likeness::alike;
use crate::domain::knowledge::stem::{is_root, readings, root, stem};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

static EMPTY: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("stopwords.txt").split_whitespace().collect());
static SAYINGS: LazyLock<Sayings> = LazyLock::new(|| Sayings::read(include_str!("sayings.txt")));

/// Words of a saying at most.
const LONGEST_SAYING: usize = 4;
/// Words of a question that count.
const MOST_TERMS: usize = 16;
/// How much a word counts that another may come from, per mille.
const PERHAPS: i64 = 500;
/// How much a word that looks like a known one counts as that one, per mille of its likeness.
const SLIPPED: i64 = 800;
/// Letters of a word that may be a slip.
const SLIP_FROM: usize = 4;

/// A word that somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it is found by.
    pub word: String,
    /// What it may mean as well, and how much that counts, per mille.
    pub perhaps: Vec<(String, i64)>,
    /// Its root or what is meant by it is known, so that it is no slip.
    pub is_known: bool,
}

/// A mark of the words and rules texts are read with: another one, another reading. Rules are counted by hand.
pub fn known_words() -> String {
    const RULES: u32 = 1;
    let lists = [include_str!("stopwords.txt"), include_str!("sayings.txt"), include_str!("roots.txt")];
    let mark = lists.iter().flat_map(|list| list.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |mark, byte| {
        // FNV-1a: short, the same everywhere, and no secret.
        (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{RULES}-{mark:016x}")
}

/// The words a text is found by, in order; one that comes again stands there again.
pub fn of_text(text: &str) -> Vec<String> {
    read(text).into_iter().map(|term| term.word).collect()
}

/// The words somebody looks for, each once; of a long text the first that count.
pub fn of_question(text: &str) -> Vec<Term> {
    let mut seen = HashSet::new();
    let mut terms: Vec<Term> = read(text).into_iter().filter(|term| seen.insert(term.word.clone())).collect();
    terms.truncate(MOST_TERMS);
    for term in terms.iter_mut().filter(|term| !term.is_known) {
        let slips = SAYINGS.slips(&term.word);
        term.perhaps.extend(slips.into_iter().filter(|(word, _)| *word != term.word));
    }
    terms
}

fn read(text: &str) -> Vec<Term> {
    let typed = typed(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < typed.len() {
        let (term, read) = next(&typed[at..]);
        at += read;
        found.extend(term);
    }
    found
}

/// The first word of the rest, and how many were read for it.
fn next(rest: &[String]) -> (Vec<Term>, usize) {
    for length in (1..=LONGEST_SAYING.min(rest.len())).rev() {
        if let Some(word) = SAYINGS.of(&rest[..length].join(" ")) {
            return (word.split(' ').map(known).collect(), length);
        }
    }
    let word = rest[0].as_str();
    // "e-office" is one word, and about an office all the same.
    if let ("e", Some(behind)) = (word, rest.get(1)) {
        return (vec![known(&format!("e{}", stem(behind))), term(behind)], 2);
    }
    let is_empty = EMPTY.contains(word) || word.chars().count() < 2;
    (if is_empty { Vec::new() } else { vec![term(word)] }, 1)
}

fn known(word: &str) -> Term {
    Term { word: word.to_owned(), perhaps: Vec::new(), is_known: true }
}

fn term(typed: &str) -> Term {
    let readings = readings(typed);
    let said = readings.iter().filter_map(|it| SAYINGS.of(&it.word).map(|word| (it.taken, word)));
    let said = said.min_by_key(|(taken, _)| *taken);
    let root = root(typed);
    let kept = root.as_ref().map(|root| typed.len().saturating_sub(root.len()));
    if let Some((_, word)) = said.filter(|(taken, _)| kept.is_none_or(|kept| *taken <= kept)) {
        return known(word);
    }
    if let Some(root) = root {
        return known(SAYINGS.of(&root).unwrap_or(&root));
    }
    let word = stem(typed);
    let others = readings.into_iter().map(|it| it.word).filter(|it| *it != word && it.len() >= 4);
    let perhaps = others.take(6).map(|word| (word, PERHAPS)).collect();
    Term { word, perhaps, is_known: false }
}

/// The words as they were typed, in lower case: "berkas-berkas2nya" is "berkas berkas", "tolooong" is "tolong".
fn typed(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace(['\'', '’', '`'], "");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(|word| undoubled(&calm(word)));
    let mut typed: Vec<String> = Vec::new();
    for word in words {
        let again = typed.last().is_some_and(|last| *last == word);
        if !again {
            typed.push(word);
        }
    }
    typed
}

/// Three of a letter and more are one: somebody leant on the key.
fn calm(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut calm = String::with_capacity(word.len());
    let mut at = 0;
    while at < letters.len() {
        let run = letters[at..].iter().take_while(|letter| **letter == letters[at]).count();
        let kept = if run > 2 && letters[at].is_alphabetic() { 1 } else { run };
        calm.extend(std::iter::repeat_n(letters[at], kept));
        at += run;
    }
    calm
}

/// "berkas2nya" is how many people write "berkas-berkasnya".
fn undoubled(word: &str) -> String {
    match word.split_once('2') {
        Some((head, tail))
            if head.len() >= 4 && head.chars().all(char::is_alphabetic) && ["", "nya", "an", "kan"].contains(&tail) =>
        {
            head.to_owned()
        }
        _ => word.to_owned(),
    }
}

/// What is said in several ways.
#[derive(Debug)]
struct Sayings(HashMap<String, String>);

impl Sayings {
    fn read(text: &str) -> Self {
        let mut found = HashMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((word, said)) = line.split_once(':') else { continue };
            let word = word.trim();
            for saying in said.split(',').chain(std::iter::once(word)) {
                // What stands first in the list wins.
                found.entry(typed(saying).join(" ")).or_insert_with(|| word.to_owned());
            }
        }
        Self(found)
    }

    fn of(&self, said: &str) -> Option<&str> {
        self.0.get(said).map(String::as_str)
    }

    /// What was probably meant, with how much it counts, the likeliest first.
    fn slips(&self, typed: &str) -> Vec<(String, i64)> {
        if typed.len() < SLIP_FROM || is_root(typed) {
            return Vec::new();
        }
        let near = self.0.iter().map(|(said, word)| (alike(typed, said), word)).filter(|(alike, _)| *alike > 0);
        let mut near: Vec<(String, i64)> = near.map(|(alike, word)| (word.clone(), alike * SLIPPED / 1000)).collect();
        near.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        near.dedup_by(|a, b| a.0 == b.0);
        near.truncate(2);
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> String {
        of_text(text).join(" ")
    }

    #[test]
    fn one_thing_has_one_word() {
        for (text, read) in [
            ("Lupa password e-mail", "lupa sandi surel"),
            ("Gimana cara reset kata sandinya?", "ulang sandi"),
            ("berkas-berkas2 saya hilang", "berkas hilang"),
            ("Aplikasi errorrr terus, tolooong!", "aplikasi galat"),
            ("hp gak bisa login", "ponsel masuk"),
            ("Kartu Tanda Penduduk rusak", "ktp rusak"),
            ("e-Office", "eoffice"),
            ("mengupload file", "unggah berkas"),
            ("nggak bisa diupload", "unggah"),
            ("saya dan anda", ""),
            ("ngeprint e-KTP", "cetak ktp"),
        ] {
            assert_eq!(words(text), read, "{text}");
        }
    }

    #[test]
    fn a_slip_is_noticed() {
        let means = |text: &str, word: &str| {
            let terms = of_question(text);
            assert!(
                terms.iter().any(|it| it.word == word || it.perhaps.iter().any(|it| it.0 == word)),
                "{text}: {terms:?}"
            );
        };
        means("pasword", "sandi");
        means("emial", "surel");
        means("aplikais", "aplikasi");
        means("uplod", "unggah");
        means("prnter", "mesincetak");
        means("ektp", "ktp");
    }

    #[test]
    fn every_saying_leads_to_a_word_that_leads_to_itself() {
        for (said, word) in &SAYINGS.0 {
            assert_eq!(words(word), words(said), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC{0,80}") {
            let terms = of_question(&text);
            prop_assert!(terms.len() <= MOST_TERMS);
            prop_assert!(terms.iter().all(|term| !term.word.is_empty()));
        }

        #[test]
        fn neither_case_nor_signs_matter(text in "[a-z]{3,9}( [a-z]{3,9}){0,4}") {
            let loud = text.to_uppercase().replace(' ', " -- ");
            prop_assert_eq!(of_text(&text), of_text(&loud));
        }
    }
}
