//! Steps planned on clocks: each happens once.

use super::{at, commit, joined, one_ticket, open, read, ticket, value, write};
use crate::support::db::on_both;
use chrono::{DateTime, Utc};
use meja::domain::clock_plan::{Planned, Step, StepKind, StepState};
use meja::store::{Db, clocks, health};

on_both!(
    a_step_is_planned_moved_and_stopped,
    a_step_that_is_done_is_never_planned_again,
    a_step_taken_back_may_be_planned_again,
    only_the_steps_that_are_not_kept_are_taken_back,
    due_steps_come_in_order_and_stop_at_now,
    steps_without_an_instant_stand_last,
    one_of_ten_workers_claims_a_step,
    a_step_that_was_moved_is_not_claimed,
);

async fn plan(db: &Db, ticket: i64, kind: StepKind, cycle: i64, due: Option<i64>) {
    let mut tx = write(db).await;
    clocks::plan_steps(&mut tx, ticket, &[Planned { kind, cycle, due_at: due.map(at) }]).await.expect("a planned step");
    commit(tx).await;
}

async fn all(db: &Db, ticket: i64) -> Vec<Step> {
    clocks::steps(&mut read(db).await, ticket).await.expect("steps")
}

/// Kind, round, instant and state of each step.
async fn told(db: &Db, ticket: i64) -> Vec<(StepKind, i64, Option<DateTime<Utc>>, StepState)> {
    all(db, ticket).await.into_iter().map(|step| (step.kind, step.cycle, step.due_at, step.state)).collect()
}

async fn claim(db: &Db, step: &Step, state: StepState, detected: i64) -> bool {
    let mut tx = write(db).await;
    let claimed = clocks::claim_step(&mut tx, step, state, at(detected)).await.expect("an answer");
    commit(tx).await;
    claimed
}

async fn a_step_is_planned_moved_and_stopped(db: Db) {
    let id = one_ticket(&db).await;
    plan(&db, id, StepKind::Warn, 1, Some(10)).await;
    let first = all(&db, id).await.remove(0);
    let expected = Step {
        id: first.id,
        ticket_id: id,
        kind: StepKind::Warn,
        cycle: 1,
        due_at: Some(at(10)),
        state: StepState::Planned,
    };
    assert_eq!(first, expected);
    for due in [Some(20), None, Some(30)] {
        plan(&db, id, StepKind::Warn, 1, due).await;
        assert_eq!(all(&db, id).await, [Step { due_at: due.map(at), ..first.clone() }]);
        assert_eq!(clocks::next_due(&mut read(&db).await).await.unwrap(), due.map(at));
    }
    assert_eq!(clocks::steps(&mut read(&db).await, id + 1).await.unwrap(), []);
}

async fn a_step_that_is_done_is_never_planned_again(db: Db) {
    let id = one_ticket(&db).await;
    plan(&db, id, StepKind::Breach, 1, Some(10)).await;
    let step = all(&db, id).await.remove(0);
    assert!(claim(&db, &step, StepState::Done, 15).await);
    plan(&db, id, StepKind::Breach, 1, Some(99)).await;
    assert_eq!(told(&db, id).await, [(StepKind::Breach, 1, Some(at(10)), StepState::Done)]);
    assert_eq!(value::<DateTime<Utc>>(&db, "select detected_at from clock_step").await, at(15));
    plan(&db, id, StepKind::Breach, 2, Some(99)).await;
    assert_eq!(told(&db, id).await.len(), 2, "a new round is a new step");
}

async fn a_step_taken_back_may_be_planned_again(db: Db) {
    let id = one_ticket(&db).await;
    plan(&db, id, StepKind::Warn, 1, Some(10)).await;
    let mut tx = write(&db).await;
    clocks::skip_steps(&mut tx, id, &[]).await.unwrap();
    commit(tx).await;
    assert_eq!(told(&db, id).await, [(StepKind::Warn, 1, Some(at(10)), StepState::Skipped)]);
    assert_eq!(clocks::next_due(&mut read(&db).await).await.unwrap(), None);
    plan(&db, id, StepKind::Warn, 1, Some(20)).await;
    assert_eq!(told(&db, id).await, [(StepKind::Warn, 1, Some(at(20)), StepState::Planned)]);
}

async fn only_the_steps_that_are_not_kept_are_taken_back(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    commit(tx).await;
    for (i, &kind) in (0..).zip(StepKind::ALL) {
        plan(&db, one, kind, 1, Some(i)).await;
    }
    plan(&db, two, StepKind::Warn, 1, Some(0)).await;
    let done = all(&db, one).await.remove(0);
    assert!(claim(&db, &done, StepState::Done, 1).await);
    let mut tx = write(&db).await;
    clocks::skip_steps(&mut tx, one, &[StepKind::Breach, StepKind::PendingClose]).await.unwrap();
    commit(tx).await;
    let states: Vec<_> = told(&db, one).await.into_iter().map(|(kind, _, _, state)| (kind, state)).collect();
    for (kind, state) in states {
        let expected = match kind {
            StepKind::Start => StepState::Done,
            StepKind::Breach | StepKind::PendingClose => StepState::Planned,
            _ => StepState::Skipped,
        };
        assert_eq!(state, expected, "{kind}");
    }
    assert_eq!(told(&db, two).await[0].3, StepState::Planned, "another ticket's step stays");
}

