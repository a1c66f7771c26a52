//! The files of a mail: exactly their bytes, and a name that harms nobody. Nothing is ever unpacked. Pure.

use crate::domain::upload::clean_name;
use crate::mail::{decode, words};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

/// How much of the files of one mail is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Most files.
    pub files: usize,
    /// Most bytes, together.
    pub bytes: usize,
}

impl Room {
    /// Where the settings say nothing else.
    pub const USUAL: Self = Self { files: 50, bytes: 30 << 20 };
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

/// The files of a mail, and the names of those that are too many or too large together.
pub fn of(message: &Message<'_>, most: Room) -> (Vec<File>, Vec<String>) {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    let mut room = most.bytes;
    let has_words = message.text_bodies().chain(message.html_bodies()).next().is_some();
    for part in message.attachments() {
        // Read as words when there are no others.
        if !has_words && words::is_stray(part) {
            continue;
        }
        let file = File { name: name(part), media_type: media_type(part), bytes: bytes(message, part) };
        // A line of text that a program puts under a file is none.
        if file.bytes.is_empty() && part.attachment_name().is_none() {
            continue;
        }
        match room.checked_sub(file.bytes.len()).filter(|_| kept.len() < most.files) {
            Some(left) => {
                room = left;
                kept.push(file);
            }
            None => left_out.push(file.name),
        }
    }
    left_out.truncate(20);
    (kept, left_out)
}

/// A mail that could not be taken apart, as a file.
pub fn whole(raw: &[u8]) -> File {
    File { name: "surel-asli.eml".to_owned(), media_type: "message/rfc822".to_owned(), bytes: raw.to_vec() }
}

fn name(part: &MessagePart<'_>) -> String {
    let given = part.attachment_name().map(decode::encoded_words).unwrap_or_default();
    if !given.trim().is_empty() {
        return clean_name(&given);
    }
    if let Some(inner) = part.message() {
        let subject = inner.subject().unwrap_or_default().trim();
        return clean_name(
            &format!("{}.eml", if subject.is_empty() { "surel" } else { subject }).replace(['/', '\\'], "-"),
        );
    }
    let kind = media_type(part);
    match kind.as_str() {
        "text/calendar" => "undangan.ics".to_owned(),
        "text/vcard" | "text/x-vcard" => "kontak.vcf".to_owned(),
        "text/html" => "lampiran.html".to_owned(),
        "text/plain" => "lampiran.txt".to_owned(),
        "application/pdf" => "lampiran.pdf".to_owned(),
        "application/ms-tnef" => "winmail.dat".to_owned(),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "smime.p7m".to_owned(),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "smime.p7s".to_owned(),
        "application/pgp-signature" => "signature.asc".to_owned(),
        "image/png" => "gambar.png".to_owned(),
        "image/jpeg" => "gambar.jpg".to_owned(),
        "image/gif" => "gambar.gif".to_owned(),
        _ => "lampiran".to_owned(),
    }
}

fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || if part.message().is_some() { "message/rfc822" } else { "application/octet-stream" }.to_owned(),
        |kind| {
            let sub = kind.c_subtype.as_deref().unwrap_or("octet-stream");
            format!("{}/{sub}", kind.c_type).to_lowercase().chars().filter(|c| c.is_ascii_graphic()).take(120).collect()
        },
    )
}

/// What was sent, byte for byte: neither a text's charset nor an enclosed mail is touched.
fn bytes(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    match &part.body {
        PartType::Text(_) | PartType::Html(_) => decode::bytes(message, part),
        PartType::Message(inner) if part.encoding != mail_parser::Encoding::None => inner.raw_message().to_vec(),
        PartType::Message(_) => {
            let range = part.raw_body_offset() as usize..part.raw_end_offset() as usize;
            message.raw_message().get(range).unwrap_or_default().to_vec()
        }
        _ => part.contents().to_vec(),
    }
}
