//! The words of a mail, from whichever of its parts says them. Pure.

use crate::mail::plain::{clean, is_turning};
use crate::mail::quotes::{self, Kind};
use crate::mail::{decode, html};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

/// Deepest mail in a mail whose words stand in for missing ones.
const DEEPEST: usize = 3;

/// The whole text of a mail.
pub fn of(message: &Message<'_>) -> String {
    within(message, DEEPEST)
}

/// Is this a piece of the letter itself, which only a fault of the sender's program makes look like a file?
pub fn is_stray(part: &MessagePart<'_>) -> bool {
    let kind = part.content_type();
    let is_text = kind.is_none_or(|kind| {
        kind.c_type == "multipart"
            || kind.c_type == "text" && matches!(kind.c_subtype.as_deref(), Some("plain" | "html"))
    });
    let is_torn = part.is_encoding_problem || kind.is_some_and(|kind| kind.c_type == "multipart");
    is_text && is_torn && part.attachment_name().is_none() && matches!(part.body, PartType::Text(_) | PartType::Html(_))
}

/// The words written for this message: without quotations and signature.
pub fn own(text: &str) -> String {
    let own = quotes::pieces(text).into_iter().filter(|piece| piece.kind == Kind::Words);
    own.map(|piece| piece.text).collect::<Vec<_>>().join("\n")
}

fn within(message: &Message<'_>, depth: usize) -> String {
    let plain = joined(message, message.text_bodies());
    if says_something(&plain) && !is_excuse(&plain) {
        return plain;
    }
    let rich = joined(message, message.html_bodies());
    if says_something(&rich) {
        return rich;
    }
    let stray = message.attachments().filter(|part| is_stray(part));
    let stray: Vec<String> = stray.take(20).map(|part| stray_text(message, part)).collect();
    let stray = clean(&stray.join("\n\n"));
    if says_something(&stray) {
        return stray;
    }
    // Passed on as an attachment without a word: what was passed on is what is meant.
    let enclosed = message.attachments().find_map(|part| part.message()).filter(|_| depth > 0);
    let enclosed = enclosed.map(|inner| within(inner, depth - 1)).filter(|text| says_something(text));
    enclosed.unwrap_or(plain)
}

fn stray_text(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    let text = decode::text(message, part);
    let is_html = part.content_type().is_some_and(|kind| kind.c_subtype.as_deref() == Some("html"));
    if is_html { html::to_text(&text) } else { text }
}

fn joined<'a>(message: &Message<'_>, parts: impl Iterator<Item = &'a mail_parser::MessagePart<'a>>) -> String {
    let mut texts = Vec::new();
    for part in parts.take(50) {
        match &part.body {
            PartType::Text(_) => texts.push(decode::text(message, part)),
            PartType::Html(_) => texts.push(html::to_text(&decode::text(message, part))),
            _ => {}
        }
    }
    let text: String = texts.join("\n\n").chars().filter(|c| !is_turning(*c)).collect();
    clean(&text)
}

fn says_something(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace())
}

/// Words a program writes where it has only HTML.
fn is_excuse(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.chars().count() < 300
        && [
            "does not support html",
            "doesn't support html",
            "not support html",
            "view this email in html",
            "html-enabled",
            "html compatible",
            "tidak mendukung html",
            "this is a multi-part message in mime format",
            "to view this message",
        ]
        .iter()
        .any(|phrase| text.contains(phrase))
}
