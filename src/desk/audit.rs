//! Proof: sealing the chains of events and finding what somebody has altered.

use crate::desk::alarms::SEAL_LOOKED;
use crate::desk::working::state_digest;
use crate::desk::written::message_digest;
use crate::desk::{Desk, chain};
use crate::domain::event::{Event, GENESIS};
use crate::domain::people::Actor;
use crate::error::Result;
use crate::secret::sha256;
use crate::store::events::{Seal, SealedHead};
use crate::store::{self, Db, Tx};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// What the check of all chains and seals has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Nothing was altered.
    pub ok: bool,
    /// Chains looked at.
    pub streams: usize,
    /// Events looked at.
    pub events: usize,
    /// Seals looked at.
    pub seals: usize,
    /// The first altered place.
    pub first: Option<Finding>,
}

/// A place that somebody has altered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `event`, `ticket`, `message` or `seal`.
    pub what: &'static str,
    /// The ticket's number, or the seal's.
    pub stream: String,
    /// Place in the chain, where it has one.
    pub seq: Option<i64>,
    /// How it shows.
    pub problem: &'static str,
}

/// Events read at a time.
const PAGE: i64 = 500;

/// Recomputes every chain, every ticket's row and every seal of a database; stops at the first altered place.
///
/// # Errors
/// The database does not answer.
pub async fn verify(db: &Db) -> Result<Verdict> {
    let mut tx = db.read().await?;
    let mut verdict = Verdict { ok: true, streams: 0, events: 0, seals: 0, first: None };
    let mut sealed: Sealed = HashMap::new();
    if let Some(finding) = check_seals(&mut tx, &mut verdict.seals, &mut sealed).await? {
        return Ok(verdict.found(finding));
    }
    let mut after = String::new();
    loop {
        let streams = store::events::streams(&mut tx, &after, PAGE).await?;
        let Some(last) = streams.last() else { break };
        after.clone_from(last);
        for stream in &streams {
            verdict.streams += 1;
            let places = sealed.remove(stream).unwrap_or_default();
            if let Some(finding) = check_stream(&mut tx, stream, &mut verdict.events, places).await? {
                return Ok(verdict.found(finding));
            }
        }
    }
    if let Some(stream) = sealed.keys().min() {
        return Ok(verdict.found(finding("event", stream, Some(1), "removed")));
    }
    let orphan = store::tickets::without_events(&mut tx).await?;
    Ok(match orphan {
        Some(number) => verdict.found(finding("ticket", &number, None, "no_history")),
        None => verdict,
    })
}

impl Desk {
    /// As [`verify`], for this desk's database.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn verify_audit(&self) -> Result<Verdict> {
        verify(&self.db).await
    }

    /// Recomputes the chain of one ticket, with the place and instant of its last seal.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for those who may not read its history.
    pub async fn verify_ticket(&self, actor: &Actor, number: &str) -> Result<(Verdict, Option<(i64, DateTime<Utc>)>)> {
        let mut tx = self.db.read().await?;
        let ticket = self.internal(&mut tx, actor, number).await?;
        let mut verdict = Verdict { ok: true, streams: 1, events: 0, seals: 0, first: None };
        let places = store::events::sealed_places(&mut tx, &ticket.number).await?;
        verdict.seals = places.len();
        let last = places.last().map(|(seq, _, at)| (*seq, *at));
        let places = places.into_iter().map(|(seq, hash, _)| (seq, hash)).collect();
        Ok(match check_stream(&mut tx, &ticket.number, &mut verdict.events, places).await? {
            Some(finding) => (verdict.found(finding), last),
            None => (verdict, last),
        })
    }

    /// Seals the heads of all chains that moved since the last seal; `false` when none did.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn seal(&self) -> Result<bool> {
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, 1).await?;
        let heads = store::events::unsealed_heads(&mut tx).await?;
        store::settings::set(&mut tx, SEAL_LOOKED, &self.now().to_rfc3339()).await?;
        if heads.is_empty() {
            tx.commit().await?;
            return Ok(false);
        }
        let last = store::events::last_seal(&mut tx).await?;
        let (id, prev_hash) = last.map_or((1, GENESIS.to_owned()), |seal| (seal.id + 1, seal.hash));
        let (at, root) = (self.now(), merkle_root(&heads));
        let seal = Seal { id, at, hash: seal_hash(id, at, &root, &prev_hash), root, prev_hash };
        store::events::add_seal(&mut tx, &seal, &heads).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl Verdict {
    fn found(mut self, finding: Finding) -> Self {
        self.ok = false;
        self.first = Some(finding);
        self
    }
}

fn finding(what: &'static str, stream: &str, seq: Option<i64>, problem: &'static str) -> Finding {
    Finding { what, stream: stream.to_owned(), seq, problem }
}

/// What the seals say: per stream, the hash at each sealed place.
type Sealed = HashMap<String, BTreeMap<i64, String>>;

