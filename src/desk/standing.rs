//! One agency under supervision: its weeks, the promises it broke, its people, and reminding it.

use crate::desk::once::{self, Repeat};
use crate::desk::queues::supervises;
use crate::desk::{Desk, chain};
use crate::domain::duty_rule::beginning_of;
use crate::domain::event::ActorLabel;
use crate::domain::people::{Account, Actor, Grant, Role, Scope, visibility};
use crate::domain::service::Agency;
use crate::domain::ticket::Language;
use crate::domain::trend::{self, Week};
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::secret::new_token;
use crate::store::queues::Load;
use crate::store::standing::{Breach, Holder};
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde_json::json;

/// Weeks of the trend, the running one among them.
const WEEKS: u64 = 13;
/// Longest text of a reminder, in characters.
const LONGEST_TEXT: usize = 1000;

/// How an agency stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The agency.
    pub agency: Agency,
    /// What it has to work on.
    pub load: Load,
    /// Somebody active is on its first line.
    pub held: bool,
    /// The last weeks, oldest first.
    pub weeks: Vec<Week>,
    /// Who holds a role for it.
    pub people: Vec<Holder>,
    /// Promises broken in these weeks, the newest first.
    pub breaches: Vec<Breach>,
    /// There are older ones.
    pub more_breaches: bool,
}

/// May `actor` remind this agency? The ICT office and the coordination team may remind all, a head the own one.
pub fn may_remind(actor: &Actor, agency: &str) -> bool {
    let of_all = |grant: &Grant| grant.is_of_ict_office() || grant.role == Role::CoordinationTeam;
    let head = |grant: &Grant| grant.role == Role::AgencyHead && grant.agency.as_deref() == Some(agency);
    actor.account.active
        && actor.scope == Scope::Write
        && actor.only_agency.as_ref().is_none_or(|only| only == agency)
        && actor.grants.iter().any(|grant| of_all(grant) || head(grant))
}

impl Desk {
    /// How an agency stands, with at most `limit` of the promises it broke before the place `before`.
    ///
    /// # Errors
    /// `Denied` for those who supervise no agency, `NotFound` for agencies they do not look after.
    pub async fn standing(
        &self,
        actor: &Actor,
        code: &str,
        before: Option<(DateTime<Utc>, i64)>,
        limit: i64,
    ) -> Result<Standing> {
        if !supervises(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let (seen, now) = (visibility(actor), self.now());
        let mut tx = self.db.read().await?;
        let load = store::queues::loads(&mut tx, &seen).await?.into_iter().find(|load| load.agency == code);
        let load = load.ok_or(Error::NotFound("agency"))?;
        let agency = store::services::agencies(&mut tx).await?.into_iter().find(|agency| agency.code == code);
        let agency = agency.ok_or(Error::NotFound("agency"))?;
        let starts = self.weeks(now);
        let since = starts.first().map_or(now, |start| start.1);
        let flows = store::standing::flow(&mut tx, code, since).await?;
        let mut breaches = store::standing::breaches(&mut tx, &seen, code, since, before, limit + 1).await?;
        let more_breaches = i64::try_from(breaches.len()).unwrap_or(i64::MAX) > limit;
        breaches.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Standing {
            held: !store::queues::unheld(&mut tx, Role::Tier1Agent).await?.contains(&agency.code),
            weeks: trend::weeks(&starts, now, &flows, load.open),
            people: store::standing::holders(&mut tx, code).await?,
            agency,
            load,
            breaches,
            more_breaches,
        })
    }

    /// First days and first instants of the last weeks in the region's zone, oldest first.
    fn weeks(&self, now: DateTime<Utc>) -> Vec<(NaiveDate, DateTime<Utc>)> {
        let zone = self.pack().zone;
        let today = now.with_timezone(&zone).date_naive();
        let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        let week = |back: u64| {
            let day = monday - Days::new(7 * back);
            (day, beginning_of(day, zone))
        };
        (0..WEEKS).rev().map(week).collect()
    }

    /// Reminds the people of an agency of what waits there: one mail each, and an event in the agency's chain. Gives
    /// how many were written to.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid` for too long a text, `Conflict` when the agency has nobody to be reminded.
    pub async fn remind_agency(&self, actor: &Actor, code: &str, words: &str, key: Option<&str>) -> Result<usize> {
        if !supervises(actor) || !may_remind(actor, code) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let words = words.trim();
        if words.chars().count() > LONGEST_TEXT {
            return Err(Error::field("words", Say::new("field-remind-long").with("most", LONGEST_TEXT)));
        }
        let standing = self.standing(actor, code, None, 1).await?;
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("remind", code, words));
        if let Repeat::Answered(count) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(count.parse().unwrap_or(0));
        }
        let people = answering(&mut tx, code).await?;
        if people.is_empty() {
            return Err(Error::conflict(Say::new("error-nobody-to-remind")));
        }
        let overdue_duties = store::duties::owed(&mut tx, &visibility(actor)).await?;
        let overdue_duties = overdue_duties.iter().find(|owed| owed.agency == code).map_or(0, |owed| owed.overdue);
        let cause = new_token()?;
        for person in &people {
            self.mail_reminder(&mut tx, actor, person, &standing, overdue_duties, words, &cause).await?;
        }
        let told: Vec<i64> = people.iter().map(|person| person.id).collect();
        let facts = json!({"people": told, "text": words, "open": standing.load.open, "overdue": standing.load.overdue,
            "unanswered": standing.load.unanswered, "duties_overdue": overdue_duties});
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "agency", code, self.now(), label, "agency_reminded", facts).await?;
        once::answer(&mut tx, actor, key, &people.len().to_string()).await?;
        tx.commit().await?;
        self.wake();
        Ok(people.len())
    }

    #[expect(clippy::too_many_arguments, reason = "what one mail says")]
    async fn mail_reminder(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        person: &Account,
        standing: &Standing,
        overdue_duties: i64,
        words: &str,
        cause: &str,
    ) -> Result<()> {
        let load = &standing.load;
        let mail = self.composer.write(&Outgoing {
            key: format!("agency-reminder:{cause}:{}", person.id),
            template: "agency_reminder",
            language: Language::Indonesian,
            to: &person.email,
            to_name: &person.name,
            context: json!({
                "name": person.name,
                "agency": standing.agency.name,
                "sender": actor.account.name,
                "words": words,
                "open": load.open,
                "overdue": load.overdue,
                "unanswered": load.unanswered,
                "duties": overdue_duties,
                "queue_url": format!("{}/kerja/antrean?pd={}", self.public_url, standing.agency.code),
                "duties_url": self.duties_url(),
            }),
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }
}

/// Active people who answer for an agency, and its head.
async fn answering(tx: &mut Tx, code: &str) -> Result<Vec<Account>> {
    let mut people = Vec::new();
    for role in [Role::Tier1Agent, Role::Tier2Unit, Role::AgencyHead] {
        people.extend(store::people::holders(tx, role, code).await?);
    }
    people.sort_by_key(|person| person.id);
    people.dedup_by_key(|person| person.id);
    Ok(people)
}
