//! Agencies with everything that is set of them, and what hangs on each.

use crate::domain::agency::{AgencyEntry, AgencyKind};
use crate::domain::service::Agency;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// How much hangs on an agency.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Weight {
    /// Its code.
    pub agency: String,
    /// Active people on its first line, of its own.
    pub first_line: i64,
    /// Services it offers.
    pub services: i64,
    /// Its open tickets.
    #[sqlx(rename = "unsolved")]
    pub open: i64,
}

/// Every agency in the order of their codes.
///
/// # Errors
/// The database does not answer.
pub async fn entries(tx: &mut Tx) -> Result<Vec<AgencyEntry>> {
    let rows = sql!(
        tx,
        fetch_all as EntryRow,
        "select a.code, a.name, a.email, a.active, coalesce(e.short_name, '') as short_name, \
         coalesce(e.kind, 'office') as kind, coalesce(e.address, '') as address, e.calendar, e.parent, e.successor, \
         e.retired_at, coalesce(e.version, 1) as version \
         from agency a left join agency_entry e on e.code = a.code order by a.code",
    )?;
    Ok(rows.into_iter().map(EntryRow::entry).collect())
}

/// Saves what is set of an agency; its row must be there.
///
/// # Errors
/// The database does not answer.
pub async fn save_entry(tx: &mut Tx, entry: &AgencyEntry) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into agency_entry (code, short_name, kind, address, calendar, parent, successor, retired_at, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (code) do update set \
         short_name = excluded.short_name, kind = excluded.kind, address = excluded.address, \
         calendar = excluded.calendar, parent = excluded.parent, successor = excluded.successor, \
         retired_at = excluded.retired_at, version = excluded.version",
        &entry.agency.code,
        &entry.short_name,
        entry.kind,
        &entry.address,
        &entry.calendar,
        &entry.parent,
        &entry.successor,
        entry.retired_at,
        entry.version,
    )?;
    Ok(())
}

/// How much hangs on each agency, in the order of their codes.
///
/// # Errors
/// The database does not answer.
pub async fn weights(tx: &mut Tx) -> Result<Vec<Weight>> {
    sql!(
        tx,
        fetch_all as Weight,
        "select a.code as agency, (select count(distinct g.account_id) from role_grant g join account p on p.id = g.account_id \
         where p.active and g.role = 'tier1_agent' and g.agency = a.code) as first_line, \
         (select count(*) from service s where s.agency = a.code and s.active) as services, \
         (select count(*) from ticket t where t.agency = a.code and t.status not in ('resolved', 'closed', 'merged')) as unsolved \
         from agency a order by a.code",
    )
}

/// Keys of the open tickets of an agency, oldest first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn open_tickets(tx: &mut Tx, agency: &str, limit: i64) -> Result<Vec<i64>> {
    sql!(
        tx,
        fetch_all scalar i64,
        "select id from ticket where agency = $1 and status not in ('resolved', 'closed', 'merged') \
         order by opened_at, id limit $2",
        agency,
        limit,
    )
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    code: String,
    name: String,
    email: Option<String>,
    active: bool,
    short_name: String,
    kind: AgencyKind,
    address: String,
    calendar: Option<String>,
    parent: Option<String>,
    successor: Option<String>,
    retired_at: Option<DateTime<Utc>>,
    version: i64,
}

impl EntryRow {
    fn entry(self) -> AgencyEntry {
        let Self { code, name, email, active, short_name, kind, address, calendar, parent, successor, .. } = self;
        let agency = Agency { code, name, email, active };
        let (retired_at, version) = (self.retired_at, self.version);
        AgencyEntry { agency, short_name, kind, address, calendar, parent, successor, retired_at, version }
    }
}
