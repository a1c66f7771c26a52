//! The part of a form that holds files: what its macro shows, and what its buttons do.

use crate::desk::uploads::{Arrived, Owner, megabytes};
use crate::domain::upload::{LARGEST, MOST, endings};
use crate::error::Result;
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

/// Keeps the file that came with a form, if one was chosen.
///
/// # Errors
/// As [`crate::desk::Desk::add_upload`].
pub async fn keep(visit: &Visit, owner: &Owner, parcel: &Parcel) -> Result<()> {
    match &parcel.file {
        Some(file) => visit.desk().add_upload(owner, file, &visit.source).await,
        None => Ok(()),
    }
}

/// Keeps the file for which the button was pressed; pressing it without one is told.
///
/// # Errors
/// As [`crate::desk::Desk::add_upload`].
pub async fn add(visit: &Visit, owner: &Owner, parcel: &Parcel) -> Result<()> {
    let nothing = Arrived::default();
    visit.desk().add_upload(owner, parcel.file.as_ref().unwrap_or(&nothing), &visit.source).await
}

/// Keeps a file for what somebody of the staff writes into a ticket.
///
/// # Errors
/// As [`crate::desk::Desk::add_upload`].
pub async fn keep_for_work(visit: &Visit, number: &str, file: &Arrived) -> Result<()> {
    let owner = Owner::work(number, visit.staff()?.account.id);
    visit.desk().add_upload(&owner, file, &visit.source).await
}
