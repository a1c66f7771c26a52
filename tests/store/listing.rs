//! Lists and counts of tickets: who sees what, narrowed how, in which order.

use super::{agency, at, commit, open, person, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::clock_plan::{ClockKind, Line, SlaClock};
use meja::domain::people::Visibility;
use meja::domain::service::Service;
use meja::domain::ticket::{Kind, Priority, Status, Ticket};
use meja::store::tickets::{self, Filter, Listed, Sort};
use meja::store::{Db, Tx, clocks, queues, services};

on_both!(
    each_sort_walks_all_tickets_page_by_page,
    the_list_by_due_puts_tickets_without_a_deadline_last,
    each_filter_narrows_the_list,
    words_are_searched_literally_and_without_case,
    everybody_sees_only_what_is_his,
    an_agency_sees_nothing_of_one_that_is_called_alike,
    finished_tickets_are_not_counted_as_open,
);

/// Opens `BKD`'s tickets 1 to `count`; equal instants in pairs, so that the key must break the tie.
async fn several(tx: &mut Tx, count: i64) -> Vec<Ticket> {
    let mut all = Vec::new();
    for i in 0..count {
        let mut each = Ticket { opened_at: at(i / 2 * 60), ..ticket(&format!("OKI-2602-0000{i}-0")) };
        each.id = open(tx, &each).await;
        all.push(each);
    }
    all
}

/// Gives a ticket its promised deadline, and the response clock that must not be taken for it.
async fn promise(tx: &mut Tx, ticket: i64, due: Option<i64>) {
    let clock = |kind, line, due: Option<i64>| SlaClock {
        id: 0,
        kind,
        line,
        cycle: 1,
        target_seconds: None,
        started_at: at(0),
        stopped_at: None,
        due_at: due.map(at),
    };
    clocks::save(tx, ticket, &[clock(ClockKind::Response, Line::Total, Some(-900))]).await.unwrap();
    clocks::save(tx, ticket, &[clock(ClockKind::Resolution, Line::Total, due)]).await.unwrap();
    clocks::save(tx, ticket, &[clock(ClockKind::Resolution, Line::Tier1, Some(-900))]).await.unwrap();
}

fn everything() -> Visibility {
    Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None }
}

fn seen_by(agencies: &[&str], requester: &str) -> Visibility {
    let agencies = agencies.iter().map(|&code| code.to_owned()).collect();
    Visibility { all: false, agencies, requester: requester.to_owned(), only_agency: None }
}

/// The whole list, read two by two.
async fn walked(db: &Db, filter: &Filter, sort: Sort) -> Vec<Listed> {
    let mut tx = read(db).await;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = tickets::list(&mut tx, &everything(), filter, sort, after, 2).await.expect("a page");
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { return all };
        after = Some(tickets::place(last, sort));
        all.extend(page);
    }
}

fn numbers(listed: &[Listed]) -> Vec<char> {
    listed.iter().map(|row| row.ticket.number.chars().nth(13).expect("the last figure of the sequence")).collect()
}

async fn found(db: &Db, seen: &Visibility, filter: &Filter) -> String {
    let rows = tickets::list(&mut read(db).await, seen, filter, Sort::Oldest, None, 100).await.expect("a list");
    numbers(&rows).into_iter().collect()
}

async fn each_sort_walks_all_tickets_page_by_page(db: Db) {
    let mut tx = write(&db).await;
    let opened = several(&mut tx, 7).await;
    for (ticket, due) in opened.iter().zip([Some(30), None, Some(10), Some(30), None, Some(20)]) {
        promise(&mut tx, ticket.id, due).await;
    }
    commit(tx).await;
    let any = Filter::default();
    let oldest = walked(&db, &any, Sort::Oldest).await;
    assert_eq!(oldest.iter().map(|row| row.ticket.clone()).collect::<Vec<_>>(), opened);
    assert_eq!(numbers(&walked(&db, &any, Sort::Newest).await), ['6', '5', '4', '3', '2', '1', '0']);
    assert_eq!(numbers(&walked(&db, &any, Sort::Due).await), ['2', '5', '0', '3', '1', '4', '6']);
}

