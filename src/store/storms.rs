//! How much mail one sender has sent of late; shared by nodes, survives restarts. Instants are the machine's.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Counts one mail under each of these subjects.
///
/// # Errors
/// The database does not answer.
pub async fn count_mail(tx: &mut Tx, subjects: &[&str], at: DateTime<Utc>) -> Result<()> {
    later!(tx, query => {
        query.push("insert into attempt (subject, at) ");
        query.push_values(subjects, |mut row, subject| {
            row.push_bind((*subject).to_owned()).push_bind(at);
        });
    })
}

/// How many mails were counted under the first subject since `day` and since `hour`, and under the second since `hour`.
///
/// # Errors
/// The database does not answer.
pub async fn mails_counted(
    tx: &mut Tx,
    first: &str,
    second: &str,
    day: DateTime<Utc>,
    hour: DateTime<Utc>,
) -> Result<(i64, i64, i64)> {
    sql!(
        tx,
        fetch_one as (i64, i64, i64),
        "select cast(coalesce(sum(case when subject = $1 then 1 else 0 end), 0) as bigint), \
         cast(coalesce(sum(case when subject = $1 and at > $4 then 1 else 0 end), 0) as bigint), \
         cast(coalesce(sum(case when subject = $2 and at > $4 then 1 else 0 end), 0) as bigint) \
         from attempt where subject in ($1, $2) and at > $3",
        first,
        second,
        day,
        hour,
    )
}
