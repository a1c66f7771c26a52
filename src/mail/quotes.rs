//! Which lines of a message its writer wrote this time, which he quotes, and which are his signature. Only the view folds
//! them: the text is kept whole, and where it is not clear the words stay open. Pure and linear.

/// What a piece of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Written for this message.
    Words,
    /// Taken over from an earlier one, with the line that says so.
    Quote,
    /// Who wrote, and with what.
    Signature,
}

impl Kind {
    /// The word for templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Quote => "quote",
            Self::Signature => "signature",
        }
    }
}

/// A run of lines of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: Kind,
    /// Its lines.
    pub text: String,
}

/// Most lines of a signature.
const LONGEST_SIGNATURE: usize = 15;
/// Most lines over which the words that introduce a quotation are broken.
const BROKEN_OVER: usize = 4;

/// A message in pieces. Together they are the message; one that has no words of its own is a single piece.
pub fn pieces(text: &str) -> Vec<Piece> {
    let lines: Vec<&str> = text.lines().collect();
    let mut kinds = vec![Kind::Words; lines.len()];
    mark_quotes(&lines, &mut kinds);
    mark_signature(&lines, &mut kinds);
    let speaks = |(line, kind): (&&str, &Kind)| *kind == Kind::Words && line.chars().any(char::is_alphanumeric);
    if !lines.iter().zip(&kinds).any(speaks) {
        return vec![Piece { kind: Kind::Words, text: text.to_owned() }];
    }
    join(&lines, &kinds)
}

fn mark_quotes(lines: &[&str], kinds: &mut [Kind]) {
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        if is_marked(lines[at]) {
            kinds[at] = Kind::Quote;
            at += 1;
        } else if begins_forward(lines[at]) {
            // What is passed on is what the writer wants read.
            return;
        } else if let Some(taken) = attribution(rest) {
            at = mark_attributed(lines, kinds, at, taken);
        } else if begins_original(lines[at]) || begins_header_block(rest) {
            kinds[at..].fill(Kind::Quote);
            return;
        } else {
            at += 1;
        }
    }
}

/// Marks the introduction of a quotation and what it introduces: the lines with `>` behind it, or all when there are none.
fn mark_attributed(lines: &[&str], kinds: &mut [Kind], at: usize, taken: usize) -> usize {
    let behind = at + taken;
    let first = (behind..lines.len()).find(|place| !lines[*place].trim().is_empty());
    let Some(first) = first.filter(|first| is_marked(lines[*first])) else {
        kinds[at..].fill(Kind::Quote);
        return lines.len();
    };
    kinds[at..first].fill(Kind::Quote);
    first
}

fn is_marked(line: &str) -> bool {
    line.starts_with('>') || line.starts_with(" >")
}

/// Lines of "On … wrote:" at the beginning of `lines`, however broken; `None` when there is no such thing.
fn attribution(lines: &[&str]) -> Option<usize> {
    const BEGINS: &[&str] = &["on ", "pada ", "tanggal ", "tgl ", "am ", "le ", "el ", "op ", "dne ", "il "];
    const ENDS: &[&str] = &[
        "wrote:",
        "writes:",
        "menulis:",
        "menulis :",
        "tulis:",
        "wrote :",
        "schrieb:",
        "a écrit :",
        "escribió:",
        "schreef:",
        "ha scritto:",
    ];
    let first = lines.first()?.trim().to_lowercase();
    if first.is_empty() || first.chars().count() > 300 {
        return None;
    }
    let opens = BEGINS.iter().any(|begin| first.starts_with(begin));
    let named = first.contains('@') || first.chars().any(|c| c.is_ascii_digit());
    if !opens {
        // "Budi <budi@…> menulis:" and "2026-10-05 9:12 GMT+07:00 Budi <…>:" stand on one line.
        let is_dated = first.contains("gmt") && first.ends_with(">:");
        return (named && (ENDS.iter().any(|end| first.ends_with(end)) || is_dated)).then_some(1);
    }
    let mut whole = String::new();
    for (place, line) in lines.iter().take(BROKEN_OVER).enumerate() {
        let line = line.trim().to_lowercase();
        if line.is_empty() || is_marked(&line) {
            return None;
        }
        whole.push_str(&line);
        whole.push(' ');
        if ENDS.iter().any(|end| whole.trim_end().ends_with(end)) {
            return whole.chars().any(|c| c.is_ascii_digit()).then_some(place + 1);
        }
    }
    None
}

/// The line between an answer and the message it answers.
fn begins_original(line: &str) -> bool {
    let line = line.trim();
    let words = line.trim_matches(['-', '_', ' ', '*']).to_lowercase();
    let ruled = line.starts_with("---") || line.starts_with("___");
    ruled
        && ["original message", "pesan asli", "pesan awal", "original appointment", "balas pesan asli", "pesan semula"]
            .contains(&words.as_str())
}

