//! The public ticket number `{REGION}-{YYMM}-{00001}-{check}` and its Damm check digit.

/// Makes the number of the `sequence`-th ticket of a local month, e.g. `OKI-2602-00013-4`.
pub fn format(region: &str, year: i32, month: u32, sequence: i64) -> String {
    let period = format!("{:02}{:02}", year.rem_euclid(100), month);
    let digits = format!("{period}{sequence:05}");
    format!("{region}-{period}-{sequence:05}-{}", damm(&digits))
}

/// Reads what a person typed: any case, spaces or dashes or none, `O` for 0 and `I`/`L` for 1 among
/// the digits. `None` when it is no number or its check digit is wrong, so that a slip of the
/// finger is told apart from an unknown ticket before any look-up.
pub fn parse(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let tail = compact.len().checked_sub(10)?;
    // The sequence may grow past five digits; the region is the leading run of letters.
    let region_len = compact.chars().take_while(char::is_ascii_alphabetic).count().min(5).min(tail);
    if region_len < 2 {
        return None;
    }
    let (region, rest) = compact.split_at(region_len);
    let digits: String = rest
        .chars()
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    let (body, check) = digits.split_at(digits.len() - 1);
    let well_formed = body.len() >= 9 && body.len() <= 15 && digits.chars().all(|c| c.is_ascii_digit());
    (well_formed && check == damm(body).to_string()).then(|| format!("{region}-{}-{}-{check}", &body[..4], &body[4..]))
}

/// Damm's quasigroup of order ten: finds every single wrong digit and every swap of neighbours.
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(digits: &str) -> u8 {
    digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |interim, byte| TABLE[usize::from(interim)][usize::from(byte - b'0')])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damm_matches_the_published_example() {
        assert_eq!(damm("572"), 4);
    }

    #[test]
    fn typed_numbers_are_read_generously_but_slips_are_found() {
        let number = format("OKI", 2026, 2, 13);
        assert_eq!(parse(&number).as_deref(), Some(number.as_str()));
        let typed = number.to_lowercase().replace('-', " ").replace("00", "oO");
        assert_eq!(parse(&typed).as_deref(), Some(number.as_str()));
        let mut bytes = number.clone().into_bytes();
        bytes[7] = if bytes[7] == b'2' { b'3' } else { b'2' };
        assert_eq!(parse(&String::from_utf8(bytes).unwrap()), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse("tidak tahu"), None);
    }
}
