//! An article of the knowledge base: its life, for whom it is, and who may do what with it.

use crate::domain::people::{Actor, Role, Scope};

words! {
    /// Where the newest text of an article stands. While it is written anew, the text that was published stays.
    pub enum ArticleState {
        Draft = "draft",
        InReview = "in_review",
        Published = "published",
        Withdrawn = "withdrawn",
    }
}

words! {
    /// For whom an article is.
    pub enum Audience {
        /// Everybody, without signing in.
        Public = "public",
        /// The staff of the region.
        Staff = "staff",
        /// The staff of its agency, and who looks after all agencies.
        Agency = "agency",
    }
}

words! {
    /// What can be done with an article.
    pub enum ArticleAct {
        /// Write another text.
        Edit = "edit",
        /// Hand it to somebody else to read.
        Submit = "submit",
        /// Give it back to be mended.
        Return = "return",
        /// Let people read it.
        Publish = "publish",
        /// Say that it is still right.
        Check = "check",
        /// Let nobody read it any more.
        Withdraw = "withdraw",
    }
}

words! {
    /// What an article and a ticket have to do with each other.
    pub enum ArticleUse {
        /// The ticket was solved by what the article says.
        SolvedWith = "solved_with",
        /// The article was written after the ticket.
        WrittenFrom = "written_from",
    }
}

