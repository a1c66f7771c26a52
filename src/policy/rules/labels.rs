//! Rules of the words: codes that are told apart, lists in both languages, phrases that can be found.

use serde::Deserialize;

use super::Rules;
use crate::policy::sections::Intake;

/// The lists whose entries may carry an English label beside the Indonesian one.
const BILINGUAL: &[&[&str]] =
    &[&["classes"], &["categories"], &["catalogue", "parts"], &["catalogue", "sla_aspects"], &["changes", "phases"]];

/// The lists whose entries are told apart by their code.
const CODED: &[&[&str]] = &[
    &["classes"],
    &["categories"],
    &["catalogue", "parts"],
    &["catalogue", "sla_aspects"],
    &["duties"],
    &["extra_metrics"],
    &["changes", "phases"],
];

/// What an entry of such a list has beside other things.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    label_en: Option<String>,
}

impl Rules<'_, '_> {
    /// Where one entry is translated, all are.
    pub(super) fn labels(&mut self) {
        for list in BILINGUAL {
            let Some(entries) = self.read::<Vec<Entry>>(list) else { continue };
            let entries = entries.into_iter().enumerate().map(|(index, entry)| (index.to_string(), entry.label_en));
            self.translated(list, &entries.collect::<Vec<_>>());
        }
        let codes = self.keys("requests");
        let entries = codes.into_iter().map(|code| {
            let entry = self.read::<Entry>(&["requests", &code]);
            (code, entry.and_then(|entry| entry.label_en))
        });
        let entries: Vec<_> = entries.collect();
        self.translated(&["requests"], &entries);
    }

    fn translated(&mut self, list: &[&str], entries: &[(String, Option<String>)]) {
        if entries.iter().all(|(_, english)| english.is_none()) {
            return;
        }
        for (entry, _) in
            entries.iter().filter(|(_, english)| english.as_deref().is_none_or(|text| text.trim().is_empty()))
        {
            let text = "terjemahan belum ada, padahal yang lain di daftar ini punya | tulis \"label_en\"";
            self.fault(&[list, &[entry.as_str()]].concat(), text);
        }
    }

    pub(super) fn codes(&mut self) {
        for list in CODED {
            let Some(entries) = self.read::<Vec<Entry>>(list) else { continue };
            for (index, entry) in entries.iter().enumerate() {
                let item = index.to_string();
                let path = [list, &[item.as_str(), "code"][..]].concat();
                if entries.iter().take(index).any(|earlier| earlier.code == entry.code) {
                    self.fault(&path, &format!("kode ganda \"{}\" | beri kode lain", entry.code));
                }
                self.slug(&path, &entry.code);
            }
        }
        for code in self.keys("requests") {
            self.slug(&["requests", &code], &code);
        }
    }

    /// A code stands in addresses and in the names of profiles.
    fn slug(&mut self, path: &[&str], code: &str) {
        let fits = |symbol: char| symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || matches!(symbol, '-' | '_');
        if code.is_empty() || code.len() > 40 || !code.chars().all(fits) {
            self.fault(
                path,
                &format!("kode salah \"{code}\" | tulis huruf kecil, angka, \"-\" atau \"_\", paling banyak 40"),
            );
        }
    }

    pub(super) fn intake(&mut self) {
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
}
