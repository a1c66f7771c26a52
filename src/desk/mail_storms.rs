//! Too much mail from one sender: two robots without any mark answer each other until somebody stops, and we do.
//!
//! First the confirmations cease, so that nothing of ours is left to be answered; then what still comes waits for a person.
//! The counts stand in the database: several nodes and a restart do not begin anew.

use crate::desk::Desk;
use crate::error::Result;
use crate::mail::parse::Letter;
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::Duration;

/// Confirmations to one sender about the same subject within an hour.
const SAME_SUBJECT: i64 = 2;
/// Tickets one sender opens by mail within an hour before confirmations cease.
const CONFIRMED_IN_HOUR: i64 = 10;
/// The same within a day.
const CONFIRMED_IN_DAY: i64 = 40;
/// Tickets one sender opens by mail within an hour; more wait for a person.
const OPENED_IN_HOUR: i64 = 600;
/// Mails one sender adds to one ticket within an hour; more wait for a person.
const ADDED_IN_HOUR: i64 = 60;

/// How hard it blows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storm {
    /// As usual.
    Calm,
    /// Nothing is confirmed any more.
    Quiet,
    /// A person has to look.
    TooMuch,
}

impl Desk {
    /// How much the sender of a letter has opened of late; counts this one.
    pub(super) async fn storm(&self, tx: &mut Tx, letter: &Letter) -> Result<Storm> {
        let now = self.clock.machine();
        let sender = sha256(format!("mail from {}", letter.from));
        let same = sha256(format!("mail from {} about {}", letter.from, core_of(&letter.subject)));
        let (day, hour) = (now - Duration::days(1), now - Duration::hours(1));
        let (in_day, in_hour, about) = store::storms::mails_counted(tx, &sender, &same, day, hour).await?;
        if in_hour >= OPENED_IN_HOUR {
            return Ok(Storm::TooMuch);
        }
        store::storms::count_mail(tx, &[&sender, &same], now).await?;
        let is_calm = about < SAME_SUBJECT && in_hour < CONFIRMED_IN_HOUR && in_day < CONFIRMED_IN_DAY;
        Ok(if is_calm { Storm::Calm } else { Storm::Quiet })
    }

    /// Has the sender of a letter added so much to a ticket that a person has to look? Counts this one when not.
    pub(super) async fn is_crowding(&self, tx: &mut Tx, ticket: i64, letter: &Letter) -> Result<bool> {
        let now = self.clock.machine();
        let subject = sha256(format!("mail to {ticket} from {}", letter.from));
        let hour = now - Duration::hours(1);
        let (_, in_hour, _) = store::storms::mails_counted(tx, &subject, "", hour, hour).await?;
        if in_hour < ADDED_IN_HOUR {
            store::storms::count_mail(tx, &[&subject], now).await?;
        }
        Ok(in_hour >= ADDED_IN_HOUR)
    }
}

/// What of a subject stays the same when robots write it again: no numbers, no marks of answers.
fn core_of(subject: &str) -> String {
    let words = subject.to_lowercase();
    let kept = words
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !matches!(*word, "" | "re" | "fw" | "fwd" | "bls" | "balas" | "tr" | "aw" | "wg"));
    kept.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::core_of;

    #[test]
    fn what_robots_write_again_is_the_same_subject() {
        assert_eq!(
            core_of("Re: RE: [OKI-2610-00013-4] Laporan 12 diterima"),
            core_of("[OKI-2610-00099-1] Laporan 7 diterima")
        );
        assert_ne!(core_of("Printer rusak"), core_of("Jaringan putus"));
    }
}
