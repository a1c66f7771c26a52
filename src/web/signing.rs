//! The signing desk: what waits for whom, and one page to read and sign on, made for a telephone.

use crate::desk::prove_again::Proof;
use crate::desk::uploads::Arrived;
use crate::domain::letter::{LetterAct, LetterState};
use crate::error::{Error, Say};
use crate::render::pades::LARGEST;
use crate::store::letters::LetterFilter;
use crate::web::failure::Answer;
use crate::web::letter_acts::again;
use crate::web::letters::{row, sheet};
use crate::web::menu::signs;
use crate::web::parcel::Parcel;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::sign_in::typed;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// Letters shown at most; more never wait.
const ROWS: i64 = 100;

/// Letters that wait for this person.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    if !signs(actor) {
        return Err(Error::Denied(Say::new("error-denied")).into());
    }
    let filter = LetterFilter { state: Some(LetterState::AwaitingSignature), ..LetterFilter::default() };
    let letters = desk.letters(actor, &filter, i64::MAX, ROWS).await?;
    let mine = letters.iter().filter(|letter| desk.may_letter(actor, LetterAct::Return, letter));
    let rows: Vec<Value> = mine
        .map(|letter| {
            let mut row = row(visit, letter);
            row["waits"] = crate::text::span(visit.language, desk.now() - letter.updated_at).into();
            row
        })
        .collect();
    Ok(visit.page("signing.html", json!({"letters": rows}))?)
}

/// The letter as it will print, what was checked, and the ways to sign it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(key): Path<String>) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let letter = desk.letter(actor, &key).await?;
    if letter.state != LetterState::AwaitingSignature {
        return Ok(see_other(&format!("/kerja/surat/{}", letter.key)));
    }
    if !desk.may_letter(actor, LetterAct::Return, &letter) {
        return Err(Error::Denied(Say::new("letter-not-signer").with("signer", &letter.content.signer_title)).into());
    }
    let context = sheet(visit, actor, &letter).await?;
    Ok(visit.form("sign.html", context)?)
}

/// Takes the signed document.
#[handler]
pub async fn upload(Data(visit): Data<&Visit>, Path(key): Path<String>, parcel: Parcel) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let Parcel { sent, file } = parcel;
    let version = sent.get("version").parse().ok();
    let once = Some(sent.get("key")).filter(|once| !once.is_empty());
    let outcome = match file {
        None => Err(Error::field("file", Say::new("upload-none"))),
        // Its bytes were dropped on the way in.
        Some(Arrived { size, .. }) if size > LARGEST as u64 => {
            Err(Error::field("file", Say::new("letter-file-large").with("most", LARGEST >> 20)))
        }
        Some(file) => desk.sign_uploaded((actor, &key, version), file.bytes, once).await,
    };
    match outcome {
        Ok(letter) => Ok(see_other(&format!("/kerja/surat/{}?kabar=tanda-tangan", letter.key))),
        Err(error) => again(visit, actor, &key, "sign.html", "unggah", &sent, error).await,
    }
}

/// Signs with the certificate of the installation.
#[handler]
pub async fn sign_own(Data(visit): Data<&Visit>, Path(key): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let once = Some(sent.get("key")).filter(|once| !once.is_empty());
    let seen = (actor, key.as_str(), sent.get("version").parse().ok());
    let proof = Proof { password: typed(&sent, "password").to_owned(), code: sent.get("code").to_owned() };
    match visit.desk().sign_itself(seen, &proof, once).await {
        Ok(letter) => Ok(see_other(&format!("/kerja/surat/{}?kabar=tanda-tangan", letter.key))),
        Err(error) => again(visit, actor, &key, "sign.html", "sertifikat", &sent, error).await,
    }
}

/// Gives the letter back with what is to be mended.
#[handler]
pub async fn give_back(Data(visit): Data<&Visit>, Path(key): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let seen = (actor, key.as_str(), sent.get("version").parse().ok());
    match visit.desk().stop_letter(seen, LetterAct::Return, sent.get("note"), None).await {
        Ok(letter) => Ok(see_other(&format!("/kerja/surat/{}?kabar=kembalikan", letter.key))),
        Err(error) => again(visit, actor, &key, "sign.html", "kembalikan", &sent, error).await,
    }
}
