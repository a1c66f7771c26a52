//! Official letters for the staff: the list, the sheet with the letter as it will print, and the file.

use crate::desk::prove_again::Asked;
use crate::domain::letter::{Letter, LetterAct, LetterState, SignatureFacts, may_write};
use crate::domain::people::Actor;
use crate::error::Result;
use crate::render::letter as paper;
use crate::secret::new_token;
use crate::store::letters::LetterFilter;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::download;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Utc};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Letters on one page.
const ROWS: i64 = 50;
/// What can be done on the sheet, as its addresses say it.
pub const ACTS: [(&str, LetterAct); 6] = [
    ("nomor", LetterAct::Number),
    ("ajukan", LetterAct::RequestSignature),
    ("kirim", LetterAct::Send),
    ("terima", LetterAct::Receive),
    ("ganti", LetterAct::Replace),
    ("batalkan", LetterAct::Withdraw),
];

/// Letters the person may read, newest first.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let asked = query(request);
    let state: Option<LetterState> = asked.get("status").and_then(|word| word.parse().ok());
    let before = asked.get("sebelum").and_then(|id| id.parse().ok()).unwrap_or(i64::MAX);
    let filter = LetterFilter { state, ..LetterFilter::default() };
    let letters = desk.letters(actor, &filter, before, ROWS).await?;
    let next = letters.last().filter(|_| i64::try_from(letters.len()).unwrap_or(0) >= ROWS).map(|last| last.id);
    let states: Vec<Value> = LetterState::ALL
        .iter()
        .map(|state| json!({"word": state, "text": visit.word("letter-state", state.as_str())}))
        .collect();
    let context = json!({
        "letters": letters.iter().map(|letter| row(visit, letter)).collect::<Vec<_>>(),
        "states": states,
        "state": state.map_or("", LetterState::as_str),
        "next": next,
        "is_first": before == i64::MAX,
        "may_write": may_write(actor),
    });
    Ok(visit.page("letters.html", context)?)
}

/// The sheet of one letter.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(key): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let letter = visit.desk().letter(actor, &key).await?;
    let mut context = sheet(visit, actor, &letter).await?;
    let done = query(request).get("kabar").cloned().unwrap_or_default();
    if ["baru", "ubah", "nomor", "ajukan", "kirim", "terima", "ganti", "batalkan", "tanda-tangan", "kembalikan"]
        .contains(&done.as_str())
    {
        context["done"] = done.into();
    }
    Ok(visit.form("letter.html", context)?)
}

/// The letter as PDF, to be kept.
#[handler]
pub async fn pdf(Data(visit): Data<&Visit>, Path(key): Path<String>) -> Answer {
    let (name, bytes) = visit.desk().letter_pdf(visit.staff()?, &key).await?;
    Ok(download(&name, bytes))
}

