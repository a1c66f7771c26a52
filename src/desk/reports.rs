//! Reports by the clock: drawn up when a period is over, handed in when nobody did by the due day.
//!
//! Facts are gathered outside the transaction that keeps the reports: a long read holds up nobody, and because every
//! figure asks for the state at the end of the period, what happens meanwhile changes none.

use crate::desk::documents::NewDocument;
use crate::desk::duty_acts::MissedDuty;
use crate::desk::report_facts::Gathered;
use crate::desk::{Desk, chain};
use crate::domain::duty_rule::{beginning_of, day_of, late_from};
use crate::domain::event::ActorLabel;
use crate::domain::letter::DocumentKind;
use crate::domain::people::{Account, Role};
use crate::domain::report::content::{Content, Head};
use crate::domain::report::draw;
use crate::domain::report::facts::{Month, Span};
use crate::domain::report::figure::Figure;
use crate::domain::report::life::{Edition, Report, ReportState, code, period};
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::fault;
use crate::mail::compose::Outgoing;
use crate::policy::sections::Period;
use crate::secret::{new_code, sha256};
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, Utc};
use serde_json::json;
use std::collections::BTreeMap;

/// First day of the next period to be drawn up.
const NEXT: &str = "report_next";
/// Only one node at a time draws up reports.
const LOCK: i64 = 0x6c61_706f;
/// Late reports taken up in one transaction.
const BATCH: i64 = 100;
/// Months before the period that stand beside it.
const MONTHS_BEFORE: u32 = 12;
/// What the register of duties calls a report that did not come.
const DUTY: &str = "periodic-report";

/// A report's content with the month in short.
#[derive(Debug)]
pub(super) struct Drawn {
    pub content: Content,
    pub month: Month,
}

/// The days and instants of a period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub span: Span,
}

impl Desk {
    /// Lets everything happen to reports that is due now; gives how much happened.
    ///
    /// # Errors
    /// The database does not answer; what happened before stays.
    pub async fn run_reports(&self) -> Result<usize> {
        let mut happened = 0;
        while let Some(bounds) = self.next_period().await? {
            if bounds.span.to > self.now() {
                break;
            }
            happened += self.draw_period(bounds).await?;
        }
        Ok(happened + self.hand_in_late().await? + self.late_steps().await?)
    }

