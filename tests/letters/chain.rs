//! How far the chain of a signature leads: authorities, one between, and one who is none.

use super::has_tools;
use meja::clock::Clock;
use meja::domain::letter::{ChainState, SignatureFacts};
use meja::render::certificate::Identity;
use meja::render::{pades, signature, typeset};
use std::path::Path;
use std::process::Command;

fn openssl(folder: &Path, line: &str) {
    let done = Command::new("/usr/bin/openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A certificate `name` that `issuer` has signed; `key`: how openssl makes one.
fn issue(folder: &Path, name: &str, issuer: &str, key: &str, extensions: &str) {
    openssl(folder, &format!("req -newkey {key} -nodes -keyout {name}.k -out {name}.csr -subj /O=Contoh/CN={name}"));
    std::fs::write(folder.join("ext"), extensions).unwrap();
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA {issuer}.c -CAkey {issuer}.k -CAcreateserial -days 365 -extfile ext -out {name}.c"
        ),
    );
}

fn certificate(folder: &Path, name: &str) -> Vec<u8> {
    let pem = std::fs::read_to_string(folder.join(format!("{name}.c"))).unwrap();
    signature::certificates(&pem).unwrap().remove(0)
}

/// What a document tells that `name` has signed, with the certificates of `others` beside its own.
fn told(folder: &Path, name: &str, others: &[&str], roots: &[Vec<u8>], days: i64) -> SignatureFacts {
    let chain: String =
        others.iter().map(|other| std::fs::read_to_string(folder.join(format!("{other}.c"))).unwrap()).collect();
    std::fs::write(folder.join("chain"), chain).unwrap();
    openssl(
        folder,
        &format!("pkcs12 -export -inkey {name}.k -in {name}.c -certfile chain -out {name}.p12 -passout pass:x"),
    );
    let identity = Identity::open(&std::fs::read(folder.join(format!("{name}.p12"))).unwrap(), "x").unwrap();
    let at = Clock::system().now() + chrono::Duration::days(days) + chrono::Duration::minutes(1);
    let sheet = typeset::Sheet { id: "x", template: "#set document(title: \"x\")\nSurat", pictures: &[], at };
    let pdf = pades::sign(&typeset::pdf(&sheet, &serde_json::json!({})).unwrap(), &identity, "Contoh", at).unwrap();
    assert!(pades::hold_against(&pdf, &pdf, roots, at).is_ok());
    let facts = pades::told(&pdf, roots, at).expect("facts");
    assert_eq!((facts.signer.as_str(), facts.fits), (name, Some(true)));
    facts
}

#[test]
fn a_chain_is_followed_to_a_trusted_root_and_through_authorities_only() {
    if !has_tools() {
        return;
    }
    let (kept, rsa, curve) = (tempfile::tempdir().unwrap(), "rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256");
    let folder = kept.path();
    for root in ["Induk", "Lain"] {
        openssl(
            folder,
            &format!(
                "req -x509 -newkey {rsa} -nodes -keyout {root}.k -out {root}.c -days 365 -subj /O=Contoh/CN={root}"
            ),
        );
    }
    issue(folder, "Antara", "Induk", rsa, "basicConstraints=critical,CA:TRUE\n");
    issue(folder, "Kepala", "Antara", curve, "basicConstraints=CA:FALSE\n");
    issue(folder, "Palsu", "Kepala", curve, "basicConstraints=CA:FALSE\n");
    let (root, other) = (certificate(folder, "Induk"), certificate(folder, "Lain"));
    let state = |name: &str, others: &[&str], roots: &[Vec<u8>]| told(folder, name, others, roots, 0).chain;
    assert_eq!(state("Kepala", &["Antara"], &[]), ChainState::NotChecked);
    assert_eq!(state("Kepala", &["Antara"], &[other.clone(), root.clone()]), ChainState::Complete);
    assert_eq!(state("Kepala", &["Antara"], &[other]), ChainState::Incomplete);
    assert_eq!(
        state("Kepala", &["Induk"], std::slice::from_ref(&root)),
        ChainState::Incomplete,
        "one is missing between"
    );
    // Whoever has a certificate is no authority by that.
    assert_eq!(state("Palsu", &["Kepala", "Antara"], std::slice::from_ref(&root)), ChainState::Incomplete);
    let late = told(folder, "Kepala", &["Antara"], &[root], 400);
    assert_eq!((late.valid_then, late.chain), (false, ChainState::Incomplete));
    assert_eq!(late.issuer, "Antara");
}

#[test]
fn what_is_no_certificate_is_told() {
    assert_eq!(signature::certificates("nothing"), None);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(signature::certificates(broken), None);
    assert_eq!(signature::facts(b"\x30\x03\x02\x01\x01", &[], chrono::DateTime::UNIX_EPOCH), None);
}
