//! Texts of mails that the installation has written itself.

use super::{at, commit, person, read, write};
use crate::support::db::on_both;
use meja::domain::ticket::Language;
use meja::store::Db;
use meja::store::templates::{self, OwnText};

on_both!(the_last_version_of_each_text_counts);

async fn the_last_version_of_each_text_counts(db: Db) {
    let mut tx = write(&db).await;
    let account_id = person(&mut tx, "a@x.id").await;
    let text = |language: Language, version: i64| OwnText {
        template: "received".to_owned(),
        language,
        version,
        is_built_in: version == 3,
        subject: format!("Nomor {version} 'é'"),
        body: "Baris 1\nBaris 2".to_owned(),
        note: String::new(),
        account_id,
        at: at(version),
    };
    let (id, en) = (Language::Indonesian, Language::English);
    for (language, version) in [(id, 1), (id, 2), (en, 1), (id, 3)] {
        assert!(templates::add(&mut tx, &text(language, version)).await.unwrap());
    }
    assert!(!templates::add(&mut tx, &OwnText { subject: String::new(), ..text(id, 3) }).await.unwrap());
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(templates::current(&mut tx).await.unwrap(), [text(en, 1), text(id, 3)]);
    assert_eq!(templates::versions(&mut tx, "received", id).await.unwrap(), [text(id, 3), text(id, 2), text(id, 1)]);
    assert!(templates::versions(&mut tx, "reply", id).await.unwrap().is_empty());
}
