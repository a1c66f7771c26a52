//! What an article is found by, and how much each word says about it.

use crate::domain::knowledge::terms::{Term, of_text};
use std::collections::BTreeMap;

/// The parts of an article that are looked through.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Its title.
    pub title: &'a str,
    /// What else people call it.
    pub keywords: &'a str,
    /// What it is about, in a sentence.
    pub summary: &'a str,
    /// Its text.
    pub body: &'a str,
}

/// How much a word counts in the title, among the keywords, in the summary and in the text.
const WORTH: [u32; 4] = [9, 8, 4, 1];
/// Words that a text of usual length has.
const USUAL: u32 = 120;
/// A word that comes often enough counts so much, and never more.
const FULL: u32 = 1_000;
/// More of the same word in a text says nothing new.
const ENOUGH: u32 = 8;

/// The words an article is found by, each with its weight from 1 to 1,000.
pub fn words(parts: Parts<'_>) -> BTreeMap<String, i64> {
    let mut counts: BTreeMap<String, [u32; 4]> = BTreeMap::new();
    let mut length = 0;
    for (place, text) in [parts.title, parts.keywords, parts.summary, parts.body].into_iter().enumerate() {
        for word in of_text(text) {
            length += 1;
            if let Some(count) = counts.entry(word).or_default().get_mut(place) {
                *count = (*count + 1).min(ENOUGH);
            }
        }
    }
    // A long text holds every word sooner or later.
    let slack = 2 + 4 * length.min(USUAL * 10) / USUAL;
    let weigh = |counts: [u32; 4]| {
        let [title, keywords, summary, body] = counts;
        let worth = title.min(1) * WORTH[0] + keywords.min(1) * WORTH[1] + summary.min(2) * WORTH[2] + body * WORTH[3];
        i64::from((FULL * worth / (worth + slack)).max(1))
    };
    counts.into_iter().map(|(word, counts)| (word, weigh(counts))).collect()
}

/// A word with the factor its weight in an article is multiplied by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What to look for.
    pub word: String,
    /// How much it counts.
    pub factor: i64,
}

/// How much a word that `holding` of `all` articles have tells them apart, from 1.
pub fn rarity(all: i64, holding: i64) -> i64 {
    let (all, holding) = (all.max(holding) as f64, holding as f64);
    let said = (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln();
    ((said * 100.0).round() as i64).max(1)
}

/// What to look for, when `holding` says how many articles have a word: the words asked for, or else what they may mean.
pub fn wanted(terms: &[Term], all: i64, holding: impl Fn(&str) -> i64) -> Vec<Wanted> {
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    let mut add = |word: &str, share: i64| {
        let held = holding(word);
        if held > 0 {
            let factor = (rarity(all, held) * share / 1000).max(1);
            let known = found.entry(word.to_owned()).or_default();
            *known = factor.max(*known);
        }
    };
    for term in terms {
        add(&term.word, 1000);
        term.perhaps.iter().for_each(|(word, share)| add(word, *share));
    }
    // A word that nearly all have costs much to look through and tells little, unless nothing else was asked.
    let rare = found.values().copied().max().unwrap_or(0) / 20;
    found.into_iter().filter(|(_, factor)| *factor >= rare).map(|(word, factor)| Wanted { word, factor }).collect()
}

/// The least score of an article that is offered unasked beside the `best` one: a good share of that, and of what the best
/// imaginable one would have.
pub fn worth_offering(wanted: &[Wanted], best: i64) -> i64 {
    let mut factors: Vec<i64> = wanted.iter().map(|it| it.factor).collect();
    factors.sort_unstable_by(|a, b| b.cmp(a));
    // Of a long report only some words are about the matter.
    let matter: i64 = factors.iter().take(4).sum();
    (matter * i64::from(FULL) / 4).max(best / 100 * 45)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::terms::of_question;

    #[test]
    fn titles_say_more_than_texts() {
        let words = words(Parts {
            title: "Lupa sandi",
            keywords: "",
            summary: "",
            body: "Buka halaman sandi akun. Sandi baru.",
        });
        assert!(words["sandi"] > words["lupa"] && words["lupa"] > words["akun"], "{words:?}");
        assert!(words.values().all(|weight| (1..=1000).contains(weight)));
    }

    #[test]
    fn rare_words_count_more() {
        assert!(rarity(1000, 1) > rarity(1000, 10) && rarity(1000, 10) > rarity(1000, 900));
        assert!(rarity(1000, 1000) >= 1 && rarity(0, 0) >= 1);
        let terms = of_question("sandi akun zzzz");
        let wanted = wanted(&terms, 1000, |word| match word {
            "sandi" => 3,
            "akun" => 990,
            _ => 0,
        });
        assert_eq!(wanted.iter().map(|it| it.word.as_str()).collect::<Vec<_>>(), ["sandi"]);
    }
}
