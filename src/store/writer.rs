//! The one writer of the embedded database, with group commit.
//!
//! SQLite lets one connection write, and a durable commit waits for the disk. So use-cases take turns
//! on one connection, each inside a savepoint; whoever has finished queues for the connection again,
//! behind those already waiting, and commits for all who finished before. Nobody is told "done" before
//! that commit: a fair queue is all the grouping needs.

use crate::error::{Error, Result};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, QueryBuilder, SqlSafeStr as _, SqlStr, Sqlite, SqliteConnection,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// Hands out turns on the writing connection. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    connection: SqliteConnection,
    /// A transaction is open with work of use-cases that wait for its commit.
    open: bool,
    /// A use-case has opened its savepoint and not ended well yet; when it is gone without a word, what it did
    /// must be undone before the next begins.
    abandoned: bool,
    /// How many use-cases the open transaction holds.
    waiting: usize,
    /// Tells the fate of the open transaction.
    fate: watch::Sender<Option<Result<(), ()>>>,
}

/// One use-case's turn on the writing connection; dropping it undoes what was done in it.
pub struct Turn {
    /// Held until the use-case has ended one way or the other.
    held: Option<OwnedMutexGuard<State>>,
    /// Its savepoint is still to be opened: that goes with the first statement, not in an errand of its own.
    unopened: bool,
    /// Statements whose answers nobody needs, to be done in one errand. Their placeholders are nameless, so
    /// that the values of one follow those of the one before.
    queued: Option<QueryBuilder<Sqlite>>,
}

/// Longest group: bounds what one failing commit takes back.
const GROUP: usize = 64;

/// Opens a use-case's part of the group's transaction.
const SAVEPOINT: &str = "savepoint use_case";
/// Ends it well.
const RELEASE: &str = "release use_case";

/// Opens the database file with its readers and its writer.
pub(super) async fn open(path: &str) -> Result<(SqlitePool, Writer)> {
    let file = path.split('?').next().unwrap_or(path);
    if let Some(folder) = std::path::Path::new(file).parent() {
        std::fs::create_dir_all(folder)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL would lose committed work when the power fails.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Twice what there are: each may come with a savepoint before it.
        .statement_cache_capacity(400)
        // Folding the log into the file waits for the disk too: less often, 16 MB at a time.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", "-16000")
        .busy_timeout(Duration::from_secs(15));
    // What a savepoint would need to go back is kept in memory: a use-case touches dozens of pages, and each would be
    // written to a temporary file first. Sorting for readers stays in files.
    let connection = SqliteConnection::connect_with(&options.clone().pragma("temp_store", "memory")).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(8)
        // A file does not hang up; asking each time would only cost.
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(15))
        .connect_with(options)
        .await?;
    let state = State { connection, open: false, abandoned: false, waiting: 0, fate: watch::channel(None).0 };
    Ok((readers, Writer(Arc::new(Mutex::new(state)))))
}

impl Writer {
    /// Waits for the connection and begins a use-case on it.
    pub(super) async fn turn(&self) -> Result<Turn> {
        let mut state = Arc::clone(&self.0).lock_owned().await;
        if state.open && !state.abandoned {
            return Ok(Turn { held: Some(state), unopened: true, queued: None });
        }
        // In a task of its own: a caller that goes away must not leave a statement whose outcome nobody noted.
        let began = tokio::spawn(async move {
            match state.begin().await {
                Ok(()) => Ok(Turn { held: Some(state), unopened: true, queued: None }),
                Err(error) => {
                    state.close_if_empty().await;
                    Err(error)
                }
            }
        });
        began.await.map_err(|error| Error::Unavailable(error.into()))?
    }

    pub(super) async fn migrate(&self, migrator: &Migrator) -> Result<()> {
        let mut state = self.0.lock().await;
        migrator.run(&mut state.connection).await.map_err(|error| Error::Internal(error.into()))
    }

    pub(super) async fn migrate_to(&self, migrator: &Migrator, version: i64) -> Result<()> {
        let mut state = self.0.lock().await;
        migrator.run_to(version, &mut state.connection).await.map_err(|error| Error::Internal(error.into()))
    }

    /// Commits what waits and folds the log into the file.
    pub(super) async fn close(&self) {
        let mut state = self.0.lock().await;
        let tidy = state.tidy().await;
        if tidy.is_ok() && state.open {
            state.commit_group().await;
        }
        // Only shortens the next start; the log is replayed otherwise.
        if let Err(error) = state.connection.execute("pragma wal_checkpoint(truncate)").await {
            tracing::debug!(%error, "the log was not folded into the database file");
        }
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Turn")
    }
}

impl Turn {
    /// The connection, after everything that was queued has been done, in the turn's savepoint.
    pub(super) async fn flushed(&mut self) -> Result<&mut SqliteConnection> {
        if self.unopened {
            self.queue();
        }
        let queued = self.queued.take();
        let state = self.state();
        if let Some(mut queued) = queued {
            state.abandoned = true;
            queued.build().execute(&mut state.connection).await?;
        }
        Ok(&mut state.connection)
    }