    /// When something is due for reports next.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn next_report(&self) -> Result<Option<DateTime<Utc>>> {
        let next = self.next_period().await?.map(|bounds| bounds.span.to);
        let mut tx = self.db.glance().await?;
        let due = store::reports::next_due(&mut tx).await?;
        let step = store::report_steps::next_due(&mut tx).await?;
        Ok([next, due, step].into_iter().flatten().min())
    }

    /// Draws up reports for the periods before now, as far back as `since`: for an installation that has a history.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn draw_reports_since(&self, since: DateTime<Utc>) -> Result<()> {
        let first = self.bounds(day_of(since, self.pack().zone))?;
        self.remember_next(first.from).await
    }

    /// The next period to be drawn up. A new installation begins with the one it was made in.
    async fn next_period(&self) -> Result<Option<Bounds>> {
        let kept = store::settings::get(&mut self.db.glance().await?, NEXT).await?;
        if let Some(from) = kept.and_then(|text| text.parse::<NaiveDate>().ok()) {
            // Behind the last one even when the pack has another rhythm since.
            return self.bounds(from).map(|bounds| Some(self.dates(from, bounds.to)));
        }
        let running = self.bounds(day_of(self.now(), self.pack().zone))?;
        self.remember_next(running.from).await?;
        Ok(Some(running))
    }

    async fn remember_next(&self, from: NaiveDate) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::settings::set(&mut tx, NEXT, &from.to_string()).await?;
        tx.commit().await
    }

    /// The period a local day lies in.
    pub(super) fn bounds(&self, day: NaiveDate) -> Result<Bounds> {
        let pack = self.pack();
        let months = match pack.report.period {
            Period::Monthly => 1,
            Period::Quarterly => 3,
            Period::Yearly => 12,
        };
        let (from, to) = period(day, months).ok_or_else(|| Error::internal("the calendar has no such period"))?;
        Ok(self.dates(from, to))
    }

    /// The bounds of a report that is kept, whatever rhythm the pack has today.
    pub(super) fn bounds_of(&self, report: &Report) -> Bounds {
        self.dates(report.period_from, report.period_to)
    }

    /// From one local day to before another.
    fn dates(&self, from: NaiveDate, to: NaiveDate) -> Bounds {
        let zone = self.pack().zone;
        Bounds { from, to, span: Span { from: beginning_of(from, zone), to: beginning_of(to, zone) } }
    }

    /// Draws up the reports of a period, of every agency and of the region; gives how many.
    async fn draw_period(&self, bounds: Bounds) -> Result<usize> {
        let mut tx = self.db.read().await?;
        let agencies = store::services::agencies(&mut tx).await?;
        let codes = agencies.into_iter().filter(|agency| agency.active).map(|agency| agency.code);
        let codes: Vec<String> = codes.chain([String::new()]).collect();
        let drawn = self.draw(&mut tx, bounds, &codes).await?;
        drop(tx);
        fault::pass("report.drawn");
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let mut count = 1;
        for (agency, drawn) in codes.iter().zip(drawn) {
            count += usize::from(self.keep_new(&mut tx, agency, bounds, drawn).await?);
        }
        store::settings::set(&mut tx, NEXT, &bounds.to.to_string()).await?;
        tx.commit().await?;
        self.wake();
        Ok(count)
    }

    /// The contents of the reports of some agencies (empty: of the region) about a period, in their order.
    pub(super) async fn draw(&self, tx: &mut Tx, bounds: Bounds, agencies: &[String]) -> Result<Vec<Drawn>> {
        let only = match agencies {
            [one] if !one.is_empty() => Some(one.as_str()),
            _ => None,
        };
        let gathered = self.gather(tx, bounds.span, (bounds.from, bounds.to), only).await?;
        let first = bounds.from.checked_sub_months(Months::new(MONTHS_BEFORE)).unwrap_or(bounds.from);
        let months = store::reports::months(tx, first, bounds.from).await?;
        let seal = store::events::last_seal(tx).await?.map(|seal| seal.root);
        let drawn = agencies.iter().map(|agency| self.draw_one(&gathered, bounds, agency, &months, seal.clone()));
        Ok(drawn.collect())
    }

    fn draw_one(
        &self,
        gathered: &Gathered,
        bounds: Bounds,
        agency: &str,
        months: &[store::reports::ShortMonth],
        seal: Option<String>,
    ) -> Drawn {
        let (pack, now, none) = (self.pack(), self.now(), BTreeMap::new());
        let mut facts = gathered.of(agency, &none);
        let count = |figure: Figure| facts.tickets.iter().filter(|it| figure.counts(it, &facts.span)).count();
        let whole = |figure: Figure| i64::try_from(count(figure)).unwrap_or(i64::MAX);
        let month = Month {
            received: whole(Figure::Received),
            resolved: whole(Figure::Resolved),
            in_time: whole(Figure::ResolvedInTime),
        };
        let earlier = months
            .iter()
            .filter(|it| it.agency == agency)
            .map(|it| (it.period_from, Month { received: it.received, resolved: it.resolved, in_time: it.in_time }));
        facts.months = earlier.chain([(bounds.from, month)]).collect();
        let head = Head {
            code: code(bounds.from, agency),
            region: pack.region.name.clone(),
            agency: agency.to_owned(),
            name: gathered.agencies.get(agency).unwrap_or(&pack.region.name).clone(),
            period_from: bounds.from,
            period_to: bounds.to,
            from: bounds.span.from,
            to: bounds.span.to,
            zone: pack.zone.name().to_owned(),
            drawn_at: now,
            provisional: now < bounds.span.to,
            pack: pack.version.clone(),
            seal,
        };
        Drawn { content: Content { head, parts: draw::parts(&facts) }, month }
    }

    /// Keeps a report that was drawn up first; `false` when it is there already.
    async fn keep_new(&self, tx: &mut Tx, agency: &str, bounds: Bounds, drawn: Drawn) -> Result<bool> {
        let (pack, now) = (self.pack(), self.now());
        let day = Days::new(u64::from(pack.report.due_day.saturating_sub(1)));
        let due_on = bounds.to.checked_add_days(day).unwrap_or(bounds.to);
        let mut report = Report {
            id: 0,
            version: 1,
            code: drawn.content.head.code.clone(),
            agency: agency.to_owned(),
            period_from: bounds.from,
            period_to: bounds.to,
            due_on,
            due_at: late_from(due_on, pack.zone),
            state: ReportState::Draft,
            edition: 1,
            obstacles: String::new(),
            recommendations: String::new(),
            drawn_at: now,
            submitted_at: None,
            submitted_by: None,
            received_at: None,
            received_by: None,
            late: false,
        };
        let Some(id) = store::reports::insert(tx, &report, drawn.month).await? else { return Ok(false) };
        report.id = id;
        let edition = edition(1, &drawn.content, "", now, None)?;
        store::reports::add_edition(tx, id, &edition).await?;
        self.plan_steps(tx, &report).await?;
        let facts = json!({"edition": 1, "digest": edition.digest, "due_on": due_on, "pack": pack.version});
        chain::note(tx, "report", &report.code, now, ActorLabel::clock(), "drawn", facts).await?;
        self.mail_drawn(tx, &report, &drawn.content).await?;
        Ok(true)
    }

    /// Hands in what nobody handed in by the due day: it is late, and the register of duties knows it.
    async fn hand_in_late(&self) -> Result<usize> {
        let now = self.now();
        if store::reports::next_due(&mut self.db.glance().await?).await?.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let late = store::reports::overdue(&mut tx, now, BATCH).await?;
        for mut report in late.clone() {
            report.state = ReportState::Submitted;
            report.submitted_at = Some(now);
            report.late = true;
            report.version += 1;
            store::reports::update(&mut tx, &report).await?;
            let facts = json!({"trigger": "due_day", "due_on": report.due_on, "due_at": report.due_at});
            chain::note(&mut tx, "report", &report.code, now, ActorLabel::clock(), "submitted", facts).await?;
            self.issue(&mut tx, &report, &ActorLabel::clock()).await?;
            if let Some(missed) = self.missed(&report) {
                self.duty_missed(&mut tx, missed).await?;
            }
        }
        tx.commit().await?;
        self.wake();
        Ok(late.len())
    }

    /// Enters the edition that is handed in among the documents anybody may check; once for each edition.
    pub(super) async fn issue(&self, tx: &mut Tx, report: &Report, by: &ActorLabel) -> Result<()> {
        let edition = store::reports::edition(tx, report.id, report.edition).await?;
        let Some(edition) = edition.filter(|edition| edition.authenticity.is_none()) else { return Ok(()) };
        let before = store::reports::edition(tx, report.id, report.edition - 1).await?;
        let code = new_code()?;
        store::reports::authenticate(tx, report.id, report.edition, &code).await?;
        let pack = self.pack();
        let document = NewDocument {
            code,
            kind: DocumentKind::Report,
            number: format!("{} / {}", report.code, report.edition),
            dated: day_of(self.now(), pack.zone),
            issuer: if report.is_regional() { pack.offices.ict.clone() } else { report.agency.clone() },
            sha256: edition.digest,
            replaces: before.and_then(|before| before.authenticity),
        };
        self.register_document(tx, by, document).await?;
        Ok(())
    }

    /// The entry of the duty register for a report that did not come in time. The region's own report is no agency's.
    pub(super) fn missed(&self, report: &Report) -> Option<MissedDuty> {
        let pack = self.pack();
        let month = text::month(Language::Indonesian, report.period_from);
        let rule = pack.report.duty.as_ref().and_then(|code| pack.duties.iter().find(|duty| duty.code == *code));
        // The law of the report, where it has one: of the duty it fulfils, or of the chain it goes up.
        let law = pack.law.as_deref();
        let source = rule.and_then(|rule| law.map(|law| format!("{law} {}", rule.source)));
        let source = source.or_else(|| {
            let chain = pack.values().iter().find(|value| value.path.starts_with("report_chain"));
            chain.and_then(|value| value.basis.clone())
        });
        (!report.is_regional()).then(|| MissedDuty {
            code: DUTY.to_owned(),
            what: text::phrase(
                Language::Indonesian,
                "report-duty",
                &[("month", month.as_str()), ("code", report.code.as_str())],
            ),
            agency: report.agency.clone(),
            period_from: report.period_from,
            period_to: report.period_to,
            due_on: report.due_on,
            cause: report.code.clone(),
            sanctionable: rule.is_some_and(|rule| rule.sanctionable),
            source,
        })
    }

    /// The duty of the pack that the report fulfils: of the term its due day lies in.
    pub(super) fn fulfilled(&self, report: &Report) -> Option<MissedDuty> {
        let missed = self.missed(report)?;
        let code = self.pack().report.duty.clone()?;
        let from = report.due_on.with_day(1)?;
        Some(MissedDuty { code, cause: String::new(), period_from: from, ..missed })
    }

    async fn mail_drawn(&self, tx: &mut Tx, report: &Report, content: &Content) -> Result<()> {
        let id = Language::Indonesian;
        for person in self.answering_for(tx, &report.agency).await? {
            let mail = self.composer.write(&Outgoing {
                key: format!("report-drawn:{}:{}", report.code, person.id),
                template: "report_drawn",
                language: id,
                to: &person.email,
                to_name: &person.name,
                context: json!({
                    "name": person.name,
                    "agency": content.head.name,
                    "month": text::month(id, report.period_from),
                    "code": report.code,
                    "due": text::long_date(id, report.due_on),
                    "received": content.line("received").and_then(|line| line.value),
                    "resolved": content.line("resolved").and_then(|line| line.value),
                    "closing": content.line("closing").and_then(|line| line.value),
                    "url": self.report_url(&report.code),
                }),
                ..Outgoing::automatic(self.now())
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }

    /// The page of a report.
    pub fn report_url(&self, code: &str) -> String {
        format!("{}/kerja/laporan/{code}", self.public_url)
    }

    /// Active people who answer for an agency, and its head; for the region those of the ICT office.
    async fn answering_for(&self, tx: &mut Tx, agency: &str) -> Result<Vec<Account>> {
        let roles: &[Role] = if agency.is_empty() {
            &[Role::Tier2Unit, Role::IctHead]
        } else {
            &[Role::Tier1Agent, Role::Tier2Unit, Role::AgencyHead]
        };
        let mut people = Vec::new();
        for role in roles {
            people.extend(store::people::holders(tx, *role, agency).await?);
        }
        people.sort_by_key(|person| person.id);
        people.dedup_by_key(|person| person.id);
        Ok(people)
    }
}

/// An edition of a content, with its digest.
pub(super) fn edition(
    number: i64,
    content: &Content,
    reason: &str,
    at: DateTime<Utc>,
    account_id: Option<i64>,
) -> Result<Edition> {
    let content = serde_json::to_string(content)?;
    Ok(Edition {
        edition: number,
        digest: sha256(&content),
        content,
        reason: reason.to_owned(),
        at,
        account_id,
        authenticity: None,
    })
}
