//! Memory: every line of SQL of the house, and nothing else.
//!
//! For: keeping domain types in SQLite (embedded) or PostgreSQL (several nodes). Each statement stands
//! once, in the function that needs it, and runs natively on both through [`sql!`].
//! May use: `domain`, `error`. Decides nothing: it loads and saves what `desk` tells it.
//! To add a function: write it in the file of its noun, taking `&mut Tx`; write its test in
//! `tests/store/` (a check fails for a function that has none).
//!
//! Rules for SQL that runs on both:
//! 1. Bind every instant, random value and default; never `now()`, intervals, arrays or `greatest`.
//! 2. Whole numbers are `bigint`; cast sums: `cast(sum(x) as bigint)`.
//! 3. Instants are UTC and cut to microseconds by `Clock`; never compared with text made by SQL.
//! 4. Addresses and words to look up are stored in lower case; no reliance on `like` being case-blind.
//! 5. After any error the use-case returns (PostgreSQL has ended the transaction); to branch on
//!    "exists already" use `on conflict do nothing` and look at the row count.
//! 6. Differences between the databases live in this file and in `dialect.rs` only.

use crate::error::{Error, Result};
use crate::fault;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{PgConnection, Postgres, QueryBuilder, SqlSafeStr as _, SqlStr, Sqlite, SqliteConnection, Transaction};
use std::str::FromStr;

/// Runs one statement on whichever database the transaction belongs to.
///
/// `sql!(tx, execute, "…", binds…)` gives the number of changed rows,
/// `sql!(tx, fetch_all as Row, "…", binds…)` rows, `sql!(tx, fetch_one scalar i64, "…", binds…)` one column.
macro_rules! sql {
    ($tx:expr, execute, $text:expr $(, $bind:expr)* $(,)?) => {
        match $tx.flushed().await? {
            $crate::store::Connection::Sqlite(c) => sqlx::query($text)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
            $crate::store::Connection::Postgres(c) => sqlx::query($text)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
        }.map_err($crate::error::Error::from)
    };
    ($tx:expr, $verb:ident as $row:ty, $text:expr $(, $bind:expr)* $(,)?) => {
        match $tx.asked($text).await? {
            ($crate::store::Connection::Sqlite(c), text) => sqlx::query_as::<_, $row>(text)$(.bind($bind))*.$verb(c).await,
            ($crate::store::Connection::Postgres(c), text) => sqlx::query_as::<_, $row>(text)$(.bind($bind))*.$verb(c).await,
        }.map_err($crate::error::Error::from)
    };
    ($tx:expr, $verb:ident scalar $value:ty, $text:expr $(, $bind:expr)* $(,)?) => {
        match $tx.asked($text).await? {
            ($crate::store::Connection::Sqlite(c), text) => sqlx::query_scalar::<_, $value>(text)$(.bind($bind))*.$verb(c).await,
            ($crate::store::Connection::Postgres(c), text) => sqlx::query_scalar::<_, $value>(text)$(.bind($bind))*.$verb(c).await,
        }.map_err($crate::error::Error::from)
    };
}

