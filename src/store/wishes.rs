//! How reporters want to be known.

use crate::domain::reporter::Wish;
use crate::error::Result;
use crate::store::Tx;

/// Keeps the wish of a ticket's reporter.
///
/// # Errors
/// The database does not answer.
pub async fn keep(tx: &mut Tx, ticket: i64, wish: Wish) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into reporter_wish (ticket_id, anonymous, secret) values ($1, $2, $3)",
        ticket,
        wish.anonymous,
        wish.secret
    )?;
    Ok(())
}

/// The wish of a ticket's reporter; the usual one when nothing was asked for.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Wish> {
    let row = sql!(
        tx,
        fetch_optional as (bool, bool),
        "select anonymous, secret from reporter_wish where ticket_id = $1",
        ticket
    )?;
    Ok(row.map_or_else(Wish::default, |(anonymous, secret)| Wish { anonymous, secret }))
}

/// Which of these tickets have a reporter whose name is a secret.
///
/// # Errors
/// The database does not answer.
pub async fn secret_among(tx: &mut Tx, tickets: &[i64]) -> Result<Vec<i64>> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    let rows = many!(tx, fetch_all as (i64,), query => {
        query.push("select ticket_id from reporter_wish where secret and ticket_id in (");
        let mut list = query.separated(", ");
        for ticket in tickets {
            list.push_bind(*ticket);
        }
        query.push(") order by ticket_id");
    })?;
    Ok(rows.into_iter().map(|(ticket,)| ticket).collect())
}
