//! Accounts: who is there, adding, correcting, disabling.

use crate::desk::once::{self, Repeat};
use crate::desk::{Desk, chain, lines};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::managing::{self, Reach};
use crate::domain::people::{Account, Actor, Grant, Role};
use crate::domain::ticket::Language;
use crate::error::{Error, FieldError, Result, Say};
use crate::store::people::{PeopleFilter, Standing};
use crate::store::{self, Tx};
use serde_json::{Value, json};

/// Only one change of roles or accounts at a time, on all nodes: the last of a role must not leave twice.
pub(super) const LOCK: i64 = 0x0070_656f_706c_6500;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// Who changes something.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Somebody who has signed in.
    Person(&'a Actor),
    /// The operator, at the machine itself.
    Console,
}

/// Somebody who is to have an account.
#[derive(Debug, Clone, Default)]
pub struct NewPerson {
    /// Address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Civil-servant number.
    pub nip: Option<String>,
    /// Roles to begin with.
    pub grants: Vec<Grant>,
}

/// What is to be corrected; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    /// Address; only who runs the installation may change it.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Civil-servant number; empty removes it.
    pub nip: Option<String>,
}

/// Somebody as those see who manage accounts.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// Roles held.
    pub grants: Vec<Grant>,
    /// How the account signs in.
    pub standing: Standing,
    /// The one who looks may change it.
    pub is_managed: bool,
}

impl By<'_> {
    /// As events name them.
    pub fn label(&self) -> ActorLabel {
        match self {
            Self::Person(actor) => ActorLabel::user(actor.account.id),
            Self::Console => ActorLabel::console(),
        }
    }

    /// May this role be given or taken?
    pub(super) fn may_hand_out(&self, grant: &Grant) -> bool {
        match self {
            Self::Person(actor) => managing::may_hand_out(actor, grant),
            Self::Console => true,
        }
    }

    /// May this account be changed?
    pub(super) fn may_manage(&self, target: &Account, held: &[Grant]) -> bool {
        match self {
            Self::Person(actor) => managing::may_manage(actor, target, held),
            Self::Console => true,
        }
    }

    fn may_administer(&self) -> bool {
        match self {
            Self::Person(actor) => managing::may_administer(actor),
            Self::Console => true,
        }
    }
}

impl Desk {
    /// Accounts the actor may look at, in the order of their addresses, behind the one with address `after`.
    ///
    /// # Errors
    /// `Denied` when there are none but the own.
    pub async fn people(
        &self,
        actor: &Actor,
        mut filter: PeopleFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(Account, Vec<Grant>)>> {
        filter.within = match managing::reach(actor).ok_or_else(denied)? {
            Reach::All => None,
            Reach::Agencies(agencies) => Some(agencies),
        };
        filter.words = filter.words.map(|words| words.trim().to_lowercase()).filter(|words| !words.is_empty());
        let mut tx = self.db.read().await?;
        let mut people = Vec::new();
        for account in store::people::page(&mut tx, &filter, after, limit).await? {
            let grants = store::people::grants(&mut tx, account.id).await?;
            people.push((account, grants));
        }
        Ok(people)
    }

    /// One account the actor may look at.
    ///
    /// # Errors
    /// `NotFound` when there is none for the actor to know of.
    pub async fn person(&self, actor: &Actor, id: i64) -> Result<Person> {
        let mut tx = self.db.read().await?;
        let (account, grants) = seen(&mut tx, &By::Person(actor), id).await?;
        let standing = store::people::standing(&mut tx, id).await?;
        let is_managed = managing::may_manage(actor, &account, &grants);
        Ok(Person { account, grants, standing, is_managed })
    }

    /// What happened to an account the actor may look at, newest first.
    ///
    /// # Errors
    /// As [`Desk::person`].
    pub async fn person_events(&self, actor: &Actor, id: i64) -> Result<Vec<Event>> {
        let mut tx = self.db.read().await?;
        seen(&mut tx, &By::Person(actor), id).await?;
        let mut events = store::events::of_stream(&mut tx, &format!("account:{id}"), 0, i64::MAX).await?;
        events.reverse();
        Ok(events)
    }

    /// Adds an account with its roles, and invites its owner by mail.
    ///
    /// # Errors
    /// `Denied` for a role that is not the actor's to give; `Invalid` with every bad field.
    pub async fn invite(&self, actor: &Actor, new: NewPerson, key: Option<&str>) -> Result<Person> {
        let by = By::Person(actor);
        let allowed = match new.grants.is_empty() {
            // Nobody else could ever find an account without roles again.
            true => by.may_administer(),
            false => new.grants.iter().all(|grant| by.may_hand_out(grant)),
        };
        if !allowed || managing::reach(actor).is_none() {
            return Err(denied());
        }
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&(&new.email, &new.name, &new.nip, format!("{:?}", new.grants)));
        let repeat = once::take(&mut tx, actor, key, &request, self.clock.machine()).await?;
        if let Repeat::Answered(id) = repeat {
            drop(tx);
            return self.person(actor, id.parse().map_err(|_| Error::internal("a kept answer is no key"))?).await;
        }
        let account = self.insert_person(&mut tx, &by, new, None).await?;
        self.mail_link(&mut tx, &account, "invited", Language::Indonesian).await?;
        once::answer(&mut tx, actor, key, &account.id.to_string()).await?;
        tx.commit().await?;
        self.wake();
        self.person(actor, account.id).await
    }

