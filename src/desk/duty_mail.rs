//! What offices are written about their duties: one mail per person, kind and round.

use crate::desk::Desk;
use crate::domain::duty::{Duty, DutyStage, Held, reminded, warned};
use crate::domain::number;
use crate::domain::people::{Account, Role};
use crate::domain::ticket::Language;
use crate::error::Result;
use crate::mail::compose::Outgoing;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who hears of which entries: reminders and the list of what is overdue.
type Letters<'a> = BTreeMap<(i64, &'static str), (Account, Vec<&'a (Duty, DutyStage)>)>;

impl Desk {
    /// Puts the mails of one round in the outbox, in the transaction that marks the stages as done.
    pub(super) async fn mail_duties(&self, tx: &mut Tx, told: &[(Duty, DutyStage)], now: DateTime<Utc>) -> Result<()> {
        let names: BTreeMap<String, String> = match told {
            [] => return Ok(()),
            _ => {
                let agencies = store::services::agencies(tx).await?;
                agencies.into_iter().map(|agency| (agency.code, agency.name)).collect()
            }
        };
        let mut letters = Letters::new();
        for entry in told {
            let (duty, stage) = entry;
            let template = if *stage == DutyStage::Overdue { "duty_overdue" } else { "duty_reminder" };
            for person in addressees(tx, duty, *stage).await? {
                letters.entry((person.id, template)).or_insert_with(|| (person, Vec::new())).1.push(entry);
            }
        }
        for ((account, template), (person, entries)) in &letters {
            let items: Vec<Value> = entries.iter().map(|entry| duty_line(entry, &names)).collect();
            // A stage happens once, so its mail has a key of its own.
            let first = entries
                .first()
                .map_or(String::new(), |(duty, stage)| format!("{}.{}.{}", duty.id, duty.cycle, stage.as_str()));
            let mail = self.composer.write(&Outgoing {
                key: format!("{template}:{account}:{first}"),
                template,
                language: Language::Indonesian,
                to: &person.email,
                to_name: &person.name,
                context: json!({"name": person.name, "count": items.len(), "items": items, "url": self.duties_url()}),
                ..Outgoing::automatic(now)
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }

    /// The page of the register.
    pub fn duties_url(&self) -> String {
        format!("{}/kerja/kewajiban", self.public_url)
    }
}

/// An entry as the mails show it.
fn duty_line((duty, stage): &(Duty, DutyStage), names: &BTreeMap<String, String>) -> Value {
    let id = Language::Indonesian;
    json!({
        "what": duty.what,
        "agency": names.get(&duty.agency),
        "due": text::long_date(id, duty.due_on),
        "is_last_day": *stage == DutyStage::LastReminder,
        "planned": duty.planned_on.map(|date| text::long_date(id, date)),
        "sanctionable": duty.sanctionable,
        "source": duty.source,
        "ticket": number::parse(&duty.cause),
    })
}

/// Active people who must hear of it; where an agency has nobody, the second line hears instead.
async fn addressees(tx: &mut Tx, duty: &Duty, stage: DutyStage) -> Result<Vec<Account>> {
    let mut people = holders(tx, reminded(duty.office), duty).await?;
    if people.is_empty() {
        people = holders(tx, warned(duty.office), duty).await?;
    }
    if stage == DutyStage::Overdue {
        people.extend(holders(tx, warned(duty.office), duty).await?);
    }
    people.sort_by_key(|person| person.id);
    people.dedup_by_key(|person| person.id);
    Ok(people)
}

async fn holders(tx: &mut Tx, roles: &[(Role, Held)], duty: &Duty) -> Result<Vec<Account>> {
    let mut people = Vec::new();
    for (role, held) in roles {
        let agency = if *held == Held::There { duty.agency.as_str() } else { "" };
        people.extend(store::people::holders(tx, *role, agency).await?);
    }
    Ok(people)
}