/// What every page of a letter shows.
///
/// # Errors
/// The database does not answer.
pub async fn sheet(visit: &Visit, actor: &Actor, letter: &Letter) -> Result<Value> {
    let desk = visit.desk();
    let is_stopped = desk.is_stopped(letter).await?;
    let offered = ACTS.iter().filter(|(_, act)| letter.state.allows(*act) && desk.may_letter(actor, *act, letter));
    let offered = offered.filter(|(_, act)| !(is_stopped && act.needs_open_case()));
    let mut acts: Vec<&str> = offered.map(|(word, _)| *word).collect();
    if !desk.sends(letter) {
        acts.retain(|word| *word != "kirim");
    }
    let proposed = if acts.contains(&"nomor") { desk.proposed_number(letter).await? } else { String::new() };
    let now = desk.now().with_timezone(&visit.zone());
    let mut it = row(visit, letter);
    let events = desk.letter_events(actor, &letter.key).await?;
    let refused = events.iter().filter(|event| event.kind == "attempt_refused").count();
    if let Some(fields) = it.as_object_mut() {
        let more = json!({
            "version": letter.version,
            "template": letter.template,
            "issued_sha256": letter.issued_sha256,
            "signed_sha256": letter.signed_sha256,
            "signed_at": visit.instant_if(letter.signed_at),
            "signed_how": letter.signed_how,
            "signature": letter.signature.as_ref().map(|told| signature(visit, told)),
            "sent_at": visit.instant_if(letter.sent_at),
            "received_at": visit.instant_if(letter.received_at),
            "received_by": letter.received_by,
            "receipt": letter.receipt,
            "note": letter.note,
            "replaces": letter.replaces,
            "code": letter.code,
            "check_url": desk.check_url(&letter.code),
            "recipients": recipients(letter),
            "by_hand": !desk.sends(letter),
            "is_signed": letter.signed_at.is_some(),
            "is_stopped": is_stopped && matches!(letter.state, LetterState::Signed | LetterState::AwaitingSignature),
            "events": events.len(),
            "refused": refused,
            "may_sign": letter.state.allows(LetterAct::Sign) && desk.may_letter(actor, LetterAct::Sign, letter),
            "may_edit": letter.state.allows(LetterAct::Edit) && desk.may_letter(actor, LetterAct::Edit, letter),
        });
        if let Value::Object(more) = more {
            fields.extend(more);
        }
    }
    Ok(json!({
        "it": it,
        "paper": paper::values(letter, &desk.check_url(&letter.code), visit.zone()),
        "acts": acts,
        "proposed": letter.number.clone().unwrap_or(proposed),
        "today": now.date_naive().to_string(),
        "clock": now.format("%H.%M").to_string(),
        "kept": {},
        "mine": "",
        "done": Value::Null,
        "told": "",
        "own": desk.signs_itself(),
        "asked": match desk.asked_again(actor).await? {
            Asked::Code => "code",
            Asked::Password => "password",
            Asked::Nothing => "",
        },
        "key": new_token()?,
    }))
}

/// What the signature tells, in the words of the page.
fn signature(visit: &Visit, told: &SignatureFacts) -> Value {
    let zone = visit.zone();
    let day = |at: DateTime<Utc>| text::long_date(visit.language, at.with_timezone(&zone).date_naive());
    json!({
        "signer": told.signer, "issuer": told.issuer, "from": day(told.from), "until": day(told.until),
        "valid_then": told.valid_then, "fits": told.fits, "chain": told.chain,
    })
}

fn recipients(letter: &Letter) -> Vec<Value> {
    let all = std::iter::once(&letter.content.addressee).chain(&letter.content.copies);
    all.map(|person| json!({"name": person.name, "email": person.email})).collect()
}

/// A letter in a list.
pub fn row(visit: &Visit, letter: &Letter) -> Value {
    json!({
        "key": letter.key,
        "kind": visit.word("letter-kind", letter.kind.as_str()),
        "subject": letter.content.subject,
        "addressee": letter.content.addressee.name,
        "number": letter.number,
        "dated": letter.dated.map(|date| text::long_date(visit.language, date)),
        "agency": letter.agency,
        "service": letter.service,
        "case": letter.case_key,
        "signer": letter.content.signer_title,
        "chip": chip(visit, letter.state),
        "state": letter.state,
        "updated": visit.instant(letter.updated_at),
    })
}

/// The state in a word, a shape and a colour.
fn chip(visit: &Visit, state: LetterState) -> Value {
    let (family, icon) = match state {
        LetterState::Draft => ("neutral", "ring"),
        LetterState::Numbered => ("info", "half"),
        LetterState::AwaitingSignature => ("warn", "clock"),
        LetterState::Signed | LetterState::Sent => ("info", "arrows"),
        LetterState::Received => ("ok", "check"),
        LetterState::Superseded | LetterState::Withdrawn => ("neutral", "square"),
    };
    json!({"family": family, "icon": icon, "text": visit.word("letter-state", state.as_str()), "title": Value::Null})
}
