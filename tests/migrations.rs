//! The twin schemas: same files, same tables, same columns.

use crate::support::db;
use meja::store::Db;
use std::collections::BTreeSet;
use std::path::Path;

/// Table, column, and whether the column may be empty.
type Column = (String, String, bool);

fn files(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let entries = folder.read_dir().expect("the folder of migrations");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name")).collect()
}

async fn columns(db: &Db) -> BTreeSet<Column> {
    let rows: Vec<Column> = match db {
        // A key of type integer cannot be empty on SQLite, though it does not say so.
        Db::Sqlite { readers, .. } => sqlx::query_as(
            "select t.name, c.name, c.\"notnull\" = 0 and c.pk = 0 from sqlite_master t join pragma_table_info(t.name) c \
             where t.type = 'table' and t.name not like 'sqlite!_%' escape '!' and t.name <> '_sqlx_migrations'",
        )
        .fetch_all(readers)
        .await
        .expect("the columns"),
        Db::Postgres(pool) => sqlx::query_as(
            "select table_name::text, column_name::text, is_nullable = 'YES' from information_schema.columns \
             where table_schema = 'public' and table_name <> '_sqlx_migrations'",
        )
        .fetch_all(pool)
        .await
        .expect("the columns"),
    };
    rows.into_iter().collect()
}

/// Table and columns of each rule that something stands at most once.
async fn unique_rules(db: &Db) -> BTreeSet<String> {
    let rules: Vec<String> = match db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(
            "select t.name || '(' || (select group_concat(name, ', ') from (select name from pragma_index_info(i.name) order by seqno)) || ')' \
             from sqlite_master t join pragma_index_list(t.name) i where t.type = 'table' and i.\"unique\" = 1 and t.name <> '_sqlx_migrations'",
        )
        .fetch_all(readers)
        .await
        .expect("the rules"),
        Db::Postgres(pool) => sqlx::query_scalar(
            "select c.conrelid::regclass::text || '(' || string_agg(a.attname, ', ' order by k.place) || ')' from pg_constraint c \
             cross join lateral unnest(c.conkey) with ordinality k (number, place) \
             join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number \
             where c.contype in ('p', 'u') and c.connamespace = 'public'::regnamespace and c.conrelid::regclass::text <> '_sqlx_migrations' \
             group by c.oid, c.conrelid",
        )
        .fetch_all(pool)
        .await
        .expect("the rules"),
    };
    // The numbered key of a table is no index on SQLite.
    rules.into_iter().filter(|rule| !rule.ends_with("(id)")).collect()
}

#[test]
fn every_migration_has_its_twin() {
    let sqlite = files("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, files("postgres"));
    for (place, name) in (1..).zip(&sqlite) {
        assert!(name.starts_with(&format!("{place:04}_")), "{name} should be migration {place:04}");
        assert!(name.ends_with(".sql"), "{name}");
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, _folder) = db::sqlite().await;
    let found = columns(&sqlite).await;
    for known in [("ticket", "assignee", true), ("ticket", "id", false), ("event", "payload", false)] {
        assert!(found.contains(&(known.0.to_owned(), known.1.to_owned(), known.2)), "{known:?}");
    }
    let Some(postgres) = db::postgres().await else { return };
    assert_eq!(found, columns(&postgres).await);
    db::discard(postgres).await;
}

#[tokio::test]
async fn both_databases_have_the_same_unique_rules() {
    let (sqlite, _folder) = db::sqlite().await;
    let found = unique_rules(&sqlite).await;
    assert!(found.contains("clock_step(ticket_id, kind, cycle)"), "{found:#?}");
    let Some(postgres) = db::postgres().await else { return };
    assert_eq!(found, unique_rules(&postgres).await);
    db::discard(postgres).await;
}

async fn migrating_again_changes_nothing(db: Db) {
    let before = columns(&db).await;
    db.migrate().await.expect("a second migration");
    db.migrate().await.expect("a third migration");
    assert_eq!(columns(&db).await, before);
    meja::store::settings::set(&mut db.write().await.expect("a transaction"), "k", "1")
        .await
        .expect("a usable database");
}

db::on_both!(migrating_again_changes_nothing);
