//! The piles of the work pages, their counts, and the views people keep.

use super::{agency, at, commit, open, person, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::clock_plan::{ClockKind, Line, Planned, SlaClock, StepKind, StepState};
use meja::domain::message::{Message, MessageVisibility};
use meja::domain::people::{Grant, Role, Visibility};
use meja::domain::ticket::{Status, Ticket};
use meja::store::queues::{self, Counts, Pile, Turn};
use meja::store::tickets::{self, Filter, Listed, Sort};
use meja::store::{Db, Tx, clocks, messages, people};

on_both!(
    a_pile_is_walked_forwards_and_back,
    what_is_seen_in_several_ways_is_one_list,
    each_pile_holds_its_own_and_the_counts_agree,
    sums_agree_with_the_rows,
    own_reports_elsewhere_are_counted_too,
    loads_are_counted_by_agency,
    an_agency_without_a_first_line_is_found,
    views_belong_to_their_account,
    open_tickets_are_counted_by_who_works_on_them,
);

fn everything() -> Visibility {
    Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None }
}

fn of_agency(code: &str) -> Visibility {
    Visibility { all: false, agencies: vec![code.to_owned()], requester: String::new(), only_agency: None }
}

async fn promise(tx: &mut Tx, ticket: i64, due: Option<i64>, stopped: Option<i64>) {
    let clock = SlaClock {
        id: 0,
        kind: ClockKind::Resolution,
        line: Line::Total,
        cycle: 1,
        target_seconds: None,
        started_at: at(0),
        stopped_at: stopped.map(at),
        due_at: due.map(at),
    };
    clocks::save(tx, ticket, &[clock]).await.unwrap();
}

fn figures(rows: &[Listed]) -> String {
    rows.iter().map(|row| row.ticket.number.chars().nth(13).expect("a figure")).collect()
}

async fn pile(db: &Db, seen: &Visibility, pile: Pile) -> String {
    let mut tx = read(db).await;
    let rows = queues::list(&mut tx, seen, &Filter::default(), &[pile], Sort::Oldest, None, 100).await.expect("a list");
    figures(&rows)
}

