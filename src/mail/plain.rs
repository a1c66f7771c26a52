//! Text of a mail in the form the house keeps it. Pure.

use mail_parser::HeaderValue;

/// Message-IDs of a header, without brackets.
pub fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(list) => list.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// One line without control characters and signs nobody sees, at most 500 characters.
pub fn one_line(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_turning(*c) && *c != '\u{200b}');
    let line: String = shown.map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text that both databases keep: no control characters but line ends and tabs.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect::<String>().trim().to_owned()
}

/// A sign that turns the direction of writing, so that words read otherwise than they stand.
pub const fn is_turning(sign: char) -> bool {
    matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