async fn the_list_by_due_puts_tickets_without_a_deadline_last(db: Db) {
    let mut tx = write(&db).await;
    let opened = several(&mut tx, 3).await;
    promise(&mut tx, opened[0].id, None).await;
    promise(&mut tx, opened[2].id, Some(5)).await;
    commit(tx).await;
    let rows = walked(&db, &Filter::default(), Sort::Due).await;
    assert_eq!(numbers(&rows), ['2', '0', '1']);
    assert_eq!(rows.iter().map(|row| row.due_at).collect::<Vec<_>>(), [Some(at(5)), None, None]);
    assert_eq!(tickets::place(&rows[0], Sort::Due), (at(5), opened[2].id));
    assert!(tickets::place(&rows[1], Sort::Due).0 > at(1_000_000_000));
    assert_eq!(tickets::place(&rows[0], Sort::Newest), (opened[2].opened_at, opened[2].id));
}

async fn each_filter_narrows_the_list(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    agency(&mut tx, "DINKES").await;
    let service = Service {
        code: "simpus".to_owned(),
        name: "SIMPUS".to_owned(),
        agency: "DINKES".to_owned(),
        profile: "umum".to_owned(),
        critical: true,
        keywords: Vec::new(),
        active: true,
    };
    services::save_service(&mut tx, &service).await.unwrap();
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let some = |text: &str| Some(text.to_owned());
    let one = ticket("OKI-2602-00001-0");
    let two = Ticket {
        agency: "DINKES".to_owned(),
        service: some("simpus"),
        opened_at: at(60),
        ..ticket("OKI-2602-00002-0")
    };
    let three = Ticket {
        status: Status::Closed,
        priority: Priority::P1,
        kind: Kind::Complaint,
        opened_at: at(120),
        ..ticket("OKI-2602-00003-0")
    };
    let four = Ticket {
        status: Status::InProgress,
        tier: 2,
        assignee: Some(ani),
        opened_at: at(180),
        ..ticket("OKI-2602-00004-0")
    };
    for each in [&one, &two, &three, &four] {
        open(&mut tx, each).await;
    }
    let late = tickets::by_number(&mut tx, &four.number).await.unwrap().unwrap();
    tickets::update(&mut tx, &Ticket { version: 2, breached_at: Some(at(999)), ..late }).await.unwrap();
    commit(tx).await;

    let cases = [
        (Filter::default(), "1234"),
        (Filter { statuses: vec!["new".to_owned()], ..Filter::default() }, "12"),
        (Filter { statuses: vec!["closed".to_owned(), "in_progress".to_owned()], ..Filter::default() }, "34"),
        (Filter { statuses: vec!["' or 1 = 1".to_owned()], ..Filter::default() }, ""),
        (Filter { agency: some("DINKES"), ..Filter::default() }, "2"),
        (Filter { service: some("simpus"), ..Filter::default() }, "2"),
        (Filter { priority: some("P1"), ..Filter::default() }, "3"),
        (Filter { kind: some("complaint"), ..Filter::default() }, "3"),
        (Filter { tier: Some(2), ..Filter::default() }, "4"),
        (Filter { assignee: Some(ani), ..Filter::default() }, "4"),
        (Filter { breached: Some(true), ..Filter::default() }, "4"),
        (Filter { breached: Some(false), ..Filter::default() }, "123"),
        (Filter { opened_from: Some(at(60)), ..Filter::default() }, "234"),
        (Filter { opened_to: Some(at(120)), ..Filter::default() }, "12"),
        (Filter { opened_from: Some(at(60)), opened_to: Some(at(180)), ..Filter::default() }, "23"),
        (
            Filter {
                tier: Some(1),
                agency: some("BKD"),
                breached: Some(false),
                words: some("absensi"),
                ..Filter::default()
            },
            "13",
        ),
    ];
    for (filter, expected) in &cases {
        assert_eq!(&found(&db, &everything(), filter).await, expected, "{filter:?}");
    }
    assert_eq!(numbers(&walked(&db, &cases[12].0, Sort::Newest).await), ['4', '3', '2'], "a cursor keeps the filter");
}

async fn words_are_searched_literally_and_without_case(db: Db) {
    let mut tx = write(&db).await;
    let texts = [
        ("Diskon 100% hilang", "server_utama"),
        ("Diskon 1000 hilang", "serverXutama"),
        ("SIMPEG Tak Bisa!", "É di judul \\ miring"),
    ];
    for (i, (subject, description)) in texts.into_iter().enumerate() {
        let each = Ticket {
            subject: subject.to_owned(),
            description: description.to_owned(),
            ..ticket(&format!("OKI-2602-0000{i}-0"))
        };
        open(&mut tx, &each).await;
    }
    let renamed = tickets::by_number(&mut tx, "OKI-2602-00001-0").await.unwrap().unwrap();
    tickets::update(&mut tx, &Ticket { version: 2, subject: "Potongan 1000 hilang".to_owned(), ..renamed })
        .await
        .unwrap();
    commit(tx).await;
    let cases = [
        ("diskon", "0"),
        ("potongan", "1"),
        ("HILANG", "01"),
        ("100%", "0"),
        ("%", "0"),
        ("server_utama", "0"),
        ("_", "0"),
        ("bisa!", "2"),
        ("!", "2"),
        ("\\", "2"),
        ("é", "2"),
        ("simpeg judul", "2"),
        ("simpeg hilang", ""),
        ("oki-2602-00001", "1"),
        ("'; drop table ticket; --", ""),
        ("   ", "012"),
    ];
    for (words, expected) in cases {
        let filter = Filter { words: Some(words.to_owned()), ..Filter::default() };
        assert_eq!(found(&db, &everything(), &filter).await, expected, "{words:?}");
    }
}

