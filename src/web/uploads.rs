//! The part of a form that holds files: what its macro shows, and what its buttons do.

use crate::desk::uploads::{Arrived, Owner, megabytes};
use crate::domain::upload::{LARGEST, MOST, endings};
use crate::error::{Error, FieldError, Result};
use crate::text;
use crate::web::parcel::Parcel;
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// What `upload_macros.html` shows. `address`: where its buttons send the form; `…/hapus` takes a file away.
///
/// # Errors
/// The database does not answer.
pub async fn shape(visit: &Visit, owner: &Owner, address: &str) -> Result<Value> {
    let files = visit.desk().uploads(owner).await?;
    let room = files.len() < MOST;
    let size = |bytes: i64| text::size(visit.language, u64::try_from(bytes).unwrap_or_default());
    let files: Vec<Value> =
        files.iter().map(|file| json!({"name": file.name, "size": size(file.size), "digest": file.sha256})).collect();
    Ok(json!({
        "files": files,
        "room": room,
        "most": MOST,
        "megabytes": megabytes(LARGEST),
        "endings": endings(),
        "add": address,
        "drop": format!("{address}/hapus"),
    }))
}

/// Keeps the file that came with a form, if one was chosen, or tells why not.
///
/// # Errors
/// What no form can tell.
pub async fn keep(visit: &Visit, owner: &Owner, parcel: &Parcel) -> Result<Option<Vec<FieldError>>> {
    match &parcel.file {
        Some(file) => told(visit.desk().add_upload(owner, file, &visit.source).await),
        None => Ok(None),
    }
}

/// Keeps the file for which the button was pressed; pressing it without one is told.
///
/// # Errors
/// As [`keep`].
pub async fn add(visit: &Visit, owner: &Owner, parcel: &Parcel) -> Result<Option<Vec<FieldError>>> {
    let nothing = Arrived::default();
    told(visit.desk().add_upload(owner, parcel.file.as_ref().unwrap_or(&nothing), &visit.source).await)
}

/// Keeps a file for what somebody of the staff writes into a ticket, or tells why not.
///
/// # Errors
/// As [`keep`].
pub async fn keep_for_work(visit: &Visit, number: &str, file: &Arrived) -> Result<Option<Vec<FieldError>>> {
    let owner = Owner::work(number, visit.staff()?.account.id);
    told(visit.desk().add_upload(&owner, file, &visit.source).await)
}

/// A file that is not kept must never cost its sender the words beside it: whatever the reason, it stands at the field.
fn told(kept: Result<()>) -> Result<Option<Vec<FieldError>>> {
    match kept {
        Ok(()) => Ok(None),
        Err(Error::Invalid(problems)) => Ok(Some(problems)),
        Err(error) if error.is_temporary() => Ok(Some(vec![FieldError { field: "file", say: error.public() }])),
        Err(error) => Err(error),
    }
}