async fn due_steps_come_in_order_and_stop_at_now(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    commit(tx).await;
    let plans = [
        (two, StepKind::Breach, Some(20)),
        (one, StepKind::Breach, Some(20)),
        (one, StepKind::Warn, Some(20)),
        (two, StepKind::AutoClose, Some(10)),
        (one, StepKind::AutoClose, Some(21)),
        (two, StepKind::Warn, None),
        (one, StepKind::ResponseNotice, Some(5)),
    ];
    for (id, kind, due) in plans {
        plan(&db, id, kind, 1, due).await;
    }
    let notice = all(&db, one).await.remove(0);
    assert!(claim(&db, &notice, StepState::Done, 6).await);

    let mut tx = read(&db).await;
    let due = clocks::due_steps(&mut tx, at(20), 100).await.unwrap();
    let order: Vec<_> = due.iter().map(|step| (step.ticket_id, step.kind, step.due_at)).collect();
    let step = |id, kind, due| (id, kind, Some(at(due)));
    let expected = [
        step(two, StepKind::AutoClose, 10),
        step(one, StepKind::Warn, 20),
        step(two, StepKind::Breach, 20),
        step(one, StepKind::Breach, 20),
    ];
    assert_eq!(order, expected, "by instant, then by rank, then by key");
    assert_eq!(clocks::due_steps(&mut tx, at(20), 2).await.unwrap(), due[..2]);
    assert_eq!(health::oldest_due_step(&mut tx, at(20)).await.unwrap(), Some(at(10)), "what happened waits no more");
    assert_eq!(health::oldest_due_step(&mut tx, at(9)).await.unwrap(), None);
    let just_before = at(20) - chrono::Duration::microseconds(1);
    assert_eq!(clocks::due_steps(&mut tx, just_before, 100).await.unwrap(), due[..1]);
    assert_eq!(clocks::next_due(&mut tx).await.unwrap(), Some(at(10)));
}

async fn steps_without_an_instant_stand_last(db: Db) {
    let id = one_ticket(&db).await;
    plan(&db, id, StepKind::ResponseNotice, 1, None).await;
    plan(&db, id, StepKind::Breach, 1, Some(20)).await;
    plan(&db, id, StepKind::Warn, 1, Some(20)).await;
    plan(&db, id, StepKind::AutoClose, 1, Some(10)).await;
    let kinds: Vec<_> = all(&db, id).await.into_iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [StepKind::AutoClose, StepKind::Warn, StepKind::Breach, StepKind::ResponseNotice]);
}

async fn one_of_ten_workers_claims_a_step(db: Db) {
    let id = one_ticket(&db).await;
    plan(&db, id, StepKind::Transfer, 1, Some(10)).await;
    let step = all(&db, id).await.remove(0);
    let tasks = (0..10).map(|i| {
        let (db, step) = (db.clone(), step.clone());
        tokio::spawn(async move { claim(&db, &step, StepState::Done, 20 + i).await })
    });
    let claimed: Vec<i64> =
        joined(tasks.collect()).await.into_iter().zip(20..).filter_map(|(won, at)| won.then_some(at)).collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!(value::<DateTime<Utc>>(&db, "select detected_at from clock_step").await, at(claimed[0]));
}

async fn a_step_that_was_moved_is_not_claimed(db: Db) {
    let id = one_ticket(&db).await;
    plan(&db, id, StepKind::Warn, 1, Some(10)).await;
    let seen = all(&db, id).await.remove(0);
    plan(&db, id, StepKind::Warn, 1, Some(11)).await;
    assert!(!claim(&db, &seen, StepState::Done, 12).await);
    plan(&db, id, StepKind::Warn, 1, None).await;
    assert!(!claim(&db, &seen, StepState::Done, 12).await);
    assert!(
        !claim(&db, &Step { due_at: None, ..seen.clone() }, StepState::Done, 12).await,
        "a step that stands still is not due"
    );
    assert_eq!(told(&db, id).await, [(StepKind::Warn, 1, None, StepState::Planned)]);
    plan(&db, id, StepKind::Warn, 1, Some(10)).await;
    assert!(claim(&db, &seen, StepState::Skipped, 12).await);
    assert!(!claim(&db, &seen, StepState::Done, 13).await);
    assert_eq!(told(&db, id).await, [(StepKind::Warn, 1, Some(at(10)), StepState::Skipped)]);
}
