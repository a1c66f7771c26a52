//! Rules of what is promised, and of reminders and reports.

use super::Rules;
use crate::policy::deadline::{Duration, Target};
use crate::policy::duty::Duty;
use crate::policy::request::{PROFILE_PREFIX, RequestForm};
use crate::policy::sections::{Lifecycle, Report};
use crate::policy::week::{DAY_SECONDS, Week, Window};
use crate::policy::written::{CalendarForm, ProfileForm};

/// Working time of so many weeks is the most a target may ask. Half of the search horizon: days off take less.
const REACH_WEEKS: i64 = 10 * 52;

impl Rules<'_, '_> {
    pub(super) fn profiles(&mut self) {
        let calendars = self.keys("calendars");
        for name in self.keys("profiles") {
            if name.starts_with(PROFILE_PREFIX) {
                let text =
                    format!("nama profil \"{name}\" dipakai jenis permintaan | beri nama tanpa \"{PROFILE_PREFIX}\"");
                self.fault(&["profiles", &name], &text);
            }
            let Some(form) = self.read::<ProfileForm>(&["profiles", &name]) else { continue };
            self.known(&["profiles", &name, "calendar"], "kalender", &form.calendar, &calendars);
            if let Some(response) = &form.response_calendar {
                self.known(&["profiles", &name, "response_calendar"], "kalender", response, &calendars);
            }
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
                    Some(target) => self.within_reach(&path, &form.calendar, target),
                }
            }
        }
    }

    /// Seconds of the longest usual working day; a civil day when the calendar never closes or cannot be read.
    fn longest_day(&self, calendar: &str) -> i64 {
        let week = self.read::<CalendarForm>(&["calendars", calendar]).and_then(|form| form.week).unwrap_or_default();
        let day_seconds = |windows: &[Window]| windows.iter().map(|window| window.close - window.open).sum::<u32>();
        let longest = week.days().iter().map(|(_, windows)| day_seconds(windows)).max().filter(|seconds| *seconds > 0);
        longest.unwrap_or(DAY_SECONDS).into()
    }

    pub(super) fn requests(&mut self) {
        let calendars = self.keys("calendars");
        for code in self.keys("requests") {
            let Some(form) = self.read::<RequestForm>(&["requests", &code]) else { continue };
            self.known(&["requests", &code, "calendar"], "kalender", &form.calendar, &calendars);
            if answers_late(form.target(), self.longest_day(&form.calendar)) {
                let text = "waktu tanggap lebih lama daripada waktu selesai | perpendek tanggap";
                self.fault(&["requests", &code, "response"], text);
            }
            self.within_reach(&["requests", &code], &form.calendar, form.target());
        }
    }

    pub(super) fn profile_names(&mut self) {
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

    /// A target must have an end in the calendar.
    fn within_reach(&mut self, path: &[&str], calendar: &str, target: Target) {
        let Some(form) = self.read::<CalendarForm>(&["calendars", calendar]) else { return };
        let reach = |duration| match (duration, &form.week) {
            (Duration::Seconds(seconds), Some(week)) => seconds <= i64::from(week.seconds()) * REACH_WEEKS,
            (Duration::Seconds(seconds), None) => seconds <= i64::from(DAY_SECONDS) * 7 * REACH_WEEKS,
            (Duration::WorkingDays(days), week) => i64::from(days) <= week.as_ref().map_or(7, days_open) * REACH_WEEKS,
        };
        for (key, duration) in [("response", target.response), ("resolution", target.resolution)] {
            if !reach(duration) {
                let text = "batas lebih dari sepuluh tahun | tulis lama waktu yang lebih pendek";
                self.fault(&[path, &[key]].concat(), text);
            }
        }
    }

    pub(super) fn lifecycle(&mut self) {
        let Some(lifecycle) = self.read::<Lifecycle>(&["lifecycle"]) else { return };
        let calendars = self.keys("calendars");
        self.known(&["lifecycle", "calendar"], "kalender", &lifecycle.calendar, &calendars);
        if lifecycle.pending_reminder_days >= lifecycle.pending_close_days {
            let text = "penutupan harus sesudah pengingat | tulis lebih besar daripada pending_reminder_days";
            self.fault(&["lifecycle", "pending_close_days"], text);
        }
        if lifecycle.answer_hold_seconds > 300 {
            let text = "balasan ditahan terlalu lama | tulis 0 sampai 300 detik";
            self.fault(&["lifecycle", "answer_hold_seconds"], text);
        }
    }

    pub(super) fn report(&mut self) {
        let Some(report) = self.read::<Report>(&["report"]) else { return };
        if !(1..=28).contains(&report.due_day) {
            self.fault(
                &["report", "due_day"],
                "hari laporan di luar batas | tulis 1 sampai 28, supaya ada di setiap bulan",
            );
        }
        if let Some(duty) = &report.duty {
            let duties: Vec<Duty> = self.read(&["duties"]).unwrap_or_default();
            let codes: Vec<String> = duties.into_iter().map(|duty| duty.code).collect();
            self.known(&["report", "duty"], "kewajiban", duty, &codes);
        }
        self.report_steps(&report);
        if matches!(self.read(&["availability_notice"]), Some(Duration::WorkingDays(_))) {
            let text = "jam dinding, bukan hari kerja | tulis misalnya \"24h\"";
            self.fault(&["availability_notice"], text);
        }
    }

    /// The steps go up the chain, each later than the one before.
    fn report_steps(&mut self, report: &Report) {
        let chain: Vec<String> = self.read(&["report_chain"]).unwrap_or_default();
        let (mut place, mut day) = (0, report.due_day);
        for step in &report.steps {
            match chain.iter().skip(place).position(|office| *office == step.to) {
                Some(found) => place += found + 1,
                None => self.fault(
                    &["report", "steps"],
                    &format!("\"{}\" tidak ada sesudah langkah sebelumnya di report_chain | tulis nama dari report_chain, berurutan", step.to),
                ),
            }
            if !(day..=28).contains(&step.due_day) {
                self.fault(
                    &["report", "steps"],
                    "hari langkah laporan harus tidak sebelum langkah sebelumnya dan paling besar 28 | urutkan due_day",
                );
            }
            day = step.due_day;
        }
    }
}

fn days_open(week: &Week) -> i64 {
    week.days().iter().filter(|(_, windows)| !windows.is_empty()).map(|_| 1).sum()
}

/// Whether the answer may come after the solution. Working days are measured by the longest day.
fn answers_late(target: Target, longest_day: i64) -> bool {
    let seconds = |duration| match duration {
        Duration::Seconds(seconds) => seconds,
        Duration::WorkingDays(days) => i64::from(days) * longest_day,
    };
    seconds(target.response) > seconds(target.resolution)
}
