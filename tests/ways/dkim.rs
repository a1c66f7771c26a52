//! Mail that is really signed, out and in: by our own key over the wire, and by others' keys as the desk believes them.

use super::talk::{NOW, mail};
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Txt};
use meja::config::mail::DkimConfig;
use meja::mail::sender::SenderCheck;
use meja::mail::sign::Signer;
use meja::mail::transport::{Transport, Wishes};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

on_both! {
    a_really_signed_mail_is_believed_and_a_spoilt_one_is_not = believed;
}

const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const EDWARDS: &[&str] = &["-algorithm", "ed25519"];

/// A key pair made by a program of its own: the signer, and the record that stands in the DNS.
fn key(folder: &Path, domain: &str, algorithm: &[&str]) -> (Signer, String) {
    let file = folder.join(format!("{domain}{}.pem", algorithm[1]));
    let made = Command::new("openssl").arg("genpkey").args(algorithm).arg("-out").arg(&file).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let public =
        Command::new("openssl").args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&file).output().unwrap();
    let (kind, public) = match algorithm == EDWARDS {
        // RFC 8463: the bare key, without what names its algorithm.
        true => ("ed25519", public.stdout[public.stdout.len() - 32..].to_vec()),
        false => ("rsa", public.stdout),
    };
    let config = DkimConfig { domain: domain.to_owned(), selector: "meja".to_owned(), key_file: file };
    let record = format!("v=DKIM1; k={kind}; p={}", data_encoding::BASE64.encode(&public));
    (Signer::load(&config).unwrap(), record)
}

async fn verdict(record: &str, signed: &[u8]) -> Vec<DkimResult> {
    let key = Arc::new(DomainKey::parse(record.as_bytes()).unwrap());
    let records = super::dns::Records::with("meja._domainkey.desk.test.", Txt::DomainKey(key));
    let resolver = MessageAuthenticator::new_cloudflare().unwrap();
    let message = AuthenticatedMessage::parse(signed).unwrap();
    let found = resolver.verify_dkim(records.about(&message)).await;
    found.iter().map(|output| output.result().clone()).collect()
}

/// A mail server that takes one mail and keeps its bytes as they came.
async fn sink() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept: Arc<Mutex<Vec<u8>>> = Arc::default();
    let keeps = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, Arc::clone(&keeps)));
        }
    });
    (port, kept)
}

async fn take(stream: TcpStream, kept: Arc<Mutex<Vec<u8>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await.ok()?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        if !line.to_ascii_uppercase().starts_with(b"DATA") {
            stream.write_all(b"250 ok\r\n").await.ok()?;
            continue;
        }
        stream.write_all(b"354 go\r\n").await.ok()?;
        let mut text = Vec::new();
        loop {
            line.clear();
            if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
                return None;
            }
            if line == b".\r\n" {
                break;
            }
            // A dot at the beginning was doubled for the way.
            text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        *kept.lock().unwrap() = text;
        stream.write_all(b"250 queued\r\n").await.ok()?;
    }
}

#[tokio::test]
async fn what_leaves_over_the_wire_bears_a_signature_others_can_check() {
    for algorithm in [RSA, EDWARDS] {
        let folder = tempfile::tempdir().unwrap();
        let (signer, record) = key(folder.path(), "desk.test", algorithm);
        let (port, kept) = sink().await;
        let mut app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
        let wishes = Wishes { signer: Some(Arc::new(signer)), ..Wishes::default() };
        app.desk.transport = Transport::smtp(&format!("smtp://127.0.0.1:{port}"), wishes).unwrap();
        app.deliver(&mail("a@warga.test", "Printer .", "rusak\r\n.\r\n..titik"), "meja@desk.test", "").await;
        let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
        let body = json!({"body": "Baris satu\n.\n.titik di depan\ndan ruang kosong   \n\n\n"});
        app.post("demo-superadmin", &format!("/tickets/{number}/messages"), body).await.ok(201);
        let mails = app.mails_to("a@warga.test").await;
        assert_eq!(mails.len(), 2, "the receipt and the answer");
        for mail in mails {
            kept.lock().unwrap().clear();
            app.desk.transport.send(&mail).await.unwrap();
            let arrived = kept.lock().unwrap().clone();
            assert!(arrived.starts_with(b"DKIM-Signature:"), "{algorithm:?}");
            assert_eq!(verdict(&record, &arrived).await, [DkimResult::Pass], "{algorithm:?}");
            let text = String::from_utf8(arrived).unwrap();
            for (from, to) in [("Subject: ", "Subject: X"), ("meja@desk.test", "palsu@desk.test"), ("</", "<b>x</b></")]
            {
                let spoilt = text.replacen(from, to, 1);
                assert_ne!(spoilt, text);
                let found = verdict(&record, spoilt.as_bytes()).await;
                assert!(!found.contains(&DkimResult::Pass), "{algorithm:?}, {from}: {found:?}");
            }
        }
    }
}

