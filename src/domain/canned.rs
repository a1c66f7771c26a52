//! Ready-made answers: whose they are, what goes with them, and the closed list of what can be filled in.

use crate::domain::people::{Actor, Role, Scope};

words! {
    /// Who may use a ready-made answer.
    pub enum ReplyScope { Own = "own", Agency = "agency", Region = "region" }
}

words! {
    /// Where somebody goes after sending it: stays, opens the next ticket of his, or goes back to the queue.
    pub enum NextStep { Stay = "stay", Next = "next", Close = "close" }
}

words! {
    /// What can be filled in, by the name that stands between the braces.
    pub enum Variable {
        Number = "nomor",
        Subject = "judul",
        Requester = "pelapor",
        Agent = "petugas",
        Agency = "perangkat_daerah",
        Service = "layanan",
        Priority = "prioritas",
        ResponseDue = "batas_tanggapan",
        ResolutionDue = "batas_penyelesaian",
        TrackingPage = "tautan_lacak",
    }
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Stands as it is.
    Text(&'a str),
    /// Is filled in.
    Variable(Variable),
}

/// A text taken apart at its variables, `{{ nomor }}`.
///
/// # Errors
/// What stands between braces and is no variable, or braces that are never closed.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        found.push(Piece::Text(before));
        let (name, behind) = after.split_once("}}").ok_or_else(|| after.chars().take(30).collect::<String>())?;
        found.push(Piece::Variable(name.trim().parse().map_err(|_| name.trim().chars().take(60).collect::<String>())?));
        rest = behind;
    }
    if let Some((before, _)) = rest.split_once("}}") {
        return Err(before.chars().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect());
    }
    found.push(Piece::Text(rest));
    Ok(found)
}

impl Variable {
    /// Is different for each reader of one answer, and so filled in when his letter is written and never before: what
    /// stands in the conversation is read by others, too.
    pub const fn is_of_reader(self) -> bool {
        matches!(self, Self::Requester | Self::TrackingPage)
    }

    /// As it stands in a text.
    pub fn in_braces(self) -> String {
        format!("{{{{ {} }}}}", self.as_str())
    }
}

/// A text in which the variables are filled in that are different for each reader. Everything else stands as it is.
pub fn told_to(text: &str, fill: impl Fn(Variable) -> String) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        told.push_str(before);
        let found = after.split_once("}}");
        let variable = found.and_then(|(name, _)| name.trim().parse().ok()).filter(|it: &Variable| it.is_of_reader());
        match (variable, found) {
            (Some(variable), Some((_, behind))) => {
                told.push_str(&fill(variable));
                rest = behind;
            }
            _ => {
                told.push_str("{{");
                rest = after;
            }
        }
    }
    told.push_str(rest);
    told
}

/// The first `{{ word }}` of a text that is about to be sent: nobody has filled it in.
pub fn unfilled(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        if let Some((name, _)) = after.split_once("}}") {
            let word = name.trim();
            if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') {
                return Some(word);
            }
        }
        rest = after;
    }
    None
}

/// Whose a ready-made answer is.
#[derive(Debug, Clone, Copy)]
pub struct Owned<'a> {
    /// Who may use it.
    pub scope: ReplyScope,
    /// Who made it.
    pub account: i64,
    /// The agency it is for.
    pub agency: Option<&'a str>,
}

/// May `actor` read it and answer with it?
pub fn may_use(actor: &Actor, it: Owned<'_>) -> bool {
    actor.account.active
        && actor.is_staff()
        && within(actor, it)
        && match it.scope {
            ReplyScope::Own => it.account == actor.account.id,
            ReplyScope::Agency => speaks_for(actor, it.agency),
            ReplyScope::Region => true,
        }
}

/// May `actor` change it, or make one like it?
pub fn may_change(actor: &Actor, it: Owned<'_>) -> bool {
    actor.scope == Scope::Write
        && may_use(actor, it)
        && (it.scope != ReplyScope::Region || actor.grants.iter().any(|grant| grant.is_of_ict_office()))
}

/// A token for one agency reaches nothing of others.
fn within(actor: &Actor, it: Owned<'_>) -> bool {
    it.scope != ReplyScope::Agency || actor.only_agency.as_deref().is_none_or(|only| it.agency == Some(only))
}

fn speaks_for(actor: &Actor, agency: Option<&str>) -> bool {
    let Some(agency) = agency else { return false };
    actor.grants.iter().any(|grant| {
        let heads = grant.role == Role::AgencyHead && grant.agency.as_deref() == Some(agency);
        heads || grant.is_of_ict_office() || grant.is_staff_of(agency)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart_at_its_variables() {
        let parts = pieces("Tiket {{ nomor }}, {{pelapor}}.").unwrap();
        let expected = [
            Piece::Text("Tiket "),
            Piece::Variable(Variable::Number),
            Piece::Text(", "),
            Piece::Variable(Variable::Requester),
            Piece::Text("."),
        ];
        assert_eq!(parts, expected);
        for (text, told) in [("a {{ nama }} b", "nama"), ("{{ nomor", " nomor"), ("x }} y", "x "), ("{{}}", "")] {
            assert_eq!(pieces(text), Err(told.to_owned()), "{text}");
        }
        let told = told_to("{{ {{pelapor}}, {{ nomor }} {{ tautan_lacak }} }}", |it| it.as_str().to_uppercase());
        assert_eq!(told, "{{ PELAPOR, {{ nomor }} TAUTAN_LACAK }}");
        assert_eq!(unfilled("Halo {{ apa }}"), Some("apa"));
        assert_eq!(unfilled("{{ {{ nomor }}"), Some("nomor"));
        assert_eq!(unfilled("kode {{a: 1}} dan { nomor }"), None);
    }
}
