//! How domain types stand in rows: words as text, structs column by column.

use crate::domain::agency::AgencyKind;
use crate::domain::announcement::{Announcement, Audience as ToldTo, Weight};
use crate::domain::catalogue::{Category, ProposalKind, ProposalState, SlaState};
use crate::domain::change::{Approval, Ballot, ChangeOutcome, ChangeRisk, ChangeStep, Vote};
use crate::domain::clock_plan::{ClockKind, Line, SlaClock, Step, StepKind, StepState, TicketPause};
use crate::domain::duty::{Duty, DutyStage, DutyState, Office};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::incident::{Incident, Phase};
use crate::domain::knowledge::article::{ArticleState, ArticleUse, Audience};
use crate::domain::letter::{DocumentKind, DocumentState, LetterForm, LetterKind, LetterState, SignedHow};
use crate::domain::message::{
    Attachment, InboxItem, InboxRow, InboxState, Message, MessageVisibility, OutboxItem, OutboxState, ScanVerdict,
    SenderVerdict,
};
use crate::domain::monitor::{Finding, MonitorKind, MonitorState};
use crate::domain::notice::NoticeChoice;
use crate::domain::outage::{Outage, OutageCause, OutageOrigin, Severity};
use crate::domain::people::{Account, Role, Scope};
use crate::domain::problem::{ProblemRecord, ProblemState};
use crate::domain::report::life::{Edition, Report, ReportState};
use crate::domain::report::steps::Step as ReportStep;
use crate::domain::round::RoundState;
use crate::domain::service::Agency;
use crate::domain::ticket::{Channel, Classification, Impact, Kind, Language, Priority, Status, Ticket, Urgency};
use crate::domain::warning::{
    Case, CaseCause, CaseMode, CaseState, Course, OrderState, Outcome, Suspension, Term, TermStage,
};
use crate::domain::webhook::{Delivery, DeliveryState};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Decode, Encode, Postgres, Row, Sqlite, Type};

/// Words are stored as text under their one spelling, on both databases.
macro_rules! stored_words {
    ($($word:ty),+ $(,)?) => { $(
        stored_words!(@on Sqlite, sqlx::sqlite::SqliteArgumentsBuffer, $word);
        stored_words!(@on Postgres, sqlx::postgres::PgArgumentBuffer, $word);
    )+ };
    (@on $db:ty, $buffer:ty, $word:ty) => {
        impl Type<$db> for $word {
            fn type_info() -> <$db as sqlx::Database>::TypeInfo { <str as Type<$db>>::type_info() }
            fn compatible(ty: &<$db as sqlx::Database>::TypeInfo) -> bool { <str as Type<$db>>::compatible(ty) }
        }
        impl Encode<'_, $db> for $word {
            fn encode_by_ref(&self, buffer: &mut $buffer) -> Result<IsNull, BoxDynError> {
                Encode::<$db>::encode_by_ref(&self.as_str(), buffer)
            }
        }
        impl<'r> Decode<'r, $db> for $word {
            fn decode(value: <$db as sqlx::Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<&str as Decode<'r, $db>>::decode(value)?.parse()?)
            }
        }
    };
}

stored_words!(
    Kind,
    Priority,
    Impact,
    Urgency,
    Status,
    Channel,
    Classification,
    Language,
    ClockKind,
    Line,
    StepKind,
    StepState,
    MessageVisibility,
    InboxState,
    SenderVerdict,
    ScanVerdict,
    OutboxState,
    NoticeChoice,
    Role,
    Scope,
    DutyState,
    DutyStage,
    Office,
    Category,
    ProposalKind,
    ProposalState,
    SlaState,
    RoundState,
    Phase,
    AgencyKind,
    ReportState,
    Severity,
    OutageCause,
    OutageOrigin,
    CaseCause,
    CaseMode,
    CaseState,
    Outcome,
    OrderState,
    Term,
    TermStage,
    DocumentKind,
    DocumentState,
    LetterForm,
    LetterKind,
    LetterState,
    SignedHow,
    MonitorKind,
    MonitorState,
    Finding,
    ProblemState,
    ChangeRisk,
    Approval,
    Vote,
    ChangeOutcome,
    ToldTo,
    DeliveryState,
    Weight,
    ArticleState,
    ArticleUse,
    Audience,
);

/// A struct whose fields are columns of the same names; `field <- "column"` where they differ.
macro_rules! from_columns {
    ($name:ident { $($field:ident $(<- $column:literal)?),+ $(,)? }) => {
        from_columns!(@on sqlx::sqlite::SqliteRow, $name { $($field $(<- $column)?),+ });
        from_columns!(@on sqlx::postgres::PgRow, $name { $($field $(<- $column)?),+ });
    };
    (@on $row:ty, $name:ident { $($field:ident $(<- $column:literal)?),+ }) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self { $($field: row.try_get(from_columns!(@column $field $($column)?))?),+ })
            }
        }
    };
    (@column $field:ident $column:literal) => { $column };
    (@column $field:ident) => { stringify!($field) };
}

