//! Finding anything by a few words, as far as one may see it.

use crate::desk::Desk;
use crate::domain::number;
use crate::domain::people::{Account, Actor, visibility};
use crate::domain::reporter::knows;
use crate::domain::service::{Agency, Service};
use crate::error::{Error, Result};
use crate::store;
use crate::store::people::PeopleFilter;
use crate::store::search::{Hit, Wanted};

/// Words that count; the rest is not looked for.
const MOST_WORDS: usize = 8;
/// Tickets whose words are looked through, the newest: an answer must not take longer as the years go by.
pub const NEWEST: i64 = 20_000;
/// Services, agencies and people shown at most.
const FEW: usize = 8;

/// What a search has found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The ticket whose number was typed.
    pub exact: Option<String>,
    /// Tickets, the newest first.
    pub tickets: Vec<Hit>,
    /// There are more of them.
    pub more: bool,
    /// Only the newest were looked through.
    pub is_cut: bool,
    /// Services, by name.
    pub services: Vec<Service>,
    /// Agencies the actor may see tickets of.
    pub agencies: Vec<Agency>,
    /// People whose accounts the actor may look at.
    pub people: Vec<Account>,
}

impl Desk {
    /// Looks for the words of `text` among tickets (at most `limit`), services, agencies and people.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn search(&self, actor: &Actor, text: &str, limit: i64) -> Result<Found> {
        let text: String = text.chars().take(200).collect();
        let words: Vec<String> = text.split_whitespace().take(MOST_WORDS).map(str::to_lowercase).collect();
        if words.is_empty() {
            return Ok(Found::default());
        }
        let seen = visibility(actor);
        let mut tx = self.db.read().await?;
        let exact = match number::parse(&text) {
            Some(number) => store::tickets::by_number(&mut tx, &number).await?.filter(|ticket| seen.shows(ticket)),
            None => None,
        };
        let since = store::search::horizon(&mut tx, &seen, NEWEST).await?;
        let wanted = match words.as_slice() {
            [address] if address.parse::<lettre::Address>().is_ok() => Wanted::Requester(address),
            words => Wanted::Words(words, since),
        };
        let is_cut = since.is_some() && exact.is_none() && matches!(wanted, Wanted::Words(..));
        let mut tickets = match &exact {
            Some(_) => Vec::new(),
            None => store::search::tickets(&mut tx, &seen, &knows(actor), wanted, limit + 1).await?,
        };
        let more = i64::try_from(tickets.len()).unwrap_or(i64::MAX) > limit;
        tickets.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let has = |text: String| words.iter().all(|word| text.contains(word.as_str()));
        let named = |service: &Service| {
            has(format!("{} {} {}", service.name, service.code, service.keywords.join(" ")).to_lowercase())
        };
        let services = store::services::services(&mut tx).await?;
        let services: Vec<Service> = services.into_iter().filter(named).take(FEW).collect();
        let agencies = store::services::agencies(&mut tx).await?.into_iter();
        let agencies = agencies.filter(|agency| seen.all || seen.agencies.contains(&agency.code));
        let agencies = agencies.filter(|agency| seen.only_agency.as_ref().is_none_or(|only| *only == agency.code));
        let agencies = agencies.filter(|agency| has(format!("{} {}", agency.name, agency.code).to_lowercase()));
        let agencies: Vec<Agency> = agencies.take(FEW).collect();
        drop(tx);
        let people = self.people_called(actor, &text).await?;
        Ok(Found { exact: exact.map(|ticket| ticket.number), tickets, more, is_cut, services, agencies, people })
    }

    async fn people_called(&self, actor: &Actor, text: &str) -> Result<Vec<Account>> {
        let filter = PeopleFilter { words: Some(text.to_owned()), ..PeopleFilter::default() };
        match self.people(actor, filter, "", i64::try_from(FEW).unwrap_or(8)).await {
            Ok(people) => Ok(people.into_iter().map(|(account, _)| account).collect()),
            // Not theirs to look at.
            Err(Error::Denied(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
