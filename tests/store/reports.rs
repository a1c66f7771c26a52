//! Periodic reports and what they are drawn from.

use super::{at, commit, open, person, ticket, write};
use crate::support::db::on_both;
use chrono::NaiveDate;
use meja::domain::clock_plan::{ClockKind, Line, SlaClock};
use meja::domain::event::{ActorLabel, Event, GENESIS};
use meja::domain::message::{Message, MessageVisibility};
use meja::domain::report::facts::Month;
use meja::domain::report::life::{Edition, Report, ReportState};
use meja::domain::report::steps::Step;
use meja::domain::ticket::{Status, Ticket};
use meja::error::Error;
use meja::store::ratings::Rating;
use meja::store::{Db, Tx, clocks, events, messages, ratings, report_facts, report_steps, reports};

on_both!(
    a_report_is_kept_once_and_changed_by_who_saw_it_last,
    editions_stay_and_get_their_code,
    reports_are_listed_newest_first_and_go_on,
    tickets_of_a_period_come_with_their_clocks,
    what_else_a_report_counts,
    steps_upwards_are_kept_and_fall_due,
);

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn report(code: &str, agency: &str, from: &str) -> Report {
    Report {
        id: 0,
        version: 1,
        code: code.to_owned(),
        agency: agency.to_owned(),
        period_from: day(from),
        period_to: day(from) + chrono::Days::new(30),
        due_on: day(from) + chrono::Days::new(35),
        due_at: at(100),
        state: ReportState::Draft,
        edition: 1,
        obstacles: String::new(),
        recommendations: String::new(),
        drawn_at: at(1),
        submitted_at: None,
        submitted_by: None,
        received_at: None,
        received_by: None,
        late: false,
    }
}

const NONE: Month = Month { received: 0, resolved: 0, in_time: 0 };

async fn add(tx: &mut Tx, report: &Report) -> Report {
    let id = reports::insert(tx, report, NONE).await.unwrap().expect("a new report");
    Report { id, ..report.clone() }
}

async fn a_report_is_kept_once_and_changed_by_who_saw_it_last(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let kept = add(&mut tx, &report("LAP-2026-01-BKD", "BKD", "2026-01-01")).await;
    assert_eq!(reports::insert(&mut tx, &kept, NONE).await.unwrap(), None, "an agency reports once about a period");
    assert_eq!(reports::by_code(&mut tx, "LAP-2026-01-BKD").await.unwrap(), Some(kept.clone()));
    assert_eq!(reports::by_key(&mut tx, kept.id).await.unwrap(), Some(kept.clone()));
    for (agency, date, found) in [("BKD", "2026-01-30", true), ("BKD", "2026-01-31", false), ("", "2026-01-01", false)]
    {
        assert_eq!(reports::about(&mut tx, agency, day(date)).await.unwrap().is_some(), found, "{agency} {date}");
    }
    assert_eq!(reports::next_due(&mut tx).await.unwrap(), Some(at(100)));
    assert_eq!(reports::overdue(&mut tx, at(99), 9).await.unwrap(), []);
    assert_eq!(reports::overdue(&mut tx, at(100), 9).await.unwrap(), std::slice::from_ref(&kept));
    let sent = Report {
        version: 2,
        state: ReportState::Received,
        edition: 2,
        obstacles: "Listrik".to_owned(),
        recommendations: "Genset".to_owned(),
        submitted_at: Some(at(5)),
        submitted_by: Some(ani),
        received_at: Some(at(6)),
        received_by: Some(ani),
        late: true,
        ..kept.clone()
    };
    reports::update(&mut tx, &sent).await.unwrap();
    assert_eq!(reports::by_code(&mut tx, &kept.code).await.unwrap(), Some(sent.clone()));
    assert!(matches!(reports::update(&mut tx, &sent).await, Err(Error::Conflict { .. })));
    assert_eq!(reports::next_due(&mut tx).await.unwrap(), None);
    let month = Month { received: 4, resolved: 3, in_time: 2 };
    reports::keep_month(&mut tx, kept.id, month).await.unwrap();
    let months = reports::months(&mut tx, day("2026-01-01"), day("2026-02-01")).await.unwrap();
    assert_eq!((months.len(), months[0].received, months[0].resolved, months[0].in_time), (1, 4, 3, 2));
    assert_eq!(reports::months(&mut tx, day("2026-02-01"), day("2026-03-01")).await.unwrap(), []);
    commit(tx).await;
}