async fn origin(app: &TestApp, subject: &str) -> (Value, Value) {
    let page = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200);
    let ticket = page["items"].as_array().unwrap().iter().find(|it| it["subject"] == subject).unwrap().clone();
    let path = format!("/tickets/{}/received-mails", ticket["number"].as_str().unwrap());
    (app.get("demo-superadmin", &path).await.ok(200)["items"][0].clone(), ticket["requester"]["verified"].clone())
}

async fn believed(engine: Engine) {
    let Some(mut app) = TestApp::new(engine, "oki", NOW).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let (rsa, rsa_record) = key(folder.path(), "kaboki.go.id", RSA);
    let (edwards, edwards_record) = key(folder.path(), "dinkes.kaboki.go.id", EDWARDS);
    let (other, other_record) = key(folder.path(), "jahat.test", RSA);
    let records = [
        ("meja._domainkey.kaboki.go.id", rsa_record.as_str()),
        ("meja._domainkey.dinkes.kaboki.go.id", &edwards_record),
        ("meja._domainkey.jahat.test", &other_record),
        ("_dmarc.kaboki.go.id", "v=DMARC1; p=reject"),
        ("_dmarc.dinkes.kaboki.go.id", "v=DMARC1; p=reject"),
    ];
    app.desk.sender_check = Arc::new(SenderCheck::fixed("mx.desk.test", &records).unwrap());
    let head = "Received: from luar.test (luar.test [203.0.113.9]) by mx.desk.test with ESMTP id 1; \
                Mon, 5 Oct 2026 09:00:00 +0700\r\n";
    let from = |who: &str, subject: &str| {
        mail(who, subject, "Printer tidak mencetak.").replacen(
            "\r\n",
            "\r\nDate: Mon, 5 Oct 2026 09:00:00 +0700\r\n",
            1,
        )
    };
    let signed = |signer: &Signer, mail: &str| String::from_utf8(signer.sign(mail.as_bytes()).unwrap()).unwrap();
    let ani = "ani@kaboki.go.id";
    let genuine = signed(&rsa, &from(ani, "Asli"));
    let cases = [
        ("Asli", genuine.clone(), ani, "pass", "pass", "proven", true),
        (
            "Muda",
            signed(&edwards, &from("budi@dinkes.kaboki.go.id", "Muda")),
            "budi@dinkes.kaboki.go.id",
            "pass",
            "pass",
            "proven",
            true,
        ),
        // Somebody has changed a word on the way.
        (
            "Rusak",
            signed(&rsa, &from(ani, "Rusak")).replace("tidak mencetak", "sudah dijual"),
            ani,
            "fail",
            "fail",
            "forged",
            false,
        ),
        ("Diubah", genuine.replace("Subject: Asli", "Subject: Diubah"), ani, "fail", "fail", "forged", false),
        // A genuine signature of somebody else's says nothing of this sender.
        ("Titipan", signed(&other, &from(ani, "Titipan")), ani, "pass", "fail", "forged", false),
        ("Polos", from(ani, "Polos"), ani, "none", "fail", "forged", false),
    ];
    for (subject, text, who, dkim, dmarc, belief, verified) in cases {
        app.deliver(&format!("{head}{text}"), "meja@desk.test", who).await;
        let (found, shown) = origin(&app, subject).await;
        assert_eq!((&found["dkim"], &found["dmarc"]), (&json!(dkim), &json!(dmarc)), "{subject}: {found}");
        assert_eq!((&found["belief"], shown), (&json!(belief), json!(verified)), "{subject}: {found}");
    }
    app.audit_is_intact().await;
}
