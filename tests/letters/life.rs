//! The life of a letter through the API: number, signature, sending, receipt, replacement, and every refusal.

use super::{Signer, drafted, has_tools, region, tool, words};
use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use meja::clock::Clock;
use meja::desk::demo::PASSWORD;
use meja::domain::people::{Actor, Role};
use meja::error::Error;
use meja::mail::parse;
use poem::http::Method;
use serde_json::{Value, json};

on_both! {
    a_letter_lives_from_draft_to_receipt = life;
    what_is_not_allowed_is_refused_and_stands_in_the_chain = refusals;
    another_document_is_refused_with_the_reason = wrong_files;
    a_later_letter_takes_the_place_of_an_earlier_one = replacement;
    the_installation_signs_by_itself = own_signature;
    a_free_letter_has_the_same_life = free_letter;
    a_withdrawn_letter_gives_its_number_back = number_again;
}

async fn actor(app: &TestApp, token: &str) -> Actor {
    app.desk.by_token(token).await.unwrap()
}

/// A numbered letter that waits for its signature; gives its key.
async fn submitted(app: &TestApp, template: &str, number: &str) -> String {
    let key = drafted(app, template, Role::CoordinationTeam).await.key;
    let path = format!("/letters/{key}");
    app.post("demo-superadmin", &format!("{path}/number"), json!({"number": number})).await.ok(200);
    app.post("demo-superadmin", &format!("{path}/request-signature"), json!({})).await.ok(200);
    key
}

async fn issued(app: &TestApp, key: &str) -> Vec<u8> {
    app.desk.letter_pdf(&actor(app, "demo-koordinasi").await, key).await.unwrap().1
}

/// Kinds of the letter's events, the reasons of refused attempts behind them.
async fn chain(app: &TestApp, key: &str) -> Vec<String> {
    let page = app.get("demo-auditor", &format!("/letters/{key}/events")).await.ok(200);
    let kind = |event: &Value| match event["payload"]["why"].as_str() {
        Some(why) => format!("{} {why}", event["kind"].as_str().unwrap()),
        None => event["kind"].as_str().unwrap().to_owned(),
    };
    page["items"].as_array().unwrap().iter().map(kind).collect()
}

