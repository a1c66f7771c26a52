//! Records about SLA profiles and critical status.

use super::{at, commit, person, read, write};
use crate::store::catalogue::entered;
use crate::support::db::on_both;
use meja::domain::catalogue::{Decision, Document, Person, Proposal, ProposalKind, ProposalState, SlaRecord, SlaState};
use meja::store::{Db, decisions};

on_both!(an_sla_record_is_kept_with_its_end, a_proposal_is_kept_with_its_end, proposals_are_narrowed_and_paged);

fn ani(account: i64) -> Person {
    Person { account, name: "Ani".to_owned(), email: "ani@oki.go.id".to_owned() }
}

fn decided(account: i64, reason: Option<&str>) -> Option<Decision> {
    let by = Person { account, name: "Ani".to_owned(), email: "budi@oki.go.id".to_owned() };
    Some(Decision { by, at: at(60), reason: reason.map(str::to_owned) })
}

fn document() -> Option<Document> {
    Some(Document { number: "000.3/1".to_owned(), date: "2026-02-13".parse().unwrap() })
}

fn proposal(service: &str, account: i64) -> Proposal {
    Proposal {
        id: 0,
        service: service.to_owned(),
        kind: ProposalKind::Determine,
        state: ProposalState::Proposed,
        reason: "penting".to_owned(),
        evidence: "rekap".to_owned(),
        proposed_by: ani(account),
        proposed_at: at(1),
        decision: None,
        document: None,
        instrument: None,
        profile: None,
    }
}

async fn an_sla_record_is_kept_with_its_end(db: Db) {
    let mut tx = write(&db).await;
    entered(&mut tx, "simpus").await;
    entered(&mut tx, "absen").await;
    let (a, b) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    let mut first = SlaRecord {
        id: 0,
        service: "simpus".to_owned(),
        profile: "umum".to_owned(),
        state: SlaState::Proposed,
        reason: "perlu".to_owned(),
        proposed_by: ani(a),
        proposed_at: at(1),
        decision: None,
        document: None,
    };
    first.id = decisions::add_sla(&mut tx, &first).await.unwrap();
    let mut second =
        SlaRecord { state: SlaState::Approved, decision: decided(b, None), document: document(), ..first.clone() };
    second.id = decisions::add_sla(&mut tx, &second).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(decisions::sla_records(&mut tx, "simpus").await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(decisions::sla_records(&mut tx, "absen").await.unwrap(), []);
    drop(tx);
    first.state = SlaState::Rejected;
    first.decision = decided(b, Some("belum"));
    let mut tx = write(&db).await;
    decisions::decide_sla(&mut tx, &first).await.unwrap();
    assert_eq!(decisions::sla_record(&mut tx, "simpus", first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(decisions::sla_record(&mut tx, "absen", first.id).await.unwrap(), None, "another service's");
    assert_eq!(decisions::sla_record(&mut tx, "simpus", second.id).await.unwrap(), Some(second));
}

async fn a_proposal_is_kept_with_its_end(db: Db) {
    let mut tx = write(&db).await;
    entered(&mut tx, "simpus").await;
    let (a, b) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    let mut made = proposal("simpus", a);
    made.id = decisions::add_proposal(&mut tx, &made).await.unwrap();
    assert_eq!(decisions::proposal(&mut tx, "simpus", made.id).await.unwrap(), Some(made.clone()));
    let ended = Proposal {
        state: ProposalState::Determined,
        decision: decided(b, None),
        document: document(),
        instrument: Some("Keputusan".to_owned()),
        profile: Some("KRITIS".to_owned()),
        ..made.clone()
    };
    decisions::decide_proposal(&mut tx, &ended).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(decisions::proposal(&mut tx, "simpus", made.id).await.unwrap(), Some(ended));
    assert_eq!(decisions::proposal(&mut tx, "lain", made.id).await.unwrap(), None);
}

async fn proposals_are_narrowed_and_paged(db: Db) {
    let mut tx = write(&db).await;
    entered(&mut tx, "simpus").await;
    entered(&mut tx, "absen").await;
    let a = person(&mut tx, "ani@oki.go.id").await;
    let mut all = Vec::new();
    for service in ["simpus", "absen", "simpus"] {
        let mut made = proposal(service, a);
        made.id = decisions::add_proposal(&mut tx, &made).await.unwrap();
        all.push(made);
    }
    all[0].state = ProposalState::Withdrawn;
    decisions::decide_proposal(&mut tx, &all[0]).await.unwrap();
    let (max, open) = (i64::MAX, Some(ProposalState::Proposed));
    for (service, state, before, limit, expected) in [
        (None, None, max, 10, vec![2, 1, 0]),
        (None, None, max, 2, vec![2, 1]),
        (None, None, all[1].id, 2, vec![0]),
        (Some("simpus"), None, max, 10, vec![2, 0]),
        (None, open, max, 10, vec![2, 1]),
        (Some("simpus"), open, max, 10, vec![2]),
        (Some("lain"), None, max, 10, vec![]),
    ] {
        let found = decisions::proposals(&mut tx, service, state, before, limit).await.unwrap();
        let expected: Vec<Proposal> = expected.into_iter().map(|place: usize| all[place].clone()).collect();
        assert_eq!(found, expected, "{service:?} {state:?} {before} {limit}");
    }
}
