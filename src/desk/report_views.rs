//! Reading reports: which there are, what stands in one, and the tickets behind a figure.

use crate::desk::Desk;
use crate::desk::reports::Bounds;
use crate::domain::people::{Action, Actor, may as may_ticket};
use crate::domain::report::content::Content;
use crate::domain::report::figure::Figure;
use crate::domain::report::life::{Edition, Report, may_see};
use crate::domain::report::steps::Step;
use crate::domain::ticket::Ticket;
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A report with what stands in it.
#[derive(Debug, Clone)]
pub struct FullReport {
    /// Its row; without a key where nothing is kept of it (the period is not over).
    pub report: Option<Report>,
    /// The edition that was asked for.
    pub edition: Option<Edition>,
    /// What stands in it.
    pub content: Content,
    /// Every edition, the newest first, without contents.
    pub editions: Vec<Edition>,
    /// The way upwards, in order; only the region's has one.
    pub steps: Vec<Step>,
    /// Names of whoever handed it in, sent it on, confirmed it or drew it up, by key.
    pub people: BTreeMap<i64, String>,
}

impl FullReport {
    /// The code by which anybody may check the edition.
    pub fn authenticity(&self) -> Option<&str> {
        self.edition.as_ref().and_then(|edition| edition.authenticity.as_deref())
    }
}

/// What a list of reports is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct ReportFilter {
    /// Code of the agency; empty: the region's own.
    pub agency: Option<String>,
    /// First day of the period or later.
    pub from: Option<NaiveDate>,
    /// Before this first day.
    pub to: Option<NaiveDate>,
}

/// Place after which a list of reports goes on: first day and agency.
pub type ReportPlace = (NaiveDate, String);

/// Tickets a figure counts, as far as somebody may see them.
#[derive(Debug)]
pub struct Behind {
    /// Those of this page, the oldest first.
    pub tickets: Vec<Ticket>,
    /// How many the figure counts today.
    pub count: usize,
    /// There are more.
    pub more: bool,
}

