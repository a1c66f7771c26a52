//! Announcements: by an agency or to all, with a beginning and an end, for the public or for the staff.

use crate::desk::once::Repeat;
use crate::desk::written::{LONGEST_REASON, required, required_all};
use crate::desk::{Desk, chain, once};
use crate::domain::announcement::{Announcement, AnnouncementState, Audience, Weight, may_tell};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::{Actor, visibility};
use crate::error::{Error, FieldError, Result, Say};
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, Duration, Utc};
use serde_json::{Value, json};

/// Kind of the stream of an announcement's history.
const STREAM: &str = "announcement";
/// Longest title, in characters.
const LONGEST_TITLE: usize = 120;
/// It may begin at most so far ahead.
const FARTHEST: Duration = Duration::days(366);

/// An announcement as somebody wants it.
#[derive(Debug, Clone, Hash)]
pub struct WantedAnnouncement {
    /// Code of the agency it is about; none: the whole region.
    pub agency: Option<String>,
    /// Who reads it.
    pub audience: Audience,
    /// How much it matters.
    pub severity: Weight,
    /// In one line.
    pub title: String,
    /// In full.
    pub message: String,
    /// None: now. UTC.
    pub starts_at: Option<DateTime<Utc>>,
    /// None: until it is withdrawn. UTC.
    pub ends_at: Option<DateTime<Utc>>,
}

impl Desk {
    /// What the public is told now: for the whole region and by agencies, or, on the pages of one agency's services, what
    /// concerns it. The gravest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn told_to_public(&self, agency: Option<&str>) -> Result<Vec<Announcement>> {
        let mut found = store::announcements::running(&mut self.db.glance().await?, self.now()).await?;
        found.retain(|it| it.audience == Audience::Public && agency.is_none_or(|agency| it.concerns(&[agency])));
        found.sort_by_key(|it| std::cmp::Reverse(it.severity));
        Ok(found)
    }

    /// What somebody of the staff is told now: what concerns the agencies he has to do with. The gravest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn told_to_staff(&self, actor: &Actor) -> Result<Vec<Announcement>> {
        let mut found = store::announcements::running(&mut self.db.glance().await?, self.now()).await?;
        found.retain(|it| reaches(actor, it));
        found.sort_by_key(|it| std::cmp::Reverse(it.severity));
        Ok(found)
    }

    /// Announcements the actor may read, also those that are over, the youngest first, with the key where the list goes on.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff.
    pub async fn announcements(
        &self,
        actor: &Actor,
        before: i64,
        limit: i64,
    ) -> Result<(Vec<Announcement>, Option<i64>)> {
        of_staff(actor)?;
        let found = store::announcements::list(&mut self.db.glance().await?, before, limit).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
        let next = found.last().filter(|_| is_full).map(|last| last.id);
        Ok((found.into_iter().filter(|it| reads(actor, it)).collect(), next))
    }

    /// One announcement.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff; `NotFound` also for what is not for the actor.
    pub async fn announcement(&self, actor: &Actor, code: &str) -> Result<Announcement> {
        of_staff(actor)?;
        let it = find(&mut self.db.glance().await?, code).await?;
        if reads(actor, &it) { Ok(it) } else { Err(Error::NotFound("announcement")) }
    }

    /// The chained history of an announcement after place `after`.
    ///
    /// # Errors
    /// As [`Desk::announcement`].
    pub async fn announcement_events(&self, actor: &Actor, code: &str, after: i64, limit: i64) -> Result<Vec<Event>> {
        self.announcement(actor, code).await?;
        store::events::of_stream(&mut self.db.read().await?, &format!("{STREAM}:{code}"), after, limit).await
    }

    /// Announces something. `key` makes a repeated request harmless.
    ///
    /// # Errors
    /// `Denied` unless the actor speaks for the agency, or for all; `Invalid` with every bad field.
    pub async fn tell_people(
        &self,
        actor: &Actor,
        wanted: &WantedAnnouncement,
        key: Option<&str>,
    ) -> Result<Announcement> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("announcement", wanted));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let found = find(&mut tx, &code).await?;
            tx.commit().await?;
            return Ok(found);
        }
        let blank = Announcement {
            id: 0,
            code: String::new(),
            agency: None,
            audience: wanted.audience,
            severity: wanted.severity,
            title: String::new(),
            message: String::new(),
            starts_at: now,
            ends_at: None,
            withdrawn_at: None,
            created_by: actor.account.id,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let mut it = sound(&mut tx, wanted, blank, now).await?;
        speaks(actor, &it)?;
        let year = now.with_timezone(&self.pack().zone).year();
        let place = store::incidents::next_place(&mut tx, &format!("PGM-{year}")).await?;
        it.code = format!("PGM-{year}-{place:04}");
        it.id = store::announcements::insert(&mut tx, &it).await?;
        note(&mut tx, &it, actor, "announcement_made", json!(it)).await?;
        once::answer(&mut tx, actor, key, &it.code).await?;
        tx.commit().await?;
        Ok(it)
    }

    /// Changes an announcement that is not over.
    ///
    /// # Errors
    /// As [`Desk::tell_people`]; `NotFound`; `Conflict` when the version is old or it is over.
    pub async fn change_announcement(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        wanted: &WantedAnnouncement,
    ) -> Result<Announcement> {
        let now = self.now();
        let (mut tx, before) = self.announcement_turn(actor, code, version).await?;
        let mut it = sound(&mut tx, wanted, before.clone(), now).await?;
        speaks(actor, &it)?;
        (it.version, it.updated_at) = (it.version + 1, now);
        store::announcements::save(&mut tx, &it).await?;
        note(&mut tx, &it, actor, "announcement_changed", json!({"before": before, "after": it})).await?;
        tx.commit().await?;
        Ok(it)
    }

    /// Takes an announcement back.
    ///
    /// # Errors
    /// As [`Desk::change_announcement`].
    pub async fn withdraw_announcement(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        reason: &str,
    ) -> Result<Announcement> {
        let now = self.now();
        let (mut tx, mut it) = self.announcement_turn(actor, code, version).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        (it.withdrawn_at, it.updated_at, it.version) = (Some(now), now, it.version + 1);
        store::announcements::save(&mut tx, &it).await?;
        note(&mut tx, &it, actor, "announcement_withdrawn", json!({"reason": reason})).await?;
        tx.commit().await?;
        Ok(it)
    }

    async fn announcement_turn(&self, actor: &Actor, code: &str, version: Option<i64>) -> Result<(Tx, Announcement)> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, code).await?;
        let it = find(&mut tx, code).await?;
        if !reads(actor, &it) {
            return Err(Error::NotFound("announcement"));
        }
        speaks(actor, &it)?;
        if version.is_some_and(|version| version != it.version) {
            return Err(Error::Conflict { say: Say::new("error-announcement-stale"), version: Some(it.version) });
        }
        let is_over = matches!(it.state(self.now()), AnnouncementState::Over | AnnouncementState::Withdrawn);
        if is_over {
            return Err(Error::Conflict { say: Say::new("error-announcement-over"), version: Some(it.version) });
        }
        Ok((tx, it))
    }
}

