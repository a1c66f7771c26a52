//! Setting up the second factor, and giving it up.

use crate::desk::sessions::Entry;
use crate::error::{Error, Result};
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::sign_in::next;
use crate::web::visit::{Visit, query};
use fast_qr::{ECL, QRBuilder};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Free space around the picture, in modules, as readers expect it.
const QUIET: usize = 4;

/// What is set up, or how to.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let entry = visit.enrolling()?;
    let onward = query(request).remove("lanjut").unwrap_or_default();
    Ok(visit.form("second_factor.html", context(visit, entry, &onward).await?)?)
}

async fn context(visit: &Visit, entry: &Entry, onward: &str) -> Result<Value> {
    let desk = visit.desk();
    let offer = match desk.totp_offer(entry).await? {
        Some(offer) => json!({"groups": offer.groups, "picture": picture(&offer.uri)?}),
        None => Value::Null,
    };
    let is_required = desk.access.require_totp && entry.actor.is_staff();
    Ok(json!({
        "offer": offer,
        "has_totp": entry.has_totp,
        "is_required": is_required,
        "codes_left": desk.recovery_left(entry).await?,
        "onward": onward,
    }))
}

/// The picture as a path of squares; the page draws it without any style of its own.
fn picture(text: &str) -> Result<Value> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| Error::internal("too long for a picture"))?;
    let mut path = String::new();
    for row in 0..code.size {
        for (column, module) in code[row].iter().enumerate() {
            if module.value() {
                let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
            }
        }
    }
    Ok(json!({"path": path, "size": code.size + 2 * QUIET}))
}

/// Takes the first code and shows the codes for when the app is lost, once.
#[handler]
pub async fn confirm(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let entry = visit.enrolling()?;
    let desk = visit.desk();
    match desk.confirm_totp(entry, sent.get("code")).await {
        Ok(proven) => {
            let onward = next(crate::desk::sessions::Step::Open, entry.actor.is_staff(), sent.get("onward"));
            let mut response =
                visit.page("recovery_codes.html", json!({"codes": proven.recovery, "onward": onward}))?;
            guard::set_session(&mut response, visit, &proven.token, entry.actor.is_staff());
            Ok(response)
        }
        Err(Error::Invalid(problems)) => {
            let context = context(visit, entry, sent.get("onward")).await?;
            Ok(visit.mend("second_factor.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Begins to set up, makes new codes, or gives it up.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path(act): Path<String>, sent: Sent) -> Answer {
    let (entry, desk) = (visit.enrolling()?, visit.desk());
    let done = match act.as_str() {
        "siapkan" => {
            desk.begin_totp(entry).await?;
            let onward = crate::text::in_address(sent.get("onward"));
            return Ok(see_other(&format!("/akun/dua-langkah?lanjut={onward}")));
        }
        "kode-cadangan" => match desk.renew_recovery(visit.signed_in()?, sent.get("code")).await {
            Ok(codes) => return Ok(visit.page("recovery_codes.html", json!({"codes": codes, "onward": "/akun"}))?),
            Err(error) => Err(error),
        },
        "lepas" => desk.remove_totp(visit.signed_in()?, sent.get("code")).await,
        _ => Err(Error::NotFound("act")),
    };
    match done {
        Ok(token) => {
            let mut response = see_other("/akun?kabar=lepas");
            guard::set_session(&mut response, visit, &token, entry.actor.is_staff());
            Ok(response)
        }
        Err(Error::Invalid(problems)) => {
            let context = context(visit, entry, "").await?;
            Ok(visit.mend("second_factor.html", context, &problems, &format!("{act}-"))?)
        }
        Err(error) => Err(error.into()),
    }
}
