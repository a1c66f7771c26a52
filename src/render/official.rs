//! Numbers, spans, people and days as official letters write them. Pure.

use chrono::Duration;

const UNITS: [&str; 12] =
    ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas"];

/// A whole number in words: `terbilang(1250)` is `seribu dua ratus lima puluh`.
pub fn terbilang(number: u64) -> String {
    const LARGE: [(u64, &str); 4] =
        [(1_000_000_000_000, "triliun"), (1_000_000_000, "miliar"), (1_000_000, "juta"), (1_000, "ribu")];
    let unit =
        |number: u64| usize::try_from(number).ok().and_then(|place| UNITS.get(place)).copied().unwrap_or_default();
    let joined = |head: String, rest: u64| if rest == 0 { head } else { format!("{head} {}", terbilang(rest)) };
    match number {
        0..12 => unit(number).to_owned(),
        12..20 => format!("{} belas", unit(number - 10)),
        20..100 => joined(format!("{} puluh", unit(number / 10)), number % 10),
        100..200 => joined("seratus".to_owned(), number % 100),
        200..1_000 => joined(format!("{} ratus", unit(number / 100)), number % 100),
        1_000..2_000 => joined("seribu".to_owned(), number % 1_000),
        _ => {
            let (size, name) = LARGE.into_iter().find(|(size, _)| number >= *size).unwrap_or((1_000, "ribu"));
            joined(format!("{} {name}", terbilang(number / size)), number % size)
        }
    }
}

/// `3 (tiga)`: a number nobody can alter unseen.
pub fn counted(number: u64) -> String {
    format!("{} ({})", grouped(number), terbilang(number))
}

/// `1.250.000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// `1 jam 15 menit`: days, hours and whole minutes of a span, its sign left out.
pub fn span(span: Duration) -> String {
    let minutes = span.num_minutes().unsigned_abs();
    let parts = [(minutes / 1440, "hari"), (minutes / 60 % 24, "jam"), (minutes % 60, "menit")];
    let said: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{} {unit}", grouped(*count)))
        .collect();
    if said.is_empty() { "0 menit".to_owned() } else { said.join(" ") }
}

/// A regulation by its full name: `Pergub Sumatera Utara 12/2022` is `Peraturan Gubernur Sumatera Utara Nomor 12 Tahun
/// 2022`. What has another form stays as it is.
pub fn law(short: &str) -> String {
    let kinds = [
        ("Pergub ", "Peraturan Gubernur "),
        ("Perbup ", "Peraturan Bupati "),
        ("Perwali ", "Peraturan Wali Kota "),
        ("Perwal ", "Peraturan Wali Kota "),
        ("Perda ", "Peraturan Daerah "),
    ];
    let full = || {
        let (short_kind, kind) = kinds.into_iter().find(|(kind, _)| short.starts_with(kind))?;
        let (place, paper) = short.strip_prefix(short_kind)?.rsplit_once(' ')?;
        let (number, year) = paper.split_once('/')?;
        Some(format!("{kind}{place} Nomor {number} Tahun {year}"))
    };
    full().unwrap_or_else(|| short.to_owned())
}

/// `19760311 199903 1 009`: a civil-servant number as it is printed, 8-6-1-3 digits; any other text stays as it is.
pub fn nip(text: &str) -> String {
    let digits: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    if digits.len() != 18 || !digits.chars().all(|sign| sign.is_ascii_digit()) {
        return text.trim().to_owned();
    }
    format!("{} {} {} {}", &digits[..8], &digits[8..14], &digits[14..15], &digits[15..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_indonesians_say_them() {
        let said = [
            (0, "nol"),
            (10, "sepuluh"),
            (11, "sebelas"),
            (12, "dua belas"),
            (20, "dua puluh"),
            (99, "sembilan puluh sembilan"),
            (100, "seratus"),
            (111, "seratus sebelas"),
            (315, "tiga ratus lima belas"),
            (1_000, "seribu"),
            (1_999, "seribu sembilan ratus sembilan puluh sembilan"),
            (2_026, "dua ribu dua puluh enam"),
            (11_000, "sebelas ribu"),
            (100_001, "seratus ribu satu"),
            (1_000_000, "satu juta"),
            (1_250_000, "satu juta dua ratus lima puluh ribu"),
            (3_000_000_007, "tiga miliar tujuh"),
            (1_000_000_000_000, "satu triliun"),
        ];
        for (number, words) in said {
            assert_eq!(terbilang(number), words, "{number}");
        }
        assert_eq!(counted(3), "3 (tiga)");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn spans_and_numbers_of_officials_have_their_form() {
        assert_eq!(span(Duration::minutes(75)), "1 jam 15 menit");
        assert_eq!(span(Duration::seconds(-3_600)), "1 jam");
        assert_eq!(span(Duration::seconds(59)), "0 menit");
        assert_eq!(span(Duration::hours(49)), "2 hari 1 jam");
        assert_eq!(nip("197603111999031009"), "19760311 199903 1 009");
        assert_eq!(nip("19760311 199903 1 009"), "19760311 199903 1 009");
        assert_eq!(nip(" 123 "), "123");
        assert_eq!(law("Pergub Sumatera Utara 12/2022"), "Peraturan Gubernur Sumatera Utara Nomor 12 Tahun 2022");
        assert_eq!(law("Perwali Singkawang 3/2021"), "Peraturan Wali Kota Singkawang Nomor 3 Tahun 2021");
        assert_eq!(law("Keputusan 7"), "Keputusan 7");
        assert_eq!(nip("1976031119990310é"), "1976031119990310é");
    }
}
