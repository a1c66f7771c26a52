//! Reading a mail: who wrote what, and whether a robot did.

use crate::secret::sha256;
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, MimeHeaders, PartType};

/// A mail as the desk understands it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// Address in `From`, lower case; empty when there is none or more than one.
    pub from: String,
    /// Name shown with it.
    pub from_name: String,
    /// Addresses in `To` and `Cc`, lower case.
    pub recipients: Vec<String>,
    /// The subject as it stands, on one line.
    pub subject: String,
    /// The whole text; HTML is turned into text when that is all there is.
    pub text: String,
    /// `Message-ID` without brackets; made from the bytes when it is missing.
    pub message_id: String,
    /// `In-Reply-To` and `References`, nearest first.
    pub references: Vec<String>,
    /// Why this is not a person's mail, if it is not.
    pub robot: Option<Robot>,
    /// Files that came with it.
    pub files: Vec<File>,
}

/// Why a mail opens, resumes and answers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robot {
    /// A report that a mail could not be delivered.
    Bounce,
    /// An automatic answer (RFC 3834 and its older kin).
    AutoReply,
    /// Sent to a mailing list or in bulk.
    Bulk,
}

impl Robot {
    /// The word kept as the cause.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::AutoReply => "auto_reply",
            Self::Bulk => "bulk",
        }
    }
}

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct File {
    /// The name its sender gave it.
    pub name: String,
    /// The type its sender claims.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Headers that the way adds: they differ between two deliveries of the same mail.
const TRACE: &[&str] = &[
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "authentication-results",
    "received-spf",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
    "dkim-signature",
    "x-spam-status",
    "x-spam-score",
    "x-spam-level",
    "x-spam-flag",
    "x-spam-checker-version",
    "x-virus-scanned",
];

/// Digest of what the sender wrote, without the trace of this delivery: two deliveries of one mail
/// have the same.
pub fn digest(raw: &[u8]) -> String {
    let (head, body) = split(raw);
    let mut kept = Vec::with_capacity(raw.len());
    let mut keep = true;
    for line in head.split(|byte| *byte == b'\n') {
        let folded = line.first().is_some_and(|first| *first == b' ' || *first == b'\t');
        if !folded {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
            keep = !TRACE.contains(&name.as_str());
        }
        if keep {
            kept.extend_from_slice(line.trim_ascii_end());
            kept.push(b'\n');
        }
    }
    // Ways in differ in line ends; what was written does not.
    kept.extend(body.iter().copied().filter(|byte| *byte != b'\r'));
    sha256(kept.trim_ascii_end())
}

/// Reads a mail. `None` when there is no header at all: then it is no mail.
pub fn read(raw: &[u8], envelope_sender: &str) -> Option<Letter> {
    let message = MessageParser::default().parse(raw)?;
    if message.headers().is_empty() {
        return None;
    }
    let (from, from_name) = sole_sender(&message);
    let mut references = ids(message.in_reply_to());
    for id in ids(message.references()).into_iter().rev() {
        if !references.contains(&id) {
            references.push(id);
        }
    }
    Some(Letter {
        robot: robot(&message, envelope_sender, &from),
        from,
        from_name,
        recipients: recipients(&message),
        subject: one_line(message.subject().unwrap_or_default()),
        text: text(&message),
        message_id: message
            .message_id()
            .map_or_else(|| format!("{}@tanpa-id.invalid", &digest(raw)[..32]), str::to_owned),
        references,
        files: files(&message),
    })
}

fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let end = raw.windows(2).position(|pair| pair == b"\n\n").map(|at| (at + 1, at + 2));
    let crlf = raw.windows(4).position(|four| four == b"\r\n\r\n").map(|at| (at + 2, at + 4));
    match [end, crlf].into_iter().flatten().min() {
        Some((head, body)) => (&raw[..head], &raw[body..]),
        None => (raw, &[]),
    }
}

fn sole_sender(message: &Message<'_>) -> (String, String) {
    let fields = message.header_values(HeaderName::From).count();
    let addresses: Vec<_> = message.from().into_iter().flat_map(|list| list.iter()).collect();
    match addresses.as_slice() {
        [one] if fields == 1 => {
            let address = one.address().unwrap_or_default().trim().to_lowercase();
            let valid = address.parse::<lettre::Address>().is_ok();
            (if valid { address } else { String::new() }, one_line(one.name().unwrap_or_default()))
        }
        _ => (String::new(), String::new()),
    }
}