    /// Adds an account with its roles, from the console and for the demo.
    ///
    /// # Errors
    /// `Invalid` when the address is no address or taken, a role needs an agency, or there is no such agency.
    pub async fn add_account(
        &self,
        email: &str,
        name: &str,
        password: Option<&str>,
        grants: &[Grant],
    ) -> Result<Account> {
        let hash = match password {
            Some(password) => Some(crate::desk::passwords::hashed(password.to_owned()).await?),
            None => None,
        };
        let mut tx = self.db.write().await?;
        let new = NewPerson { email: email.to_owned(), name: name.to_owned(), nip: None, grants: grants.to_vec() };
        let account = self.insert_person(&mut tx, &By::Console, new, hash.as_deref()).await?;
        tx.commit().await?;
        Ok(account)
    }

    async fn insert_person(&self, tx: &mut Tx, by: &By<'_>, new: NewPerson, hash: Option<&str>) -> Result<Account> {
        store::dialect::one_at_a_time(tx, LOCK).await?;
        let without = store::people::without_first_line(tx).await?;
        let mut account = Account { id: 0, email: new.email, name: new.name, nip: new.nip, active: true };
        let mut problems = tidy(&mut account);
        if store::people::by_email(tx, &account.email).await?.is_some() {
            problems.push(FieldError { field: "email", say: Say::new("field-email-taken") });
        }
        problems.extend(self.unfit(tx, &new.grants).await?);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        account.id = store::people::insert(tx, &account, hash, self.now()).await?;
        for grant in &new.grants {
            store::people::grant(tx, account.id, grant).await?;
        }
        self.note_account(tx, by, account.id, "added", json!({"grants": new.grants})).await?;
        self.tell_of_first_lines(tx, by, &without).await?;
        Ok(account)
    }

    /// What is wrong with roles: an agency that is none, or a place where the pack knows no such role.
    pub(super) async fn unfit(&self, tx: &mut Tx, grants: &[Grant]) -> Result<Vec<FieldError>> {
        let (agencies, pack) = (store::services::agencies(tx).await?, self.pack());
        let is_known = |code: &String| agencies.iter().any(|agency| agency.code == *code);
        let is_sound = |grant: &&Grant| grant.agency.as_ref().is_none_or(is_known) && lines::fits(&pack, grant);
        let unfit = grants.iter().filter(|grant| !is_sound(grant));
        let say = |grant: &Grant| Say::new("field-role-agency").with("role", grant.role);
        Ok(unfit.map(|grant| FieldError { field: "role", say: say(grant) }).collect())
    }