fn of_staff(actor: &Actor) -> Result<()> {
    if actor.is_staff() { Ok(()) } else { Err(Error::Denied(Say::new("error-staff-only"))) }
}

/// Does it reach somebody of the staff: it is of the whole region, or of an agency whose tickets he sees?
fn reaches(actor: &Actor, it: &Announcement) -> bool {
    let seen = visibility(actor);
    let own: Vec<&str> = actor.grants.iter().filter_map(|grant| grant.agency.as_deref()).collect();
    seen.all || it.concerns(&own)
}

/// May somebody of the staff read it at all? What is public everybody may.
fn reads(actor: &Actor, it: &Announcement) -> bool {
    it.audience == Audience::Public || reaches(actor, it) || may_tell(actor, it.agency.as_deref())
}

fn speaks(actor: &Actor, it: &Announcement) -> Result<()> {
    let may = may_tell(actor, it.agency.as_deref());
    if may { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}

async fn find(tx: &mut Tx, code: &str) -> Result<Announcement> {
    store::announcements::by_code(tx, code).await?.ok_or(Error::NotFound("announcement"))
}

async fn note(tx: &mut Tx, it: &Announcement, actor: &Actor, kind: &'static str, facts: Value) -> Result<()> {
    chain::note(tx, STREAM, &it.code, it.updated_at, ActorLabel::user(actor.account.id), kind, facts).await
}

/// What is wanted over what there was, when all of it is right. What has begun keeps its beginning.
async fn sound(
    tx: &mut Tx,
    wanted: &WantedAnnouncement,
    before: Announcement,
    now: DateTime<Utc>,
) -> Result<Announcement> {
    let texts = required_all(&[("title", &wanted.title, LONGEST_TITLE), ("message", &wanted.message, LONGEST_REASON)]);
    let mut problems = match &texts {
        Err(Error::Invalid(problems)) => problems.clone(),
        _ => Vec::new(),
    };
    let mut bad = |field: &'static str, key: &'static str| problems.push(FieldError { field, say: Say::new(key) });
    let agency = wanted.agency.clone().filter(|code| !code.is_empty());
    let known = store::services::agencies(tx).await?;
    if agency.is_some() && !known.iter().any(|it| Some(&it.code) == agency.as_ref()) {
        bad("agency", "field-unknown-agency");
    }
    let has_begun = !before.code.is_empty() && before.starts_at <= now;
    let asked = wanted.starts_at.filter(|at| *at > now).unwrap_or(now);
    let starts_at = if has_begun { before.starts_at } else { asked };
    if starts_at > now + FARTHEST {
        bad("starts_at", "field-announcement-start");
    }
    if wanted.ends_at.is_some_and(|end| end <= starts_at || end <= now) {
        bad("ends_at", "field-announcement-end");
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let mut texts = texts?;
    let message = texts.pop().unwrap_or_default();
    let title = texts.pop().unwrap_or_default().replace(['\n', '\t'], " ");
    let WantedAnnouncement { audience, severity, ends_at, .. } = *wanted;
    Ok(Announcement { agency, audience, severity, title, message, starts_at, ends_at, ..before })
}
