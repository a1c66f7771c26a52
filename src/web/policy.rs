//! What the region has decided, for anybody: what is law, what is default, and what nobody has confirmed.

use crate::domain::ticket::Priority;
use crate::policy::deadline::{Duration as Length, ON_CALENDAR};
use crate::policy::duty::{Duty, DutyOffice, Every};
use crate::policy::sections::{Outside, Period, Scope, Tier};
use crate::policy::week::{Holiday, HolidayKind, Week, Window};
use crate::policy::{Authority, Calendar, Pack, PerMille};
use crate::store::rules::Edition;
use crate::text;
use crate::web::failure::Answer;
use crate::web::visit::{Visit, query};
use chrono::{Datelike, Duration};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};
use std::sync::Arc;

/// For everybody: what one may expect, and by what law.
#[handler]
pub fn show_public(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    Ok(visit.page("policy.html", told(visit, request, false))?)
}

/// For the staff: the same, and every single value.
#[handler]
pub async fn show_staff(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    visit.staff()?;
    let desk = visit.desk();
    let mut context = told(visit, request, true);
    let today = desk.now().with_timezone(&visit.zone()).date_naive();
    let editions = desk.editions().await?;
    let edition = |(edition, open, is_current): &(Edition, i64, bool)| {
        json!({"version": edition.version, "at": visit.instant(edition.adopted_at), "open": open,
            "is_current": is_current, "fingerprint": edition.fingerprint})
    };
    context["editions"] = editions.iter().map(edition).collect::<Vec<_>>().into();
    let coming = desk.decreed_days().await?.into_iter().filter(|(day, _)| day.since.is_some_and(|since| since > today));
    let coming = coming.map(|(day, who)| {
        json!({"since": day.since.map(|since| text::long_date(visit.language, since)), "name": day.name, "who": who,
            "date": text::long_date(visit.language, day.date), "decree": day.decree})
    });
    context["coming"] = coming.collect::<Vec<_>>().into();
    context["next_change"] = visit.instant_if(desk.rules.next_change());
    Ok(visit.page("policy.html", context)?)
}

/// A calendar of the pack in force with its weeks, as the pages show it.
pub fn calendar_shape(visit: &Visit, name: &str, calendar: &Calendar) -> Value {
    Teller { visit, pack: &pack_of(visit) }.calendar(name, calendar)
}

/// The days off of a year as the pages show them.
pub fn days_shape(visit: &Visit, year: i32) -> Vec<Value> {
    Teller { visit, pack: &pack_of(visit) }.days_of(year)
}

/// The chip that says by whose word a value of the pack in force is as it is.
pub fn mark_shape(visit: &Visit, path: &str) -> Value {
    Teller { visit, pack: &pack_of(visit) }.mark(path)
}

/// The times promised by a profile of the pack in force, whatever calendar a unit keeps it by; nothing for a name the pack
/// does not know any more.
pub fn profile_shape(visit: &Visit, name: &str) -> Value {
    let base = name.split(ON_CALENDAR).next().unwrap_or(name);
    let all = Teller { visit, pack: &pack_of(visit) }.profiles();
    all.into_iter().find(|profile| profile["name"] == base).unwrap_or_default()
}

/// The pack in force.
fn pack_of(visit: &Visit) -> Arc<Pack> {
    Arc::clone(&visit.desk().pack())
}

fn told(visit: &Visit, request: &Request, for_staff: bool) -> Value {
    let pack = pack_of(visit);
    let teller = Teller { visit, pack: &pack };
    let this_year = visit.desk().now().with_timezone(&pack.zone).year();
    let asked = query(request).get("tahun").and_then(|year| year.parse().ok());
    let years = pack.holiday_years();
    let year = asked.filter(|year| years.contains(year)).unwrap_or(this_year);
    json!({
        "for_staff": for_staff,
        "name": pack.name,
        "law": pack.law,
        "version": pack.version,
        "calendars": pack.calendars.iter().map(|(name, calendar)| teller.calendar(name, calendar)).collect::<Vec<_>>(),
        "profiles": teller.profiles(),
        "requests": teller.requests(),
        "lines": teller.lines(),
        "moves": teller.moves(),
        "outside": pack.escalation.level3.iter().enumerate().map(|it| teller.outside(it)).collect::<Vec<_>>(),
        "year": year,
        "years": years,
        "days": teller.days_of(year),
        "duties": pack.duties.iter().enumerate().map(|it| teller.duty(it)).collect::<Vec<_>>(),
        "report": teller.report(),
        "values": if for_staff { teller.values() } else { Vec::new() },
    })
}

/// Puts one pack into the words of one language.
struct Teller<'v> {
    visit: &'v Visit,
    pack: &'v Pack,
}

