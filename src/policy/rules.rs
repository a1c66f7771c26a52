//! Rules between values of a pack. Each check reads the part it needs and is silent when that part has wrong types,
//! which has been reported already.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::de::DeserializeOwned;

use super::deadline::{Duration, Target};
use super::duty::Duty;
use super::fault::{Faults, nearest};
use super::sections::{Escalation, Intake, Lifecycle, Outside, Report};
use super::tree::Node;
use super::week::{Holiday, Ramadan, Week};
use super::written::{CalendarForm, ProfileForm};
use crate::domain::ticket::Kind;

/// Records every broken rule of a merged pack.
pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let mut rules = Rules { root, faults };
    rules.zone();
    rules.region();
    rules.kinds();
    rules.calendars();
    rules.holidays();
    rules.ramadan();
    rules.profiles();
    rules.profile_names();
    rules.escalation();
    rules.lifecycle();
    rules.intake();
    rules.report();
    rules.duties();
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

    fn calendars(&mut self) {
        for name in self.keys("calendars") {
            let path = ["calendars", &name];
            let Some(form) = self.read::<CalendarForm>(&path) else { continue };
            match &form.week {
                None if form.always => {}
                None => {
                    self.fault(&path, "kalender tanpa jam kerja | tulis \"week\", atau \"always = true\" untuk 24 jam")
                }
                Some(_) if form.always => {
                    self.fault(
                        &["calendars", &name, "always"],
                        "kalender selalu buka, tetapi punya \"week\" | pilih salah satu",
                    );
                }
                Some(week) => self.week(&name, "week", week),
            }
            if let Some(week) = &form.ramadan {
                self.week(&name, "ramadan", week);
            }
            if form.week.is_some() && form.day_off.as_deref().unwrap_or_default().trim().is_empty() {
                self.fault(&path, "kunci \"day_off\" belum ada | tulis sebutan hari tanpa jam kerja");
            }
        }
    }

    fn week(&mut self, calendar: &str, key: &str, week: &Week) {
        if week.seconds() == 0 {
            self.fault(&["calendars", calendar, key], "minggu tanpa jam kerja | tulis sedikitnya satu jendela kerja");
        }
        for (day, windows) in week.days() {
            for (index, pair) in windows.windows(2).enumerate() {
                let [earlier, later] = pair else { continue };
                if later.open < earlier.close {
                    let text =
                        "jendela kerja bertumpuk atau tidak berurutan | urutkan; buka jangan sebelum tutup yang lalu";
                    self.fault(&["calendars", calendar, key, day, &(index + 1).to_string()], text);
                }
            }
        }
    }

    fn holidays(&mut self) {
        let mut seen: BTreeMap<NaiveDate, String> = BTreeMap::new();
        for list in ["holidays", "local_holidays"] {
            for index in 0.. {
                let index = index.to_string();
                if self.root.at(&[list, &index]).is_none() {
                    break;
                }
                let Some(holiday) = self.read::<Holiday>(&[list, &index]) else { continue };
                if let Some(name) = seen.insert(holiday.date, holiday.name) {
                    let text = format!("tanggal {} sudah tercatat sebagai \"{name}\" | hapus salah satu", holiday.date);
                    self.fault(&[list, &index, "date"], &text);
                }
            }
        }
    }

    fn ramadan(&mut self) {
        let Some(months) = self.read::<Vec<Ramadan>>(&["ramadan"]) else { return };
        for (index, month) in months.iter().enumerate() {
            let item = index.to_string();
            if month.from > month.to {
                self.fault(&["ramadan", &item, "to"], "akhir Ramadan sebelum awalnya | periksa kedua tanggal");
            }
            if !month.year_is_right() {
                self.fault(&["ramadan", &item, "year"], "tahun tidak sama dengan tahun tanggal awal | periksa tahun");
            }
            if months.iter().take(index).any(|other| month.from <= other.to && other.from <= month.to) {
                self.fault(&["ramadan", &item], "masa Ramadan bertumpuk dengan yang sebelumnya | periksa tanggal");
            }
        }
    }

    fn profiles(&mut self) {
        let calendars = self.keys("calendars");
        for name in self.keys("profiles") {
            let Some(form) = self.read::<ProfileForm>(&["profiles", &name]) else { continue };
            self.known(&["profiles", &name, "calendar"], "kalender", &form.calendar, &calendars);
            let longest_day = self.longest_day(&form.calendar);
            for (priority, target) in form.targets() {
                let path = ["profiles", name.as_str(), priority.as_str()];
                match target {
                    None => self.fault(
                        &path,
                        &format!("profil tanpa prioritas {priority} | tulis {priority} = {{ response, resolution }}"),
                    ),
                    Some(target) if answers_late(target, longest_day) => {
                        let path = ["profiles", &name, priority.as_str(), "response"];
                        self.fault(&path, "waktu tanggap lebih lama daripada waktu selesai | perpendek tanggap");
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Seconds of the longest usual working day; a civil day when the calendar never closes or cannot be read.
    fn longest_day(&self, calendar: &str) -> i64 {
        let week = self.read::<CalendarForm>(&["calendars", calendar]).and_then(|form| form.week).unwrap_or_default();
        let day_seconds =
            |windows: &[super::week::Window]| windows.iter().map(|window| window.close - window.open).sum::<u32>();
        let longest = week.days().iter().map(|(_, windows)| day_seconds(windows)).max().filter(|seconds| *seconds > 0);
        longest.unwrap_or(super::week::DAY_SECONDS).into()
    }

    fn profile_names(&mut self) {
        let profiles = self.keys("profiles");
        if let Some(name) = self.read::<String>(&["default_profile"]) {
            self.known(&["default_profile"], "profil", &name, &profiles);
        }
        for kind in self.keys("profile_by_kind") {
            if let Some(name) = self.read::<String>(&["profile_by_kind", &kind]) {
                self.known(&["profile_by_kind", &kind], "profil", &name, &profiles);
            }
        }
    }

    fn escalation(&mut self) {
        let Some(escalation) = self.read::<Escalation>(&["escalation"]) else { return };
        if escalation.transfer >= escalation.warn {
            self.fault(
                &["escalation", "warn"],
                "warn harus sesudah transfer | tulis warn lebih besar daripada transfer",
            );
        }
        let bodies = &escalation.level3;
        let codes: Vec<String> = bodies.iter().map(|body| body.code.clone()).collect();
        for (index, body) in bodies.iter().enumerate() {
            let item = index.to_string();
            if codes.iter().take(index).any(|code| *code == body.code) {
                self.fault(
                    &["escalation", "level3", &item, "code"],
                    &format!("kode ganda \"{}\" | beri kode lain", body.code),
                );
            }
            let Some(after) = &body.after else { continue };
            self.known(&["escalation", "level3", &item, "after"], "kode", after, &codes);
            if waits_for_itself(body, bodies) {
                self.fault(
                    &["escalation", "level3", &item, "after"],
                    "urutan berputar: langkah ini menunggu dirinya sendiri | putuskan lingkarannya",
                );
            }
        }
    }

    fn lifecycle(&mut self) {
        let Some(lifecycle) = self.read::<Lifecycle>(&["lifecycle"]) else { return };
        let calendars = self.keys("calendars");
        self.known(&["lifecycle", "calendar"], "kalender", &lifecycle.calendar, &calendars);
        if lifecycle.pending_reminder_days >= lifecycle.pending_close_days {
            let text = "penutupan harus sesudah pengingat | tulis lebih besar daripada pending_reminder_days";
            self.fault(&["lifecycle", "pending_close_days"], text);
        }
    }

    fn intake(&mut self) {
        let Some(intake) = self.read::<Intake>(&["intake"]) else { return };
        let lists = [
            ("outage_words", intake.outage_words),
            ("request_words", intake.request_words),
            ("complaint_words", intake.complaint_words),
        ];
        for (key, words) in lists {
            for (index, _) in words.iter().enumerate().filter(|(_, word)| !word.contains(char::is_alphanumeric)) {
                // A phrase without letters would be found in every text.
                self.fault(&["intake", key, &index.to_string()], "kata kosong | tulis kata atau hapus");
            }
        }
    }

    fn report(&mut self) {
        let Some(report) = self.read::<Report>(&["report"]) else { return };
        if !(1..=28).contains(&report.due_day) {
            self.fault(
                &["report", "due_day"],
                "hari laporan di luar batas | tulis 1 sampai 28, supaya ada di setiap bulan",
            );
        }
    }

    fn duties(&mut self) {
        let Some(duties) = self.read::<Vec<Duty>>(&["duties"]) else { return };
        for (index, duty) in duties.iter().enumerate() {
            let ways = [duty.every.is_some(), duty.on.is_some(), duty.before.is_some()];
            if ways.iter().filter(|way| **way).count() != 1 {
                self.fault(
                    &["duties", &index.to_string()],
                    "kewajiban tanpa waktu yang jelas | tulis \"every\", \"on\" atau \"before\", salah satu",
                );
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

/// Whether the answer may come after the solution. Working days are measured by the longest day.
fn answers_late(target: Target, longest_day: i64) -> bool {
    let seconds = |duration| match duration {
        Duration::Seconds(seconds) => seconds,
        Duration::WorkingDays(days) => i64::from(days) * longest_day,
    };
    seconds(target.response) > seconds(target.resolution)
}

fn waits_for_itself(body: &Outside, bodies: &[Outside]) -> bool {
    let mut passed = BTreeSet::new();
    let mut here = body;
    while let Some(next) = here.after.as_ref().and_then(|code| bodies.iter().find(|other| other.code == *code)) {
        if next.code == body.code {
            return true;
        }
        if !passed.insert(&next.code) {
            return false;
        }
        here = next;
    }
    false
}