fn recipients(message: &Message<'_>) -> Vec<String> {
    let lists = [message.to(), message.cc()];
    let all = lists.into_iter().flatten().flat_map(|list| list.iter());
    all.filter_map(|address| address.address()).map(|address| address.trim().to_lowercase()).collect()
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(list) => list.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

fn robot(message: &Message<'_>, envelope_sender: &str, from: &str) -> Option<Robot> {
    let header = |name: &str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    let local = from.split('@').next().unwrap_or_default();
    let report = message
        .content_type()
        .is_some_and(|kind| kind.c_type == "multipart" && kind.c_subtype.as_deref() == Some("report"));
    if envelope_sender == "<>"
        || report
        || header("return-path").as_deref() == Some("<>")
        || matches!(local, "mailer-daemon" | "postmaster")
    {
        return Some(Robot::Bounce);
    }
    let automatic = header("auto-submitted").is_some_and(|value| !value.starts_with("no"))
        || header("x-auto-response-suppress").is_some_and(|value| value != "none")
        || ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from"]
            .iter()
            .any(|name| header(name).is_some());
    let precedence = header("precedence").unwrap_or_default();
    if automatic || precedence == "auto_reply" {
        return Some(Robot::AutoReply);
    }
    let listed = ["list-id", "list-unsubscribe", "list-post"].iter().any(|name| header(name).is_some());
    if listed
        || matches!(precedence.as_str(), "bulk" | "list" | "junk")
        || matches!(local, "noreply" | "no-reply" | "donotreply")
    {
        return Some(Robot::Bulk);
    }
    None
}

fn text(message: &Message<'_>) -> String {
    let mut parts = Vec::new();
    for part in message.text_bodies() {
        match &part.body {
            PartType::Text(text) => parts.push(text.to_string()),
            PartType::Html(html) => parts.push(html_to_text(html)),
            _ => {}
        }
    }
    clean(&parts.join("\n\n"))
}

/// The words of an HTML part.
fn html_to_text(html: &str) -> String {
    // Bounded: what is longer is no letter, and the raw mail is kept in any case.
    let end = html.char_indices().nth(400_000).map_or(html.len(), |(at, _)| at);
    let html = &html[..end];
    // The renderer's time grows with the square of the nesting; no letter is nested like that.
    if nesting(html) > DEEPEST {
        return without_tags(html);
    }
    html2text::config::plain().string_from_read(html.as_bytes(), 100).unwrap_or_else(|_| without_tags(html))
}

/// Deepest nesting that is rendered.
const DEEPEST: usize = 100;

/// How deep elements stand in each other, by their tags alone. Elements that people leave open do not count.
fn nesting(html: &str) -> usize {
    const LEFT_OPEN: &[&str] =
        &["p", "br", "li", "td", "tr", "th", "img", "hr", "meta", "input", "link", "dd", "dt", "option", "col", "base"];
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').take(20).collect();
        let name = name.to_ascii_lowercase();
        if name.is_empty() || LEFT_OPEN.contains(&name.trim_matches('/')) {
            continue;
        }
        depth = if name.starts_with('/') { depth.saturating_sub(1) } else { depth + 1 };
        deepest = deepest.max(depth);
    }
    deepest
}

/// What stands between the tags, in one pass.
fn without_tags(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        if let Some((_, words)) = piece.split_once('>') {
            text.push(' ');
            text.push_str(words);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn files(message: &Message<'_>) -> Vec<File> {
    let named = |part: &mail_parser::MessagePart<'_>| File {
        name: one_line(part.attachment_name().unwrap_or("lampiran")),
        media_type: part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| format!("{}/{}", kind.c_type, kind.c_subtype.as_deref().unwrap_or("octet-stream")),
        ),
        bytes: part.contents().to_vec(),
    };
    message.attachments().take(100).map(named).collect()
}

/// One line without control characters, at most 500 characters.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text that both databases keep: no control characters but line ends and tabs.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_delivery_has_the_same_digest_and_another_text_has_not() {
        let first = b"Received: from a\r\n by b\r\nFrom: a@b.test\r\nSubject: x\r\n\r\nisi\r\n";
        let second = b"Delivered-To: meja@b.test\nReceived: from c\nFrom: a@b.test\nSubject: x\n\nisi\n";
        assert_eq!(digest(first), digest(second));
        assert_ne!(digest(first), digest(b"From: a@b.test\nSubject: x\n\nlain\n"));
    }

    #[test]
    fn robots_are_told_from_people() {
        let robot = |head: &str, sender: &str| {
            read(format!("From: a@b.test\nSubject: x\n{head}\nisi").as_bytes(), sender).unwrap().robot
        };
        assert_eq!(robot("", "a@b.test"), None);
        assert_eq!(robot("Auto-Submitted: no\n", "a@b.test"), None);
        assert_eq!(robot("Auto-Submitted: auto-replied\n", "a@b.test"), Some(Robot::AutoReply));
        assert_eq!(robot("Precedence: bulk\n", "a@b.test"), Some(Robot::Bulk));
        assert_eq!(robot("List-Id: <x.y>\n", "a@b.test"), Some(Robot::Bulk));
        assert_eq!(robot("", "<>"), Some(Robot::Bounce));
    }

    #[test]
    fn words_survive_charsets_encodings_and_html() {
        let raw = b"From: =?utf-8?q?Bu_Siti?= <SITI@b.test>\r\nSubject: =?utf-8?q?SIMPUS=0D=0ABcc:_x=40y?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Halo <b>dunia</b></p><script>x()</script>";
        let letter = read(raw, "").unwrap();
        assert_eq!((letter.from.as_str(), letter.from_name.as_str()), ("siti@b.test", "Bu Siti"));
        assert!(!letter.subject.contains('\n') && !letter.subject.contains('\r'));
        assert!(letter.text.contains("dunia") && !letter.text.contains("x()"), "{}", letter.text);
        assert!(read(b"", "").is_none());
    }

    #[test]
    fn html_nested_beyond_sense_is_read_in_one_pass() {
        let bomb = format!("From: a@b.test\r\nContent-Type: text/html\r\n\r\n{}isi surat", "<div>".repeat(200_000));
        assert_eq!(read(bomb.as_bytes(), "").unwrap().text, "");
        let deep =
            format!("From: a@b.test\r\nContent-Type: text/html\r\n\r\n{}isi surat", "<blockquote>".repeat(5_000));
        assert_eq!(read(deep.as_bytes(), "").unwrap().text, "isi surat");
        assert_eq!(nesting("<p>a<p>b<br><ul><li>c<li>d</ul>"), 1);
    }
}
