//! Too much mail from one sender: two robots without any mark answer each other until somebody stops, and we do.
//!
//! First the confirmations cease, so that nothing of ours is left to be answered; then what still comes waits for a person.
//! How much is too much the settings say (`[mail.limits]`). The counts stand in the database: several nodes and a restart do not begin anew.

use crate::desk::Desk;
use crate::error::Result;
use crate::mail::parse::Letter;
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::Duration;

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
        let limits = &self.ways.limits;
        if in_hour >= limits.tickets_hour.into() {
            return Ok(Storm::TooMuch);
        }
        store::storms::count_mail(tx, &[&sender, &same], now).await?;
        let is_calm = about < limits.confirmations_same_subject.into()
            && in_hour < limits.confirmations_hour.into()
            && in_day < limits.confirmations_day.into();
        Ok(if is_calm { Storm::Calm } else { Storm::Quiet })
    }

    /// Has so much been added to a ticket of late, by the sender of a letter or by all together, that a person has to
    /// look? Counts this one when not.
    pub(super) async fn is_crowding(&self, tx: &mut Tx, ticket: i64, letter: &Letter) -> Result<bool> {
        let now = self.clock.machine();
        let own = sha256(format!("mail to {ticket} from {}", letter.from));
        let all = sha256(format!("mail to {ticket}"));
        let hour = now - Duration::hours(1);
        let (_, by_him, by_all) = store::storms::mails_counted(tx, &own, &all, hour, hour).await?;
        let limits = &self.ways.limits;
        let is_too_much = by_him >= limits.messages_hour.into() || by_all >= limits.ticket_messages_hour.into();
        if !is_too_much {
            store::storms::count_mail(tx, &[&own, &all], now).await?;
        }
        Ok(is_too_much)
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