/// What `seen` may see, by the list and by the counts; the two must agree with the rule in `domain`.
async fn visible(db: &Db, seen: &Visibility) -> String {
    let rows =
        tickets::list(&mut read(db).await, &everything(), &Filter::default(), Sort::Oldest, None, 100).await.unwrap();
    let by_rule: String =
        numbers(&rows.into_iter().filter(|row| seen.shows(&row.ticket)).collect::<Vec<_>>()).into_iter().collect();
    let listed = found(db, seen, &Filter::default()).await;
    assert_eq!(listed, by_rule, "{seen:?}");
    let counts = queues::counts(&mut read(db).await, seen, 0).await.unwrap();
    assert_eq!(counts.open, i64::try_from(listed.len()).unwrap(), "{seen:?}");
    listed
}

async fn scoped(db: &Db, rows: &[(&str, &str)]) {
    let mut tx = write(db).await;
    for (i, (agency, requester)) in rows.iter().enumerate() {
        let each = Ticket {
            agency: (*agency).to_owned(),
            requester_email: (*requester).to_owned(),
            ..ticket(&format!("OKI-2602-0000{}-0", i + 1))
        };
        open(&mut tx, &each).await;
    }
    commit(tx).await;
}

async fn everybody_sees_only_what_is_his(db: Db) {
    scoped(&db, &[("BKD", "budi@oki.go.id"), ("DINKES", "budi@oki.go.id"), ("DINKES", "cici@oki.go.id"), ("PUPR", "")])
        .await;
    assert_eq!(visible(&db, &everything()).await, "1234");
    assert_eq!(visible(&db, &seen_by(&["DINKES"], "")).await, "23");
    assert_eq!(visible(&db, &seen_by(&["BKD", "PUPR"], "")).await, "14");
    assert_eq!(visible(&db, &seen_by(&[], "budi@oki.go.id")).await, "12");
    assert_eq!(visible(&db, &seen_by(&["PUPR"], "cici@oki.go.id")).await, "34");
    assert_eq!(visible(&db, &seen_by(&[], "BUDI@oki.go.id")).await, "");
    assert_eq!(visible(&db, &seen_by(&[], "dedi@oki.go.id")).await, "");
    assert_eq!(visible(&db, &seen_by(&[], "")).await, "", "no address is nobody's address");
}

async fn an_agency_sees_nothing_of_one_that_is_called_alike(db: Db) {
    scoped(
        &db,
        &[
            ("BKD", "a@x"),
            ("BKD-2", "a@x"),
            ("bkd", "a@x"),
            ("B_D", "a@x"),
            ("B%", "a@x"),
            ("KD", "a@x"),
            ("B\"D", "a@x"),
        ],
    )
    .await;
    for (codes, expected) in [
        (&["BKD"][..], "1"),
        (&["BKD-2"], "2"),
        (&["bkd"], "3"),
        (&["B_D"], "4"),
        (&["B%"], "5"),
        (&["KD", "BKD"], "16"),
        (&["BK", "D", ",", "\"", ""], ""),
    ] {
        assert_eq!(visible(&db, &seen_by(codes, "")).await, expected, "{codes:?}");
    }
}

async fn finished_tickets_are_not_counted_as_open(db: Db) {
    let mut tx = write(&db).await;
    for (i, &status) in Status::ALL.iter().enumerate() {
        open(&mut tx, &Ticket { status, ..ticket(&format!("OKI-2602-0000{i}-0")) }).await;
    }
    open(&mut tx, &ticket("OKI-2602-00009-0")).await;
    commit(tx).await;
    let counted = queues::counts(&mut read(&db).await, &everything(), 0).await.unwrap().open;
    let unfinished = Status::ALL.iter().filter(|status| !status.is_finished()).count();
    assert_eq!(counted, i64::try_from(unfinished + 1).unwrap());
}
