//! Texts of mails that the installation has written itself, version by version.

use crate::domain::ticket::Language;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// One version of a text.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnText {
    /// Folder of the built-in one.
    pub template: String,
    /// Its language.
    pub language: Language,
    /// Counts the versions of this text.
    pub version: i64,
    /// The built-in text again from this version on; subject and body are empty.
    pub is_built_in: bool,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// Why it was changed; may be empty.
    pub note: String,
    /// Who wrote it.
    pub account_id: i64,
    /// When. UTC.
    pub at: DateTime<Utc>,
}

/// Adds a version; `false` when there is one of this number.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, text: &OwnText) -> Result<bool> {
    let added = sql!(
        tx,
        execute,
        "insert into mail_template (template, language, version, is_built_in, subject, body, note, account_id, at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (template, language, version) do nothing",
        &text.template,
        text.language,
        text.version,
        text.is_built_in,
        &text.subject,
        &text.body,
        &text.note,
        text.account_id,
        text.at,
    )?;
    Ok(added == 1)
}

/// The last version of each text.
///
/// # Errors
/// The database does not answer.
pub async fn current(tx: &mut Tx) -> Result<Vec<OwnText>> {
    sql!(
        tx,
        fetch_all as OwnText,
        "select template, language, version, is_built_in, subject, body, note, account_id, at from mail_template m \
         where version = (select max(version) from mail_template o where o.template = m.template and o.language = m.language) \
         order by template, language",
    )
}

/// Every version of a text, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn versions(tx: &mut Tx, template: &str, language: Language) -> Result<Vec<OwnText>> {
    sql!(
        tx,
        fetch_all as OwnText,
        "select template, language, version, is_built_in, subject, body, note, account_id, at from mail_template \
         where template = $1 and language = $2 order by version desc",
        template,
        language,
    )
}
