//! Official letters and the register of issued documents.

use super::{agency, at, commit, is_conflict, person, read, write};
use crate::support::db::on_both;
use meja::domain::letter::{
    ChainState, Content, DocumentKind, DocumentState, IssuedDocument, Letter, LetterState, Recipient, SignatureFacts,
    SignedHow,
};
use meja::store::letters::LetterFilter;
use meja::store::{Db, Tx, documents, letters};

on_both!(
    a_letter_is_saved_under_its_next_version_only,
    letters_are_listed_newest_first_as_asked,
    a_number_belongs_to_one_letter,
    a_document_is_found_by_code_and_by_digest,
    letters_of_a_case_go_to_whoever_takes_over,
);

fn letter(key: &str) -> Letter {
    let person = |name: &str| Recipient { name: name.to_owned(), email: Some("a@x.test".to_owned()) };
    Letter {
        key: key.to_owned(),
        template: "surat_peringatan".to_owned(),
        case_key: Some("PRK-2026-0001".to_owned()),
        agency: "DINKES".to_owned(),
        ..Letter::draft(
            Content {
                head: vec!["Pemerintah".to_owned(), "Tim".to_owned()],
                place: "Medan".to_owned(),
                urgency: "Segera".to_owned(),
                enclosures: "-".to_owned(),
                subject: "Peringatan".to_owned(),
                addressee: person("Kepala Dinas"),
                body: "Isi".to_owned(),
                endpoints: vec!["https://a.test".to_owned()],
                signer_title: "Ketua".to_owned(),
                copies: vec![person("Sekda")],
                ..Content::default()
            },
            format!("CODE-{key}"),
            at(0),
        )
    }
}

async fn a_letter_is_saved_under_its_next_version_only(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    let person = person(&mut tx, "ani@x.test").await;
    let mut one = letter("SRT-2026-0001");
    one.id = letters::add_letter(&mut tx, &one).await.unwrap();
    assert_eq!(letters::letter(&mut tx, "SRT-2026-0001").await.unwrap(), Some(one.clone()));
    assert_eq!(letters::letter(&mut tx, "SRT-2026-0002").await.unwrap(), None);
    one.version = 2;
    one.state = LetterState::Received;
    one.number = Some("500.12/0001/KOMINFO/2026".to_owned());
    one.dated = "2026-03-26".parse().ok();
    one.content.body = "Isi lain".to_owned();
    (one.issued_by, one.signed_by) = (Some(person), Some(person));
    (one.issued_sha256, one.signed_sha256) = (Some("a".repeat(64)), Some("b".repeat(64)));
    one.signed_how = Some(SignedHow::Uploaded);
    (one.signed_at, one.sent_at, one.received_at, one.updated_at) = (Some(at(1)), Some(at(2)), Some(at(3)), at(3));
    (one.received_by, one.receipt) = (Some("Petugas".to_owned()), Some("Agenda 12".to_owned()));
    one.note = Some("x".to_owned());
    one.signature = Some(SignatureFacts {
        signer: "Tim Koordinasi".to_owned(),
        issuer: "Balai Sertifikasi".to_owned(),
        from: at(-9),
        until: at(9),
        valid_then: true,
        fits: None,
        chain: ChainState::NotChecked,
    });
    letters::save_letter(&mut tx, &one).await.unwrap();
    assert_eq!(letters::letter(&mut tx, "SRT-2026-0001").await.unwrap(), Some(one.clone()));
    let stale = letters::save_letter(&mut tx, &one).await.unwrap_err();
    assert!(is_conflict(&stale), "{stale}");
}

