//! Problems, changes, announcements, webhooks, and the public figures of a service.

use super::{agency, at, commit, is_conflict, one_ticket, open, person, ticket, write};
use crate::support::db::on_both;
use chrono::Duration;
use meja::domain::announcement::{Announcement, Audience, Weight};
use meja::domain::change::{Approval, Ballot, ChangeOutcome, ChangeRecord, ChangeRisk, ChangeStep, Vote};
use meja::domain::event::{ActorLabel, Event, GENESIS};
use meja::domain::problem::{ProblemRecord, ProblemState};
use meja::domain::service::Service;
use meja::domain::ticket::{Kind, Status};
use meja::domain::webhook::{DeliveryState, Webhook};
use meja::store::ratings::{self, Rating};
use meja::store::service_figures::{self, ServiceFigures};
use meja::store::{Db, Tx, announcements, changes, problems, services, tickets, webhooks};

on_both!(
    a_problem_keeps_what_is_known_of_it,
    a_change_keeps_its_plan_and_who_approved_it,
    an_announcement_runs_between_its_ends,
    the_figures_of_a_service_count_what_was_solved,
    a_webhook_is_told_once_of_what_it_asked_for,
);

async fn service(tx: &mut Tx, code: &str) {
    let service = Service {
        code: code.to_owned(),
        name: code.to_owned(),
        agency: "BKD".to_owned(),
        profile: "umum".to_owned(),
        critical: false,
        keywords: Vec::new(),
        active: true,
    };
    services::save_service(tx, &service).await.unwrap();
}

async fn a_problem_keeps_what_is_known_of_it(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    service(&mut tx, "absensi").await;
    let mut row = ticket("OKI-2602-00001-3");
    (row.kind, row.service) = (Kind::Problem, Some("absensi".to_owned()));
    let id = open(&mut tx, &row).await;
    assert_eq!(problems::of_ticket(&mut tx, id).await.unwrap(), None);
    let mut record = ProblemRecord::blank(id, at(1));
    problems::save(&mut tx, &record).await.unwrap();
    assert_eq!(problems::of_ticket(&mut tx, id).await.unwrap(), Some(record.clone()));
    assert!(problems::known_errors(&mut tx, None, 9).await.unwrap().is_empty());
    (record.state, record.cause, record.known_error_at) =
        (ProblemState::CauseFound, "Diska penuh".to_owned(), Some(at(2)));
    problems::save(&mut tx, &record).await.unwrap();
    assert_eq!(problems::of_ticket(&mut tx, id).await.unwrap(), Some(record));
    assert_eq!(problems::known_errors(&mut tx, None, 9).await.unwrap().len(), 1);
    assert_eq!(problems::known_errors(&mut tx, Some("absensi"), 9).await.unwrap().len(), 1);
    assert!(problems::known_errors(&mut tx, Some("lain"), 9).await.unwrap().is_empty());
    let mut row = tickets::by_id(&mut tx, id).await.unwrap().unwrap();
    (row.status, row.version) = (Status::Resolved, row.version + 1);
    tickets::update(&mut tx, &row).await.unwrap();
    assert!(problems::known_errors(&mut tx, None, 9).await.unwrap().is_empty(), "a solved one is no error any more");
}