async fn life(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    if !has_tools() {
        return;
    }
    let signer = Signer::new();
    let folder = tempfile::tempdir().unwrap();
    let key = drafted(&app, "surat_peringatan", Role::CoordinationTeam).await.key;
    let path = format!("/letters/{key}");
    let draft = app.get("demo-superadmin", &path).await.ok(200);
    assert_eq!((draft["state"].as_str(), &draft["number"]), (Some("draft"), &Value::Null), "a draft burns no number");
    let proposed = app.get("demo-superadmin", &format!("{path}/proposed-number")).await.ok(200);
    assert_eq!(proposed, "500.12/0001/KOMINFO/2026");
    let edit = json!({"version": 1, "signer_name": "Dr. Contoh, M.Si.", "signer_rank": "Pembina Utama Madya",
        "signer_nip": "197603111999031009"});
    let edited = app.call(Method::PATCH, "demo-superadmin", &path, Some(edit.clone()), &[]).await.ok(200);
    assert_eq!((edited["version"].as_i64(), edited["subject"].as_str()), (Some(2), draft["subject"].as_str()));
    app.call(Method::PATCH, "demo-superadmin", &path, Some(edit), &[]).await.ok(409);
    let number = json!({"number": "500.12/0007/KOMINFO/2026", "version": 2});
    let once = [("idempotency-key", "nomor-1")];
    for _ in 0..2 {
        let numbered = app
            .call(Method::POST, "demo-superadmin", &format!("{path}/number"), Some(number.clone()), &once)
            .await
            .ok(200);
        assert_eq!((numbered["state"].as_str(), numbered["version"].as_i64()), (Some("numbered"), Some(3)));
    }
    let waiting =
        app.post("demo-superadmin", &format!("{path}/request-signature"), json!({"version": 3})).await.ok(200);
    assert_eq!(
        (waiting["state"].as_str(), waiting["dated"].as_str()),
        (Some("awaiting_signature"), Some("2026-03-26"))
    );
    let told = app.mails_to("tim.koordinasi@demo.test").await;
    assert!(told.iter().any(|mail| readable(mail).contains(&format!("/kerja/tanda-tangan/{key}"))), "{}", told.len());
    let issued = issued(&app, &key).await;
    assert_eq!(meja::secret::sha256(&issued), waiting["issued_sha256"].as_str().unwrap());
    let said = words(&issued, folder.path());
    for part in [
        "500.12/0007/KOMINFO/2026",
        "Medan, 26 Maret 2026",
        "Dr. Contoh, M.Si. Pembina Utama Madya NIP 19760311 199903 1 009",
    ] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    let code = waiting["code"].as_str().unwrap().to_owned();
    let check = app.get("", &format!("/public/verify/{code}")).await.ok(200);
    assert_eq!(check["state"], "unknown", "an unsigned letter is none yet");
    let signed = signer.sign(&issued);
    let letter = app.sign_by_api("demo-koordinasi", &key, &signed, 4).await.ok(200);
    assert_eq!(letter["signed_sha256"].as_str(), Some(meja::secret::sha256(&signed).as_str()));
    let told = &letter["signature"];
    assert_eq!((&told["signer"], &told["chain"]), (&json!("Tim Koordinasi SPBE"), &json!("not_checked")), "{told}");
    assert_eq!((&told["fits"], &told["valid_then"]), (&json!(true), &json!(false)), "made after the letter: {told}");
    anybody_checks(&app, &code, &signed, &issued).await;
    app.post("demo-superadmin", &format!("{path}/send"), json!({"version": 5})).await.ok(200);
    the_signed_one_is_attached(&app, &key, &code, &signed).await;
    let receipt = json!({"received_by": "Yoga, Dinas Kominfo", "receipt": "Agenda 12/2026"});
    app.clock("2026-03-26T15:00:00+07:00").await;
    let early = json!({"received_by": "Yoga", "receipt": "x1", "received_at": "2026-03-25T09:00:00+07:00"});
    app.post("demo-superadmin", &format!("{path}/receive"), early).await.ok(422);
    let received = app.post("demo-superadmin", &format!("{path}/receive"), receipt).await.ok(200);
    assert_eq!((received["state"].as_str(), received["version"].as_i64()), (Some("received"), Some(7)));
    assert_eq!(
        chain(&app, &key).await,
        [
            "letter_drafted",
            "letter_edited",
            "attempt_refused letter-stale",
            "letter_numbered",
            "letter_issued",
            "letter_signed",
            "letter_sent",
            "letter_received"
        ]
    );
    app.audit_is_intact().await;
}

/// Whoever has an app is asked for its code, and each code signs once.
async fn with_a_code(app: &TestApp, key: &str) {
    let board = actor(app, "demo-koordinasi").await;
    let (mut tx, secret) = (app.desk.db.write().await.unwrap(), b"12345678901234567890");
    let sealed = app.desk.secret.seal("totp", &board.account.id.to_string(), secret).unwrap();
    meja::store::second_factor::propose_totp(&mut tx, board.account.id, &sealed).await.unwrap();
    assert!(meja::store::second_factor::confirm_totp(&mut tx, board.account.id, app.desk.now()).await.unwrap());
    tx.commit().await.unwrap();
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::new(secret.as_slice().into())).build().unwrap();
    let code = totp.generate(u64::try_from(app.desk.clock.machine().timestamp()).unwrap()).to_string();
    let path = format!("/letters/{key}/sign-own");
    let refused = app.post("demo-koordinasi", &path, json!({"password": PASSWORD})).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "code", "the password is not enough then");
    app.post("demo-koordinasi", &path, json!({"code": code})).await.ok(200);
}

