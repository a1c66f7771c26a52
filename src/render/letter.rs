//! Official letters (DOMAIN.md 2.12): the text of a template with its values, and the sheet of paper.

use crate::domain::letter::{Content, Letter, LetterForm, LetterKind};
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::render::official;
use crate::render::typeset::{self, Sheet};
use crate::text;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fast_qr::{ECL, QRBuilder};
use minijinja::{Environment, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

const TEMPLATE: &str = include_str!("letter.typ");
/// Stands alone where the table of tickets goes.
const TICKETS: &str = "[[tiket]]";
/// Stands alone where the list of endpoints goes.
const ENDPOINTS: &str = "[[titik-akhir]]";
/// What one template may do at most: a loop without end ends here.
const FUEL: u64 = 20_000;

#[derive(RustEmbed)]
#[folder = "letter_templates/"]
struct Templates;

/// A text made from a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// What the letter is.
    pub kind: LetterKind,
    /// How it is laid out.
    pub form: LetterForm,
    /// `Sifat`.
    pub urgency: String,
    /// `Hal`.
    pub subject: String,
    /// As [`Content::body`].
    pub body: String,
}

/// A piece of a letter's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    Paragraph { text: String },
    List { items: Vec<String> },
    Tickets,
    Endpoints,
}

/// Names of the templates there are, sorted.
pub fn templates() -> Vec<String> {
    let mut names: Vec<String> =
        Templates::iter().filter_map(|name| name.strip_suffix(".txt").map(str::to_owned)).collect();
    names.sort();
    names
}

/// The text of template `name` with `values`. A value fills its place and nothing else: blocks are parted before values are
/// put in, and breaks inside a value become spaces. A block that says nothing is left out.
///
/// # Errors
/// `Internal` when there is no such template, or it asks for a value that is not given.
pub fn compose(name: &str, values: &Value) -> Result<Composed> {
    let file = Templates::get(&format!("{name}.txt"));
    let file = file.ok_or_else(|| Error::internal(format!("there is no letter template {name}")))?;
    compose_text(&String::from_utf8_lossy(&file.data), values)
}

fn compose_text(source: &str, values: &Value) -> Result<Composed> {
    let values: minijinja::Value = serde_json::from_value(one_line_each(values))?;
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_fuel(Some(FUEL));
    templates.add_filter("angka", official::counted);
    let render = |text: &str| templates.render_str(text, values.clone()).map_err(|error| Error::Internal(error.into()));
    let (header, body) =
        source.split_once("\n---\n").ok_or_else(|| Error::internal("a letter template has no header"))?;
    let field = |name: &str| {
        let line = header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.ok_or_else(|| Error::internal(format!("a letter template lacks {name}")))
    };
    let word = |_| Error::internal("a letter template has a kind or form nobody knows");
    let blocks: Result<Vec<String>> = body.split("\n\n").map(|block| render(block.trim())).collect();
    let blocks: Vec<String> = blocks?.into_iter().filter(|block| !block.trim().is_empty()).collect();
    Ok(Composed {
        kind: field("kind")?.parse().map_err(word)?,
        form: field("form")?.parse().map_err(word)?,
        urgency: field("urgency")?.to_owned(),
        subject: render(field("subject")?)?,
        body: blocks.join("\n\n"),
    })
}

/// Texts without breaks: no value can begin a paragraph of its own.
fn one_line_each(value: &Value) -> Value {
    match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        Value::Array(items) => items.iter().map(one_line_each).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), one_line_each(value))).collect(),
        // What is not known is left out; it never prints as a word of the programmer's.
        Value::Null => String::new().into(),
        other => other.clone(),
    }
}

/// The pieces of a body.
pub fn blocks(body: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in body.lines().map(str::trim).chain([""]) {
        let special = match line {
            TICKETS => Some(Block::Tickets),
            ENDPOINTS => Some(Block::Endpoints),
            _ => None,
        };
        if special.is_none() && !line.is_empty() && listed(line).is_none() {
            lines.push(line);
            continue;
        }
        if !lines.is_empty() {
            found.push(Block::Paragraph { text: std::mem::take(&mut lines).join(" ") });
        }
        match (special, listed(line), found.last_mut()) {
            (Some(block), ..) => found.push(block),
            (None, Some(item), Some(Block::List { items })) => items.push(item.to_owned()),
            (None, Some(item), _) => found.push(Block::List { items: vec![item.to_owned()] }),
            (None, None, _) => {}
        }
    }
    found
}

/// What stands behind `1. ` at the beginning of a line.
fn listed(line: &str) -> Option<&str> {
    let (number, item) = line.split_once(". ")?;
    (number.len() <= 2 && number.chars().all(|sign| sign.is_ascii_digit())).then(|| item.trim())
}

/// The letter on paper, as PDF/A-2b: the same letter gives the same bytes.
///
/// # Errors
/// `Internal` when the template is broken.
pub fn pdf(letter: &Letter, check_url: &str, zone: Tz, at: DateTime<Utc>) -> Result<Vec<u8>> {
    let id = format!("{} {}", letter.key, letter.version);
    let qr = qr(check_url)?;
    let sheet = Sheet { id: &id, template: TEMPLATE, pictures: &[("/qr.svg", &qr)], at };
    typeset::pdf(&sheet, &values(letter, check_url, zone))
}

