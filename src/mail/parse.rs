//! Reading a mail: who wrote what, and whether a robot did.

pub use crate::mail::files::{File, Room};
pub use crate::mail::plain::clean;
use crate::mail::plain::{ids, one_line};
use crate::mail::report::{self, Report};
use crate::mail::robots::{self, Robot};
use crate::mail::sender::Origin;
use crate::mail::{decode, files, words};
use crate::secret::Digest;
use mail_parser::{HeaderName, Message, MessageParser, PartType};

/// Most parts and enclosed mails a mail is taken apart for; beyond that it is kept whole, unread.
const MOST_PARTS: usize = 300;
/// Most addresses that are read from `To` and `Cc`.
const MOST_RECIPIENTS: usize = 100;
/// Most Message-IDs of mails before that are looked at, nearest first.
const MOST_REFERENCES: usize = 30;

/// A mail as the desk understands it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// Somebody has decided that it is to be taken up, or that its sender always is.
    pub wanted: bool,
    /// Address in `From`, lower case; empty when there is none or more than one.
    pub from: String,
    /// Name shown with it.
    pub from_name: String,
    /// Where an answer is wanted, lower case, when it is not `from`. Proves nothing.
    pub reply_to: Option<String>,
    /// Addresses in `To` and `Cc`, lower case.
    pub recipients: Vec<String>,
    /// Addresses in `Cc` alone.
    pub copies: Vec<String>,
    /// The subject as it stands, on one line.
    pub subject: String,
    /// The whole text; HTML is turned into text when that is all there is.
    pub text: String,
    /// There is HTML, which may say it better.
    pub has_html: bool,
    /// `Message-ID` without brackets; made from the bytes when it is missing.
    pub message_id: String,
    /// `In-Reply-To` and `References`, nearest first.
    pub references: Vec<String>,
    /// Why this is not a person's mail, if it is not.
    pub robot: Option<Robot>,
    /// No automatic answer is wanted.
    pub quiet: bool,
    /// A machine wrote it, and it is taken up all the same.
    pub machine: bool,
    /// The words only say that their writer is away.
    pub absent: bool,
    /// What a [`Robot::Bounce`] reports.
    pub report: Option<Report>,
    /// Files that came with it.
    pub files: Vec<File>,
    /// Names of files that were too many or too large together.
    pub left_out: Vec<String>,
    /// Who sent it, as far as somebody has looked.
    pub origin: Origin,
}

/// Bytes that are looked at together for a digest.
const DIGESTED: usize = 256 * 1024;

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
    "x-received",
    "x-forwarded-to",
    "x-forwarded-for",
    "x-delivered-to",
    "x-loop",
];

/// Digest of what the sender wrote, without the trace of this delivery: two deliveries of one mail
/// have the same.
pub fn digest(raw: &[u8]) -> String {
    let (head, body) = split(raw);
    let mut seen = Digest::default();
    let mut kept = Vec::new();
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
    // Ways in differ in line ends; what was written does not. Blanks at the very end are no part of it: what may be the
    // end waits for what follows. A large mail is never held twice for this.
    for piece in body.chunks(DIGESTED) {
        kept.extend(piece.iter().copied().filter(|byte| *byte != b'\r'));
        let sure = kept.trim_ascii_end().len();
        seen.add(&kept[..sure]);
        kept.drain(..sure);
    }
    seen.add(kept.trim_ascii_end());
    seen.hex()
}

/// Reads a mail with the usual room for its files. `None` when there is no header at all: then it is no mail.
pub fn read(raw: &[u8], envelope_sender: &str) -> Option<Letter> {
    read_within(raw, envelope_sender, Room::USUAL)
}

