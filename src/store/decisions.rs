//! The records that change what tickets of a service are promised: its SLA profile and its critical status.

use crate::domain::catalogue::{
    Decision, Document, Person, Proposal, ProposalKind, ProposalState, SlaRecord, SlaState,
};
use crate::error::{Error, Result};
use crate::store::Tx;
use chrono::{DateTime, Utc};

macro_rules! sla_columns {
    () => {
        "select r.id, r.service, r.profile, r.state, r.reason, r.proposed_by, p.name as proposed_name, \
         p.email as proposed_email, r.proposed_at, r.decided_by, d.name as decided_name, d.email as decided_email, \
         r.decided_at, r.decision_reason, r.document_number, r.document_date \
         from service_sla r join account p on p.id = r.proposed_by left join account d on d.id = r.decided_by "
    };
}

/// Records about the SLA profile of a service, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn sla_records(tx: &mut Tx, service: &str) -> Result<Vec<SlaRecord>> {
    let text = concat!(sla_columns!(), "where r.service = $1 order by r.id desc");
    let rows = sql!(tx, fetch_all as SlaRow, text, service)?;
    rows.into_iter().map(SlaRow::record).collect()
}

/// The record about an SLA profile with a key.
///
/// # Errors
/// The database does not answer.
pub async fn sla_record(tx: &mut Tx, service: &str, id: i64) -> Result<Option<SlaRecord>> {
    let text = concat!(sla_columns!(), "where r.service = $1 and r.id = $2");
    sql!(tx, fetch_optional as SlaRow, text, service, id)?.map(SlaRow::record).transpose()
}

/// Adds a record about an SLA profile and gives its key (`record.id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn add_sla(tx: &mut Tx, record: &SlaRecord) -> Result<i64> {
    let end = Ended::of(record.decision.as_ref(), record.document.as_ref());
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into service_sla (service, profile, state, reason, proposed_by, proposed_at, decided_by, decided_at, \
         decision_reason, document_number, document_date) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id",
        &record.service,
        &record.profile,
        record.state,
        &record.reason,
        record.proposed_by.account,
        record.proposed_at,
        end.by,
        end.at,
        end.reason,
        end.number,
        end.date,
    )
}

/// Saves how a record about an SLA profile ended.
///
/// # Errors
/// The database does not answer.
pub async fn decide_sla(tx: &mut Tx, record: &SlaRecord) -> Result<()> {
    let end = Ended::of(record.decision.as_ref(), record.document.as_ref());
    sql!(
        tx,
        execute,
        "update service_sla set state = $2, decided_by = $3, decided_at = $4, decision_reason = $5, document_number = $6, \
         document_date = $7 where id = $1",
        record.id,
        record.state,
        end.by,
        end.at,
        end.reason,
        end.number,
        end.date,
    )?;
    Ok(())
}

macro_rules! proposal_columns {
    () => {
        "select r.id, r.service, r.kind, r.state, r.reason, r.evidence, r.proposed_by, p.name as proposed_name, \
         p.email as proposed_email, r.proposed_at, r.decided_by, d.name as decided_name, d.email as decided_email, \
         r.decided_at, r.decision_reason, r.document_number, r.document_date, r.instrument, r.profile \
         from critical_proposal r join account p on p.id = r.proposed_by left join account d on d.id = r.decided_by "
    };
}

/// Proposals about the critical status, newest first, at most `limit` before the key `before`: of one service or of
/// all, in one state or in any.
///
/// # Errors
/// The database does not answer.
pub async fn proposals(
    tx: &mut Tx,
    service: Option<&str>,
    state: Option<ProposalState>,
    before: i64,
    limit: i64,
) -> Result<Vec<Proposal>> {
    let text = concat!(
        proposal_columns!(),
        "where ($1 is null or r.service = $1) and ($2 is null or r.state = $2) and r.id < $3 order by r.id desc limit $4"
    );
    let rows = sql!(tx, fetch_all as ProposalRow, text, service, state, before, limit)?;
    rows.into_iter().map(ProposalRow::proposal).collect()
}

/// The proposal with a key.
///
/// # Errors
/// The database does not answer.
pub async fn proposal(tx: &mut Tx, service: &str, id: i64) -> Result<Option<Proposal>> {
    let text = concat!(proposal_columns!(), "where r.service = $1 and r.id = $2");
    sql!(tx, fetch_optional as ProposalRow, text, service, id)?.map(ProposalRow::proposal).transpose()
}

