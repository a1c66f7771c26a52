//! What was changed between two texts, line by line.

use std::cmp::Ordering;

/// Lines that are compared at most; of longer texts the rest counts as written anew.
const MOST_LINES: usize = 2_000;

/// A line of either text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the older one.
    Gone(&'a str),
    /// Only in the newer one.
    New(&'a str),
}

/// The lines of both texts in order, with as many as possible shared; what is gone comes before what is new.
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (middle_old, middle_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut found: Vec<Line<'a>> = old[..head].iter().map(|line| Line::Same(line)).collect();
    if middle_old.len().max(middle_new.len()) > MOST_LINES {
        found.extend(middle_old.iter().map(|line| Line::Gone(line)));
        found.extend(middle_new.iter().map(|line| Line::New(line)));
    } else {
        shared(middle_old, middle_new, &mut found);
    }
    found.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    found
}

/// The longest run of lines that both have, in order.
fn shared<'a>(old: &[&'a str], new: &[&'a str], found: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    // How many lines are shared behind each pair of places.
    let mut behind = vec![0_u16; (old.len() + 1) * width];
    for (a, line) in old.iter().enumerate().rev() {
        for (b, other) in new.iter().enumerate().rev() {
            behind[a * width + b] = if line == other {
                behind[(a + 1) * width + b + 1] + 1
            } else {
                behind[(a + 1) * width + b].max(behind[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    while a < old.len() && b < new.len() {
        if old[a] == new[b] {
            found.push(Line::Same(old[a]));
            (a, b) = (a + 1, b + 1);
            continue;
        }
        match behind[(a + 1) * width + b].cmp(&behind[a * width + b + 1]) {
            Ordering::Less => {
                found.push(Line::New(new[b]));
                b += 1;
            }
            Ordering::Equal | Ordering::Greater => {
                found.push(Line::Gone(old[a]));
                a += 1;
            }
        }
    }
    found.extend(old[a..].iter().map(|line| Line::Gone(line)));
    found.extend(new[b..].iter().map(|line| Line::New(line)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_changed_is_told() {
        let told = lines("a\nb\nc\nd", "a\nc\nx\nd");
        assert_eq!(told, [Line::Same("a"), Line::Gone("b"), Line::Same("c"), Line::New("x"), Line::Same("d")]);
        assert_eq!(lines("", ""), []);
        assert_eq!(lines("", "a"), [Line::New("a")]);
        let long = "x\n".repeat(MOST_LINES + 5);
        assert_eq!(lines(&long, "y").len(), MOST_LINES + 6);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_out_of_it(old in "([ab]\n){0,8}", new in "([ab]\n){0,8}") {
            let told = lines(&old, &new);
            let of = |keep: fn(&Line<'_>) -> bool| -> Vec<String> {
                let text = |line: &Line<'_>| match *line { Line::Same(text) | Line::Gone(text) | Line::New(text) => text.to_owned() };
                told.iter().filter(|line| keep(line)).map(text).collect()
            };
            prop_assert_eq!(of(|line| !matches!(line, Line::New(_))), old.lines().collect::<Vec<_>>());
            prop_assert_eq!(of(|line| !matches!(line, Line::Gone(_))), new.lines().collect::<Vec<_>>());
        }
    }
}
