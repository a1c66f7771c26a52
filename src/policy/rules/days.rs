//! Rules of calendars and dates.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::Rules;
use crate::policy::week::{Holiday, HolidayKind, Ramadan, Week};
use crate::policy::written::CalendarForm;

impl Rules<'_, '_> {
    pub(super) fn calendars(&mut self) {
        for name in self.keys("calendars") {
            let path = ["calendars", name.as_str()];
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
                Some(week) => self.week(&[&path[..], &["week"]].concat(), week),
            }
            if let Some(week) = &form.ramadan {
                self.week(&[&path[..], &["ramadan"]].concat(), week);
            }
            for (year, week) in &form.ramadan_weeks {
                self.week(&[&path[..], &["ramadan_weeks", &year.to_string()]].concat(), week);
            }
            if form.week.is_some() && form.day_off.as_deref().unwrap_or_default().trim().is_empty() {
                self.fault(&path, "kunci \"day_off\" belum ada | tulis sebutan hari tanpa jam kerja");
            }
        }
    }

    fn week(&mut self, path: &[&str], week: &Week) {
        if week.seconds() == 0 {
            self.fault(path, "minggu tanpa jam kerja | tulis sedikitnya satu jendela kerja");
        }
        for (day, windows) in week.days() {
            for (index, pair) in windows.windows(2).enumerate() {
                let [earlier, later] = pair else { continue };
                if later.open < earlier.close {
                    let text =
                        "jendela kerja bertumpuk atau tidak berurutan | urutkan; buka jangan sebelum tutup yang lalu";
                    self.fault(&[path, &[day, &(index + 1).to_string()]].concat(), text);
                }
            }
        }
    }

    /// A date may come again, but only as an amendment: with a decree of its own date, or as a working day.
    pub(super) fn holidays(&mut self) {
        let mut seen: BTreeMap<NaiveDate, Vec<Holiday>> = BTreeMap::new();
        for list in ["holidays", "local_holidays"] {
            for index in 0.. {
                let index = index.to_string();
                if self.root.at(&[list, &index]).is_none() {
                    break;
                }
                let Some(holiday) = self.read::<Holiday>(&[list, &index]) else { continue };
                let earlier = seen.entry(holiday.date).or_default();
                let is_work = holiday.kind == HolidayKind::WorkingDay;
                if is_work && earlier.is_empty() {
                    let text = format!(
                        "hari kerja {} tidak mencabut libur apa pun | hapus, atau tulis sesudah liburnya",
                        holiday.date
                    );
                    self.fault(&[list, &index, "date"], &text);
                } else if let Some(twin) = earlier
                    .iter()
                    .find(|other| other.since == holiday.since && (other.kind == holiday.kind || !is_work))
                {
                    let text = format!(
                        "tanggal {} sudah tercatat sebagai \"{}\" | hapus salah satu, atau tulis \"since\" pada perubahan",
                        holiday.date, twin.name
                    );
                    self.fault(&[list, &index, "date"], &text);
                }
                earlier.push(holiday);
            }
        }
    }

    pub(super) fn ramadan(&mut self) {
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

    /// The years in which the national table has days off leave none out, and each has its fasting month.
    pub(super) fn years(&mut self) {
        let Some(holidays) = self.read::<Vec<Holiday>>(&["holidays"]) else { return };
        let Some(months) = self.read::<Vec<Ramadan>>(&["ramadan"]) else { return };
        let years: BTreeSet<i32> = holidays.iter().map(|day| day.date.year()).collect();
        let (Some(first), Some(last)) = (years.first(), years.last()) else {
            self.fault(&["holidays"], "tabel libur kosong | tulis libur nasional sedikitnya satu tahun");
            return;
        };
        for year in (*first..=*last).filter(|year| !years.contains(year)) {
            self.fault(&["holidays"], &format!("tahun {year} tanpa libur | tulis libur tahun itu"));
        }
        let forms: Vec<(String, CalendarForm)> = self
            .keys("calendars")
            .into_iter()
            .filter_map(|name| self.read(&["calendars", &name]).map(|form| (name, form)))
            .collect();
        let with_table: BTreeSet<i32> = months.iter().map(|month| month.year).collect();
        if forms.iter().any(|(_, form)| form.ramadan.is_some()) {
            for year in years.iter().filter(|year| !with_table.contains(year)) {
                self.fault(&["ramadan"], &format!("tahun {year} tanpa tanggal Ramadan | tambahkan year = {year}"));
            }
        }
        for (name, form) in forms {
            for year in form.ramadan_weeks.keys().filter(|year| !with_table.contains(year)) {
                let path = ["calendars", &name, "ramadan_weeks", &year.to_string()];
                self.fault(
                    &path,
                    &format!("minggu Ramadan {year} tanpa tanggal Ramadan | tambahkan year = {year} di \"ramadan\""),
                );
            }
        }
    }
}