impl Desk {
    /// Reports somebody may see, the newest first, at most `limit` behind `after`.
    ///
    /// # Errors
    /// `Denied` for those who see none.
    pub async fn reports(
        &self,
        actor: &Actor,
        filter: &ReportFilter,
        after: Option<ReportPlace>,
        limit: i64,
    ) -> Result<Vec<Report>> {
        let mut tx = self.db.glance().await?;
        let agencies = store::services::agencies(&mut tx).await?.into_iter().map(|agency| agency.code);
        let seen: Vec<String> = agencies.chain([String::new()]).filter(|code| may_see(actor, code)).collect();
        if seen.is_empty() {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let asked = |code: &String| filter.agency.as_ref().is_none_or(|agency| agency == code);
        let seen: Vec<String> = seen.into_iter().filter(asked).collect();
        store::reports::list(&mut tx, Some(seen.as_slice()), filter.from, filter.to, after, limit).await
    }

    /// A report with its content; of an edition, or of the one that counts.
    ///
    /// # Errors
    /// `NotFound` also for reports the actor may not see.
    pub async fn report(&self, actor: &Actor, code: &str, edition: Option<i64>) -> Result<FullReport> {
        let report = self.report_row(actor, code).await?;
        let mut tx = self.db.read().await?;
        let edition = store::reports::edition(&mut tx, report.id, edition.unwrap_or(report.edition)).await?;
        let edition = edition.ok_or(Error::NotFound("edition"))?;
        let editions = store::reports::editions(&mut tx, report.id).await?;
        let by = editions.iter().map(|edition| edition.account_id);
        let steps = store::report_steps::of_report(&mut tx, report.id).await?;
        let sent = steps.iter().flat_map(|step| [step.sent_by, step.received_by]);
        let people = names(&mut tx, by.chain([report.submitted_by, report.received_by]).chain(sent).collect()).await?;
        let content = serde_json::from_str(&edition.content)?;
        Ok(FullReport { report: Some(report), edition: Some(edition), content, editions, steps, people })
    }

    /// The report about the period of an agency (empty: of the region) that a local day lies in: as it is kept, or drawn
    /// up from what is known now when nothing is kept of it.
    ///
    /// # Errors
    /// `NotFound` for agencies the actor may not see, and for periods that have not begun.
    pub async fn report_about(&self, actor: &Actor, agency: &str, day: NaiveDate) -> Result<FullReport> {
        let bounds = self.bounds(day)?;
        if !may_see(actor, agency) || bounds.span.from > self.now() {
            return Err(Error::NotFound("report"));
        }
        self.report_of(agency, day).await
    }

    /// As [`Self::report_about`], for the console, which may see everything.
    ///
    /// # Errors
    /// `NotFound` for unknown agencies.
    pub async fn report_of(&self, agency: &str, day: NaiveDate) -> Result<FullReport> {
        let bounds = self.bounds(day)?;
        let mut tx = self.db.read().await?;
        if let Some(report) = store::reports::about(&mut tx, agency, day).await? {
            let edition = store::reports::edition(&mut tx, report.id, report.edition).await?;
            let edition = edition.ok_or(Error::NotFound("edition"))?;
            let editions = store::reports::editions(&mut tx, report.id).await?;
            let steps = store::report_steps::of_report(&mut tx, report.id).await?;
            let sent = steps.iter().flat_map(|step| [step.sent_by, step.received_by]);
            let people = names(&mut tx, sent.chain([report.submitted_by, report.received_by]).collect()).await?;
            let content = serde_json::from_str(&edition.content)?;
            return Ok(FullReport { report: Some(report), edition: Some(edition), content, editions, steps, people });
        }
        let known = store::services::agencies(&mut tx).await?;
        if !agency.is_empty() && !known.iter().any(|known| known.code == agency) {
            return Err(Error::NotFound("agency"));
        }
        drop(tx);
        let content = self.running_content(agency, bounds).await?;
        Ok(FullReport {
            report: None,
            edition: None,
            content,
            editions: Vec::new(),
            steps: Vec::new(),
            people: BTreeMap::new(),
        })
    }

    /// What stands in a report that is not kept, as it is known now or was a short while ago.
    async fn running_content(&self, agency: &str, bounds: Bounds) -> Result<Content> {
        let mut held = self.running.held().await;
        let machine = self.clock.machine();
        if let Some(content) = held.fresh(agency, bounds.from, machine, self.now()) {
            return Ok(content);
        }
        let mut tx = self.db.read().await?;
        let mut drawn = self.draw(&mut tx, bounds, &[agency.to_owned()]).await?;
        let content = drawn.pop().ok_or_else(|| Error::internal("a report was not drawn up"))?.content;
        if self.running.is_large(&content) {
            held.keep(&content, machine);
        }
        Ok(content)
    }

    /// Tickets that a figure of a report counts today, `skip` of them passed over.
    ///
    /// # Errors
    /// `NotFound` for reports the actor may not see.
    pub async fn behind(&self, actor: &Actor, code: &str, figure: Figure, skip: usize, limit: usize) -> Result<Behind> {
        let report = self.report_row(actor, code).await?;
        let bounds = self.bounds_of(&report);
        let mut tx = self.db.read().await?;
        let only = Some(report.agency.as_str()).filter(|agency| !agency.is_empty());
        let gathered = self.gather(&mut tx, bounds.span, (bounds.from, bounds.to), only).await?;
        let mut counted: Vec<_> = gathered
            .tickets
            .iter()
            .filter(|it| figure.counts(it, &gathered.span))
            .map(|it| (it.opened_at, it.id))
            .collect();
        counted.sort_unstable();
        let mut tickets = Vec::new();
        for (_, id) in counted.iter().skip(skip).take(limit) {
            let ticket = store::tickets::by_id(&mut tx, *id).await?;
            tickets.extend(ticket.filter(|ticket| may_ticket(actor, Action::View, ticket)));
        }
        Ok(Behind { tickets, count: counted.len(), more: counted.len() > skip + limit })
    }
}

async fn names(tx: &mut Tx, ids: Vec<Option<i64>>) -> Result<BTreeMap<i64, String>> {
    let mut people = BTreeMap::new();
    for id in ids.into_iter().flatten() {
        if !people.contains_key(&id)
            && let Some(person) = store::people::by_id(tx, id).await?
        {
            people.insert(id, person.name);
        }
    }
    Ok(people)
}
