//! Whole tables in and out, for backups: the same rows whichever database they lie in.
//!
//! Names of tables and columns come from the database's own catalogue alone; what an archive calls them is only
//! compared with it. While rows are added the triggers are silent: what they keep is in the archive, too.

use crate::error::{Error, Result};
use crate::store::{Connection, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeSet;

/// Most values bound in one statement; both databases bear more.
const BINDS: usize = 20_000;

/// What a column holds, alike in both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A whole number.
    Int,
    /// A number with a fraction.
    Real,
    /// Words.
    Text,
    /// Yes or no.
    Bool,
    /// An instant, UTC.
    Time,
    /// A day.
    Date,
    /// Bytes.
    Bytes,
}

/// A table as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Names and kinds of its columns, by name.
    pub columns: Vec<(String, Kind)>,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A whole number.
    Int(Option<i64>),
    /// A number with a fraction.
    Real(Option<f64>),
    /// Words.
    Text(Option<String>),
    /// Yes or no.
    Bool(Option<bool>),
    /// An instant, UTC.
    Time(Option<DateTime<Utc>>),
    /// A day.
    Date(Option<NaiveDate>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// Lets every later statement of this transaction read the same moment.
///
/// # Errors
/// The database does not answer.
pub async fn hold_still(tx: &mut Tx) -> Result<()> {
    // The embedded database's reading transactions do so anyway.
    if let Connection::Postgres(connection) = tx.flushed().await? {
        sqlx::query("set transaction isolation level repeatable read").execute(connection).await?;
    }
    Ok(())
}

/// Number of the newest step of the schema.
///
/// # Errors
/// The database does not answer.
pub async fn schema(tx: &mut Tx) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select max(version) from _sqlx_migrations")
}

/// Every table worth keeping; those that others refer to come before them.
///
/// # Errors
/// The database does not answer, or holds a kind of column this house does not use.
pub async fn tables(tx: &mut Tx) -> Result<Vec<Table>> {
    let (columns, ties) = match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            let columns: Vec<(String, String, String)> = sqlx::query_as(
                "select t.name, c.name, lower(c.type) from sqlite_schema t join pragma_table_info(t.name) c \
                 where t.type = 'table' and t.name not like 'sqlite%' order by t.name, c.name",
            )
            .fetch_all(&mut *connection)
            .await?;
            let ties: Vec<(String, String)> = sqlx::query_as(
                "select t.name, k.\"table\" from sqlite_schema t join pragma_foreign_key_list(t.name) k \
                 where t.type = 'table'",
            )
            .fetch_all(connection)
            .await?;
            (columns, ties)
        }
        Connection::Postgres(connection) => {
            let columns: Vec<(String, String, String)> = sqlx::query_as(
                "select table_name::text, column_name::text, data_type::text from information_schema.columns \
                 where table_schema = current_schema() order by table_name::text collate \"C\", column_name::text collate \"C\"",
            )
            .fetch_all(&mut *connection)
            .await?;
            let ties: Vec<(String, String)> = sqlx::query_as(
                "select c.relname::text, r.relname::text from pg_constraint k join pg_class c on c.oid = k.conrelid \
                 join pg_class r on r.oid = k.confrelid \
                 where k.contype = 'f' and k.connamespace = current_schema()::regnamespace",
            )
            .fetch_all(connection)
            .await?;
            (columns, ties)
        }
    };
    let mut found: Vec<Table> = Vec::new();
    for (table, column, written) in columns {
        if table == "_sqlx_migrations" {
            continue;
        }
        let kind = kind(&written).ok_or_else(|| Error::internal(format!("{table}.{column} is a {written}")))?;
        match found.last_mut().filter(|last| last.name == table) {
            Some(last) => last.columns.push((column, kind)),
            None => found.push(Table { name: table, columns: vec![(column, kind)] }),
        }
    }
    Ok(ordered(found, &ties))
}

fn kind(written: &str) -> Option<Kind> {
    Some(match written {
        "integer" | "bigint" => Kind::Int,
        "real" | "double precision" => Kind::Real,
        "text" => Kind::Text,
        "boolean" => Kind::Bool,
        "datetime" | "timestamp with time zone" => Kind::Time,
        "date" => Kind::Date,
        "blob" | "bytea" => Kind::Bytes,
        _ => return None,
    })
}

/// Those that others refer to first; a circle, which the schema does not have, would stand at the end.
fn ordered(mut left: Vec<Table>, ties: &[(String, String)]) -> Vec<Table> {
    let mut placed: Vec<Table> = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    while !left.is_empty() {
        let waits = |table: &Table| {
            ties.iter().any(|(from, to)| {
                *from == table.name && from != to && !names.contains(to) && left.iter().any(|other| other.name == *to)
            })
        };
        let next = left.iter().position(|table| !waits(table)).unwrap_or_default();
        let table = left.remove(next);
        names.insert(table.name.clone());
        placed.push(table);
    }
    placed
}