/// The line before a message that is passed on.
fn begins_forward(line: &str) -> bool {
    let words = line.trim().trim_matches(['-', '_', ' ', '*', ':']).to_lowercase();
    [
        "forwarded message",
        "begin forwarded message",
        "pesan terusan",
        "pesan diteruskan",
        "pesan yang diteruskan",
        "awal pesan terusan",
        "mulai pesan terusan",
        "forwarded by",
        "diteruskan",
        "surat terusan",
    ]
    .contains(&words.as_str())
}

/// "Dari: … Terkirim: … Kepada: … Perihal: …" as mail programs write it. A memo has such a head, too: only one with an
/// address or a time of sending counts.
fn begins_header_block(lines: &[&str]) -> bool {
    const FROM: &[&str] = &["dari", "from", "pengirim", "von", "de"];
    const SENT: &[&str] = &["terkirim", "dikirim", "sent", "gesendet", "envoyé"];
    const MORE: &[&str] = &[
        "kepada", "to", "untuk", "perihal", "subjek", "subject", "hal", "tanggal", "date", "cc", "tembusan", "judul",
        "waktu",
    ];
    let name = |line: &str| {
        let line = line.trim().trim_matches('*');
        let (name, value) = line.split_once(':')?;
        let name = name.trim().trim_matches('*').to_lowercase();
        (name.len() <= 12).then_some((name, value.to_owned()))
    };
    let mut lines = lines
        .iter()
        .take(12)
        .skip_while(|line| line.trim().len() >= 5 && line.trim().chars().all(|c| c == '_' || c == '-'));
    let Some((first, value)) = lines.next().and_then(|line| name(line)) else { return false };
    if !FROM.contains(&first.as_str()) {
        return false;
    }
    let (mut others, mut sent) = (0, value.contains('@'));
    for (name, value) in lines.filter(|line| !line.trim().is_empty()).take(6).map_while(|line| name(line)) {
        sent |= SENT.contains(&name.as_str()) || value.contains('@');
        others += usize::from(SENT.contains(&name.as_str()) || MORE.contains(&name.as_str()));
    }
    sent && others >= 2
}

/// Marks the signature: from a line of two dashes near the end of the own words, and lines that programs add.
fn mark_signature(lines: &[&str], kinds: &mut [Kind]) {
    let own_end = kinds.iter().rposition(|kind| *kind == Kind::Words).map_or(0, |last| last + 1);
    let is_rule = |line: &str| line == "--" || line == "-- " || line == "—";
    let rule =
        (0..own_end).rev().take(LONGEST_SIGNATURE * 2).find(|at| kinds[*at] == Kind::Words && is_rule(lines[*at]));
    if let Some(rule) = rule {
        let said = lines[rule..own_end].iter().filter(|line| !line.trim().is_empty()).count();
        if said <= LONGEST_SIGNATURE && kinds[rule..own_end].iter().all(|kind| *kind == Kind::Words) {
            kinds[rule..own_end].fill(Kind::Signature);
        }
    }
    for (line, kind) in lines.iter().zip(kinds) {
        if *kind == Kind::Words && is_added(line) {
            *kind = Kind::Signature;
        }
    }
}

/// A line that a mail program adds by itself.
fn is_added(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    line.chars().count() <= 90
        && [
            "sent from my ",
            "sent from yahoo",
            "sent from outlook",
            "sent from mail for",
            "sent from wps",
            "sent via ",
            "dikirim dari ",
            "dikirim melalui ",
            "dikirim menggunakan ",
            "terkirim dari ",
            "dapatkan outlook untuk ",
            "get outlook for ",
            "unduh outlook untuk ",
            "virus-free.",
            "bebas virus.",
        ]
        .iter()
        .any(|begin| line.starts_with(begin))
}