/// Builds one statement with a list of values and runs it on whichever database the transaction belongs to;
/// gives the number of changed rows, or with `fetch_all as Row` the rows found. Only literals and bound values go
/// into it.
macro_rules! many {
    ($tx:expr, fetch_all as $row:ty, $query:ident => $build:expr) => {
        match $tx.flushed().await? {
            $crate::store::Connection::Sqlite(c) => {
                let mut $query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("");
                $build;
                $query.build_query_as::<$row>().fetch_all(c).await
            }
            $crate::store::Connection::Postgres(c) => {
                let mut $query = sqlx::QueryBuilder::<sqlx::Postgres>::new("");
                $build;
                $query.build_query_as::<$row>().fetch_all(c).await
            }
        }
        .map_err($crate::error::Error::from)
    };
    ($tx:expr, $query:ident => $build:expr) => {
        match $tx.flushed().await? {
            $crate::store::Connection::Sqlite(c) => {
                let mut $query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("");
                $build;
                $query.build().execute(c).await.map(|done| done.rows_affected())
            }
            $crate::store::Connection::Postgres(c) => {
                let mut $query = sqlx::QueryBuilder::<sqlx::Postgres>::new("");
                $build;
                $query.build().execute(c).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::error::Error::from)
    };
}

/// As [`many!`], but for a statement whose answer nobody needs: on the embedded database it waits for the next
/// one that has an answer, or for the commit, and goes with it as one errand. A ticket is opened in five
/// errands to the writer's thread instead of ten.
macro_rules! later {
    ($tx:expr, $query:ident => $build:expr) => {
        if let Some($query) = $tx.queue() {
            $build;
            Ok(())
        } else {
            many!($tx, $query => $build).map(|_| ())
        }
    };
}

pub mod agencies;
pub mod alike;
pub mod archive;
pub mod canned;
pub mod cases;
pub mod catalogue;
pub mod clocks;
pub mod decisions;
pub mod dialect;
pub mod documents;
pub mod drafts;
pub mod duties;
pub mod events;
pub mod federation;
pub mod health;
pub mod holds;
pub mod inbox;
pub mod incidents;
pub mod letters;
pub mod maintenance;
pub mod messages;
pub mod monitors;
pub mod notices;
pub mod outages;
pub mod outbox;
pub mod own;
pub mod people;
pub mod presence;
pub mod queues;
pub mod ratings;
pub mod relations;
pub mod report_facts;
pub mod report_steps;
pub mod reports;
pub mod retention;
pub mod rounds;
mod rows;
pub mod rules;
pub mod search;
pub mod second_factor;
pub mod services;
pub mod sessions;
pub mod settings;
pub mod standing;
pub mod status;
pub mod suspensions;
pub mod templates;
pub mod tickets;
pub mod tokens;
pub mod trail;
pub mod uploads;
pub mod wishes;
mod writer;

pub mod backups;
pub mod recurring;

pub mod announcements;
pub mod article_files;
pub mod article_uses;
pub mod article_words;
pub mod articles;
pub mod changes;

pub mod mail_origins;
pub mod mailboxes;
pub mod problems;
pub mod scans;
pub mod senders;
pub mod service_figures;
pub mod storms;
pub mod undeliverable;
pub mod webhooks;

/// A row that belongs to a ticket, with the key of that ticket.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Of<T> {
    /// Key of the ticket.
    pub ticket_id: i64,
    /// The row.
    #[sqlx(flatten)]
    pub row: T,
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// Embedded: many readers, one writer whose commits are grouped.
    Sqlite {
        /// Readers; each sees only what was committed.
        readers: sqlx::SqlitePool,
        /// The one writer.
        writer: writer::Writer,
    },
    /// Shared by several nodes.
    Postgres(PgPool),
}

