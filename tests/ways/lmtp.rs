//! LMTP as a mail server speaks it.

use super::talk::{Talk, limits, listening, mail};
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::store;
use serde_json::Value;
use tokio::io::AsyncWriteExt;

on_both! {
    one_answer_for_each_recipient = answers;
    a_whole_conversation_in_one_breath = pipelining;
    a_lost_answer_makes_no_second_ticket = lost_answer;
}

async fn tickets(app: &TestApp) -> Vec<Value> {
    app.desk.read_inbox().await.unwrap();
    app.get("demo-superadmin", "/tickets?limit=200").await.ok(200)["items"].as_array().unwrap().clone()
}

async fn inbox(app: &TestApp) -> Vec<(String, i64)> {
    store::inbox::counts(&mut app.desk.db.read().await.unwrap()).await.unwrap()
}

async fn answers(engine: Engine) {
    let Some(desk) = listening(engine, limits()).await else { return };
    let mut talk = Talk::begin(desk.port).await;
    let greeting = talk.ask("LHLO mx.warga.test").await;
    for extension in ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 1048576"] {
        assert!(greeting.contains(extension), "{greeting}");
    }
    assert!(talk.ask("MAIL FROM:<ani@warga.test> SIZE=500 BODY=8BITMIME").await.starts_with("250"));
    assert!(talk.ask("RCPT TO:<meja@desk.test>").await.starts_with("250"));
    assert!(talk.ask("RCPT TO:<tidak-ada@desk.test>").await.starts_with("550 5.1.1"));
    // An agency's own address, in whatever case.
    assert!(talk.ask("RCPT TO:<DINKES@desk.test>").await.starts_with("250"));
    assert!(talk.ask("DATA").await.starts_with("354"));
    talk.say(format!("{}..titik di awal\r\n.\r\n", mail("ani@warga.test", "Printer", "rusak"))).await;
    assert_eq!(talk.codes(2).await, ["250", "250"], "one for each that was accepted");
    assert_eq!(inbox(&desk.app).await, [("new".to_owned(), 2)], "durable before anybody reads it");
    let opened = tickets(&desk.app).await;
    assert!(opened.iter().any(|ticket| ticket["agency"] == "DINKES"), "{opened:?}");
    let number = opened[0]["number"].as_str().unwrap();
    let messages = desk.app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    let body = messages["items"][0]["body"].as_str().unwrap();
    assert!(body.ends_with("rusak\n.titik di awal"), "the doubled dot is one again: {body:?}");
    // The conversation goes on; a bounce comes from nobody.
    let bounce = mail("MAILER-DAEMON@warga.test", "Undelivered", "tidak sampai");
    assert!(talk.deliver("", "meja@desk.test", &bounce).await.starts_with("250"));
    assert_eq!(tickets(&desk.app).await.len(), opened.len(), "a bounce opens nothing");
    assert!(talk.ask("QUIT").await.starts_with("221"));
    assert_eq!(talk.hear().await, "");
}

async fn pipelining(engine: Engine) {
    let Some(desk) = listening(engine, limits()).await else { return };
    let mut talk = Talk::begin(desk.port).await;
    talk.say("LHLO a\r\nMAIL FROM:<a@warga.test>\r\nRCPT TO:<meja@desk.test>\r\nRCPT TO:<x@lain.test>\r\nDATA\r\n")
        .await;
    assert_eq!(talk.codes(5).await, ["250", "250", "250", "550", "354"]);
    let (one, two) = (mail("a@warga.test", "Satu", "isi satu"), mail("b@warga.test", "Dua", "isi dua"));
    let next = "MAIL FROM:<b@warga.test>\r\nRCPT TO:<meja@desk.test>\r\nDATA\r\n";
    // The end of one message and the next conversation in the same packet.
    talk.say(format!("{one}.\r\n{next}")).await;
    assert_eq!(talk.codes(4).await, ["250", "250", "250", "354"]);
    // Byte by byte it is the same.
    for byte in format!("{two}.\r\nQUIT\r\n").as_bytes() {
        talk.stream.write_u8(*byte).await.unwrap();
    }
    assert_eq!(talk.codes(2).await, ["250", "221"]);
    let mut subjects: Vec<String> =
        tickets(&desk.app).await.iter().map(|ticket| ticket["subject"].as_str().unwrap().to_owned()).collect();
    subjects.sort();
    assert_eq!(subjects, ["Dua", "Satu"]);
}

async fn lost_answer(engine: Engine) {
    let Some(desk) = listening(engine, limits()).await else { return };
    let letter = mail("a@warga.test", "Listrik padam", "sejak pagi");
    for _ in 0..3 {
        let mut talk = Talk::greeted(desk.port).await;
        assert!(talk.ask("MAIL FROM:<a@warga.test>").await.starts_with("250"));
        assert!(talk.ask("RCPT TO:<meja@desk.test>").await.starts_with("250"));
        assert!(talk.ask("DATA").await.starts_with("354"));
        // Gone before the answer: the mail server must send it again.
        talk.say(format!("Received: from mx by meja; {}\r\n{letter}.\r\n", desk.port)).await;
        drop(talk);
    }
    let mut talk = Talk::greeted(desk.port).await;
    assert!(talk.deliver("a@warga.test", "meja@desk.test", letter.trim_end()).await.starts_with("250"));
    assert_eq!(tickets(&desk.app).await.len(), 1);
    assert_eq!(desk.app.mails_to("a@warga.test").await.len(), 1, "and one confirmation");
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_not_stored() {
    let Some(desk) = listening(Engine::Postgres, limits()).await else { return };
    let mut talk = Talk::greeted(desk.port).await;
    assert!(talk.ask("MAIL FROM:<a@warga.test>").await.starts_with("250"));
    assert!(talk.ask("RCPT TO:<meja@desk.test>").await.starts_with("250"));
    assert!(talk.ask("DATA").await.starts_with("354"));
    desk.app.desk.db.close().await;
    talk.say(format!("{}.\r\n", mail("a@warga.test", "x", "y"))).await;
    assert!(talk.hear().await.starts_with("451 4.3.0"));
    assert!(talk.ask("MAIL FROM:<a@warga.test>").await.starts_with("250"));
    assert!(talk.ask("RCPT TO:<dinkes@desk.test>").await.starts_with("451"), "nobody can say who that is");
}

#[tokio::test]
async fn whoever_is_at_it_may_finish_when_the_house_closes() {
    let Some(desk) = listening(Engine::Sqlite, limits()).await else { return };
    let mut idle = Talk::greeted(desk.port).await;
    let mut busy = Talk::greeted(desk.port).await;
    assert!(busy.ask("MAIL FROM:<a@warga.test>").await.starts_with("250"));
    assert!(busy.ask("RCPT TO:<meja@desk.test>").await.starts_with("250"));
    assert!(busy.ask("DATA").await.starts_with("354"));
    desk.stop.send_replace(true);
    assert!(idle.hear().await.starts_with("421 4.3.2"));
    busy.say(format!("{}.\r\n", mail("a@warga.test", "Tepat waktu", "isi"))).await;
    assert!(busy.hear().await.starts_with("250"));
    assert!(busy.hear().await.starts_with("421"));
    desk.door.await.unwrap();
    assert_eq!(tickets(&desk.app).await.len(), 1);
}
