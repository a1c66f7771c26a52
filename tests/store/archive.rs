//! Whole tables in and out.

use super::{agency, at, commit, read, write};
use crate::support::db::on_both;
use meja::store::archive::{self, Cell, Kind, Table};
use meja::store::{Db, settings};

on_both!(
    tables_stand_after_those_they_refer_to,
    rows_go_out_and_come_back_as_they_were,
    triggers_are_silent_for_a_while_only,
);

async fn table(db: &Db, name: &str) -> Table {
    let tables = archive::tables(&mut read(db).await).await.unwrap();
    tables.into_iter().find(|table| table.name == name).expect("a table")
}

async fn rows(db: &Db, table: &Table) -> Vec<Vec<Cell>> {
    let mut tx = read(db).await;
    archive::hold_still(&mut tx).await.unwrap();
    let mut rows = Vec::new();
    archive::read(&mut tx, table, |cells| {
        rows.push(cells);
        Ok(())
    })
    .await
    .unwrap();
    rows
}

async fn tables_stand_after_those_they_refer_to(db: Db) {
    let tables = archive::tables(&mut read(&db).await).await.unwrap();
    let place = |name: &str| tables.iter().position(|table| table.name == name).expect(name);
    assert!(place("agency") < place("ticket"));
    assert!(place("account") < place("ticket"));
    assert!(place("ticket") < place("message"));
    assert!(tables.iter().all(|table| table.name != "_sqlx_migrations"));
    let due = table(&db, "duty").await;
    assert!(due.columns.contains(&("due_on".to_owned(), Kind::Date)));
    assert_eq!(archive::schema(&mut read(&db).await).await.unwrap(), Db::newest_schema());
}

async fn rows_go_out_and_come_back_as_they_were(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    settings::set(&mut tx, "kunci", "nilai \u{1f6e0} 'kutip'").await.unwrap();
    settings::save_draft(&mut tx, "abc", "{}", at(7)).await.unwrap();
    commit(tx).await;
    for name in ["agency", "setting", "draft"] {
        let table = table(&db, name).await;
        let before = rows(&db, &table).await;
        assert!(!before.is_empty());
        let mut tx = write(&db).await;
        archive::clear(&mut tx, std::slice::from_ref(&table)).await.unwrap();
        archive::add(&mut tx, &table, before.clone()).await.unwrap();
        archive::go_on_counting(&mut tx, std::slice::from_ref(&table)).await.unwrap();
        commit(tx).await;
        assert_eq!(rows(&db, &table).await, before);
    }
}

async fn triggers_are_silent_for_a_while_only(db: Db) {
    let mut tx = write(&db).await;
    let all = archive::tables(&mut tx).await.unwrap();
    let silent = archive::silence(&mut tx, &all).await.unwrap();
    super::open(&mut tx, &super::ticket("OKI-2602-00001-0")).await;
    archive::speak(&mut tx, silent).await.unwrap();
    super::open(&mut tx, &super::ticket("OKI-2602-00002-0")).await;
    commit(tx).await;
    assert_eq!(rows(&db, &table(&db, "open_tally").await).await.len(), 1, "the second only");
}
