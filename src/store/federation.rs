//! Signing in at an identity provider: who has gone there, and who is who.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Somebody who has gone to the provider.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Gone {
    /// Digest of the browser's own token.
    pub browser_hash: String,
    /// What the identity must carry.
    pub nonce: String,
    /// What proves that the code was asked for here.
    pub verifier: String,
    /// Where to go on afterwards.
    pub onward: String,
}

/// Notes that somebody goes to the provider and is expected back until `until`.
///
/// # Errors
/// The database does not answer.
pub async fn go(tx: &mut Tx, state_hash: &str, gone: &Gone, until: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into oidc_request (state_hash, browser_hash, nonce, verifier, onward, until) values ($1, $2, $3, $4, $5, $6)",
        state_hash,
        &gone.browser_hash,
        &gone.nonce,
        &gone.verifier,
        &gone.onward,
        until,
    )?;
    Ok(())
}

/// Takes away what was noted of somebody who comes back in time.
///
/// # Errors
/// The database does not answer.
pub async fn come_back(tx: &mut Tx, state_hash: &str, now: DateTime<Utc>) -> Result<Option<Gone>> {
    sql!(
        tx,
        fetch_optional as Gone,
        "delete from oidc_request where state_hash = $1 and until > $2 returning browser_hash, nonce, verifier, onward",
        state_hash,
        now,
    )
}

/// Forgets those who did not come back until `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from oidc_request where until < $1", before)
}

/// The account of an identity.
///
/// # Errors
/// The database does not answer.
pub async fn account(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_optional scalar i64,
        "select account_id from oidc_identity where issuer = $1 and subject = $2",
        issuer,
        subject
    )
}

/// Does an account have an identity at this provider?
///
/// # Errors
/// The database does not answer.
pub async fn is_linked(tx: &mut Tx, issuer: &str, account: i64) -> Result<bool> {
    sql!(
        tx,
        fetch_one scalar bool,
        "select exists (select 1 from oidc_identity where issuer = $1 and account_id = $2)",
        issuer,
        account
    )
}

/// Ties an identity to an account; an identity that is tied stays where it is.
///
/// # Errors
/// The database does not answer.
pub async fn link(tx: &mut Tx, issuer: &str, subject: &str, account: i64) -> Result<bool> {
    let text = "insert into oidc_identity (issuer, subject, account_id) values ($1, $2, $3) \
                on conflict (issuer, subject) do nothing";
    Ok(sql!(tx, execute, text, issuer, subject, account)? == 1)
}

/// Unties an account from every identity.
///
/// # Errors
/// The database does not answer.
pub async fn unlink(tx: &mut Tx, account: i64) -> Result<u64> {
    sql!(tx, execute, "delete from oidc_identity where account_id = $1", account)
}