async fn a_change_keeps_its_plan_and_who_approved_it(db: Db) {
    let mut tx = write(&db).await;
    let mut row = ticket("OKI-2602-00001-3");
    row.kind = Kind::Change;
    let id = open(&mut tx, &row).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi2@oki.go.id").await);
    assert_eq!(changes::of_ticket(&mut tx, id).await.unwrap(), None);
    let mut record = ChangeRecord::blank(id, "plan", at(1));
    (record.services, record.risk) = (vec!["absensi".to_owned()], ChangeRisk::High);
    changes::save(&mut tx, &record).await.unwrap();
    assert_eq!(changes::of_ticket(&mut tx, id).await.unwrap(), Some(record.clone()));
    (record.approval, record.round, record.asked_by) = (Approval::Asked, 1, Some(ani));
    (record.outcome, record.ended_at) = (Some(ChangeOutcome::Failed), Some(at(5)));
    changes::save(&mut tx, &record).await.unwrap();
    assert_eq!(changes::of_ticket(&mut tx, id).await.unwrap(), Some(record));
    for account in [ani, budi, ani] {
        changes::ask(&mut tx, id, 1, account).await.unwrap();
    }
    assert_eq!(changes::waiting_for(&mut tx, budi, 9).await.unwrap().len(), 1);
    let said =
        Ballot { account_id: budi, decision: Some(Vote::Approved), reason: "ya".to_owned(), decided_at: Some(at(3)) };
    changes::answer(&mut tx, id, 1, &said).await.unwrap();
    let ballots = changes::ballots(&mut tx, id, 1).await.unwrap();
    assert_eq!(ballots.len(), 2);
    assert!(ballots.contains(&said));
    assert!(changes::waiting_for(&mut tx, budi, 9).await.unwrap().is_empty());
    assert!(changes::ballots(&mut tx, id, 2).await.unwrap().is_empty());
    let step = |second, phase: &str| ChangeStep {
        at: at(second),
        phase: phase.to_owned(),
        note: "x".to_owned(),
        account_id: ani,
    };
    for one in [step(1, "analyse"), step(2, "develop")] {
        changes::add_step(&mut tx, id, &one).await.unwrap();
    }
    assert_eq!(changes::steps(&mut tx, id).await.unwrap(), [step(1, "analyse"), step(2, "develop")]);
}

async fn an_announcement_runs_between_its_ends(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let mut it = Announcement {
        id: 0,
        code: "PGM-2026-0001".to_owned(),
        agency: Some("BKD".to_owned()),
        audience: Audience::Public,
        severity: Weight::Warning,
        title: "Libur".to_owned(),
        message: "Tutup".to_owned(),
        starts_at: at(10),
        ends_at: Some(at(20)),
        withdrawn_at: None,
        created_by: ani,
        created_at: at(0),
        updated_at: at(0),
        version: 1,
    };
    it.id = announcements::insert(&mut tx, &it).await.unwrap();
    assert_eq!(announcements::by_code(&mut tx, "PGM-2026-0001").await.unwrap(), Some(it.clone()));
    assert_eq!(announcements::by_code(&mut tx, "PGM-2026-0002").await.unwrap(), None);
    for (second, runs) in [(9, false), (10, true), (19, true), (20, false)] {
        assert_eq!(announcements::running(&mut tx, at(second)).await.unwrap().len(), usize::from(runs), "{second}");
    }
    (it.withdrawn_at, it.version) = (Some(at(12)), 2);
    announcements::save(&mut tx, &it).await.unwrap();
    assert!(announcements::running(&mut tx, at(13)).await.unwrap().is_empty());
    let stale = announcements::save(&mut tx, &it).await.unwrap_err();
    assert!(is_conflict(&stale), "{stale}");
    assert_eq!(announcements::list(&mut tx, i64::MAX, 9).await.unwrap(), [it.clone()]);
    assert!(announcements::list(&mut tx, it.id, 9).await.unwrap().is_empty());
}

async fn the_figures_of_a_service_count_what_was_solved(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    service(&mut tx, "absensi").await;
    for (number, solved, late) in
        [("OKI-2602-00001-3", Some(5), false), ("OKI-2602-00002-1", Some(6), true), ("OKI-2602-00003-8", None, false)]
    {
        let mut row = ticket(number);
        row.service = Some("absensi".to_owned());
        row.resolved_at = solved.map(at);
        row.breached_at = late.then(|| at(4));
        let id = open(&mut tx, &row).await;
        (row.id, row.version) = (id, row.version + 1);
        tickets::update(&mut tx, &row).await.unwrap();
        if solved.is_some() {
            let rating = Rating { round: 1, score: 4, comment: String::new(), at: at(7) };
            ratings::add(&mut tx, id, &rating).await.unwrap();
        }
    }
    let figures = service_figures::of_service(&mut tx, "absensi", at(0), at(60)).await.unwrap();
    assert_eq!(figures, ServiceFigures { solved: 2, in_time: 1, ratings: 2, score: 8 });
    let none = service_figures::of_service(&mut tx, "absensi", at(50), at(60)).await.unwrap();
    assert_eq!(none, ServiceFigures::default());
}

