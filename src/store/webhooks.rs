//! Programs that are told of what happens to tickets, and what is to be told.

use crate::domain::event::Event;
use crate::domain::webhook::{Delivery, DeliveryState, KINDS, Webhook};
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of a webhook.
macro_rules! columns {
    () => {
        "id, owner, name, url, events, agency, secret_no, active, created_at, version"
    };
}
/// The columns of a delivery.
macro_rules! delivery {
    () => {
        "id, item_key, webhook_id, stream, seq, kind, at, state, attempts, lease_no, status, last_error, sent_at"
    };
}

/// Adds a webhook and gives its key (`it.id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, it: &Webhook) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into webhook (owner, name, url, events, agency, secret_no, active, created_at, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
        it.owner,
        &it.name,
        &it.url,
        serde_json::to_string(&it.events)?,
        &it.agency,
        it.secret_no,
        it.active,
        it.created_at,
        it.version,
    )
}

/// Saves a webhook whose version has just been counted up.
///
/// # Errors
/// `Conflict` when somebody else has changed it meanwhile.
pub async fn save(tx: &mut Tx, it: &Webhook) -> Result<()> {
    let saved = sql!(
        tx,
        execute,
        "update webhook set name = $2, url = $3, events = $4, agency = $5, secret_no = $6, active = $7, version = $8 \
         where id = $1 and version = $8 - 1",
        it.id,
        &it.name,
        &it.url,
        serde_json::to_string(&it.events)?,
        &it.agency,
        it.secret_no,
        it.active,
        it.version,
    )?;
    if saved == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-webhook-stale"))) }
}

/// Says which events a webhook is told of from now on; none while it is switched off.
///
/// # Errors
/// The database does not answer.
pub async fn listen(tx: &mut Tx, webhook: i64, kinds: &[String]) -> Result<()> {
    sql!(tx, execute, "delete from webhook_event where webhook_id = $1", webhook)?;
    for kind in kinds {
        sql!(tx, execute, "insert into webhook_event (webhook_id, kind) values ($1, $2)", webhook, kind)?;
    }
    Ok(())
}

/// The webhook with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Webhook>> {
    let row = sql!(tx, fetch_optional as Row, concat!("select ", columns!(), " from webhook where id = $1"), id)?;
    row.map(Row::webhook).transpose()
}

/// Webhooks of an account, or of everybody, the oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, owner: Option<i64>) -> Result<Vec<Webhook>> {
    let rows = sql!(
        tx,
        fetch_all as Row,
        concat!("select ", columns!(), " from webhook where $1 = 0 or owner = $1 order by id limit 500"),
        owner.unwrap_or_default(),
    )?;
    rows.into_iter().map(Row::webhook).collect()
}

/// Notes what is to be told of these events of a ticket, in the transaction that appends them.
///
/// # Errors
/// The database does not answer.
pub async fn note(tx: &mut Tx, events: &[Event]) -> Result<()> {
    for event in events.iter().filter(|event| KINDS.contains(&event.kind.as_str())) {
        later!(tx, query => {
            query.push(
                "insert into webhook_delivery (item_key, webhook_id, stream, seq, kind, at, state, attempts, lease_no) \
                 select 'wh-' || e.webhook_id || '-' || ",
            );
            query.push_bind(event.stream.clone()).push(" || '-' || ").push_bind(event.seq.to_string());
            query.push(", e.webhook_id, ").push_bind(event.stream.clone()).push(", ").push_bind(event.seq);
            query.push(", e.kind, ").push_bind(event.at);
            query.push(", 'queued', 0, 0 from webhook_event e where e.kind = ").push_bind(event.kind.clone());
            query.push(" on conflict (item_key) do nothing");
        })?;
    }
    Ok(())
}

/// Takes what is to be told, or whose sender has gone silent, until `lease`. Instants are the machine's; whoever calls
/// has the turn.
///
/// # Errors
/// The database does not answer.
pub async fn claim(tx: &mut Tx, now: DateTime<Utc>, lease: DateTime<Utc>, limit: i64) -> Result<Vec<Delivery>> {
    sql!(
        tx,
        fetch_all as Delivery,
        concat!(
            "update webhook_delivery set state = 'sending', lease_until = $2, lease_no = lease_no + 1, \
             attempts = attempts + 1 where id in (select id from webhook_delivery \
             where state in ('queued', 'sending') and ((state = 'queued' and (due_at is null or due_at <= $1)) \
             or (state = 'sending' and lease_until < $1)) order by id limit $3) returning ",
            delivery!()
        ),
        now,
        lease,
        limit,
    )
}

/// Is anything to be told?
///
/// # Errors
/// The database does not answer.
pub async fn waits(tx: &mut Tx) -> Result<bool> {
    let found = sql!(
        tx,
        fetch_optional scalar i64,
        "select id from webhook_delivery where state in ('queued', 'sending') limit 1"
    )?;
    Ok(found.is_some())
}

/// Says what became of a delivery this node has taken; `false` when somebody else has taken it since. `due` is when it is
/// tried again (machine's clock).
///
/// # Errors
/// The database does not answer.
pub async fn settle(tx: &mut Tx, it: &Delivery, due: Option<DateTime<Utc>>) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update webhook_delivery set state = $3, status = $4, last_error = $5, due_at = $6, sent_at = $7, \
         lease_until = null where id = $1 and lease_no = $2 and state = 'sending'",
        it.id,
        it.lease_no,
        it.state,
        it.status,
        &it.last_error,
        due,
        it.sent_at,
    )?;
    Ok(changed == 1)
}

/// The last deliveries of a webhook, the youngest first.
///
/// # Errors
/// The database does not answer.
pub async fn deliveries(tx: &mut Tx, webhook: i64, limit: i64) -> Result<Vec<Delivery>> {
    sql!(
        tx,
        fetch_all as Delivery,
        concat!("select ", delivery!(), " from webhook_delivery where webhook_id = $1 order by id desc limit $2"),
        webhook,
        limit,
    )
}

/// Forgets what was settled and happened before an instant.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    let (queued, sending) = (DeliveryState::Queued, DeliveryState::Sending);
    sql!(tx, execute, "delete from webhook_delivery where at < $1 and state not in ($2, $3)", before, queued, sending)?;
    Ok(())
}

/// A row: the events are JSON text.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    owner: i64,
    name: String,
    url: String,
    events: String,
    agency: Option<String>,
    secret_no: i64,
    active: bool,
    created_at: DateTime<Utc>,
    version: i64,
}

impl Row {
    fn webhook(self) -> Result<Webhook> {
        Ok(Webhook {
            events: serde_json::from_str(&self.events)?,
            id: self.id,
            owner: self.owner,
            name: self.name,
            url: self.url,
            agency: self.agency,
            secret_no: self.secret_no,
            active: self.active,
            created_at: self.created_at,
            version: self.version,
        })
    }
}