/// By code however it is typed, and by the digest of a file.
async fn anybody_checks(app: &TestApp, code: &str, signed: &[u8], issued: &[u8]) {
    let check = app.get("", &format!("/public/verify/{}", code.to_lowercase().replace('-', "%20"))).await.ok(200);
    assert_eq!(
        (check["state"].as_str(), check["number"].as_str()),
        (Some("authentic"), Some("500.12/0007/KOMINFO/2026"))
    );
    assert!(!check.to_string().contains("e-Perizinan"), "no secrets: {check}");
    let digest = meja::secret::sha256(signed);
    let check = app.get("", &format!("/public/verify/{code}?sha256={digest}")).await.ok(200);
    assert_eq!(check["matches"], true);
    let check = app.get("", &format!("/public/verify/{code}?sha256={}", meja::secret::sha256(issued))).await.ok(200);
    assert_eq!(check["matches"], false);
}

async fn the_signed_one_is_attached(app: &TestApp, key: &str, code: &str, signed: &[u8]) {
    for (address, is_copy) in [("pimpinan@demo.test", false), ("kepala.dpmptsp@demo.test", true)] {
        let mails = app.mails_to(address).await;
        let mail = mails.iter().find(|mail| mail.subject.contains("0007")).unwrap();
        assert_eq!(mail.subject.starts_with("Tembusan:"), is_copy, "{}", mail.subject);
        assert!(readable(mail).contains(code), "{}", readable(mail));
        let file = parse::read(&mail.raw, "").unwrap().files.remove(0);
        assert!(file.bytes == signed && file.name == format!("{key}.pdf"), "{}", file.name);
    }
}

async fn refusals(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    if !has_tools() {
        return;
    }
    let signer = Signer::new();
    let first = submitted(&app, "surat_peringatan", "1/2026").await;
    let key = drafted(&app, "surat_teguran", Role::CoordinationTeam).await.key;
    let path = format!("/letters/{key}");
    // Nobody outside may know of it; the second agency's people see nothing.
    app.get("demo-warga", "/letters").await.ok(403);
    app.get("demo-warga", &path).await.ok(404);
    app.get("demo-dinkes", &path).await.ok(404);
    app.get("", &path).await.ok(401);
    app.post("demo-auditor", &format!("{path}/number"), json!({"number": "2/2026"})).await.ok(403);
    app.post("demo-superadmin", &format!("{path}/request-signature"), json!({})).await.ok(409);
    let taken = app.post("demo-superadmin", &format!("{path}/number"), json!({"number": " 1/2026 "})).await.ok(422);
    assert_eq!(taken["errors"][0]["field"], "number");
    assert!(taken["errors"][0]["message"].as_str().unwrap().contains(&first), "{taken}");
    app.post("demo-superadmin", &format!("{path}/number"), json!({"number": "2/2026"})).await.ok(200);
    let refused = app.post("demo-superadmin", &format!("{path}/send"), json!({})).await.ok(409);
    assert!(refused["detail"].as_str().unwrap().contains("Sudah bernomor"), "{refused}");
    app.post("demo-superadmin", &format!("{path}/request-signature"), json!({})).await.ok(200);
    let signed = signer.sign(&issued(&app, &key).await);
    let (office, board) = (actor(&app, "demo-superadmin").await, actor(&app, "demo-koordinasi").await);
    let denied = app.desk.sign_uploaded((&office, &key, None), signed.clone(), None).await.unwrap_err();
    assert!(matches!(denied, Error::Denied(_)), "{denied}");
    // Given back, mended and submitted anew: the first document is outdated.
    app.post("demo-koordinasi", &format!("{path}/return"), json!({"reason": "Perbaiki hal"})).await.ok(200);
    let edit = json!({"version": 4, "subject": "Teguran Pertama dan Terakhir"});
    app.call(Method::PATCH, "demo-superadmin", &path, Some(edit), &[]).await.ok(200);
    app.post("demo-superadmin", &format!("{path}/request-signature"), json!({})).await.ok(200);
    let stale = app.desk.sign_uploaded((&board, &key, Some(3)), signed.clone(), None).await.unwrap_err();
    assert!(matches!(stale, Error::Conflict { version: Some(6), .. }), "{stale}");
    let outdated = app.desk.sign_uploaded((&board, &key, None), signed, None).await.unwrap_err();
    assert!(matches!(outdated, Error::Invalid(_)), "{outdated}");
    let signed = signer.sign(&issued(&app, &key).await);
    app.desk.sign_uploaded((&board, &key, None), signed.clone(), None).await.unwrap();
    let twice = app.desk.sign_uploaded((&board, &key, None), signed, None).await.unwrap_err();
    assert_eq!(twice.public().key, "letter-signed-before");
    app.post("demo-superadmin", &format!("{path}/withdraw"), json!({"reason": "x1"})).await.ok(409);
    let tried: Vec<String> = chain(&app, &key)
        .await
        .into_iter()
        .filter_map(|kind| Some(kind.strip_prefix("attempt_refused ")?.to_owned()))
        .collect();
    assert_eq!(
        tried,
        [
            "error-denied",
            "letter-state",
            "letter-number-taken",
            "letter-state",
            "letter-not-signer",
            "letter-stale",
            "letter-file-text",
            "letter-signed-before",
            "letter-state"
        ]
    );
    app.audit_is_intact().await;
}

