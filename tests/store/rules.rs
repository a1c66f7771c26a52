//! Editions of the pack and decreed days.

use super::{at, commit, person, write};
use crate::support::db::on_both;
use meja::store::Db;
use meja::store::rules::{self, Amendment, Edition};

on_both!(an_edition_is_kept_once, a_day_is_decreed_once_per_date_of_effect,);

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