/// As [`read`], with so much room for its files.
pub fn read_within(raw: &[u8], envelope_sender: &str, room: Room) -> Option<Letter> {
    let is_whole = parts_in(raw) <= MOST_PARTS;
    let parser = MessageParser::default();
    let message = if is_whole { parser.parse(raw)? } else { parser.parse_headers(raw)? };
    if message.headers().is_empty() {
        return None;
    }
    let (from, from_name) = sole_sender(&message);
    let subject = one_line(&decode::header(&message, HeaderName::Subject, message.subject().unwrap_or_default()));
    let robot = robots::robot(&message, envelope_sender, &from, &subject);
    let text = if is_whole { words::of(&message) } else { String::new() };
    let (files, left_out) = if is_whole { files::of(&message, room) } else { (vec![files::whole(raw)], Vec::new()) };
    let reply_to = first_address(message.reply_to()).filter(|address| *address != from);
    Some(Letter {
        wanted: false,
        from,
        from_name,
        reply_to,
        recipients: addresses(&[message.to(), message.cc()]),
        copies: addresses(&[message.cc()]),
        subject,
        absent: robot.is_none() && text.len() < 20_000 && robots::is_absence(&words::own(&text)),
        text,
        has_html: message.parts.iter().any(|part| matches!(part.body, PartType::Html(_))),
        message_id: message
            .message_id()
            .filter(|id| !id.trim().is_empty() && id.len() <= 500)
            .map_or_else(|| format!("{}@tanpa-id.invalid", &digest(raw)[..32]), |id| id.trim().replace('\0', "")),
        references: references(&message),
        robot,
        quiet: robots::wants_no_answer(&message),
        machine: false,
        report: (robot == Some(Robot::Bounce)).then(|| report::read(&message, raw)),
        files,
        left_out,
        origin: Origin::default(),
    })
}

/// The HTML of a mail that says it best, if there is any.
pub fn html(raw: &[u8]) -> Option<String> {
    if parts_in(raw) > MOST_PARTS {
        return None;
    }
    let message = MessageParser::default().parse(raw)?;
    let part = message.html_bodies().find(|part| matches!(part.body, PartType::Html(_)))?;
    Some(decode::text(&message, part))
}

/// The head of a mail as it came, field by field, at most a hundred.
pub fn head(raw: &[u8]) -> Vec<(String, String)> {
    let Some(message) = MessageParser::default().parse_headers(raw) else { return Vec::new() };
    let field = |(name, value): (&str, &str)| (one_line(name), value.split_whitespace().collect::<Vec<_>>().join(" "));
    message
        .headers_raw()
        .map(field)
        .map(|(name, value)| (name, value.chars().take(2_000).collect()))
        .take(100)
        .collect()
}

/// How many parts the bytes may fall into: each of them is announced, and the time to find them grows with their number.
fn parts_in(raw: &[u8]) -> usize {
    let count = |word: &[u8]| {
        let (first, mut found) = (word[0], 0);
        for (place, byte) in raw.iter().enumerate() {
            if byte.eq_ignore_ascii_case(&first)
                && raw.get(place..place + word.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(word))
            {
                found += 1;
            }
        }
        found
    };
    count(b"boundary") + count(b"message/rfc822") + count(b"message/global")
}

