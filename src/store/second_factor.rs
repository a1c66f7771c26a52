//! Second factors: the app's secret, codes for when the app is lost, and who somebody is at an identity provider.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The app of an account.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Totp {
    /// Its secret, sealed.
    pub secret: String,
    /// When a code proved that the app knows the secret.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Step of the last code that was taken.
    pub last_step: i64,
}

/// The app of an account, proven or not.
///
/// # Errors
/// The database does not answer.
pub async fn totp(tx: &mut Tx, account: i64) -> Result<Option<Totp>> {
    sql!(tx, fetch_optional as Totp, "select secret, confirmed_at, last_step from totp where account_id = $1", account)
}

/// Keeps a new secret that is not proven yet; a proven one stays.
///
/// # Errors
/// The database does not answer.
pub async fn propose_totp(tx: &mut Tx, account: i64, secret: &str) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into totp (account_id, secret, last_step) values ($1, $2, 0) on conflict (account_id) do update \
         set secret = excluded.secret where totp.confirmed_at is null",
        account,
        secret,
    )?;
    Ok(())
}

/// Notes that a code proved the secret; `false` when it was proven before.
///
/// # Errors
/// The database does not answer.
pub async fn confirm_totp(tx: &mut Tx, account: i64, at: DateTime<Utc>) -> Result<bool> {
    let text = "update totp set confirmed_at = $2 where account_id = $1 and confirmed_at is null";
    Ok(sql!(tx, execute, text, account, at)? == 1)
}

/// Uses up the code of a step; `false` when it or a later one was used before.
///
/// # Errors
/// The database does not answer.
pub async fn use_step(tx: &mut Tx, account: i64, step: i64) -> Result<bool> {
    Ok(sql!(tx, execute, "update totp set last_step = $2 where account_id = $1 and last_step < $2", account, step)?
        == 1)
}

/// Forgets the app of an account and its codes; `false` when there was none.
///
/// # Errors
/// The database does not answer.
pub async fn remove_totp(tx: &mut Tx, account: i64) -> Result<bool> {
    sql!(tx, execute, "delete from recovery_code where account_id = $1", account)?;
    Ok(sql!(tx, execute, "delete from totp where account_id = $1", account)? == 1)
}

/// Puts these codes in the place of those there were.
///
/// # Errors
/// The database does not answer.
pub async fn set_codes(tx: &mut Tx, account: i64, hashes: &[String]) -> Result<()> {
    sql!(tx, execute, "delete from recovery_code where account_id = $1", account)?;
    for hash in hashes {
        sql!(tx, execute, "insert into recovery_code (account_id, hash) values ($1, $2)", account, hash)?;
    }
    Ok(())
}

/// Uses up a code; `false` when there is none like it.
///
/// # Errors
/// The database does not answer.
pub async fn use_code(tx: &mut Tx, account: i64, hash: &str) -> Result<bool> {
    Ok(sql!(tx, execute, "delete from recovery_code where account_id = $1 and hash = $2", account, hash)? == 1)
}

/// How many codes are left.
///
/// # Errors
/// The database does not answer.
pub async fn codes_left(tx: &mut Tx, account: i64) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select count(*) from recovery_code where account_id = $1", account)
}
