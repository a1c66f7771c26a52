//! A pack as it was known at some instant, and an old edition's rules on today's calendars.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::calendar::{Calendar, NoWorkingTime};
use super::pack::{Pack, fingerprint};
use super::week::{Holiday, in_force};

impl Pack {
    /// The same pack, with calendars closed only on the days off known at `at`. `more` are amendments kept elsewhere;
    /// they count beside the pack's own, with the same rule about [`Holiday::since`].
    ///
    /// # Errors
    /// [`NoWorkingTime`] when the amendments leave a calendar closed for twenty years from `at`.
    pub fn known_at(&self, at: DateTime<Utc>, more: &[Holiday]) -> Result<Arc<Self>, NoWorkingTime> {
        let mut known = self.clone();
        known.holidays = in_force(self.decreed.iter().chain(more), self.zone, at);
        for calendar in known.calendars.values_mut() {
            let rebuilt = calendar.known_at(at, more);
            // At the end of time the calendar does not open either way; that is not the amendments' doing.
            if calendar.next_opening(at).is_ok() {
                rebuilt.next_opening(at)?;
            }
            *calendar = Arc::new(rebuilt);
        }
        known.point_profiles();
        Ok(Arc::new(known))
    }

    /// The next instant after `at` at which another day off becomes known, or is taken back.
    pub fn next_change_after(&self, at: DateTime<Utc>, more: &[Holiday]) -> Option<DateTime<Utc>> {
        self.decreed.iter().chain(more).filter_map(|day| day.known_from(self.zone)).filter(|from| *from > at).min()
    }

    /// The rules of this edition on the calendars of the current one, by name. A calendar that the current edition
    /// has no longer stays as it was.
    #[must_use]
    pub fn with_calendars_of(&self, current: &Self) -> Arc<Self> {
        let mut joined = self.clone();
        for (name, calendar) in &mut joined.calendars {
            if let Some(newer) = current.calendars.get(name) {
                *calendar = Arc::clone(newer);
            }
        }
        joined.decreed.clone_from(&current.decreed);
        joined.holidays.clone_from(&current.holidays);
        joined.ramadan.clone_from(&current.ramadan);
        joined.point_profiles();
        Arc::new(joined)
    }

    /// Hash of everything that counts in the calendars: windows, days off, fasting months. The same mark: the same
    /// deadlines.
    pub fn calendar_mark(&self) -> String {
        let line = |(name, calendar): (&String, &Arc<Calendar>)| format!("{name} {}\n", calendar.summary());
        fingerprint(&self.calendars.iter().map(line).collect::<String>())
    }

    fn point_profiles(&mut self) {
        for profile in self.profiles.values_mut() {
            if let Some(calendar) = self.calendars.get(&profile.calendar_name) {
                profile.calendar = Arc::clone(calendar);
            }
            if let Some(calendar) = self.calendars.get(&profile.response_calendar_name) {
                profile.response_calendar = Arc::clone(calendar);
            }
        }
    }
}