/// A transaction. Dropping it rolls back; [`Tx::commit`] is written by the use-case.
#[derive(Debug)]
pub enum Tx {
    /// Reads a snapshot of the embedded database.
    SqliteRead(Transaction<'static, sqlx::Sqlite>),
    /// Reads one statement from the embedded database.
    SqliteGlance(sqlx::pool::PoolConnection<sqlx::Sqlite>),
    /// Reads one statement from the shared database.
    PostgresGlance(sqlx::pool::PoolConnection<Postgres>),
    /// Changes the embedded database, alone.
    SqliteWrite(writer::Turn),
    /// Reads or changes the shared database.
    Postgres(Transaction<'static, Postgres>),
}

/// The native connection under a transaction, for [`sql!`].
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Db {
    /// Connects to `sqlite://FILE` (made when missing) or `postgres://…`.
    ///
    /// # Errors
    /// The address is malformed, or the database does not answer.
    pub async fn connect(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let (readers, writer) = writer::open(path.trim_start_matches("//")).await?;
            return Ok(Self::Sqlite { readers, writer });
        }
        let options = PgConnectOptions::from_str(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(20)
            .acquire_timeout(std::time::Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// A migration fails, or the database was made by a newer program.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            Self::Sqlite { writer, .. } => writer.migrate(&sqlx::migrate!("migrations/sqlite")).await,
            Self::Postgres(pool) => {
                sqlx::migrate!("migrations/postgres").run(pool).await.map_err(|error| Error::Internal(error.into()))
            }
        }
    }

    /// Brings an empty database to the schema that a backup was made with; [`Db::migrate`] does the rest.
    ///
    /// # Errors
    /// A migration fails, or the database is already further.
    pub async fn migrate_to(&self, version: i64) -> Result<()> {
        match self {
            Self::Sqlite { writer, .. } => writer.migrate_to(&sqlx::migrate!("migrations/sqlite"), version).await,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres")
                .run_to(version, pool)
                .await
                .map_err(|error| Error::Internal(error.into())),
        }
    }

    /// Number of the newest step of the schema this program knows.
    pub fn newest_schema() -> i64 {
        sqlx::migrate!("migrations/sqlite").iter().map(|step| step.version).max().unwrap_or_default()
    }

    /// Begins a transaction that only reads.
    ///
    /// # Errors
    /// No connection is free in time.
    pub async fn read(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::SqliteRead(readers.begin().await?)),
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// Borrows a connection for one statement that needs no snapshot around it.
    ///
    /// # Errors
    /// No connection is free in time.
    pub async fn glance(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::SqliteGlance(readers.acquire().await?)),
            Self::Postgres(pool) => Ok(Tx::PostgresGlance(pool.acquire().await?)),
        }
    }

    /// Begins a transaction that changes something.
    ///
    /// # Errors
    /// No connection is free in time.
    pub async fn write(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::SqliteWrite(writer.turn().await?)),
            Self::Postgres(pool) => Ok(Tx::Postgres(pool.begin().await?)),
        }
    }

    /// Closes all connections; the embedded database folds its log into its file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the changes durable; they are on disk when this returns.
    ///
    /// # Errors
    /// They could not be made durable; nothing was changed.
    pub async fn commit(self) -> Result<()> {
        fault::pass("commit.before");
        match self {
            Self::SqliteRead(tx) => tx.commit().await?,
            Self::SqliteWrite(turn) => turn.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
            Self::SqliteGlance(_) | Self::PostgresGlance(_) => {}
        }
        fault::pass("commit.after");
        Ok(())
    }

    /// The connection, after everything that was put off has been done.
    pub(crate) async fn flushed(&mut self) -> Result<Connection<'_>> {
        Ok(match self {
            Self::SqliteRead(tx) => Connection::Sqlite(&mut *tx),
            Self::SqliteWrite(turn) => Connection::Sqlite(turn.flushed().await?),
            Self::Postgres(tx) => Connection::Postgres(&mut *tx),
            Self::SqliteGlance(connection) => Connection::Sqlite(&mut *connection),
            Self::PostgresGlance(connection) => Connection::Postgres(&mut *connection),
        })
    }

    /// The connection, with the text that asks it for rows: the embedded writer may have to open its savepoint
    /// with the same errand.
    pub(crate) async fn asked(&mut self, text: &'static str) -> Result<(Connection<'_>, SqlStr)> {
        if let Self::SqliteWrite(turn) = self {
            let (connection, text) = turn.asked(text).await?;
            return Ok((Connection::Sqlite(connection), text));
        }
        Ok((self.flushed().await?, text.into_sql_str()))
    }

    /// Where statements wait whose answers nobody needs; only the embedded database's writer has one.
    pub(crate) fn queue(&mut self) -> Option<&mut QueryBuilder<Sqlite>> {
        match self {
            Self::SqliteWrite(turn) => Some(turn.queue()),
            _ => None,
        }
    }
}
