//! Texts of mails that the installation writes itself: kept version by version, nothing is deleted.

use crate::desk::catalogue::denied;
use crate::desk::written::LONGEST_REASON;
use crate::desk::{Desk, chain, editions};
use crate::domain::event::ActorLabel;
use crate::domain::people::Actor;
use crate::domain::settings::{may_change, may_read};
use crate::domain::ticket::Language;
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::own::{self, Fault, Form};
use crate::mail::parse::clean;
use crate::secret::sha256;
use crate::store::templates::OwnText;
use crate::store::{self, Tx};
use serde_json::json;

/// Kind of the stream of a text's history.
const STREAM: &str = "mail_text";

impl Desk {
    /// The last version of each text that was ever changed.
    ///
    /// # Errors
    /// `Denied` for those who may not read the settings.
    pub async fn own_texts(&self, actor: &Actor) -> Result<Vec<OwnText>> {
        if !may_read(actor) {
            return Err(denied());
        }
        store::templates::current(&mut self.db.glance().await?).await
    }

    /// Every version of a text with the name of whoever wrote it, newest first.
    ///
    /// # Errors
    /// `Denied`; `NotFound` when there is no such mail.
    pub async fn text_versions(
        &self,
        actor: &Actor,
        template: &str,
        language: Language,
    ) -> Result<Vec<(OwnText, String)>> {
        if !may_read(actor) {
            return Err(denied());
        }
        form(template)?;
        let mut tx = self.db.read().await?;
        let mut versions = Vec::new();
        for text in store::templates::versions(&mut tx, template, language).await? {
            let who = store::people::by_id(&mut tx, text.account_id).await?;
            versions.push((text, who.map(|person| person.name).unwrap_or_default()));
        }
        Ok(versions)
    }

    /// Says what is wrong with a text, as [`Desk::save_text`] would. Changes nothing.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid` with every fault.
    pub fn check_text(&self, actor: &Actor, template: &str, subject: &str, body: &str) -> Result<()> {
        if !may_read(actor) {
            return Err(denied());
        }
        let problems: Vec<FieldError> =
            form(template)?.faults(subject, body).into_iter().map(|(field, fault)| problem(field, fault)).collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    /// Keeps an own text as the next version; mails are written with it from now on, on every node. `version` is the
    /// one the caller has seen, 0 while there is none.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid` with every fault; `Conflict` when another version came meanwhile.
    pub async fn save_text(
        &self,
        actor: &Actor,
        template: &str,
        language: Language,
        version: i64,
        (subject, body, note): (&str, &str, &str),
    ) -> Result<i64> {
        let body = body.replace("\r\n", "\n");
        self.check_text(actor, template, subject, &body)?;
        let text = (subject.trim(), body.trim(), note);
        self.next_version(actor, template, language, version, Some(text), note).await
    }

    /// Writes a mail with its built-in text again from now on, as the next version.
    ///
    /// # Errors
    /// As [`Desk::save_text`]; `Conflict` also when it is the built-in text already.
    pub async fn restore_text(
        &self,
        actor: &Actor,
        template: &str,
        language: Language,
        version: i64,
        note: &str,
    ) -> Result<i64> {
        form(template)?;
        self.next_version(actor, template, language, version, None, note).await
    }

    async fn next_version(
        &self,
        actor: &Actor,
        template: &str,
        language: Language,
        version: i64,
        text: Option<(&str, &str, &str)>,
        note: &str,
    ) -> Result<i64> {
        if !may_change(actor) {
            return Err(denied());
        }
        let note = clean(note).trim().to_owned();
        if note.chars().count() > LONGEST_REASON {
            return Err(Error::field("note", Say::new("field-too-long").with("longest", LONGEST_REASON)));
        }
        let key = format!("{template}.{language}");
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, &key).await?;
        let last = store::templates::versions(&mut tx, template, language).await?.into_iter().next();
        let now = last.as_ref().map_or(0, |last| last.version);
        if now != version {
            return Err(Error::Conflict { say: Say::new("error-text-stale"), version: Some(now) });
        }
        if text.is_none() && last.as_ref().is_none_or(|last| last.is_built_in) {
            return Err(Error::conflict(Say::new("error-text-built-in")));
        }
        let (subject, body, _) = text.unwrap_or_default();
        if last.is_some_and(|last| !last.is_built_in && last.subject == subject && last.body == body) {
            return Err(Error::conflict(Say::new("error-text-same")));
        }
        let next = OwnText {
            template: template.to_owned(),
            language,
            version: now + 1,
            is_built_in: text.is_none(),
            subject: subject.to_owned(),
            body: body.to_owned(),
            note: note.clone(),
            account_id: actor.account.id,
            at: self.now(),
        };
        store::templates::add(&mut tx, &next).await?;
        let kind = if next.is_built_in { "text_restored" } else { "text_written" };
        let digest = sha256(format!("{subject}\n{body}"));
        let facts = json!({"version": next.version, "sha256": digest, "note": note});
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, STREAM, &key, self.now(), label, kind, facts).await?;
        editions::bump(&mut tx).await?;
        tx.commit().await?;
        self.refresh_rules().await?;
        Ok(next.version)
    }

    /// Has the composer use the texts that count now.
    pub(super) async fn adopt_texts(&self, tx: &mut Tx) -> Result<()> {
        let current = store::templates::current(tx).await?.into_iter().filter(|text| !text.is_built_in);
        let texts: Vec<_> = current.map(|text| (text.template, text.language, text.subject, text.body)).collect();
        self.composer.adopt(&texts);
        Ok(())
    }
}

fn form(template: &str) -> Result<&'static Form> {
    own::form(template).ok_or(Error::NotFound("mail text"))
}

fn problem(field: &'static str, fault: Fault) -> FieldError {
    let say = match fault {
        Fault::Empty => Say::new(if field == "subject" { "field-text-no-subject" } else { "field-text-no-body" }),
        Fault::TooLong(longest) => Say::new("field-too-long").with("longest", longest),
        Fault::Unprintable => Say::new("field-text-unprintable"),
        Fault::Tag(line, tag) => Say::new("field-text-tag").with("line", line).with("tag", tag),
        Fault::Unknown(name) => Say::new("field-text-unknown").with("name", name),
        Fault::Missing(name) => Say::new("field-text-missing").with("name", name),
        Fault::Broken(line) => Say::new("field-text-broken").with("line", line),
    };
    FieldError { field, say }
}
