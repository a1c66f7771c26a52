//! What was probably meant by a word that nobody knows: letters left out, doubled, swapped or mistaken.

/// Every three letters of a word that follow one another, with its beginning and its end marked.
pub fn grams(word: &str) -> Vec<String> {
    let letters: Vec<char> = "__".chars().chain(word.chars()).chain(std::iter::once('_')).collect();
    let mut grams: Vec<String> = letters.windows(3).map(|three| three.iter().collect()).collect();
    grams.sort();
    grams.dedup();
    grams
}

/// How much two words look alike, per mille; 0 when one is hardly meant by the other. Longer words forgive more, and
/// those of three letters nothing.
pub fn alike(typed: &str, known: &str) -> i64 {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), known.chars().collect());
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    if a == b {
        return 1000;
    }
    if short < 4 || long - short > 3 {
        return 0;
    }
    let (away, long) = (edits(&a, &b), i64::try_from(long).unwrap_or(i64::MAX));
    let forgiven = match short {
        6..=7 if a.first() == b.first() => 2,
        ..=7 => 1,
        8..=11 => 2,
        _ => 3,
    };
    if away <= forgiven { 1000 - 1000 * away / long } else { 0 }
}

/// Letters to leave out, put in, change, or swap with their neighbour, to make one word of the other.
fn edits(a: &[char], b: &[char]) -> i64 {
    let width = b.len() + 1;
    let mut cost = vec![0_i64; (a.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            cost[at(i, j)] = if i == 0 || j == 0 {
                i64::try_from(i + j).unwrap_or(i64::MAX)
            } else {
                let changed = cost[at(i - 1, j - 1)] + i64::from(a[i - 1] != b[j - 1]);
                let best = changed.min(cost[at(i - 1, j)] + 1).min(cost[at(i, j - 1)] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(cost[at(i - 2, j - 2)] + 1) } else { best }
            };
        }
    }
    cost[at(a.len(), b.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_of_the_finger_are_forgiven() {
        for (typed, known) in [
            ("byar", "bayar"),
            ("jaringn", "jaring"),
            ("pasword", "password"),
            ("sertifkat", "sertifikat"),
            ("akirv", "akriv"),
        ] {
            assert!(alike(typed, known) > 0, "{typed} {known}");
        }
        for (typed, known) in [("ktp", "kip"), ("bayar", "lapor"), ("surat", "sandi"), ("izin", "ikan")] {
            assert_eq!(alike(typed, known), 0, "{typed} {known}");
        }
        assert!(alike("baayr", "bayar") > alike("baxxr", "bayar"));
        assert_eq!(grams("ab"), ["__a", "_ab", "ab_"]);
    }

    proptest! {
        #[test]
        fn likeness_is_mutual(a in "[a-d]{1,9}", b in "[a-d]{1,9}") {
            prop_assert_eq!(alike(&a, &b) > 0, alike(&b, &a) > 0);
            prop_assert_eq!(alike(&a, &a), 1000);
        }
    }
}
