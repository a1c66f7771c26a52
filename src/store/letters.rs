//! Official letters.

use crate::domain::letter::{Letter, LetterForm, LetterKind, LetterState, SignedHow};
use crate::domain::people::Role;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

macro_rules! columns {
    () => {
        "select l.id, l.key, l.version, l.kind, l.form, l.template, l.state, l.case_key, l.agency, l.service, l.number, \
         l.dated, l.content, l.signer_role, l.code, l.drafted_by, l.drafted_at, l.issued_by, l.issued_sha256, \
         l.signed_sha256, l.signed_how, l.signed_by, l.signed_at, l.sent_at, l.received_at, l.received_by, l.receipt, \
         l.note, l.replaces, l.updated_at, l.signature from letter l "
    };
}

/// Which letters somebody asks for.
#[derive(Debug, Clone, Default)]
pub struct LetterFilter {
    /// In this state.
    pub state: Option<LetterState>,
    /// Of this case.
    pub case_key: Option<String>,
    /// About this agency.
    pub agency: Option<String>,
    /// Only those that have been signed, for offices that read what has left.
    pub only_signed: bool,
}

/// Adds a letter and gives its key inside the database (`letter.id` is ignored).
///
/// # Errors
/// Its key, number or code is taken, or the database does not answer.
pub async fn add_letter(tx: &mut Tx, letter: &Letter) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into letter (key, version, kind, form, template, state, case_key, agency, service, number, dated, content, \
         signer_role, code, drafted_by, drafted_at, replaces, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) returning id",
        &letter.key,
        letter.version,
        letter.kind,
        letter.form,
        &letter.template,
        letter.state,
        &letter.case_key,
        &letter.agency,
        &letter.service,
        &letter.number,
        letter.dated.map(|date| date.to_string()),
        serde_json::to_string(&letter.content)?,
        letter.signer_role,
        &letter.code,
        letter.drafted_by,
        letter.drafted_at,
        &letter.replaces,
        letter.updated_at,
    )
}

/// Saves a letter, if nobody has changed it since it was read as `letter.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has; its number is taken; the database does not answer.
pub async fn save_letter(tx: &mut Tx, letter: &Letter) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update letter set version = $2, state = $3, number = $4, dated = $5, content = $6, issued_by = $7, \
         issued_sha256 = $8, signed_sha256 = $9, signed_how = $10, signed_by = $11, signed_at = $12, sent_at = $13, \
         received_at = $14, received_by = $15, receipt = $16, note = $17, updated_at = $18, signature = $19 \
         where id = $1 and version = $2 - 1",
        letter.id,
        letter.version,
        letter.state,
        &letter.number,
        letter.dated.map(|date| date.to_string()),
        serde_json::to_string(&letter.content)?,
        letter.issued_by,
        &letter.issued_sha256,
        &letter.signed_sha256,
        letter.signed_how,
        letter.signed_by,
        letter.signed_at,
        letter.sent_at,
        letter.received_at,
        &letter.received_by,
        &letter.receipt,
        &letter.note,
        letter.updated_at,
        letter.signature.as_ref().map(serde_json::to_string).transpose()?,
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(Error::Conflict { say: Say::new("letter-stale"), version: None })
}

/// The letter with a key.
///
/// # Errors
/// The database does not answer.
pub async fn letter(tx: &mut Tx, key: &str) -> Result<Option<Letter>> {
    let text = concat!(columns!(), "where l.key = $1");
    sql!(tx, fetch_optional as LetterRow, text, key)?.map(LetterRow::letter).transpose()
}

/// Key of the letter with a number of the registry.
///
/// # Errors
/// The database does not answer.
pub async fn key_of_number(tx: &mut Tx, number: &str) -> Result<Option<String>> {
    sql!(tx, fetch_optional scalar String, "select key from letter where number = $1", number)
}

/// How many letters whose keys begin with `period` have a number of the registry.
///
/// # Errors
/// The database does not answer.
pub async fn numbered_letters(tx: &mut Tx, period: &str) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "select count(*) from letter where number is not null and substr(key, 1, length(cast($1 as text))) = $1",
        period,
    )
}

/// Letters, newest first, at most `limit` before the key `before`.
///
/// # Errors
/// The database does not answer.
pub async fn letters(tx: &mut Tx, filter: &LetterFilter, before: i64, limit: i64) -> Result<Vec<Letter>> {
    let text = concat!(
        columns!(),
        "where ($1 is null or l.state = $1) and ($2 is null or l.case_key = $2) and ($3 is null or l.agency = $3) \
         and ($4 = false or l.signed_at is not null) and l.id < $5 order by l.id desc limit $6"
    );
    let rows = sql!(
        tx,
        fetch_all as LetterRow,
        text,
        filter.state,
        filter.case_key.as_deref(),
        filter.agency.as_deref(),
        filter.only_signed,
        before,
        limit,
    )?;
    rows.into_iter().map(LetterRow::letter).collect()
}

#[derive(sqlx::FromRow)]
struct LetterRow {
    id: i64,
    key: String,
    version: i64,
    kind: LetterKind,
    form: LetterForm,
    template: String,
    state: LetterState,
    case_key: Option<String>,
    agency: String,
    service: Option<String>,
    number: Option<String>,
    dated: Option<String>,
    content: String,
    signer_role: Role,
    code: String,
    drafted_by: Option<i64>,
    drafted_at: DateTime<Utc>,
    issued_by: Option<i64>,
    issued_sha256: Option<String>,
    signed_sha256: Option<String>,
    signed_how: Option<SignedHow>,
    signed_by: Option<i64>,
    signed_at: Option<DateTime<Utc>>,
    sent_at: Option<DateTime<Utc>>,
    received_at: Option<DateTime<Utc>>,
    received_by: Option<String>,
    receipt: Option<String>,
    note: Option<String>,
    replaces: Option<String>,
    updated_at: DateTime<Utc>,
    signature: Option<String>,
}

impl LetterRow {
    fn letter(self) -> Result<Letter> {
        let no_date = |text: &str| Error::internal(format!("no date: {text}"));
        let dated = self.dated.map(|text| text.parse().map_err(|_| no_date(&text))).transpose()?;
        Ok(Letter {
            id: self.id,
            key: self.key,
            version: self.version,
            kind: self.kind,
            form: self.form,
            template: self.template,
            state: self.state,
            case_key: self.case_key,
            agency: self.agency,
            service: self.service,
            number: self.number,
            dated,
            content: serde_json::from_str(&self.content)?,
            signer_role: self.signer_role,
            code: self.code,
            drafted_by: self.drafted_by,
            drafted_at: self.drafted_at,
            issued_by: self.issued_by,
            issued_sha256: self.issued_sha256,
            signed_sha256: self.signed_sha256,
            signed_how: self.signed_how,
            signed_by: self.signed_by,
            signed_at: self.signed_at,
            sent_at: self.sent_at,
            received_at: self.received_at,
            received_by: self.received_by,
            signature: self.signature.map(|text| serde_json::from_str(&text)).transpose()?,
            receipt: self.receipt,
            note: self.note,
            replaces: self.replaces,
            updated_at: self.updated_at,
        })
    }
}

/// Gives the letters of a case to the agency that took over; gives their keys.
///
/// # Errors
/// The database does not answer.
pub async fn hand_on(tx: &mut Tx, case: &str, to: &str) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "update letter set agency = $2, version = version + 1 where case_key = $1 and agency <> $2 returning key",
        case,
        to,
    )
}
