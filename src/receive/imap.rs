//! Mail from mailboxes on IMAP servers.
//!
//! Each mailbox is read by one node at a time, which holds a lease. What was read is known by the server's numbers
//! (UID under UIDVALIDITY), never by a flag that other programs change; the number moves in the same transaction that
//! makes a message durable. Where numbers begin anew, what was taken before is recognised by its digest.

use crate::config::mail::{First, Mailbox, Security};
use crate::desk::Desk;
use crate::desk::lease::{BEAT, keeping};
use crate::desk::mailboxes::{Taken, Takes};
use crate::error::{Error, Result};
use crate::receive::imap_line::{Allowance, Line};
use crate::secret::sha256;
use async_imap::types::Fetch;
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often and how patiently a mailbox is read.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The longest wait for news before looking anyway, with a server that tells them and with one that does not.
    pub look: Duration,
    /// The longest a server may take for one answer.
    pub patience: Duration,
    /// Pause after the first failure; it doubles with each.
    pub first_pause: Duration,
    /// And never gets longer than this.
    pub longest_pause: Duration,
    /// Makes the pauses of many nodes differ.
    pub seed: String,
}

impl Pace {
    /// The usual one.
    pub const fn usual(seed: String) -> Self {
        Self {
            look: Duration::from_secs(25),
            patience: Duration::from_secs(60),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
            seed,
        }
    }

    /// How long to wait after the n-th failure in a row: between half and the whole of a doubling pause.
    pub fn pause(&self, failures: u32) -> Duration {
        let whole = self.first_pause.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(20)));
        let whole = whole.min(self.longest_pause);
        let chance = u32::from_str_radix(&sha256(format!("{}\n{failures}", self.seed))[..4], 16).unwrap_or(0);
        whole / 2 + whole / 2 * chance / 0xffff
    }
}

/// Bytes of a fetch that goes beyond the messages themselves.
const AROUND: usize = 256 * 1024;
/// Bytes of messages fetched together.
const TOGETHER: usize = 4 * 1024 * 1024;
/// Messages fetched together.
const AT_ONCE: usize = 50;
/// A message that its server fails to hand over so often is passed over, visibly.
const MOST_TRIES: u32 = 3;

/// The message at which it went wrong last, and how often.
#[derive(Debug, Default)]
struct Trouble {
    uid: u32,
    times: u32,
}

/// Reads a mailbox until `stop` says so.
pub async fn run(desk: Desk, mailbox: Mailbox, pace: Pace, mut stop: watch::Receiver<bool>) {
    let (mut failures, mut trouble) = (0_u32, Trouble::default());
    while !*stop.borrow() {
        let lease = match desk.take_mailbox(&mailbox.name()).await {
            Ok(Some(lease)) => lease,
            other => {
                if let Err(error) = other {
                    tracing::warn!(%error, mailbox = mailbox.name(), "IMAP: the mailbox could not be claimed");
                }
                // Another node reads it; should it die, its mails do not wait for long.
                pass(pace.look.min(BEAT), &mut stop).await;
                continue;
            }
        };
        let mut visit = Visit { desk: &desk, mailbox: &mailbox, pace: &pace, takes: lease, trouble: &mut trouble };
        let taken_before = visit.takes.taken;
        let holds = visit.takes.holds();
        let ended = keeping(visit.run(&mut stop), || desk.hold_mailbox(&holds)).await;
        let came_further = visit.takes.taken > taken_before;
        let takes = visit.takes;
        let problem = ended.err().map(|error| error_words(&error));
        if let Err(error) = desk.leave_mailbox(&takes, problem.as_deref()).await {
            tracing::warn!(%error, mailbox = mailbox.name(), "IMAP: the mailbox could not be let go of");
        }
        let Some(problem) = problem else { return };
        failures = if came_further { 1 } else { failures.saturating_add(1) };
        let wait = pace.pause(failures);
        tracing::warn!(problem, failures, ?wait, mailbox = mailbox.name(), "IMAP: the connection ended");
        pass(wait, &mut stop).await;
    }
}

/// Waits, but not when it is time to stop.
async fn pass(wait: Duration, stop: &mut watch::Receiver<bool>) {
    tokio::select! { () = sleep(wait) => {}, _ = stop.wait_for(|stop| *stop) => {} }
}

/// What went wrong, in the other side's words and without the house's own around them.
fn error_words(error: &Error) -> String {
    let words = match error {
        Error::Unavailable(cause) | Error::Internal(cause) => cause.to_string(),
        other => other.to_string(),
    };
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}

/// One connection to the server.
struct Visit<'a> {
    desk: &'a Desk,
    mailbox: &'a Mailbox,
    pace: &'a Pace,
    takes: Takes,
    trouble: &'a mut Trouble,
}

type Open = Session<Line>;