    /// Corrects name, number or address. The old address is told when it changes, and sessions end.
    ///
    /// # Errors
    /// `Denied` when the account is not the actor's to change; `Invalid` with every bad field.
    pub async fn correct_person(&self, by: &By<'_>, id: i64, correction: Correction) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let (before, grants) = seen(&mut tx, by, id).await?;
        if !by.may_manage(&before, &grants) || (correction.email.is_some() && !by.may_administer()) {
            return Err(denied());
        }
        let mut after = Account {
            email: correction.email.unwrap_or_else(|| before.email.clone()),
            name: correction.name.unwrap_or_else(|| before.name.clone()),
            nip: correction.nip.or_else(|| before.nip.clone()),
            ..before.clone()
        };
        let mut problems = tidy(&mut after);
        if after.email != before.email && store::people::by_email(&mut tx, &after.email).await?.is_some() {
            problems.push(FieldError { field: "email", say: Say::new("field-email-taken") });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        if after == before {
            return Ok(());
        }
        store::people::save(&mut tx, &after).await?;
        let mut fields = Vec::new();
        fields.extend((after.name != before.name).then_some("name"));
        fields.extend((after.nip != before.nip).then_some("nip"));
        if after.email != before.email {
            fields.push("email");
            store::sessions::end_all(&mut tx, id, None).await?;
            store::sessions::end_links(&mut tx, id).await?;
            store::federation::unlink(&mut tx, id).await?;
            self.tell_owner(&mut tx, &before, "address").await?;
        }
        self.note_account(&mut tx, by, id, "corrected", json!({"fields": fields})).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Allows or forbids an account to do anything. When it is forbidden its sessions and links end in the same
    /// transaction; agencies that lose their first line by it raise an alarm.
    ///
    /// # Errors
    /// `Denied` when the account is not the actor's to change; `Conflict` for the last system administrator.
    pub async fn set_account_active(&self, by: &By<'_>, id: i64, active: bool) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let (account, grants) = seen(&mut tx, by, id).await?;
        if !by.may_manage(&account, &grants) {
            return Err(denied());
        }
        if account.active == active {
            return Ok(());
        }
        let without = store::people::without_first_line(&mut tx).await?;
        store::people::set_active(&mut tx, id, active).await?;
        store::sessions::end_links(&mut tx, id).await?;
        if grants.iter().any(|grant| grant.role == Role::SystemAdmin) {
            self.refuse_without_admin(&mut tx).await?;
        }
        let kind = if active { "enabled" } else { "disabled" };
        self.note_account(&mut tx, by, id, kind, json!({})).await?;
        self.tell_of_first_lines(&mut tx, by, &without).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// As [`Desk::set_account_active`], by address and from the console.
    ///
    /// # Errors
    /// `NotFound` when there is no such account; `Conflict` for the last system administrator.
    pub async fn disable_account(&self, email: &str) -> Result<()> {
        let found = store::people::by_email(&mut self.db.read().await?, &email.trim().to_lowercase()).await?;
        self.set_account_active(&By::Console, found.ok_or(Error::NotFound("account"))?.id, false).await
    }

    /// Mails an account a link that signs its owner in once.
    ///
    /// # Errors
    /// `Denied` when the account is not the actor's to change; `Conflict` when it is disabled.
    pub async fn send_link(&self, by: &By<'_>, id: i64, once_key: Option<&str>) -> Result<()> {
        let mut tx = self.db.write().await?;
        if let By::Person(actor) = by {
            let request = once::fingerprint(&("sign-in link", id));
            if once::take(&mut tx, actor, once_key, &request, self.clock.machine()).await? != Repeat::First {
                return Ok(());
            }
            once::answer(&mut tx, actor, once_key, "").await?;
        }
        let (account, grants) = seen(&mut tx, by, id).await?;
        if !by.may_manage(&account, &grants) {
            return Err(denied());
        }
        if !account.active {
            return Err(Error::conflict(Say::new("error-account-disabled")));
        }
        self.mail_link(&mut tx, &account, "invited", Language::Indonesian).await?;
        self.note_account(&mut tx, by, id, "link_made", json!({})).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    pub(super) async fn refuse_without_admin(&self, tx: &mut Tx) -> Result<()> {
        if store::people::holders(tx, Role::SystemAdmin, "").await?.is_empty() {
            return Err(Error::conflict(Say::new("error-last-admin")));
        }
        Ok(())
    }

    pub(super) async fn note_account(
        &self,
        tx: &mut Tx,
        by: &By<'_>,
        id: i64,
        kind: &'static str,
        payload: Value,
    ) -> Result<()> {
        chain::note(tx, "account", &id.to_string(), self.now(), by.label(), kind, payload).await
    }

    /// Every account with its roles, for the console.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn accounts(&self) -> Result<Vec<(Account, Vec<Grant>)>> {
        let mut tx = self.db.read().await?;
        let mut all = Vec::new();
        for account in store::people::all(&mut tx).await? {
            let grants = store::people::grants(&mut tx, account.id).await?;
            all.push((account, grants));
        }
        Ok(all)
    }

    /// Key of the account with an address, for filters; one that nobody has for an unknown address.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn account_key(&self, email: Option<&str>) -> Result<Option<i64>> {
        let Some(email) = email else { return Ok(None) };
        let account = store::people::by_email(&mut self.db.read().await?, &email.trim().to_lowercase()).await?;
        Ok(Some(account.map_or(-1, |account| account.id)))
    }
}

/// An account with its roles, if `by` may know of it. One's own is always known.
pub(super) async fn seen(tx: &mut Tx, by: &By<'_>, id: i64) -> Result<(Account, Vec<Grant>)> {
    let unknown = || Error::NotFound("account");
    let account = store::people::by_id(tx, id).await?.ok_or_else(unknown)?;
    let grants = store::people::grants(tx, id).await?;
    let By::Person(actor) = by else { return Ok((account, grants)) };
    let is_seen = actor.account.id == id
        || match managing::reach(actor) {
            Some(Reach::All) => true,
            Some(Reach::Agencies(headed)) => {
                grants.iter().any(|grant| grant.agency.as_ref().is_some_and(|agency| headed.contains(agency)))
            }
            None => false,
        };
    if is_seen { Ok((account, grants)) } else { Err(unknown()) }
}

pub(super) fn denied() -> Error {
    Error::Denied(Say::new("error-denied"))
}

/// Brings an account's fields into shape; gives what is wrong with them.
fn tidy(account: &mut Account) -> Vec<FieldError> {
    let mut problems = Vec::new();
    account.email = account.email.trim().to_lowercase();
    account.name = account.name.split_whitespace().collect::<Vec<_>>().join(" ");
    account.nip = account.nip.take().map(|nip| nip.split_whitespace().collect()).filter(|nip: &String| !nip.is_empty());
    if account.email.parse::<lettre::Address>().is_err() {
        problems.push(FieldError { field: "email", say: Say::new("field-email") });
    }
    let is_odd = account.name.chars().any(char::is_control);
    if account.name.is_empty() || account.name.chars().count() > LONGEST_NAME || is_odd {
        problems.push(FieldError { field: "name", say: Say::new("field-person-name") });
    }
    if account.nip.as_ref().is_some_and(|nip| nip.len() != 18 || !nip.bytes().all(|sign| sign.is_ascii_digit())) {
        problems.push(FieldError { field: "nip", say: Say::new("field-nip") });
    }
    problems
}
