//! News for pages that stay open: one look at the database every two seconds, shared by all streams of the process.

use crate::desk::Desk;
use crate::desk::news::{Change, hears};
use crate::domain::people::Actor;
use crate::error::Result;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};

/// How late others' changes are noticed.
const BEAT: Duration = Duration::from_secs(2);
/// A proxy that hears nothing for a minute hangs up; and so often the session is asked for.
const QUIET: Duration = Duration::from_secs(15);
/// Keys that are looked at again: on the shared database a smaller key may be committed later than a larger one.
const OVERLAP: i64 = 100;
/// Changes a slow reader may lag behind before some are skipped.
const LAG: usize = 1000;
/// Streams of one session: a browser needs one. A page that was left may not have been noticed yet, so that the
/// newest takes the place of the oldest.
const OF_A_SESSION: usize = 4;
/// Streams of a process.
const AT_ALL: usize = 2000;

/// The streams of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    news: broadcast::Sender<Arc<Change>>,
    closing: watch::Sender<bool>,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    /// Streams of each session, oldest first, with what tells them to end.
    by_session: BTreeMap<i64, VecDeque<(u64, Arc<Notify>)>>,
    /// Number of the last stream.
    last: u64,
    taken: usize,
    /// Somebody looks for news.
    is_watched: bool,
}

impl Default for Live {
    fn default() -> Self {
        let (news, closing) = (broadcast::channel(LAG).0, watch::channel(false).0);
        Self(Arc::new(Shared { news, closing, seats: Mutex::default() }))
    }
}

/// A place among the streams, free again when it is dropped.
#[derive(Debug)]
struct Seat {
    live: Live,
    session: i64,
    number: u64,
    /// Somebody else has got the place.
    gone: Arc<Notify>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.live.seats();
        seats.taken = seats.taken.saturating_sub(1);
        if let Some(own) = seats.by_session.get_mut(&self.session) {
            own.retain(|(number, _)| *number != self.number);
            if own.is_empty() {
                seats.by_session.remove(&self.session);
            }
        }
    }
}

impl Live {
    /// Ends all streams: the server is about to stop.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream for one browser, with what happened after `since`; `None` when the process has too many.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stream(&self, desk: &Desk, session: (i64, &str), actor: &Actor, since: i64) -> Result<Option<Stream>> {
        let Some(seat) = self.sit_down(session.0) else { return Ok(None) };
        let (news, closing) = (self.0.news.subscribe(), self.0.closing.subscribe());
        let missed = desk.news(since, &BTreeSet::new()).await?;
        let last = missed.last().map_or(since, |change| change.id);
        let mut quiet = interval(QUIET);
        quiet.reset();
        self.watch(desk);
        Ok(Some(Stream {
            first: Some(format!("retry: 5000\n\n{}", written(actor, missed.iter()).unwrap_or_default())),
            desk: desk.clone(),
            token: session.1.to_owned(),
            actor: actor.clone(),
            news,
            closing,
            quiet,
            last,
            seat,
        }))
    }

    fn sit_down(&self, session: i64) -> Option<Seat> {
        let mut seats = self.seats();
        if seats.taken >= AT_ALL {
            return None;
        }
        seats.taken += 1;
        seats.last += 1;
        let (number, gone) = (seats.last, Arc::new(Notify::new()));
        let own = seats.by_session.entry(session).or_default();
        own.push_back((number, gone.clone()));
        if own.len() > OF_A_SESSION
            && let Some((_, oldest)) = own.pop_front()
        {
            oldest.notify_one();
        }
        drop(seats);
        Some(Seat { live: self.clone(), session, number, gone })
    }

    /// Looks for news as long as somebody listens.
    fn watch(&self, desk: &Desk) {
        if std::mem::replace(&mut self.seats().is_watched, true) {
            return;
        }
        let (live, desk) = (self.clone(), desk.clone());
        tokio::spawn(async move {
            let mut told = Told::default();
            let mut beat = interval(BEAT);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                beat.tick().await;
                if let Err(error) = live.look(&desk, &mut told).await {
                    tracing::warn!(%error, "no news for open pages");
                }
                let mut seats = live.seats();
                if seats.taken == 0 || *live.0.closing.borrow() {
                    seats.is_watched = false;
                    return;
                }
            }
        });
    }

    async fn look(&self, desk: &Desk, told: &mut Told) -> Result<()> {
        if told.top == 0 {
            told.top = desk.newest_event().await?;
        }
        for change in desk.news(told.top - OVERLAP, &told.known).await? {
            told.top = told.top.max(change.id);
            told.known.insert(change.id);
            // Nobody listens: that is no fault.
            let _ = self.0.news.send(Arc::new(change));
        }
        told.known = told.known.split_off(&(told.top - OVERLAP));
        Ok(())
    }
}

/// What has been told already.
#[derive(Debug, Default)]
struct Told {
    top: i64,
    known: BTreeSet<i64>,
}

/// One browser's stream.
#[derive(Debug)]
pub struct Stream {
    first: Option<String>,
    desk: Desk,
    token: String,
    actor: Actor,
    news: broadcast::Receiver<Arc<Change>>,
    closing: watch::Receiver<bool>,
    quiet: tokio::time::Interval,
    /// What came up to here was told at the beginning.
    last: i64,
    seat: Seat,
}

impl Stream {
    /// The next piece of text; `None` at the end: the server stops, or the session has ended.
    pub async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            if *self.closing.borrow() {
                return None;
            }
            tokio::select! {
                _ = self.closing.changed() => return None,
                () = self.seat.gone.notified() => return None,
                _ = self.quiet.tick() => {
                    // Rights may have changed meanwhile, or the session may have been ended elsewhere.
                    self.actor = self.desk.still_signed_in(&self.token).await.ok()??.actor;
                    return Some(":\n\n".to_owned());
                }
                change = self.news.recv() => {
                    let mut changes: Vec<Arc<Change>> = change.into_iter().collect();
                    while let Ok(change) = self.news.try_recv() {
                        changes.push(change);
                    }
                    changes.retain(|change| change.id > self.last);
                    let told = |actor: &Actor| written(actor, changes.iter().map(AsRef::as_ref));
                    if told(&self.actor).is_none() {
                        continue;
                    }
                    // Rights may have been taken a moment ago: nothing is told by those of before.
                    self.actor = self.desk.still_signed_in(&self.token).await.ok()??.actor;
                    if let Some(text) = told(&self.actor) {
                        return Some(text);
                    }
                }
            }
        }
    }
}

/// An event of the stream: numbers of tickets, never their words. `None` when the actor may hear of none.
fn written<'a>(actor: &Actor, changes: impl Iterator<Item = &'a Change>) -> Option<String> {
    let heard: Vec<&Change> = changes.filter(|change| hears(actor, change)).collect();
    let id = heard.iter().map(|change| change.id).max()?;
    let of = |is_new: bool| -> BTreeSet<&str> {
        heard.iter().filter(|change| change.is_new == is_new).map(|change| change.ticket.number.as_str()).collect()
    };
    let new = of(true);
    let moved: Vec<&str> = of(false).difference(&new).copied().collect();
    Some(format!("id: {id}\nevent: tiket\ndata: {}\n\n", json!({"baru": new, "ubah": moved})))
}