async fn wrong_files(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    if !has_tools() {
        return;
    }
    let signer = Signer::new();
    let folder = tempfile::tempdir().unwrap();
    let key = submitted(&app, "surat_peringatan", "1/2026").await;
    let other = submitted(&app, "surat_teguran", "2/2026").await;
    let issued_pdf = issued(&app, &key).await;
    let signed = signer.sign(&issued_pdf);
    let mut altered = signed.clone();
    // A byte of the description of the file, which no page shows.
    let place = altered.windows(9).position(|window| window == b"<xmp:Crea").unwrap();
    altered[place + 1] = b'y';
    let file = folder.path().join("a.pdf");
    std::fs::write(&file, &issued_pdf).unwrap();
    let out = folder.path().join("b.pdf");
    tool("qpdf", &["--pages", ".", "1,1", "--", "--replace-input"], &file);
    let longer = std::fs::read(&file).unwrap();
    std::fs::write(&out, &issued_pdf).unwrap();
    let board = actor(&app, "demo-koordinasi").await;
    for (bytes, why) in [
        (issued_pdf.clone(), "letter-file-unsigned"),
        (signer.sign(&issued(&app, &other).await), "letter-file-text"),
        (signer.sign(&longer), "letter-file-pages"),
        (altered, "letter-file-altered"),
        (b"%PDF-1.7 nonsense".to_vec(), "letter-file-no-pdf"),
        (b"MZ".to_vec(), "letter-file-no-pdf"),
        (vec![b'%'; 11 << 20], "letter-file-large"),
    ] {
        let refused = app.desk.sign_uploaded((&board, &key, None), bytes, None).await.unwrap_err();
        let Error::Invalid(problems) = &refused else { panic!("{why}: {refused}") };
        assert_eq!((problems[0].field, problems[0].say.key), ("file", why));
    }
    let state = app.get("demo-koordinasi", &format!("/letters/{key}")).await.ok(200);
    assert_eq!(state["state"], "awaiting_signature", "bad input changes nothing");
    app.desk.sign_uploaded((&board, &key, None), signed, None).await.unwrap();
}

