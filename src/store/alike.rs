//! Tickets and reporters that look like one another: what a person compares before a second ticket is opened or two
//! become one.

use crate::domain::people::Visibility;
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store::Tx;
use crate::store::tickets::columns;

/// What tickets are compared with.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    /// Not this one.
    pub except: i64,
    /// Code of the service.
    pub service: Option<String>,
    /// Address of the reporter, lower case; empty: any.
    pub email: String,
    /// Lower-case words of the subject; the first three count.
    pub words: Vec<String>,
}

/// Open tickets of the same service or reporter, or that share a word, youngest first.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(tx: &mut Tx, seen: &Visibility, like: &Alike, limit: i64) -> Result<Vec<Ticket>> {
    let word = |place: usize| like.words.get(place).map(|word| contains(word));
    sql!(
        tx,
        fetch_all as Ticket,
        concat!(
            "select ",
            columns!(),
            " from ticket where id <> $1 and status not in ('resolved', 'closed', 'merged') \
             and (service = $2 or (requester_email <> '' and requester_email = $3) \
             or haystack like $4 escape '!' or haystack like $5 escape '!' or haystack like $6 escape '!') \
             and ($7 or replace($8, '\"' || agency || '\"', '') <> $8) and ($9 is null or agency = $9) \
             order by opened_at desc, id desc limit $10"
        ),
        like.except,
        &like.service,
        &like.email,
        word(0),
        word(1),
        word(2),
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        limit,
    )
}

/// The youngest ticket of each reporter whose name, address or civil-servant number holds the words.
///
/// # Errors
/// The database does not answer.
pub async fn reporters(tx: &mut Tx, seen: &Visibility, words: &str, limit: i64) -> Result<Vec<Ticket>> {
    sql!(
        tx,
        fetch_all as Ticket,
        concat!(
            "select ",
            columns!(),
            " from ticket where id in (select max(id) from ticket where \
             (lower(requester_name) like $1 escape '!' or requester_email like $1 escape '!' or requester_nip like $1 escape '!') \
             and ($2 or replace($3, '\"' || agency || '\"', '') <> $3) and ($4 is null or agency = $4) \
             group by requester_email, requester_name) order by requester_name, id limit $5"
        ),
        contains(&words.to_lowercase()),
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        limit,
    )
}

/// A pattern for what holds `words`, whatever signs are in them.
fn contains(words: &str) -> String {
    format!("%{}%", words.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}
