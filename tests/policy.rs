//! The policy engine: stories worked by hand, what was known when, packs with every kind of fault, and an oracle that
//! counts minute by minute.

mod faults;
mod known;
mod laws;
mod pages;
mod regions;
mod shipped;
mod stories;

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use meja::policy::{Fault, Library, Pack, Pause, Source};

const DEFAULTS: &str = include_str!("../sla_policies/bawaan.toml");
const OKI: &str = include_str!("../sla_policies/oki.toml");

/// Every pack that comes with the program.
const SHIPPED: [(&str, &str); 6] = [
    ("bawaan", DEFAULTS),
    ("oki", OKI),
    ("singkawang", include_str!("../sla_policies/singkawang.toml")),
    ("karanganyar", include_str!("../sla_policies/karanganyar.toml")),
    ("banyuwangi", include_str!("../sla_policies/banyuwangi.toml")),
    ("sumut", include_str!("../sla_policies/sumut.toml")),
];

fn source(id: &str, text: &str) -> Source {
    Source { file: format!("{id}.toml"), text: text.to_owned() }
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let sources = SHIPPED.map(|(id, text)| source(id, text));
    Library::read(&sources).unwrap_or_else(|faults| panic!("{}", said(&faults)))
});

/// Faults as the command line prints them.
fn said(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn pack(id: &str) -> Arc<Pack> {
    LIBRARY.get(id).expect("a shipped pack")
}

/// An instant of Western Indonesian Time, "2026-02-13 16:10" or with seconds.
fn wib(text: &str) -> DateTime<Utc> {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    format!("{}{seconds}+07:00", text.replace(' ', "T")).parse().expect("a time in the test")
}

fn pause(from: &str, to: &str) -> Pause {
    Pause { from: wib(from), to: Some(wib(to)) }
}