async fn letters_are_listed_newest_first_as_asked(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    agency(&mut tx, "BKD").await;
    let mut ids = Vec::new();
    for (place, (name, state)) in
        [("DINKES", LetterState::Draft), ("BKD", LetterState::Draft), ("DINKES", LetterState::Signed)]
            .iter()
            .enumerate()
    {
        let mut new = letter(&format!("SRT-2026-000{place}"));
        (new.agency, new.state) = ((*name).to_owned(), *state);
        new.case_key = (place != 1).then(|| "PRK-2026-0001".to_owned());
        new.number = (place == 2).then(|| "1".to_owned());
        ids.push(letters::add_letter(&mut tx, &new).await.unwrap());
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    let keys = async |tx: &mut Tx, filter: LetterFilter, before: i64, limit: i64| {
        let found = letters::letters(tx, &filter, before, limit).await.unwrap();
        found.iter().map(|letter| letter.key[9..].to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(&mut tx, LetterFilter::default(), i64::MAX, 10).await, "0002 0001 0000");
    assert_eq!(keys(&mut tx, LetterFilter::default(), ids[2], 1).await, "0001");
    let of_case = LetterFilter { case_key: Some("PRK-2026-0001".to_owned()), ..LetterFilter::default() };
    assert_eq!(keys(&mut tx, of_case, i64::MAX, 10).await, "0002 0000");
    let drafts = LetterFilter { state: Some(LetterState::Draft), ..LetterFilter::default() };
    assert_eq!(keys(&mut tx, drafts, i64::MAX, 10).await, "0001 0000");
    let of_agency = LetterFilter { agency: Some("BKD".to_owned()), ..LetterFilter::default() };
    assert_eq!(keys(&mut tx, of_agency, i64::MAX, 10).await, "0001");
    let signed = LetterFilter { only_signed: true, ..LetterFilter::default() };
    assert_eq!(keys(&mut tx, signed, i64::MAX, 10).await, "", "none has been signed");
    assert_eq!(letters::numbered_letters(&mut tx, "SRT-2026").await.unwrap(), 1);
    assert_eq!(letters::numbered_letters(&mut tx, "SRT-2027").await.unwrap(), 0);
}

async fn a_number_belongs_to_one_letter(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    let mut one = letter("SRT-2026-0001");
    one.number = Some("1/2026".to_owned());
    letters::add_letter(&mut tx, &one).await.unwrap();
    assert_eq!(letters::key_of_number(&mut tx, "1/2026").await.unwrap().as_deref(), Some("SRT-2026-0001"));
    assert_eq!(letters::key_of_number(&mut tx, "2/2026").await.unwrap(), None);
    let mut two = letter("SRT-2026-0002");
    two.number = one.number;
    let refused = letters::add_letter(&mut tx, &two).await.unwrap_err();
    assert!(super::is_duplicate(&refused), "{refused}");
}

async fn a_document_is_found_by_code_and_by_digest(db: Db) {
    let mut tx = write(&db).await;
    let document = |code: &str, sha256: &str| IssuedDocument {
        code: code.to_owned(),
        kind: DocumentKind::Letter,
        number: "1/2026".to_owned(),
        dated: "2026-03-26".parse().unwrap(),
        issuer: "Ketua".to_owned(),
        sha256: sha256.repeat(64),
        issued_at: at(0),
        state: DocumentState::Authentic,
        superseded_by: None,
    };
    let (one, two) = (document("AAAA-0001", "a"), document("AAAA-0002", "b"));
    documents::add_document(&mut tx, &one).await.unwrap();
    documents::add_document(&mut tx, &two).await.unwrap();
    assert_eq!(documents::document(&mut tx, "AAAA-0001").await.unwrap(), Some(one.clone()));
    assert_eq!(documents::document(&mut tx, "AAAA-0003").await.unwrap(), None);
    assert_eq!(documents::document_by_digest(&mut tx, &two.sha256).await.unwrap(), Some(two));
    assert_eq!(documents::document_by_digest(&mut tx, "c").await.unwrap(), None);
    assert!(documents::supersede_document(&mut tx, "AAAA-0001", Some("AAAA-0002")).await.unwrap());
    assert!(!documents::supersede_document(&mut tx, "AAAA-0001", None).await.unwrap(), "it stands no more");
    let old = documents::document(&mut tx, "AAAA-0001").await.unwrap().unwrap();
    assert_eq!((old.state, old.superseded_by.as_deref()), (DocumentState::Superseded, Some("AAAA-0002")));
}

async fn letters_of_a_case_go_to_whoever_takes_over(db: Db) {
    let mut tx = write(&db).await;
    for code in ["DINKES", "BKD"] {
        agency(&mut tx, code).await;
    }
    letters::add_letter(&mut tx, &letter("SRT-2026-0001")).await.unwrap();
    let other = Letter { case_key: Some("PRK-2026-0002".to_owned()), ..letter("SRT-2026-0002") };
    letters::add_letter(&mut tx, &other).await.unwrap();
    assert_eq!(letters::hand_on(&mut tx, "PRK-2026-0001", "BKD").await.unwrap(), ["SRT-2026-0001"]);
    assert_eq!(letters::hand_on(&mut tx, "PRK-2026-0001", "BKD").await.unwrap(), [""; 0], "it is there already");
    let moved = letters::letter(&mut tx, "SRT-2026-0001").await.unwrap().unwrap();
    assert_eq!((moved.agency.as_str(), moved.version), ("BKD", 2));
    assert_eq!(letters::letter(&mut tx, "SRT-2026-0002").await.unwrap().unwrap().agency, "DINKES");
}