impl ArticleState {
    /// Where `act` leads; `None` when it cannot be done now. Nothing is published that nobody was asked to read.
    pub const fn after(self, act: ArticleAct) -> Option<Self> {
        match (self, act) {
            (Self::Draft | Self::Published | Self::Withdrawn, ArticleAct::Edit) => Some(Self::Draft),
            (Self::Draft, ArticleAct::Submit) => Some(Self::InReview),
            (Self::InReview, ArticleAct::Return) => Some(Self::Draft),
            (Self::InReview, ArticleAct::Publish) => Some(Self::Published),
            (Self::Published, ArticleAct::Check) => Some(Self::Published),
            (Self::Draft | Self::InReview | Self::Published, ArticleAct::Withdraw) => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

/// What the rights depend on.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Code of the agency that answers for it.
    pub agency: &'a str,
    /// Who wrote the newest text.
    pub author: i64,
}

/// May `actor` write articles of `agency`? Its first and second line, the owners of its services, and the ICT office.
pub fn may_write(actor: &Actor, agency: &str) -> bool {
    actor.scope == Scope::Write && reaches(actor, agency) && works_for(actor, agency)
}

/// May `actor` do `act` with an article? What one has written is published by somebody else, or by the ICT office.
pub fn may_act(actor: &Actor, act: ArticleAct, it: Kept<'_>) -> bool {
    let judges = may_write(actor, it.agency) || (actor.scope == Scope::Write && heads(actor, it.agency));
    match act {
        ArticleAct::Edit | ArticleAct::Submit => may_write(actor, it.agency),
        ArticleAct::Return | ArticleAct::Check | ArticleAct::Withdraw => judges,
        ArticleAct::Publish => judges && (it.author != actor.account.id || is_of_office(actor)),
    }
}

/// May `actor` read what is not published: drafts, versions, what readers said?
pub fn sees_work(actor: &Actor, agency: &str) -> bool {
    reaches(actor, agency) && (works_for(actor, agency) || heads(actor, agency) || looks_after_all(actor))
}

/// May somebody, who has perhaps not signed in, read what an agency has published for an audience?
pub fn may_read(actor: Option<&Actor>, audience: Audience, agency: &str) -> bool {
    match (audience, actor) {
        (Audience::Public, _) => true,
        (Audience::Staff, Some(actor)) => actor.account.active && actor.is_staff(),
        (Audience::Agency, Some(actor)) => sees_work(actor, agency),
        (_, None) => false,
    }
}

/// The shelves on which published articles stand: one for everybody, one for the staff, one for each agency.
pub fn shelf(audience: Audience, agency: &str) -> String {
    match audience {
        Audience::Agency => format!("{}:{agency}", Audience::Agency),
        shared => shared.as_str().to_owned(),
    }
}

/// The shelves that `actor` may read from; `None`: all of them.
pub fn shelves(actor: Option<&Actor>) -> Option<Vec<String>> {
    let mut open = vec![shelf(Audience::Public, "")];
    let Some(actor) = actor.filter(|actor| actor.account.active && actor.is_staff()) else { return Some(open) };
    if looks_after_all(actor) && actor.only_agency.is_none() {
        return None;
    }
    open.push(shelf(Audience::Staff, ""));
    let own = actor.grants.iter().filter_map(|grant| grant.agency.as_deref()).chain(actor.only_agency.as_deref());
    let own = own.filter(|agency| may_read(Some(actor), Audience::Agency, agency));
    open.extend(own.map(|agency| shelf(Audience::Agency, agency)));
    open.sort();
    open.dedup();
    Some(open)
}

/// Agencies whose unpublished articles `actor` may read; `None`: all.
pub fn desks(actor: &Actor) -> Option<Vec<String>> {
    if actor.account.active && looks_after_all(actor) {
        return actor.only_agency.clone().map(|only| vec![only]);
    }
    let own = actor.grants.iter().filter_map(|grant| grant.agency.clone());
    let mut own: Vec<String> = own.filter(|agency| sees_work(actor, agency)).collect();
    own.sort();
    own.dedup();
    Some(own)
}

/// A token for one agency reaches nothing of others.
fn reaches(actor: &Actor, agency: &str) -> bool {
    actor.account.active && actor.only_agency.as_deref().is_none_or(|only| only == agency)
}

fn works_for(actor: &Actor, agency: &str) -> bool {
    let works = |role: Role| matches!(role, Role::Tier1Agent | Role::Tier2Unit | Role::ProcessOwner);
    is_of_office(actor) || actor.grants.iter().any(|grant| works(grant.role) && grant.agency.as_deref() == Some(agency))
}

fn heads(actor: &Actor, agency: &str) -> bool {
    actor.grants.iter().any(|grant| grant.role == Role::AgencyHead && grant.agency.as_deref() == Some(agency))
}

fn is_of_office(actor: &Actor) -> bool {
    actor.grants.iter().any(crate::domain::people::Grant::is_of_ict_office)
}

fn looks_after_all(actor: &Actor) -> bool {
    is_of_office(actor) || actor.holds(Role::CoordinationTeam) || actor.holds(Role::Auditor)
}

/// What stands in an address for a title: plain letters and digits with hyphens between.
pub fn slug(title: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut slug = String::new();
    for letter in title.nfkd().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if (letter.is_alphanumeric() || letter.is_whitespace() || letter.is_ascii_punctuation())
            && !slug.is_empty()
            && !slug.ends_with('-')
        {
            slug.push('-');
        }
    }
    let short: String = slug.chars().take(LONGEST_SLUG).collect();
    let whole =
        if slug.len() > short.len() { short.rsplit_once('-').map_or(short.as_str(), |it| it.0) } else { &short };
    let slug = whole.trim_matches('-');
    if slug.is_empty() || RESERVED.contains(&slug) {
        format!("artikel-{slug}").trim_matches('-').to_owned()
    } else {
        slug.to_owned()
    }
}

/// Longest word for an address, in characters.
const LONGEST_SLUG: usize = 70;
/// Words that stand in addresses for something else.
const RESERVED: [&str; 1] = ["baru"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::{Account, Grant};
    use crate::domain::ticket::Channel;

    fn actor(id: i64, role: Role, agency: Option<&str>) -> Actor {
        let account = Account { id, email: format!("{id}@x"), name: String::new(), nip: None, active: true };
        let grants = vec![Grant { role, agency: agency.map(str::to_owned) }];
        Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
    }

    #[test]
    fn nothing_is_published_unread() {
        use ArticleAct as A;
        use ArticleState as S;
        assert_eq!(S::Draft.after(A::Publish), None);
        assert_eq!(S::Draft.after(A::Submit).and_then(|it| it.after(A::Publish)), Some(S::Published));
        assert_eq!(S::InReview.after(A::Edit), None, "what is being read does not change under its reader");
        assert_eq!(S::Withdrawn.after(A::Withdraw), None);
        assert_eq!(S::Withdrawn.after(A::Edit), Some(S::Draft));
    }

    #[test]
    fn another_person_publishes_or_the_office() {
        let kept = Kept { agency: "A", author: 1 };
        let own = actor(1, Role::Tier1Agent, Some("A"));
        assert!(may_act(&own, ArticleAct::Submit, kept) && !may_act(&own, ArticleAct::Publish, kept));
        assert!(may_act(&actor(2, Role::Tier1Agent, Some("A")), ArticleAct::Publish, kept));
        assert!(may_act(&actor(2, Role::AgencyHead, Some("A")), ArticleAct::Publish, kept));
        assert!(!may_act(&actor(2, Role::AgencyHead, Some("A")), ArticleAct::Edit, kept));
        assert!(may_act(&actor(1, Role::Tier2Unit, None), ArticleAct::Publish, kept));
        for stranger in
            [actor(3, Role::Tier1Agent, Some("B")), actor(3, Role::Auditor, None), actor(3, Role::SystemAdmin, None)]
        {
            assert!(ArticleAct::ALL.iter().all(|act| !may_act(&stranger, *act, kept)), "{stranger:?}");
        }
        let reads = Actor { scope: Scope::Read, ..actor(2, Role::Tier2Unit, None) };
        assert!(ArticleAct::ALL.iter().all(|act| !may_act(&reads, *act, kept)));
    }

    #[test]
    fn readers_find_their_shelves_and_no_others() {
        assert_eq!(shelves(None), Some(vec!["public".to_owned()]));
        let warga = Actor { grants: Vec::new(), ..actor(9, Role::Auditor, None) };
        assert_eq!(shelves(Some(&warga)), Some(vec!["public".to_owned()]));
        let one = actor(1, Role::Tier1Agent, Some("A"));
        assert_eq!(shelves(Some(&one)).unwrap(), ["agency:A", "public", "staff"]);
        assert_eq!(shelves(Some(&actor(1, Role::Auditor, None))), None);
        let system = actor(1, Role::SystemAdmin, None);
        assert_eq!(shelves(Some(&system)).unwrap(), ["public", "staff"]);
        let token = Actor { only_agency: Some("A".to_owned()), ..actor(1, Role::Tier2Unit, None) };
        assert_eq!(shelves(Some(&token)).unwrap(), ["agency:A", "public", "staff"]);
        assert!(!may_read(Some(&token), Audience::Agency, "B") && may_read(Some(&one), Audience::Agency, "A"));
        assert!(!may_read(None, Audience::Staff, "A") && may_read(None, Audience::Public, "A"));
        assert_eq!(desks(&one), Some(vec!["A".to_owned()]));
        assert_eq!((desks(&system), desks(&actor(1, Role::Auditor, None))), (Some(Vec::new()), None));
    }

    #[test]
    fn a_title_becomes_an_address() {
        assert_eq!(slug("Lupa sandi e-Office?"), "lupa-sandi-e-office");
        assert_eq!(slug("  Dé jà  vu "), "de-ja-vu");
        assert_eq!(slug("!!!"), "artikel");
        assert_eq!(slug("Baru"), "artikel-baru");
        assert!(slug(&"panjang sekali ".repeat(20)).len() <= LONGEST_SLUG);
    }
}
