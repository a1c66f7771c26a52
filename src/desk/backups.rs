//! Backups that the installation makes by itself or for somebody, each tested by restoring it into scratch; copying them
//! elsewhere, removing old ones, and telling who runs the house when something is wrong with them.

use crate::desk::backup::{Load, back_up, try_out};
use crate::desk::lease::{LEASE, keeping};
use crate::desk::once::{self, Repeat};
use crate::desk::{Desk, chain};
use crate::domain::backup::{BackupCause, BackupState, last_turn, next_turn, outlived};
use crate::domain::event::ActorLabel;
use crate::domain::managing::may_administer;
use crate::domain::people::{Actor, Role};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::secret::{Digest, new_token};
use crate::store::backups::Backup;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// So often a backup is begun before it is given up.
const TRIES: i64 = 3;
/// The last good backup may be so old before it shows as too old.
const TOO_OLD: Duration = Duration::hours(36);
/// A failed backup of the schedule is tried again after so long, so that a night's fault does not cost a day.
const AGAIN: Duration = Duration::hours(1);

/// Backups as who runs the installation sees them.
#[derive(Debug, Clone)]
pub struct BackupList {
    /// Newest first.
    pub rows: Vec<Backup>,
    /// There are older ones.
    pub more: bool,
    /// How the last good one is.
    pub last: LastBackup,
    /// When the next one is made by itself. UTC.
    pub next_at: Option<DateTime<Utc>>,
}

/// The last good backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastBackup {
    /// It; `None` when there is none.
    pub backup: Option<Backup>,
    /// There is none, or it is older than it should be.
    pub is_too_old: bool,
}

