//! The five regions: who answers first, what is law, what is not known, and their calendars of their own.

use super::{SHIPPED, pack, wib};
use chrono::{NaiveDate, Timelike};
use meja::policy::Pack;
use meja::policy::custom::{CrossAgencyData, IntegrityMethod, LanOwner};
use meja::policy::duty::Every;
use meja::policy::measures::{SanctionMode, SanctionScope, TriggerScope};
use meja::policy::sections::Scope;

fn regions() -> impl Iterator<Item = std::sync::Arc<Pack>> {
    SHIPPED.iter().map(|(id, _)| pack(id))
}

/// Local closing time of a date, "15:30".
fn closing(id: &str, calendar: &str, date: &str) -> Option<String> {
    let pack = pack(id);
    let at = pack.calendars[calendar].closing_of(date.parse::<NaiveDate>().expect("date"))?;
    Some(at.with_timezone(&pack.zone).time().with_second(0)?.format("%H:%M").to_string())
}

#[test]
fn each_region_has_its_code_and_its_law() {
    let told: Vec<_> = regions().map(|pack| (pack.region.code.clone(), pack.law.is_some())).collect();
    let expected = [("MEJA", false), ("OKI", true), ("SKW", true), ("KRA", true), ("BWI", true), ("SUMUT", true)];
    assert_eq!(told, expected.map(|(code, law)| (code.to_owned(), law)));
    for pack in regions().filter(|pack| pack.law.is_some()) {
        let number =
            pack.law.as_ref().and_then(|law| law.split_whitespace().last()).expect("number and year of the law");
        let values =
            pack.values().iter().filter(|value| value.basis.as_ref().is_some_and(|basis| basis.contains(number)));
        assert!(values.count() >= 10, "{}: hardly anything is law", pack.id);
    }
}

#[test]
fn only_one_region_turns_the_desk_round() {
    let scopes: Vec<_> = regions().map(|pack| (pack.roles.tier1.scope, pack.roles.tier2.scope)).collect();
    let usual = (Scope::PerAgency, Scope::IctOffice);
    let expected = [
        usual,
        usual,
        (Scope::PerAgencyWithServices, Scope::IctOffice),
        usual,
        usual,
        (Scope::IctOffice, Scope::PerAgency),
    ];
    assert_eq!(scopes, expected);
    let north = pack("sumut");
    let infra = north.roles.tier2_infra.as_ref().expect("a line for the networks");
    assert_eq!((infra.scope, infra.areas.len()), (Scope::IctOffice, 3));
    let hours = north.roles.tier1.hours.as_ref().expect("hours of the desk");
    assert!(north.calendars[hours].is_always());
    assert!(regions().all(|pack| pack.escalation.compulsory == (pack.id == "oki")));
}

#[test]
fn the_service_catalogue_is_law_in_one_region_only() {
    let parts: Vec<_> = regions().map(|pack| pack.catalogue.parts.len()).collect();
    assert_eq!(parts, [6; 6]);
    assert!(regions().all(|pack| pack.catalogue.required == (pack.id == "sumut")));
    assert!(regions().all(|pack| pack.catalogue.raci_required == (pack.id == "singkawang")));
    let basis = |id: &str, path: &str| {
        pack(id).values().iter().find(|value| value.path == path).and_then(|value| value.basis.clone())
    };
    assert_eq!(basis("sumut", "catalogue.parts.0").as_deref(), Some("Pergub Sumatera Utara 12/2022 Pasal 52 ayat (4)"));
    assert_eq!(basis("oki", "catalogue.parts.0"), None);
}

#[test]
fn sanctions_and_letters_follow_the_law_of_the_region() {
    let modes: Vec<_> = regions().map(|pack| pack.sanction_mode).collect();
    let none = SanctionMode::None;
    assert_eq!(modes, [none, none, none, SanctionMode::ProposalOnly, none, SanctionMode::Letters]);
    let listed = pack("karanganyar");
    assert_eq!((listed.sanctions.len(), listed.sanction_articles.len()), (3, 31));
    assert_eq!(listed.sanction_scope, SanctionScope::ListedArticlesOnly);
    assert!(!listed.sanction_articles.iter().any(|article| article.starts_with("Pasal 37")));
    assert!(regions().all(|pack| pack.warning.is_some() == (pack.id == "sumut")));
    let warning = pack("sumut").warning.clone().expect("letters");
    assert_eq!((warning.trigger.scope, warning.trigger.aspect.as_str()), (TriggerScope::Critical, "resolution_time"));
    assert_eq!((warning.addressee.as_str(), warning.literal_mode), ("Kepala Dinas", false));
    assert_eq!(warning.ladder.iter().map(|rung| rung.cure_days).collect::<Vec<_>>(), [Some(3), None]);
    for pack in regions() {
        let sanctioned: Vec<_> = pack.duties.iter().filter(|duty| duty.sanctionable).map(|duty| &duty.source).collect();
        match pack.sanction_scope {
            SanctionScope::None => assert!(sanctioned.is_empty(), "{}", pack.id),
            SanctionScope::ListedArticlesOnly => {
                let is_listed =
                    |source: &&String| pack.sanction_articles.iter().any(|article| source.starts_with(article));
                assert!(!sanctioned.is_empty() && sanctioned.iter().all(is_listed), "{}: {sanctioned:?}", pack.id);
            }
            SanctionScope::WarningTriggers => assert_eq!(sanctioned.len(), 1),
        }
    }
}

