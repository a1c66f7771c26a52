//! The register of documents anybody may check by their code.

use crate::domain::letter::{DocumentKind, DocumentState, IssuedDocument};
use crate::error::{Error, Result};
use crate::store::Tx;
use chrono::{DateTime, Utc};

macro_rules! columns {
    () => {
        "select code, kind, number, dated, issuer, sha256, issued_at, state, superseded_by from issued_document "
    };
}

/// Enters a document.
///
/// # Errors
/// Its code is taken, or the database does not answer.
pub async fn add_document(tx: &mut Tx, document: &IssuedDocument) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into issued_document (code, kind, number, dated, issuer, sha256, issued_at, state, superseded_by) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &document.code,
        document.kind,
        &document.number,
        document.dated.to_string(),
        &document.issuer,
        &document.sha256,
        document.issued_at,
        document.state,
        &document.superseded_by,
    )?;
    Ok(())
}

/// The document with a code.
///
/// # Errors
/// The database does not answer.
pub async fn document(tx: &mut Tx, code: &str) -> Result<Option<IssuedDocument>> {
    let text = concat!(columns!(), "where code = $1");
    sql!(tx, fetch_optional as DocumentRow, text, code)?.map(DocumentRow::document).transpose()
}

/// The document whose bytes have this digest; the first one, when two have it.
///
/// # Errors
/// The database does not answer.
pub async fn document_by_digest(tx: &mut Tx, sha256: &str) -> Result<Option<IssuedDocument>> {
    let text = concat!(columns!(), "where sha256 = $1 order by issued_at, code limit 1");
    sql!(tx, fetch_optional as DocumentRow, text, sha256)?.map(DocumentRow::document).transpose()
}

/// Says what stands in the place of a document; `false` when there is no such document that still stood.
///
/// # Errors
/// The database does not answer.
pub async fn supersede_document(tx: &mut Tx, code: &str, by: Option<&str>) -> Result<bool> {
    let text =
        "update issued_document set state = 'superseded', superseded_by = $2 where code = $1 and state = 'authentic'";
    Ok(sql!(tx, execute, text, code, by)? == 1)
}

#[derive(sqlx::FromRow)]
struct DocumentRow {
    code: String,
    kind: DocumentKind,
    number: String,
    dated: String,
    issuer: String,
    sha256: String,
    issued_at: DateTime<Utc>,
    state: DocumentState,
    superseded_by: Option<String>,
}

impl DocumentRow {
    fn document(self) -> Result<IssuedDocument> {
        let Self { code, kind, number, dated, issuer, sha256, issued_at, state, superseded_by } = self;
        let dated = dated.parse().map_err(|_| Error::internal(format!("no date: {dated}")))?;
        Ok(IssuedDocument { code, kind, number, dated, issuer, sha256, issued_at, state, superseded_by })
    }
}
