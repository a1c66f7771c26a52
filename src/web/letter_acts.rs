//! What the office does to a letter on its sheet: mend the text, enter the number, submit, send, keep the receipt.

use crate::desk::letter_acts::LetterEdit;
use crate::desk::letter_sending::Receipt;
use crate::domain::letter::{Content, Letter, LetterAct, Recipient};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::text;
use crate::web::failure::Answer;
use crate::web::letters::{ACTS, sheet};
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// Fields whose text stays when a form is refused.
const KEPT: [&str; 8] = ["number", "dated", "received_by", "receipt", "received_date", "received_time", "note", "key"];

/// Does what a form of the sheet asks.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((key, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let known = ACTS.iter().find(|(word, _)| *word == act).ok_or(Error::NotFound("act"))?;
    match perform(visit, actor, &key, known.1, &sent).await {
        Ok(letter) => Ok(see_other(&format!("/kerja/surat/{}?kabar={act}", letter.key))),
        Err(error) => again(visit, actor, &key, "letter.html", &act, &sent, error).await,
    }
}

async fn perform(visit: &Visit, actor: &Actor, key: &str, act: LetterAct, sent: &Sent) -> Result<Letter> {
    let desk = visit.desk();
    let seen = (actor, key, sent.get("version").parse().ok());
    let once = Some(sent.get("key")).filter(|once| !once.is_empty());
    match act {
        LetterAct::Number => {
            let dated = match sent.get("dated") {
                "" => None,
                text => Some(text.parse().map_err(|_| Error::field("dated", Say::new("field-date")))?),
            };
            desk.number_letter(seen, sent.get("number"), dated, once).await
        }
        LetterAct::RequestSignature => desk.request_signature(seen, once).await,
        LetterAct::Send => desk.send_letter(seen, once).await,
        LetterAct::Receive => {
            let receipt = Receipt {
                at: received(visit, sent)?,
                by: sent.get("received_by").to_owned(),
                proof: sent.get("receipt").to_owned(),
            };
            desk.receive_letter(seen, &receipt, once).await
        }
        LetterAct::Replace => desk.replace_letter(seen, once).await,
        _ => desk.stop_letter(seen, act, sent.get("note"), once).await,
    }
}

/// A local day and time as people type them; now when both are left out.
fn received(visit: &Visit, sent: &Sent) -> Result<Option<DateTime<Utc>>> {
    let (date, time) = (sent.get("received_date"), sent.get("received_time").replace('.', ":"));
    if date.is_empty() && time.is_empty() {
        return Ok(None);
    }
    let bad = || Error::field("received_at", Say::new("letter-received-form"));
    let date: NaiveDate = date.parse().map_err(|_| bad())?;
    let time = NaiveTime::parse_from_str(&time, "%H:%M").map_err(|_| bad())?;
    let local = date.and_time(time).and_local_timezone(visit.zone()).earliest().ok_or_else(bad)?;
    Ok(Some(local.with_timezone(&Utc)))
}

/// The page as it stands now, with what was written kept in its form.
///
/// # Errors
/// What is none of the writer's.
pub async fn again(
    visit: &Visit,
    actor: &Actor,
    key: &str,
    page: &str,
    mine: &str,
    sent: &Sent,
    error: Error,
) -> Answer {
    if !matches!(error, Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_)) {
        return Err(error.into());
    }
    let letter = visit.desk().letter(actor, key).await?;
    let mut context = sheet(visit, actor, &letter).await?;
    context["mine"] = mine.into();
    context["kept"] = KEPT.iter().map(|field| ((*field).to_owned(), Value::from(sent.get(field)))).collect();
    if let Error::Invalid(problems) = &error {
        return Ok(visit.mend(page, context, problems, &format!("{mine}-"))?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form(page, context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

/// The form in which the text is mended.
#[handler]
pub async fn show_edit(Data(visit): Data<&Visit>, Path(key): Path<String>) -> Answer {
    let actor = visit.staff()?;
    let letter = visit.desk().letter(actor, &key).await?;
    editable(visit, actor, &letter)?;
    Ok(visit.form("letter_edit.html", form(&letter, letter.version, &fields(&letter.content), ""))?)
}

/// Mends the text.
#[handler]
pub async fn edit(Data(visit): Data<&Visit>, Path(key): Path<String>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let letter = desk.letter(actor, &key).await?;
    let text = |field: &str| Some(sent.get(field).to_owned());
    let edit = LetterEdit {
        urgency: text("urgency"),
        enclosures: text("enclosures"),
        subject: text("subject"),
        addressee: Some(person(sent.get("addressee"), sent.get("addressee_email"))),
        body: text("body"),
        copies: Some(sent.get("copies").lines().filter(|line| !line.trim().is_empty()).map(line_of).collect()),
        signer_title: text("signer_title"),
        signer_name: text("signer_name"),
        signer_rank: text("signer_rank"),
        signer_nip: text("signer_nip"),
    };
    let version = sent.get("version").parse().unwrap_or_default();
    let error = match desk.edit_letter(actor, &key, version, &edit).await {
        Ok(_) => return Ok(see_other(&format!("/kerja/surat/{key}?kabar=ubah"))),
        Err(error) => error,
    };
    let kept: Value = sent.0.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let mut whole = fields(&letter.content);
    if let (Some(whole), Value::Object(kept)) = (whole.as_object_mut(), kept) {
        whole.extend(kept);
    }
    match error {
        Error::Invalid(problems) => {
            Ok(visit.mend("letter_edit.html", form(&letter, version, &whole, ""), &problems, "")?)
        }
        error @ Error::Conflict { .. } => {
            // What was written stays; sent again it goes over what was read anew.
            let told = text::say(visit.language, &error.public());
            let mut response = visit.form("letter_edit.html", form(&letter, letter.version, &whole, &told))?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        error => Err(error.into()),
    }
}

fn editable(visit: &Visit, actor: &Actor, letter: &Letter) -> Result<()> {
    if !visit.desk().may_letter(actor, LetterAct::Edit, letter) {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    if letter.state.allows(LetterAct::Edit) {
        return Ok(());
    }
    Err(Error::conflict(Say::new("letter-state").with("letter_state", letter.state)))
}

fn form(letter: &Letter, version: i64, fields: &Value, told: &str) -> Value {
    json!({"it": {"key": letter.key, "version": version}, "kept": fields, "told": told})
}

fn fields(content: &Content) -> Value {
    let copy = |copy: &Recipient| match &copy.email {
        Some(email) => format!("{} <{email}>", copy.name),
        None => copy.name.clone(),
    };
    json!({
        "urgency": content.urgency, "enclosures": content.enclosures, "subject": content.subject,
        "addressee": content.addressee.name, "addressee_email": content.addressee.email.clone().unwrap_or_default(),
        "body": content.body, "copies": content.copies.iter().map(copy).collect::<Vec<_>>().join("\n"),
        "signer_title": content.signer_title, "signer_name": content.signer_name,
        "signer_rank": content.signer_rank, "signer_nip": content.signer_nip,
    })
}

/// `Kepala DPMPTSP <kepala@contoh.go.id>`, with or without the address.
pub fn line_of(line: &str) -> Recipient {
    match line.trim().strip_suffix('>').and_then(|line| line.rsplit_once('<')) {
        Some((name, email)) => person(name, email),
        None => person(line, ""),
    }
}

/// Somebody a letter goes to, as two fields name him.
pub fn person(name: &str, email: &str) -> Recipient {
    let email = Some(email.trim().to_owned()).filter(|email| !email.is_empty());
    Recipient { name: name.trim().to_owned(), email }
}
