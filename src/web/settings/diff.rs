//! What differs between two texts, line by line.

/// A line of the difference: `same`, `gone` or `new`, and its text.
pub type Line<'a> = (&'static str, &'a str);

/// Most lines of either text that are compared one by one.
const MOST: usize = 1_000;

/// The lines of both texts: those only in the old one are gone, those only in the new one are new.
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().take(MOST).collect(), new.lines().take(MOST).collect());
    // longest[i][j]: lines that the ends from i and from j have in common.
    let mut longest = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] =
                if old[i] == new[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            found.push(("same", old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            found.push(("gone", old[i]));
            i += 1;
        } else {
            found.push(("new", new[j]));
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn lines_that_stay_are_found_between_those_that_change() {
        assert_eq!(
            lines("a\nb\nc", "a\nx\nc\nd"),
            [("same", "a"), ("gone", "b"), ("new", "x"), ("same", "c"), ("new", "d")]
        );
        assert_eq!(lines("", "a"), [("new", "a")]);
        assert_eq!(lines("a", ""), [("gone", "a")]);
    }
}