async fn editions_stay_and_get_their_code(db: Db) {
    let mut tx = write(&db).await;
    let kept = add(&mut tx, &report("LAP-2026-01", "", "2026-01-01")).await;
    let edition = |number: i64| Edition {
        edition: number,
        content: "{}".to_owned(),
        digest: format!("d{number}"),
        reason: "sebab".to_owned(),
        at: at(number),
        account_id: None,
        authenticity: None,
    };
    reports::add_edition(&mut tx, kept.id, &edition(1)).await.unwrap();
    reports::add_edition(&mut tx, kept.id, &edition(2)).await.unwrap();
    reports::authenticate(&mut tx, kept.id, 2, "AAAA-BBBB").await.unwrap();
    assert_eq!(reports::edition(&mut tx, kept.id, 1).await.unwrap(), Some(edition(1)));
    assert_eq!(reports::edition(&mut tx, kept.id, 3).await.unwrap(), None);
    let all = reports::editions(&mut tx, kept.id).await.unwrap();
    let coded = Edition { authenticity: Some("AAAA-BBBB".to_owned()), content: String::new(), ..edition(2) };
    assert_eq!(all, [coded, Edition { content: String::new(), ..edition(1) }]);
    assert!(reports::add_edition(&mut tx, kept.id, &edition(2)).await.is_err());
}

async fn reports_are_listed_newest_first_and_go_on(db: Db) {
    let mut tx = write(&db).await;
    for (code, agency, from) in [("a", "BKD", "2026-01-01"), ("b", "", "2026-02-01"), ("c", "BKD", "2026-02-01")] {
        add(&mut tx, &report(code, agency, from)).await;
    }
    let codes = |list: Vec<Report>| list.into_iter().map(|report| report.code).collect::<Vec<_>>();
    assert_eq!(codes(reports::list(&mut tx, None, None, None, None, 9).await.unwrap()), ["b", "c", "a"]);
    let own = ["BKD".to_owned()];
    assert_eq!(codes(reports::list(&mut tx, Some(own.as_slice()), None, None, None, 1).await.unwrap()), ["c"]);
    let after = Some((day("2026-02-01"), "BKD".to_owned()));
    assert_eq!(codes(reports::list(&mut tx, None, None, None, after, 9).await.unwrap()), ["a"]);
    let (from, to) = (Some(day("2026-02-01")), Some(day("2026-02-01")));
    assert_eq!(codes(reports::list(&mut tx, None, from, None, None, 9).await.unwrap()), ["b", "c"]);
    assert_eq!(codes(reports::list(&mut tx, None, None, to, None, 9).await.unwrap()), ["a"]);
    commit(tx).await;
}

fn clock(kind: ClockKind, started: i64, stopped: Option<i64>) -> SlaClock {
    SlaClock {
        id: 0,
        kind,
        line: Line::Total,
        cycle: 1,
        target_seconds: Some(60),
        started_at: at(started),
        stopped_at: stopped.map(at),
        due_at: Some(at(started + 60)),
    }
}

