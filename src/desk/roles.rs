//! Roles given and taken, and the alarm when an agency has nobody on its first line any more.

use crate::desk::people::{By, LOCK, denied, seen};
use crate::desk::{Desk, chain};
use crate::domain::people::{Account, Grant, Role};
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::mail::compose::Outgoing;
use crate::secret::new_token;
use crate::store::{self, Tx};
use serde_json::json;

impl Desk {
    /// Gives a role. The rights of running sessions change, so they end.
    ///
    /// # Errors
    /// `Denied` for a role that is not the actor's to give, and to oneself; `Invalid` when the pack knows no such role
    /// in that place.
    pub async fn give_role(&self, by: &By<'_>, id: i64, grant: &Grant) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let (_, held) = seen(&mut tx, by, id).await?;
        if is_self(by, id) || !by.may_hand_out(grant) {
            return Err(denied());
        }
        let problems = self.unfit(&mut tx, std::slice::from_ref(grant)).await?;
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        if held.contains(grant) {
            return Ok(());
        }
        let without = store::people::without_first_line(&mut tx).await?;
        store::people::grant(&mut tx, id, grant).await?;
        self.note_account(&mut tx, by, id, "role_given", json!(grant)).await?;
        self.rights_changed(&mut tx, by, id, &without).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Takes a role and gives those that are left; one's own may be laid down. When the last Administrator of an agency goes, an alarm is raised.
    ///
    /// # Errors
    /// `Denied` for a role that is not the actor's to take; `NotFound` when it is not held; `Conflict` for the last
    /// system administrator.
    pub async fn take_role(&self, by: &By<'_>, id: i64, grant: &Grant) -> Result<Vec<Grant>> {
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let (_, held) = seen(&mut tx, by, id).await?;
        if !by.may_hand_out(grant) {
            return Err(denied());
        }
        if !held.contains(grant) {
            return Err(Error::NotFound("role"));
        }
        let without = store::people::without_first_line(&mut tx).await?;
        store::people::revoke(&mut tx, id, grant).await?;
        if grant.role == Role::SystemAdmin {
            self.refuse_without_admin(&mut tx).await?;
        }
        self.note_account(&mut tx, by, id, "role_taken", json!(grant)).await?;
        self.rights_changed(&mut tx, by, id, &without).await?;
        tx.commit().await?;
        self.wake();
        Ok(held.into_iter().filter(|other| other != grant).collect())
    }

    /// Everybody active who holds a role, with all of them. Whoever asks must be allowed to look at all accounts.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn held_roles(&self) -> Result<Vec<(Account, Vec<Grant>)>> {
        let mut people: Vec<(Account, Vec<Grant>)> = Vec::new();
        for (account, grant) in store::people::held(&mut self.db.glance().await?).await? {
            match people.last_mut().filter(|(last, _)| last.id == account.id) {
                Some((_, grants)) => grants.push(grant),
                None => people.push((account, vec![grant])),
            }
        }
        Ok(people)
    }

    async fn rights_changed(&self, tx: &mut Tx, by: &By<'_>, id: i64, without: &[String]) -> Result<()> {
        store::sessions::end_all(tx, id, None).await?;
        self.tell_of_first_lines(tx, by, without).await
    }

    /// Codes of agencies whose new tickets go to the second line because nobody active is on the first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn without_first_line(&self) -> Result<Vec<String>> {
        store::people::without_first_line(&mut self.db.glance().await?).await
    }

    /// Notes which agencies have lost or regained their first line since `before`, and tells the ICT office of losses.
    pub(super) async fn tell_of_first_lines(&self, tx: &mut Tx, by: &By<'_>, before: &[String]) -> Result<()> {
        let after = store::people::without_first_line(tx).await?;
        let gone: Vec<&String> = after.iter().filter(|code| !before.contains(code)).collect();
        let back = before.iter().filter(|code| !after.contains(code));
        for (code, kind) in
            gone.iter().map(|code| (*code, "first_line_gone")).chain(back.map(|code| (code, "first_line_back")))
        {
            chain::note(tx, "agency", code, self.now(), by.label(), kind, json!({})).await?;
        }
        if gone.is_empty() {
            return Ok(());
        }
        let mut told: Vec<Account> = store::people::holders(tx, Role::Tier2Unit, "").await?;
        told.extend(store::people::holders(tx, Role::IctHead, "").await?);
        told.sort_by_key(|account| account.id);
        told.dedup();
        let cause = new_token()?;
        for person in &told {
            let mail = self.composer.write(&Outgoing {
                key: format!("first-line-gone:{cause}:{}", person.id),
                template: "first_line_gone",
                language: Language::Indonesian,
                to: &person.email,
                to_name: &person.name,
                context: json!({
                    "name": person.name,
                    "agencies": gone,
                    "at": self.words(Language::Indonesian, self.now()),
                    "people_url": format!("{}/kerja/pengaturan/pengguna", self.public_url),
                }),
                ..Outgoing::automatic(self.now())
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }
}

fn is_self(by: &By<'_>, id: i64) -> bool {
    matches!(by, By::Person(actor) if actor.account.id == id)
}
