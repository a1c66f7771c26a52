//! The region the walks go through: the demo's data, at a fixed instant.

use super::map::Map;
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::case_acts::CaseCommand;
use meja::desk::command::Command;
use meja::desk::official_letters::DraftLetter;
use meja::desk::setup::installation;
use meja::domain::letter::{LetterAct, Recipient};
use meja::domain::people::{Actor, Role, Scope};
use meja::domain::ticket::Channel;
use meja::domain::warning::CaseState;
use meja::mail::parse::File;
use meja::store::Db;
use meja::store::cases::CaseFilter;
use meja::store::tickets::{Filter, Sort};
use std::collections::BTreeSet;

/// Who walks: what they are called here, and their address; nobody has signed in without one.
pub const PEOPLE: &[(&str, &str)] = &[
    ("public", ""),
    ("reporter", "warga@demo.test"),
    ("administrator", "admin.dinkes@demo.test"),
    ("superadmin", "superadmin@demo.test"),
    ("owner", "pemilik.dinkes@demo.test"),
    ("head", "pimpinan@demo.test"),
    ("board", "tim.koordinasi@demo.test"),
    ("auditor", "auditor@demo.test"),
    ("system", "sistem@demo.test"),
];

/// Who walks where the law knows a warning procedure: those who have a part in it, and anybody.
pub const IN_A_PROCEDURE: &[(&str, &str)] =
    &[("public", ""), ("superadmin", "superadmin@demo.test"), ("board", "tim.koordinasi@demo.test")];

/// A demo region in one process.
#[derive(Debug)]
pub struct Region {
    pub desk: Desk,
    pub map: Map,
    /// Keys of the catalogue.
    pub keys: BTreeSet<String>,
    _folder: tempfile::TempDir,
}

impl Region {
    /// Of a policy pack, with so many tickets.
    pub async fn new(pack: &str, tickets: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("meja.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            pack: pack.to_owned(),
            mail_address: "meja@demo.test".to_owned(),
            public_url: Some("http://desk.test".to_owned()),
            ..Config::default()
        };
        let mut found = installation(&db).await.unwrap();
        found.is_demo = true;
        let desk = app::wire(&config, db, found).unwrap();
        let now = "2026-11-20T10:20:00+07:00".parse().unwrap();
        desk.clock.set(now, 0.0);
        app::follow(&config, &desk).await.unwrap();
        desk.fill_demo(tickets, now, 0.0).await.unwrap();
        attach(&desk).await;
        letters(&desk).await;
        write_by_mail(&desk).await;
        if desk.has_procedure() {
            close_a_service(&desk).await;
        }
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/locales/id.ftl")).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
        let keys = lines.filter_map(|line| line.split_once(" = ").map(|(key, _)| key.to_owned())).collect();
        Self { desk, map: Map::read(), keys, _folder: folder }
    }
}

/// The second letter of the demo's case is written elsewhere and received, and its order carried out.
async fn close_a_service(desk: &Desk) {
    let (unit, team) = (unit(desk).await, person(desk, "tim.koordinasi@demo.test").await);
    let open = CaseFilter { state: Some(CaseState::LetterPending), ..CaseFilter::default() };
    let cases = desk.warning_cases(&team, &open, None, 50).await.unwrap().items;
    let case = cases.into_iter().find(|case| case.service.is_some()).expect("the demo's case");
    let draft = case.letter.expect("the letter of the demo");
    desk.stop_letter((&unit, &draft, None), LetterAct::Withdraw, "Ditulis di luar sistem", None).await.unwrap();
    let text = |text: &str| text.to_owned();
    for (actor, command) in [
        (&team, CaseCommand::IssueLetter { reason: text("Masa perbaikan lewat"), elsewhere: true }),
        (&team, CaseCommand::RecordReceipt { number: text("7"), received_at: None, receipt: text("Tanda terima") }),
        (&unit, CaseCommand::ExecuteClosure { executed_at: None, minutes: text("Ditutup di pusat data.") }),
    ] {
        desk.act_on_case(actor, &case.number, None, command, None).await.unwrap();
    }
}

/// Somebody of the ICT office.
pub async fn unit(desk: &Desk) -> Actor {
    person(desk, "superadmin@demo.test").await
}

async fn person(desk: &Desk, email: &str) -> Actor {
    let mut people = desk.accounts().await.unwrap().into_iter();
    let (account, grants) = people.find(|(account, _)| account.email == email).unwrap();
    Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
}

/// A report by mail, with quoted history and HTML, that wants its answer somewhere else.
async fn write_by_mail(desk: &Desk) {
    let mail = "From: Ani <ani@warga.test>\r\nReply-To: lain@warga.test\r\nTo: meja@demo.test\r\nSubject: Cetakan buram\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
        Cetakan buram.\r\n\r\nPada Sen, 5 Okt 2026 pukul 09.12 Budi <budi@warga.test> menulis:\r\n> Bagaimana cetakannya?\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Cetakan <b>buram</b>.</p>\r\n--b--\r\n";
    desk.receive(mail.as_bytes(), "meja@demo.test", "ani@warga.test").await.unwrap();
    desk.read_inbox().await.unwrap();
}

/// Gives a file to every ticket that is still open; the demo has none.
async fn attach(desk: &Desk) {
    let unit = unit(desk).await;
    let page = desk.tickets(&unit, &Filter::default(), Sort::Newest, None, 200).await.unwrap();
    for ticket in page.items.iter().map(|view| &view.ticket).filter(|ticket| !ticket.status.is_finished()) {
        let file =
            File { name: "layar.txt".to_owned(), media_type: "text/plain".to_owned(), bytes: b"kosong".to_vec() };
        let note = Command::Note { body: "Tangkapan layar dari pelapor.".to_owned(), files: vec![file] };
        desk.act(&unit, &ticket.number, None, note, None).await.unwrap();
    }
}

/// Writes two official letters: one waits for its signature, one for its number.
async fn letters(desk: &Desk) {
    let unit = unit(desk).await;
    for number in ["500.12/0001/DISKOMINFO/2026", ""] {
        let values = serde_json::json!({"article": "Pasal 41", "duty": "Laporan berkala", "due": "5 November 2026",
            "cure_until": "30 November 2026"});
        let draft = DraftLetter {
            template: "teguran_kewajiban".to_owned(),
            case_key: None,
            agency: "DINKES".to_owned(),
            service: None,
            signer_role: Role::CoordinationTeam,
            signer: None,
            addressee: Recipient { name: "Kepala Dinas Kesehatan".to_owned(), email: None },
            through: None,
            copies: vec![Recipient { name: "Inspektorat".to_owned(), email: None }],
            enclosures: 0,
            values,
            tickets: Vec::new(),
            endpoints: Vec::new(),
            replaces: None,
            drafted_by: None,
        };
        let mut tx = desk.db.write().await.unwrap();
        let key = desk.draft_letter(&mut tx, draft).await.unwrap().key;
        tx.commit().await.unwrap();
        if !number.is_empty() {
            desk.number_letter((&unit, &key, None), number, None, None).await.unwrap();
            desk.request_signature((&unit, &key, None), None).await.unwrap();
        }
    }
}