async fn clocked(tx: &mut Tx, number: &str, opened: i64, ended: Option<i64>) -> i64 {
    let status = if ended.is_some() { Status::Resolved } else { Status::New };
    let breached_at = ended.filter(|ended| ended - opened > 60).map(|_| at(opened + 60));
    let model = Ticket { opened_at: at(opened), status, resolved_at: ended.map(at), breached_at, ..ticket(number) };
    let id = open(tx, &model).await;
    meja::store::tickets::update(tx, &Ticket { id, version: model.version + 1, ..model.clone() }).await.unwrap();
    let clocks = [clock(ClockKind::Resolution, opened, ended), clock(ClockKind::Response, opened, Some(opened + 5))];
    clocks::save(tx, id, &clocks).await.unwrap();
    id
}

async fn tickets_of_a_period_come_with_their_clocks(db: Db) {
    let mut tx = write(&db).await;
    clocked(&mut tx, "OKI-2602-00001-0", 0, Some(50)).await;
    let over = clocked(&mut tx, "OKI-2602-00002-0", 0, Some(150)).await;
    let running = clocked(&mut tx, "OKI-2602-00003-0", 120, None).await;
    clocked(&mut tx, "OKI-2602-00004-0", 200, None).await;
    clocks::begin_pause(&mut tx, over, "pending_requester", at(10)).await.unwrap();
    clocks::end_pauses(&mut tx, over, at(20)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    let mut rows = report_facts::tickets(&mut tx, at(100), at(200), None).await.unwrap();
    rows.sort_by_key(|row| row.id);
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [over, running]);
    assert_eq!(
        (rows[0].ended_at, rows[0].response_at, rows[0].response_due),
        (Some(at(150)), Some(at(5)), Some(at(60)))
    );
    assert_eq!((rows[0].target_seconds, rows[1].ended_at), (Some(60), None));
    assert_eq!(report_facts::tickets(&mut tx, at(100), at(200), Some("BKD")).await.unwrap().len(), 2);
    assert_eq!(report_facts::tickets(&mut tx, at(100), at(200), Some("DINKES")).await.unwrap(), []);
    let pauses = report_facts::pauses(&mut tx, at(100)).await.unwrap();
    assert_eq!((pauses.len(), pauses[0].ticket_id, pauses[0].to_at), (1, over, Some(at(20))));
    assert_eq!(report_facts::pauses(&mut tx, at(151)).await.unwrap(), []);
    let event = Event {
        stream: "OKI-2602-00002-0".to_owned(),
        seq: 1,
        at: at(150),
        actor: ActorLabel::clock(),
        kind: "resolved".to_owned(),
        payload: "{\"cause\":\"penuh\"}".to_owned(),
        state: None,
        prev_hash: GENESIS.to_owned(),
        hash: "h".to_owned(),
    };
    events::append(&mut tx, &[event]).await.unwrap();
    let broken = report_facts::broken(&mut tx, &[over]).await.unwrap();
    assert_eq!((broken.len(), broken[0].id, broken[0].solved.as_deref()), (1, over, Some("{\"cause\":\"penuh\"}")));
    assert_eq!(report_facts::broken(&mut tx, &[]).await.unwrap(), []);
    let both = report_facts::broken(&mut tx, &[running, over]).await.unwrap();
    assert_eq!(
        both.iter().map(|row| (row.id, row.solved.is_some())).collect::<Vec<_>>(),
        [(over, true), (running, false)]
    );
    for (author, visibility) in [
        ("user:1", MessageVisibility::Public),
        ("user:2", MessageVisibility::Public),
        ("user:1", MessageVisibility::Internal),
        ("requester", MessageVisibility::Public),
    ] {
        let message = Message {
            id: 0,
            at: at(30),
            author: author.to_owned(),
            author_name: "A".to_owned(),
            visibility,
            body: "b".to_owned(),
            channel: "web".to_owned(),
        };
        messages::insert(&mut tx, over, &message).await.unwrap();
    }
    assert_eq!(report_facts::answers(&mut tx, at(100), at(200)).await.unwrap(), [(over, 2)]);
    assert_eq!(
        report_facts::answers(&mut tx, at(100), at(30)).await.unwrap(),
        [],
        "what was said later does not count"
    );
    assert_eq!(report_facts::answers(&mut tx, at(151), at(200)).await.unwrap(), []);
}