async fn replacement(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    if !has_tools() {
        return;
    }
    let signer = Signer::new();
    let key = submitted(&app, "surat_peringatan", "1/2026").await;
    app.post("demo-superadmin", &format!("/letters/{key}/replace"), json!({})).await.ok(409);
    let board = actor(&app, "demo-koordinasi").await;
    app.desk.sign_uploaded((&board, &key, None), signer.sign(&issued(&app, &key).await), None).await.unwrap();
    let new = app.post("demo-superadmin", &format!("/letters/{key}/replace"), json!({})).await.ok(201);
    let new_key = new["key"].as_str().unwrap().to_owned();
    assert_eq!((new["state"].as_str(), new["replaces"].as_str()), (Some("draft"), Some(key.as_str())));
    let path = format!("/letters/{new_key}");
    app.post("demo-superadmin", &format!("{path}/number"), json!({"number": "2/2026"})).await.ok(200);
    app.post("demo-superadmin", &format!("{path}/request-signature"), json!({})).await.ok(200);
    let old = app.get("demo-superadmin", &format!("/letters/{key}")).await.ok(200);
    assert_eq!(old["state"], "signed", "it stands until the new one is signed");
    app.desk.sign_uploaded((&board, &new_key, None), signer.sign(&issued(&app, &new_key).await), None).await.unwrap();
    let old = app.get("demo-superadmin", &format!("/letters/{key}")).await.ok(200);
    assert_eq!(old["state"], "superseded");
    let check = app.get("", &format!("/public/verify/{}", old["code"].as_str().unwrap())).await.ok(200);
    assert_eq!((check["state"].as_str(), &check["superseded_by"]), (Some("superseded"), &new["code"]));
    let page = app.get("demo-auditor", "/letters?limit=1").await.ok(200);
    assert_eq!(page["items"][0]["key"], new["key"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = app.get("demo-auditor", &format!("/letters?limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!(page["items"][0]["key"].as_str(), Some(key.as_str()));
    let few = app.get("demo-auditor", "/letters?state=superseded").await.ok(200);
    assert_eq!(few["items"].as_array().unwrap().len(), 1);
    app.audit_is_intact().await;
}

async fn own_signature(engine: Engine) {
    let Some(mut app) = region(engine).await else { return };
    if !has_tools() {
        return;
    }
    let key = submitted(&app, "surat_peringatan", "1/2026").await;
    app.post("demo-koordinasi", &format!("/letters/{key}/sign-own"), json!({})).await.ok(409);
    let signer = Signer::new();
    app.desk.signer = Some(signer.identity());
    app.desk.signing_roots = std::sync::Arc::new(vec![signer.certificate()]);
    let board = actor(&app, "demo-koordinasi").await;
    // The certificate was made by the machine's clock.
    let later = app.desk.now().max(Clock::system().now()) + chrono::Duration::minutes(1);
    app.desk.clock.set(later, 0.0);
    // A session that was left open signs nothing.
    let app = app.again();
    let path = format!("/letters/{key}/sign-own");
    for body in [json!({}), json!({"password": "salah sekali"}), json!({"code": "123456"})] {
        let refused = app.post("demo-koordinasi", &path, body).await.ok(422);
        assert_eq!(refused["errors"][0]["field"], "password", "{refused}");
    }
    let proof = json!({"password": PASSWORD});
    app.post("demo-superadmin", &path, proof.clone()).await.ok(403);
    let told = app.post("demo-koordinasi", &path, proof).await.ok(200)["signature"].clone();
    assert_eq!((&told["signer"], &told["chain"]), (&json!("Tim Koordinasi SPBE"), &json!("complete")), "{told}");
    assert_eq!((&told["valid_then"], &told["fits"]), (&json!(true), &json!(true)), "{told}");
    let letter = app.desk.letter(&board, &key).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("surat.pdf");
    std::fs::write(&file, app.desk.letter_pdf(&board, &key).await.unwrap().1).unwrap();
    let verdict = tool("pdfsig", &["-nocert"], &file);
    for part in ["Signature is Valid.", "Total document signed", "ETSI.CAdES.detached", "CN=Tim Koordinasi SPBE"] {
        assert!(verdict.contains(part), "{part:?} in {verdict}");
    }
    tool("qpdf", &["--check"], &file);
    assert_eq!(letter.signed_how.unwrap().as_str(), "own");
    let tried = chain(&app, &key).await.iter().filter(|kind| kind.ends_with("prove-password")).count();
    assert_eq!(tried, 3, "who tried in vain stands in the chain");
    with_a_code(&app, &submitted(&app, "surat_teguran", "2/2026").await).await;
    app.desk.clock.set("2060-01-01T02:00:00Z".parse().unwrap(), 0.0);
    assert!(!app.desk.signs_itself(), "a certificate that is over signs nothing");
}

async fn free_letter(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body = json!({"agency": "DPMPTSP", "signer_role": "ict_head", "subject": "Undangan", "body": "Kami mengundang.",
        "addressee": {"name": "Kepala DPMPTSP", "email": "kepala.dpmptsp@demo.test"}});
    for token in ["demo-auditor", "demo-koordinasi", "demo-dinkes"] {
        app.post(token, "/letters", body.clone()).await.ok(403);
    }
    let bad = app.post("demo-superadmin", "/letters", json!({"agency": "X", "signer_role": "auditor"})).await.ok(422);
    let fields: Vec<&str> = bad["errors"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["agency", "signer_role", "subject", "addressee", "body"]);
    let once = [("idempotency-key", "surat-1")];
    let mut keys = Vec::new();
    for _ in 0..2 {
        let new = app.call(Method::POST, "demo-superadmin", "/letters", Some(body.clone()), &once).await.ok(201);
        assert_eq!(
            (&new["kind"], &new["state"], &new["version"]),
            (&json!("official_letter"), &json!("draft"), &json!(1))
        );
        keys.push(new["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(keys[0], keys[1], "written once");
    let path = format!("/letters/{}", keys[0]);
    app.post("demo-superadmin", &format!("{path}/number"), json!({"number": "1/2026"})).await.ok(200);
    app.post("demo-superadmin", &format!("{path}/request-signature"), json!({})).await.ok(200);
    let head = actor(&app, "demo-pimpinan").await;
    if has_tools() {
        let signed = Signer::new().sign(&issued(&app, &keys[0]).await);
        app.desk.sign_uploaded((&head, &keys[0], None), signed, None).await.unwrap();
        app.post("demo-superadmin", &format!("{path}/send"), json!({})).await.ok(200);
        let mails = app.mails_to("kepala.dpmptsp@demo.test").await;
        assert_eq!(mails.iter().filter(|mail| mail.subject.contains("1/2026")).count(), 1);
    }
    let other = json!({"case": "PRK-2026-0099", "signer_role": "ict_head", "subject": "S", "body": "Isi.", "addressee": {"name": "A"}});
    let refused = app.post("demo-superadmin", "/letters", other).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "case");
    app.audit_is_intact().await;
}

async fn number_again(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let number = json!({"number": "500.12/0001/KOMINFO/2026"});
    let first = drafted(&app, "surat_peringatan", Role::CoordinationTeam).await.key;
    app.post("demo-superadmin", &format!("/letters/{first}/number"), number.clone()).await.ok(200);
    let second = drafted(&app, "surat_teguran", Role::CoordinationTeam).await.key;
    let next = json!({"number": "500.12/0002/KOMINFO/2026"});
    app.post("demo-superadmin", &format!("/letters/{second}/number"), next).await.ok(200);
    app.post("demo-superadmin", &format!("/letters/{first}/withdraw"), json!({"reason": "Salah alamat"})).await.ok(200);
    let third = drafted(&app, "surat_peringatan", Role::CoordinationTeam).await.key;
    let proposed = app.get("demo-superadmin", &format!("/letters/{third}/proposed-number")).await.ok(200);
    assert_eq!(proposed, "500.12/0003/KOMINFO/2026", "what is taken is not proposed");
    app.post("demo-superadmin", &format!("/letters/{third}/number"), number).await.ok(200);
}