impl Desk {
    /// Asks for a backup now; gives its name. A request sent twice under one key is one backup.
    ///
    /// # Errors
    /// `Denied` for those who do not run the installation.
    pub async fn ask_backup(&self, actor: &Actor, key: Option<&str>) -> Result<String> {
        refuse(actor)?;
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&"backup");
        if let Repeat::Answered(name) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(name);
        }
        let name = self.backup_name(self.now(), &new_token()?[..6]);
        store::backups::ask(&mut tx, &name, BackupCause::Person, Some(actor.account.id), self.now()).await?;
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "backup", &name, self.now(), label, "backup_asked", json!({})).await?;
        once::answer(&mut tx, actor, key, &name).await?;
        tx.commit().await?;
        Ok(name)
    }

    /// Asks that a backup be restored into scratch and checked again.
    ///
    /// # Errors
    /// `Denied`; `NotFound`; `Conflict` when its file is gone.
    pub async fn ask_backup_test(&self, actor: &Actor, name: &str) -> Result<()> {
        refuse(actor)?;
        let mut tx = self.db.write().await?;
        store::backups::by_name(&mut tx, name).await?.ok_or(Error::NotFound("backup"))?;
        if !store::backups::ask_test(&mut tx, name).await? {
            return Err(Error::conflict(Say::new("error-backup-gone")));
        }
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "backup", name, self.now(), label, "backup_test_asked", json!({})).await?;
        tx.commit().await
    }

    /// Backups before the key `before`, newest first.
    ///
    /// # Errors
    /// `Denied` for those who do not run the installation.
    pub async fn backups(&self, actor: &Actor, before: i64, limit: i64) -> Result<BackupList> {
        refuse(actor)?;
        let mut rows = store::backups::list(&mut self.db.glance().await?, before, limit + 1).await?;
        let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_at = self.backups.at.map(|at| next_turn(self.now(), at, self.pack().zone));
        Ok(BackupList { rows, more, last: self.last_backup().await?, next_at })
    }

    /// One backup.
    ///
    /// # Errors
    /// `Denied`; `NotFound`.
    pub async fn backup(&self, actor: &Actor, name: &str) -> Result<Backup> {
        refuse(actor)?;
        store::backups::by_name(&mut self.db.glance().await?, name).await?.ok_or(Error::NotFound("backup"))
    }

    /// How the last good backup is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last_backup(&self) -> Result<LastBackup> {
        let backup = store::backups::kept(&mut self.db.glance().await?).await?.into_iter().next();
        let made = backup.as_ref().and_then(|backup| backup.finished_at);
        Ok(LastBackup { is_too_old: made.is_none_or(|at| self.now() - at > TOO_OLD), backup })
    }

    /// The file of a backup, for somebody to take it away; that he did is noted.
    ///
    /// # Errors
    /// `Denied`; `NotFound`; `Conflict` when the file is not on this node.
    pub async fn fetch_backup(&self, actor: &Actor, name: &str) -> Result<PathBuf> {
        let backup = self.backup(actor, name).await?;
        let file = self.backups.folder.join(&backup.name);
        if backup.state != BackupState::Good.as_str() || !file.is_file() {
            return Err(Error::conflict(Say::new("error-backup-gone")));
        }
        let mut tx = self.db.write().await?;
        let label = ActorLabel::user(actor.account.id);
        let facts = json!({"digest": backup.digest});
        chain::note(&mut tx, "backup", name, self.now(), label, "backup_fetched", facts).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// Makes or tests what waits, one after the other; gives how many. Nodes share the work: one makes each.
    ///
    /// # Errors
    /// The database does not answer; the next round goes on.
    pub async fn run_backups(&self) -> Result<usize> {
        self.plan_backup().await?;
        let mut done = 0;
        while !self.backups.place.stopping.load(Ordering::Relaxed) {
            let now = self.clock.machine();
            let waiting = store::backups::waiting(&mut self.db.glance().await?, now).await?;
            let Some(mut backup) = waiting else { break };
            let mut tx = self.db.write().await?;
            let mine = store::backups::claim(&mut tx, &backup, &self.node, now + LEASE).await?;
            tx.commit().await?;
            if mine {
                backup.lease_no += 1;
                backup.tries += 1;
                self.work_on(backup).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    /// Asks for the backup of today once its time has come. Its name is made of its time, so that nodes ask for one.
    async fn plan_backup(&self) -> Result<()> {
        let Some(at) = self.backups.at else { return Ok(()) };
        let turn = last_turn(self.now(), at, self.pack().zone);
        let newest = store::backups::list(&mut self.db.glance().await?, i64::MAX, 1).await?.pop();
        // Whoever has just been installed waits for his first night.
        let begun = match &newest {
            Some(newest) => newest.asked_at >= turn,
            None => self.now() - turn > AGAIN,
        };
        let again = newest.as_ref().filter(|it| it.state == BackupState::Failed.as_str());
        let again = again.and_then(|it| it.finished_at).filter(|at| self.now() - *at >= AGAIN);
        let Some(at) = (if begun { again.map(|at| at + AGAIN) } else { Some(turn) }) else { return Ok(()) };
        let mut tx = self.db.write().await?;
        let name = self.backup_name(at, "harian");
        store::backups::ask(&mut tx, &name, BackupCause::Schedule, None, self.now()).await?;
        tx.commit().await
    }

    /// Works on a backup that is ours, and says so all the while.
    async fn work_on(&self, backup: Backup) -> Result<()> {
        let (id, lease_no) = (backup.id, backup.lease_no);
        let desk = self.clone();
        // Packing and encrypting would hold up the threads that answer people.
        let work = tokio::task::spawn_blocking(move || {
            let handle = tokio::runtime::Handle::current();
            handle.block_on(async {
                if backup.test_asked { desk.test_again(backup).await } else { desk.make(backup).await }
            })
        });
        let keep = || async {
            let mut tx = self.db.write().await?;
            store::backups::renew(&mut tx, id, lease_no, self.clock.machine() + LEASE).await?;
            tx.commit().await
        };
        keeping(work, keep).await.map_err(|error| Error::Internal(error.into()))?
    }

    async fn make(&self, mut backup: Backup) -> Result<()> {
        let (settings, file) = (&self.backups, self.backups.folder.join(&backup.name));
        let made = async {
            if backup.tries > TRIES {
                return Err(Error::internal("its node died each time it was begun"));
            }
            std::fs::create_dir_all(&settings.folder)?;
            // What a node left that died before it could say that it was done.
            if file.exists() {
                std::fs::remove_file(&file)?;
            }
            let load = back_up(&self.db, &settings.place, &file, self.now()).await?;
            Ok::<_, Error>((load, digest(&file)?))
        };
        let outcome = made.await;
        if settings.place.stopping.load(Ordering::Relaxed) && outcome.is_err() {
            // Another node goes on, or this one after its start.
            return Ok(());
        }
        backup.locked = settings.place.lock.closes();
        match outcome {
            Ok((load, (bytes, digest))) => {
                took(&mut backup, &load, bytes, digest);
                backup.tested_at = Some(self.now());
                backup.test_problem = load.altered.as_ref().map(|place| say("backup-altered", place));
                backup.state = BackupState::Good.as_str().to_owned();
                self.copy(&mut backup, &file);
            }
            Err(error) => {
                backup.state = BackupState::Failed.as_str().to_owned();
                backup.problem = Some(words(&error));
            }
        }
        backup.finished_at = Some(self.now());
        self.settle_backup(&backup, "backup_made").await?;
        self.remove_old_backups().await
    }

    async fn test_again(&self, mut backup: Backup) -> Result<()> {
        let file = self.backups.folder.join(&backup.name);
        let outcome = async {
            let (_, found) = digest(&file)?;
            if backup.digest.as_ref().is_some_and(|made| *made != found) {
                return Err(Error::field("file", Say::new("backup-other-bytes")));
            }
            try_out(&file, &self.backups.place).await
        };
        let problem = match outcome.await {
            Err(_) if self.backups.place.stopping.load(Ordering::Relaxed) => return Ok(()),
            Ok((_, altered)) => altered.map(|place| say("backup-altered", &place)),
            Err(error) => Some(words(&error)),
        };
        (backup.test_asked, backup.tested_at, backup.test_problem) = (false, Some(self.now()), problem);
        self.settle_backup(&backup, "backup_tested").await
    }

    /// Keeps the outcome with its event, and tells who runs the house when something is wrong.
    async fn settle_backup(&self, backup: &Backup, kind: &'static str) -> Result<()> {
        let mut tx = self.db.write().await?;
        if !store::backups::settle(&mut tx, backup).await? {
            return Ok(());
        }
        let kind = if backup.state == BackupState::Failed.as_str() { "backup_failed" } else { kind };
        chain::note(&mut tx, "backup", &backup.name, self.now(), ActorLabel::clock(), kind, facts(backup)).await?;
        let problems = [&backup.problem, &backup.test_problem, &backup.copy_problem];
        let found: Vec<&str> = problems.iter().filter_map(|problem| problem.as_deref()).collect();
        if !found.is_empty() {
            self.mail_backup_problem(&mut tx, backup, &found).await?;
        }
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    async fn mail_backup_problem(&self, tx: &mut Tx, backup: &Backup, problems: &[&str]) -> Result<()> {
        let cause = new_token()?;
        for person in store::people::holders(tx, Role::SystemAdmin, "").await? {
            let mail = self.composer.write(&Outgoing {
                key: format!("backup-failed:{cause}:{}", person.id),
                template: "backup_failed",
                language: Language::Indonesian,
                to: &person.email,
                to_name: &person.name,
                context: json!({
                    "name": person.name,
                    "file": backup.name,
                    "at": self.words(Language::Indonesian, self.now()),
                    "is_there": backup.state == BackupState::Good.as_str(),
                    "problems": problems,
                    "url": format!("{}/kerja/cadangan", self.public_url),
                }),
                ..Outgoing::automatic(self.now())
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }

    /// Copies a finished backup to the second folder and reads it back; a copy that fails does not spoil the backup.
    fn copy(&self, backup: &mut Backup, file: &Path) {
        let Some(folder) = &self.backups.copy_to else { return };
        let copied = || -> Result<()> {
            std::fs::create_dir_all(folder)?;
            let (partial, to) = (folder.join(format!("{}.partial", backup.name)), folder.join(&backup.name));
            std::fs::copy(file, &partial)?;
            std::fs::File::open(&partial)?.sync_all()?;
            if Some(digest(&partial)?.1) != backup.digest {
                return Err(Error::field("file", Say::new("backup-other-bytes")));
            }
            std::fs::rename(&partial, &to)?;
            std::fs::File::open(folder)?.sync_all()?;
            Ok(())
        };
        match copied() {
            Ok(()) => (backup.copied_at, backup.copy_problem) = (Some(self.now()), None),
            Err(error) => backup.copy_problem = Some(format!("{}: {}", folder.display(), words(&error))),
        }
    }

    /// Removes the files of backups that need not be kept, here and in the second folder.
    async fn remove_old_backups(&self) -> Result<()> {
        let kept = store::backups::kept(&mut self.db.glance().await?).await?;
        // What was altered before it was backed up proves something; and what failed its test is no reason to let go
        // of what passed it.
        let dated: Vec<(i64, DateTime<Utc>)> = kept
            .iter()
            .filter(|it| it.test_problem.is_none())
            .filter_map(|it| Some((it.id, it.finished_at?)))
            .collect();
        let over = outlived(&dated, self.pack().zone, self.backups.keep, self.backups.keep_months);
        for backup in kept.iter().filter(|it| over.contains(&it.id)) {
            let folders = [Some(&self.backups.folder), self.backups.copy_to.as_ref()];
            for file in folders.into_iter().flatten().map(|folder| folder.join(&backup.name)) {
                if file.exists() {
                    std::fs::remove_file(&file)?;
                }
            }
            let mut tx = self.db.write().await?;
            store::backups::removed(&mut tx, backup.id, self.now()).await?;
            let (label, facts) = (ActorLabel::policy(), json!({"digest": backup.digest}));
            chain::note(&mut tx, "backup", &backup.name, self.now(), label, "backup_removed", facts).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    fn backup_name(&self, at: DateTime<Utc>, end: &str) -> String {
        let local = at.with_timezone(&self.pack().zone).format("%Y%m%d-%H%M%S");
        let age = if self.backups.place.lock.closes() { ".age" } else { "" };
        format!("cadangan-{local}-{end}.meja{age}")
    }
}

fn refuse(actor: &Actor) -> Result<()> {
    if may_administer(actor) { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}

fn took(backup: &mut Backup, load: &Load, bytes: i64, digest: String) {
    let count = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    backup.bytes = Some(bytes);
    backup.digest = Some(digest);
    (backup.row_count, backup.tickets) = (count(load.rows), count(load.tickets));
    (backup.file_count, backup.missing) = (count(load.files), count(load.missing.len() as u64));
    backup.problem = None;
}

fn facts(backup: &Backup) -> Value {
    json!({"digest": backup.digest, "bytes": backup.bytes, "rows": backup.row_count, "tickets": backup.tickets,
        "files": backup.file_count, "missing": backup.missing, "locked": backup.locked, "node": backup.node,
        "problem": backup.problem, "test_problem": backup.test_problem, "copied": backup.copied_at.is_some(),
        "copy_problem": backup.copy_problem})
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> Result<(i64, String)> {
    let mut file = std::fs::File::open(path)?;
    let (mut digest, mut buffer, mut bytes) = (Digest::default(), vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, digest.hex()));
        }
        digest.add(&buffer[..read]);
        bytes += i64::try_from(read).unwrap_or_default();
    }
}

fn say(key: &'static str, place: &str) -> String {
    text::say(Language::Indonesian, &Say::new(key).with("place", place))
}

/// What went wrong, for who runs the installation.
fn words(error: &Error) -> String {
    match error {
        Error::Invalid(bad) => {
            bad.iter().map(|bad| text::say(Language::Indonesian, &bad.say)).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}