fn references(message: &Message<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let nearest = ids(message.in_reply_to()).into_iter().chain(ids(message.references()).into_iter().rev());
    for id in nearest.take(MOST_REFERENCES * 2) {
        let id = id.trim().replace('\0', "");
        if !id.is_empty() && id.len() <= 500 && found.len() < MOST_REFERENCES && !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let crlf = raw.windows(4).position(|four| four == b"\r\n\r\n").map(|at| (at + 2, at + 4));
    // Only one that stands before counts; nobody looks through the whole of a large mail for it.
    let before = crlf.map_or(raw, |(_, body)| &raw[..body]);
    let end = before.windows(2).position(|pair| pair == b"\n\n").map(|at| (at + 1, at + 2));
    match [end, crlf].into_iter().flatten().min() {
        Some((head, body)) => (&raw[..head], &raw[body..]),
        None => (raw, &[]),
    }
}

/// The one address that is responsible for the mail. Of several authors it is the one who sent it, if he says so.
fn sole_sender(message: &Message<'_>) -> (String, String) {
    let fields = message.header_values(HeaderName::From).count();
    let authors: Vec<_> = message.from().into_iter().flat_map(|list| list.iter()).take(20).collect();
    let sent = first_address(message.sender());
    let sole = match authors.as_slice() {
        _ if fields != 1 => None,
        [one] => Some(*one),
        several => several.iter().find(|one| sent.is_some() && one.address().map(plain) == sent).copied(),
    };
    let Some(one) = sole else { return Default::default() };
    let address = one.address().map(plain).unwrap_or_default();
    if address.parse::<lettre::Address>().is_err() {
        return Default::default();
    }
    let name = one_line(&decode::header(message, HeaderName::From, one.name().unwrap_or_default()));
    // A name that looks like somebody else's address is no name.
    let misleads = name.contains('@') && !name.to_lowercase().contains(&address);
    (address, if misleads || name.contains('\u{fffd}') && name.contains('<') { String::new() } else { name })
}

fn first_address(list: Option<&mail_parser::Address<'_>>) -> Option<String> {
    list?
        .iter()
        .find_map(|one| one.address())
        .map(plain)
        .filter(|address| address.contains('@') && address.len() <= 320)
}

fn addresses(lists: &[Option<&mail_parser::Address<'_>>]) -> Vec<String> {
    let all = lists.iter().flatten().flat_map(|list| list.iter());
    let mut found = Vec::new();
    for address in all.filter_map(|one| one.address()).map(plain).take(MOST_RECIPIENTS) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

fn plain(address: &str) -> String {
    address.trim().to_lowercase().replace('\0', "")
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
        // As it was counted in one piece ever since, wherever the pieces end.
        for size in [0, 1, DIGESTED - 2, DIGESTED - 1, DIGESTED, DIGESTED + 1, DIGESTED * 2] {
            for end in ["", "\n", " \r\n\r\n", "\r\n \r\n."] {
                let body = format!("{}{end}", "x \r\n".repeat(size / 4));
                let raw = format!("From: a@b.test\r\nReceived: x\r\n\r\n{body}");
                let whole = format!("From: a@b.test\n\n{}", body.replace('\r', ""));
                let whole = crate::secret::sha256(whole.as_bytes().trim_ascii_end());
                assert_eq!(digest(raw.as_bytes()), whole, "{size} {end:?}");
            }
        }
    }

    #[test]
    fn robots_are_told_from_people() {
        let robot =
            |head: &str, sender: &str| read(format!("From: a@b.test\n{head}\nisi").as_bytes(), sender).unwrap().robot;
        assert_eq!(robot("", "a@b.test"), None);
        assert_eq!(robot("Auto-Submitted: no\n", "a@b.test"), None);
        assert_eq!(robot("Auto-Submitted: auto-replied\n", "a@b.test"), Some(Robot::AutoReply));
        assert_eq!(robot("Auto-Submitted: auto-replied (vacation)\n", "<>"), Some(Robot::AutoReply));
        assert_eq!(robot("X-Auto-Response-Suppress: DR, OOF\n", "a@b.test"), None);
        assert_eq!(robot("Precedence: bulk\n", "a@b.test"), Some(Robot::Bulk));
        assert_eq!(robot("List-Id: <x.y>\n", "a@b.test"), Some(Robot::Bulk));
        assert_eq!(robot("", "<>"), Some(Robot::Bounce));
        let receipt = "Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n";
        assert_eq!(robot(receipt, "a@b.test"), Some(Robot::Receipt));
        assert_eq!(robot("Subject: Balasan otomatis: Re: [OKI] x\n", "a@b.test"), Some(Robot::AutoReply));
        assert_eq!(robot("Subject: Re: Sedang cuti\n", "a@b.test"), Some(Robot::AutoReply));
        for subject in [
            "Aplikasi cuti tidak bisa dibuka",
            "Out of office tidak bisa diatur",
            "Pesan otomatis tidak terkirim",
            "Auto login gagal",
        ] {
            assert_eq!(robot(&format!("Subject: {subject}\n"), "a@b.test"), None, "{subject}");
        }
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
    fn mails_nested_beyond_sense_are_kept_whole() {
        let mut bomb = "From: a@b.test\r\nSubject: sarang\r\n".to_owned();
        for level in 0..20_000 {
            bomb.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
        }
        let letter = read(bomb.as_bytes(), "").unwrap();
        assert_eq!((letter.subject.as_str(), letter.text.as_str(), letter.files.len()), ("sarang", "", 1));
        assert_eq!(letter.files[0].bytes.len(), bomb.len());
        let enclosed = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
        assert!(read(format!("From: a@b.test\r\n{enclosed}").as_bytes(), "").is_some());
    }

    #[test]
    fn who_is_responsible_is_one_person_or_nobody() {
        let from = |head: &str| read(format!("{head}\r\nSubject: x\r\n\r\nisi").as_bytes(), "").unwrap();
        assert_eq!(from("From: a@x.test, b@x.test").from, "");
        assert_eq!(from("From: a@x.test, b@x.test\r\nSender: B@x.test").from, "b@x.test");
        assert_eq!(from("From: a@x.test, b@x.test\r\nSender: c@x.test").from, "");
        let misled = from("From: \"bupati@kab.go.id\" <jahat@luar.test>");
        assert_eq!((misled.from.as_str(), misled.from_name.as_str()), ("jahat@luar.test", ""));
        assert_eq!(from("From: a@x.test\r\nReply-To: lain@y.test").reply_to.as_deref(), Some("lain@y.test"));
        assert_eq!(from("From: a@x.test\r\nReply-To: A@x.test").reply_to, None);
    }
}
