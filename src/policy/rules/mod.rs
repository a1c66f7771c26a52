//! Rules between values of a pack. Each check reads the part it needs and is silent when that part has wrong types,
//! which has been reported already.
//!
//! `changes` checks the phases of changes, `days` calendars and dates, `times` what is promised, `offices` who does what, `labels` the words.

use chrono_tz::Tz;
use serde::de::DeserializeOwned;

use super::fault::{Faults, nearest};
use super::tree::Node;
use crate::domain::ticket::Kind;

mod changes;
mod days;
mod labels;
mod offices;
mod times;

/// Records every broken rule of a merged pack.
pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let mut rules = Rules { root, faults };
    rules.zone();
    rules.region();
    rules.kinds();
    rules.calendars();
    rules.holidays();
    rules.years();
    rules.ramadan();
    rules.profiles();
    rules.profile_names();
    rules.requests();
    rules.lifecycle();
    rules.report();
    rules.roles();
    rules.escalation();
    rules.catalogue();
    rules.duties();
    rules.sanctions();
    rules.warning();
    rules.letters();
    rules.intake();
    rules.changes();
    rules.labels();
    rules.codes();
}

struct Rules<'r, 'f> {
    root: &'r Node,
    faults: &'r mut Faults<'f>,
}

impl Rules<'_, '_> {
    fn zone(&mut self) {
        let Some(zone) = self.read::<String>(&["zone"]) else { return };
        if zone.parse::<Tz>().is_err() {
            self.fault(
                &["zone"],
                &format!("zona waktu tidak dikenal \"{zone}\" | tulis nama IANA, misalnya \"Asia/Jakarta\""),
            );
        }
    }

    fn region(&mut self) {
        let Some(code) = self.read::<String>(&["region", "code"]) else { return };
        if !(2..=5).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.fault(&["region", "code"], &format!("kode daerah salah \"{code}\" | tulis 2 sampai 5 huruf besar"));
        }
    }

    fn kinds(&mut self) {
        let Some(kinds) = self.read::<Vec<Kind>>(&["kinds"]) else { return };
        if kinds.is_empty() {
            self.fault(&["kinds"], "jenis layanan kosong | tulis sedikitnya satu");
        }
        for (index, kind) in kinds.iter().enumerate() {
            if kinds.iter().take(index).any(|earlier| earlier == kind) {
                self.fault(
                    &["kinds", &index.to_string()],
                    &format!("jenis layanan ganda \"{kind}\" | hapus salah satu"),
                );
            }
        }
    }

    /// Faults when the steps of a list do not count from 1.
    fn steps(&mut self, path: &[&str], steps: impl Iterator<Item = u32>) {
        for (index, (step, expected)) in steps.zip(1..).enumerate() {
            if step != expected {
                let item = index.to_string();
                let text = format!("langkah {step} tidak berurutan | tulis step = {expected}");
                self.fault(&[path, &[item.as_str(), "step"]].concat(), &text);
            }
        }
    }

    fn known(&mut self, path: &[&str], what: &str, name: &str, known: &[String]) {
        if known.iter().any(|other| other == name) {
            return;
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        self.fault(path, &format!("{what} tidak dikenal \"{name}\" | {}", nearest(name, &known)));
    }

    fn keys(&self, section: &str) -> Vec<String> {
        self.root.at(&[section]).map(|node| node.entries().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default()
    }

    fn read<T: DeserializeOwned>(&self, path: &[&str]) -> Option<T> {
        serde_json::from_value(self.root.at(path)?.json()).ok()
    }

    /// A fault at the value of a path, or at the deepest table on the way to a value that is not there.
    fn fault(&mut self, path: &[&str], text: &str) {
        self.faults.at(self.root.nearest(path), text);
    }
}
