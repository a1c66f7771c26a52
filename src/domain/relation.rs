//! How two tickets belong together, and why a ticket is handed over.

words! {
    /// What a ticket is to another one, as it is read on its page.
    pub enum Relation {
        /// They have something to do with each other.
        Related = "related",
        /// It is the cause of the other.
        Causes = "causes",
        CausedBy = "caused_by",
        /// It goes on where the other ended.
        Follows = "follows",
        FollowedBy = "followed_by",
        /// It ended in the other, which goes on.
        Merged = "merged",
        MergedFrom = "merged_from",
        /// One message of the other became it.
        SplitFrom = "split_from",
        SplitInto = "split_into",
    }
}

words! {
    /// Why the first line hands a ticket over (OKI 39(9): *tidak mampu*; the others are reasons of practice).
    pub enum EscalationCause {
        /// It cannot solve it.
        Unable = "unable",
        /// It cannot solve it in time.
        Time = "time",
        /// It is not allowed to do what would solve it.
        Authority = "authority",
    }
}

words! {
    /// Where a consultation stands.
    pub enum ConsultationState { Asked = "asked", Answered = "answered" }
}

impl Relation {
    /// Those that people make and take back, in the order of the form.
    pub const BY_HAND: [Self; 5] = [Self::Related, Self::Causes, Self::CausedBy, Self::Follows, Self::FollowedBy];

    /// The same tie as it is read on the other ticket's page.
    #[must_use]
    pub const fn reverse(self) -> Self {
        match self {
            Self::Related => Self::Related,
            Self::Causes => Self::CausedBy,
            Self::CausedBy => Self::Causes,
            Self::Follows => Self::FollowedBy,
            Self::FollowedBy => Self::Follows,
            Self::Merged => Self::MergedFrom,
            Self::MergedFrom => Self::Merged,
            Self::SplitFrom => Self::SplitInto,
            Self::SplitInto => Self::SplitFrom,
        }
    }

    /// The tie is kept in this direction; the others are kept reversed.
    pub const fn is_forward(self) -> bool {
        matches!(self, Self::Related | Self::Causes | Self::Follows | Self::Merged | Self::SplitFrom)
    }

    /// May people make it and take it back?
    pub fn is_by_hand(self) -> bool {
        Self::BY_HAND.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_has_two_ends_and_is_kept_in_one_direction() {
        for relation in Relation::ALL.iter().copied() {
            assert_eq!(relation.reverse().reverse(), relation);
            let both_ways = relation == Relation::Related;
            assert_eq!(relation.is_forward() && relation.reverse().is_forward(), both_ways, "{relation}");
        }
    }
}