#[test]
fn duties_have_the_rhythm_of_the_regulations() {
    let has = |id: &str, code: &str, every: Option<Every>| {
        pack(id).duties.iter().any(|duty| duty.code == code && duty.every == every)
    };
    for id in ["oki", "karanganyar", "banyuwangi"] {
        assert!(has(id, "diagram-lan", Some(Every::CalendarYear)) && has(id, "perubahan-lan", None), "{id}");
        let pack = pack(id);
        let diagram = pack.duties.iter().find(|duty| duty.code == "diagram-lan").expect("the diagram");
        assert_eq!(diagram.due.map(|due| (due.month, due.day)), Some((12, 31)));
    }
    for id in ["oki", "karanganyar"] {
        assert!(has(id, "audit-tik", Some(Every::TwoYears)), "{id}");
    }
    let city = pack("singkawang");
    let internal = city.duties.iter().find(|duty| duty.code == "audit-internal").expect("the internal audit");
    assert_eq!((internal.before.as_deref(), internal.lead.map(|lead| lead.months)), (Some("audit-tik"), Some(1)));
}

#[test]
fn small_differences_are_data() {
    assert_eq!(pack("karanganyar").integrity.method, IntegrityMethod::DigitalCertificate);
    assert!(regions().all(|pack| pack.certificates.monitor == (pack.id == "banyuwangi")));
    assert!(regions().all(|pack| (pack.lan_owner == LanOwner::AgencyThenIct) == (pack.id == "banyuwangi")));
    assert!(regions().all(|pack| (pack.cross_pd_data == CrossAgencyData::Owner) == (pack.id == "sumut")));
    assert!(regions().all(|pack| pack.email.only_between_government == (pack.id == "sumut")));
    assert!(regions().all(|pack| pack.security.serious_failure.is_some() == (pack.id == "banyuwangi")));
    let domains: Vec<_> = regions().filter_map(|pack| pack.email.domain.clone()).collect();
    assert_eq!(domains, ["kaboki.go.id", "karanganyarkab.go.id"]);
    assert_eq!(pack("sumut").classes.len(), 2);
    assert_eq!(pack("singkawang").sop.instrument, "Keputusan Wali Kota");
}

#[test]
fn what_nobody_has_confirmed_says_so() {
    let city = pack("singkawang");
    let value =
        |path: &str| city.values().iter().find(|value| value.path == path).unwrap_or_else(|| panic!("no {path}"));
    let domain = value("email.domain");
    assert!(domain.unconfirmed && domain.basis.is_none() && domain.text.is_empty() && !domain.note.is_empty());
    let monday = value("calendars.kerja.week.mon");
    assert!(monday.unconfirmed && monday.note.contains("belum ditemukan"), "{monday:?}");
    assert!(!value("escalation.transfer").unconfirmed);
    // An estimated date is not confirmed either, and a confirmed week of one year is law.
    assert!(city.values().iter().any(|value| value.text.contains("provisional = true") && value.unconfirmed));
    let north = pack("sumut");
    let fasting = north.values().iter().find(|value| value.path == "calendars.kerja.ramadan_weeks.2026.mon");
    assert_eq!(fasting.and_then(|value| value.basis.as_deref()), Some("SE 800/1260/2026"));
}

#[test]
fn ramadan_hours_differ_by_region_and_year() {
    let friday = |id: &str, date: &str| closing(id, "kerja", date).expect("a working day");
    assert_eq!([friday("sumut", "2026-02-27"), friday("oki", "2026-02-27")], ["15:30", "15:30"]);
    assert_eq!([friday("banyuwangi", "2025-03-07"), friday("banyuwangi", "2026-02-27")], ["15:00", "15:30"]);
    // The break of Sumatera Utara lies half an hour later.
    let at = |id: &str, time: &str| pack(id).calendars["kerja"].is_open(wib(&format!("2026-02-26 {time}")));
    assert!(at("sumut", "12:15") && !at("oki", "12:15") && !at("sumut", "12:45") && at("oki", "12:45"));
    // Six days a week, without a break, in the health centres.
    assert_eq!(closing("banyuwangi", "puskesmas", "2025-03-08").as_deref(), Some("13:00"));
    assert_eq!(closing("banyuwangi", "puskesmas", "2025-03-09"), None);
    assert_eq!(closing("banyuwangi", "kerja", "2025-03-08"), None);
}

#[test]
fn every_region_has_the_requests_of_the_catalogue() {
    for pack in regions() {
        assert_eq!(pack.requests.len(), 14, "{}", pack.id);
        for request in &pack.requests {
            let profile = pack.profile(&request.profile()).expect("its profile");
            assert_eq!(profile.targets, [request.target(); 4]);
            assert_eq!(pack.request(&request.code), Some(request));
        }
    }
    let due = |code: &str, opened: &str| {
        let profile = format!("PERMINTAAN:{code}");
        let priority = meja::domain::ticket::Priority::P4;
        pack("oki").deadlines(&profile, priority, wib(opened), &[]).expect("deadlines").resolution_due
    };
    assert_eq!(due("password_reset", "2026-04-10 11:15"), Some(wib("2026-04-10 13:15")));
    assert_eq!(due("vps", "2026-04-10 11:15"), Some(wib("2026-04-17 16:30")));
    // By law in hours of the clock, also over Idulfitri.
    assert_eq!(due("personal_data", "2026-03-20 10:00"), Some(wib("2026-03-23 10:00")));
    assert!(pack("oki").request("user_training").is_some_and(|request| request.by_schedule));
}