impl Teller<'_> {
    fn calendar(&self, name: &str, calendar: &Calendar) -> Value {
        let Some(weekly) = calendar.written() else {
            return json!({"name": name, "anchor": anchor(name), "always": true,
                "mark": self.mark(&format!("calendars.{name}"))});
        };
        let mut weeks = vec![self.week(self.word("week"), &weekly.week, &format!("calendars.{name}.week"))];
        if let Some(week) = &weekly.ramadan_week {
            weeks.push(self.week(self.word("ramadan"), week, &format!("calendars.{name}.ramadan")));
        }
        for (year, week) in &weekly.ramadan_weeks {
            let heading = self.phrase("ramadan-of", &[("year", &year.to_string())]);
            weeks.push(self.week(heading, week, &format!("calendars.{name}.ramadan_weeks.{year}")));
        }
        let joint_leave = if weekly.joint_leave_is_working_day { "joint-leave-open" } else { "joint-leave-closed" };
        let notes = weekly.decreed.as_ref().map(|_| self.word(joint_leave));
        json!({"name": name, "anchor": anchor(name), "always": false, "weeks": weeks, "note": notes})
    }

    /// Days with the same hours in one row: Monday to Thursday, Friday.
    fn week(&self, heading: String, week: &Week, path: &str) -> Value {
        let days = week.days();
        let groups = days.chunk_by(|(_, one), (_, next)| one == next);
        let rows = groups.filter_map(|group| {
            let ((first, windows), (last, _)) = (group.first()?, group.last()?);
            let name = |day: &str| self.word(&format!("day-{day}"));
            let days = if first == last { name(first) } else { format!("{}–{}", name(first), name(last)) };
            Some(json!({"days": days, "hours": self.hours(windows)}))
        });
        json!({"heading": heading, "rows": rows.collect::<Vec<_>>(), "mark": self.mark(path)})
    }

    fn hours(&self, windows: &[Window]) -> String {
        if windows.is_empty() {
            return self.word("closed");
        }
        let time = |second: u32| format!("{:02}.{:02}", second / 3600, second / 60 % 60);
        let spans = windows.iter().map(|window| format!("{}–{}", time(window.open), time(window.close)));
        spans.collect::<Vec<_>>().join(", ")
    }

    fn profiles(&self) -> Vec<Value> {
        let profile = self.pack.written_profiles().map(|profile| {
            let rows: Vec<_> = Priority::ALL
                .iter()
                .map(|priority| {
                    let target = profile.target(*priority);
                    json!({
                        "priority": priority.as_str(),
                        "response": self.length(target.response),
                        "resolution": self.length(target.resolution),
                    })
                })
                .collect();
            json!({
                "name": profile.name,
                "clock": self.clock(&profile.calendar_name),
                "answers": (profile.response_calendar_name != profile.calendar_name)
                    .then(|| self.clock(&profile.response_calendar_name)),
                "is_default": profile.name == self.pack.default_profile,
                "rows": rows,
                "mark": self.mark(&format!("profiles.{}", profile.name)),
            })
        });
        profile.collect()
    }

    fn requests(&self) -> Vec<Value> {
        let request = |request: &crate::policy::RequestType| {
            json!({
                "label": request.label(self.visit.language),
                "clock": self.clock(&request.calendar),
                "resolution": self.length(request.resolution),
                "by_schedule": request.by_schedule,
                "mark": self.mark(&format!("requests.{}.resolution", request.code)),
            })
        };
        self.pack.requests.iter().map(request).collect()
    }

    /// Name and place of the calendar in which a time is counted.
    fn clock(&self, calendar: &str) -> Value {
        let always = self.pack.calendar(calendar).is_some_and(|calendar| calendar.is_always());
        let text = if always { self.word("clock-always") } else { self.phrase("clock-hours", &[("name", calendar)]) };
        json!({"text": text, "anchor": anchor(calendar)})
    }

    fn lines(&self) -> Vec<Value> {
        let roles = &self.pack.roles;
        let line = |key: &str, tier: &Tier| {
            let scope = match tier.scope {
                Scope::PerAgency if key == "tier2" => "scope-owner",
                Scope::PerAgency => "scope-agency",
                Scope::PerAgencyWithServices => "scope-agency-with-services",
                Scope::IctOffice => "scope-ict",
            };
            json!({
                "what": self.word(key),
                "label": tier.label,
                "where": self.word(scope),
                "areas": tier.areas,
                "clock": tier.hours.as_ref().map(|hours| self.clock(hours)),
                "mark": self.mark(&format!("roles.{key}.scope")),
            })
        };
        let infra = roles.tier2_infra.as_ref().map(|tier| line("tier2_infra", tier));
        [line("tier1", &roles.tier1), line("tier2", &roles.tier2)].into_iter().chain(infra).collect()
    }

    fn moves(&self) -> Vec<Value> {
        let escalation = &self.pack.escalation;
        let days = |number: u32| number.to_string();
        let lifecycle = &self.pack.lifecycle;
        let compulsory = if escalation.compulsory { "compulsory" } else { "not-compulsory" };
        [
            (self.phrase("transfer", &[("share", &percent(escalation.transfer))]), "escalation.transfer"),
            (self.phrase("warn", &[("share", &percent(escalation.warn))]), "escalation.warn"),
            (self.word(compulsory), "escalation.compulsory"),
            (self.phrase("auto-close", &[("days", &days(lifecycle.auto_close_days))]), "lifecycle.auto_close_days"),
            (
                self.phrase("pending-close", &[("days", &days(lifecycle.pending_close_days))]),
                "lifecycle.pending_close_days",
            ),
            (
                self.phrase("answer-hold", &[("seconds", &days(lifecycle.answer_hold_seconds))]),
                "lifecycle.answer_hold_seconds",
            ),
        ]
        .into_iter()
        .map(|(text, path)| json!({"text": text, "mark": self.mark(path)}))
        .collect()
    }

    fn outside(&self, (index, body): (usize, &Outside)) -> Value {
        let label = |code: &String| {
            let bodies = &self.pack.escalation.level3;
            bodies.iter().find(|body| body.code == *code).map_or_else(|| code.clone(), |body| body.label.clone())
        };
        let after = body.after.as_ref().map(|code| self.phrase("after", &[("name", &label(code))]));
        json!({"label": body.label, "after": after, "mark": self.mark(&format!("escalation.level3.{index}"))})
    }

    fn days_of(&self, year: i32) -> Vec<Value> {
        let days = self.pack.holidays.iter().filter(|day| day.date.year() == year);
        let day = |day: &Holiday| {
            let kind = match day.kind {
                HolidayKind::Holiday => "day-off-holiday",
                HolidayKind::JointLeave => "day-off-joint-leave",
                HolidayKind::Local | HolidayKind::WorkingDay => "day-off-local",
            };
            json!({
                "date": text::long_date(self.visit.language, day.date),
                "name": day.name,
                "kind": self.word(kind),
                "decree": day.decree,
                "unsure": day.provisional,
            })
        };
        days.map(day).collect()
    }

    fn duty(&self, (index, duty): (usize, &Duty)) -> Value {
        let when = match (duty.every, &duty.before, duty.lead) {
            (Some(every), ..) => self.word(match every {
                Every::Month => "every-month",
                Every::Quarter => "every-quarter",
                Every::CalendarYear => "every-year",
                Every::TwoYears => "every-2-years",
            }),
            (None, Some(before), Some(lead)) => {
                let duties = &self.pack.duties;
                let what =
                    duties.iter().find(|other| other.code == *before).map_or(before.as_str(), |other| &other.what);
                self.phrase("before", &[("months", &lead.months.to_string()), ("what", what)])
            }
            _ => self.word("on-change"),
        };
        let office = match duty.office {
            DutyOffice::Agency => self.word("office-agency"),
            DutyOffice::Ict => self.pack.offices.ict.clone(),
            DutyOffice::Board => self.pack.roles.board.label.clone(),
        };
        json!({
            "what": duty.what,
            "when": when,
            "office": office,
            "source": duty.source,
            "sanctionable": duty.sanctionable,
            "mark": self.mark(&format!("duties.{index}")),
        })
    }

    fn report(&self) -> Value {
        let report = &self.pack.report;
        let period = self.word(match report.period {
            Period::Monthly => "every-month",
            Period::Quarterly => "every-quarter",
            Period::Yearly => "every-year",
        });
        json!({
            "period": period,
            "period_mark": self.mark("report.period"),
            "statutory": report.statutory_period,
            "statutory_mark": self.mark("report.statutory_period"),
            "due_day": report.due_day,
            "chain": self.pack.report_chain.join(" → "),
            "chain_mark": self.mark("report_chain"),
        })
    }

    fn values(&self) -> Vec<Value> {
        let value = |value: &crate::policy::Value| json!({"path": value.path, "text": value.text, "mark": self.mark(&value.path)});
        self.pack.values().iter().map(value).collect()
    }

    /// The chip that says by whose word a part is as it is.
    fn mark(&self, path: &str) -> Value {
        let (family, icon, text, detail) = match self.pack.authority(path) {
            Authority::Law(laws) => ("ok", "check", "mark-law", laws.join("; ")),
            Authority::Partly(laws) => ("info", "half", "mark-partly", laws.join("; ")),
            Authority::Default => ("neutral", "ring", "mark-default", String::new()),
            Authority::Unconfirmed(note) => ("warn", "alert", "mark-unconfirmed", note.to_owned()),
        };
        json!({"family": family, "icon": icon, "text": self.word(text), "title": Value::Null, "detail": detail})
    }

    fn length(&self, length: Length) -> String {
        match length {
            Length::Seconds(seconds) => text::span(self.visit.language, Duration::seconds(seconds)),
            Length::WorkingDays(days) => self.phrase("working-days", &[("days", &days.to_string())]),
        }
    }

    fn word(&self, key: &str) -> String {
        self.phrase(key, &[])
    }

    fn phrase(&self, key: &str, values: &[(&str, &str)]) -> String {
        text::phrase(self.visit.language, &format!("policy-{key}"), values)
    }
}

fn anchor(calendar: &str) -> String {
    format!("jam-{calendar}")
}

fn percent(share: PerMille) -> String {
    let thousandths = share.thousandths();
    let (whole, tenth) = (thousandths / 10, thousandths % 10);
    if tenth == 0 { format!("{whole} %") } else { format!("{whole},{tenth} %") }
}
