//! Every figure about tickets, defined once.

use crate::domain::report::facts::{End, Place, Span, TicketFact};

words! {
    /// A figure that counts tickets. What each means for people stands in the catalogue as `report-how-<figure>`.
    pub enum Figure {
        /// Open when the period began.
        Opening = "opening",
        /// Received in the period, those left out that were merged into another by its end.
        Received = "received",
        /// Received in the period and merged into another: counted with that one.
        MergedReceived = "merged-received",
        /// Solved before the period and opened again in it.
        OpenedAgain = "opened-again",
        /// Solved in the period and not opened again by its end.
        Resolved = "resolved",
        /// Closed without a solution in the period.
        ClosedSilent = "closed-silent",
        /// Open before the period and merged into another in it.
        MergedEarlier = "merged-earlier",
        /// Open when the period ended.
        Closing = "closing",
        /// Received in the period and answered in time.
        AnsweredInTime = "answered-in-time",
        /// Received in the period and answered late, or not answered although the time is over.
        AnsweredLate = "answered-late",
        /// Received in the period, not answered at its end, and not late yet.
        AnswerOpen = "answer-open",
        /// Received before the period, its answer or the end of the time for it lies in the period, and in time.
        EarlierInTime = "earlier-in-time",
        /// As before, but late.
        EarlierLate = "earlier-late",
        /// Solved in the period within the time promised.
        ResolvedInTime = "resolved-in-time",
        /// Solved in the period after the time promised.
        ResolvedLate = "resolved-late",
        /// Solved in the period late; the first line held it when the time was over.
        LateFirstLine = "late-first-line",
        /// Solved in the period late; the second line or somebody outside held it when the time was over.
        LateSecondLine = "late-second-line",
        /// Open at the end of the period although the time promised is over.
        BreachedOpen = "breached-open",
        /// Solved in the period; its clock stood still at some time.
        Paused = "paused",
        /// Received in the period and handed to the second line by its end.
        Escalated = "escalated",
        /// Handed to the second line in the period, whenever received.
        HandedOver = "handed-over",
        /// Solved in the period by the first answer, without hand-over, question or reopening.
        FirstContact = "first-contact",
        /// Opened again in the period.
        Reopened = "reopened",
        /// Problems received in the period.
        Problems = "problems",
        /// Problems without a solution at the end of the period.
        ProblemsOpen = "problems-open",
        /// Changes done in the period.
        Changes = "changes",
    }
}

impl Figure {
    /// Does the figure count this ticket?
    pub fn counts(self, it: &TicketFact, span: &Span) -> bool {
        use crate::domain::ticket::Kind;
        let solved = || it.solved_in(span);
        let late = || solved().is_some_and(|at| !it.kept(at));
        let is_open_at_end = || it.place(span.to) == Place::Open;
        match self {
            Self::Opening => it.place(span.from) == Place::Open,
            Self::Received => span.has(it.opened_at) && !is_merged(it, span),
            Self::MergedReceived => span.has(it.opened_at) && is_merged(it, span),
            Self::OpenedAgain => it.gaps.iter().any(|gap| gap.from < span.from && span.has(gap.to)),
            Self::Resolved => solved().is_some(),
            Self::ClosedSilent => ended_in(it, span, End::Silent),
            Self::MergedEarlier => it.opened_at < span.from && ended_in(it, span, End::Merged),
            Self::Closing => is_open_at_end(),
            Self::AnsweredInTime => Self::Received.counts(it, span) && answer(it, span) == Some(true),
            Self::AnsweredLate => Self::Received.counts(it, span) && answer(it, span) == Some(false),
            Self::AnswerOpen => Self::Received.counts(it, span) && answer(it, span).is_none(),
            Self::EarlierInTime => it.opened_at < span.from && decided_in(it, span) && answer(it, span) == Some(true),
            Self::EarlierLate => it.opened_at < span.from && decided_in(it, span) && answer(it, span) == Some(false),
            Self::ResolvedInTime => solved().is_some_and(|at| it.kept(at)),
            Self::ResolvedLate => late(),
            Self::LateFirstLine => late() && it.breached_tier.is_none_or(|tier| tier < 2),
            Self::LateSecondLine => late() && it.breached_tier.is_some_and(|tier| tier >= 2),
            Self::BreachedOpen => is_open_at_end() && it.breached_at.is_some_and(|at| at < span.to),
            Self::Paused => solved().is_some_and(|at| it.stood_still(it.opened_at, at) > 0),
            Self::Escalated => Self::Received.counts(it, span) && it.escalated_at.is_some_and(|at| at < span.to),
            Self::HandedOver => it.escalated_at.is_some_and(|at| span.has(at)),
            Self::FirstContact => {
                solved().is_some()
                    && it.answers <= 1
                    && it.escalated_at.is_none()
                    && it.gaps.is_empty()
                    && it.pauses.is_empty()
            }
            Self::Reopened => it.reopened_in(span),
            Self::Problems => it.kind == Kind::Problem && Self::Received.counts(it, span),
            Self::ProblemsOpen => it.kind == Kind::Problem && is_open_at_end(),
            Self::Changes => it.kind == Kind::Change && solved().is_some(),
        }
    }
}

fn is_merged(it: &TicketFact, span: &Span) -> bool {
    matches!(it.place(span.to), Place::Over(End::Merged, _))
}

fn ended_in(it: &TicketFact, span: &Span, how: End) -> bool {
    matches!(it.place(span.to), Place::Over(end, at) if end == how && at >= span.from)
}

/// Was the first answer in time, as far as that was known at the end of the span? An instant equal to the end of the
/// time is in time.
fn answer(it: &TicketFact, span: &Span) -> Option<bool> {
    let due = it.response_due?;
    match it.responded_at.filter(|at| *at < span.to) {
        Some(at) => Some(at <= due),
        None => (due < span.to).then_some(false),
    }
}

/// Whether the first answer was in time came out in the span: an answer in time when it was given, a late one when its
/// time was over.
fn decided_in(it: &TicketFact, span: &Span) -> bool {
    match (it.responded_at, it.response_due) {
        (Some(at), Some(due)) if at <= due => span.has(at),
        (_, Some(due)) => span.has(due),
        _ => false,
    }
}