from_columns!(Ticket {
    id,
    number,
    version,
    kind,
    subject,
    description,
    status,
    impact,
    urgency,
    priority,
    tier,
    agency,
    service,
    assignee,
    requester_name,
    requester_email,
    requester_nip,
    requester_phone,
    requester_verified,
    classification,
    channel,
    language,
    opened_at,
    responded_at,
    resolved_at,
    closed_at,
    breached_at,
    breached_tier,
    escalated_at,
    returned,
    merged_into,
    pack,
    profile,
    updated_at,
});
from_columns!(SlaClock { id, kind, line, cycle, target_seconds, started_at, stopped_at, due_at });
from_columns!(TicketPause { id, reason, from <- "from_at", to <- "to_at" });
from_columns!(Step { id, ticket_id, kind, cycle, due_at, state });
from_columns!(Message { id, at, author, author_name, visibility, body, channel });
from_columns!(Attachment { id, message_id, name, media_type, size, sha256 });
from_columns!(InboxItem { id, mailbox, sender, raw, received_at });
from_columns!(InboxRow { id, mailbox, sender, author, subject, received_at, state, cause, ticket, size });
from_columns!(OutboxItem {
    id,
    recipient,
    sender,
    subject,
    raw,
    state,
    attempts,
    lease_no,
    last_error,
    created_at,
    sent_at
});
from_columns!(Duty {
    id,
    version,
    code,
    office,
    agency,
    what,
    period_from,
    period_to,
    cause,
    due_on,
    due_at,
    remind_at,
    cycle,
    state,
    sanctionable,
    source,
    pack,
    planned_on,
    done_at,
    done_by,
    evidence,
    evidence_url,
    note,
    opened_at,
});
from_columns!(Incident {
    id,
    code,
    ticket_id,
    service,
    title,
    phase,
    message,
    next_update_at,
    announced_at,
    updated_at,
    ended_at,
    version,
});
from_columns!(Report {
    id,
    version,
    code,
    agency,
    period_from,
    period_to,
    due_on,
    due_at,
    state,
    edition,
    obstacles,
    recommendations,
    drawn_at,
    submitted_at,
    submitted_by,
    received_at,
    received_by,
    late,
});
from_columns!(ReportStep {
    id,
    report_id,
    place,
    recipient,
    basis,
    due_on,
    due_at,
    edition,
    sent_at,
    sent_by,
    sent_note,
    received_at,
    received_by,
    received_note,
    late,
});
from_columns!(Edition { edition, content, digest, reason, at, account_id, authenticity });
from_columns!(Outage {
    id,
    service,
    started_at,
    ended_at,
    severity,
    cause,
    origin,
    note,
    ticket,
    monitor_id,
    recorded_by,
    recorded_at,
    voided_at,
    void_reason,
    version,
});
from_columns!(Announcement {
    id,
    code,
    agency,
    audience,
    severity,
    title,
    message,
    starts_at,
    ends_at,
    withdrawn_at,
    created_by,
    created_at,
    updated_at,
    version,
});
from_columns!(Delivery {
    id,
    item_key,
    webhook_id,
    stream,
    seq,
    kind,
    at,
    state,
    attempts,
    lease_no,
    status,
    last_error,
    sent_at,
});
from_columns!(ProblemRecord { ticket_id, state, cause, workaround, known_error_at, updated_at });
from_columns!(Ballot { account_id, decision, reason, decided_at });
from_columns!(ChangeStep { at, phase, note, account_id });
from_columns!(Account { id, email, name, nip, active });
from_columns!(Agency { code, name, email, active });
from_columns!(Event { stream, seq, at, actor, kind, payload, state, prev_hash, hash });

from_columns!(Course {
    cause,
    mode,
    state,
    before <- "before_state",
    rung,
    order <- "order_state",
    outcome,
});
from_columns!(Suspension {
    id,
    code,
    case_id,
    service,
    state,
    what,
    until <- "until_text",
    endpoints,
    ordered_at,
    due_at,
    executed_at,
    executed_by,
    minutes,
    lifted_at,
    lifted_by,
    note,
});

/// A case stands in one row with its course.
macro_rules! case_row {
    ($row:ty) => {
        impl sqlx::FromRow<'_, $row> for Case {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self {
                    id: row.try_get("id")?,
                    number: row.try_get("number")?,
                    version: row.try_get("version")?,
                    course: Course::from_row(row)?,
                    service: row.try_get("service")?,
                    duty: row.try_get("about_duty")?,
                    agency: row.try_get("agency")?,
                    what: row.try_get("what")?,
                    source: row.try_get("source")?,
                    opened_at: row.try_get("opened_at")?,
                    detected_at: row.try_get("detected_at")?,
                    pack: row.try_get("pack")?,
                    term: row.try_get("term")?,
                    due_at: row.try_get("due_at")?,
                    cure_due_at: row.try_get("cure_due_at")?,
                    cycle: row.try_get("cycle")?,
                    letter: row.try_get("letter")?,
                    reported_by: row.try_get("reported_by")?,
                    ended_at: row.try_get("ended_at")?,
                })
            }
        }
    };
}
case_row!(sqlx::sqlite::SqliteRow);
case_row!(sqlx::postgres::PgRow);

/// The label of an actor is stored as its text.
macro_rules! stored_label {
    ($db:ty) => {
        impl Type<$db> for ActorLabel {
            fn type_info() -> <$db as sqlx::Database>::TypeInfo {
                <str as Type<$db>>::type_info()
            }
            fn compatible(ty: &<$db as sqlx::Database>::TypeInfo) -> bool {
                <str as Type<$db>>::compatible(ty)
            }
        }
        impl<'r> Decode<'r, $db> for ActorLabel {
            fn decode(value: <$db as sqlx::Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(Self::stored(<String as Decode<'r, $db>>::decode(value)?))
            }
        }
    };
}
stored_label!(Sqlite);
stored_label!(Postgres);