/// Adds a proposal that nobody has decided yet and gives its key (`proposal.id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn add_proposal(tx: &mut Tx, proposal: &Proposal) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into critical_proposal (service, kind, state, reason, evidence, proposed_by, proposed_at) \
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
        &proposal.service,
        proposal.kind,
        proposal.state,
        &proposal.reason,
        &proposal.evidence,
        proposal.proposed_by.account,
        proposal.proposed_at,
    )
}

/// Saves how a proposal ended.
///
/// # Errors
/// The database does not answer.
pub async fn decide_proposal(tx: &mut Tx, proposal: &Proposal) -> Result<()> {
    let end = Ended::of(proposal.decision.as_ref(), proposal.document.as_ref());
    sql!(
        tx,
        execute,
        "update critical_proposal set state = $2, decided_by = $3, decided_at = $4, decision_reason = $5, \
         document_number = $6, document_date = $7, instrument = $8, profile = $9 where id = $1",
        proposal.id,
        proposal.state,
        end.by,
        end.at,
        end.reason,
        end.number,
        end.date,
        &proposal.instrument,
        &proposal.profile,
    )?;
    Ok(())
}

/// The columns in which a decision is kept.
struct Ended<'a> {
    by: Option<i64>,
    at: Option<DateTime<Utc>>,
    reason: Option<&'a str>,
    number: Option<&'a str>,
    date: Option<String>,
}

impl<'a> Ended<'a> {
    fn of(decision: Option<&'a Decision>, document: Option<&'a Document>) -> Self {
        Self {
            by: decision.map(|decision| decision.by.account),
            at: decision.map(|decision| decision.at),
            reason: decision.and_then(|decision| decision.reason.as_deref()),
            number: document.map(|document| document.number.as_str()),
            date: document.map(|document| document.date.to_string()),
        }
    }
}

/// Who brought something up and how it ended, as both records keep it.
#[derive(sqlx::FromRow)]
struct Story {
    proposed_by: i64,
    proposed_name: String,
    proposed_email: String,
    decided_by: Option<i64>,
    decided_name: Option<String>,
    decided_email: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_reason: Option<String>,
    document_number: Option<String>,
    document_date: Option<String>,
}

impl Story {
    fn told(self) -> Result<(Person, Option<Decision>, Option<Document>)> {
        let proposer = Person { account: self.proposed_by, name: self.proposed_name, email: self.proposed_email };
        let document = match (self.document_number, self.document_date) {
            (Some(number), Some(date)) => {
                let date = date.parse().map_err(|_| Error::internal(format!("no date: {date}")))?;
                Some(Document { number, date })
            }
            _ => None,
        };
        let decision = match (self.decided_by, self.decided_name, self.decided_email, self.decided_at) {
            (Some(account), Some(name), Some(email), Some(at)) => {
                Some(Decision { by: Person { account, name, email }, at, reason: self.decision_reason })
            }
            _ => None,
        };
        Ok((proposer, decision, document))
    }
}

#[derive(sqlx::FromRow)]
struct SlaRow {
    id: i64,
    service: String,
    profile: String,
    state: SlaState,
    reason: String,
    proposed_at: DateTime<Utc>,
    #[sqlx(flatten)]
    story: Story,
}

impl SlaRow {
    fn record(self) -> Result<SlaRecord> {
        let Self { id, service, profile, state, reason, proposed_at, story } = self;
        let (proposed_by, decision, document) = story.told()?;
        Ok(SlaRecord { id, service, profile, state, reason, proposed_by, proposed_at, decision, document })
    }
}

#[derive(sqlx::FromRow)]
struct ProposalRow {
    id: i64,
    service: String,
    kind: ProposalKind,
    state: ProposalState,
    reason: String,
    evidence: String,
    proposed_at: DateTime<Utc>,
    instrument: Option<String>,
    profile: Option<String>,
    #[sqlx(flatten)]
    story: Story,
}

impl ProposalRow {
    fn proposal(self) -> Result<Proposal> {
        let Self { id, service, kind, state, reason, evidence, proposed_at, instrument, profile, story } = self;
        let (proposed_by, decision, document) = story.told()?;
        Ok(Proposal {
            id,
            service,
            kind,
            state,
            reason,
            evidence,
            proposed_by,
            proposed_at,
            decision,
            document,
            instrument,
            profile,
        })
    }
}