/// What stands on the paper, as the template and the page read it.
pub fn values(letter: &Letter, check_url: &str, zone: Tz) -> Value {
    let Content { head, contact, place, urgency, enclosures, subject, .. } = &letter.content;
    let content = &letter.content;
    let word = |key: &str| text::word(Language::Indonesian, &format!("letter-paper-{key}"));
    let names = ["number", "urgency", "enclosures", "subject", "memo", "to", "through", "from", "date"];
    let words: Value = names.iter().map(|name| ((*name).to_owned(), Value::from(word(name)))).collect();
    let columns: Vec<String> = ["no", "ticket", "opened", "due", "resolved", "over"]
        .iter()
        .map(|name| word(&format!("column-{name}")))
        .collect();
    let tickets: Vec<Value> = content
        .tickets
        .iter()
        .map(|line| {
            let instant = |at: DateTime<Utc>| text::short_instant(Language::Indonesian, at, zone);
            json!({
                "number": line.number,
                "opened": instant(line.opened_at),
                "due": instant(line.due_at),
                "resolved": line.resolved_at.map_or_else(|| word("unresolved"), instant),
                "over": official::span(line.over()),
            })
        })
        .collect();
    let date =
        letter.dated.map_or_else(|| word("no-date"), |date| plain_date(&text::long_date(Language::Indonesian, date)));
    let copies: Vec<&str> = content.copies.iter().map(|copy| copy.name.as_str()).collect();
    json!({
        "form": letter.form, "head": head, "contact": contact, "place": place, "urgency": urgency,
        "enclosures": enclosures, "subject": subject, "date": date, "words": words,
        "number": letter.number.clone().unwrap_or_else(|| word("no-number")),
        "addressee": content.addressee.name, "through": content.through.as_deref().unwrap_or(""),
        "from": content.from.as_deref().unwrap_or(""), "blocks": blocks(&content.body), "tickets": tickets,
        "columns": columns, "endpoints": content.endpoints, "signer_title": content.signer_title,
        "signer_name": content.signer_name, "signer_rank": content.signer_rank,
        "signer_nip": official::nip(&content.signer_nip), "blank_name": word("no-name"),
        "copies": copies, "copies_label": word("copies"), "issuer": head.last().cloned().unwrap_or_default(),
        "check_hint": word("check"), "check_url": check_url, "qr_alt": word("qr"),
    })
}

/// `25 Maret 2026`: letters leave the day of the week out of their date.
fn plain_date(long: &str) -> String {
    long.split_once(", ").map_or(long, |(_, date)| date).to_owned()
}

/// A QR code as SVG.
///
/// # Errors
/// `Internal` when the text is too long for one.
pub fn qr(content: &str) -> Result<String> {
    let code = QRBuilder::new(content).ecl(ECL::M).build().map_err(|_| Error::internal("too long for a picture"))?;
    let mut path = String::new();
    for row in 0..code.size {
        for (column, module) in code[row].iter().enumerate() {
            if module.value() {
                // Writing into a text does not fail.
                let _ = write!(path, "M{column} {row}h1v1h-1z");
            }
        }
    }
    let size = code.size;
    Ok(format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\"><path d=\"{path}\"/></svg>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_their_place_and_nothing_else() {
        let source = "kind: minutes\nform: memo\nurgency: Biasa\nsubject: Hal {{ name }}\n---\nKepada {{ name }}.\n\n{% if no %}tidak{% endif %}\n\n[[tiket]]\n";
        let values = json!({"name": "a\n\n[[titik-akhir]]\n\n{{ no }}", "no": false});
        let composed = compose_text(source, &values).expect("a text");
        assert_eq!(composed.subject, "Hal a [[titik-akhir]] {{ no }}");
        assert_eq!(composed.body, "Kepada a [[titik-akhir]] {{ no }}.\n\n[[tiket]]");
        assert_eq!((composed.kind, composed.form), (LetterKind::Minutes, LetterForm::Memo));
        assert!(compose_text(source, &json!({"name": "a"})).is_err(), "a value that is not given");
        let unknown = compose_text(source, &json!({"name": null, "no": null})).expect("a text");
        assert_eq!((unknown.subject.as_str(), unknown.body.as_str()), ("Hal ", "Kepada .\n\n[[tiket]]"));
        assert!(compose_text("kind: minutes\n---\n", &json!({})).is_err(), "a header without its fields");
    }

    #[test]
    fn a_body_has_paragraphs_lists_and_tables() {
        let body = "Satu\ndua.\n\n1. a\n2. b\n\n[[tiket]]\nTiga.\n[[titik-akhir]]\n2026. bukan daftar";
        let paragraph = |text: &str| Block::Paragraph { text: text.to_owned() };
        let expected = [
            paragraph("Satu dua."),
            Block::List { items: vec!["a".to_owned(), "b".to_owned()] },
            Block::Tickets,
            paragraph("Tiga."),
            Block::Endpoints,
            paragraph("2026. bukan daftar"),
        ];
        assert_eq!(blocks(body), expected);
    }
}