fn event(seq: i64, kind: &str) -> Event {
    Event {
        stream: "OKI-2602-00001-3".to_owned(),
        seq,
        at: at(seq),
        actor: ActorLabel::clock(),
        kind: kind.to_owned(),
        payload: "{}".to_owned(),
        state: None,
        prev_hash: GENESIS.to_owned(),
        hash: format!("h{seq}"),
    }
}

async fn a_webhook_is_told_once_of_what_it_asked_for(db: Db) {
    one_ticket(&db).await;
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let mut it = Webhook {
        id: 0,
        owner: ani,
        name: "Dasbor".to_owned(),
        url: "https://dasbor.go.id/".to_owned(),
        events: vec!["opened".to_owned()],
        agency: None,
        secret_no: 1,
        active: true,
        created_at: at(0),
        version: 1,
    };
    it.id = webhooks::insert(&mut tx, &it).await.unwrap();
    webhooks::listen(&mut tx, it.id, &it.events).await.unwrap();
    assert_eq!(webhooks::by_id(&mut tx, it.id).await.unwrap(), Some(it.clone()));
    (it.secret_no, it.version) = (2, 2);
    webhooks::save(&mut tx, &it).await.unwrap();
    let stale = webhooks::save(&mut tx, &it).await.unwrap_err();
    assert!(is_conflict(&stale), "{stale}");
    assert_eq!(webhooks::list(&mut tx, Some(ani)).await.unwrap(), [it.clone()]);
    assert_eq!(webhooks::list(&mut tx, None).await.unwrap().len(), 1);
    assert!(webhooks::list(&mut tx, Some(ani + 1)).await.unwrap().is_empty());
    assert!(!webhooks::waits(&mut tx).await.unwrap());
    for _ in 0..2 {
        webhooks::note(&mut tx, &[event(1, "opened"), event(2, "replied"), event(3, "linked")]).await.unwrap();
    }
    commit(tx).await;
    let mut tx = write(&db).await;
    assert!(webhooks::waits(&mut tx).await.unwrap());
    let taken = webhooks::claim(&mut tx, at(10), at(130), 9).await.unwrap();
    assert_eq!(taken.iter().map(|one| (one.seq, one.attempts)).collect::<Vec<_>>(), [(1, 1)]);
    assert!(webhooks::claim(&mut tx, at(20), at(140), 9).await.unwrap().is_empty(), "somebody has it");
    let again = webhooks::claim(&mut tx, at(131), at(250), 9).await.unwrap();
    assert_eq!(again.len(), 1, "whoever had it has died");
    assert!(!webhooks::settle(&mut tx, &taken[0], None).await.unwrap(), "too late");
    let mut one = again[0].clone();
    (one.state, one.status) = (DeliveryState::Queued, Some(503));
    assert!(webhooks::settle(&mut tx, &one, Some(at(300))).await.unwrap());
    assert!(webhooks::claim(&mut tx, at(299), at(400), 9).await.unwrap().is_empty());
    let mut last = webhooks::claim(&mut tx, at(300), at(400), 9).await.unwrap().remove(0);
    (last.state, last.sent_at) = (DeliveryState::Sent, Some(at(301)));
    assert!(webhooks::settle(&mut tx, &last, None).await.unwrap());
    assert!(!webhooks::waits(&mut tx).await.unwrap());
    assert_eq!(webhooks::deliveries(&mut tx, it.id, 9).await.unwrap(), [last]);
    webhooks::forget(&mut tx, at(1)).await.unwrap();
    assert_eq!(webhooks::deliveries(&mut tx, it.id, 9).await.unwrap().len(), 1);
    webhooks::forget(&mut tx, at(1) + Duration::days(1)).await.unwrap();
    assert!(webhooks::deliveries(&mut tx, it.id, 9).await.unwrap().is_empty());
}