async fn what_else_a_report_counts(db: Db) {
    let mut tx = write(&db).await;
    let id = clocked(&mut tx, "OKI-2602-00001-0", 0, Some(50)).await;
    for (round, score, second) in [(1, 2, 60), (2, 5, 70)] {
        let rating = Rating { round, score, comment: String::new(), at: at(second) };
        assert!(ratings::add(&mut tx, id, &rating).await.unwrap());
    }
    assert_eq!(
        report_facts::scores(&mut tx, at(0), at(100)).await.unwrap(),
        [("BKD".to_owned(), 5)],
        "the last of each"
    );
    assert_eq!(report_facts::scores(&mut tx, at(0), at(70)).await.unwrap(), [("BKD".to_owned(), 2)]);
    assert_eq!(report_facts::scores(&mut tx, at(71), at(100)).await.unwrap(), []);
    assert_eq!(report_facts::consultations(&mut tx, at(0), at(100)).await.unwrap(), []);
    assert_eq!(report_facts::cases(&mut tx, at(0), at(100)).await.unwrap(), []);
    assert_eq!(report_facts::duties(&mut tx, day("2026-01-01"), day("2027-01-01")).await.unwrap(), []);
    let register = report_facts::register(&mut tx, at(0), 9).await.unwrap();
    assert_eq!(
        (register.len(), register[0].number.as_str(), register[0].resolved_at),
        (1, "OKI-2602-00001-0", Some(at(50)))
    );
    assert_eq!(report_facts::register(&mut tx, at(1), 9).await.unwrap(), []);
}

async fn steps_upwards_are_kept_and_fall_due(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let kept = add(&mut tx, &report("LAP-2026-01", "", "2026-01-01")).await;
    let step = |place: i64| Step {
        id: 0,
        report_id: kept.id,
        place,
        recipient: "Sekretaris Daerah".to_owned(),
        basis: Some("Perbup 1/2026 Pasal 2".to_owned()),
        due_on: day("2026-02-10"),
        due_at: at(100 * place),
        edition: 0,
        sent_at: None,
        sent_by: None,
        sent_note: String::new(),
        received_at: None,
        received_by: None,
        received_note: String::new(),
        late: false,
    };
    for place in [2, 1] {
        report_steps::insert(&mut tx, &step(place)).await.unwrap();
    }
    let both = report_steps::of_report(&mut tx, kept.id).await.unwrap();
    assert_eq!(both.iter().map(|it| Step { id: 0, ..it.clone() }).collect::<Vec<_>>(), [step(1), step(2)]);
    assert_eq!(report_steps::of_report(&mut tx, kept.id + 1).await.unwrap(), []);
    assert_eq!(report_steps::next_due(&mut tx).await.unwrap(), Some(at(100)));
    assert_eq!(report_steps::overdue(&mut tx, at(99), 9).await.unwrap(), []);
    assert_eq!(report_steps::overdue(&mut tx, at(200), 1).await.unwrap(), both[..1]);
    let late = Step { late: true, ..both[0].clone() };
    let sent = Step {
        edition: 1,
        sent_at: Some(at(5)),
        sent_by: Some(ani),
        sent_note: "ND 1".to_owned(),
        received_at: Some(at(6)),
        received_by: Some(ani),
        received_note: "TT 2".to_owned(),
        ..both[1].clone()
    };
    report_steps::update(&mut tx, &late).await.unwrap();
    report_steps::update(&mut tx, &sent).await.unwrap();
    assert_eq!(report_steps::of_report(&mut tx, kept.id).await.unwrap(), [late, sent]);
    assert_eq!(report_steps::next_due(&mut tx).await.unwrap(), None);
    assert_eq!(report_steps::overdue(&mut tx, at(999), 9).await.unwrap(), []);
    assert!(report_steps::insert(&mut tx, &step(1)).await.is_err(), "each place once");
}
