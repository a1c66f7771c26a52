//! Telephone numbers, as people write them and as they are kept.

/// Fewest and most digits of a number with its country's code (E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Country code that a number without one belongs to: Indonesia.
const HOME: &str = "62";

/// The number as it is kept (`+6281234567890`), however it was spaced; `None` when it is none.
pub fn parse(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let signs = [' ', '-', '.', '(', ')', '/', '\u{a0}'];
    let bare: String = typed.chars().filter(|c| !signs.contains(c)).collect();
    let abroad = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00"));
    let (is_whole, digits) = abroad.map_or((false, bare.as_str()), |rest| (true, rest));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = match digits.strip_prefix('0') {
        Some(rest) if !is_whole => format!("{HOME}{rest}"),
        _ if is_whole || digits.starts_with(HOME) => digits.to_owned(),
        // 812 3456 7890: the zero is often left out.
        _ if digits.starts_with('8') => format!("{HOME}{digits}"),
        _ => return None,
    };
    // +62 (0)812: the zero for calls from inside does not belong behind the country's code.
    let whole = whole.strip_prefix("620").map_or_else(|| whole.clone(), |rest| format!("{HOME}{rest}"));
    (DIGITS.contains(&whole.len()) && !whole.starts_with('0')).then(|| format!("+{whole}"))
}

/// Something is written where a number belongs, and it is none.
pub fn is_broken(typed: &str) -> bool {
    !typed.trim().is_empty() && parse(typed).is_none()
}

/// A kept number as people read it: `0812-3456-7890`; those of other countries with their code.
pub fn show(kept: &str) -> String {
    let Some(rest) = kept.strip_prefix('+').and_then(|digits| digits.strip_prefix(HOME)) else {
        return kept.to_owned();
    };
    let local: Vec<char> = format!("0{rest}").chars().collect();
    let parts: Vec<String> = local.chunks(4).map(|part| part.iter().collect()).collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::{parse, show};

    #[test]
    fn a_number_is_read_however_it_is_spaced() {
        for typed in [
            "0812-3456-7890",
            "0812 3456 7890",
            "+62 812 3456 7890",
            "6281234567890",
            "812.3456.7890",
            " (0812) 34567890 ",
            "+62 (0)812-3456-7890",
            "62 0812 3456 7890",
            "0062 812 3456 7890",
        ] {
            assert_eq!(parse(typed).as_deref(), Some("+6281234567890"), "{typed}");
        }
        assert_eq!(parse("+65 6123 4567").as_deref(), Some("+6561234567"));
        assert_eq!(parse("0065 6123 4567").as_deref(), Some("+6561234567"));
        assert_eq!(parse("0711-352222").as_deref(), Some("+62711352222"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for typed in ["", "-", "abc", "0812x3456789", "123", "+0812345678", "0812345678901234567", "911"] {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_kept_number_is_shown_in_fours() {
        assert_eq!(show("+6281234567890"), "0812-3456-7890");
        assert_eq!(show("+6561234567"), "+6561234567");
    }
}
