//! Text as its sender meant it, where its declaration is missing or wrong. Pure.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

/// Longest text that is read from one part, in bytes.
const LONGEST: usize = 2_000_000;

/// The text of a part, decoded anew when the declared charset left gaps.
pub fn text(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    let read = match &part.body {
        PartType::Text(text) | PartType::Html(text) => text,
        _ => return String::new(),
    };
    if part.is_encoding_problem && says(part, "quoted-printable") {
        return better(&lenient(message.raw_message().get(range_of(part)).unwrap_or_default()), read);
    }
    if part.is_encoding_problem && says(part, "base64") {
        let begun = base64_begun(message.raw_message().get(range_of(part)).unwrap_or_default());
        return if begun.is_empty() { read.to_string() } else { better(&begun, read) };
    }
    let read =
        if read.contains('\u{fffd}') { better(&bytes(message, part), read) } else { sound(message, part, cut(read)) };
    if is_flowed(part) { unfold(&read, deletes_space(part)) } else { read }
}

/// UTF-8 that was declared as something simpler, or the text as it was read.
fn sound(message: &Message<'_>, part: &MessagePart<'_>, read: &str) -> String {
    let western = ["us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "latin1"];
    let charset =
        part.content_type().and_then(|kind| kind.attribute("charset")).unwrap_or_default().to_ascii_lowercase();
    // What two bytes of UTF-8 look like in western letters.
    if western.contains(&charset.as_str()) && read.contains(['Ã', 'Â', 'â', 'ð', 'Ð', 'Ñ']) {
        return String::from_utf8(bytes(message, part)).unwrap_or_else(|_| read.to_owned());
    }
    read.to_owned()
}

fn says(part: &MessagePart<'_>, encoding: &str) -> bool {
    part.content_transfer_encoding().is_some_and(|found| found.trim().eq_ignore_ascii_case(encoding))
}

fn range_of(part: &MessagePart<'_>) -> std::ops::Range<usize> {
    part.raw_body_offset() as usize..part.raw_end_offset() as usize
}

/// Base64 up to its first mistake.
fn base64_begun(raw: &[u8]) -> Vec<u8> {
    let is_sign =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/' | b'=' | b'\r' | b'\n' | b' ');
    let mut signs: Vec<u8> =
        raw.iter().take_while(is_sign).copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if let Some(padding) = signs.iter().position(|byte| *byte == b'=') {
        signs.truncate(padding.div_ceil(4) * 4);
    }
    signs.truncate(signs.len() / 4 * 4);
    base64_decode(&signs).unwrap_or_default()
}

/// Quoted-printable with mistakes: what is no code stands for itself.
fn lenient(raw: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    let mut decoded = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        let rest = &raw[at + 1..];
        if *byte != b'=' {
            decoded.push(*byte);
            at += 1;
        } else if rest.starts_with(b"\r\n") {
            at += 3;
        } else if rest.starts_with(b"\n") {
            at += 2;
        } else if let (Some(high), Some(low)) = (digit(rest.first()), digit(rest.get(1))) {
            decoded.push(high * 16 + low);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    decoded
}

/// A header's value that was written in plain 8-bit signs, against the rules; `read` is what the parser made of it.
pub fn header(message: &Message<'_>, name: mail_parser::HeaderName<'_>, read: &str) -> String {
    if !read.contains('\u{fffd}') {
        return read.to_owned();
    }
    let Some(field) = message.headers().iter().rfind(|header| header.name == name) else { return read.to_owned() };
    let range = field.offset_start() as usize..field.offset_end() as usize;
    let Some(raw) = message.raw_message().get(range).map(|raw| &raw[..raw.len().min(10_000)]) else {
        return read.to_owned();
    };
    let whole = encoded_words(&better(raw, read));
    // Of an address only its name was asked for.
    whole.rsplit_once('<').map_or(whole.as_str(), |(name, _)| name).trim().trim_matches('"').to_owned()
}

/// Text with its encoded words (RFC 2047) read, also where a letter was torn between two of them.
pub fn encoded_words(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut read = String::new();
    let mut torn: Option<(String, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(begin) = rest.find("=?") {
        let before = &rest[..begin];
        let Some((charset, bytes, length)) = encoded_word(&rest[begin..]) else {
            finish_word(&mut read, &mut torn);
            read.push_str(&rest[..begin + 2]);
            rest = &rest[begin + 2..];
            continue;
        };
        // White space between two of them is none.
        if !before.trim().is_empty() || torn.is_none() {
            finish_word(&mut read, &mut torn);
            read.push_str(before);
        }
        match &mut torn {
            Some((known, kept)) if *known == charset => kept.extend(bytes),
            _ => {
                finish_word(&mut read, &mut torn);
                torn = Some((charset, bytes));
            }
        }
        rest = &rest[begin + length..];
    }
    finish_word(&mut read, &mut torn);
    read.push_str(rest);
    read
}

fn finish_word(read: &mut String, torn: &mut Option<(String, Vec<u8>)>) {
    let Some((charset, bytes)) = torn.take() else { return };
    let text = charset_decoder(charset.as_bytes()).filter(|_| charset != "utf-8");
    read.push_str(&text.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |decode| decode(&bytes)));
}

/// Charset, bytes and length of the encoded word that `text` begins with.
fn encoded_word(text: &str) -> Option<(String, Vec<u8>, usize)> {
    let mut parts = text[2..].splitn(3, '?');
    let (charset, way, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let body = &rest[..rest.find("?=")?];
    let bytes = match way {
        "B" | "b" => base64_decode(body.as_bytes())?,
        "Q" | "q" => quoted_printable_decode(body.replace('_', " ").as_bytes())?,
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or_default().to_ascii_lowercase();
    (!charset.is_empty() && charset.len() <= 40).then_some((
        charset.clone(),
        bytes,
        2 + charset_len(text) + 1 + 1 + 1 + body.len() + 2,
    ))
}

/// Length of the charset with its language, as it stands.
fn charset_len(text: &str) -> usize {
    text[2..].find('?').unwrap_or_default()
}

/// Bytes read as UTF-8 or, when they are none, as Windows writes the letters of western languages.
fn better(bytes: &[u8], read: &str) -> String {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // Cut in the middle of a letter, or mostly sound: gaps are better than wrong letters everywhere.
        Err(error) if error.valid_up_to() + 4 > bytes.len() => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) if is_mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => charset_decoder(b"windows-1252").map_or_else(|| read.to_owned(), |decode| decode(bytes)),
    }
}

/// More letters of several bytes are whole than broken.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let lossy = String::from_utf8_lossy(bytes);
    let broken = lossy.chars().filter(|c| *c == '\u{fffd}').count();
    let whole = lossy.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    whole > broken
}

/// The bytes of a part without its transfer encoding.
pub fn bytes(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let raw = message.raw_message().get(range_of(part)).unwrap_or_default();
    match part.encoding {
        Encoding::Base64 => base64_decode(raw).unwrap_or_else(|| raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw).unwrap_or_else(|| raw.to_vec()),
        Encoding::None => raw.to_vec(),
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_flowed(part: &MessagePart<'_>) -> bool {
    let format = part.content_type().and_then(|kind| kind.attribute("format"));
    format.is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
}

fn deletes_space(part: &MessagePart<'_>) -> bool {
    let rule = part.content_type().and_then(|kind| kind.attribute("delsp"));
    rule.is_some_and(|rule| rule.eq_ignore_ascii_case("yes"))
}

/// Joins the lines that a program has broken (RFC 3676): those that end in a space go on, unless they are quoted deeper.
fn unfold(text: &str, delete_space: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let words = line[depth..].strip_prefix(' ').unwrap_or(&line[depth..]);
        if open == Some(depth) {
            joined.push_str(words);
        } else {
            if !joined.is_empty() || open.is_some() {
                joined.push('\n');
            }
            joined.push_str(line);
        }
        open = None;
        if joined.ends_with(' ') && words != "-- " {
            if delete_space {
                joined.pop();
            }
            open = Some(depth);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_in_quoted_printable_stand_for_themselves() {
        assert_eq!(lenient(b"a=3Db =ZZ c=\r\nd=\ne="), b"a=b =ZZ cde=");
        assert_eq!(base64_begun(b"UHJpbnRl\r\nciBydXNhaw==!!x"), b"Printer rusak");
        assert_eq!(base64_begun(b"!!"), b"");
    }

    #[test]
    fn torn_words_are_read_whole() {
        for (text, read) in [
            ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?= baru", "café baru"),
            ("=?UTF-8?B?SGFsbw==?=", "Halo"),
            ("=?utf-8*id?Q?Halo_dunia?= =?us-ascii?q?_satu?=", "Halo dunia satu"),
            ("biasa =?rusak", "biasa =?rusak"),
            ("=?x?z?y?= a", "=?x?z?y?= a"),
            ("=?iso-8859-1?q?caf=E9?=", "café"),
        ] {
            assert_eq!(encoded_words(text), read);
        }
    }

    #[test]
    fn broken_lines_are_joined_and_quotations_kept_apart() {
        assert_eq!(unfold("satu \ndua\ntiga", false), "satu dua\ntiga");
        assert_eq!(unfold("> lama \n> sekali\nbaru", false), "> lama sekali\nbaru");
        assert_eq!(unfold("sa \ntu", true), "satu");
        assert_eq!(unfold("isi\n-- \nBudi", false), "isi\n-- \nBudi");
        assert_eq!(unfold("a\n\nb", false), "a\n\nb");
    }
}
