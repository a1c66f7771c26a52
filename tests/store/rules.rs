//! Editions of the pack and decreed days.

use super::{agency, at, commit, person, stored, ticket, write};
use crate::support::db::on_both;
use meja::domain::ticket::{Status, Ticket};
use meja::store::Db;
use meja::store::rules::{self, Amendment, Edition};

on_both!(an_edition_is_kept_once, a_day_is_decreed_once_per_date_of_effect, open_tickets_are_counted_by_edition);

async fn an_edition_is_kept_once(db: Db) {
    let edition = |version: &str, fingerprint: &str, second| Edition {
        version: version.to_owned(),
        pack: "oki".to_owned(),
        fingerprint: fingerprint.to_owned(),
        sources: "[]".to_owned(),
        adopted_at: at(second),
    };
    let (old, new) = (edition("oki@2", "b", 1), edition("oki@1", "a", 5));
    let mut tx = write(&db).await;
    assert!(rules::keep_edition(&mut tx, &new).await.unwrap());
    assert!(rules::keep_edition(&mut tx, &old).await.unwrap());
    assert!(!rules::keep_edition(&mut tx, &edition("oki@1", "other", 9)).await.unwrap());
    commit(tx).await;
    assert_eq!(rules::editions(&mut write(&db).await).await.unwrap(), [old, new]);
}

async fn a_day_is_decreed_once_per_date_of_effect(db: Db) {
    let mut tx = write(&db).await;
    let person = person(&mut tx, "a@x.test").await;
    let amendment = |day: &str, since: &str, kind: &str| Amendment {
        id: 0,
        day: day.to_owned(),
        since: since.to_owned(),
        kind: kind.to_owned(),
        name: "Cuti bersama".to_owned(),
        decree: "SKB 933/2025".to_owned(),
        account_id: person,
        at: at(3),
    };
    assert!(rules::amend(&mut tx, &amendment("2025-08-18", "2025-08-09", "working_day")).await.unwrap());
    assert!(rules::amend(&mut tx, &amendment("2025-08-18", "2025-08-07", "joint_leave")).await.unwrap());
    assert!(!rules::amend(&mut tx, &amendment("2025-08-18", "2025-08-07", "holiday")).await.unwrap());
    commit(tx).await;
    let kept = rules::amendments(&mut write(&db).await).await.unwrap();
    let kinds: Vec<_> = kept.iter().map(|kept| (kept.since.as_str(), kept.kind.as_str())).collect();
    assert_eq!(kinds, [("2025-08-07", "joint_leave"), ("2025-08-09", "working_day")]);
    assert_eq!(Amendment { id: 0, ..kept[0].clone() }, amendment("2025-08-18", "2025-08-07", "joint_leave"));
}

async fn open_tickets_are_counted_by_edition(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    let under = |number: &str, pack: &str, status| Ticket { pack: pack.to_owned(), status, ..ticket(number) };
    let rows = [
        under("T-1", "oki@2", Status::New),
        under("T-2", "oki@1", Status::New),
        under("T-3", "oki@2", Status::InProgress),
        under("T-4", "oki@2", Status::Closed),
    ];
    for row in rows {
        stored(&mut tx, &row).await;
    }
    let counts = rules::open_by_edition(&mut tx).await.unwrap();
    assert_eq!(counts, [("oki@1".to_owned(), 1), ("oki@2".to_owned(), 2)]);
}
