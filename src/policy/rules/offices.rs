//! Rules of who does what: support lines, hand-over, catalogue, duties, sanctions and letters.

use std::collections::BTreeSet;

use super::Rules;
use crate::policy::catalogue::Catalogue;
use crate::policy::citation;
use crate::policy::duty::Duty;
use crate::policy::measures::{OWNER, Sanction, SanctionMode, Warning};
use crate::policy::sections::{Escalation, Letters, Outside, Roles, Scope};

impl Rules<'_, '_> {
    pub(super) fn roles(&mut self) {
        let Some(roles) = self.read::<Roles>(&["roles"]) else { return };
        let calendars = self.keys("calendars");
        let lines =
            [("tier1", Some(&roles.tier1)), ("tier2", Some(&roles.tier2)), ("tier2_infra", roles.tier2_infra.as_ref())];
        for (key, line) in lines {
            if let Some(hours) = line.and_then(|line| line.hours.as_ref()) {
                self.known(&["roles", key, "hours"], "kalender", hours, &calendars);
            }
        }
        let is_central = |scope| scope == Scope::IctOffice;
        if is_central(roles.tier1.scope) && is_central(roles.tier2.scope) {
            let text = "kedua lini di dinas TIK | tulis scope = \"per_agency\" pada salah satu";
            self.fault(&["roles", "tier2", "scope"], text);
        }
    }

    pub(super) fn escalation(&mut self) {
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

    pub(super) fn catalogue(&mut self) {
        let Some(catalogue) = self.read::<Catalogue>(&["catalogue"]) else { return };
        let profiles = self.keys("profiles");
        self.known(&["catalogue", "critical_profile"], "profil", &catalogue.critical_profile, &profiles);
        for (index, example) in catalogue.critical_examples.iter().enumerate() {
            let path = ["catalogue", "critical_examples", &index.to_string(), "profile"];
            self.known(&path, "profil", &example.profile, &profiles);
        }
        if catalogue.parts.is_empty() {
            self.fault(&["catalogue", "parts"], "definisi layanan tanpa bagian | tulis sedikitnya satu");
        }
    }

    pub(super) fn duties(&mut self) {
        let Some(duties) = self.read::<Vec<Duty>>(&["duties"]) else { return };
        for (index, duty) in duties.iter().enumerate() {
            let ways = [duty.every.is_some(), duty.on.is_some(), duty.before.is_some()];
            if ways.iter().filter(|way| **way).count() != 1 {
                self.fault(
                    &["duties", &index.to_string()],
                    "kewajiban tanpa waktu yang jelas | tulis \"every\", \"on\" atau \"before\", salah satu",
                );
            }
            self.duty_before(index, duty, &duties);
            if !citation::is_exact(&duty.source) {
                let text = format!(
                    "sumber kewajiban tanpa pasal: \"{}\" | tulis pasalnya, misalnya \"Pasal 1 ayat (2)\"",
                    duty.source
                );
                self.fault(&["duties", &index.to_string(), "source"], &text);
            }
            if duty.sanctionable && self.read::<SanctionMode>(&["sanction_mode"]) == Some(SanctionMode::None) {
                let text =
                    "kewajiban bersanksi, tetapi sanction_mode = \"none\" | hapus sanctionable, atau tulis sanksinya";
                self.fault(&["duties", &index.to_string(), "sanctionable"], text);
            }
        }
    }

    fn duty_before(&mut self, index: usize, duty: &Duty, duties: &[Duty]) {
        let item = index.to_string();
        if duty.before.is_some() != duty.lead.is_some() {
            self.fault(
                &["duties", &item],
                "\"before\" dan \"lead\" saling memerlukan | tulis keduanya, atau hapus keduanya",
            );
        }
        let Some(before) = &duty.before else { return };
        let codes: Vec<String> = duties.iter().map(|duty| duty.code.clone()).collect();
        self.known(&["duties", &item, "before"], "kewajiban", before, &codes);
        if duties.iter().any(|other| other.code == *before && other.every.is_none()) {
            self.fault(
                &["duties", &item, "before"],
                "kewajiban yang disiapkan tidak punya waktu sendiri | tulis \"every\" padanya",
            );
        }
    }

    pub(super) fn sanctions(&mut self) {
        let Some(sanctions) = self.read::<Vec<Sanction>>(&["sanctions"]) else { return };
        self.steps(&["sanctions"], sanctions.iter().map(|sanction| sanction.step));
        let mode = self.read::<SanctionMode>(&["sanction_mode"]);
        if !sanctions.is_empty() && mode == Some(SanctionMode::None) {
            self.fault(
                &["sanction_mode"],
                "ada sanksi, tetapi sanction_mode = \"none\" | pilih \"proposal_only\" atau \"letters\"",
            );
        }
        if mode == Some(SanctionMode::Letters) && self.root.at(&["warning"]).is_none() {
            self.fault(&["sanction_mode"], "sanction_mode = \"letters\" tanpa bagian \"warning\" | tulis [warning]");
        }
    }

    pub(super) fn warning(&mut self) {
        let Some(warning) = self.read::<Warning>(&["warning"]) else { return };
        self.steps(&["warning", "ladder"], warning.ladder.iter().map(|rung| rung.step));
        if warning.ladder.is_empty() {
            self.fault(&["warning", "ladder"], "tangga peringatan kosong | tulis sedikitnya satu langkah");
        }
        for (index, rung) in warning.ladder.iter().enumerate() {
            if rung.orders.is_some() != rung.execute_within.is_some() {
                let text = "\"orders\" dan \"execute_within\" saling memerlukan | tulis keduanya, atau hapus keduanya";
                self.fault(&["warning", "ladder", &index.to_string()], text);
            }
        }
        for (index, name) in warning.cc.iter().enumerate() {
            if name.contains('{') && name != OWNER {
                let text = format!("{name:?} tidak dikenal | tulis {OWNER:?} atau nama jabatan");
                self.fault(&["warning", "cc", &index.to_string()], &text);
            }
        }
        if warning.trigger.tickets == 0 {
            self.fault(&["warning", "trigger", "tickets"], "ambang nol tiket | tulis 1 atau lebih");
        }
        let codes: Vec<String> =
            self.read::<Vec<Duty>>(&["duties"]).unwrap_or_default().into_iter().map(|duty| duty.code).collect();
        for (index, other) in warning.other_warnings.iter().enumerate() {
            let item = index.to_string();
            for code in &other.duties {
                self.known(&["warning", "other_warnings", &item, "duties"], "kewajiban", code, &codes);
            }
        }
        if let Some(catalogue) = self.read::<Catalogue>(&["catalogue"]) {
            let aspects: Vec<String> = catalogue.sla_aspects.into_iter().map(|aspect| aspect.code).collect();
            self.known(&["warning", "trigger", "aspect"], "aspek", &warning.trigger.aspect, &aspects);
        }
    }
}

impl Rules<'_, '_> {
    pub(super) fn letters(&mut self) {
        let Some(letters) = self.read::<Letters>(&["letters"]) else { return };
        if let Err(unknown) = letters.filled(1, chrono::NaiveDate::MIN) {
            let text = format!(
                "nomor surat dengan isian tidak dikenal \"{{{unknown}}}\" | tulis {{class}}, {{seq}}, {{office}}, {{month}} atau {{year}}"
            );
            self.fault(&["letters", "number"], &text);
        } else if !letters.number.contains("{seq}") {
            self.fault(&["letters", "number"], "nomor surat tanpa urutan | tulis {seq} di dalamnya");
        }
    }
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
