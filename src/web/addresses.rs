//! Words that stand in addresses: Indonesian nouns for the values of the house.

use crate::desk::command::Command;
use crate::domain::duty::DutyAct;
use crate::domain::ticket::{Status, Verb};
use crate::store::tickets::{After, Sort};
use crate::web::sent::Sent;
use chrono::DateTime;
use data_encoding::BASE32_NOPAD;

/// States in the order of the filter.
pub const STATUSES: [(&str, Status); 8] = [
    ("baru", Status::New),
    ("ditanggapi", Status::Acknowledged),
    ("diproses", Status::InProgress),
    ("menunggu-pelapor", Status::PendingRequester),
    ("menunggu-pihak-lain", Status::PendingVendor),
    ("selesai", Status::Resolved),
    ("ditutup", Status::Closed),
    ("digabung", Status::Merged),
];

/// Orders of the queue; the first is the usual one.
pub const SORTS: [(&str, Sort); 3] = [("batas", Sort::Due), ("terbaru", Sort::Newest), ("terlama", Sort::Oldest)];

/// What can be done on the page of a ticket, in the order of its forms.
pub const ACTS: [(&str, Verb); 9] = [
    ("balas", Verb::Reply),
    ("catatan", Verb::Note),
    ("terima", Verb::Acknowledge),
    ("ambil", Verb::Assign),
    ("minta-data", Verb::RequestInfo),
    ("lanjutkan", Verb::Resume),
    ("selesaikan", Verb::Resolve),
    ("kembalikan", Verb::Return),
    ("buka-lagi", Verb::Reopen),
];

/// What can be done to an entry of the duty register, in the order of its forms.
pub const DUTY_ACTS: [(&str, DutyAct); 4] = [
    ("selesai", DutyAct::Done),
    ("rencana", DutyAct::Plan),
    ("bebaskan", DutyAct::Waive),
    ("buka-lagi", DutyAct::Reopen),
];

/// What the form at `act` asks for; `None` for an address that is no act or a field that is no value.
pub fn command(act: &str, sent: &Sent, own_email: &str) -> Option<Command> {
    let text = |field: &str| sent.get(field).to_owned();
    // The box for answers holds one text, whichever button sent it.
    let body = || if sent.get("body").is_empty() { text("solution") } else { text("body") };
    let verb = ACTS.iter().find(|(word, _)| *word == act)?.1;
    Some(match verb {
        Verb::Reply => Command::Reply { body: text("body"), files: Vec::new() },
        // A solution that becomes a note takes its cause along.
        Verb::Note => Command::Note { body: text("body") + &below(sent.get("cause")), files: Vec::new() },
        Verb::Acknowledge => Command::Acknowledge,
        Verb::Assign => Command::Assign { user: Some(own_email.to_owned()) },
        Verb::RequestInfo => Command::RequestInfo { body: text("body") },
        Verb::Resume => Command::Resume { reason: text("reason") },
        Verb::Resolve => Command::Resolve { solution: body(), cause: Some(text("cause")).filter(|it| !it.is_empty()) },
        Verb::Return => Command::Return { reason: text("reason") },
        Verb::Reopen => Command::Reopen { reason: text("reason") },
        _ => return None,
    })
}

/// A text that stands below another one.
fn below(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\n\n{text}") }
}

/// A place in a list, as its address carries it.
pub fn write_place((at, id): After) -> String {
    write_numbers([at.timestamp_micros(), id])
}

/// Reads back a place in a list; anything else is the beginning.
pub fn read_place(text: &str) -> Option<After> {
    let [at, id] = read_numbers(text)?;
    Some((DateTime::from_timestamp_micros(at)?, id))
}

/// Numbers as an address carries them: in one word that nobody edits by hand.
pub fn write_numbers<const N: usize>(numbers: [i64; N]) -> String {
    let text = numbers.map(|number| number.to_string()).join(".");
    BASE32_NOPAD.encode(text.as_bytes()).to_ascii_lowercase()
}

/// Reads back so many numbers.
pub fn read_numbers<const N: usize>(text: &str) -> Option<[i64; N]> {
    let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let numbers: Option<Vec<i64>> = text.split('.').map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}
