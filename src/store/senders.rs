//! What was decided about senders once and for all.

use crate::domain::message::SenderVerdict;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// What was decided about a sender.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SenderRule {
    /// Key inside the database.
    pub id: i64,
    /// An address in lower case, or `@` and a domain.
    pub address: String,
    /// What happens to his mail.
    pub verdict: SenderVerdict,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub account_id: i64,
    /// When. UTC.
    pub at: DateTime<Utc>,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!("select id, address, verdict, reason, account_id, at from sender_rule ", $rest)
    };
}

/// What was decided about an address: the rule for it goes before that for its domain.
///
/// # Errors
/// The database does not answer.
pub async fn rule_for(tx: &mut Tx, address: &str) -> Result<Option<SenderRule>> {
    let domain = address.rsplit_once('@').map_or_else(String::new, |(_, host)| format!("@{host}"));
    // An address is longer than its domain.
    let text = columns!("where address = $1 or address = $2 order by length(address) desc limit 1");
    sql!(tx, fetch_optional as SenderRule, text, address, domain)
}

/// Remembers what was decided about a sender; the last word counts.
///
/// # Errors
/// The database does not answer.
pub async fn teach(
    tx: &mut Tx,
    address: &str,
    verdict: SenderVerdict,
    reason: &str,
    account: i64,
    at: DateTime<Utc>,
) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into sender_rule (address, verdict, reason, account_id, at) values ($1, $2, $3, $4, $5) \
         on conflict (address) do update set verdict = excluded.verdict, reason = excluded.reason, \
         account_id = excluded.account_id, at = excluded.at",
        address,
        verdict,
        reason,
        account,
        at,
    )
    .map(|_| ())
}

/// Forgets what was decided; gives the address, or `None` when there is no such rule.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, id: i64) -> Result<Option<String>> {
    sql!(tx, fetch_optional scalar String, "delete from sender_rule where id = $1 returning address", id)
}

/// All that was decided, by address.
///
/// # Errors
/// The database does not answer.
pub async fn all(tx: &mut Tx) -> Result<Vec<SenderRule>> {
    sql!(tx, fetch_all as SenderRule, columns!("order by address"))
}
