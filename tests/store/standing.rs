//! How an agency stands.

use super::sessions::session;
use super::{at, commit, person, ticket, write};
use crate::support::db::on_both;
use meja::domain::event::{ActorLabel, Event, GENESIS};
use meja::domain::people::{Grant, Role, Visibility};
use meja::domain::ticket::{Status, Ticket};
use meja::store::{Db, Tx, events, people, sessions, standing, tickets};

on_both!(
    what_came_in_or_went_out_since_an_instant_is_its_flow,
    broken_promises_are_listed_newest_first_and_go_on,
    who_holds_a_role_is_listed_with_when_they_were_seen,
);

/// A ticket that has gone on since it was opened.
async fn open(tx: &mut Tx, ticket: &Ticket) {
    let id = super::open(tx, ticket).await;
    tickets::update(tx, &Ticket { id, version: ticket.version + 1, ..ticket.clone() }).await.expect("a saved ticket");
}

async fn what_came_in_or_went_out_since_an_instant_is_its_flow(db: Db) {
    let mut tx = write(&db).await;
    let plain = |number: &str| Ticket { opened_at: at(1), ..ticket(number) };
    open(&mut tx, &Ticket { opened_at: at(20), ..plain("OKI-2602-00001-0") }).await;
    open(&mut tx, &Ticket { status: Status::Resolved, resolved_at: Some(at(30)), ..plain("OKI-2602-00002-0") }).await;
    open(&mut tx, &Ticket { status: Status::Closed, closed_at: Some(at(9)), ..plain("OKI-2602-00003-0") }).await;
    open(&mut tx, &Ticket { status: Status::Merged, updated_at: at(40), ..plain("OKI-2602-00004-0") }).await;
    open(&mut tx, &Ticket { resolved_at: Some(at(50)), ..plain("OKI-2602-00005-0") }).await;
    open(&mut tx, &Ticket { agency: "DINKES".to_owned(), opened_at: at(20), ..plain("OKI-2602-00006-0") }).await;
    commit(tx).await;
    let mut tx = write(&db).await;
    let mut flow = standing::flow(&mut tx, "BKD", at(10)).await.unwrap();
    flow.sort();
    assert_eq!(flow, [(at(1), Some(at(30))), (at(1), Some(at(40))), (at(20), None)], "open again is not out");
}

async fn broken_promises_are_listed_newest_first_and_go_on(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    for (i, second) in [5, 20, 20, 30].into_iter().enumerate() {
        let number = format!("OKI-2602-0000{i}-0");
        let status = if i == 3 { Status::Resolved } else { Status::New };
        let each = Ticket {
            breached_at: Some(at(second)),
            breached_tier: Some(2),
            assignee: Some(ani),
            status,
            ..ticket(&number)
        };
        open(&mut tx, &each).await;
    }
    open(&mut tx, &ticket("OKI-2602-00009-0")).await;
    let all = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let rows = standing::breaches(&mut tx, &all, "BKD", at(10), None, 2).await.unwrap();
    let seen: Vec<(&str, bool)> = rows.iter().map(|row| (row.number.as_str(), row.is_open)).collect();
    assert_eq!(seen, [("OKI-2602-00003-0", false), ("OKI-2602-00002-0", true)]);
    assert_eq!((rows[0].breached_tier, rows[0].assignee.as_deref()), (Some(2), Some("Ani")));
    let place = (rows[1].breached_at, rows[1].id);
    let rest = standing::breaches(&mut tx, &all, "BKD", at(10), Some(place), 9).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.number.as_str()).collect::<Vec<_>>(), ["OKI-2602-00001-0"]);
    let others = Visibility { all: false, agencies: vec!["DINKES".to_owned()], ..all };
    assert_eq!(standing::breaches(&mut tx, &others, "BKD", at(0), None, 9).await.unwrap(), []);
}

async fn who_holds_a_role_is_listed_with_when_they_were_seen(db: Db) {
    let mut tx = write(&db).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    for (account, role, agency) in
        [(ani, Role::Tier1Agent, Some("BKD")), (budi, Role::AgencyHead, Some("BKD")), (budi, Role::Auditor, None)]
    {
        people::grant(&mut tx, account, &Grant { role, agency: agency.map(str::to_owned) }).await.unwrap();
    }
    people::set_active(&mut tx, budi, false).await.unwrap();
    sessions::insert(&mut tx, &session("h", ani), at(7)).await.unwrap();
    let event = Event {
        stream: "OKI-2602-00001-0".to_owned(),
        seq: 1,
        at: at(9),
        actor: ActorLabel::user(ani),
        kind: "replied".to_owned(),
        payload: "{}".to_owned(),
        state: None,
        prev_hash: GENESIS.to_owned(),
        hash: "h".to_owned(),
    };
    events::append(&mut tx, &[event]).await.unwrap();
    let rows = standing::holders(&mut tx, "BKD").await.unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.id, row.role)).collect::<Vec<_>>(),
        [(ani, Role::Tier1Agent), (budi, Role::AgencyHead)]
    );
    assert_eq!((rows[0].session_at, rows[0].event_at), (Some(at(7)), Some(at(9))));
    assert_eq!((rows[1].active, rows[1].session_at, rows[1].event_at), (false, None, None));
}
