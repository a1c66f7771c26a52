//! Work that waits too long: whoever runs the installation is called once, and told once when it is over.

use crate::duty_pages::signed_in;
use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use crate::support::server::{Server, meja, program};
use chrono::{DateTime, TimeDelta, Utc};
use std::net::TcpListener;

const NOW: &str = "2026-10-05T09:00:00+07:00";
const SYSTEM: &str = "sistem@demo.test";
const MAIL: &[u8] = b"From: siti@warga.test\r\nTo: meja@demo.test\r\nSubject: Jaringan putus\r\n\r\nSejak pagi.\r\n";

on_both! {
    mail_nobody_reads_calls_once_and_is_called_off_once = alarm_story;
    a_seal_that_does_not_come_calls = seal_story;
}

fn after(minutes: i64) -> DateTime<Utc> {
    NOW.parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

/// What is called out at an instant.
async fn look(app: &TestApp, minutes: i64) -> Vec<&'static str> {
    app.desk.clock.set(after(minutes), 0.0);
    app.desk.look_for_alarms().await.unwrap().iter().map(|(kind, _)| kind.as_str()).collect()
}

async fn calls(app: &TestApp) -> Vec<String> {
    app.mails_to(SYSTEM).await.iter().map(readable).collect()
}

async fn alarm_story(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.desk.send_outbox().await.unwrap();
    app.desk.clock.set(after(0), 0.0);
    app.desk.receive_for(MAIL, &["meja@demo.test".to_owned()], "siti@warga.test").await.unwrap();
    assert_eq!(look(&app, 14).await, [""; 0]);
    assert_eq!(calls(&app).await, [""; 0]);
    for minutes in [15, 16] {
        assert_eq!(look(&app, minutes).await, ["inbox"]);
    }
    let told = calls(&app).await;
    assert_eq!(told.len(), 1, "called once: {told:?}");
    assert!(
        told[0].contains("Surel masuk yang belum dibaca, sejak Senin, 5 Oktober 2026 pukul 09.00 WIB"),
        "{}",
        told[0]
    );
    assert!(!told[0].contains("siti@warga.test") && !told[0].contains("Jaringan"), "nothing of anybody's: {}", told[0]);
    let page = signed_in(&app, SYSTEM).await.get("/kerja/kesehatan").await;
    page.shows("Menunggu terlalu lama").shows("Surel masuk yang belum dibaca");
    app.desk.read_inbox().await.unwrap();
    app.desk.send_outbox().await.unwrap();
    for minutes in [17, 18] {
        assert_eq!(look(&app, minutes).await, [""; 0]);
    }
    let told = calls(&app).await;
    assert_eq!(told.len(), 2, "told once that it is over: {told:?}");
    assert!(told.iter().any(|mail| mail.contains("Sudah pulih")), "{told:?}");
}

async fn seal_story(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.desk.send_outbox().await.unwrap();
    let calls = async |hours: i64| look(&app, hours * 60).await.contains(&"seal");
    app.desk.seal().await.unwrap();
    assert!(!app.desk.seal().await.unwrap(), "a quiet day has nothing to seal, and is no alarm");
    assert!(!calls(25).await);
    assert!(calls(26).await);
    app.desk.seal().await.unwrap();
    assert!(!calls(26).await, "it came");
}

#[test]
fn figures_stand_on_a_listener_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    // A port nobody has; whoever takes it between here and there makes the start fail, loudly.
    let private = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = meja(&program(), folder.path());
    command.args(["demo", "--listen", "127.0.0.1:0", "--tickets", "0"]);
    command.env("MEJA_METRICS_LISTEN", private.to_string());
    let server = Server::of(command);
    assert_eq!(server.page("/metrics").0, 404, "the public has no business there");
    assert_eq!(server.page("/lapor").0, 200);
    let text = ureq::get(format!("http://{private}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
    for line in [
        "meja_database_up 1",
        "meja_oldest_waiting_age{queue=\"clocks\"} 0",
        "meja_http_answers_total{door=\"public\",method=\"GET\",status=\"2xx\"}",
        "meja_http_answer_seconds_bucket{door=\"public\",le=\"5\"}",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
