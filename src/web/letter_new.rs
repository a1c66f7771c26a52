//! A letter written freely: the form, what it would look like, and the draft.

use crate::desk::free_letters::{FreeLetter, SIGNERS};
use crate::domain::letter::{Letter, may_write};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::render::letter as paper;
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Answer;
use crate::web::letter_acts::{line_of, person};
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Map, Value, json};

/// Fields whose text stays.
const KEPT: [&str; 11] = [
    "agency",
    "perkara",
    "signer_role",
    "urgency",
    "enclosures",
    "subject",
    "addressee",
    "addressee_email",
    "body",
    "copies",
    "key",
];

/// The empty form; `?perkara=` names the case it belongs to.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = writer(visit)?;
    let case = query(request).remove("perkara").unwrap_or_default();
    let mut kept = kept(|_| String::new());
    if !case.is_empty() {
        let page = visit.desk().warning_case(actor, &case).await?;
        kept["perkara"] = page.case.number.into();
        kept["agency"] = page.case.agency.into();
    }
    kept["key"] = new_token()?.into();
    Ok(visit.form("letter_new.html", form(visit, kept, None).await?)?)
}

/// Keeps the draft, or shows what it would look like.
#[handler]
pub async fn send(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let (actor, desk) = (writer(visit)?, visit.desk());
    let new = read(&sent);
    let once = Some(sent.get("key")).filter(|key| !key.is_empty());
    let mut kept = kept(|field| sent.get(field).to_owned());
    let preview = sent.get("langkah") == "pratinjau";
    let outcome = match preview {
        true => desk.preview_letter(actor, &new).await,
        false => desk.write_letter(actor, &new, once).await,
    };
    match outcome {
        Ok(letter) if preview => Ok(visit.form("letter_new.html", form(visit, kept, Some(&letter)).await?)?),
        Ok(letter) => Ok(see_other(&format!("/kerja/surat/{}?kabar=baru", letter.key))),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("letter_new.html", form(visit, kept, None).await?, &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            // What was typed stays; the next try is another request.
            kept["key"] = new_token()?.into();
            let mut context = form(visit, kept, None).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("letter_new.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

fn writer(visit: &Visit) -> Result<&Actor> {
    let actor = visit.staff()?;
    if may_write(actor) { Ok(actor) } else { Err(Error::Denied(Say::new("error-denied"))) }
}

fn read(sent: &Sent) -> FreeLetter {
    let text = |field: &str| sent.get(field).to_owned();
    FreeLetter {
        agency: text("agency"),
        case_key: Some(text("perkara")).filter(|number| !number.is_empty()),
        signer_role: sent.get("signer_role").parse().ok(),
        urgency: text("urgency"),
        enclosures: text("enclosures"),
        subject: text("subject"),
        addressee: person(sent.get("addressee"), sent.get("addressee_email")),
        body: text("body"),
        copies: sent.get("copies").lines().filter(|line| !line.trim().is_empty()).map(line_of).collect(),
    }
}

fn kept(value: impl Fn(&str) -> String) -> Value {
    KEPT.iter().map(|field| ((*field).to_owned(), Value::from(value(field)))).collect::<Map<_, _>>().into()
}

async fn form(visit: &Visit, kept: Value, letter: Option<&Letter>) -> Result<Value> {
    let agencies = visit.desk().agencies().await?;
    let agencies = agencies.iter().filter(|agency| agency.active);
    let agencies: Vec<Value> = agencies.map(|agency| json!({"word": agency.code, "text": agency.name})).collect();
    let signer = |role: &crate::domain::people::Role| json!({"word": role, "text": visit.word("role", role.as_str())});
    let sheet = |letter: &Letter| paper::values(letter, &visit.desk().check_url(&letter.code), visit.zone());
    Ok(json!({
        "kept": kept,
        "told": "",
        "agencies": agencies,
        "signers": SIGNERS.iter().map(signer).collect::<Vec<_>>(),
        "paper": letter.map(sheet),
    }))
}
