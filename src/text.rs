//! The message catalogue and the Indonesian and English ways to write dates, times and spans.
//!
//! Everything a person reads that is not in a template comes from `src/locales/{id,en}.ftl` through
//! [`say`]. A test fails on a key that one language lacks.

use crate::domain::ticket::Language;
use crate::error::Say;
use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::sync::LazyLock;

type Bundle = FluentBundle<FluentResource>;

static INDONESIAN: LazyLock<Bundle> = LazyLock::new(|| bundle("id", include_str!("locales/id.ftl")));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("locales/en.ftl")));

fn bundle(language: &str, text: &str) -> Bundle {
    // A broken line of the catalogue loses only itself; a test refuses broken lines.
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
    let mut bundle = Bundle::new_concurrent(language.parse().into_iter().collect());
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// A sentence of the catalogue in a language; the key itself when there is none.
pub fn say(language: Language, sentence: &Say) -> String {
    let args: Vec<(&str, String)> =
        sentence.args.iter().map(|(name, value)| (*name, told(language, name, value))).collect();
    let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
    phrase(language, sentence.key, &args)
}

/// A value as people read it: words of the domain and names of fields are translated too.
fn told(language: Language, name: &str, value: &str) -> String {
    match name {
        "status" => word(language, &format!("status-{value}")),
        "letter_state" => word(language, &format!("letter-state-{value}")),
        "article_state" => word(language, &format!("article-state-{value}")),
        "label" => word(language, &format!("label-{value}")),
        "bytes" => size(language, value.parse().unwrap_or_default()),
        _ => value.to_owned(),
    }
}

/// The catalogue has a sentence with this key.
pub fn knows(key: &str) -> bool {
    INDONESIAN.has_message(key)
}

/// How an answer says that it is a file to be kept, with its name, whose letters may be any (RFC 6266, RFC 8187).
pub fn as_attachment(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let exact: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

/// A sentence by a key that is only known at run time, e.g. `status-` and a word.
pub fn word(language: Language, key: &str) -> String {
    phrase(language, key, &[])
}

/// A sentence by a key and values that are only known at run time, as templates ask for them.
pub fn phrase(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let bundle = match language {
        Language::Indonesian => &*INDONESIAN,
        Language::English => &*ENGLISH,
    };
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        tracing::error!(key, "the catalogue has no such sentence");
        return key.to_owned();
    };
    let mut args = FluentArgs::new();
    for (name, value) in values {
        // A number chooses its plural form; anything else is put in as it is.
        match value.parse::<i64>() {
            Ok(number) if number.to_string() == *value => args.set(*name, number),
            _ => args.set(*name, (*value).to_owned()),
        }
    }
    bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
}

const MONTHS: [[&str; 12]; 2] = [
    [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];
const SHORT_MONTHS: [[&str; 12]; 2] = [
    ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"],
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
];
const DAYS: [[&str; 7]; 2] = [
    ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];

const fn index(language: Language) -> usize {
    match language {
        Language::Indonesian => 0,
        Language::English => 1,
    }
}

/// `Minggu, 22 November 2026`.
pub fn long_date(language: Language, date: NaiveDate) -> String {
    let l = index(language);
    let (day, month) = (date.weekday().num_days_from_monday() as usize, date.month0() as usize);
    format!("{}, {} {} {}", DAYS[l][day], date.day(), MONTHS[l][month], date.year())
}

/// `November 2026`.
pub fn month(language: Language, date: NaiveDate) -> String {
    format!("{} {}", MONTHS[index(language)][date.month0() as usize], date.year())
}

/// `22 Nov 2026`.
pub fn short_date(language: Language, date: NaiveDate) -> String {
    format!("{} {} {}", date.day(), SHORT_MONTHS[index(language)][date.month0() as usize], date.year())
}

/// `14.05 WIB`: the zone is always said.
pub fn time(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{:02}.{:02} {}", local.hour(), local.minute(), local.format("%Z"))
}

/// `Minggu, 22 November 2026 pukul 14.05 WIB`.
pub fn long_instant(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let date = long_date(language, at.with_timezone(&zone).date_naive());
    let joint = match language {
        Language::Indonesian => "pukul",
        Language::English => "at",
    };
    format!("{date} {joint} {}", time(at, zone))
}

/// `22 Nov 2026, 14.05 WIB`.
pub fn short_instant(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    format!("{}, {}", short_date(language, at.with_timezone(&zone).date_naive()), time(at, zone))
}

/// `3 j 42 mnt`: hours and whole minutes of a span, its sign left out.
pub fn span(language: Language, span: Duration) -> String {
    let minutes = span.num_minutes().abs();
    let (hour, minute) = match language {
        Language::Indonesian => ("j", "mnt"),
        Language::English => ("h", "min"),
    };
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} {minute}"),
        (hours, minutes) => format!("{hours} {hour} {minutes:02} {minute}"),
    }
}

/// `1,2 MB`: the size of a file, rounded up so that nothing too large looks allowed.
pub fn size(language: Language, bytes: u64) -> String {
    const MEGABYTE: u64 = 1024 * 1024;
    if bytes < MEGABYTE {
        return format!("{} kB", bytes.div_ceil(1024));
    }
    let tenths = (bytes * 10).div_ceil(MEGABYTE);
    let point = match language {
        Language::Indonesian => ',',
        Language::English => '.',
    };
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} MB"),
        (whole, tenth) => format!("{whole}{point}{tenth} MB"),
    }
}

/// A text as it may stand behind `=` in an address.
pub fn in_address(text: &str) -> String {
    let sign = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_indonesians_write_them() {
        let at: DateTime<Utc> = "2026-11-22T07:05:00Z".parse().unwrap();
        let id = Language::Indonesian;
        assert_eq!(long_instant(id, at, chrono_tz::Asia::Jakarta), "Minggu, 22 November 2026 pukul 14.05 WIB");
        assert_eq!(short_instant(id, at, chrono_tz::Asia::Makassar), "22 Nov 2026, 15.05 WITA");
        assert_eq!(span(id, Duration::seconds(3 * 3600 + 42 * 60 + 59)), "3 j 42 mnt");
    }

    #[test]
    fn both_languages_have_the_same_sentences_and_no_broken_line() {
        let keys = |text: &str| {
            assert!(FluentResource::try_new(text.to_owned()).is_ok(), "a line of the catalogue is broken");
            let mut keys: Vec<String> = text
                .lines()
                .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
                .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim().to_owned()))
                .collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(include_str!("locales/id.ftl")), keys(include_str!("locales/en.ftl")));
    }
}
