//! The policy engine: stories worked by hand, what was known when, packs with every kind of fault, and an oracle that
//! counts minute by minute.

mod faults;
mod known;
mod laws;
mod shipped;
mod stories;

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use meja::policy::{Library, Pack, Pause, Source};

const DEFAULTS: &str = include_str!("../sla_policies/bawaan.toml");
const OKI: &str = include_str!("../sla_policies/oki.toml");

fn source(id: &str, text: &str) -> Source {
    Source { file: format!("{id}.toml"), text: text.to_owned() }
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    Library::read(&[source("bawaan", DEFAULTS), source("oki", OKI)]).unwrap_or_else(|faults| panic!("{faults:#?}"))
});

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