    /// As [`Turn::flushed`], for a statement that asks for rows: it takes the opening of the savepoint along.
    /// (A statement whose changed rows are counted cannot: SQLite would count those of the one before again.)
    pub(super) async fn asked(&mut self, text: &'static str) -> Result<(&mut SqliteConnection, SqlStr)> {
        if !std::mem::take(&mut self.unopened) {
            return Ok((self.flushed().await?, text.into_sql_str()));
        }
        let state = self.state();
        state.abandoned = true;
        Ok((&mut state.connection, AssertSqlSafe(format!("{SAVEPOINT};\n{text}")).into_sql_str()))
    }

    /// The queue, ready for one more statement. The opening of the savepoint is its first.
    pub(super) fn queue(&mut self) -> &mut QueryBuilder<Sqlite> {
        let opens = std::mem::take(&mut self.unopened);
        let queued = self.queued.get_or_insert_with(|| QueryBuilder::new(""));
        if opens {
            queued.push(SAVEPOINT);
        }
        if !queued.sql().as_str().is_empty() {
            queued.push(";\n");
        }
        queued
    }

    fn state(&mut self) -> &mut State {
        self.held.as_mut().expect("a turn holds the connection until it ends")
    }

    /// Ends the use-case and waits until it is on disk.
    pub(super) async fn commit(self) -> Result<()> {
        // In a task of its own: a caller that goes away must not leave the group without its commit.
        tokio::spawn(self.commit_in_turn()).await.map_err(|error| Error::Unavailable(error.into()))?
    }

    /// Joins the group, queues behind those who already wait for the connection, then commits for everyone in
    /// the group, unless somebody has done so meanwhile.
    async fn commit_in_turn(mut self) -> Result<()> {
        if !self.unopened {
            // With the last of what was put off, one errand. A released savepoint can no longer be undone by
            // mistake; the group's commit keeps it.
            self.queue().push(RELEASE);
            self.flushed().await?;
        }
        let mut state = self.held.take().expect("a turn ends once");
        state.abandoned = false;
        state.waiting += 1;
        let mut fate = state.fate.subscribe();
        if state.waiting >= GROUP {
            state.commit_group().await;
        } else {
            let writer = OwnedMutexGuard::mutex(&state).clone();
            drop(state);
            let mut state = writer.lock_owned().await;
            if fate.borrow().is_none() {
                state.commit_if_tidy().await;
            }
        }
        let told = *fate.wait_for(Option::is_some).await.map_err(|error| Error::Unavailable(error.into()))?;
        told.unwrap_or(Err(())).map_err(|()| Error::Unavailable("the change could not be made durable".into()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(state) = self.held.take() else { return };
        let writer = OwnedMutexGuard::mutex(&state).clone();
        drop(state);
        // The transaction must not stay open when nobody else is in it: other processes wait for the file.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { writer.lock_owned().await.close_if_empty().await });
        }
    }
}

impl State {
    /// Makes ready for a use-case, in the open transaction or a new one.
    async fn begin(&mut self) -> Result<()> {
        if self.tidy().await.is_err() {
            // SQLite ended the transaction by itself (a full disk): those who wait in it must hear of it.
            self.fail_group().await;
        }
        if !self.open {
            self.connection.execute("begin immediate").await?;
            self.open = true;
            self.fate = watch::channel(None).0;
        }
        Ok(())
    }

    /// Undoes the savepoint of a use-case that was dropped half-way.
    async fn tidy(&mut self) -> Result<()> {
        if self.abandoned {
            self.connection.execute("rollback to use_case").await?;
            self.connection.execute(RELEASE).await?;
            self.abandoned = false;
        }
        Ok(())
    }

    async fn commit_if_tidy(&mut self) {
        match self.tidy().await {
            Ok(()) => self.commit_group().await,
            Err(error) => {
                tracing::error!(%error, "the writer could not undo a half-done change");
                self.fail_group().await;
            }
        }
    }

    /// Ends a transaction that holds nobody's work.
    async fn close_if_empty(&mut self) {
        let tidy = self.tidy().await;
        if self.open && (tidy.is_err() || self.waiting == 0) {
            self.fail_group().await;
        }
    }

    /// Commits the group and tells everyone in it.
    async fn commit_group(&mut self) {
        match self.connection.execute("commit").await {
            Ok(_) => self.settle(Ok(())),
            Err(error) => {
                tracing::error!(%error, "a group of changes could not be made durable");
                self.fail_group().await;
            }
        }
    }

    async fn fail_group(&mut self) {
        // Fails when SQLite has already rolled back by itself; either way nothing is left open.
        if let Err(error) = self.connection.execute("rollback").await {
            tracing::debug!(%error, "rollback after a failed commit");
        }
        self.abandoned = false;
        self.settle(Err(()));
    }

    fn settle(&mut self, fate: Result<(), ()>) {
        self.open = false;
        self.waiting = 0;
        self.fate.send_replace(Some(fate));
    }
}
