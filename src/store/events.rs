//! The append-only chains of events and their daily seals.

use crate::domain::event::Event;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Place and hash of the last event of a stream.
///
/// # Errors
/// The database does not answer.
pub async fn head(tx: &mut Tx, stream: &str) -> Result<Option<(i64, String)>> {
    sql!(
        tx,
        fetch_optional as (i64, String),
        "select seq, hash from event where stream = $1 order by seq desc limit 1",
        stream
    )
}

/// Appends events that were chained before. Their places must be free.
///
/// # Errors
/// A place is taken, or the database does not answer.
pub async fn append(tx: &mut Tx, events: &[Event]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    later!(tx, query => {
        query.push("insert into event (stream, seq, at, actor, kind, payload, state, prev_hash, hash) ");
        query.push_values(events, |mut row, event| {
            row.push_bind(event.stream.clone()).push_bind(event.seq).push_bind(event.at);
            row.push_bind(event.actor.as_str().to_owned()).push_bind(event.kind.clone());
            row.push_bind(event.payload.clone()).push_bind(event.state.clone());
            row.push_bind(event.prev_hash.clone()).push_bind(event.hash.clone());
        });
    })
}

/// Events of a stream after place `after`, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn of_stream(tx: &mut Tx, stream: &str, after: i64, limit: i64) -> Result<Vec<Event>> {
    sql!(
        tx,
        fetch_all as Event,
        "select stream, seq, at, actor, kind, payload, state, prev_hash, hash from event \
         where stream = $1 and seq > $2 order by seq limit $3",
        stream,
        after,
        limit,
    )
}

/// Key of the newest event; 0 when there is none.
///
/// # Errors
/// The database does not answer.
pub async fn newest(tx: &mut Tx) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select coalesce(max(id), 0) from event")
}

/// What happened to a ticket, without what was said.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Happened {
    /// Key of the event.
    pub id: i64,
    /// Number of the ticket.
    pub stream: String,
    /// Place in the ticket's history; the first is 1.
    pub seq: i64,
    /// What happened, e.g. `replied`.
    pub kind: String,
}

/// Events of tickets with keys after `after`, oldest first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn of_tickets(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Happened>> {
    sql!(
        tx,
        fetch_all as Happened,
        "select e.id, e.stream, e.seq, e.kind from event e join ticket t on t.number = e.stream \
         where e.id > $1 order by e.id limit $2",
        after,
        limit,
    )
}

/// Streams after `after` in the order of their names, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn streams(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select distinct stream from event where stream > $1 order by stream limit $2",
        after,
        limit,
    )
}

/// A seal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Seal {
    /// Place in the chain of seals.
    pub id: i64,
    /// When it was made. UTC.
    pub at: DateTime<Utc>,
    /// Merkle root over the sealed heads.
    pub root: String,
    /// Hash of the seal before.
    pub prev_hash: String,
    /// Hash of this seal.
    pub hash: String,
    /// Signature over its text (CMS, base64), where the installation has a certificate.
    pub signature: Option<String>,
}

/// A chain head as it was sealed: stream, place, hash.
pub type SealedHead = (String, i64, String);

/// Heads of the streams that moved since they were sealed last, in the order of their names by bytes: the
/// root over them must not depend on how a database sorts words.
///
/// # Errors
/// The database does not answer.
pub async fn unsealed_heads(tx: &mut Tx) -> Result<Vec<SealedHead>> {
    let mut heads = sql!(
        tx,
        fetch_all as SealedHead,
        "select e.stream, e.seq, e.hash from event e \
         where e.seq = (select max(seq) from event x where x.stream = e.stream) \
         and not exists (select 1 from seal_head h where h.stream = e.stream and h.seq = e.seq)",
    )?;
    heads.sort();
    Ok(heads)
}

/// The last seal.
///
/// # Errors
/// The database does not answer.
pub async fn last_seal(tx: &mut Tx) -> Result<Option<Seal>> {
    sql!(
        tx,
        fetch_optional as Seal,
        "select id, at, root, prev_hash, hash, signature from seal order by id desc limit 1"
    )
}

/// Keeps a seal with its heads.
///
/// # Errors
/// The database does not answer.
pub async fn add_seal(tx: &mut Tx, seal: &Seal, heads: &[SealedHead]) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into seal (id, at, root, prev_hash, hash, signature) values ($1, $2, $3, $4, $5, $6)",
        seal.id,
        seal.at,
        &seal.root,
        &seal.prev_hash,
        &seal.hash,
        seal.signature.as_deref(),
    )?;
    for (stream, seq, hash) in heads {
        sql!(
            tx,
            execute,
            "insert into seal_head (seal_id, stream, seq, hash) values ($1, $2, $3, $4)",
            seal.id,
            stream,
            *seq,
            hash
        )?;
    }
    Ok(())
}

/// All seals in order.
///
/// # Errors
/// The database does not answer.
pub async fn seals(tx: &mut Tx) -> Result<Vec<Seal>> {
    sql!(tx, fetch_all as Seal, "select id, at, root, prev_hash, hash, signature from seal order by id")
}

/// The heads under a seal, in the order of their names by bytes.
///
/// # Errors
/// The database does not answer.
pub async fn sealed_heads(tx: &mut Tx, seal: i64) -> Result<Vec<SealedHead>> {
    let mut heads =
        sql!(tx, fetch_all as SealedHead, "select stream, seq, hash from seal_head where seal_id = $1", seal)?;
    heads.sort();
    Ok(heads)
}

/// Sealed places of a stream: place, hash, and when they were sealed. UTC.
///
/// # Errors
/// The database does not answer.
pub async fn sealed_places(tx: &mut Tx, stream: &str) -> Result<Vec<(i64, String, DateTime<Utc>)>> {
    sql!(
        tx,
        fetch_all as (i64, String, DateTime<Utc>),
        "select h.seq, h.hash, s.at from seal_head h join seal s on s.id = h.seal_id where h.stream = $1 order by h.seq",
        stream,
    )
}