/// Reads every row of a table, in an order of its own, and hands each to `take`.
///
/// # Errors
/// The database does not answer, or `take` fails.
pub async fn read(tx: &mut Tx, table: &Table, mut take: impl FnMut(Vec<Cell>) -> Result<()>) -> Result<()> {
    let columns: Vec<String> = table.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    // Rows that refer to others of their own table have the higher key.
    let order = if table.columns.iter().any(|(name, _)| name == "id") { "id" } else { "1" };
    let text = format!("select {} from \"{}\" order by {order}", columns.join(", "), table.name);
    macro_rules! cells {
        ($row:expr, $table:expr) => {{
            let mut cells = Vec::with_capacity($table.columns.len());
            for (place, (_, kind)) in $table.columns.iter().enumerate() {
                cells.push(match kind {
                    Kind::Int => Cell::Int($row.try_get(place)?),
                    Kind::Real => Cell::Real($row.try_get(place)?),
                    Kind::Text => Cell::Text($row.try_get(place)?),
                    Kind::Bool => Cell::Bool($row.try_get(place)?),
                    Kind::Time => Cell::Time($row.try_get(place)?),
                    Kind::Date => Cell::Date($row.try_get(place)?),
                    Kind::Bytes => Cell::Bytes($row.try_get(place)?),
                });
            }
            cells
        }};
    }
    macro_rules! rows {
        ($connection:expr) => {{
            let mut rows = sqlx::query(AssertSqlSafe(text)).fetch($connection);
            while let Some(row) = rows.try_next().await? {
                take(cells!(row, table))?;
            }
        }};
    }
    match tx.flushed().await? {
        Connection::Sqlite(connection) => rows!(connection),
        Connection::Postgres(connection) => rows!(connection),
    }
    Ok(())
}

/// Adds rows to a table of the catalogue; `columns` are some of its own.
///
/// # Errors
/// The database refuses a row.
pub async fn add(tx: &mut Tx, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
    let columns: Vec<String> = table.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let head = format!("insert into \"{}\" ({}) ", table.name, columns.join(", "));
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<Vec<Cell>> = rows.by_ref().take((BINDS / columns.len().max(1)).max(1)).collect();
        many!(tx, query => {
            query.push(&head);
            query.push_values(part, |mut row, cells| {
                for cell in cells {
                    match cell {
                        Cell::Int(value) => row.push_bind(value),
                        Cell::Real(value) => row.push_bind(value),
                        Cell::Text(value) => row.push_bind(value),
                        Cell::Bool(value) => row.push_bind(value),
                        Cell::Time(value) => row.push_bind(value),
                        Cell::Date(value) => row.push_bind(value),
                        Cell::Bytes(value) => row.push_bind(value),
                    };
                }
            });
        })?;
    }
    Ok(())
}

/// Empties the tables.
///
/// # Errors
/// The database does not answer.
pub async fn clear(tx: &mut Tx, tables: &[Table]) -> Result<()> {
    for table in tables.iter().rev() {
        many!(tx, query => { query.push("delete from \"").push(&table.name).push("\""); })?;
    }
    Ok(())
}

/// Triggers that are silent until [`speak`].
#[derive(Debug)]
#[must_use = "the triggers stay silent"]
pub struct Silent(Vec<String>);

/// Silences the triggers within this transaction.
///
/// # Errors
/// The database does not answer, or the tables belong to somebody else.
pub async fn silence(tx: &mut Tx, tables: &[Table]) -> Result<Silent> {
    match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            let triggers: Vec<(String, String)> =
                sqlx::query_as("select name, sql from sqlite_schema where type = 'trigger' order by name")
                    .fetch_all(&mut *connection)
                    .await?;
            for (name, _) in &triggers {
                sqlx::query(AssertSqlSafe(format!("drop trigger \"{name}\""))).execute(&mut *connection).await?;
            }
            Ok(Silent(triggers.into_iter().map(|(_, text)| text).collect()))
        }
        Connection::Postgres(connection) => {
            let mut back = Vec::new();
            for table in tables {
                let text = format!("alter table \"{}\" disable trigger user", table.name);
                sqlx::query(AssertSqlSafe(text)).execute(&mut *connection).await?;
                back.push(format!("alter table \"{}\" enable trigger user", table.name));
            }
            Ok(Silent(back))
        }
    }
}

/// Lets the triggers work again.
///
/// # Errors
/// The database does not answer.
pub async fn speak(tx: &mut Tx, silent: Silent) -> Result<()> {
    for text in silent.0 {
        match tx.flushed().await? {
            Connection::Sqlite(connection) => sqlx::query(AssertSqlSafe(text)).execute(connection).await.map(drop)?,
            Connection::Postgres(connection) => sqlx::query(AssertSqlSafe(text)).execute(connection).await.map(drop)?,
        }
    }
    Ok(())
}

/// Lets new keys begin after the highest that was added.
///
/// # Errors
/// The database does not answer.
pub async fn go_on_counting(tx: &mut Tx, tables: &[Table]) -> Result<()> {
    let Connection::Postgres(connection) = tx.flushed().await? else { return Ok(()) };
    for table in
        tables.iter().filter(|table| table.columns.iter().any(|column| *column == ("id".to_owned(), Kind::Int)))
    {
        let text = format!(
            "select setval(pg_get_serial_sequence('\"{0}\"', 'id'), coalesce((select max(id) from \"{0}\"), 0) + 1, false) \
             where pg_get_serial_sequence('\"{0}\"', 'id') is not null",
            table.name
        );
        sqlx::query(AssertSqlSafe(text)).execute(&mut *connection).await?;
    }
    Ok(())
}
