//! What the chain of events says is enough to compute every stored deadline again.

use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use chrono::{DateTime, Duration, Utc};
use meja::domain::ticket::Priority;
use meja::policy::{Pack, Pause};
use serde_json::{Value, json};

on_both! { deadlines_follow_from_the_events = replayed; }

/// A small generator of our own, so that a failing run can be repeated.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn replayed(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-03-02T08:00:00+07:00").await else { return };
    let mut dice = Dice(20_260_302);
    let mut numbers = Vec::new();
    let mut now: DateTime<Utc> = "2026-03-02T01:00:00Z".parse().unwrap();
    let mut compared = 0;
    for turn in 0..160 {
        if turn % 12 == 0 {
            let service = ["e-office", "simpus", "email-dinas"][usize::try_from(dice.throw(3)).unwrap()];
            let report = json!({"subject": "Uji", "description": "Uraian", "service": service, "kind": "incident",
                "impact": "medium", "urgency": "medium", "requester": {"name": "Operator", "email": "op@kaboki.go.id"}});
            let ticket = app.post("demo-superadmin", "/tickets", report).await.ok(201);
            numbers.push(ticket["number"].as_str().unwrap().to_owned());
        }
        now += Duration::seconds(i64::try_from(60 + dice.throw(10 * 3600)).unwrap());
        app.clock(&now.to_rfc3339()).await;
        let number = &numbers[usize::try_from(dice.throw(numbers.len() as u64)).unwrap()];
        let (verb, body) = act(&mut dice);
        // Many are not allowed just then; those change nothing.
        let status = app.post("demo-superadmin", &format!("/tickets/{number}/{verb}"), body).await.status;
        assert!([200, 409].contains(&status), "{verb}: {status}");
        compared += usize::from(compare(&app, number).await);
    }
    for number in &numbers {
        compared += usize::from(compare(&app, number).await);
    }
    assert!(compared > 60, "only {compared} open tickets were compared");
    app.audit_is_intact().await;
}

fn act(dice: &mut Dice) -> (&'static str, Value) {
    let priority = ["P1", "P2", "P3", "P4"][usize::try_from(dice.throw(4)).unwrap()];
    match dice.throw(8) {
        0 => ("acknowledge", json!({})),
        1 => ("request-info", json!({"body": "Mohon nomor ruangan"})),
        2 => ("wait-vendor", json!({"reason": "Menunggu suku cadang"})),
        3 | 4 => ("resume", json!({"reason": "Sudah ada kabar"})),
        5 => ("prioritize", json!({"priority": priority, "reason": "Dinilai ulang"})),
        6 => ("resolve", json!({"solution": "Sudah diperbaiki"})),
        _ => ("reopen", json!({"reason": "Masih galat"})),
    }
}

/// Holds the deadlines of an open ticket against its events; `false` when it is over.
async fn compare(app: &TestApp, number: &str) -> bool {
    let ticket = app.ticket(number).await;
    if !["new", "acknowledged", "in_progress", "pending_requester", "pending_vendor"]
        .contains(&ticket["status"].as_str().unwrap())
    {
        return false;
    }
    let told = Told::by(&app.events(number).await);
    let pack = app.desk.pack();
    let due = pack.deadlines(&told.profile, told.priority, told.opened, &told.pauses).unwrap();
    let instant = |name: &str| ticket["sla"][name].as_str().map(|text| text.parse::<DateTime<Utc>>().unwrap());
    assert_eq!(instant("resolution_due"), due.resolution_due, "{number}");
    assert_eq!(instant("transfer_due"), due.transfer_due, "{number}");
    assert_eq!(instant("response_due"), Some(told.response_due(&pack)), "{number}");
    true
}

/// What the events say of a ticket's clock, read without a look at its row.
#[derive(Debug)]
struct Told {
    opened: DateTime<Utc>,
    profile: String,
    priority: Priority,
    pauses: Vec<Pause>,
    reopened: Option<DateTime<Utc>>,
}

impl Told {
    fn by(events: &[(String, Value)]) -> Self {
        let at = |event: &Value| event["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        let priority = |value: &Value| value.as_str().unwrap().parse::<Priority>().unwrap();
        let first = &events[0].1;
        let mut told = Self {
            opened: at(first),
            profile: first["payload"]["profile"].as_str().unwrap().to_owned(),
            priority: priority(&first["payload"]["priority"]),
            pauses: Vec::new(),
            reopened: None,
        };
        for (kind, event) in events {
            match kind.as_str() {
                "prioritized" => told.priority = priority(&event["payload"]["to"]),
                "info_requested" | "vendor_awaited" => told.pauses.push(Pause { from: at(event), to: None }),
                "resolved" => {
                    told.end_pause(at(event));
                    told.pauses.push(Pause { from: at(event), to: None });
                }
                "resumed" => {
                    let by_timer = event["payload"]["step"].is_string();
                    let end = if by_timer { &event["payload"]["due_at"] } else { &event["at"] };
                    told.end_pause(end.as_str().unwrap().parse().unwrap());
                }
                "reopened" => {
                    told.end_pause(at(event));
                    told.reopened = Some(at(event));
                }
                _ => {}
            }
        }
        told
    }

    fn end_pause(&mut self, at: DateTime<Utc>) {
        for pause in self.pauses.iter_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(at);
        }
    }

    /// A reopened ticket owes a new answer.
    fn response_due(&self, pack: &Pack) -> DateTime<Utc> {
        let start = self.reopened.unwrap_or(self.opened);
        let due = pack.deadlines(&self.profile, self.priority, start, &[]).unwrap();
        due.response_due.unwrap()
    }
}