fn join(lines: &[&str], kinds: &[Kind]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (line, kind) in lines.iter().zip(kinds) {
        // An empty line belongs to what stands before it.
        let kind = if line.trim().is_empty() { pieces.last().map_or(*kind, |last| last.kind) } else { *kind };
        match pieces.last_mut().filter(|last| last.kind == kind) {
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            None => pieces.push(Piece { kind, text: (*line).to_owned() }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let own = pieces(text).into_iter().filter(|piece| piece.kind == Kind::Words);
        own.map(|piece| piece.text.trim().to_owned()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_programs_put_under_an_answer_is_told_from_it() {
        for history in [
            "On Mon, Oct 5, 2026 at 9:12 AM Meja <meja@desk.test> wrote:\n> lama\n> sekali",
            "On Mon, Oct 5, 2026 at 9:12 AM Meja Layanan\n<meja@desk.test> wrote:\n\n> lama",
            "Pada tanggal Sen, 5 Okt 2026 pukul 09.12 Meja <meja@desk.test> menulis:\n\n> lama",
            "Pada tanggal Sen, 5 Okt 2026 pukul 09.12 Meja Layanan Kabupaten\nOgan Komering Ilir <meja@desk.test> menulis:\n> lama",
            "Pada 5 Okt 2026, pukul 09.12, Meja <meja@desk.test> menulis:\n\nlama tanpa tanda",
            "Pada Senin, 5 Oktober 2026 09.12.33 WIB, Meja <meja@desk.test> menulis:\n\n lama",
            "Meja Layanan <meja@desk.test> menulis pada 5 Okt 2026 menulis:\n> lama",
            "2026-10-05 9:12 GMT+07:00 Meja <meja@desk.test>:\n> lama",
            "-----Original Message-----\nFrom: Meja\nSent: Monday\n\nlama",
            "-----Pesan Asli-----\nDari: Meja\nlama",
            "________________________________\nFrom: Meja <meja@desk.test>\nSent: Monday, October 5, 2026 9:12 AM\nTo: Budi\nSubject: Re: x\n\nlama",
            "Dari: Meja <meja@desk.test>\nTerkirim: Senin, 05 Oktober 2026 9:12\nKepada: Budi\nPerihal: Re: x\n\nlama",
            "Dari: Meja Layanan\nDikirim: 5 Oktober 2026 09:12\nKepada: Budi\nSubjek: x\n\nlama",
            "*From:* Meja <meja@desk.test>\n*Date:* Monday\n*To:* Budi\n*Subject:* x\n\nlama",
            "Pengirim: Meja <meja@desk.test>\nTanggal: Senin\nKepada: Budi\n\nlama",
        ] {
            let text = format!("Sudah bisa, terima kasih.\n\n{history}");
            assert_eq!(words(&text), "Sudah bisa, terima kasih.", "{history}");
            assert_eq!(pieces(&text).iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("\n"), text);
        }
    }

    #[test]
    fn words_between_and_below_quotations_stay_open() {
        let text =
            "Pada Sen, 5 Okt 2026 pukul 09.12 Meja <m@d.test> menulis:\n> Apakah sudah?\nSudah.\n> Kapan?\nKemarin.";
        assert_eq!(words(text), "Sudah.|Kemarin.");
        assert_eq!(words("> lama\n\nBalasan di bawah"), "Balasan di bawah");
    }

    #[test]
    fn where_it_is_not_clear_nothing_is_folded() {
        for text in [
            "Pada hari Senin printer rusak\nlalu saya menulis surat",
            "Dari: Dinas Kesehatan\nKepada: Kepala Diskominfo\nPerihal: Permohonan akun\n\nMohon dibuatkan akun.",
            "Berikut nota dinasnya:\nDari: Kepala Dinas\nKepada: Sekda\nPerihal: Jaringan\nisi nota",
            "Mohon ditindaklanjuti.\n---------- Forwarded message ---------\nDari: Ani <ani@x.test>\nDate: Sen\nSubject: rusak\nTo: b\n\nPrinter rusak",
            "> hanya kutipan\n> saja",
            "On Mon, Oct 5, 2026 at 9:12 AM Meja <m@d.test> wrote:\n> x",
            "Galat:\n--\nkode 500 -- server\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris\nbaris",
            "",
        ] {
            assert_eq!(words(text), text.trim(), "{text}");
        }
    }

    #[test]
    fn signatures_are_told_from_words() {
        assert_eq!(words("Printer rusak\n\n-- \nBudi\nDinas Kesehatan\n0812"), "Printer rusak");
        assert_eq!(words("Printer rusak\n\nDikirim dari iPhone saya"), "Printer rusak");
        assert_eq!(
            words(
                "Printer rusak\nDapatkan Outlook untuk Android<https://aka.ms/x>\n\nPada Sen, 5 Okt 2026 A <a@b> menulis:\nlama"
            ),
            "Printer rusak"
        );
        assert_eq!(words("Printer rusak\n-- \nBudi\n\nOn Mon, 5 Oct 2026 A <a@b> wrote:\n> x"), "Printer rusak");
    }

    #[test]
    fn long_texts_take_their_length_in_time() {
        for line in ["> x\n", "On 1\n", "Dari: a@b\n", "--\n", "pada 1 x\n"] {
            let text = line.repeat(100_000 / line.len());
            assert!(!pieces(&text).is_empty());
        }
    }
}
