//! Files people send: how many, how large, of which kinds, and what they may be called. Pure.

/// Most files beside one text.
pub const MOST: usize = 5;
/// Largest file, in bytes.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// Longest name, in characters, its ending included.
const LONGEST_NAME: usize = 120;

/// How the bytes of a kind of file begin.
enum Begins {
    /// With one of these.
    With(&'static [&'static [u8]]),
    /// With these, after a word of four bytes.
    AfterFour(&'static [u8]),
    /// With `RIFF`, its length, and these.
    Riff(&'static [u8]),
    /// With anything a person can read: no zero bytes.
    Words,
}

const ZIP: Begins = Begins::With(&[b"PK\x03\x04", b"PK\x05\x06"]);
const OLE: Begins = Begins::With(&[b"\xd0\xcf\x11\xe0"]);

/// Endings of names, the type they stand for, and how such a file begins.
const KINDS: [(&str, &str, Begins); 26] = [
    ("jpg", "image/jpeg", Begins::With(&[b"\xff\xd8\xff"])),
    ("jpeg", "image/jpeg", Begins::With(&[b"\xff\xd8\xff"])),
    ("png", "image/png", Begins::With(&[b"\x89PNG\r\n\x1a\n"])),
    ("gif", "image/gif", Begins::With(&[b"GIF87a", b"GIF89a"])),
    ("webp", "image/webp", Begins::Riff(b"WEBP")),
    ("heic", "image/heic", Begins::AfterFour(b"ftyp")),
    ("mp4", "video/mp4", Begins::AfterFour(b"ftyp")),
    ("mov", "video/quicktime", Begins::AfterFour(b"ftyp")),
    ("pdf", "application/pdf", Begins::With(&[b"%PDF-"])),
    ("txt", "text/plain", Begins::Words),
    ("log", "text/plain", Begins::Words),
    ("csv", "text/csv", Begins::Words),
    ("eml", "message/rfc822", Begins::Words),
    ("rtf", "application/rtf", Begins::With(&[b"{\\rtf"])),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIP),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ZIP),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", ZIP),
    ("odt", "application/vnd.oasis.opendocument.text", ZIP),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet", ZIP),
    ("odp", "application/vnd.oasis.opendocument.presentation", ZIP),
    ("zip", "application/zip", ZIP),
    ("doc", "application/msword", OLE),
    ("xls", "application/vnd.ms-excel", OLE),
    ("ppt", "application/vnd.ms-powerpoint", OLE),
    ("msg", "application/vnd.ms-outlook", OLE),
    ("7z", "application/x-7z-compressed", Begins::With(&[b"7z\xbc\xaf\x27\x1c"])),
];

/// A name that is safe to show and to save under: no folders, no control signs, nothing that turns the direction of
/// writing, not too long. The ending stays.
pub fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|sign| !sign.is_control() && !is_hidden(*sign)).collect();
    let name = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        return "lampiran".to_owned();
    }
    let ending = ending(name).map_or_else(String::new, |ending| format!(".{ending}"));
    let room = LONGEST_NAME.saturating_sub(ending.chars().count());
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    let stem = name.strip_suffix(&ending).unwrap_or(name);
    stem.chars().take(room).chain(ending.chars()).collect()
}

/// The type of a file by the ending of its name, when its bytes begin as that type does; `None` when it is of no kind
/// we take, or only pretends. What its sender claims is not asked.
pub fn media_type(name: &str, bytes: &[u8]) -> Option<&'static str> {
    let ending = ending(name)?.to_ascii_lowercase();
    let (_, media_type, begins) = KINDS.iter().find(|(known, ..)| *known == ending)?;
    begins.fits(bytes).then_some(*media_type)
}

/// Endings for the file picker of the browser.
pub fn endings() -> String {
    KINDS.iter().map(|(ending, ..)| format!(".{ending}")).collect::<Vec<_>>().join(",")
}

impl Begins {
    fn fits(&self, bytes: &[u8]) -> bool {
        match self {
            Self::With(beginnings) => beginnings.iter().any(|beginning| bytes.starts_with(beginning)),
            Self::AfterFour(mark) => bytes.get(4..).is_some_and(|rest| rest.starts_with(mark)),
            Self::Riff(mark) => bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|rest| rest.starts_with(mark)),
            Self::Words => !bytes.contains(&0),
        }
    }
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| !ending.is_empty() && ending.len() <= 10)
}

/// Signs nobody sees: they join, part, mark or turn the direction of writing.
const fn is_hidden(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_harm() {
        for (given, clean) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ani\\layar.png", "layar.png"),
            ("foto\u{202e}gnp.exe", "fotognp.exe"),
            ("a\r\n\"b\".pdf", "a\"b\".pdf"),
            ("  surat   dinas .pdf ", "surat dinas .pdf"),
            ("...", "lampiran"),
            ("", "lampiran"),
        ] {
            assert_eq!(clean_name(given), clean, "{given:?}");
        }
        let long = clean_name(&format!("{}.pdf", "é".repeat(4000)));
        assert_eq!(long.chars().count(), LONGEST_NAME);
        assert!(long.ends_with("é.pdf"));
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(media_type("a.PNG", b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(media_type("a.png", b"<html>"), None);
        assert_eq!(media_type("a.svg", b"<svg>"), None);
        assert_eq!(media_type("a.txt", b"MZ\0\0"), None);
        assert_eq!(media_type("a", b"x"), None);
        assert_eq!(media_type("a.webp", b"RIFF1234WEBP"), Some("image/webp"));
        assert_eq!(media_type("a.webp", b"RIFF"), None);
        assert_eq!(media_type("a.mp4", b"\0\0\0\x20ftypisom"), Some("video/mp4"));
    }
}