/// Walks the chain of seals; notes what they say of the streams.
async fn check_seals(tx: &mut Tx, count: &mut usize, sealed: &mut Sealed) -> Result<Option<Finding>> {
    let mut prev = GENESIS.to_owned();
    for seal in store::events::seals(tx).await? {
        *count += 1;
        let heads = store::events::sealed_heads(tx, seal.id).await?;
        if let Some(problem) = check_seal(&seal, &heads, &prev) {
            return Ok(Some(finding("seal", &seal.id.to_string(), None, problem)));
        }
        for (stream, seq, hash) in heads {
            sealed.entry(stream).or_default().insert(seq, hash);
        }
        prev = seal.hash;
    }
    Ok(None)
}

/// Walks one chain and holds it against its sealed places.
async fn check_stream(
    tx: &mut Tx,
    stream: &str,
    count: &mut usize,
    mut sealed: BTreeMap<i64, String>,
) -> Result<Option<Finding>> {
    let (mut prev, mut seq) = (GENESIS.to_owned(), 0);
    let mut messages: Vec<String> = Vec::new();
    let mut last: Option<Event> = None;
    loop {
        let events = store::events::of_stream(tx, stream, seq, PAGE).await?;
        if events.is_empty() {
            break;
        }
        for event in events {
            *count += 1;
            if let Some(problem) = check_event(&event, seq, &prev, sealed.remove(&event.seq)) {
                return Ok(Some(finding("event", stream, Some(event.seq), problem)));
            }
            messages.extend(message_of(&event));
            (prev, seq) = (event.hash.clone(), event.seq);
            last = Some(event);
        }
    }
    if !sealed.is_empty() {
        // A seal knows places behind the present end: the end was cut off.
        return Ok(Some(finding("event", stream, Some(seq + 1), "removed")));
    }
    check_ticket(tx, stream, last, &messages).await
}

fn check_event(event: &Event, before: i64, prev: &str, sealed: Option<String>) -> Option<&'static str> {
    if event.seq != before + 1 {
        Some("missing_before")
    } else if event.prev_hash != prev {
        Some("chain_broken")
    } else if event.hash != sha256(event.preimage()) {
        Some("altered")
    } else if sealed.is_some_and(|hash| hash != event.hash) {
        Some("differs_from_seal")
    } else {
        None
    }
}

/// Holds the row, the clocks and the messages of a ticket against what its chain says of them.
async fn check_ticket(tx: &mut Tx, stream: &str, last: Option<Event>, told: &[String]) -> Result<Option<Finding>> {
    let Some(last) = last.filter(|_| chain::is_of_a_ticket(stream)) else { return Ok(None) };
    let Some(ticket) = store::tickets::by_number(tx, stream).await? else {
        return Ok(Some(finding("ticket", stream, None, "removed")));
    };
    let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
    let pauses = store::clocks::pauses(tx, ticket.id).await?;
    if last.state.as_deref() != Some(state_digest(&ticket, &clocks, &pauses)?.as_str()) {
        let problem = if last.state.is_none() { "end_cut_off" } else { "row_altered" };
        return Ok(Some(finding("ticket", stream, Some(last.seq), problem)));
    }
    let messages = store::messages::of_ticket(tx, ticket.id, true, 0, i64::MAX).await?;
    // Every message has its event, in the same order.
    for (place, message) in messages.iter().enumerate() {
        if told.get(place) != Some(&message_digest(message)?) {
            return Ok(Some(finding("message", stream, Some(message.id), "altered")));
        }
    }
    let is_short = messages.len() < told.len();
    Ok(is_short.then(|| finding("message", stream, None, "removed")))
}

fn message_of(event: &Event) -> Option<String> {
    let payload: Value = serde_json::from_str(&event.payload).ok()?;
    Some(payload.get("message")?.get("sha256")?.as_str()?.to_owned())
}

fn check_seal(seal: &Seal, heads: &[SealedHead], prev: &str) -> Option<&'static str> {
    if seal.prev_hash != prev {
        return Some("chain_broken");
    }
    let genuine =
        seal.root == merkle_root(heads) && seal.hash == seal_hash(seal.id, seal.at, &seal.root, &seal.prev_hash);
    if genuine { None } else { Some("altered") }
}

fn seal_hash(id: i64, at: DateTime<Utc>, root: &str, prev: &str) -> String {
    sha256(format!("{id}\n{}\n{root}\n{prev}", at.to_rfc3339_opts(SecondsFormat::Micros, true)))
}

/// Root of a Merkle tree over the heads in the order of their streams; an odd node goes up as it is.
fn merkle_root(heads: &[SealedHead]) -> String {
    let mut level: Vec<String> =
        heads.iter().map(|(stream, seq, hash)| sha256(format!("leaf\n{stream}\n{seq}\n{hash}"))).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => sha256(format!("node\n{left}\n{right}")),
                single => single[0].clone(),
            })
            .collect();
    }
    level.pop().unwrap_or_else(|| GENESIS.to_owned())
}
