//! Reports of failed delivery (RFC 3464, and what Exim, qmail and others write instead): which mail of ours, to whom, why.
//! Pure.

use crate::mail::plain::ids;
use mail_parser::{Message, PartType};

/// Most failures and Message-IDs read from one report.
const MOST: usize = 20;

/// What a mail server reports about a mail it had.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Message-IDs that the mail reported on may have, without brackets.
    pub originals: Vec<String>,
    /// What happened to each recipient.
    pub failures: Vec<Failure>,
}

/// What happened to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// The address, lower case; may be empty.
    pub recipient: String,
    /// `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: String,
    /// Enhanced status, e.g. `5.1.1`; may be empty.
    pub status: String,
    /// The server's words, on one line.
    pub said: String,
}

impl Failure {
    /// The mail was given up.
    pub fn is_final(&self) -> bool {
        self.action == "failed" || self.action.is_empty()
    }

    /// The address does not take mail at all, so that more is useless. A full mailbox, a mail that is too large and a
    /// policy that refused this one mail say nothing about the address.
    pub fn is_about_address(&self) -> bool {
        let passing = ["5.2.2", "5.2.3", "5.3.4", "5.3.1", "5.4.6", "5.4.7"];
        self.is_final()
            && self.status.starts_with("5.")
            && !self.status.starts_with("5.6.")
            && !self.status.starts_with("5.7.")
            && !passing.contains(&self.status.as_str())
    }
}

/// Reads a report; whatever does not stand in it stays empty.
pub fn read(message: &Message<'_>, raw: &[u8]) -> Report {
    let text = message.body_text(0).unwrap_or_default();
    let mut failures = structured(message);
    if failures.is_empty() {
        failures = told(message, &text);
    }
    failures.truncate(MOST);
    Report { originals: originals(message, raw), failures }
}

/// The fields of `message/delivery-status`.
fn structured(message: &Message<'_>) -> Vec<Failure> {
    let mut failures = Vec::new();
    for part in message.parts.iter().filter(|part| is_status(part)).take(3) {
        let text = match &part.body {
            PartType::Text(text) => text.to_string(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => continue,
        };
        let text = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
        for block in text.split("\n\n").take(MOST + 1) {
            let field = |name: &str| {
                block.lines().find_map(|line| {
                    let (found, value) = line.split_once(':')?;
                    found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                })
            };
            let Some(recipient) = field("Original-Recipient").or_else(|| field("Final-Recipient")) else { continue };
            let said = field("Diagnostic-Code").unwrap_or_default();
            failures.push(Failure {
                recipient: address(recipient.rsplit(';').next().unwrap_or_default()),
                action: field("Action").unwrap_or_default().to_lowercase(),
                status: field("Status")
                    .map(|status| status.split_whitespace().next().unwrap_or_default().to_owned())
                    .unwrap_or_default(),
                said: one_line(said.split_once(';').map_or(said.as_str(), |(_, said)| said)),
            });
        }
    }
    failures
}

fn is_status(part: &mail_parser::MessagePart<'_>) -> bool {
    use mail_parser::MimeHeaders;
    part.content_type().is_some_and(|kind| {
        kind.c_type == "message" && kind.c_subtype.as_deref().is_some_and(|sub| sub.ends_with("delivery-status"))
    })
}

/// What servers without such fields say: the head of Exim, or addresses and a status in the text.
fn told(message: &Message<'_>, text: &str) -> Vec<Failure> {
    let (status, said) = status_in(text);
    let failed = message.header_raw("x-failed-recipients").unwrap_or_default().to_owned();
    let mut recipients: Vec<String> = failed.split(',').map(address).filter(|found| !found.is_empty()).collect();
    if recipients.is_empty() {
        let own_part = text.split("---").next().unwrap_or_default();
        recipients = own_part
            .lines()
            .take(60)
            .filter_map(|line| {
                let line = line.trim();
                let inside = line.strip_prefix('<')?.split('>').next()?;
                Some(address(inside)).filter(|found| !found.is_empty())
            })
            .collect();
    }
    let failure =
        |recipient| Failure { recipient, action: "failed".to_owned(), status: status.clone(), said: said.clone() };
    recipients.into_iter().take(MOST).map(failure).collect()
}

/// Enhanced status (or one made from the plain code) and the line that names it.
fn status_in(text: &str) -> (String, String) {
    for line in text.lines().take(200) {
        for word in line.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '#' | ',' | ';')) {
            let word = word.trim_matches(':');
            let parts: Vec<&str> = word.split('.').collect();
            let is_enhanced = parts.len() == 3
                && matches!(parts[0], "4" | "5")
                && parts
                    .iter()
                    .all(|part| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit()));
            if is_enhanced {
                return (word.to_owned(), one_line(line));
            }
        }
        let mut words = line.split_whitespace();
        if let Some(code) =
            words.find(|word| matches!(*word, "550" | "551" | "553" | "554" | "552" | "450" | "451" | "452"))
        {
            let status = match code {
                "550" | "551" | "553" => "5.1.1",
                "552" => "5.2.2",
                "554" => "5.7.0",
                _ => "4.0.0",
            };
            return (status.to_owned(), one_line(line));
        }
    }
    (String::new(), String::new())
}

/// Message-IDs in the returned mail or its head, whatever it is packed in, and those the report answers.
fn originals(message: &Message<'_>, raw: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut note = |id: &str| {
        let id = id.trim().trim_matches(['<', '>']).to_owned();
        if !id.is_empty() && id.len() <= 500 && found.len() < MOST && !found.contains(&id) {
            found.push(id);
        }
    };
    for part in &message.parts {
        match &part.body {
            PartType::Message(inner) => inner.message_id().into_iter().for_each(&mut note),
            PartType::Text(text) => ids_in(text).into_iter().for_each(&mut note),
            _ => {}
        }
    }
    let own = message.message_id().unwrap_or_default();
    let rest = String::from_utf8_lossy(&raw[..raw.len().min(400_000)]);
    ids_in(&rest).into_iter().filter(|id| *id != own).for_each(&mut note);
    for value in [message.in_reply_to(), message.references()] {
        ids(value).iter().for_each(|id| note(id));
    }
    found
}

fn ids_in(text: &str) -> Vec<&str> {
    let begins =
        |line: &str| line.len() > 11 && line.is_char_boundary(11) && line[..11].eq_ignore_ascii_case("message-id:");
    let lines = text.lines().map(|line| line.trim_start_matches(['>', ' ']));
    lines
        .filter(|line| begins(line))
        .filter_map(|line| line[11..].trim().trim_matches(['<', '>']).split('>').next())
        .take(MOST)
        .collect()
}

fn address(text: &str) -> String {
    let text = text.trim().trim_matches(['<', '>', '"']).to_lowercase();
    if text.contains('@') && text.len() <= 320 && !text.contains(char::is_whitespace) { text } else { String::new() }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