impl Visit<'_> {
    async fn run(&mut self, stop: &mut watch::Receiver<bool>) -> Result<()> {
        let (mut session, allowed) = in_time(self.pace.patience, "signing in", self.enter()).await?;
        let tells = in_time(self.pace.patience, "CAPABILITY", async {
            Ok(session.capabilities().await.map_err(said)?.has_str("IDLE"))
        });
        let tells = tells.await?;
        allowed.set(AROUND);
        in_time(self.pace.patience, "SELECT", Self::select(&mut session, self.mailbox, self.desk, &mut self.takes))
            .await?;
        while !*stop.borrow() {
            self.take_new(&mut session, &allowed).await?;
            while session.unsolicited_responses.try_recv().is_ok() {}
            if !self.desk.keep_mailbox(&self.takes).await? {
                return Err(lost());
            }
            allowed.set(AROUND);
            if tells {
                session = self.wait_for_news(session, stop).await?;
            } else {
                pass(self.pace.look, stop).await;
                in_time(self.pace.patience, "NOOP", async { session.noop().await.map_err(said) }).await?;
            }
        }
        let _ = timeout(Duration::from_secs(2), session.logout()).await;
        Ok(())
    }

    /// Connects and signs in.
    async fn enter(&self) -> Result<(Open, Allowance)> {
        let ca_file = self.desk.ways.ca_file.as_deref();
        let (line, allowed) = Line::connect(self.mailbox, ca_file).await?;
        let mut client = Client::new(line);
        client.read_response().await?.ok_or_else(|| unavailable("the server hung up at once"))?;
        if self.mailbox.security == Security::StartTls {
            client.run_command_and_check_ok("STARTTLS", None).await.map_err(said)?;
            client = Client::new(client.into_inner().encrypt(self.mailbox, ca_file).await?);
        }
        let password = match &self.mailbox.password_file {
            Some(file) if self.mailbox.password.is_empty() => {
                let read = tokio::fs::read_to_string(file).await;
                let text = read.map_err(|error| unavailable(&format!("{}: {error}", file.display())))?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            _ => self.mailbox.password.clone(),
        };
        let session = client.login(&self.mailbox.user, &password).await.map_err(|(error, _)| said(error))?;
        Ok((session, allowed))
    }

    /// Opens the folder and finds the place where reading goes on.
    async fn select(session: &mut Open, mailbox: &Mailbox, desk: &Desk, takes: &mut Takes) -> Result<()> {
        let opened = session.select(&mailbox.folder).await.map_err(said)?;
        let validity =
            opened.uid_validity.ok_or_else(|| unavailable("the server gives messages no lasting numbers"))?;
        if takes.uid_validity == i64::from(validity) {
            return Ok(());
        }
        let mut behind = 0;
        if desk.ways.first == First::New {
            // Numbers that begin anew do not make old mail new; a day more is recognised by its digest.
            let old = match takes.seen_at {
                Some(seen_at) if takes.uid_validity != 0 => {
                    let day = (seen_at - chrono::Duration::days(1)).format("%d-%b-%Y");
                    session.uid_search(format!("SINCE {day}")).await.map_err(said)?.into_iter().min()
                }
                _ => None,
            };
            behind = old.or(opened.uid_next).map_or(0, |first| first.saturating_sub(1));
        }
        tracing::info!(mailbox = mailbox.name(), validity, behind, "IMAP: a new numbering of the mailbox begins");
        if !desk.renumber_mailbox(takes, i64::from(validity), i64::from(behind)).await? {
            return Err(lost());
        }
        Ok(())
    }

    /// Takes in everything behind the last message that was taken.
    async fn take_new(&mut self, session: &mut Open, allowed: &Allowance) -> Result<()> {
        let last = u32::try_from(self.takes.last_uid).unwrap_or(u32::MAX);
        allowed.set(64 * 1024 * 1024);
        let found = in_time(self.pace.patience, "SEARCH", async {
            session.uid_search(format!("UID {}:*", last.saturating_add(1))).await.map_err(said)
        });
        // `n:*` names the last message even when it stands before n.
        let mut uids: Vec<u32> = found.await?.into_iter().filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        for chunk in uids.chunks(500) {
            let mut sizes = self.sizes(session, allowed, chunk).await?;
            let kept_back = self.kept_back(session, allowed, chunk, &sizes).await?;
            sizes.retain(|(uid, _)| kept_back.is_none_or(|kept_back| *uid < kept_back));
            let mut rest = sizes.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(self.together(rest));
                if let Err(error) = self.take(session, allowed, now).await {
                    return self.stumbled(now, error).await;
                }
                rest = later;
            }
            if let Some(uid) = kept_back {
                let error = unavailable(&format!("FETCH: the server lists message {uid} and does not hand it over"));
                return self.stumbled(&[(uid, 0)], error).await;
            }
        }
        Ok(())
    }

    /// Numbers and sizes of messages that are still there, in order.
    async fn sizes(&self, session: &mut Open, allowed: &Allowance, uids: &[u32]) -> Result<Vec<(u32, usize)>> {
        allowed.set(AROUND + uids.len() * 400);
        let fetched = self.fetch(session, uids, "(UID RFC822.SIZE)").await?;
        let size = |mail: &Fetch| Some((mail.uid?, mail.size? as usize));
        let mut sizes: Vec<_> = fetched.iter().filter_map(size).filter(|(uid, _)| uids.contains(uid)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        Ok(sizes)
    }

    /// The first of these messages that the server says nothing of although it is still there. Whoever removes a message
    /// meanwhile is no fault of the server; passing over one that lies there would lose it.
    async fn kept_back(
        &self,
        session: &mut Open,
        allowed: &Allowance,
        uids: &[u32],
        told: &[(u32, usize)],
    ) -> Result<Option<u32>> {
        let missing: Vec<u32> =
            uids.iter().copied().filter(|uid| !told.iter().any(|(known, _)| known == uid)).collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let set = missing.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        allowed.set(AROUND + missing.len() * 16);
        let still = in_time(self.pace.patience, "SEARCH", async {
            session.uid_search(format!("UID {set}")).await.map_err(said)
        });
        let still = still.await?;
        Ok(missing.into_iter().find(|uid| still.contains(uid)))
    }

    /// How many of the next messages are fetched together.
    fn together(&self, sizes: &[(u32, usize)]) -> usize {
        if self.trouble.times > 0 {
            return 1;
        }
        let mut bytes = 0;
        let fits = |(_, size): &&(u32, usize)| {
            bytes += size;
            bytes <= TOGETHER
        };
        sizes.iter().take(AT_ONCE).take_while(fits).count().max(1)
    }

    async fn take(&mut self, session: &mut Open, allowed: &Allowance, mails: &[(u32, usize)]) -> Result<()> {
        let largest = self.desk.ways.largest;
        let too_large = mails.iter().any(|(_, size)| *size > largest);
        if too_large && mails.len() > 1 {
            for mail in mails {
                Box::pin(self.take(session, allowed, &[*mail])).await?;
            }
            return Ok(());
        }
        let bytes: usize = mails.iter().map(|(_, size)| size).sum();
        allowed.set(if too_large { 4 * 1024 * 1024 } else { AROUND + bytes + bytes / 4 });
        let what = if too_large { "(UID BODY.PEEK[HEADER])" } else { "(UID BODY.PEEK[])" };
        let uids: Vec<u32> = mails.iter().map(|(uid, _)| *uid).collect();
        let fetched = self.fetch(session, &uids, what).await?;
        for uid in uids {
            let Some(raw) = text_of(&fetched, uid, too_large) else {
                // Nothing behind it is taken before it is known whether it is gone: the cursor would pass it by.
                if self.kept_back(session, allowed, &[uid], &[]).await?.is_some() {
                    return Err(unavailable(&format!("FETCH: the server hands message {uid} over without its text")));
                }
                continue;
            };
            let cause = too_large.then_some("too_large");
            self.keep(uid, raw, cause).await?;
            self.put_away(session, uid).await;
        }
        *self.trouble = Trouble::default();
        Ok(())
    }

    /// Makes a message durable together with its number.
    async fn keep(&mut self, uid: u32, raw: &[u8], cause: Option<&'static str>) -> Result<()> {
        let taken = Taken { uid: i64::from(uid), raw, mailbox: &self.mailbox.address, sender: return_path(raw), cause };
        if !self.desk.receive_from_mailbox(&mut self.takes, &taken).await? {
            return Err(lost());
        }
        tracing::info!(mailbox = self.mailbox.name(), uid, bytes = raw.len(), "IMAP: a mail was taken in");
        Ok(())
    }

    /// Moves a message that was taken in out of the way. That is tidiness, no more: it is not read again in any case.
    async fn put_away(&self, session: &mut Open, uid: u32) {
        let Some(folder) = &self.mailbox.move_to else { return };
        let moved = in_time(self.pace.patience, "MOVE", async {
            if session.uid_mv(uid.to_string(), folder).await.is_ok() {
                return Ok(());
            }
            // A server without MOVE, or one without the folder.
            let _ = session.create(folder).await;
            session.uid_copy(uid.to_string(), folder).await.map_err(said)?;
            let flagged = session.uid_store(uid.to_string(), "+FLAGS.SILENT (\\Deleted)").await.map_err(said)?;
            flagged.try_collect::<Vec<_>>().await.map_err(said)?;
            let gone = session.uid_expunge(uid.to_string()).await.map_err(said)?;
            gone.try_collect::<Vec<_>>().await.map_err(said)?;
            Ok(())
        });
        if let Err(error) = moved.await {
            tracing::warn!(%error, uid, folder, mailbox = self.mailbox.name(), "IMAP: a mail was not moved");
        }
    }

    /// Counts the failure at a message; after some the server's refusal is put where people see it, and the others go on.
    async fn stumbled(&mut self, mails: &[(u32, usize)], error: Error) -> Result<()> {
        let uid = mails.first().map_or(0, |mail| mail.0);
        let again = self.trouble.uid == uid;
        *self.trouble = Trouble { uid, times: if again { self.trouble.times + 1 } else { 1 } };
        if self.trouble.times > MOST_TRIES && mails.len() == 1 {
            tracing::error!(%error, uid, mailbox = self.mailbox.name(), "IMAP: the server does not hand a mail over");
            let note = format!(
                "X-Meja-Mailbox: {}\r\nX-Meja-UID: {} {uid}\r\n\r\n{}\r\n",
                self.mailbox.name(),
                self.takes.uid_validity,
                error_words(&error)
            );
            self.keep(uid, note.as_bytes(), Some("server_refused")).await?;
            *self.trouble = Trouble::default();
        }
        Err(error)
    }

    /// Waits until the server tells of something, for as long as may be.
    async fn wait_for_news(&self, session: Open, stop: &mut watch::Receiver<bool>) -> Result<Open> {
        let mut idle = session.idle();
        in_time(self.pace.patience, "IDLE", async { idle.init().await.map_err(said) }).await?;
        {
            let (news, _interrupt) = idle.wait_with_timeout(self.pace.look);
            tokio::select! {
                news = news => { news.map_err(said)?; }
                // A server that says "still here" for ever must not keep us from looking.
                () = sleep(self.pace.look * 2) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        in_time(self.pace.patience, "DONE", async { idle.done().await.map_err(said) }).await
    }

    async fn fetch(&self, session: &mut Open, uids: &[u32], what: &str) -> Result<Vec<Fetch>> {
        let set = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        in_time(self.pace.patience, "FETCH", async {
            session.uid_fetch(set, what).await.map_err(said)?.try_collect::<Vec<_>>().await.map_err(said)
        })
        .await
    }
}

/// What was handed over of a message: its head, or all of it.
fn text_of(fetched: &[Fetch], uid: u32, only_head: bool) -> Option<&[u8]> {
    let mut own = fetched.iter().filter(|mail| mail.uid == Some(uid));
    own.find_map(|mail| if only_head { mail.header() } else { mail.body() })
}

async fn in_time<T>(patience: Duration, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    match timeout(patience, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(unavailable(&format!("{what}: no answer in {} s", patience.as_secs()))),
    }
}

/// Another node has taken the mailbox; what is done must not count.
fn lost() -> Error {
    unavailable("another node reads the mailbox now")
}

fn unavailable(words: &str) -> Error {
    Error::Unavailable(words.to_owned().into())
}

fn said(error: async_imap::error::Error) -> Error {
    Error::Unavailable(error.into())
}

/// The envelope sender, as the server that put the message into the mailbox wrote it above everything else; empty when
/// it did not. What stands below the first `Received` anybody may have written.
fn return_path(raw: &[u8]) -> &str {
    for line in raw.split(|byte| *byte == b'\n').take(20) {
        let Ok(line) = std::str::from_utf8(line) else { return "" };
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("return-path") {
            let address = value.trim();
            return if address == "<>" { address } else { address.trim_matches(['<', '>']) };
        }
        if name.eq_ignore_ascii_case("received") {
            return "";
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_believed_only_where_the_server_wrote_it() {
        let path = |text: &str| return_path(text.as_bytes()).to_owned();
        assert_eq!(path("Return-Path: <a@b.test>\r\nDelivered-To: x\r\nReceived: y\r\n\r\n"), "a@b.test");
        assert_eq!(path("Delivered-To: x\r\nReturn-Path: <>\r\n"), "<>");
        assert_eq!(path("Received: y\r\nReturn-Path: <forged@b.test>\r\n\r\n"), "");
        assert_eq!(path("From: a@b.test\r\n\r\nisi"), "");
    }

    #[test]
    fn pauses_grow_to_a_limit_and_differ_between_nodes() {
        let pace = |seed: &str| Pace::usual(seed.to_owned());
        let pauses: Vec<Duration> = (1..15).map(|failures| pace("a").pause(failures)).collect();
        assert!(pauses[0] >= Duration::from_millis(500) && pauses[0] <= Duration::from_secs(1), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(300)), "{pauses:?}");
        assert!(pauses[13] >= Duration::from_secs(150), "{pauses:?}");
        assert_ne!(pace("a").pause(9), pace("b").pause(9));
        assert_eq!(pace("a").pause(9), pace("a").pause(9));
    }
}
