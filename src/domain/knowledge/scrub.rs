//! A text without the people in it: what was written to one person, before it is told to everybody.

/// What stands in the place of what was left out.
const LEFT_OUT: &str = "[…]";
/// Digits from which a number may be somebody's: of a telephone, an identity card, an account.
const TELLING: usize = 7;
/// Letters from which a part of a name is left out by itself.
const NAME_FROM: usize = 3;

/// The text without mail addresses, without long numbers, and without these names, whole or in parts.
pub fn without_people(text: &str, names: &[&str]) -> String {
    let parts: Vec<String> = names
        .iter()
        .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()))
        .filter(|part| part.chars().count() >= NAME_FROM)
        .map(str::to_lowercase)
        .collect();
    let lines = text.lines().map(|line| without_numbers(&words(line, &parts)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A line without mail addresses and names.
fn words(line: &str, names: &[String]) -> String {
    let mut told = String::with_capacity(line.len());
    for piece in line.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = &piece[word.len()..];
        if word.contains('@') && word.len() > 3 {
            told.push_str(LEFT_OUT);
        } else {
            told.push_str(&unnamed(word, names));
        }
        told.push_str(space);
    }
    told
}

/// A word whose parts are no names.
fn unnamed(word: &str, names: &[String]) -> String {
    let (mut told, mut part) = (String::new(), String::new());
    let end = |part: &mut String, told: &mut String| {
        let is_name = !part.is_empty() && names.contains(&part.to_lowercase());
        told.push_str(if is_name { LEFT_OUT } else { part });
        part.clear();
    };
    for letter in word.chars() {
        if letter.is_alphanumeric() {
            part.push(letter);
        } else {
            end(&mut part, &mut told);
            told.push(letter);
        }
    }
    end(&mut part, &mut told);
    told
}

/// A line whose long numbers, with whatever people put between their digits, are left out.
fn without_numbers(line: &str) -> String {
    let letters: Vec<char> = line.chars().collect();
    let mut told = String::with_capacity(line.len());
    let mut at = 0;
    while at < letters.len() {
        let end = number_end(&letters, at);
        let digits = letters[at..end].iter().filter(|letter| letter.is_ascii_digit()).count();
        if digits >= TELLING {
            told.push_str(LEFT_OUT);
            at = end;
        } else {
            let next = end.max(at + 1);
            told.extend(&letters[at..next]);
            at = next;
        }
    }
    told
}

/// Where the number ends that begins at `at`; `at` itself when none does.
fn number_end(letters: &[char], at: usize) -> usize {
    let starts =
        letters[at].is_ascii_digit() || (letters[at] == '+' && letters.get(at + 1).is_some_and(char::is_ascii_digit));
    if !starts {
        return at;
    }
    let mut end = at + 1;
    while let Some(letter) = letters.get(end) {
        let goes_on = letter.is_ascii_digit()
            || (" .-/".contains(*letter) && letters.get(end + 1).is_some_and(char::is_ascii_digit));
        if !goes_on {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nobody_is_left_in_it() {
        let text = "Yth. Ibu Siti Aminah (siti@warga.test),\nNIK 3204 0112 3456 0001, HP 0812-3456-7890 atau +62 812 3456 789.\nLangkah 1: buka 2 menu, port 8080.";
        let told = without_people(text, &["Siti Aminah"]);
        assert_eq!(told, "Yth. Ibu […] […] […]\nNIK […], HP […] atau […].\nLangkah 1: buka 2 menu, port 8080.");
        assert_eq!(without_people("Sitinya AMINAH-nya", &["Siti Aminah"]), "Sitinya […]-nya");
    }

    proptest! {
        #[test]
        fn no_address_and_no_long_number_is_ever_left(text in "[a-z0-9@. +-]{0,60}") {
            let told = without_people(&text, &[]);
            prop_assert!(!told.split_whitespace().any(|word| word.len() > 3 && word.contains('@')));
            prop_assert!(!told.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= TELLING), "{told}");
        }
    }
}
