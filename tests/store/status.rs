//! What the status page and those who hear of it need.

use super::{agency, at, one_ticket, ticket, write};
use crate::support::db::on_both;
use meja::domain::incident::{Incident, Phase};
use meja::domain::ticket::{Classification, Language};
use meja::store::incidents::{self, Update};
use meja::store::{Db, status};

on_both!(what_was_said_goes_out_in_order, addresses_hear_when_they_are_confirmed);

async fn what_was_said_goes_out_in_order(db: Db) {
    let open = one_ticket(&db).await;
    let mut tx = write(&db).await;
    assert!(!status::waits(&mut tx).await.unwrap());
    let secret =
        meja::domain::ticket::Ticket { classification: Classification::Restricted, ..ticket("OKI-2602-00009-1") };
    agency(&mut tx, "BKD").await;
    let secret = super::open(&mut tx, &secret).await;
    for (place, ticket) in [(1, open), (2, secret)] {
        let mut it = Incident {
            id: 0,
            code: format!("GGN-2026-000{place}"),
            ticket_id: ticket,
            service: None,
            title: "Absensi mati".to_owned(),
            phase: Phase::Resolved,
            message: "Pulih".to_owned(),
            next_update_at: None,
            announced_at: at(0),
            updated_at: at(place),
            ended_at: Some(at(place)),
            version: 1,
        };
        it.id = incidents::insert(&mut tx, &it).await.unwrap();
        let said = Update { at: at(place), phase: Phase::Resolved, message: format!("{place}"), next_update_at: None };
        incidents::add_update(&mut tx, it.id, &said).await.unwrap();
    }
    let said = status::unmailed(&mut tx, 9).await.unwrap();
    let told: Vec<_> = said.iter().map(|it| (it.message.as_str(), it.is_public)).collect();
    assert_eq!(told, [("1", true), ("2", false)], "what is restricted is no news");
    // Whoever was written later may have the smaller key.
    status::mailed(&mut tx, said[1].id).await.unwrap();
    assert_eq!(status::unmailed(&mut tx, 9).await.unwrap(), said[..1]);
    assert!(status::waits(&mut tx).await.unwrap());
    status::pass_over(&mut tx).await.unwrap();
    assert!(!status::waits(&mut tx).await.unwrap());
    let ended = status::ended(&mut tx, at(1)).await.unwrap();
    assert_eq!(ended.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["GGN-2026-0002"]);
}

async fn addresses_hear_when_they_are_confirmed(db: Db) {
    let mut tx = write(&db).await;
    status::ask(&mut tx, "ani@x.id", "a", Language::Indonesian, at(0)).await.unwrap();
    status::ask(&mut tx, "budi@x.id", "b", Language::English, at(5)).await.unwrap();
    assert_eq!(status::hears(&mut tx, "a").await.unwrap(), Some(false));
    assert_eq!(status::hears(&mut tx, "c").await.unwrap(), None);
    assert_eq!(status::subscribers(&mut tx).await.unwrap(), []);
    status::confirm(&mut tx, "a", at(1)).await.unwrap();
    status::ask(&mut tx, "ani@x.id", "a", Language::English, at(9)).await.unwrap();
    assert_eq!(status::subscribers(&mut tx).await.unwrap(), [("ani@x.id".to_owned(), Language::English)]);
    status::forget_unconfirmed(&mut tx, at(6)).await.unwrap();
    assert_eq!(status::hears(&mut tx, "b").await.unwrap(), None);
    status::forget(&mut tx, "a").await.unwrap();
    assert_eq!(status::subscribers(&mut tx).await.unwrap(), []);
}