async fn a_pile_is_walked_forwards_and_back(db: Db) {
    let mut tx = write(&db).await;
    for (i, due) in [Some(30), None, Some(10), Some(30), None, Some(20), Some(5)].into_iter().enumerate() {
        let second = i64::try_from(i).unwrap();
        let status = if i == 6 { Status::Resolved } else { Status::New };
        let each = Ticket { opened_at: at(second / 2), status, ..ticket(&format!("OKI-2602-0000{i}-0")) };
        let id = open(&mut tx, &each).await;
        promise(&mut tx, id, due, (i == 6).then_some(1)).await;
    }
    commit(tx).await;
    for (sort, order) in [(Sort::Due, "250314"), (Sort::Newest, "543210"), (Sort::Oldest, "012345")] {
        let (mut walked, mut pages, mut turn) = (String::new(), Vec::new(), None);
        let mut tx = read(&db).await;
        loop {
            let page =
                queues::list(&mut tx, &everything(), &Filter::default(), &[Pile::Open], sort, turn, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            turn = Some(Turn { place: tickets::place(last, sort), back: false });
            walked.push_str(&figures(&page));
            pages.push(page);
        }
        assert_eq!(walked, order);
        for pair in pages.windows(2) {
            let turn = Some(Turn { place: tickets::place(&pair[1][0], sort), back: true });
            let before =
                queues::list(&mut tx, &everything(), &Filter::default(), &[Pile::Open], sort, turn, 2).await.unwrap();
            assert_eq!(figures(&before), figures(&pair[0]), "{sort:?}");
        }
        let start = Some(Turn { place: tickets::place(&pages[0][0], sort), back: true });
        let none =
            queues::list(&mut tx, &everything(), &Filter::default(), &[Pile::Open], sort, start, 2).await.unwrap();
        assert!(none.is_empty(), "nothing stands before the first");
    }
    let all = figures(
        &queues::list(&mut read(&db).await, &everything(), &Filter::default(), &[], Sort::Oldest, None, 100)
            .await
            .unwrap(),
    );
    assert_eq!(all, "0123456", "what is finished too");
}

/// Two agencies and one's own reports, some of which are both: page for page what a look through everything finds.
async fn what_is_seen_in_several_ways_is_one_list(db: Db) {
    let mut tx = write(&db).await;
    for i in 0..24_i64 {
        let agency = ["DINKES", "BKD", "DISHUB"][usize::try_from(i % 3).unwrap()].to_owned();
        let requester_email = if i % 5 == 0 { "siti@oki.go.id" } else { "lain@oki.go.id" }.to_owned();
        let each = Ticket { opened_at: at(i / 2), agency, requester_email, ..ticket(&format!("OKI-2602-000{i:02}-0")) };
        let id = open(&mut tx, &each).await;
        promise(&mut tx, id, (i % 4 != 3).then_some(100 - i * 7 % 50), None).await;
    }
    commit(tx).await;
    let agencies = vec!["DINKES".to_owned(), "BKD".to_owned()];
    let seen = Visibility { all: false, agencies, requester: "siti@oki.go.id".to_owned(), only_agency: None };
    let mut tx = read(&db).await;
    let numbers = |rows: &[Listed]| rows.iter().map(|row| row.ticket.number.clone()).collect::<Vec<_>>();
    for only_agency in [None, Some("BKD".to_owned()), Some("DISHUB".to_owned())] {
        let seen = Visibility { only_agency: only_agency.clone(), ..seen.clone() };
        let is_seen = |ticket: &Ticket| {
            (ticket.requester_email == seen.requester || seen.agencies.contains(&ticket.agency))
                && only_agency.as_ref().is_none_or(|only| *only == ticket.agency)
        };
        for sort in [Sort::Due, Sort::Newest, Sort::Oldest] {
            let (filter, piles) = (Filter::default(), [Pile::Open]);
            let all = queues::list(&mut tx, &everything(), &filter, &piles, sort, None, 100).await.unwrap();
            let expected: Vec<Listed> = all.into_iter().filter(|row| is_seen(&row.ticket)).collect();
            assert!(expected.len() > 1, "{only_agency:?}");
            let (mut walked, mut turn) = (Vec::new(), None);
            loop {
                let page = queues::list(&mut tx, &seen, &filter, &piles, sort, turn, 5).await.unwrap();
                let Some(last) = page.last() else { break };
                turn = Some(Turn { place: tickets::place(last, sort), back: false });
                walked.extend(numbers(&page));
            }
            assert_eq!(walked, numbers(&expected), "{sort:?} {only_agency:?}");
            let last = expected.last().unwrap();
            let turn = Some(Turn { place: tickets::place(last, sort), back: true });
            let before = queues::list(&mut tx, &seen, &filter, &piles, sort, turn, 100).await.unwrap();
            assert_eq!(numbers(&before), numbers(&expected[..expected.len() - 1]), "{sort:?} {only_agency:?}");
        }
    }
}

async fn each_pile_holds_its_own_and_the_counts_agree(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let plain = |i: i64| Ticket { opened_at: at(i), ..ticket(&format!("OKI-2602-0000{i}-0")) };
    let several = [
        plain(0),
        plain(1),
        plain(2),
        Ticket { assignee: Some(ani), ..plain(3) },
        Ticket { status: Status::PendingRequester, assignee: Some(ani), ..plain(4) },
        Ticket { tier: 2, agency: "DINKES".to_owned(), ..plain(5) },
        Ticket { status: Status::Closed, tier: 2, assignee: Some(ani), ..plain(6) },
    ];
    let mut keys = Vec::new();
    for each in &several {
        keys.push(open(&mut tx, each).await);
    }
    let late = tickets::by_id(&mut tx, keys[1]).await.unwrap().unwrap();
    tickets::update(&mut tx, &Ticket { version: 2, breached_at: Some(at(99)), ..late }).await.unwrap();
    for key in [keys[1], keys[2]] {
        let warn = Planned { kind: StepKind::Warn, cycle: 1, due_at: Some(at(50)) };
        clocks::plan_steps(&mut tx, key, &[warn]).await.unwrap();
        let step = clocks::steps(&mut tx, key).await.unwrap().remove(0);
        assert!(clocks::claim_step(&mut tx, &step, StepState::Done, at(50)).await.unwrap());
    }
    for (key, authors) in
        [(keys[0], &["requester", "user:1"][..]), (keys[3], &["user:1", "requester"]), (keys[6], &["requester"])]
    {
        for author in authors {
            let message = Message {
                id: 0,
                at: at(500),
                author: (*author).to_owned(),
                author_name: "Ani".to_owned(),
                visibility: MessageVisibility::Public,
                body: "Ya".to_owned(),
                channel: "web".to_owned(),
            };
            messages::insert(&mut tx, key, &message).await.unwrap();
        }
    }
    commit(tx).await;
    let cases = [
        (Pile::Open, "012345"),
        (Pile::Overdue, "1"),
        (Pile::Near, "2"),
        (Pile::Unassigned, "0125"),
        (Pile::Mine(ani), "34"),
        (Pile::Waiting, "4"),
        (Pile::Escalated, "5"),
        (Pile::Answered, "3"),
    ];
    for (which, expected) in cases {
        assert_eq!(pile(&db, &everything(), which).await, expected, "{which:?}");
    }
    let counted = queues::counts(&mut read(&db).await, &everything(), ani).await.unwrap();
    let expected = Counts { open: 6, overdue: 1, near: 1, unassigned: 4, mine: 2, waiting: 1, escalated: 1 };
    assert_eq!(counted, expected);
    let counted = queues::counts(&mut read(&db).await, &of_agency("DINKES"), ani).await.unwrap();
    assert_eq!(counted, Counts { open: 1, unassigned: 1, escalated: 1, ..Counts::default() });
    assert_eq!(pile(&db, &of_agency("DINKES"), Pile::Open).await, "5");
    assert_eq!(queues::counts(&mut read(&db).await, &of_agency("LAIN"), ani).await.unwrap(), Counts::default());
}

/// Whatever happens to tickets, the sums the database keeps say what reading every row says.
async fn sums_agree_with_the_rows(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let mut keys = Vec::new();
    for i in 0..8 {
        keys.push(open(&mut tx, &ticket(&format!("OKI-2602-0000{i}-0"))).await);
    }
    commit(tx).await;
    let (statuses, mut chance) = ([Status::New, Status::PendingRequester, Status::Resolved, Status::InProgress], 7_u64);
    for round in 0..120 {
        let mut tx = write(&db).await;
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = |sides: u64, place: u32| usize::try_from((chance >> place) % sides).unwrap();
        let key = keys[dice(8, 20)];
        let old = tickets::by_id(&mut tx, key).await.unwrap().unwrap();
        let changed = Ticket {
            version: old.version + 1,
            status: statuses[dice(4, 24)],
            tier: if dice(3, 28) == 0 { 2 } else { 1 },
            agency: if dice(2, 32) == 0 { "BKD" } else { "DINKES" }.to_owned(),
            assignee: (dice(2, 36) == 0).then_some(ani),
            breached_at: (dice(4, 40) == 0).then_some(at(9)),
            ..old
        };
        tickets::update(&mut tx, &changed).await.unwrap();
        if round % 7 == 0 {
            let warn = Planned { kind: StepKind::Warn, cycle: 1, due_at: Some(at(50)) };
            clocks::plan_steps(&mut tx, key, &[warn]).await.unwrap();
            let step = clocks::steps(&mut tx, key).await.unwrap().remove(0);
            clocks::claim_step(&mut tx, &step, StepState::Done, at(50)).await.unwrap();
        }
        if round % 20 == 0 {
            queues::add_up(&mut tx, &format!("round {round}")).await.unwrap();
        }
        commit(tx).await;
        for seen in [everything(), of_agency("DINKES")] {
            let counted = queues::counts(&mut read(&db).await, &seen, ani).await.unwrap();
            let mut read_out = Counts::default();
            for (which, sum) in [
                (Pile::Open, &mut read_out.open),
                (Pile::Overdue, &mut read_out.overdue),
                (Pile::Near, &mut read_out.near),
                (Pile::Unassigned, &mut read_out.unassigned),
                (Pile::Mine(ani), &mut read_out.mine),
                (Pile::Waiting, &mut read_out.waiting),
                (Pile::Escalated, &mut read_out.escalated),
            ] {
                *sum = i64::try_from(pile(&db, &seen, which).await.len()).unwrap();
            }
            assert_eq!(counted, read_out, "round {round}");
        }
    }
}

/// Who reported a ticket elsewhere counts it among those he sees, once.
async fn own_reports_elsewhere_are_counted_too(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    let reported = |i: i64, agency: &str, email: &str| Ticket {
        agency: agency.to_owned(),
        requester_email: email.to_owned(),
        ..ticket(&format!("OKI-2602-0000{i}-0"))
    };
    for each in
        [reported(0, "DINKES", "ani@oki.go.id"), reported(1, "BKD", "ani@oki.go.id"), reported(2, "BKD", "b@b.id")]
    {
        open(&mut tx, &each).await;
    }
    commit(tx).await;
    let seen = Visibility { requester: "ani@oki.go.id".to_owned(), ..of_agency("DINKES") };
    assert_eq!(queues::counts(&mut read(&db).await, &seen, 1).await.unwrap().open, 2);
}

async fn loads_are_counted_by_agency(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    open(&mut tx, &Ticket { opened_at: at(60), ..ticket("OKI-2602-00001-0") }).await;
    open(&mut tx, &Ticket { status: Status::InProgress, opened_at: at(30), ..ticket("OKI-2602-00002-0") }).await;
    open(&mut tx, &Ticket { status: Status::Closed, ..ticket("OKI-2602-00003-0") }).await;
    commit(tx).await;
    let loads = queues::loads(&mut read(&db).await, &everything()).await.unwrap();
    let told: Vec<_> =
        loads.iter().map(|load| (load.agency.as_str(), load.open, load.unanswered, load.oldest)).collect();
    assert_eq!(told, [("BKD", 2, 1, Some(at(30))), ("DINKES", 0, 0, None)]);
    let own = queues::loads(&mut read(&db).await, &of_agency("DINKES")).await.unwrap();
    assert_eq!(own.len(), 1, "an agency counts itself only");
}

async fn an_agency_without_a_first_line_is_found(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    agency(&mut tx, "DINKES").await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    people::grant(&mut tx, ani, &Grant { role: Role::Tier1Agent, agency: Some("BKD".to_owned()) }).await.unwrap();
    assert_eq!(queues::unheld(&mut tx, Role::Tier1Agent).await.unwrap(), ["DINKES"]);
    people::grant(&mut tx, ani, &Grant { role: Role::Tier1Agent, agency: None }).await.unwrap();
    assert!(queues::unheld(&mut tx, Role::Tier1Agent).await.unwrap().is_empty());
    let told = [("ani@oki.go.id".to_owned(), "Ani".to_owned())];
    assert_eq!(queues::workers(&mut tx, &of_agency("BKD")).await.unwrap(), told, "once, however many roles");
    assert!(queues::workers(&mut tx, &of_agency("DINKES")).await.unwrap().is_empty());
    open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    assert_eq!(queues::last_hand_over(&mut tx, "OKI-2602-00001-0").await.unwrap(), None);
    commit(tx).await;
}

async fn views_belong_to_their_account(db: Db) {
    let mut tx = write(&db).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    queues::keep(&mut tx, ani, "Kritis", "prioritas=P1", at(0)).await.unwrap();
    queues::keep(&mut tx, ani, "Kritis", "prioritas=P2", at(1)).await.unwrap();
    queues::keep(&mut tx, ani, "Absensi", "cari=absensi", at(2)).await.unwrap();
    let views = queues::saved(&mut tx, ani).await.unwrap();
    let told: Vec<_> = views.iter().map(|view| (view.name.as_str(), view.query.as_str())).collect();
    assert_eq!(told, [("Absensi", "cari=absensi"), ("Kritis", "prioritas=P2")]);
    assert!(queues::saved(&mut tx, budi).await.unwrap().is_empty());
    assert!(!queues::rename(&mut tx, budi, views[0].id, "Curian").await.unwrap(), "not his");
    assert!(!queues::rename(&mut tx, ani, views[0].id, "Kritis").await.unwrap(), "the name is taken");
    assert!(queues::rename(&mut tx, ani, views[0].id, "Hadir").await.unwrap());
    queues::forget(&mut tx, budi, views[0].id).await.unwrap();
    assert_eq!(queues::saved(&mut tx, ani).await.unwrap().len(), 2);
    queues::forget(&mut tx, ani, views[0].id).await.unwrap();
    assert_eq!(queues::saved(&mut tx, ani).await.unwrap().len(), 1);
    commit(tx).await;
}

async fn open_tickets_are_counted_by_who_works_on_them(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    let (ani, budi) = (person(&mut tx, "ani@bkd.test").await, person(&mut tx, "budi@bkd.test").await);
    for (place, (who, status)) in
        [(ani, Status::New), (ani, Status::InProgress), (ani, Status::Resolved), (budi, Status::New)].iter().enumerate()
    {
        let each = Ticket { assignee: Some(*who), status: *status, ..ticket(&format!("OKI-2602-0000{place}-0")) };
        open(&mut tx, &each).await;
    }
    open(&mut tx, &ticket("OKI-2602-00009-0")).await;
    commit(tx).await;
    assert_eq!(queues::burdens(&mut read(&db).await).await.unwrap(), [(ani, 2), (budi, 1)]);
}
